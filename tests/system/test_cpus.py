"""Several CPUs: all of them work, and what they do to each other's memory and sleepers is right."""

import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

CASES = 8

# Numbers of address spaces: how many bits of them are allowed, and what the kernel says to that. With three there are
# fewer than the programs of check-stress need by far.
NUMBERS = {"few-asids": ("asid_bits=3", "ASIDs of 3 bits"), "no-asids": ("asid_bits=0", "no ASIDs")}
WITHOUT_NUMBERS = ("x86_64",)

def busy_ticks(guest):
  """User and idle ticks of each CPU since boot."""
  lines = [line.split() for line in guest.run("grep ^cpu[0-9] /proc/stat").splitlines() if line.startswith("cpu")]
  return [(int(words[1]) + int(words[3]), int(words[4])) for words in lines]


@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_spinning_programs_keep_every_cpu_busy(cpus):
  with machine.Machine(f"spin-{cpus}", "quiet", cpus=cpus) as guest:
    guest.wait_for_shell()
    guest.run(f"for i in $(seq {cpus}); do (while :; do :; done) & done; sleep 1")
    before = busy_ticks(guest)
    guest.run("sleep 2")
    after = busy_ticks(guest)
    # The averages follow within five seconds.
    load = guest.run("while grep '^0.00' /proc/loadavg; do sleep 1; done; cat /proc/loadavg").split()[-5:]
    guest.run("kill $(jobs -p)")
  assert len(after) == cpus
  assert float(load[0]) > 0 and int(load[3].split("/")[0]) >= cpus, load
  for (busy_then, idle_then), (busy, idle) in zip(before, after):
    assert busy - busy_then > 4 * (idle - idle_then), (before, after)


@pytest.mark.parametrize("cpus", [4, pytest.param(8, marks=pytest.mark.slow)])
def test_storms(cpus):
  """Futexes, TLB shoot-downs, forks and signals from all sides."""
  storm(f"stress-{cpus}", cpus)


@pytest.mark.parametrize("name", NUMBERS)
def test_storms_with(name):
  words, said = NUMBERS[name]
  output = storm(f"stress-{name}", 4, words)
  assert (said in output) != (machine.ARCH.name in WITHOUT_NUMBERS), output


def storm(name, cpus, words=""):
  """One boot that runs check-stress and ends; what was on the console."""
  program = (machine.BUILD / "meson-userland/tests/guest/check-stress").read_bytes()
  script = b"#!/bin/sh\n" + b"/check-stress\ndmesg | grep ASIDs\necho check: all cases ran\npoweroff -f\n"
  entries = [mkcpio.Entry("/check-stress", stat.S_IFREG | 0o755, data=program),
             mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=script)]
  initramfs = machine.initramfs_with(name, entries)
  with machine.Machine(name, f"quiet panic=-1 {words}", initramfs, cpus=cpus) as guest:
    guest.expect("check: all cases ran", timeout=300)
    output = guest.console.before.replace("\r", "")
    guest.wait_for_end()
  lines = [line for line in output.splitlines() if line.startswith(("ok ", "not ok "))]
  assert len(lines) == CASES and all(line.startswith("ok ") for line in lines), output
  return output
