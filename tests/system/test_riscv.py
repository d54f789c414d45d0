"""What a RISC-V machine may have or lack, and the kernel finds out: page tables of three depths."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402

pytestmark = pytest.mark.skipif(machine.ARCH.name != "riscv64", reason="the page tables and words of RISC-V")

# {name: (the CPU's properties, the command line, the mode that is used)}
PAGING = {
  "sv57": ("max", "", "sv57"),
  "no5lvl": ("max", "no5lvl", "sv48"),
  "no4lvl": ("max", "no4lvl", "sv39"),
  "cpu-without-sv57": ("max,sv57=off", "", "sv48"),
  "cpu-without-sv48": ("max,sv57=off,sv48=off", "", "sv39"),
}


@pytest.mark.parametrize("name", PAGING)
def test_paging(name):
  cpu, words, mode = PAGING[name]
  with machine.Machine(f"paging-{name}", f"quiet {words}", extra=["-cpu", cpu]) as guest:
    guest.wait_for_shell()
    assert guest.run("grep -m1 '^mmu' /proc/cpuinfo").split() == ["mmu", ":", mode]
    assert guest.run("seq 1 1000 | sort -n | tail -1").strip() == "1000"
