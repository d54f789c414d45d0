"""The store's daemon beside QEMU: its folder is made on first use, and what was built is published."""

import contextlib
import hashlib
import re
import subprocess

import build
from console import Failure, say, step
from paths import BUILD

FOLDER = BUILD / "store"
GATEWAY = "10.0.2.2"  # this machine, as QEMU's user network shows it to the guest


@contextlib.contextmanager
def served(arch):
  """Runs the store on a free port of loopback; the word for the guest's kernel command line."""
  program = build.host_tools() / "userland/store/ajstore"
  _prepare(program, arch)
  daemon = subprocess.Popen([program, "serve", FOLDER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=open(BUILD / "log/store.log", "ab"), text=True, start_new_session=True)
  try:
    match = re.search(r":(\d+)$", daemon.stdout.readline().strip())
    if not match:
      raise Failure("the store does not start", "read build/log/store.log, or use --no-store")
    say(f"the store listens on 127.0.0.1:{match[1]}; its folder is build/store")
    yield f"ajdrv.store=http://{GATEWAY}:{match[1]}"
  finally:
    daemon.terminate()
    daemon.wait()


def _prepare(program, arch):
  bundle = BUILD / "keys/trust.ajtb"
  trust = ["--trust", bundle] if bundle.exists() else []
  subprocess.run([program, "init", FOLDER, *trust], check=True, stdout=subprocess.DEVNULL)
  packages = sorted((BUILD / arch.name / "packages").glob("*.ajdrv"))
  if not packages:
    return
  _withdraw_stale(program, arch, packages)
  with step(f"publishing {len(packages)} packages"):
    for package in packages:
      run = subprocess.run([program, "publish", FOLDER, package], capture_output=True, text=True, check=False)
      if run.returncode:
        say(f"  {package.name}: {run.stderr.strip()}")


def _withdraw_stale(program, arch, packages):
  """What an earlier build made of the same drivers: the store takes no other bytes for the same version."""
  built = {package.stem: hashlib.sha256(package.read_bytes()).hexdigest() for package in packages}
  status = subprocess.run([program, "status", FOLDER], check=True, capture_output=True, text=True).stdout
  for name, found, digest in re.findall(r"^(\S+) \S+ (\S+) sha256:([0-9a-f]{64})$", status, re.M):
    if found == arch.name and built.get(name, digest) != digest:
      subprocess.run([program, "withdraw", FOLDER, digest], check=True)
