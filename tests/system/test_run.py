"""scripts/run, as a person at a terminal has it: to the login with the store beside it, and the terminal afterwards."""

import re
import shutil
import sys
from pathlib import Path

import pexpect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402

COMMAND = machine.ROOT / "scripts/run"


class Terminal:
  """A shell's line that runs scripts/run and says how the terminal was before and after, and how the command ended."""

  def __init__(self, name, *options):
    words = " ".join(map(str, (COMMAND, machine.ARCH.name, *options)))
    self.log = open(machine.LOGS / f"{machine.ARCH.name}-{name}.console", "w", encoding="utf-8", errors="replace")
    self.console = pexpect.spawn("/bin/sh", ["-c", f"stty -g; {words}; echo status=$?; stty -g"], encoding="utf-8",
                                 codec_errors="replace", timeout=machine.PATIENCE, dimensions=(50, 160), logfile=self.log)
    self.console.linesep = "\r"
    self.console.expect(r"([0-9a-f:]{40,})\r\n")
    self.before = self.console.match.group(1)

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.console.close(force=True)
    self.log.close()

  def expect_end(self):
    """The command's status; the terminal must be as it was."""
    self.console.expect(r"status=(\d+)\r*\n([0-9a-f:]{40,})\r*\n")
    status, after = self.console.match.groups()
    assert after == self.before
    return int(status)

  def run(self, command):
    self.console.sendline(command)
    self.console.expect(re.escape(command[-20:]) + r"\r*\n")
    self.console.expect(machine.PROMPT)
    return self.console.before.replace("\r", "")


def test_login_drivers_and_the_end():
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  disk = machine.LOGS / f"{machine.ARCH.name}-run.ext2"
  shutil.copyfile(machine.BUILD / "root.ext2", disk)
  with Terminal("run", "--disk", disk) as terminal:
    terminal.console.expect(machine.LOGIN)
    terminal.console.sendline("root")
    terminal.console.expect("Password: ")
    terminal.console.sendline("halyard")
    if terminal.console.expect([machine.PROMPT, re.escape(machine.CURSOR_QUESTION)]) == 1:
      terminal.console.send("\x1b[50;160R")
      terminal.console.expect(machine.PROMPT)
    assert terminal.run("stty size").strip() == "50 160"
    for driver in ("nvme", "e1000e"):
      terminal.run(f"until ajdrv list | grep -q '{driver} .* loaded'; do sleep 1; done")
    assert terminal.run("test -b /dev/nvme0n1 && grep -c eth1 /proc/net/dev").strip() == "1"
    assert "/dev/vda on / type ext2" in terminal.run("mount")
    terminal.console.sendline("poweroff")
    assert terminal.expect_end() == 0
  machine.assert_clean(disk)


def test_control_a_x_leaves():
  with Terminal("run-left", "--no-disk", "--no-store", "--no-devices") as terminal:
    terminal.console.expect(machine.LOGIN)
    terminal.console.send("\x01x")
    assert terminal.expect_end() == 0
