"""scripts/setup: installs what building, running and testing need, and builds the sysroots.

Quick when there is nothing to do: one dpkg query decides that.
"""

import argparse

import apt
import arches
import ports
from console import run_main, say, step, warn

BUILD_TOOLS = ("g++", "ninja-build", "make", "patch", "zstd", "xz-utils", "bzip2", "curl", "dpkg-dev", "linux-libc-dev",
               "libboost-dev", "pkgconf", "python3")
BOOT_TOOLS = ("grub-pc-bin", "grub-efi-amd64-bin", "grub-common", "xorriso", "mtools", "e2fsprogs", "fdisk", "gdisk")
TEST_TOOLS = ("python3-pytest", "python3-pexpect", "googletest", "libgtest-dev", "gdb")
CLANG_TOOLS = ("clang", "lld", "clang-tidy", "clang-format")
CLANG_VERSION = 19
STORE_LIBRARIES = ("libmicrohttpd-dev", "libsqlite3-dev", "libsodium-dev", "nlohmann-json3-dev",
                   "libcli11-dev", "libtomlplusplus-dev")

# Debian 12's own are too old: QEMU 10 has devices and CPU features that tests use, Meson reads meson.options.
NEWER = ("meson", "qemu-system-x86", "qemu-system-arm", "qemu-system-riscv", "qemu-utils", "opensbi", "seabios")
NEWER_AT_LEAST = {"meson": (1, 1), "qemu-system-x86": (10,), "qemu-system-arm": (10,), "qemu-system-riscv": (10,)}
FIRMWARE = ("ovmf", "qemu-efi-aarch64", "ipxe-qemu")


def main():
  parser = argparse.ArgumentParser(
    prog="scripts/setup", description="Installs the Debian packages that Halyard needs and builds the sysroots.")
  parser.add_argument("arches", nargs="*", metavar="ARCH", help=f"{', '.join(arches.ARCHES)} or all (default: x86_64)")
  parser.add_argument("--host-tools-only", action="store_true", help="install packages, but build no sysroot")
  options = parser.parse_args()
  chosen = arches.chosen(options.arches)
  install_packages(chosen)
  if not options.host_tools_only:
    build_sysroots(chosen)
  say("setup is complete")
  return 0


def install_packages(chosen):
  """Installs what is missing for these architectures. Asks apt only when something is."""
  arches.require_host()
  have = apt.installed()
  wanted = [*BUILD_TOOLS, *BOOT_TOOLS, *TEST_TOOLS, *STORE_LIBRARIES, *FIRMWARE,
            *(package for arch in chosen for package in arch.cross_packages), *_clang_packages(have)]
  missing = [package for package in wanted if package not in have]
  outdated = [package for package in NEWER if not _new_enough(package, have)]
  if not missing and not outdated:
    return
  with step(f"installing {len(missing) + len(outdated)} Debian packages"):
    apt.update_own()
    if missing:
      say("  " + " ".join(missing))
      apt.install(missing)
    if outdated:
      say("  " + " ".join(outdated))
      _install_newer(outdated)


def _new_enough(package, have):
  if package not in have:
    return False
  version = have[package].split(":")[-1]
  numbers = tuple(int(part) for part in version.split("+")[0].split("-")[0].split(".") if part.isdigit())
  return numbers >= NEWER_AT_LEAST.get(package, ())


def _install_newer(packages):
  """From the machine's own release where that is new enough (Debian 13), else from its backports."""
  codename = apt.os_release().get("VERSION_CODENAME")
  if codename != "bookworm":
    apt.install(packages)
    return
  backports = apt.PrivateApt.for_backports(codename)
  backports.update(apt.as_root())
  apt.install(packages, backports, f"{codename}-backports")


def _clang_packages(have):
  """Clang 19 by its versioned names where the archive has it, else the release's default version."""
  versioned = [f"{tool}-{CLANG_VERSION}" for tool in CLANG_TOOLS] + [f"libclang-rt-{CLANG_VERSION}-dev"]
  if all(package in have for package in versioned) or set(apt.known(versioned)) == set(versioned):
    return versioned
  if not set(CLANG_TOOLS) <= set(have):
    warn(f"clang {CLANG_VERSION} is not in this archive; using the release's own version")
  return list(CLANG_TOOLS)


def build_sysroots(chosen):
  """What the kernel is compiled against, and what goes into the initramfs."""
  for arch in chosen:
    ports.install(ports.FOR_KERNEL + ports.FOR_USERLAND, arch)


if __name__ == "__main__":
  run_main(main)
