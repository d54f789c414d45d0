"""Disks: an ext2 file system on virtio-blk and in RAM, through reboots, and e2fsck's opinion of what is left."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

# Cases that only mean something on the file system that holds the first root.
PROGRAMS = ["files", "names", "storage"]


def disk(name, options="-b 4096", size="64M"):
  """A fresh disk image with an ext2 file system, and the words for QEMU."""
  image = machine.LOGS / f"{machine.ARCH.name}-{name}.img"
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  image.unlink(missing_ok=True)
  subprocess.run(["truncate", "-s", size, image], check=True)
  subprocess.run(["mke2fs", "-q", "-t", "ext2", "-F", *options.split(), image], check=True, env=machine.TOOLS)
  drive = f"file={image},if=none,id=disk0,format=raw"
  return image, ["-drive", drive, "-device", "virtio-blk-pci,drive=disk0"]


def turn_off(guest):
  guest.console.sendline("poweroff -f")
  guest.wait_for_end()


@pytest.mark.parametrize("block_size", [1024, 4096])
def test_files_survive_a_reboot(block_size):
  image, drive = disk(f"reboot-{block_size}", f"-b {block_size}")
  with machine.Machine(f"reboot-a-{block_size}", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    guest.run("mount -t ext2 /dev/vda /mnt")
    guest.run("cp -a /bin /mnt; mkdir -p /mnt/d/e; echo text > /mnt/d/e/f")
    guest.run("dd if=/dev/urandom of=/mnt/big bs=64k count=160 2>/dev/null")
    total = guest.run("md5sum < /mnt/big").split()[0]
    assert guest.run("umount /mnt; echo $?").strip() == "0"
    turn_off(guest)
  machine.assert_clean(image)
  with machine.Machine(f"reboot-b-{block_size}", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    guest.run("mount -t ext2 -o ro /dev/vda /mnt")
    assert guest.run("md5sum < /mnt/big").split()[0] == total
    assert guest.run("cat /mnt/d/e/f").strip() == "text"
    assert guest.run("cmp /bin/busybox /mnt/bin/busybox && echo same").strip() == "same"
    assert guest.run("/mnt/bin/busybox echo runs").strip() == "runs"
    turn_off(guest)


def test_synced_files_survive_a_cut():
  """QEMU is killed: what was synced is there, and e2fsck mends the rest by itself."""
  image, drive = disk("cut")
  with machine.Machine("cut", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    guest.run("mount -t ext2 /dev/vda /mnt")
    guest.run("for i in $(seq 200); do echo $i > /mnt/f$i; done")
    guest.run("sync; rm /mnt/f1*; echo new > /mnt/later")
  mended = machine.host_run(["e2fsck", "-fp", image], env=machine.TOOLS)
  assert mended.returncode <= 1, mended.stdout + mended.stderr
  shown = machine.host_run(["debugfs", "-R", "cat /f200", image], env=machine.TOOLS)
  assert shown.stdout == "200\n"


def test_guest_cases_on_ext2():
  """The cases about files, with a disk where they make theirs."""
  image, drive = disk("cases", "-b 1024")
  programs = machine.BUILD / "meson-userland/tests/guest"
  script = "#!/bin/sh\nmount -t devtmpfs devtmpfs /dev\nmount -t proc proc /proc\nmount -t ext2 /dev/vda /tmp\n" + \
    "".join(f"/check/{program}\n" for program in PROGRAMS) + "umount /tmp && echo check: all programs ran\npoweroff -f\n"
  entries = [mkcpio.Entry("/check", stat.S_IFDIR | 0o755), mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=script.encode())]
  entries += [mkcpio.Entry(f"/check/{program}", stat.S_IFREG | 0o755, data=(programs / f"check-{program}").read_bytes())
              for program in PROGRAMS]
  with machine.Machine("cases", "quiet panic=-1", machine.initramfs_with("cases", entries), extra=drive) as guest:
    guest.expect("check: all programs ran", timeout=300)
    output = guest.console.before.replace("\r", "")
    guest.wait_for_end()
  failed = {line.split()[2].rstrip(":") for line in output.splitlines() if line.startswith("not ok")}
  assert failed == {"times_are_set_and_kept"}  # ext2 keeps whole seconds
  machine.assert_clean(image)


def test_root_moves_to_the_disk():
  """What init does with root=: the disk becomes the root, and programs run from it."""
  image, drive = disk("root")
  with machine.Machine("root", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    guest.run("mount -t ext2 /dev/vda /mnt")
    guest.run("cp -a /bin /sbin /usr /etc /mnt")
    guest.run("mkdir /mnt/dev /mnt/proc /mnt/old /mnt/root")
    for line in ["cd ~", "mount --move /old/dev /dev", "mount --move /old/proc /proc", "umount -l /old", "exec sh"]:
      guest.run(f"echo '{line}' >> /mnt/finish")
    guest.run("pivot_root /mnt /mnt/old; exec chroot / /bin/sh /finish")
    shown = guest.run("cat /proc/mounts")
    assert "/dev/vda / ext2 rw,relatime 0 0" in shown
    assert "/dev devtmpfs" in shown
    assert guest.run("mount -o remount,ro /; touch /x; echo $?").strip().endswith("1")
    turn_off(guest)
  machine.assert_clean(image)


def test_disk_in_ram():
  with machine.Machine("ram-disk", "quiet ram_disk=16M") as guest:
    guest.wait_for_shell()
    assert "ram0" in guest.run("cat /proc/partitions")
    guest.run("mkfs.ext2 /dev/ram0 > /dev/null")
    guest.run("mount -t ext2 /dev/ram0 /mnt")
    guest.run("echo text > /mnt/f; umount /mnt")
    assert guest.run("mount -t ext2 /dev/ram0 /mnt; cat /mnt/f").strip() == "text"
    assert guest.run("blockdev --getsize64 /dev/ram0").strip() == str(16 << 20)
    assert "ext2" in guest.run("cat /proc/filesystems")


def test_partitions():
  image, drive = disk("partitions")
  table = "label: dos\nstart=2048,size=20480,type=83\nstart=22528,size=40960,type=83\n"
  made = machine.host_run(["sfdisk", "-q", image], env=machine.TOOLS, input=table)
  if made.returncode:
    pytest.skip("no sfdisk on this machine")
  with machine.Machine("partitions", "quiet", extra=drive) as guest:
    guest.wait_for_shell()
    assert "vda2" in guest.run("cat /proc/partitions")
    assert guest.run("blockdev --getsize64 /dev/vda1").strip() == str(20480 * 512)
    guest.run("mkfs.ext2 /dev/vda2 > /dev/null")
    guest.run("mount -t ext2 /dev/vda2 /mnt && echo x > /mnt/x")
    assert guest.run("umount /mnt; echo $?").strip() == "0"
    turn_off(guest)
  machine.assert_clean(f"{image}?offset={22528 * 512}")


@pytest.mark.slow
def test_cache_gives_way_to_programs():
  """More is read than fits the memory, and programs still find some."""
  image, drive = disk("pressure", size="256M")
  with machine.Machine("pressure", "quiet", memory="128M", extra=drive) as guest:
    guest.wait_for_shell()
    guest.run("mount -t ext2 /dev/vda /mnt")
    guest.run("dd if=/dev/zero of=/mnt/big bs=1M count=180", timeout=300)
    assert guest.run("cat /mnt/big /mnt/big | wc -c", timeout=300).strip() == str(2 * 180 << 20)
    guest.run("dd if=/dev/zero of=/dev/null bs=40M count=2")
    assert guest.run("echo $?").strip() == "0"
    guest.run("umount /mnt")
    turn_off(guest)
  machine.assert_clean(image)
