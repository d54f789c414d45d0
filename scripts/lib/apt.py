"""Debian's archive: installing packages, and fetching pinned sources from other suites.

The machine's own apt configuration says where the archive is and which key signs it; entries for other suites
(backports for QEMU on Debian 12, a later release's sources) are derived from it and kept in a private apt
state, so that the machine's own lists and preferences stay as they are.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from console import Failure, run_logged, say, step
from paths import BUILD, CACHE

SOURCE_SUITES = ("bookworm", "trixie")
NEVER_ASK = {"DEBIAN_FRONTEND": "noninteractive"}


def os_release():
  fields = {}
  for line in Path("/etc/os-release").read_text().splitlines():
    key, _, value = line.partition("=")
    fields[key] = value.strip('"')
  return fields


def as_root():
  """The prefix that makes a command run as root."""
  if os.geteuid() == 0:
    return []
  if shutil.which("sudo"):
    return ["sudo"]
  raise Failure("packages are missing, and this is neither root nor is there sudo", "run scripts/setup as root")


def _stanzas():
  """Every apt source of this machine as a dictionary of deb822 fields, whichever form it is written in."""
  files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
  for file in filter(Path.is_file, files):
    if file.suffix == ".sources":
      yield from _deb822(file.read_text())
    elif file.suffix == ".list":
      yield from _one_line_style(file.read_text())


def _deb822(text):
  for block in re.split(r"\n\s*\n", text):
    fields, last = {}, None
    for line in block.splitlines():
      if line.startswith("#"):
        continue
      if line[:1] in (" ", "\t") and last:
        fields[last] += "\n" + line
      elif ":" in line:
        last, _, value = line.partition(":")
        fields[last] = value.strip()
    if fields.get("Enabled", "yes").lower() != "no" and "URIs" in fields:
      yield fields


def _one_line_style(text):
  for line in text.splitlines():
    match = re.match(r"(deb|deb-src)\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.split("#")[0].strip())
    if not match:
      continue
    kind, options, uri, suite, components = match.groups()
    fields = {"Types": kind, "URIs": uri, "Suites": suite, "Components": components}
    for option in (options or "").split():
      key, _, value = option.partition("=")
      if key == "signed-by":
        fields["Signed-By"] = value
      elif key == "trusted":
        fields["Trusted"] = value
    yield fields


class PrivateApt:
  """An apt state of our own under the cache: its sources, its lists, its downloads."""

  def __init__(self, name, entries):
    self._root = CACHE / "apt" / name
    self._updated = False
    self._more = {}
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
      (self._root / folder).mkdir(parents=True, exist_ok=True)
    text = "\n".join("".join(f"{key}: {value}\n" for key, value in entry.items()) for entry in entries)
    (self._root / "parts/halyard.sources").write_text(text)

  @classmethod
  def for_sources(cls):
    """Source packages of the releases that recipes name."""
    return cls("sources", [_derive(_main_stanza(), "deb-src", suite) for suite in SOURCE_SUITES])

  @classmethod
  def for_backports(cls, codename):
    """Binary packages of this machine's release and of its backports."""
    own = [_derive(stanza, "deb", suite) for stanza, suite in _own_suites(codename)]
    return cls("backports", [*own, _derive(_main_stanza(), "deb", f"{codename}-backports")])

  @classmethod
  def for_architecture(cls, debian_arch, suite):
    """Binary packages of a suite for another architecture, to look into, not to install."""
    private = cls(f"{suite}-{debian_arch}", [{**_derive(_main_stanza(), "deb", suite), "Architectures": debian_arch}])
    private._more = {"APT::Architecture": debian_arch, "APT::Architectures": debian_arch, "Dir::State::status": "/dev/null"}
    return private

  def options(self):
    root = self._root
    settings = {
      "Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": root / "parts",
      "Dir::State::lists": root / "lists", "Dir::Cache": root / "cache",
      "APT::Sandbox::User": "root", "Acquire::Languages": "none", "APT::Get::List-Cleanup": "true",
      **self._more,
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

  def update(self, prefix=()):
    if self._updated:
      return
    run_logged([*prefix, "apt-get", *self.options(), "-q", "update"], BUILD / "log/apt-update.log",
               "check the network and the machine's apt sources, then run the command again")
    self._updated = True

  def source_versions(self, package):
    """The versions of a source package that can be fetched, oldest first."""
    text = subprocess.run(["apt-cache", *self.options(), "showsrc", "--only-source", package],
                          capture_output=True, text=True).stdout
    return re.findall(r"^Version: (\S+)$", text, re.MULTILINE)

  def dependencies(self, package):
    """What a package depends on directly."""
    text = subprocess.run(["apt-cache", *self.options(), "depends", package], capture_output=True, text=True).stdout
    return re.findall(r"^ +Depends: (\S+)$", text, re.MULTILINE)

  def download_binary(self, package, folder):
    folder.mkdir(parents=True, exist_ok=True)
    run_logged(["apt-get", *self.options(), "-q", "download", package], BUILD / f"log/fetch-{package}.log",
               "check the network, then run the command again", cwd=folder)

  @contextlib.contextmanager
  def unpacked(self, package, folder):
    """A binary package's tree, in a folder beside `folder` that is gone afterwards: take from it what is wanted."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    self.download_binary(package, partial)
    subprocess.run(["dpkg-deb", "-x", next(partial.glob("*.deb")), partial / "tree"], check=True)
    yield partial / "tree"
    shutil.rmtree(partial)

  def download_source(self, package, version, folder):
    folder.mkdir(parents=True, exist_ok=True)
    run_logged(["apt-get", *self.options(), "-q", "source", "--only-source", "--download-only",
                f"{package}={version}"], BUILD / f"log/fetch-{package}.log",
               "check the network, then run the command again", cwd=folder)


def _main_stanza():
  """The machine's entry for its own release, main archive."""
  codename = os_release().get("VERSION_CODENAME")
  for stanza, suite in _own_suites(codename):
    if suite == codename:
      return stanza
  raise Failure(f"no apt source for {codename} in /etc/apt", "add Debian's main archive to /etc/apt/sources.list")


def _own_suites(codename):
  seen = set()
  for stanza in _stanzas():
    for suite in stanza.get("Suites", "").split():
      known = suite in (codename, f"{codename}-updates", f"{codename}-security")
      if known and "main" in stanza.get("Components", "") and suite not in seen:
        seen.add(suite)
        yield stanza, suite


def _derive(stanza, kind, suite):
  entry = {"Types": kind, "URIs": stanza["URIs"].split()[0], "Suites": suite, "Components": "main"}
  for key in ("Signed-By", "Trusted"):
    if key in stanza:
      entry[key] = stanza[key]
  return entry


def sha256_of(path):
  with open(path, "rb") as file:
    return hashlib.file_digest(file, "sha256").hexdigest()


def installed():
  """{package: version} of everything installed, by one query."""
  listing = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\n"],
                           capture_output=True, text=True, check=True).stdout
  rows = (line.split() for line in listing.splitlines())
  return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "installed"}


def known(packages):
  """Those of `packages` that this machine's lists offer for installing."""
  text = subprocess.run(["apt-cache", "policy", *packages], capture_output=True, text=True).stdout
  offered = set()
  name = None
  for line in text.splitlines():
    if line and not line.startswith(" "):
      name = line.rstrip(":")
    elif line.strip().startswith("Candidate:") and "(none)" not in line:
      offered.add(name)
  return offered


def install(packages, private=None, release=None):
  """Installs packages without asking anything; from the private state's `release` where one is given."""
  prefix = [*as_root(), "env", *(f"{key}={value}" for key, value in NEVER_ASK.items())]
  options = private.options() if private else []
  target = ["-t", release] if release else []
  run_logged([*prefix, "apt-get", *options, "-q", "-y", "--no-install-recommends",
              "-o", "Dpkg::Options::=--force-confold", *target, "install", *packages],
             BUILD / "log/apt-install.log",
             "read build/log/apt-install.log; a broken state is mended by: apt-get -f install")


def ensure(packages):
  """Installs those of `packages` that are missing, from the machine's own release."""
  have = installed()
  missing = [package for package in packages if package not in have]
  if not missing:
    return
  with step(f"installing {len(missing)} Debian packages"):
    update_own()
    say("  " + " ".join(missing))
    install(missing)


def update_own():
  run_logged([*as_root(), "apt-get", "-q", "update"], BUILD / "log/apt-update.log",
             "check the network and the machine's apt sources, then run the command again")
