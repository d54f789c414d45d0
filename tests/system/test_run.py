"""scripts/run, as a person at a terminal has it: to the login with the store beside it, and the terminal afterwards."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_store  # noqa: E402
import machine  # noqa: E402
import mkdisk  # noqa: E402

COMMAND = machine.ROOT / "scripts/run"


class Terminal(machine.Console):
  """A shell's line that runs scripts/run and says how the terminal was before and after, and how the command ended."""

  def __init__(self, name, *options):
    words = " ".join(map(str, (COMMAND, machine.ARCH.name, *options)))
    super().__init__(f"{machine.ARCH.name}-{name}", "/bin/sh", ["-c", f"stty -g; {words}; echo status=$?; stty -g"],
                     dimensions=(50, 200))
    self.before = self.expect(r"([0-9a-f:]{40,})\r\n").group(1)

  def expect_end(self):
    """The command's status; the terminal must be as it was."""
    status, after = self.expect(r"status=(\d+)\r*\n([0-9a-f:]{40,})\r*\n").groups()
    assert after == self.before
    return int(status)


def test_login_drivers_and_the_end():
  disk = machine.LOGS / f"{machine.ARCH.name}-run.ext2"
  mkdisk.copy(machine.BUILD / "root.ext2", disk)
  with Terminal("run", "--disk", disk) as terminal:
    terminal.wait_for_shell()
    assert terminal.run("stty size").strip() == "50 200"
    for driver in ("nvme", "e1000e"):
      driver_store.wait_in_guest(terminal, f"ajdrv list | grep -q '{driver} .* loaded'")
    assert terminal.run("test -b /dev/nvme0n1 && grep -c eth1 /proc/net/dev").strip() == "1"
    assert "/dev/vda on / type ext2" in terminal.run("mount")
    terminal.console.sendline("poweroff")
    assert terminal.expect_end() == 0
  machine.assert_clean(disk)


def test_control_a_x_leaves():
  with Terminal("run-left", "--no-disk", "--no-store", "--no-devices") as terminal:
    terminal.expect(machine.LOGIN)
    terminal.console.send("\x01x")
    assert terminal.expect_end() == 0
