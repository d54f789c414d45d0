"""A disk image that UEFI firmware boots, in QEMU or written to a USB stick: a GPT with an EFI system partition (GRUB,
kernel, initramfs) and the root disk's file system."""

import os
import shutil
import tempfile
import uuid
from pathlib import Path

import grub
from console import run_logged, step
from disk_tools import run
from paths import BUILD

MIB = 1 << 20
FIRST = MIB  # where the first partition begins
ESP_SIZE = 64 * MIB
ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"  # UEFI specification 2.10, table 5.7
ROOT_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"  # any Linux file system
GPT_SIZE = MIB  # the second copy of the table, at the end, and what aligns it
LOG = BUILD / "log/image.log"

# What GRUB's program does before it reads the menu: the disk that it was started from is the root.
FIRST_STEPS = """regexp --set=1:root '^\\(([^)]*)\\)' "$cmdpath"
configfile ($root)/boot/grub/grub.cfg
"""


def make(arch, output, kernel, initramfs, root, words=""):
  """Writes the image; `root` is the ext2 image that its second partition begins as, `words` are added to the kernel
  command line. A file that is there is replaced once the new one is complete."""
  partial = output.with_name(output.name + ".partial")
  with step(f"making {os.path.relpath(output)}"), tempfile.TemporaryDirectory(dir=output.parent) as folder:
    identity = str(uuid.uuid4())
    work = Path(folder)
    system = work / "root"
    shutil.copyfile(root, system)
    run("tune2fs", "-U", identity, system)
    run("e2fsck", "-fp", system)
    command_line = f"root=UUID={identity} {words}".strip()
    esp = _make_esp(arch, work, kernel, initramfs, command_line)
    _assemble(partial, esp, system)
    partial.rename(output)


def _make_esp(arch, work, kernel, initramfs, command_line):
  """The EFI system partition. EFI/BOOT/BOOT*.EFI is what firmware starts from a disk that it does not know."""
  kind, modules = grub.of(arch), grub.of(arch).modules
  program, menu, esp, first_steps = work / "grub.efi", work / "grub.cfg", work / "esp", work / "first_steps.cfg"
  first_steps.write_text(FIRST_STEPS)
  menu.write_text(grub.menu(arch, command_line))
  run_logged(["grub-mkstandalone", "-O", kind.platform, "-d", grub.module_folder(arch), "-o", program, "--fonts=", "--locales=",
              "--themes=", f"--install-modules={modules}", f"--modules={modules}", f"boot/grub/grub.cfg={first_steps}"], LOG)
  with open(esp, "wb") as file:
    file.truncate(ESP_SIZE)
  run("mformat", "-i", esp, "-F", "-v", "HALYARD", "::")
  for folder in ("/EFI", "/EFI/BOOT", "/boot", "/boot/grub"):
    run("mmd", "-i", esp, f"::{folder}")
  for source, target in ((program, f"/EFI/BOOT/{kind.program}"), (kernel, "/boot/kernel"),
                         (initramfs, "/boot/initramfs.cpio"), (menu, "/boot/grub/grub.cfg")):
    run("mcopy", "-i", esp, source, f"::{target}")
  return esp


def _assemble(image, *partitions):
  """Partition table and partitions."""
  image.unlink(missing_ok=True)
  lines, at = ["label: gpt"], FIRST
  for file, kind in zip(partitions, (ESP_TYPE, ROOT_TYPE), strict=True):
    size = file.stat().st_size
    lines.append(f"start={at // 512}, size={size // 512}, type={kind}")
    run("dd", f"if={file}", f"of={image}", "bs=1M", f"seek={at // MIB}", "conv=sparse,notrunc", "status=none")
    at += (size + MIB - 1) // MIB * MIB
  os.truncate(image, at + GPT_SIZE)
  run("sfdisk", "-q", image, text="\n".join(lines) + "\n")
