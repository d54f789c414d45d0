"""scripts/run: installs what is missing, builds, and boots Halyard in QEMU on this terminal."""

import argparse
import os
import sys
from pathlib import Path

import arches
import boot_image
import build
import mkdisk
import qemu
import setup
import store
from console import Failure, run_main, say
from paths import BUILD
from terminal import TIMED_OUT, run_on_terminal

NVME_SIZE = 64 << 20  # sparse


def main():
  options = parse()
  arch = arches.chosen([options.arch])[0]
  if options.uefi:
    qemu.firmware(arch)
  if options.uefi and arch.name == "x86_64" and options.kernel_only:
    raise Failure("--uefi starts the ISO on x86_64", "leave out --uefi or --kernel-only")
  for file in (options.initramfs, options.disk):
    if file and not file.exists():
      raise Failure(f"no such file: {file}")
  if options.window and (arch.name != "x86_64" or options.kernel_only):
    raise Failure("--window needs a framebuffer, which only GRUB on x86_64 leaves", "leave out --kernel-only")
  setup.install_packages([arch])
  options.display = qemu.window_display(arch) if options.window else None
  build.build(arch, options.kind)
  if options.no_store:
    return boot(arch, options)
  with store.served(arch) as word:
    options.append = f"{options.append} {word}".strip()
    return boot(arch, options)


def boot(arch, options):
  """Starts QEMU and waits for its end; the exit status."""
  command = qemu.command(guest(arch, options))
  if options.gdb:
    debug = os.path.relpath(build.output_folder(arch, options.kind) / "kernel.debug")
    say(f"waiting for: gdb-multiarch {debug} -ex 'target remote :1234'   (boot with --append nokaslr)")
  say(f"starting {arch.qemu}; Ctrl-A X ends it")
  status = run_on_terminal(command, options.timeout)
  if status == TIMED_OUT:
    say(f"ended after the time limit of {options.timeout:g} s")
  return status


def parse():
  parser = argparse.ArgumentParser(
    prog="scripts/run", usage="%(prog)s [ARCH] [options] [-- QEMU ARGS]",
    description="Boots Halyard in QEMU on this terminal, after installing and building what is missing. "
    "Ctrl-A X ends QEMU. What follows -- goes to QEMU as it is.")
  parser.add_argument("arch", nargs="?", default=arches.DEFAULT, metavar="ARCH",
                      help=f"{', '.join(arches.ARCHES)} (default: {arches.DEFAULT})")
  parser.add_argument("--cpus", type=int, default=2, metavar="N", help="CPUs (default: 2)")
  parser.add_argument("--memory", default="256M", metavar="SIZE", help="RAM as QEMU takes it (default: 256M)")
  parser.add_argument("--append", default="", metavar="ARGS", help="words for the kernel command line")
  parser.add_argument("--initramfs", type=Path, metavar="FILE", help="another CPIO archive; its /init becomes process 1")
  parser.add_argument("--disk", type=Path, metavar="FILE", help="an ext2 image as root disk (default: build/ARCH/disk.ext2, a copy of root.ext2 that keeps what you "
                      "change)")
  parser.add_argument("--fresh-disk", action="store_true", help="begin with a new copy of root.ext2")
  parser.add_argument("--no-disk", action="store_true", help="run from memory")
  parser.add_argument("--kernel-only", action="store_true", help="x86_64: boot the kernel file directly, without GRUB")
  parser.add_argument("--window", action="store_true", help="x86_64: open QEMU's window as well, with a screen and a keyboard "
                      "that one can log in at")
  parser.add_argument("--no-devices", action="store_true", help="leave out the NVMe disk (build/ARCH/nvme.img, kept) and "
                      "the e1000e network card, whose drivers come from the store")
  parser.add_argument("--no-store", action="store_true", help="do not start the store daemon beside it")
  parser.add_argument("--uefi", action="store_true", help="x86_64, aarch64: start by UEFI firmware (some seconds more)")
  build.add_kind(parser)
  parser.add_argument("--gdb", action="store_true", help="wait for a debugger on port 1234")
  parser.add_argument("--timeout", type=float, metavar="S",
                      help="end QEMU after S seconds; the exit status is then 124")
  own, extra = _split_at_dashes(sys.argv[1:])
  options = parser.parse_args(own)
  options.qemu_args = extra
  return options


def _split_at_dashes(words):
  """What is ours and what is QEMU's; argparse would take the first of QEMU's words for the architecture."""
  if "--" not in words:
    return words, []
  at = words.index("--")
  return words[:at], words[at + 1:]


def guest(arch, options):
  """The machine that the options describe."""
  folder = build.output_folder(arch, options.kind)
  initramfs = options.initramfs or BUILD / arch.name / "initramfs.cpio"
  machine = qemu.Guest(arch, cpus=options.cpus, memory=options.memory, gdb=options.gdb,
                       extra=[*_devices(arch, options), *options.qemu_args], reboots=True, disk=_disk(arch, options),
                       window=options.display, uefi=options.uefi)
  words = " ".join(word for word in (boot_image.ROOT_DISK if machine.disk else "", options.append) if word)
  if arch.name == "x86_64" and not options.kernel_only:
    machine.iso = folder / "halyard.iso"
    if options.append or options.initramfs or not machine.disk:
      machine.iso = folder / "halyard-custom.iso"
      boot_image.make_iso(machine.iso, folder / "kernel", initramfs, words)
  else:
    machine.kernel, machine.initramfs, machine.command_line = folder / "kernel", initramfs, words
  return machine


def _devices(arch, options):
  """Hardware that the kernel has no driver for."""
  if options.no_devices:
    return []
  disk = BUILD / arch.name / "nvme.img"
  if not disk.exists():
    with open(disk, "wb") as file:
      file.truncate(NVME_SIZE)
  return qemu.devices_without_driver(disk)


def _disk(arch, options):
  """The image to use as root disk, or None."""
  if options.no_disk or (options.initramfs and not options.disk):
    return None
  if options.disk:
    return options.disk
  made, own = BUILD / arch.name / "root.ext2", BUILD / arch.name / "disk.ext2"
  if options.fresh_disk or not own.exists():
    mkdisk.copy(made, own)
  elif own.stat().st_mtime < made.stat().st_mtime:
    say(f"{os.path.relpath(own)} is older than the build and keeps what you changed; --fresh-disk begins anew")
  return own


if __name__ == "__main__":
  run_main(main)
