"""Runs a program that takes over the terminal, and leaves the terminal as it was found, whatever happens."""

import signal
import subprocess
import sys
import termios

TIMED_OUT = 124  # as timeout(1) reports it
GRACE = 3


class _Stopped(Exception):
  """A signal asked this command to end."""


def run_on_terminal(command, timeout=None):
  """Runs the command in the foreground and returns its exit status; TIMED_OUT when it had to be ended."""
  saved = _terminal_state()
  previous = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
  # The terminal sends Ctrl-C to the program too, which decides what it means.
  previous[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
  process = None
  try:
    process = subprocess.Popen(command)
    return process.wait(timeout)
  except subprocess.TimeoutExpired:
    return TIMED_OUT
  except _Stopped as stopped:
    return 128 + stopped.args[0]
  finally:
    if process and process.poll() is None:
      _end(process)
    for number, handler in previous.items():
      signal.signal(number, handler)
    if saved:
      termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, saved)


def _stop(number, frame):
  raise _Stopped(number)


def _end(process):
  process.terminate()
  try:
    process.wait(GRACE)
  except subprocess.TimeoutExpired:
    process.kill()
    process.wait()


def _terminal_state():
  try:
    return termios.tcgetattr(sys.stdin.fileno())
  except (termios.error, ValueError, AttributeError, OSError):  # not a terminal, or closed
    return None
