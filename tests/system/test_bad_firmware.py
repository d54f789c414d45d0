"""Descriptions of the machine that lack something or are damaged: a clear line, or it works without; never silence.

What a parser makes of damaged tables and trees themselves, unit tests and fuzzers show."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import device_tree  # noqa: E402
import machine  # noqa: E402
import qemu  # noqa: E402

pytestmark = pytest.mark.slow

LOGIN = "halyard login: "
ENDS = "panic=-1"


def tree_without(*strings):
  return {"tree": strings}


# What the machine is like, and what is seen then.
CASES = {
  "x86_64": {
    "no-timer": ({"extra": ["-machine", "q35,hpet=off,pit=off"]}, "panic: CPU 0: .*no timer"),
  },
  "aarch64": {
    "no-interrupt-controller": (tree_without("arm,gic-v3"), "panic: CPU 0: .*no interrupt controller"),
    "no-timer-node": (tree_without("arm,armv8-timer", "arm,armv7-timer"), LOGIN),
    "no-psci": (tree_without("arm,psci"), LOGIN),
    "no-pcie": (tree_without("pci-host-ecam-generic"), LOGIN),
  },
  "riscv64": {
    # Nobody can type then, since the serial line interrupts.
    "no-interrupt-controller": (tree_without("riscv,plic0", "sifive,plic-1.0.0"), "devices cannot interrupt"),
    "no-pcie": (tree_without("pci-host-ecam-generic"), LOGIN),
    "no-reset-device": (tree_without("sifive,test1", "sifive,test0"), LOGIN),
  },
}[machine.ARCH.name]


@pytest.mark.parametrize("name", CASES)
def test_is_said_or_done_without(name, tmp_path):
  options, seen = CASES[name]
  options = dict(options)
  if "tree" in options:
    file = tmp_path / "tree.dtb"
    tree = device_tree.of_machine(machine.ARCH.qemu, [*qemu.MACHINES[machine.ARCH.name], "-smp", "2", "-m", "256M"], file)
    file.write_bytes(device_tree.without(tree, options.pop("tree")))
    options["extra"] = ["-dtb", str(file)]
  words = f"{ENDS} {options.pop('command_line', '')}"
  with machine.Machine(f"bad-{name}", words, **options) as guest:
    guest.expect(seen)
    if seen == LOGIN:
      guest.log_in()
      assert guest.run("seq 1 100 | wc -l").strip() == "100"


# QEMU's microvm loads an initramfs as high as it fits when it begins with a page, and over its own tables at the end of
# memory: how many of them it meets depends on its size.
OVERWRITTEN = {"all": (4, r"acpi: the tables behind the RSDP at 0x[0-9a-f]+ are damaged"),
               "dsdt": (512, r"acpi: the DSDT at 0x[0-9a-f]+ is damaged")}


@pytest.mark.parametrize("which", OVERWRITTEN)
def test_damaged_tables(which, tmp_path):
  short, seen = OVERWRITTEN[which]
  archive = (machine.BUILD / "initramfs.cpio").read_bytes()
  file = tmp_path / "initramfs.cpio"
  file.write_bytes(archive + bytes((-short - len(archive)) % 4096))
  words = ["-machine", "microvm", "-cpu", "max", "-m", "256M", "-display", "none", "-serial", "mon:stdio", "-nodefaults",
           "-no-reboot", "-kernel", str(machine.kernel()), "-initrd", str(file), "-append", ENDS]
  with machine.Console(f"x86_64-bad-{which}", "qemu-system-x86_64", words, echo=False) as guest:
    guest.expect(seen)
    guest.wait_for_shell()


def test_loaded_as_nothing_in_particular():
  """Not by the boot protocol: nobody says where the device tree is."""
  place = "0x40200000"
  words = ["-machine", "virt,gic-version=3", "-cpu", "max", "-m", "256M", "-display", "none", "-nodefaults", "-serial",
           "mon:stdio", "-device", f"loader,file={machine.kernel()},addr={place},force-raw=on",
           "-device", f"loader,addr={place},cpu-num=0"]
  with machine.Console("aarch64-bad-loader", machine.ARCH.qemu, words, echo=False) as guest:
    guest.expect("booted by device tree")
    guest.expect("no init found: give an initramfs")
