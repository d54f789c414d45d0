"""GRUB for UEFI: its modules for each architecture, and its menu."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import apt
from console import Failure, step
from paths import CACHE


@dataclass(frozen=True)
class Grub:
  platform: str
  program: str      # what firmware starts from a disk that it does not know (UEFI specification 2.10, table 3.2)
  modules: str
  debian_arch: str  # whose package has the modules; empty: this machine's
  package: str


KINDS = {
  "x86_64": Grub("x86_64-efi", "BOOTX64.EFI", "multiboot2 normal part_gpt fat serial terminal boot configfile echo test "
                 "all_video regexp", "", "grub-efi-amd64-bin"),
  "aarch64": Grub("arm64-efi", "BOOTAA64.EFI", "linux normal part_gpt fat terminal boot configfile echo test regexp",
                  "arm64", "grub-efi-arm64-bin"),
}
SUITE = "bookworm"


def of(arch):
  kind = KINDS.get(arch.name)
  if kind is None:
    raise Failure(f"there is no image for {arch.name}: it does not boot by UEFI", f"choose from: {', '.join(KINDS)}")
  return kind


def module_folder(arch):
  """Where the modules are; those of another architecture are fetched into the cache once, and never installed."""
  kind = of(arch)
  if not kind.debian_arch:
    return Path("/usr/lib/grub") / kind.platform
  folder = CACHE / "grub" / kind.platform
  if not folder.exists():
    with step(f"fetching {kind.package}"):
      _fetch(kind, folder)
  return folder


def _fetch(kind, folder):
  private = apt.PrivateApt.for_architecture(kind.debian_arch, SUITE)
  private.update()
  with private.unpacked(kind.package, folder) as tree:
    shutil.move(tree / "usr/lib/grub" / kind.platform, folder)


def menu(arch, command_line):
  """The configuration, of one entry; kernel and initramfs are in /boot."""
  if arch.name == "x86_64":
    return f"""serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=0
set default=0
if [ "$grub_platform" = pc ]; then insmod vbe; else insmod all_video; fi
menuentry "Halyard" {{
  multiboot2 /boot/kernel {command_line}
  module2 /boot/initramfs.cpio initramfs
}}
"""
  return f"""set timeout=0
set default=0
menuentry "Halyard" {{
  linux /boot/kernel {command_line}
  initrd /boot/initramfs.cpio
}}
"""
