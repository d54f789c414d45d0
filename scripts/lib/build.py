"""scripts/build: builds the kernel, the guest's programs, the initramfs and the boot image. Installs nothing."""

import argparse
import os
import shutil

import arches
import boot_image
import mkcpio
import mkdisk
import packages
import ports
from console import Failure, run_logged, run_main, say, step
from locks import locked
from paths import BUILD, ROOT

KINDS = ("release", "debug")
CLANGS = (("clang-19", "clang++-19"), ("clang", "clang++"))
USERLAND_FOLDERS = ("userland", "tests/guest", "tests/bench", "tests/system")


def main():
  parser = argparse.ArgumentParser(
    prog="scripts/build", description="Builds build/ARCH/kernel, build/ARCH/initramfs.cpio and, for x86_64, "
    "build/ARCH/halyard.iso; with --debug under build/ARCH/debug. Run scripts/setup first on a fresh machine.")
  parser.add_argument("arches", nargs="*", metavar="ARCH", help=f"{', '.join(arches.ARCHES)} or all (default: x86_64)")
  add_kind(parser)
  options = parser.parse_args()
  for arch in arches.chosen(options.arches):
    build(arch, options.kind)
    say(f"{arch.name} {options.kind} is in {os.path.relpath(output_folder(arch, options.kind))}")
  return 0


def add_kind(parser):
  """The options --debug and --release, which several commands share."""
  group = parser.add_mutually_exclusive_group()
  group.add_argument("--debug", dest="kind", action="store_const", const="debug", default="release",
                     help="the kernel with run-time checks")
  group.add_argument("--release", dest="kind", action="store_const", const="release",
                     help="the kernel without run-time checks (default)")


def output_folder(arch, kind):
  """Where a kind's results are published: the release kernel has the names that people script against."""
  return BUILD / arch.name / ("" if kind == "release" else kind)


def build(arch, kind):
  """Everything for one architecture; quick when nothing has changed."""
  with locked(BUILD / arch.name / "build.lock"):
    _build(arch, kind)


def _build(arch, kind):
  ports.install(ports.FOR_KERNEL + ports.FOR_USERLAND, arch)
  _offer_headers()
  packages.make_keys(host_tools() / "userland/ajdrv")
  _kernel(arch, kind)
  packages.make_packages(arch, _kernel_folder(arch, kind))
  _userland(arch)
  initramfs = BUILD / arch.name / "initramfs.cpio"
  mkcpio.make_initramfs(arch, initramfs)
  mkdisk.make_root(arch, BUILD / arch.name / "root.ext2")
  if arch.name == "x86_64":
    folder = output_folder(arch, kind)
    boot_image.make_iso(folder / "halyard.iso", folder / "kernel", initramfs)


def _offer_headers():
  """Header-only libraries under folders of their own: /usr/include itself would bring glibc's along."""
  for name in ("boost", "nlohmann"):
    link = BUILD / f"shared/{name}/{name}"
    if not link.is_symlink():
      link.parent.mkdir(parents=True, exist_ok=True)
      link.symlink_to(f"/usr/include/{name}")


def _kernel_folder(arch, kind):
  return BUILD / arch.name / f"meson-{kind}"


def host_tools():
  """The package tools and the store's daemon, for this machine: the folder of their Meson build."""
  folder = BUILD / "host-tools"
  with locked(BUILD / "host-tools.lock"):
    _meson("host-tools", folder, ["-Dpart=host-tools", "-Dbuildtype=release"])
  return folder


def _kernel(arch, kind):
  folder = _kernel_folder(arch, kind)
  options = ["-Dpart=kernel", f"-Dtrust_bundle={packages.BUNDLE}", f"-Dchecks={'true' if kind == 'debug' else 'false'}"]
  _meson(f"kernel-{arch.name}-{kind}", folder, [f"-Darch={arch.name}", *options],
         _cross_file(arch, "kernel", f"{arch.triple}-", f"{arch.triple}-"))
  output = output_folder(arch, kind)
  output.mkdir(parents=True, exist_ok=True)
  publish(folder / "scripts/link/kernel", output / "kernel")
  publish(folder / "scripts/link/kernel.debug", output / "kernel.debug")


def _userland(arch):
  """Our own programs and the guest's tests, where the tree has them."""
  if not any((ROOT / folder / "meson.build").exists() for folder in USERLAND_FOLDERS):
    return
  if (ROOT / "userland/meson.build").exists():  # the guest's tests are C; our own programs need the C++ library
    ports.install(["libstdcxx"], arch)
  wrapper = BUILD / arch.name / f"sysroot/bin/{arch.name}-linux-musl-"
  _meson(f"userland-{arch.name}", BUILD / arch.name / "meson-userland",
         ["-Dpart=userland", f"-Darch={arch.name}", "-Doptimization=2"],
         _cross_file(arch, "userland", wrapper, wrapper))


def publish(source, target):
  """Copies a result to its public name, unless it is there already: what depends on it then stays as it is."""
  if not source.exists():
    raise Failure(f"the build made no {source.relative_to(BUILD)}", "read the logs in build/log")
  partial = target.with_name(target.name + ".partial")
  if target.exists() and target.read_bytes() == source.read_bytes():
    return
  shutil.copyfile(source, partial)
  shutil.copymode(source, partial)
  partial.rename(target)


def _cross_file(arch, part, compiler, tools):
  text = f"""# Made by scripts/build.
[binaries]
c = '{compiler}gcc'
cpp = '{compiler}g++'
ar = '{tools}ar'
nm = '{tools}nm'
objcopy = '{tools}objcopy'
strip = '{tools}strip'

[host_machine]
system = '{"none" if part == "kernel" else "linux"}'
cpu_family = '{arch.name}'
cpu = '{arch.name}'
endian = 'little'

[properties]
needs_exe_wrapper = true
skip_sanity_check = true
"""
  file = BUILD / arch.name / f"{part}.cross"
  if not file.exists() or file.read_text() != text:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
  return file


def _meson(name, folder, options, cross=None):
  """Configures a Meson build directory where that has not been done, and builds it."""
  log = BUILD / "log"
  with step(f"building {name}"):
    # Meson keeps the options of the first set-up, and the defaults of then: others mean a new one.
    chosen = folder / "halyard-options"
    wanted = "\n".join([*options, (ROOT / "meson.options").read_text()])
    if not (folder / "build.ninja").exists() or not chosen.exists() or chosen.read_text() != wanted:
      shutil.rmtree(folder, ignore_errors=True)
      run_logged(["/usr/bin/meson", "setup", *options, *(["--cross-file", cross] if cross else []), folder, ROOT],
                 log / f"{name}-setup.log")
      chosen.write_text(wanted)
    run_logged(["ninja", "--quiet", "-C", folder, f"-j{ports.jobs()}"], log / f"{name}.log", shown=60)


def _offer_libfdt():
  """The device-tree library as source, which host tests compile for themselves; it is the same for all."""
  ports.install(["libfdt"], arches.ARCHES[arches.DEFAULT])


def build_host_tests():
  """The unit tests, compiled for this machine with the address and undefined-behaviour sanitizers."""
  folder = BUILD / "host"
  _offer_libfdt()
  _meson("unit-tests", folder, ["-Dpart=host", "-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined"])
  return folder


def build_fuzzers():
  """The fuzzers, by clang, with the same sanitizers."""
  folder, native = BUILD / "fuzz", BUILD / "fuzz.native"
  _offer_libfdt()
  pair = next((names for names in CLANGS if shutil.which(names[0])), None)
  if not pair:
    raise Failure("clang is not installed", "run scripts/setup --host-tools-only")
  BUILD.mkdir(parents=True, exist_ok=True)
  native.write_text(f"# Made by scripts/build.\n[binaries]\nc = '{pair[0]}'\ncpp = '{pair[1]}'\n")
  _meson("fuzzers", folder, ["-Dpart=fuzz", "-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined",
                             f"--native-file={native}"])
  return folder


if __name__ == "__main__":
  run_main(main)
