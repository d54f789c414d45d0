"""Driver packages: one is loaded, drives its device and goes; whatever is wrong with one has its own refusal."""

import stat
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402
import packages  # noqa: E402

GOOD = machine.BUILD / "packages/virtio_rng.ajdrv"
PROGRAM = machine.BUILD / "meson-userland/tests/system/load-package"
CODE = machine.BUILD / f"meson-{machine.KIND}/scripts/link/virtio_rng.so"
ENOEXEC, EXDEV, ESTALE, ENOKEY, EKEYREJECTED, EPERM = 8, 18, 116, 126, 129, 1


def make(name, arch=machine.ARCH, **options):
  """The test package, with something else about it."""
  fields = tomllib.loads((machine.ROOT / "drivers/other/virtio_rng.toml").read_text())
  fields |= options.pop("fields", {})
  target = machine.LOGS / f"{machine.ARCH.name}-{name}.ajdrv"
  packages.make_package(arch, fields, CODE, target, **options)
  return target.read_bytes()


def with_wrong_key():
  """Signed by keys that the kernel does not know."""
  folder = machine.LOGS / "strangers"
  folder.mkdir(parents=True, exist_ok=True)
  for name in ("a", "b"):
    if not (folder / name).exists():
      packages._run([machine.ROOT / "build/host-tools/userland/ajdrv/ajkey", "gen", folder / name])
  return make("stranger", key=folder / "a", signers=(folder / "b",))


def refusals():
  """{name: (bytes, parameters, errno, code)}"""
  good = GOOD.read_bytes()
  flipped = bytearray(good)
  flipped[len(good) // 2] ^= 1
  return {
    "flipped": (bytes(flipped), "", EKEYREJECTED, "36 SIG_BAD"),
    "stranger": (with_wrong_key(), "", ENOKEY, "37 SIG_THRESHOLD"),
    "unsigned": (make("half", signers=(), signatures=1), "", ENOKEY, "37 SIG_THRESHOLD"),
    "bare": (good[:int.from_bytes(good[0x18:0x20], "little")], "", ENOEXEC, "5 TOTAL_SIZE"),
    "truncated": (good[:-1], "", ENOEXEC, "5 TOTAL_SIZE"),
    "device": (good, "slot=0000:00:00.0", EXDEV, "58 DEVICE_MISMATCH"),
    "place": (good, "placement=isolated", EPERM, "60 PLACEMENT"),
  }


@pytest.fixture(scope="module", name="guest")
def fixture_guest():
  files = {"good": GOOD.read_bytes(), "older": make("older", fields={"version": "0.9.0"})}
  files |= {name: case[0] for name, case in refusals().items()}
  entries = [mkcpio.Entry("/packages", stat.S_IFDIR | 0o755)]
  entries += [mkcpio.Entry(f"/packages/{name}", stat.S_IFREG | 0o644, data=data) for name, data in files.items()]
  entries.append(mkcpio.Entry("/packages/load", stat.S_IFREG | 0o755, data=PROGRAM.read_bytes()))
  with machine.Machine("packages", "quiet", machine.initramfs_with("packages", entries)) as guest:
    guest.wait_for_shell()
    yield guest


@pytest.mark.parametrize("name", list(refusals()))
def test_refusal(guest, name):
  _, parameters, errno, code = refusals()[name]
  assert guest.run(f"/packages/load load /packages/{name} '{parameters}'").strip() == f"errno {errno}"
  assert guest.run("cat /proc/ajdrv_last_error").startswith(code)
  assert guest.run("cat /proc/ajdrv").strip() == ""


def test_load_and_unload(guest):
  assert guest.run("/packages/load load /packages/good").strip() == "ok"
  shown = guest.run("cat /proc/ajdrv")
  assert shown.startswith("virtio_rng 1.0.0 ") and len(shown.split()) == 9, shown  # the last word is its device
  assert guest.run("cat /proc/modules").startswith("virtio_rng ")
  assert guest.run("/packages/load load /packages/good").strip() == "errno 17"
  assert guest.run("/packages/load unload virtio_rng").strip() == "ok"
  assert guest.run("cat /proc/ajdrv").strip() == ""
  assert guest.run("/packages/load load /packages/older").strip() == f"errno {ESTALE}"
  assert guest.run("cat /proc/ajdrv_last_error").startswith("52 VERSION_ROLLBACK")
  assert guest.run("/packages/load load /packages/good").strip() == "ok"
  assert guest.run("/packages/load unload virtio_rng").strip() == "ok"
  assert guest.run("/packages/load unload virtio_rng").strip() == "errno 2"
