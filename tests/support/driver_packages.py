"""Driver packages for the system tests: sound ones, and ones that are wrong in one respect."""

import stat
import struct
import tomllib

import machine
import mkcpio
import packages

TOOLS = machine.ROOT / "build/host-tools/userland/ajdrv"
KERNEL_FOLDER = machine.BUILD / f"meson-{machine.KIND}/scripts/link"
LOADER = machine.BUILD / "meson-userland/tests/system/load-package"
# Offsets in a package (kernel/lib/ajdrv/format.h).
AT_TOTAL_SIZE, AT_SIGNED_SIZE, AT_ARCH, AT_ABI_MAJOR, AT_ABI_MINOR, AT_MIN_OS = 0x10, 0x18, 0x20, 0x24, 0x26, 0x3c
DIRECTORY = 0x80
# The machine's numbers in ELF, by the architecture's number in a package.
ELF_MACHINES = (62, 183, 243)
AT_ELF_MACHINE = 18


def make(name, description, code, fields=None, **options):
  """A package of the driver that the TOML file `description` describes; its bytes. `fields` replaces some of it."""
  words = tomllib.loads(description.read_text()) | (fields or {})
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  target = machine.LOGS / f"{machine.ARCH.name}-{name}.ajdrv"
  packages.make_package(machine.ARCH, words, KERNEL_FOLDER / f"{code}.so", target, **options)
  return target.read_bytes()


def stranger_keys():
  """Two keys that no kernel knows."""
  folder = machine.LOGS / "strangers"
  folder.mkdir(parents=True, exist_ok=True)
  for name in ("a", "b"):
    if not (folder / name).exists():
      packages._run([TOOLS / "ajkey", "gen", folder / name])
  return folder / "a", folder / "b"


def number(package, at, size):
  return int.from_bytes(package[at:at + size], "little")


def signed_size(package):
  return number(package, AT_SIGNED_SIZE, 8)


def patched(package, at, content):
  return package[:at] + content + package[at + len(content):]


def without_signatures(package):
  """No signature block at all, and a header that agrees with that."""
  size = signed_size(package)
  return patched(package[:size], AT_TOTAL_SIZE, struct.pack("<Q", size))


def with_no_signature_in_block(package):
  """A signature block of no entries."""
  size = signed_size(package)
  block = b"AJSG" + struct.pack("<HHQ", 0, 112, 0)
  return patched(package[:size], AT_TOTAL_SIZE, struct.pack("<Q", size + len(block))) + block


def signed_again(name, package):
  """The package, whose signed part was changed, with the signatures of both keys that the kernel trusts."""
  target = machine.LOGS / f"{machine.ARCH.name}-{name}.ajdrv"
  target.write_bytes(package)
  for key, role in (("publisher", "PUB"), ("store", "STO")):
    packages._run([TOOLS / "ajdrv_sign", target, "--key", packages.KEYS / key, "--sign-role", role])
  return target.read_bytes()


def for_other_machine(name, package, header=True, code=True):
  """Signed well, and for another architecture: the header says so, the code, or both."""
  other = (number(package, AT_ARCH, 2) + 1) % len(ELF_MACHINES)
  if header:
    package = patched(package, AT_ARCH, struct.pack("<H", other))
  if code:
    at = number(package, DIRECTORY + 8, 8) + AT_ELF_MACHINE
    assert number(package, at, 2) in ELF_MACHINES
    package = patched(package, at, struct.pack("<H", ELF_MACHINES[other]))
  return signed_again(name, package)


def initramfs(name, files):
  """The build's initramfs with these {name: bytes} in /packages, and /packages/load, which calls finit_module."""
  entries = [mkcpio.Entry("/packages", stat.S_IFDIR | 0o755)]
  entries += [mkcpio.Entry(f"/packages/{file}", stat.S_IFREG | 0o644, data=data) for file, data in files.items()]
  entries.append(mkcpio.Entry("/packages/load", stat.S_IFREG | 0o755, data=LOADER.read_bytes()))
  return machine.initramfs_with(name, entries)


def load(guest, name, parameters=""):
  """What finit_module said: "ok" or "errno N"."""
  return guest.run(f"/packages/load load /packages/{name} '{parameters}'").strip()


def last_error(guest):
  """The exact reason: its number and name, and that /proc and /sys say the same."""
  shown = guest.run("cat /proc/ajdrv_last_error").strip()
  assert guest.run("cat /sys/kernel/ajdrv/last_error").strip() == shown
  return " ".join(shown.split()[:2])
