"""What the commands say to the person who runs them: steps with elapsed time, warnings, failures.

All of it goes to stderr, so that stdout stays free for results. A spinner is drawn on a terminal only.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

START = time.monotonic()


class Failure(Exception):
  """An expected failure: `what` went wrong, and the `next_step` that a person can take."""

  def __init__(self, what, next_step=None):
    super().__init__(what)
    self.next_step = next_step


def run_main(main):
  """Runs a command's main() and turns Failure and Ctrl-C into a clear last line and an exit status."""
  try:
    sys.exit(main())
  except Failure as failure:
    print(f"error: {failure}", file=sys.stderr)
    if failure.next_step:
      print(f"  next: {failure.next_step}", file=sys.stderr)
    sys.exit(1)
  except KeyboardInterrupt:
    print("\ninterrupted", file=sys.stderr)
    sys.exit(130)


def say(text):
  print(f"[{time.monotonic() - START:6.1f}s] {text}", file=sys.stderr, flush=True)


def warn(text):
  print(f"[{time.monotonic() - START:6.1f}s] WARNING: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title):
  """Announces a step, and says how long it took when it ends."""
  began = time.monotonic()
  spinner = _Spinner(title) if sys.stderr.isatty() else None
  if not spinner:
    say(f"{title} ...")
  try:
    yield
  except BaseException:
    if spinner:
      spinner.stop()
    say(f"{title}: failed after {time.monotonic() - began:.1f} s")
    raise
  if spinner:
    spinner.stop()
  say(f"{title}: {time.monotonic() - began:.1f} s")


class _Spinner:
  """One line on a terminal that shows that the step is alive; gone when the step ends."""

  def __init__(self, title):
    self._title = title
    self._done = threading.Event()
    self._thread = threading.Thread(target=self._draw, daemon=True)
    self._thread.start()

  def _draw(self):
    began = time.monotonic()
    turn = 0
    while not self._done.wait(0.2):
      line = f"{'|/-' + chr(92)}"[turn % 4] + f" {self._title} {time.monotonic() - began:.0f} s"
      print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
      turn += 1

  def stop(self):
    self._done.set()
    self._thread.join()
    print("\r\033[K", end="", file=sys.stderr, flush=True)


def run_logged(command, log, next_step=None, shown=25, **options):
  """Runs a command with its output in the file `log`; on failure shows the log's last lines and raises Failure."""
  log = Path(log)
  log.parent.mkdir(parents=True, exist_ok=True)
  with open(log, "wb") as out:
    out.write(("+ " + " ".join(map(str, command)) + "\n").encode())
    out.flush()
    status = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out,
                            stderr=subprocess.STDOUT, **options).returncode
  if status:
    print("\n".join("  | " + line for line in _end_of(log, shown)), file=sys.stderr)
    raise Failure(f"{Path(str(command[0])).name} ended with status {status}",
                  next_step or f"read {os.path.relpath(log)}")


def _end_of(log, shown):
  """The lines of a log that tell why a command failed: from Ninja's first FAILED on, else the last ones."""
  lines = log.read_text(errors="replace").splitlines()
  failed = [number for number, line in enumerate(lines) if line.startswith("FAILED:")]
  return lines[failed[0]:][:shown] if failed else lines[-shown:]
