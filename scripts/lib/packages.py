"""Keys, the trust bundle, and driver packages.

The keys are made once, under build/keys, and are this build tree's own: one root, one publisher (PUB), one store (STO).
Kernels of all architectures have the same trust bundle compiled in. A driver that is a package has a file NAME.toml
beside its source, in drivers/, which says what it is for; the packages are in build/ARCH/packages.
"""

import os
import subprocess
import tomllib

from console import Failure, step
from locks import locked
from paths import BUILD, ROOT

KEYS = BUILD / "keys"
BUNDLE = KEYS / "trust.ajtb"
NAMES = ("root", "publisher", "store")
SYMBOLS = ROOT / "kernel/device/hal_abi_2.syms"


def make_keys(tools):
  """The keys and the bundle, unless they are there."""
  with locked(BUILD / "keys.lock"):
    if BUNDLE.exists():
      return
    KEYS.mkdir(parents=True, exist_ok=True)
    KEYS.chmod(0o700)
    with step("making the keys for driver packages"):
      for name in NAMES:
        if not (KEYS / name).exists():
          _run([tools / "ajkey", "gen", KEYS / name])
      _run([tools / "ajkey", "bundle", "--root", KEYS / "root", "--trust", f"{KEYS / 'publisher.pub'}:PUB",
            "--trust", f"{KEYS / 'store.pub'}:STO", "--development", "--output", BUNDLE])


def make_packages(arch, kernel_folder):
  """A signed package for each driver that was left out of the kernel."""
  output = BUILD / arch.name / "packages"
  output.mkdir(parents=True, exist_ok=True)
  for description in sorted((ROOT / "drivers").glob("*/*.toml")):
    code = kernel_folder / "scripts/link" / f"{description.stem}.so"
    target = output / f"{description.stem}.ajdrv"
    newest = max((file.stat().st_mtime for file in (code, description, BUNDLE) if file.exists()))
    if code.exists() and (not target.exists() or target.stat().st_mtime < newest):
      make_package(arch, tomllib.loads(description.read_text()), code, target)


def make_package(arch, fields, code, target, key="publisher", signers=("store",), signatures=2):
  """One package, signed by the publisher and the store unless a test wants it otherwise."""
  tools = BUILD / "host-tools/userland/ajdrv"
  partial = target.with_suffix(".partial")
  words = [tools / "ajdrv_pack", "--arch", arch.name, "--code", code, "--key", KEYS / key, "--output", partial,
           "--symbols", SYMBOLS, "--signatures", str(signatures)]
  for name, value in fields.items():
    for one in value if isinstance(value, list) else [value]:
      words += [f"--{name}", str(one)]
  _run(words)
  for signer in signers:
    _run([tools / "ajdrv_sign", partial, "--key", KEYS / signer, "--sign-role", "STO"])
  partial.rename(target)


def _run(words):
  run = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
  if run.returncode:
    raise Failure(f"{os.path.basename(words[0])}: {run.stderr.strip() or run.stdout.strip()}")
