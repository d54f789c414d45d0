"""The applets of busybox, each at its own work: the cases of cases/*.txt, in one boot."""

import re
import stat
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import cases  # noqa: E402
import machine  # noqa: E402
import mkcpio  # noqa: E402

DISK_BYTES = 64 << 20
PATIENCE = 900
CASES = cases.read_all()
INIT = (HERE / "in_guest").read_bytes()


@pytest.fixture(scope="session", name="output")
def fixture_output():
  """{case: what it said} from one boot; the disk in the machine is empty."""
  entries = [mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=INIT),
             mkcpio.Entry("/cases", stat.S_IFDIR | 0o755)]
  entries += [mkcpio.Entry(f"/cases/{case.name}", stat.S_IFREG | 0o644, data=case.script().encode()) for case in CASES]
  disk = machine.LOGS / f"{machine.ARCH.name}-applets.disk"
  disk.parent.mkdir(parents=True, exist_ok=True)
  with open(disk, "wb") as empty:
    empty.truncate(DISK_BYTES)
  initramfs = machine.initramfs_with("applets", entries)
  with machine.Machine("applets", "quiet panic=-1", initramfs, disk=disk) as guest:
    status = guest.console.expect(["applets: all cases ran", "end of panic"], timeout=PATIENCE)
    text = guest.console.before
    if status == 0:
      guest.wait_for_end()
  return dict(re.findall(r"^applet-case (\S+)\n(.*?)^applet-end$", text.replace("\r", ""), re.M | re.S))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_applet(case, output):
  assert case.name in output, "the case did not run"
  fault = cases.fault(case, output[case.name])
  assert fault is None, fault
