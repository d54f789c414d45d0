"""The machines and CPU models that people have: each boots to a shell, sees its CPUs and its memory, and works."""

import re
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402, I001  (it finds the next ones)
import disk_image  # noqa: E402
import mkdisk  # noqa: E402

pytestmark = pytest.mark.slow

# A machine whose memory is not there before it is used: larger than the host's.
LARGE = ["-object", "memory-backend-ram,id=large,size=50G,reserve=off", "-machine", "memory-backend=large"]
ON_ALL = {
  "64-mb": {"memory": "64M"},
  "50-gb": {"memory": "50G", "extra": LARGE},
  "1-cpu": {"cpus": 1},
  "4-cpus": {"cpus": 4},
  "8-cpus": {"cpus": 8},
}
MODELS = {
  # Without SMEP, SMAP, XSAVE, FSGSBASE, RDRAND and 1 GiB pages; and what people have on their desks and in data centres.
  "x86_64": ["qemu64", "Skylake-Client", "EPYC", "max"],
  # Without PAN; without LSE atomics, too.
  "aarch64": ["cortex-a72", "neoverse-n1", "max"],
  # Without Sstc.
  "riscv64": ["rv64", "max"],
}
VARIANTS = {
  "x86_64": {
    "pc": {"extra": ["-machine", "pc"]},
    "no-hpet": {"extra": ["-machine", "q35,hpet=off"]},
    "acpi-of-seabios": {"extra": ["-machine", "q35,acpi=off"]},  # which makes tables where QEMU gives none
  },
  "aarch64": {
    "gic-v2": {"extra": ["-machine", "virt,gic-version=2"]},
    "gic-v2-8-cpus": {"extra": ["-machine", "virt,gic-version=2"], "cpus": 8},
    "el2": {"extra": ["-machine", "virt,virtualization=on,gic-version=3"]},
    "el2-gic-v2": {"extra": ["-machine", "virt,virtualization=on,gic-version=2"]},
    "el3": {"extra": ["-machine", "virt,secure=on,gic-version=3"]},
  },
  "riscv64": {
    "3-levels": {"command_line": "no4lvl"},
  },
}
MACHINES = {**ON_ALL, **{model: {"extra": ["-cpu", model]} for model in MODELS[machine.ARCH.name]},
            **VARIANTS[machine.ARCH.name]}
# Where virtio's devices are told of, and what they are on; by PCI Express, the bridge says where its buses are.
MICROVM = {"acpi": ("microvm", "device"), "command-line": ("microvm,acpi=off", "device"),
           "pcie": ("microvm,pcie=on", "pci,romfile=")}
MODERN = ["-global", "virtio-mmio.force-legacy=off"]


@pytest.mark.parametrize("name", MACHINES)
def test_boots_and_works(name):
  options = dict(MACHINES[name])
  words = options.pop("command_line", "")
  with machine.Machine(f"machine-{name}", f"quiet {words}", **options) as guest:
    guest.wait_for_shell()
    assert guest.run("nproc").strip() == str(options.get("cpus", 2))
    total = int(re.search(r"MemTotal: +(\d+)", guest.run("cat /proc/meminfo"))[1]) >> 10
    size = options.get("memory", "256M")
    mib = int(size[:-1]) << (10 if size.endswith("G") else 0)
    assert 0.9 * mib < total <= mib, f"{total} MiB of {mib}"
    assert guest.run("head -c 8 /dev/random | wc -c").strip() == "8"
    assert guest.run("awk 'BEGIN { print 1.5 * 3 }'").strip() == "4.5"
    assert guest.run("seq 1 1000 | sort -n | tail -1").strip() == "1000"
    guest.power_off()


def by_hand(name, words):
  """A machine that is not q35, with a root disk."""
  disk = machine.LOGS / f"x86_64-{name}.ext2"
  mkdisk.copy(machine.BUILD / "root.ext2", disk)
  # QEMU loads one that nearly fills its last page over microvm's tables (docs/caveats.md).
  initramfs = machine.LOGS / f"x86_64-{name}.cpio"
  archive = (machine.BUILD / "initramfs.cpio").read_bytes()
  initramfs.write_bytes(archive + bytes(-len(archive) % 4096 + 64))
  return disk, machine.Console(f"x86_64-{machine.KIND}-{name}", "qemu-system-x86_64", [
    *words, "-m", "256M", "-smp", "2", "-display", "none", "-serial", "mon:stdio", "-nodefaults", "-no-reboot",
    "-kernel", str(machine.kernel()), "-initrd", str(initramfs), "-append", "root=/dev/vda",
    "-drive", f"file={disk},if=none,id=disk0,format=raw"], echo=False)


@pytest.mark.parametrize("kind", MICROVM)
def test_microvm(kind):
  """Virtio over memory, which the DSDT lists, or else the kernel command line; or PCI Express without firmware."""
  words, bus = MICROVM[kind]
  device, *more = bus.split(",")
  disk, console = by_hand(f"microvm-{kind}", [
    "-machine", words, "-cpu", "max", *MODERN, "-device", f"virtio-blk-{device},drive=disk0", "-netdev", "user,id=net0",
    "-device", ",".join([f"virtio-net-{device},netdev=net0", *more]), "-device", f"virtio-rng-{device}"])
  with console as guest:
    guest.wait_for_shell()
    assert "/dev/vda on / type ext2" in guest.run("mount")
    guest.run("until ifconfig eth0 | grep -q 10.0.2.15; do sleep 1; done", timeout=120)
    assert " 0% packet loss" in guest.run("ping -c 2 10.0.2.2")
    guest.run("seq 100000 > /root/numbers; sync")
    if kind != "command-line":
      guest.power_off()
    else:  # nothing turns this machine off; its disk is left clean all the same
      guest.console.sendline("poweroff")
      guest.expect("shutdown: power off")
  machine.assert_clean(disk)


# What firmware starts without a disk: GRUB on the ISO, or the kernel file, which is a program of the firmware's.
# QEMU's AArch64 firmware hands over ACPI tables, or a device tree where the machine has none, never both.
KERNEL_FILE = {"kernel_file": machine.kernel(), "command_line": "root=/dev/vda"}
BY_UEFI = {
  "x86_64": {"iso": {"iso": machine.kernel().with_name("halyard.iso"), "extra": ["-vga", "std"]}},
  "aarch64": {
    "acpi": KERNEL_FILE,
    "acpi-gic-v2": {**KERNEL_FILE, "extra": ["-machine", "gic-version=2"]},
    "acpi-el2": {**KERNEL_FILE, "extra": ["-machine", "virtualization=on"]},
    "device-tree": {**KERNEL_FILE, "extra": ["-machine", "acpi=off"]},
  },
}.get(machine.ARCH.name, {})


@pytest.mark.parametrize("name", BY_UEFI)
def test_started_by_uefi(name):
  disk = machine.LOGS / f"{machine.ARCH.name}-uefi-{name}.ext2"
  mkdisk.copy(machine.BUILD / "root.ext2", disk)
  with machine.Machine(f"uefi-{name}", uefi=True, disk=disk, **BY_UEFI[name]) as guest:
    guest.expect("with ACPI" if name.startswith("acpi") else "booted by")
    if "-vga" in BY_UEFI[name].get("extra", ()):
      guest.expect(r"screen: \d+x\d+ pixels")
    guest.wait_for_shell()
    assert "/dev/vda on / type ext2" in guest.run("mount")
    assert guest.run("nproc").strip() == "2"
    guest.run("until ifconfig eth0 | grep -q 10.0.2.15; do sleep 1; done", timeout=120)
    assert " 0% packet loss" in guest.run("ping -c 2 10.0.2.2")
    assert abs(int(guest.run("date +%s")) - time.time()) < 120
    guest.power_off()
  machine.assert_clean(disk)


def test_disk_image_by_uefi(tmp_path):
  """The image for a USB stick: firmware, GRUB and the kernel find their way from the partition table on."""
  image = tmp_path / "halyard.img"
  disk_image.make(machine.ARCH, image, machine.kernel(), machine.BUILD / "initramfs.cpio", machine.BUILD / "root.ext2")
  with machine.Machine("uefi-disk", uefi=True, disk=image, reboots=True) as guest:
    guest.wait_for_shell()
    assert "/dev/vda2 on / type ext2" in guest.run("mount")
    guest.run("echo kept > /root/note")
    guest.console.sendline("reboot")
    guest.expect(machine.LOGIN)  # not the prompt that is shown until the machine goes
    guest.log_in()
    assert guest.run("cat /root/note").strip() == "kept"
    guest.power_off()
