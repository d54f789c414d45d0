"""The three architectures: what each is called by the compilers, by QEMU and by the user."""

import platform
from dataclasses import dataclass

from console import Failure


@dataclass(frozen=True)
class Arch:
  name: str
  triple: str            # prefix of Debian's compiler and binutils
  musl_name: str         # as in ld-musl-NAME.so.1
  linux_name: str        # directory of <asm/...> in linux-libc-dev
  qemu: str              # the emulator's program
  cross_packages: tuple  # Debian packages that build for it


ARCHES = {
  arch.name: arch for arch in (
    Arch("x86_64", "x86_64-linux-gnu", "x86_64", "x86_64-linux-gnu", "qemu-system-x86_64", ()),
    Arch("aarch64", "aarch64-linux-gnu", "aarch64", "aarch64-linux-gnu", "qemu-system-aarch64",
         ("g++-aarch64-linux-gnu", "linux-libc-dev-arm64-cross")),
    Arch("riscv64", "riscv64-linux-gnu", "riscv64", "riscv64-linux-gnu", "qemu-system-riscv64",
         ("g++-riscv64-linux-gnu", "linux-libc-dev-riscv64-cross")),
  )
}
DEFAULT = "x86_64"


def chosen(names):
  """The architectures that a command line names; none named means x86_64."""
  if "all" in names:
    return list(ARCHES.values())
  unknown = [name for name in names if name not in ARCHES]
  if unknown:
    raise Failure(f"unknown architecture: {', '.join(unknown)}", f"choose from: {', '.join(ARCHES)}, all")
  return [ARCHES[name] for name in names] or [ARCHES[DEFAULT]]


def require_host():
  """The compilers' names and GRUB's images assume an amd64 Debian as host."""
  if platform.machine() != "x86_64":
    raise Failure(f"building on {platform.machine()} is not supported", "use an amd64 Debian 12 or 13")
