"""The ISO image for x86-64, by BIOS and by UEFI: GRUB, the kernel by Multiboot2, and the initramfs as its module."""

import hashlib
import shutil
import subprocess

import arches
import grub
from console import Failure, run_logged, say
from paths import BUILD, ROOT

MODULES = ("multiboot2 normal iso9660 part_msdos part_gpt fat serial terminal search boot configfile echo test all_video "
           # What GRUB's own start on an ISO by UEFI looks for, and complains about when it is missing.
           "part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc")


# Init moves there if there is such a disk.
ROOT_DISK = "root=/dev/vda"


def make_iso(output, kernel, initramfs, command_line=ROOT_DISK):
  """Makes the image, unless it was made from the same files before."""
  _check_multiboot(kernel)
  configuration = grub.menu(arches.ARCHES["x86_64"], command_line)
  key = hashlib.sha256(kernel.read_bytes() + initramfs.read_bytes() + configuration.encode()).hexdigest()
  stamp = output.with_suffix(".iso.key")
  if output.exists() and stamp.exists() and stamp.read_text() == key:
    return
  tree = BUILD / "work/iso"
  shutil.rmtree(tree, ignore_errors=True)
  (tree / "boot/grub").mkdir(parents=True)
  shutil.copyfile(kernel, tree / "boot/kernel")
  shutil.copyfile(initramfs, tree / "boot/initramfs.cpio")
  (tree / "boot/grub/grub.cfg").write_text(configuration)
  run_logged(["grub-mkrescue", f"--install-modules={MODULES}", "--fonts=", "--locales=", "--themes=",
              "-o", output, tree], BUILD / "log/iso.log")
  stamp.write_text(key)
  shutil.rmtree(tree)
  say(f"{output.relative_to(ROOT)}: {output.stat().st_size // 1024} KiB")


def _check_multiboot(kernel):
  """GRUB's own check, here instead of a blank screen at boot."""
  if subprocess.run(["grub-file", "--is-x86-multiboot2", kernel]).returncode:
    raise Failure(f"{kernel.relative_to(ROOT)} has no Multiboot2 header in its first 32 KiB",
                  "look at the first section in arch/x86_64/linker.ld")
