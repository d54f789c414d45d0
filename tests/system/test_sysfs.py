"""/sys as programs find it: devices on their buses, drivers by link, interfaces, disks, CPUs."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402


@pytest.fixture(name="guest", scope="module")
def fixture_guest():
  with machine.Machine("sysfs", "quiet") as guest:
    guest.wait_for_shell()
    yield guest


def test_is_mounted_and_known(guest):
  assert re.search(r"^sysfs /sys sysfs ", guest.run("cat /proc/mounts"), re.MULTILINE)
  assert "sysfs" in guest.run("cat /proc/filesystems")
  assert "62656572" in guest.run("stat -f -c %t /sys")


def test_lspci_lists_the_devices(guest):
  listing = guest.run("lspci")
  assert re.search(r"1af4:10(00|41)", listing), listing  # the network card
  assert re.search(r"1af4:10(05|44)", listing), listing  # the source of random numbers


def test_attributes_and_driver_link(guest):
  path = "/sys/class/net/eth0/device"
  assert guest.run(f"cat {path}/vendor").strip() == "0x1af4"
  assert re.match(r"pci:v00001AF4d[0-9A-F]{8}sv[0-9A-F]{8}sd[0-9A-F]{8}bc[0-9A-F]{2}sc[0-9A-F]{2}i[0-9A-F]{2}\n",
                  guest.run(f"cat {path}/modalias"))
  assert "/bus/pci/drivers/" in guest.run(f"readlink {path}/driver")
  slot = guest.run(f"basename $(readlink -f {path})").strip()
  assert guest.run(f"readlink -f {path}/driver/{slot}") == guest.run(f"readlink -f {path}")
  assert f"PCI_SLOT_NAME={slot}" in guest.run(f"cat /sys/bus/pci/devices/{slot}/uevent")
  assert len(guest.run(f"cat {path}/resource").splitlines()) == 6
  assert "Permission denied" in guest.run(f"echo 1 > {path}/vendor")
  assert "No such file" in guest.run(f"cat {path}/nothing")


def test_interfaces(guest):
  assert set(guest.run("ls /sys/class/net | cat").split()) >= {"eth0", "lo"}
  assert "52:54:00:12:34:56" in guest.run("cat /sys/class/net/eth0/address")
  assert guest.run("cat /sys/class/net/eth0/mtu").strip() == "1500"
  assert guest.run("cat /sys/class/net/eth0/device/vendor").strip() == "0x1af4"
  guest.run("ifconfig eth0 up")
  assert guest.run("cat /sys/class/net/eth0/operstate").strip() == "up"


def test_processors(guest):
  assert guest.run("cat /sys/devices/system/cpu/online").strip() == "0-1"
  assert guest.run("cat /sys/devices/system/node/node0/cpulist").strip() == "0-1"


def test_find_walks_all_of_it(guest):
  assert int(guest.run("find /sys | wc -l", timeout=180).split()[-1]) > 60
  assert guest.run("find /sys -type f -exec cat {} + > /dev/null && echo all read").endswith("all read\n")


def test_disk(tmp_path):
  image = tmp_path / "disk.img"
  image.write_bytes(bytes(1 << 20))
  drive = ["-drive", f"file={image},if=none,id=d0,format=raw", "-device", "virtio-blk-pci,drive=d0"]
  with machine.Machine("sysfs-disk", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    assert guest.run("cat /sys/block/vda/size").strip() == "2048"
    assert guest.run("cat /sys/class/block/vda/queue/logical_block_size").strip() == "512"
    assert guest.run("cat /sys/block/vda/dev").strip() == guest.run("printf %d:%d $(stat -c '0x%t 0x%T' /dev/vda)").strip()
    assert guest.run("cat /sys/block/vda/device/vendor").strip() == "0x1af4"
