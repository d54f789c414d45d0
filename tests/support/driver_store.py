"""The driver store's daemon on this machine, for tests: a folder of its own, served on a free port."""

import json
import re
import subprocess
import urllib.error
import urllib.request

import machine

import build
import packages

TRUST = packages.BUNDLE


class Store:
  """A store in a folder. Use as a context manager: its daemon is always ended."""

  def __init__(self, folder, trust=None):
    self.program = build.host_tools() / "userland/store/ajstore"
    self.folder = folder
    self.command("init", *(["--trust", trust] if trust else []))
    self.port = 0  # a free one, and the same again after a stop
    self.serve()

  def serve(self):
    self.daemon = subprocess.Popen([self.program, "serve", self.folder, "--port", str(self.port)],
                                   stdout=subprocess.PIPE, text=True)
    self.port = int(re.search(r":(\d+)$", self.daemon.stdout.readline().strip())[1])

  def stop(self):
    self.daemon.terminate()
    assert self.daemon.wait(20) == 0

  def __enter__(self):
    return self

  def __exit__(self, *_):
    if self.daemon.poll() is None:
      self.stop()

  @property
  def word(self):
    """For the guest's kernel command line."""
    return f"ajdrv.store=http://10.0.2.2:{self.port}"

  def command(self, name, *words):
    """What an administrator's command printed."""
    run = subprocess.run([self.program, name, self.folder, *words], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout

  def publish(self, file):
    """The package's digest."""
    return re.match(r"sha256:([0-9a-f]{64}) ", self.command("publish", file))[1]

  def ask(self, path, method="GET", body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method)
    try:
      with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
      return error.code, json.loads(error.read() or b"{}")


def built(name):
  """The package that the build made of a driver."""
  return machine.BUILD / "packages" / f"{name}.ajdrv"


def wait_in_guest(guest, condition, seconds=120):
  """Waits in the guest's shell until the command succeeds."""
  answer = guest.run(f"for i in $(seq {seconds}); do {condition} && break; sleep 1; done; {condition} && echo it-is-so",
                     timeout=3 * seconds)
  assert "it-is-so" in answer, (condition, guest.run("ajdrv status; ajdrv list; dmesg | tail -30"))
