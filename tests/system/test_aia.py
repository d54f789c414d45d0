"""RISC-V's interrupt controllers: the PLIC, the APLIC alone, and the APLIC in front of IMSICs, where devices of PCI send
messages. On each a person loads a file from the network and keeps it on a disk."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages  # noqa: E402
import device_tree  # noqa: E402
import machine  # noqa: E402
import qemu  # noqa: E402
from web_server import CONTENT, fixture_web_port  # noqa: E402, F401

pytestmark = pytest.mark.slow

# What the kernel says of each, and whether devices send messages.
CONTROLLERS = {
  "none": ("plic: 95 lines", False),
  "aplic": ("aplic: 96 lines, delivered to hart", False),
  "aplic-imsic": ("aplic: 96 lines, delivered as messages", True),
}


def disk(name):
  """A fresh disk image with an ext2 file system."""
  image = machine.LOGS / f"riscv64-aia-{name}.img"
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  image.unlink(missing_ok=True)
  subprocess.run(["truncate", "-s", "32M", image], check=True)
  subprocess.run(["mke2fs", "-q", "-t", "ext2", "-F", image], check=True, env=machine.TOOLS)
  return image


def devices_with_messages(guest):
  """The PCI addresses of the devices of which the log says that they use MSI-X."""
  return [line.split(":", 1)[1].split(": MSI-X")[0].strip() for line in guest.run("dmesg | grep MSI-X").splitlines()
          if "MSI-X" in line]


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_network_and_disk(kind, web_port):
  said, has_messages = CONTROLLERS[kind]
  image = disk(kind)
  with machine.Machine(f"aia-{kind}", "quiet", disk=image, extra=["-machine", f"aia={kind}"]) as guest:
    guest.wait_for_shell()
    assert said in guest.run("dmesg | grep plic; dmesg | grep aplic")
    # The network card and the disk.
    assert len(devices_with_messages(guest)) == (2 if has_messages else 0)
    assert "lease 0" in guest.run("udhcpc -i eth0 -n -q >/dev/null 2>&1; echo lease $?")
    guest.run("mount -t ext2 /dev/vda /mnt")
    got = guest.run(f"wget -q -O /mnt/file http://10.0.2.2:{web_port}/ && md5sum < /mnt/file").split()[0]
    assert got == hashlib.md5(CONTENT).hexdigest()
    # The console is a wired line in all three.
    assert guest.run("umount /mnt; mount -t ext2 -o ro /dev/vda /mnt; cksum < /mnt/file").split()[1] == str(len(CONTENT))
    guest.run("umount /mnt")
    guest.power_off()
  machine.assert_clean(image)


def test_messages_to_each_cpu():
  """An NVMe disk has a queue and a message for each CPU: what either CPU asks for comes."""
  image = disk("nvme")
  package = (machine.BUILD / "packages/nvme.ajdrv").read_bytes()
  nvme = ["-drive", f"file={image},if=none,id=nvme0,format=raw", "-device", "nvme,drive=nvme0,serial=halyard-1"]
  with machine.Machine("aia-nvme", "quiet", driver_packages.initramfs("aia", {"nvme": package}),
                       extra=["-machine", "aia=aplic-imsic", *nvme]) as guest:
    guest.wait_for_shell()
    assert driver_packages.load(guest, "nvme") == "ok"
    assert "2 queues" in guest.run("dmesg | grep nvme")
    halves = image.read_bytes()[:16 << 20], image.read_bytes()[16 << 20:]
    for cpu, content in enumerate(halves):
      read = f"taskset {1 << cpu} dd if=/dev/nvme0n1 bs=64k count=256 skip={256 * cpu} 2>/dev/null | md5sum"
      assert guest.run(read).split()[0] == hashlib.md5(content).hexdigest()
    assert guest.run("dmesg | grep -i 'timeout\\|timed out\\|no answer'").strip() == ""


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_other_boot_hart(kind):
  """The firmware starts the kernel on hart 1: the lines go there."""
  words = [*qemu.MACHINES["riscv64"], "-smp", "2", "-m", "256M"]
  words[1] += f",aia={kind}"
  file = machine.LOGS / f"riscv64-hart-{kind}.dtb"
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  tree = device_tree.of_machine(machine.ARCH.qemu, words, file)
  hart = device_tree.property_of(tree, "cpu@1", "phandle").to_bytes(4, "big")
  file.write_bytes(device_tree.with_child(tree, "chosen", "opensbi-config",
                                          {"compatible": b"opensbi,config\0", "cold-boot-harts": hart}))
  with machine.Machine(f"aia-hart-{kind}", "quiet", extra=["-machine", f"aia={kind}", "-dtb", str(file)]) as guest:
    guest.wait_for_shell()
    assert guest.run("grep -m1 '^hart' /proc/cpuinfo").split() == ["hart", ":", "1"]
    assert "lease 0" in guest.run("udhcpc -i eth0 -n -q >/dev/null 2>&1; echo lease $?")


def test_twelve_cpus():
  """More CPUs than the PLIC's usual machine has: each has a file, and sends and gets the others' requests."""
  with machine.Machine("aia-cpus", "quiet", cpus=12, extra=["-machine", "aia=aplic-imsic"]) as guest:
    guest.wait_for_shell()
    assert guest.run("nproc").strip() == "12"
    assert "lease 0" in guest.run("udhcpc -i eth0 -n -q >/dev/null 2>&1; echo lease $?")
