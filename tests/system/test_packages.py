"""Driver packages: one is loaded, drives its device and goes; whatever is wrong with one has its own refusal.

The kernel is asked directly, by finit_module, with no daemon in between that could have looked first.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages as made  # noqa: E402
import machine  # noqa: E402

GOOD = machine.BUILD / "packages/virtio_rng.ajdrv"
DESCRIPTION = machine.ROOT / "drivers/other/virtio_rng.toml"
EPERM, ENOEXEC, EEXIST, EXDEV, EINVAL, ESTALE, ENOKEY, EKEYREJECTED = 1, 8, 17, 18, 22, 116, 126, 129
WRONG_SLOT = "slot=0000:00:00.0"


def make(name, **options):
  """The test package, with something else about it."""
  return made.make(name, DESCRIPTION, "virtio_rng", **options)


def flipped(package, at):
  return made.patched(package, at, bytes([package[at] ^ 1]))


def stranger():
  """Signed by keys that the kernel does not know."""
  first, second = made.stranger_keys()
  return make("stranger", key=first, signers=(second,))


def changed(name, at, content):
  """Another header, signed well."""
  return made.signed_again(name, made.patched(GOOD.read_bytes(), at, content))


# {name: (package, parameters, errno, code)}
REFUSALS = {
  "bit-in-code": (lambda good: flipped(good, made.signed_size(good) // 2), "", EKEYREJECTED, "36 SIG_BAD"),
  "bit-in-signature": (lambda good: flipped(good, len(good) - 1), "", EKEYREJECTED, "36 SIG_BAD"),
  "wrong-key": (lambda _: stranger(), "", ENOKEY, "37 SIG_THRESHOLD"),
  "one-signature": (lambda _: make("half", signers=(), signatures=1), "", ENOKEY, "37 SIG_THRESHOLD"),
  "wrong-role": (lambda _: make("role", key="store", signers=("publisher",)), "", EKEYREJECTED, "38 ROLE_SCOPE"),
  "no-signature": (made.without_signatures, "", EKEYREJECTED, "30 SIG_BLOCK"),
  "no-signature-in-block": (made.with_no_signature_in_block, "", EKEYREJECTED, "31 SIG_COUNT"),
  "truncated": (lambda good: good[:-1], "", ENOEXEC, "5 TOTAL_SIZE"),
  "truncated-by-half": (lambda good: good[:len(good) // 2], "", ENOEXEC, "5 TOTAL_SIZE"),
  "truncated-to-little": (lambda good: good[:100], "", ENOEXEC, "1 TRUNC_HEADER"),
  "extended": (lambda good: good + b"\0", "", ENOEXEC, "5 TOTAL_SIZE"),
  "no-package": (lambda _: b"\x7fELF" + bytes(2000), "", ENOEXEC, "2 MAGIC"),
  "older-format": (lambda good: made.patched(good, 4, b"\1\0"), "", ENOEXEC, "3 FORMAT_MAJOR"),
  "architecture": (lambda good: made.for_other_machine("arch", good), "", EPERM, "53 ARCH_MISMATCH"),
  "foreign-code": (lambda good: made.for_other_machine("code", good, header=False), "", ENOEXEC, "71 ELF_MACHINE"),
  "interface": (lambda _: changed("interface", made.AT_ABI_MAJOR, b"\3\0"), "", EPERM, "54 ABI_MAJOR"),
  "newer-interface": (lambda _: changed("minor", made.AT_ABI_MINOR, b"\xff\0"), "", EPERM, "55 ABI_MINOR"),
  "newer-system": (lambda _: changed("system", made.AT_MIN_OS, b"\0\0\x63\0"), "", EPERM, "56 OS_TOO_OLD"),
  "device": (lambda good: good, WRONG_SLOT, EXDEV, "58 DEVICE_MISMATCH"),
  "place": (lambda good: good, "placement=isolated", EPERM, "60 PLACEMENT"),
}


@pytest.fixture(scope="module", name="guest")
def fixture_guest():
  files = {"good": GOOD.read_bytes(), "older": make("older", fields={"version": "0.9.0"})}
  files |= {name: case[0](files["good"]) for name, case in REFUSALS.items()}
  with machine.Machine("packages", "quiet", made.initramfs("packages", files)) as guest:
    guest.wait_for_shell()
    yield guest


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(guest, name):
  _, parameters, errno, code = REFUSALS[name]
  assert made.load(guest, name, parameters) == f"errno {errno}"
  assert made.last_error(guest) == code
  assert guest.run("cat /proc/ajdrv").strip() == ""


def test_load_and_unload(guest):
  """After all refusals: what is sound is loaded, and then nothing older than it."""
  assert made.load(guest, "good") == "ok"
  assert made.last_error(guest) == "0 OK"
  shown = guest.run("cat /proc/ajdrv")
  assert shown.startswith("virtio_rng 1.0.0 ") and len(shown.split()) == 9, shown  # the last word is its device
  assert guest.run("cat /proc/modules").startswith("virtio_rng ")
  assert made.load(guest, "good") == f"errno {EEXIST}"
  assert guest.run("/packages/load unload virtio_rng").strip() == "ok"
  assert guest.run("cat /proc/ajdrv").strip() == ""


def test_older_than_the_installed(guest):
  assert made.load(guest, "good") == "ok"
  for installed in (True, False):
    assert made.load(guest, "older") == f"errno {ESTALE}"
    assert made.last_error(guest) == "52 VERSION_ROLLBACK"
    if installed:
      assert guest.run("cat /proc/ajdrv").startswith("virtio_rng 1.0.0 ")
      assert guest.run("/packages/load unload virtio_rng").strip() == "ok"
  assert made.load(guest, "good") == "ok"
  assert guest.run("/packages/load unload virtio_rng").strip() == "ok"
  assert guest.run("/packages/load unload virtio_rng").strip() == "errno 2"


def test_parameters(guest):
  """Words that mean nothing, and a slot that does not exist, load nothing."""
  for words in ("slot=", "placement=nowhere", "force=1"):
    assert made.load(guest, "good", words) == f"errno {EINVAL}"
  assert made.load(guest, "good", "slot=0000:ff:1f.7") == "errno 19"
  assert guest.run("cat /proc/ajdrv").strip() == ""


def test_only_root_may_ask(guest):
  assert guest.run("su user -c '/packages/load load /packages/good'").strip() == f"errno {EPERM}"
  assert guest.run("cat /proc/ajdrv").strip() == ""
