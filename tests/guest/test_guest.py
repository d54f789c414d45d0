"""The guest programs: each case passes on the host's Linux first, then in Halyard.

All programs run in one boot; the console's output is then looked at case by case.
"""

import re
import stat
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

PROGRAMS = sorted(source.stem for source in HERE.glob("*.c") if source.stem != "check")
INIT = b"""#!/bin/sh
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
for program in /check/*; do $program; done
echo check: all programs ran
poweroff -f
"""


def cases():
  """(program, case) for all cases, read from the sources."""
  return [(program, name) for program in PROGRAMS
          for name in re.findall(r"^CASE\((\w+)\)", (HERE / f"{program}.c").read_text(), re.M)]


@pytest.fixture(scope="session", name="on_linux")
def fixture_on_linux(tmp_path_factory):
  """{case: line} from the same sources on this machine."""
  folder = tmp_path_factory.mktemp("host")
  results = {}
  for program in PROGRAMS:
    built = machine.host_run(["gcc", "-std=gnu17", "-O1", "-o", folder / program, HERE / f"{program}.c", HERE / "check.c",
                              "-lpthread", "-lutil"])
    assert built.returncode == 0, built.stderr
    results |= read_results(machine.host_run([folder / program], timeout=machine.HANGS).stdout)
  return results


@pytest.fixture(scope="session", name="in_halyard")
def fixture_in_halyard():
  """{case: line} from one boot with all programs."""
  programs = machine.BUILD / "meson-userland/tests/guest"
  entries = [mkcpio.Entry("/check", stat.S_IFDIR | 0o755), mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=INIT)]
  entries += [mkcpio.Entry(f"/check/{program}", stat.S_IFREG | 0o755, data=(programs / f"check-{program}").read_bytes())
              for program in PROGRAMS]
  with machine.Machine("guest", "quiet panic=-1", machine.initramfs_with("guest", entries)) as guest:
    status = guest.console.expect(["check: all programs ran", r"end of panic"], timeout=300)
    output = guest.console.before
    if status == 0:
      guest.wait_for_end()
  return read_results(output.replace("\r", ""))


def read_results(text):
  """{case: line} for each result line."""
  results = {}
  for line in text.splitlines():
    match = re.match(r"(?:not )?ok (\w+)", line)
    if match:
      results[match.group(1)] = line
  return results


@pytest.mark.parametrize(("program", "case"), cases(), ids=[name for _, name in cases()])
def test_case(program, case, on_linux, in_halyard):
  assert on_linux.get(case) == f"ok {case}", f"{program}.c: wrong on Linux itself"
  assert in_halyard.get(case, "the case did not run") == f"ok {case}"
