"""Kernels that trust nobody: one built without a trust bundle, and one whose bundle is broken, refuse every package."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages as made  # noqa: E402
import machine  # noqa: E402
import packages  # noqa: E402

GOOD = machine.BUILD / "packages/virtio_rng.ajdrv"
ENOKEY = 126


def kernel_without_bundle():
  return made.KERNEL_FOLDER / "kernel.no-trust"


def kernel_with_broken_bundle():
  """The kernel under test, with one bit of its bundle's signature changed."""
  image, bundle = machine.kernel().read_bytes(), packages.BUNDLE.read_bytes()
  assert image.count(bundle) == 1
  last = image.index(bundle) + len(bundle) - 1
  target = machine.LOGS / f"{machine.ARCH.name}-{machine.KIND}-broken-bundle.kernel"
  target.parent.mkdir(parents=True, exist_ok=True)
  target.write_bytes(made.patched(image, last, bytes([image[last] ^ 1])))
  return target


@pytest.mark.parametrize("name,make_kernel,reason", [
  ("none", kernel_without_bundle, "no trust bundle: all driver packages will be refused"),
  ("broken", kernel_with_broken_bundle, "the trust bundle does not hold: all driver packages will be refused"),
])
def test_kernel_that_trusts_nobody(name, make_kernel, reason):
  good = GOOD.read_bytes()
  stranger, other = made.stranger_keys()
  description = machine.ROOT / "drivers/other/virtio_rng.toml"
  files = {"good": good, "flipped": made.patched(good, 0x200, bytes([good[0x200] ^ 1])),
           "stranger": made.make("trust", description, "virtio_rng", key=stranger, signers=(other,))}
  archive = made.initramfs(f"trust-{name}", files)
  with machine.Machine(f"trust-{name}", "quiet", archive, kernel_file=make_kernel()) as guest:
    guest.wait_for_shell()
    assert reason in guest.run("dmesg | grep 'trust bundle'")
    for file in files:
      assert made.load(guest, file) == f"errno {ENOKEY}"
      assert made.last_error(guest) == "40 NO_TRUST_BUNDLE"
    # What is no package at all is told apart still, and the system goes on.
    assert made.load(guest, "load") == "errno 8"
    assert made.last_error(guest) == "2 MAGIC"
    assert guest.run("cat /proc/ajdrv").strip() == ""
    assert guest.run("echo still $((40 + 2))").strip() == "still 42"
