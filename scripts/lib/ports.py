"""Third-party programs and libraries: built once from pinned Debian sources, kept in a cache, unpacked per tree.

A recipe is a folder userland/ports/NAME with two files:

- recipe.toml   `into`: where the result goes: "sysroot" (build/ARCH/sysroot), "port" (build/ARCH/ports/NAME) or
                "shared" (build/shared/NAME, the same for all architectures);
                `depends`: recipes whose results must be there to build this one;
                `packages`: {arch = Debian package} whose installed version the result depends on;
                `unpack`: false where build.sh unpacks the downloaded files itself;
                `host_packages`: Debian packages that only building it needs;
                `[[source]]`: package, version and dsc_sha256 of a Debian source package (`when_gcc` limits an
                entry to one major version of the compiler). The .dsc names the SHA-256 of the other files;
                `[binary]`: instead, package, suite, version and deb_sha256 of a Debian package that is for all
                architectures; it is looked into, never installed.
- build.sh      run by bash -eu in an empty folder, with ARCH TRIPLE SOURCE DOWNLOADS OUT SYSROOT SHARED PORTS JOBS.
                It leaves in OUT what is to be unpacked.

A result's key is a hash over the recipe's files, its sources, the compiler's version and the keys of what it
depends on; the archive in the cache carries the key in its name, and so does the stamp beside what is unpacked.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tomllib

import apt
from console import Failure, run_logged, step, warn
from locks import locked
from paths import BUILD, CACHE, PORTS

ARCHIVES = CACHE / "ports"
DOWNLOADS = CACHE / "sources"
KEY_LENGTH = 24

FOR_KERNEL = ["musl", "libstdcxx-headers", "kernel-include", "libfdt", "lwip", "libsodium", "console-font"]
FOR_USERLAND = ["linux-headers", "toolchain", "busybox", "e2fsprogs", "dash", "lua", "numactl",
                "sqlite", "libsodium-guest", "mbedtls", "curl"]


def jobs():
  return os.environ.get("HALYARD_JOBS") or str(os.cpu_count() or 1)


@functools.cache
def compiler_version(triple):
  try:
    run = subprocess.run([f"{triple}-gcc", "--version"], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[0]
  except FileNotFoundError:
    raise Failure(f"{triple}-gcc is not installed", "run scripts/setup all --host-tools-only")


@functools.cache
def compiler_major():
  return int(subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.split(".")[0])


class Recipe:
  """One recipe, as its files say."""

  def __init__(self, name):
    self.name = name
    self.folder = PORTS / name
    try:
      self._fields = tomllib.loads((self.folder / "recipe.toml").read_text())
    except FileNotFoundError:
      raise Failure(f"there is no recipe {name} in userland/ports")
    self.into = self._fields["into"]
    self.depends = self._fields.get("depends", [])
    self.unpack = self._fields.get("unpack", True)
    self.host_packages = self._fields.get("host_packages", [])
    self.binary = self._fields.get("binary")

  @property
  def shared(self):
    return self.into == "shared"

  @functools.cached_property
  def source(self):
    """The source entry that fits the installed compiler, or None."""
    entries = self._fields.get("source", [])
    for entry in entries:
      if entry.get("when_gcc", compiler_major()) == compiler_major():
        return entry
    if entries:
      raise Failure(f"{self.name} has no source for GCC {compiler_major()}",
                    f"add one to userland/ports/{self.name}/recipe.toml")
    return None

  def tree(self, arch):
    """The folder that the result is unpacked into."""
    if self.shared:
      return BUILD / "shared" / self.name
    return BUILD / arch.name / ("sysroot" if self.into == "sysroot" else f"ports/{self.name}")

  def label(self, arch):
    return self.name if self.shared else f"{self.name} for {arch.name}"

  def slug(self, arch):
    return self.name if self.shared else f"{self.name}-{arch.name}"

  def key(self, arch):
    return _key(self, None if self.shared else arch)

  def fingerprint(self, arch):
    """What the result depends on besides other recipes, as lines of text."""
    for file in sorted(self.folder.iterdir()):
      yield f"{file.name} {apt.sha256_of(file)}"
    if self.source:
      yield f"source {self.source['package']} {_substituted(self.source) or self.source['dsc_sha256']}"
    if self.binary:
      yield f"binary {self.binary['package']} {self.binary['deb_sha256']}"
    if not self.shared:
      yield f"arch {arch.name} {compiler_version(arch.triple)}"
      package = self._fields.get("packages", {}).get(arch.name)
      if package:
        yield f"package {package} {apt.installed().get(package)}"


@functools.cache
def recipe(name):
  return Recipe(name)


@functools.cache
def _key(this, arch):
  lines = [*this.fingerprint(arch), *(f"needs {name} {recipe(name).key(arch)}" for name in this.depends)]
  return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:KEY_LENGTH]


def install(names, arch):
  """Makes sure that the results of these recipes are unpacked in the build tree; builds what the cache lacks."""
  for name in names:
    _install(recipe(name), arch)


def _install(this, arch):
  tree = this.tree(arch)
  stamp = tree.parent / ".stamps" / this.slug(arch)
  if _stamped(stamp) == this.key(arch):
    return
  with locked(stamp.with_suffix(".lock")):
    if not _archive(this, arch).exists():
      install(this.depends, arch)
      if this.source:
        fetch(this.source)
      _key.cache_clear()  # a source that had to be substituted changes the keys of all that use it
    archive = _archive(this, arch)
    if not archive.exists():
      _build(this, arch, archive)
    _unpack(archive, tree, stamp, this.key(arch))


def _stamped(stamp):
  return stamp.read_text().split("\n", 1)[0] if stamp.exists() else None


def _archive(this, arch):
  return ARCHIVES / f"{this.slug(arch)}-{this.key(arch)}.tar.zst"


def _unpack(archive, tree, stamp, key):
  """Replaces an earlier result, whose files the stamp lists, by this one."""
  if stamp.exists():
    for line in stamp.read_text().splitlines()[1:]:
      (tree / line).unlink(missing_ok=True)
    stamp.unlink()
  tree.mkdir(parents=True, exist_ok=True)
  listing = subprocess.run(["tar", "--zstd", "-xvf", archive, "-C", tree], capture_output=True, text=True, check=True)
  files = [line for line in listing.stdout.splitlines() if not line.endswith("/")]
  stamp.write_text("\n".join([key, *files]) + "\n")


def _build(this, arch, archive):
  if this.host_packages:
    apt.ensure(this.host_packages)
  with locked(ARCHIVES / f"{this.slug(arch)}.lock"):
    if archive.exists():
      return
    with step(f"building {this.label(arch)}"):
      work = BUILD / "work" / this.slug(arch)
      shutil.rmtree(work, ignore_errors=True)
      (work / "build").mkdir(parents=True)
      (work / "out").mkdir()
      environment = _environment(this, arch, work)
      run_logged(["bash", "-eu", "-o", "pipefail", this.folder / "build.sh"], BUILD / f"log/port-{this.slug(arch)}.log",
                 f"read build/log/port-{this.slug(arch)}.log", cwd=work / "build", env=environment)
      _pack(work / "out", archive)
      shutil.rmtree(work)


def _environment(this, arch, work):
  environment = {
    "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0",
    "ARCH": arch.name, "TRIPLE": arch.triple, "OUT": str(work / "out"), "JOBS": jobs(), "PORTS": str(PORTS),
    "SYSROOT": str(BUILD / arch.name / "sysroot"), "SHARED": str(BUILD / "shared"), "TREE": str(BUILD / arch.name),
  }
  if this.source:
    folder = fetch(this.source)
    environment["DOWNLOADS"] = str(folder)
    environment["SOURCE"] = str(work / "source")
    if this.unpack:
      run_logged(["dpkg-source", "--no-check", "-x", next(folder.glob("*.dsc")), work / "source"],
                 BUILD / f"log/unpack-{this.slug(arch)}.log")
  if this.binary:
    environment["DOWNLOADS"] = str(fetch_binary(this.binary))
  return environment


def _pack(out, archive):
  """The same files make the same archive, whoever packs them and when."""
  partial = archive.with_suffix(".partial")
  archive.parent.mkdir(parents=True, exist_ok=True)
  subprocess.run(["tar", "--use-compress-program=zstd -T0 -6", "--sort=name", "--owner=0", "--group=0",
                  "--numeric-owner", "--mtime=@0", "-C", out, "-cf", partial, "."], check=True)
  partial.rename(archive)


def fetch(source):
  """The folder with a source package's files, downloaded once and verified each time it is used to build."""
  folder = _source_folder(source)
  with locked(DOWNLOADS / f"{source['package']}.lock"):
    if not (folder / "version").exists():
      _download(source, folder)
    pinned = (folder / "version").read_text() == source["version"]
    _verify(folder, source["dsc_sha256"] if pinned else None)
  return folder


def fetch_binary(binary):
  """The folder with a binary package, downloaded once and compared with its pin each time it is used."""
  package, version = binary["package"], binary["version"]
  folder = DOWNLOADS / f"{package}_{version}"
  with locked(DOWNLOADS / f"{package}.lock"):
    if not folder.exists():
      with step(f"fetching {package} {version}"):
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        state = apt.PrivateApt.for_architecture("amd64", binary["suite"])
        state.update()
        state.download_binary(package, partial)
        partial.rename(folder)
    deb = next(folder.glob("*.deb"))
    if apt.sha256_of(deb) != binary["deb_sha256"]:
      if f"_{_without_epoch(version)}_" in deb.name:
        raise Failure(f"{deb.name} is not the file that the recipe pins", f"remove {folder} and try again")
      warn(f"{package} {version} is gone from the archive; taking {deb.name}, which nobody has pinned")
  return folder


def _source_folder(source):
  return DOWNLOADS / f"{source['package']}_{_without_epoch(source['version'])}"


def _without_epoch(version):
  return re.sub(r"^\d+:", "", version)


def _substituted(source):
  """The hash of what was fetched in place of a pinned version that had gone, else None."""
  folder = _source_folder(source)
  if not (folder / "version").exists() or (folder / "version").read_text() == source["version"]:
    return None
  return apt.sha256_of(next(folder.glob("*.dsc")))


def _download(source, folder):
  """Fetches the pinned version, or with a warning the newest of the same upstream release that is left."""
  package, version = source["package"], source["version"]
  state = apt.PrivateApt.for_sources()
  state.update()
  offered = state.source_versions(package)
  if not offered:
    raise Failure(f"the archive has no source package {package}", "check the network and build/log/apt-update.log")
  if version not in offered:
    upstream = _without_epoch(version).rsplit("-", 1)[0]
    same = [other for other in offered if _without_epoch(other).rsplit("-", 1)[0] == upstream]
    substitute = (same or offered)[-1]
    warn(f"{package} {version} is gone from the archive; taking {substitute}, which nobody has pinned")
    version = substitute
  partial = folder.with_suffix(".partial")
  shutil.rmtree(partial, ignore_errors=True)
  with step(f"fetching the source of {package} {version}"):
    state.download_source(package, version, partial)
  (partial / "version").write_text(version)
  partial.rename(folder)


def _verify(folder, dsc_sha256):
  """Checks the .dsc against the pin (where there is one), and every other file against the .dsc."""
  dsc = next(folder.glob("*.dsc"))
  retry = f"remove {folder} and try again"
  if dsc_sha256 and apt.sha256_of(dsc) != dsc_sha256:
    raise Failure(f"{dsc.name} is not the file that the recipe pins", retry)
  sums = dsc.read_text().partition("Checksums-Sha256:")[2]
  for digest, name in re.findall(r"^ ([0-9a-f]{64}) \d+ (\S+)$", sums, re.MULTILINE):
    file = folder / name
    if not name.endswith(".asc") and (not file.exists() or apt.sha256_of(file) != digest):
      raise Failure(f"{name} is damaged or missing", retry)
