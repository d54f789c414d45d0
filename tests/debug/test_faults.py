"""The debug kernel catches what it is made to do wrong (kernel/init/seeded_faults.cpp), and says where."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402

CAUGHT = {
  "lock-inversion": r"panic: CPU \d+: .*DeviceQueue.*Zone",
  "sleep-in-atomic": r"panic: CPU \d+: .*(sleep|FileTable)",
  "use-after-free": r"panic: CPU \d+: .*(freed|poison|after)",
  "stuck-cpu": r"panic: CPU \d+: watchdog: CPU 1 has not reacted for \d+ s, running fault",
  "write-to-code": r"panic: CPU \d+: kernel writes read-only memory",
  "run-data": r"panic: CPU \d+: kernel executes memory that is not code",
  "touch-user-memory": r"panic: CPU \d+: kernel touches user memory",
  "run-user-memory": r"panic: CPU \d+: kernel executes user memory",
}


@pytest.mark.parametrize("fault", CAUGHT)
def test_is_caught(fault):
  assert machine.KIND == "debug", "these are for the debug kernel"
  with machine.Machine(f"fault-{fault}", f"panic=-1 watchdog=4 fault={fault}") as guest:
    guest.expect(f"fault: committing {fault}")
    guest.expect(CAUGHT[fault])
    guest.expect("call trace:")
    guest.wait_for_end()


def test_nothing_is_caught_in_peace():
  with machine.Machine("fault-none", "watchdog=20") as guest:
    guest.wait_for_shell()
    assert "fine" in guest.run("sleep 6; (while :; do :; done) & sleep 6; kill $!; echo fine", timeout=120)
    assert re.search(r"\[ *\d+\.\d+\] init: starting", guest.run("dmesg"))
    assert "not reacted" not in guest.run("dmesg | grep '] watchdog:'")
