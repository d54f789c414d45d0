"""Interrupts of PCI devices: by message where the machine has a controller for that, by wire elsewhere."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages  # noqa: E402
import driver_store  # noqa: E402
import machine  # noqa: E402

pytestmark = pytest.mark.slow

# How devices that can do MSI-X interrupt, by QEMU's machine and its options; the first is the usual one. Machines "by
# ACPI" are started by UEFI firmware, which then keeps the device tree to itself.
BY_ACPI = ",acpi=on"
MACHINES = {
  "x86_64": {"q35": "MSI-X"},
  "aarch64": {"virt,gic-version=3": "MSI-X", "virt,gic-version=3,its=off": "wired", "virt,gic-version=2": "MSI-X",
              "virt,gic-version=3,acpi=on": "MSI-X", "virt,gic-version=3,its=off,acpi=on": "wired",
              "virt,gic-version=2,acpi=on": "MSI-X"},
  "riscv64": {"virt": "wired", "virt,aia=aplic": "wired", "virt,aia=aplic-imsic": "MSI-X"},
}[machine.ARCH.name]
DISK_SIZE = 8 << 20
CONTENT = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(DISK_SIZE // 32))
DIGEST = hashlib.md5(CONTENT).hexdigest()


@dataclass
class Line:
  number: int
  counts: list
  delivery: str
  users: str


def lines_of(guest, driver):
  """What /proc/interrupts says of a driver's interrupts."""
  listing = guest.run("cat /proc/interrupts")
  found = re.findall(r"^ *(\d+):((?: +\d+)+) +(MSI-X|MSI|wired) *(.*)$", listing, re.M)
  lines = [Line(int(number), [int(count) for count in counts.split()], *rest) for number, counts, *rest in found]
  used = [line for line in lines if f"{driver}[" in line.users]
  assert used, listing
  return used


def boot(name, words, cpus=2, command_line="quiet"):
  """A machine with a disk that has a driver and one that gets its own by hand, both with the same content."""
  extra = ["-machine", words]
  for disk in ("blk", "nvme"):
    image = machine.LOGS / f"{machine.ARCH.name}-messages-{name}-{disk}.img"
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    image.write_bytes(CONTENT)
    extra += ["-drive", f"file={image},if=none,id={disk},format=raw"]
  extra += ["-device", "virtio-blk-pci,drive=blk", "-device", "nvme,drive=nvme,serial=messages"]
  archive = driver_packages.initramfs("messages", {"nvme": driver_store.built("nvme").read_bytes()})
  uefi = words.endswith(BY_ACPI)
  return machine.Machine(f"messages-{name}", command_line, archive, cpus=cpus, extra=extra, uefi=uefi,
                         kernel_file=machine.kernel() if uefi else None)


def load_nvme(guest):
  slot = guest.run("basename $(dirname $(grep -l 0x010802 /sys/bus/pci/devices/*/class))").strip()
  assert driver_packages.load(guest, "nvme", f"slot={slot}") == "ok"
  driver_store.wait_in_guest(guest, "test -b /dev/nvme0n1")


def unload_nvme(guest):
  assert guest.run("/packages/load unload nvme").strip() == "ok"


@pytest.fixture(name="guest", scope="module", params=MACHINES)
def fixture_guest(request):
  with boot(re.sub(r"\W+", "-", request.param), request.param) as guest:
    guest.wait_for_shell()
    guest.delivery = MACHINES[request.param]
    yield guest


def test_devices_use_what_the_machine_has(guest):
  for driver in ("virtio-net", "virtio-blk"):
    line, = lines_of(guest, driver)
    assert line.delivery == guest.delivery and len(line.counts) == 2
    if guest.delivery == "MSI-X":
      assert "," not in line.users, "a message has one sender"


def test_network_and_disk_go_on(guest):
  before = {driver: sum(lines_of(guest, driver)[0].counts) for driver in ("virtio-net", "virtio-blk")}
  assert guest.run("md5sum < /dev/vda").split()[0] == DIGEST
  assert " 0% packet loss" in guest.run("udhcpc -i eth0 -n -q > /dev/null 2>&1; ping -c 3 10.0.2.2")
  for driver, count in before.items():
    assert sum(lines_of(guest, driver)[0].counts) > count, driver


def test_messages_arrive_where_they_were_asked_for(guest):
  """A device's messages go to the CPUs in turn; the disk's requests are answered by its second one."""
  load_nvme(guest)
  assert guest.run("md5sum < /dev/nvme0n1").split()[0] == DIGEST
  lines = lines_of(guest, "nvme")
  assert {line.delivery for line in lines} == {guest.delivery}
  if guest.delivery == "MSI-X":
    assert len(lines) == 2, "one of each queue; the first message is the admin queue's, which is asked instead"
    idle, answers = sorted(lines, key=lambda line: sum(line.counts))
    assert answers.counts[0] == 0 and answers.counts[1] > 0, lines
    assert idle.counts == [0, 0], lines
  assert lines_of(guest, "virtio-blk")[0].counts[1] == 0
  unload_nvme(guest)


def test_lines_are_given_back(guest):
  """A driver that comes and goes has the same lines each time."""
  seen = set()
  for _ in range(5):
    load_nvme(guest)
    seen.add(tuple(line.number for line in lines_of(guest, "nvme")))
    unload_nvme(guest)
  assert len(seen) == 1, seen
  assert "nvme" not in guest.run("cat /proc/interrupts")
  assert guest.run("md5sum < /dev/vda").split()[0] == DIGEST


def test_devices_behind_bridges():
  """The id that comes with a message is the device's own behind PCI Express, and the bridge's behind older buses, where
  the second device of a bridge may have to do without."""
  words, delivery = next(iter(MACHINES.items()))
  extra = ["-machine", words, "-device", "pcie-root-port,id=express,chassis=1", "-device", "pcie-pci-bridge,id=older"]
  for disk, place in (("a", "express"), ("b", "older,addr=1"), ("c", "older,addr=2")):
    image = machine.LOGS / f"{machine.ARCH.name}-messages-bridges-{disk}.img"
    image.write_bytes(CONTENT)
    extra += ["-drive", f"file={image},if=none,id={disk},format=raw", "-device", f"virtio-blk-pci,drive={disk},bus={place}"]
  with machine.Machine("messages-bridges", "quiet", extra=extra) as guest:
    guest.wait_for_shell()
    for disk in ("vda", "vdb", "vdc"):
      assert guest.run(f"md5sum < /dev/{disk}").split()[0] == DIGEST
    lines = lines_of(guest, "virtio-blk")
    assert sum(line.delivery == delivery for line in lines) >= 2, lines


def test_cpus_that_do_not_run_get_no_messages():
  words, delivery = next(iter(MACHINES.items()))
  with boot("one-cpu", words, command_line="quiet maxcpus=1") as guest:
    guest.wait_for_shell()
    load_nvme(guest)
    assert guest.run("md5sum < /dev/nvme0n1").split()[0] == DIGEST
    lines = lines_of(guest, "nvme")
    assert {line.delivery for line in lines} == {delivery} and sum(lines[0].counts) > 0
