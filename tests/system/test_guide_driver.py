"""The driver guide's example, word for word, as a package of version 1: it drives the device that it is for."""

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages as made  # noqa: E402
import machine  # noqa: E402

# The mask lets the device's DMA engine reach memory above 256 MiB, where two of the three machines have theirs.
DEVICE = ("-device", "edu,dma_mask=0xffffffffffffffff")
BLOCKS, BLOCK = 7, 512
CONTENT = bytes(i * 13 % 251 for i in range(BLOCKS * BLOCK))


def test_guide_example():
  package = made.make("my-driver", machine.ROOT / "tests/drivers/guide/my_driver.toml", "my_driver")
  digest = hashlib.sha256(CONTENT).hexdigest()
  archive = made.initramfs("guide", {"my_driver": package, "content": CONTENT})
  with machine.Machine("guide", "quiet", archive, extra=DEVICE) as guest:
    guest.wait_for_shell()
    slot = guest.run("grep -l 0x11e8 /sys/bus/pci/devices/*/device").strip().split("/")[-2]
    assert made.load(guest, "my_driver", f"slot={slot}") == "ok"
    assert guest.run("cat /proc/ajdrv").split()[-1] == slot
    # The interface does not say how large a disk is: the kernel found out by reading.
    assert guest.run("cat /sys/block/aja/size").strip() == str(BLOCKS)
    assert guest.run("dd if=/packages/content of=/dev/aja bs=512 conv=fsync 2>/dev/null; echo $?").strip() == "0"
    # Another load of the driver has nothing but the device to remember by.
    assert guest.run("/packages/load unload my_driver").strip() == "ok"
    assert "transfers, with interrupts" in guest.run("dmesg | grep my_driver: | tail -1")
    assert guest.run("ls /dev/aja 2>&1").strip().endswith("No such file or directory")
    assert made.load(guest, "my_driver", f"slot={slot}") == "ok"
    assert guest.run("cat /dev/aja | sha256sum").split()[0] == digest
    assert guest.run("dd if=/dev/zero of=/dev/aja bs=512 seek=7 count=1 2>&1 | grep -c 'No space'").strip() == "1"
