"""Drivers from the store, the whole way: a disk and a network card that the kernel knows nothing of are used."""

import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_store  # noqa: E402
import machine  # noqa: E402
import mkdisk  # noqa: E402
import qemu  # noqa: E402

ROOT = "quiet root=/dev/vda"
NOWHERE = "ajdrv.store=http://10.0.2.2:9"
CONTENT = "seq 200000"


class Hardware:
  """What one machine keeps from start to start: its root disk, and an empty disk without a driver."""

  def __init__(self, name):
    self.root = machine.LOGS / f"{machine.ARCH.name}-{name}.ext2"
    self.disk = machine.LOGS / f"{machine.ARCH.name}-{name}.nvme"
    mkdisk.copy(machine.BUILD / "root.ext2", self.root)
    self.disk.unlink(missing_ok=True)
    self.disk.touch()
    os.truncate(self.disk, 64 << 20)
    self.words = qemu.devices_without_driver(self.disk)

  def boot(self, name, word):
    return machine.Machine(name, f"{ROOT} {word}", extra=self.words, disk=self.root)


def slot_of(guest, driver):
  """The device that a driver has."""
  return re.search(rf"^(\S+) {driver} ", guest.run("ajdrv list"), re.M)[1]


def test_kernel_has_no_symbol_of_them():
  kernel = machine.kernel().with_name("kernel.debug")
  names = machine.host_run(["nm", kernel]).stdout
  assert " T kernel_main" in names or len(names.splitlines()) > 1000
  assert not re.search("nvme|e1000e", names, re.I)


@pytest.fixture(name="guest", scope="module")
def fixture_guest(tmp_path_factory):
  with driver_store.Store(tmp_path_factory.mktemp("fetch"), driver_store.TRUST) as store:
    for name in ("nvme", "e1000e", "virtio_rng"):
      store.publish(driver_store.built(name))
    hardware = Hardware("fetch")
    with hardware.boot("fetch", f"{store.word} ajdrv.apps=doom,sqlite3") as guest:
      guest.wait_for_shell()
      guest.store, guest.hardware = store, hardware
      yield guest


def test_disk_appears_and_is_used(guest):
  driver_store.wait_in_guest(guest, "test -b /dev/nvme0n1")
  assert "it is made" in guest.run("mkfs.ext2 -q /dev/nvme0n1 && echo it is made", timeout=180)
  assert "mounted" in guest.run("mount -t ext2 /dev/nvme0n1 /mnt && echo mounted")
  guest.run(f"{CONTENT} > /mnt/numbers; mkdir -p /mnt/a/b; cp /bin/busybox /mnt/a/b", timeout=180)
  guest.run("umount /mnt && mount -t ext2 /dev/nvme0n1 /mnt")
  assert guest.run("md5sum < /mnt/numbers").split()[0] == guest.run(f"{CONTENT} | md5sum").split()[0]
  assert guest.run("cmp /bin/busybox /mnt/a/b/busybox && echo same").strip() == "same"
  assert "gone" in guest.run("umount /mnt && sync && echo gone")


def test_network_card_appears_and_is_used(guest):
  driver_store.wait_in_guest(guest, "grep -q eth1 /proc/net/dev")
  assert "52:54:00:57:4C:01" in guest.run("ifconfig -a eth1")
  assert "lease 0" in guest.run("udhcpc -i eth1 -n -q >/dev/null 2>&1; echo lease $?")
  assert "inet addr:10.0.3.15" in guest.run("ifconfig eth1")
  assert " 0% packet loss" in guest.run("ping -c 3 10.0.3.2")
  digest = guest.store.publish(driver_store.built("nvme"))
  guest.run(f"wget -q -O /tmp/got http://10.0.3.2:{guest.store.port}/v1/blobs/sha256/{digest}", timeout=180)
  assert guest.run("sha256sum < /tmp/got").split()[0] == digest
  guest.run("ifconfig eth1 down")
  assert "lease 0" in guest.run("udhcpc -i eth1 -n -q >/dev/null 2>&1; echo lease $?")
  assert " 0% packet loss" in guest.run("ping -c 1 10.0.3.2")
  assert "lease 0" in guest.run("ifconfig eth1 down; udhcpc -i eth0 -n -q >/dev/null 2>&1; echo lease $?")


def test_ajdrv_tells_the_story(guest):
  driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'up to date'")
  status = guest.run("ajdrv status")
  assert f"store: http://10.0.2.2:{guest.store.port}" in status and re.search(r"machine: [a-z2-7]{26}", status)
  assert "app: doom not_in_catalog" in status and "app: sqlite3 not_in_catalog" in status
  shown = guest.run("ajdrv list")
  for name in ("nvme", "e1000e", "virtio_rng"):
    assert re.search(rf"^\S+ {name} 1\.0\.0 \w+ loaded", shown, re.M), shown
  why = guest.run(f"ajdrv why {slot_of(guest, 'nvme')}")
  assert "class" in why and "the only one that fits" in why and "result: loaded" in why, why
  assert "vendor" in guest.run(f"ajdrv why {slot_of(guest, 'e1000e')}")
  guest.run("cp /var/lib/ajdrv/store/*.ajdrv /tmp; cd /tmp; for i in *.ajdrv; do mv $i one.ajdrv; done; cd")
  assert guest.run("ajdrv verify /tmp/one.ajdrv; echo status $?").endswith("accepted\nstatus 0\n")
  guest.run("printf x | dd of=/tmp/one.ajdrv bs=1 seek=700 conv=notrunc 2>/dev/null")
  assert "status 1" in guest.run("ajdrv verify /tmp/one.ajdrv; echo status $?")


def test_log_tells_the_story(guest):
  log = guest.run("dmesg | grep bootstrapd:")
  assert "enrolled at" in log and re.search(r"nvme 1\.0\.0 100% of \d+ KiB, \d+ KiB/s", log), log
  assert "signatures verified" in log and re.search(r"[0-9a-f]{12}: loaded", log), log


def test_queued_work_is_done(guest):
  before = guest.store.command("status")
  name = re.search(r"^machine (\S+)", before, re.M)[1]
  assert "queued for 1 machines" in guest.store.command("queue", name, "rescan")
  guest.run("ajdrv sync")
  driver_store.wait_in_guest(guest, "dmesg | grep -q 'work w_[0-9]*: rescan'")
  driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'up to date'")
  assert " queued" not in guest.store.command("status")


def test_kept_packages_are_loaded_without_the_store(guest):
  guest.power_off()
  machine.assert_clean(guest.hardware.disk)
  machine.assert_clean(guest.hardware.root)
  with guest.hardware.boot("fetch-again", NOWHERE) as again:
    again.wait_for_shell()
    driver_store.wait_in_guest(again, "ajdrv status | grep -q retrying")
    status = again.run("ajdrv status")
    assert "store: http://10.0.2.2:9" in status and "problem: " in status
    assert len(re.findall("1.0.0 .*loaded", again.run("ajdrv list"))) == 3
    assert "mounted" in again.run("mount -t ext2 /dev/nvme0n1 /mnt && echo mounted")
    assert again.run("md5sum < /mnt/numbers").split()[0] == again.run(f"{CONTENT} | md5sum").split()[0]
    assert "eth1" in again.run("cat /proc/net/dev")
    assert "again in" in again.run("dmesg | grep bootstrapd:")
    again.run("umount /mnt")
    again.power_off()
  machine.assert_clean(guest.hardware.disk)
