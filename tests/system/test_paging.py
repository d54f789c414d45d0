"""Page tables of as many levels as the CPU has and the command line allows: several CPUs boot with them, and what programs
may expect of memory holds."""

import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

# {name: (the CPU's properties, the command line, levels, a line of /proc/cpuinfo or None, its words)}
MODES = {
  "x86_64": {
    "la57": ("max", "", 5, "flags", {"la57"}),
    "no5lvl": ("max", "no5lvl", 4, "flags", set()),
    "cpu-without-la57": ("max,la57=off", "", 4, "flags", set()),
  },
  "aarch64": {
    "48-bits": ("max", "", 4, None, set()),
  },
  "riscv64": {
    "sv57": ("max", "", 5, "mmu", {"sv57"}),
    "no5lvl": ("max", "no5lvl", 4, "mmu", {"sv48"}),
    "no4lvl": ("max", "no4lvl", 3, "mmu", {"sv39"}),
    "cpu-without-sv57": ("max,sv57=off", "", 4, "mmu", {"sv48"}),
    "cpu-without-sv48": ("max,sv57=off,sv48=off", "", 3, "mmu", {"sv39"}),
  },
}[machine.ARCH.name]
ALL_WORDS = {"la57", "sv39", "sv48", "sv57"}


@pytest.mark.parametrize("name", MODES)
def test_paging(name):
  cpu, words, levels, line, expected = MODES[name]
  program = (machine.BUILD / "meson-userland/tests/guest/check-memory").read_bytes()
  initramfs = machine.initramfs_with(f"paging-{name}", [mkcpio.Entry("/check-memory", stat.S_IFREG | 0o755, data=program)])
  with machine.Machine(f"paging-{name}", f"quiet {words}", initramfs, extra=["-cpu", cpu]) as guest:
    guest.wait_for_shell()
    assert guest.run("nproc").strip() == "2"
    assert f"{levels} levels of page tables" in guest.run("dmesg | grep levels")
    if line:
      assert set(guest.run(f"grep -m1 '^{line}' /proc/cpuinfo").split()) & ALL_WORDS == expected
    output = guest.run("/check-memory", timeout=120)
    assert "ok mmap_goes_high_up_for_a_hint_alone" in output and "not ok" not in output, output
