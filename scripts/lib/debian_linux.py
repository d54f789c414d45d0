"""Debian's own Linux kernel, to measure beside: fetched as a package, unpacked into the cache, never installed."""

import shutil
from dataclasses import dataclass

import apt
from console import Failure, step
from paths import CACHE


@dataclass(frozen=True)
class Linux:
  debian_arch: str
  suite: str
  meta: str             # depends on the package that has the kernel
  fair: str             # the command line at its best under emulation
  cpu: str              # the CPU model that costs it least
  console: str


RIVALS = {
  "x86_64": Linux("amd64", "bookworm", "linux-image-cloud-amd64", "mitigations=off", "qemu64", "ttyS0"),
  "aarch64": Linux("arm64", "bookworm", "linux-image-cloud-arm64", "mitigations=off kpti=off", "cortex-a72", "ttyAMA0"),
  "riscv64": Linux("riscv64", "trixie", "linux-image-riscv64", "mitigations=off", "rv64", "ttyS0"),
}


def kernel(arch):
  """The kernel's file for an architecture; its version."""
  rival = RIVALS[arch.name]
  folder = CACHE / "linux" / arch.name
  found = sorted(folder.glob("vmlinu*"))
  if not found:
    with step(f"fetching Debian's Linux for {arch.name}"):
      _fetch(rival, folder)
    found = sorted(folder.glob("vmlinu*"))
  if not found:
    raise Failure(f"the package {rival.meta} brought no kernel", f"remove {folder} and run the command again")
  return found[0], found[0].name.partition("-")[2]


def _fetch(rival, folder):
  private = apt.PrivateApt.for_architecture(rival.debian_arch, rival.suite)
  private.update()
  images = [name for name in private.dependencies(rival.meta) if name.startswith("linux-image-")]
  if not images:
    raise Failure(f"{rival.suite} has no {rival.meta} for {rival.debian_arch}", "check the machine's apt sources")
  folder.mkdir(parents=True, exist_ok=True)
  with private.unpacked(images[0], folder) as tree:
    for file in (tree / "boot").glob("vmlinu*"):
      shutil.move(file, folder / file.name)
