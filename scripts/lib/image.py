"""scripts/image: builds, and makes a disk image for a USB stick or a virtual machine."""

import argparse
import os
from pathlib import Path

import arches
import build
import disk_image
import grub
import setup
from console import Failure, run_main, say
from paths import BUILD


def main():
  parser = argparse.ArgumentParser(
    prog="scripts/image", description="Makes a disk image that UEFI firmware boots, after installing and building what is "
    "missing. It has a partition with GRUB, the kernel and the initramfs, and one with the root file system.")
  parser.add_argument("arch", nargs="?", default=arches.DEFAULT, metavar="ARCH",
                      help=f"{', '.join(grub.KINDS)} (default: {arches.DEFAULT})")
  parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: build/ARCH/halyard.img")
  parser.add_argument("--append", default="", metavar="ARGS", help="words for the kernel command line")
  build.add_kind(parser)
  options = parser.parse_args()
  arch = arches.chosen([options.arch])[0]
  grub.of(arch)
  setup.install_packages([arch])
  build.build(arch, options.kind)
  output = options.output or BUILD / arch.name / "halyard.img"
  if output.exists() and not output.is_file():
    raise Failure(f"{output} is no file", "make the image in a file and copy it to the device: dd if=FILE of=DEVICE bs=1M")
  folder = build.output_folder(arch, options.kind)
  disk_image.make(arch, output, folder / "kernel", BUILD / arch.name / "initramfs.cpio", BUILD / arch.name / "root.ext2",
                  options.append)
  say(f"to write it to a USB stick: dd if={os.path.relpath(output)} of=/dev/STICK bs=1M conv=fsync")
  return 0


if __name__ == "__main__":
  run_main(main)
