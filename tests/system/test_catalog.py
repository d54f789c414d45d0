"""A changed catalog changes what a machine is told, and why; what is fetched meanwhile takes over at the next start."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_store  # noqa: E402
import machine  # noqa: E402
import mkdisk  # noqa: E402
import packages  # noqa: E402

pytestmark = pytest.mark.slow
CODE = machine.BUILD / f"meson-{machine.KIND}/scripts/link/nvme.so"
DISK = machine.LOGS / f"{machine.ARCH.name}-catalog.ext2"
NVME = ["-drive", "driver=null-co,size=16M,if=none,id=nvme{0}", "-device", "nvme,drive=nvme{0},serial=halyard-{0}"]


def boot(name, word):
  disks = [text.format(number) for number in (1, 2) for text in NVME]
  return machine.Machine(name, f"quiet root=/dev/vda {word}", extra=disks, disk=DISK)


def make(folder, file, **fields):
  """The disk's driver once more, as another package."""
  description = tomllib.loads((machine.ROOT / "drivers/storage/nvme.toml").read_text()) | fields
  target = folder / f"{file}.ajdrv"
  packages.make_package(machine.ARCH, description, CODE, target)
  return target


@pytest.fixture(name="files", scope="module")
def fixture_files(tmp_path_factory):
  folder = tmp_path_factory.mktemp("packages")
  return {"newer": make(folder, "newer", version="1.1.0"),
          "exact": make(folder, "exact", name="nvme_exact", match=["pci:v1B36d0010"]),
          "first": driver_store.built("nvme")}


@pytest.fixture(name="store", scope="module")
def fixture_store(tmp_path_factory):
  with driver_store.Store(tmp_path_factory.mktemp("catalog"), driver_store.TRUST) as store:
    yield store


def wait_for_why(guest, slot, words, asks=True):
  """What the machine is told about a device changes to these words; also where nobody asks, since there is work."""
  if asks:
    guest.run("ajdrv sync")
  driver_store.wait_in_guest(guest, f"ajdrv why {slot} | grep -q '{words}'")
  driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'up to date'")


def test_catalog_decides(store, files):
  mkdisk.copy(machine.BUILD / "root.ext2", DISK)
  with boot("catalog", store.word) as guest:
    guest.wait_for_shell()
    driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'up to date'")
    slots = guest.run("cd /sys/bus/pci/devices; grep -l 0x010802 */class | sed 's,/.*,,'; cd").split()
    assert len(slots) == 2, slots
    slot = slots[0]
    assert "no driver that fits" in guest.run(f"ajdrv why {slot}")

    store.publish(files["first"])
    wait_for_why(guest, slot, "the only one that fits", asks=False)
    shown = guest.run("ajdrv list")
    assert len(re.findall(r"nvme 1\.0\.0 \w+ loaded", shown)) == 2, shown
    assert "here" in guest.run("test -b /dev/nvme0n1 && test -b /dev/nvme1n1 && echo here")
    assert len(guest.run("cat /proc/ajdrv").split()) == 10, "one driver for both devices"

    newer = store.publish(files["newer"])
    wait_for_why(guest, slot, "newer than nvme 1.0.0")
    assert "fetched, takes over at the next start" in guest.run(f"ajdrv why {slot}")

    exact = store.publish(files["exact"])
    wait_for_why(guest, slot, "more specific than nvme 1.1.0")
    assert re.search(rf"^{slot} nvme_exact 1\.0\.0 update", guest.run("ajdrv list"), re.M)

    store.command("withdraw", exact)
    wait_for_why(guest, slot, "newer than nvme 1.0.0")
    store.command("withdraw", newer)
    wait_for_why(guest, slot, "the only one that fits")
    assert len(re.findall(r"nvme 1\.0\.0 keep loaded", guest.run("ajdrv list"))) == 2

    store.publish(files["newer"])
    wait_for_why(guest, slot, "newer than nvme 1.0.0")
    guest.power_off()
  machine.assert_clean(DISK)


def test_update_takes_over_at_the_next_start(store):
  with boot("catalog-again", "ajdrv.store=http://10.0.2.2:9") as guest:
    guest.wait_for_shell()
    driver_store.wait_in_guest(guest, "test -b /dev/nvme1n1")
    assert guest.run("cat /proc/ajdrv").startswith("nvme 1.1.0 ")
    assert len(re.findall(r"nvme 1\.1\.0 .*loaded", guest.run("ajdrv list"))) == 2
    guest.power_off()
  machine.assert_clean(DISK)


def test_work_is_done_or_it_is_told_why_not(store):
  other = store.publish(driver_store.built("virtio_rng"))
  with boot("catalog-work", store.word) as guest:
    guest.wait_for_shell()
    driver_store.wait_in_guest(guest, "ajdrv list | grep -q 'virtio_rng .* loaded'")
    slot, random = (guest.run(f"ajdrv list | sed -n '/ {driver} /{{s/ .*//p;q}}'").strip()
                    for driver in ("nvme", "virtio_rng"))
    name = re.search(r"^machine (\S+)", store.command("status"), re.M)[1]
    for device in (random, slot):
      store.command("queue", name, "install", "--slot", device, "--digest", other)
    guest.run("ajdrv sync")
    driver_store.wait_in_guest(guest, "dmesg | grep -q '58 DEVICE_MISMATCH'")
    driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'up to date'")
    assert re.search(rf"install {random} {other} done", store.command("status"))
    assert re.search(rf"install {slot} {other} failed", store.command("status"))
    assert re.search(rf"^{slot} nvme 1\.1\.0 keep loaded", guest.run("ajdrv list"), re.M)
    guest.power_off()
  machine.assert_clean(DISK)
