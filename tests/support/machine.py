"""Boots Halyard in QEMU and talks to its console, as a person at a terminal would. Shared by the pytest suites."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/lib"))

import arches  # noqa: E402
import mkcpio  # noqa: E402
import qemu  # noqa: E402

ARCH = arches.chosen([os.environ.get("HALYARD_ARCH", "x86_64")])[0]
KIND = os.environ.get("HALYARD_KIND", "release")
BUILD = ROOT / "build" / ARCH.name
LOGS = ROOT / "build/log/tests"
# Where the programs for disks are, for a user too.
TOOLS = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
PROMPT = re.compile(r"~ # $")
# Lines of the log may have come behind it before it was read.
LOGIN = re.compile(r"login: (?:\[ *\d+\.\d+\] .*\s+)*$")
# What `resize` asks; a terminal answers with the place of its cursor.
CURSOR_QUESTION = "\x1b[6n"
# Generous: a slow machine makes a test slow, never red.
PATIENCE = 60
HANGS = 300  # seconds after which a program on this machine is held to hang


def kernel():
  """The kernel file of the kind under test."""
  return BUILD / ("" if KIND == "release" else KIND) / "kernel"


def initramfs_with(name, entries):
  """The build's initramfs with more files, or other ones, in it."""
  target = LOGS / f"{ARCH.name}-{name}.cpio"
  target.parent.mkdir(parents=True, exist_ok=True)
  target.write_bytes((BUILD / "initramfs.cpio").read_bytes() + mkcpio.archive(entries))
  return target


class Console:
  """A command in a terminal of its own, which shows the console of a guest. Use as a context manager: it is always
  ended."""

  def __init__(self, log, command, arguments, **options):
    LOGS.mkdir(parents=True, exist_ok=True)
    self.log = open(LOGS / f"{log}.console", "w", encoding="utf-8", errors="replace")
    self.console = pexpect.spawn(command, arguments, encoding="utf-8", codec_errors="replace", timeout=PATIENCE,
                                 logfile=self.log, **options)
    self.console.linesep = "\r"  # what the Enter key sends

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.console.close(force=True)
    self.log.close()

  def expect(self, pattern, timeout=PATIENCE):
    """Waits for a pattern in what the console shows; the match."""
    self.console.expect(pattern, timeout=timeout)
    return self.console.match

  def wait_for_shell(self):
    """Waits for root's prompt, logging in where a login is asked for."""
    if self.console.expect([PROMPT, LOGIN], timeout=PATIENCE) == 1:
      self.log_in()

  def log_in(self, user="root", password="halyard", prompt=PROMPT):
    """Answers the login prompt that is shown, and the question how large the terminal is."""
    self.console.sendline(user)
    self.expect("Password: ")
    self.console.sendline(password)
    # The first login of a terminal asks how large it is; the answer stays.
    if self.console.expect([prompt, re.escape(CURSOR_QUESTION)], timeout=PATIENCE) == 1:
      self.console.send("\x1b[50;200R")
      self.expect(prompt)

  def run(self, command, timeout=PATIENCE):
    """Types a command at the shell's prompt; what it printed."""
    self.console.sendline(command)
    self.expect(re.escape(command[-20:]) + r"\r*\n", timeout)
    self.expect(PROMPT, timeout)
    return self.console.before.replace("\r", "")

  def settle(self):
    """After something else has written to the console: the shell is at its prompt, and what is typed is its editor's.
    Typed earlier it is shown twice, and a prompt comes before its answer."""
    self.console.sendline("echo ready")
    self.expect(r"\nready\r*\n")
    self.expect(PROMPT)

  def power_off(self):
    """An orderly end, from a shell's prompt."""
    self.console.sendline("poweroff")
    assert self.wait_for_end() == 0

  def wait_for_end(self, timeout=PATIENCE):
    """The machine turns itself off: QEMU's exit status."""
    self.console.expect(pexpect.EOF, timeout=timeout)
    self.console.close()
    return self.console.exitstatus


class Machine(Console):
  """A running QEMU."""

  def __init__(self, name, command_line="", initramfs=None, cpus=2, memory="256M", extra=(), iso=None,
               disk=None, reboots=False, kernel_file=None, uefi=False):
    """`uefi`: firmware starts the ISO, else `kernel_file`, else what is on the disk."""
    guest = qemu.Guest(arch=ARCH, kernel=None if iso else kernel_file or (None if uefi else kernel()), iso=iso, uefi=uefi,
                       initramfs=initramfs or BUILD / "initramfs.cpio", command_line=command_line, cpus=cpus,
                       memory=memory, extra=list(extra), disk=disk, reboots=reboots)
    words = qemu.command(guest)
    super().__init__(f"{ARCH.name}-{KIND}-{name}", words[0], words[1:], echo=False)


def assert_clean(image):
  """The host's e2fsck finds nothing to mend in an ext2 image (or part of one: FILE?offset=BYTES)."""
  checked = host_run(["e2fsck", "-fn", image], env=TOOLS)
  assert checked.returncode == 0, checked.stdout + checked.stderr


def host_run(words, **options):
  return subprocess.run(words, capture_output=True, text=True, check=False, **options)
