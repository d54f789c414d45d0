"""QEMU command lines: one machine for each architecture, the same for people and for tests."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from console import Failure
from paths import BUILD

MACHINES = {
  "x86_64": ["-machine", "q35", "-cpu", "max"],
  "aarch64": ["-machine", "virt,gic-version=3", "-cpu", "max"],
  "riscv64": ["-machine", "virt", "-cpu", "max"],
}
UEFI = {"x86_64": Path("/usr/share/ovmf/OVMF.fd"), "aarch64": Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")}


@dataclass
class Guest:
  """What to boot, and on how large a machine: `iso`, or `kernel`, or else what is on `disk`."""
  arch: object
  kernel: Path = None
  initramfs: Path = None
  iso: Path = None
  command_line: str = ""
  cpus: int = 2
  memory: str = "256M"
  gdb: bool = False
  disk: Path = None
  uefi: bool = False  # by UEFI firmware instead of the machine's own
  reboots: bool = False  # False: a restart of the machine ends QEMU
  window: str = None  # QEMU's name of the display to open, with a graphics card; None: no card and no window
  extra: list = field(default_factory=list)


def command(guest):
  """QEMU's arguments. The serial port is stdin and stdout; Ctrl-A X ends QEMU."""
  words = [guest.arch.qemu, *MACHINES[guest.arch.name], "-smp", str(guest.cpus), "-m", guest.memory,
           "-display", guest.window or "none", "-serial", "mon:stdio", "-nodefaults",
           "-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=",
           "-device", "virtio-rng-pci"]
  if guest.arch.name == "x86_64":
    words += ["-accel", "kvm" if kvm_works() else "tcg", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
  if guest.uefi:
    words += ["-bios", str(firmware(guest.arch))]
  if guest.window:
    words += ["-vga", "std"]
  if guest.iso:
    words += ["-cdrom", str(guest.iso), "-boot", "d"]
  elif guest.kernel:
    words += ["-kernel", str(guest.kernel), "-initrd", str(guest.initramfs)]
    if guest.command_line:
      words += ["-append", guest.command_line]
  if not guest.reboots:
    words += ["-no-reboot"]
  if guest.disk:
    words += ["-drive", f"file={guest.disk},if=none,id=disk0,format=raw",
              "-device", "virtio-blk-pci,drive=disk0"]
  if guest.gdb:
    words += ["-s", "-S"]
  return words + guest.extra


def firmware(arch):
  """UEFI for an architecture's machine."""
  file = UEFI.get(arch.name)
  if file is None:
    raise Failure(f"there is no UEFI firmware for {arch.name}", "leave out --uefi")
  if not file.exists():
    raise Failure(f"no such file: {file}", "run scripts/setup")
  return file


def window_display(arch):
  """The best display that QEMU can open a window with here."""
  if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    raise Failure("there is no graphical session: neither DISPLAY nor WAYLAND_DISPLAY is set",
                  "run this in a desktop's terminal, or by ssh -X; or look from elsewhere: -- -vga std -vnc :0")
  listing = subprocess.run([arch.qemu, "-display", "help"], capture_output=True, text=True).stdout.split()
  for display in ("gtk", "sdl"):
    if display in listing:
      return display
  raise Failure(f"{arch.qemu} can open no window", "apt-get install qemu-system-gui")


def devices_without_driver(disk):
  """An NVMe disk and a second network card, on a network of its own: their drivers come from the store."""
  return ["-drive", f"file={disk},if=none,id=nvme0,format=raw", "-device", "nvme,drive=nvme0,serial=halyard-1",
          "-netdev", "user,id=net1,net=10.0.3.0/24", "-device", "e1000e,netdev=net1,romfile=,mac=52:54:00:57:4c:01"]


def kvm_works():
  """Whether KVM runs code here. A /dev/kvm may exist and refuse, or accept everything and never execute; so a
  virtual machine tries one instruction, once for each boot of this machine."""
  if not os.access("/dev/kvm", os.R_OK | os.W_OK):
    return False
  boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
  answer = BUILD / "kvm" / boot
  if not answer.exists():
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.write_text("yes" if _kvm_executes(answer.with_suffix(".rom")) else "no")
  return answer.read_text() == "yes"


def _kvm_executes(rom):
  """Starts a machine whose firmware does no more than leave QEMU with a known status."""
  firmware = bytearray(b"\xf4" * 65536)  # hlt
  firmware[-16:-12] = bytes([0xB0, 0x10, 0xE6, 0xF4])  # mov al, 16; out 0xf4, al
  rom.write_bytes(firmware)
  command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "kvm", "-cpu", "max", "-display", "none", "-nodefaults",
             "-bios", rom, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
  try:
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            timeout=3).returncode
  except subprocess.TimeoutExpired:
    return False
  finally:
    rom.unlink()
  return status == 16 << 1 | 1
