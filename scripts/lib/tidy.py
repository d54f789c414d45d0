"""scripts/tidy: clang-tidy on the kernel's and its drivers' code, by the checks of .clang-tidy.

Without --all only on the files that the last commits or the working copy changed. Portable code is looked at as one
architecture compiles it, the folder of another port as that port does. What it says of a file that has not changed since,
headers included, is remembered.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import arches
import build
from console import Failure, run_main, say, step
from paths import BUILD, ROOT

PROGRAMS = ("clang-tidy-19", "clang-tidy")
COMMITS = 20
# Of GCC's words those that clang lacks, or takes for its own architecture alone; and what stands in for them.
DROPPED = ("-mgeneral-regs-only", "-fno-use-cxa-atexit", "-mno-outline-atomics", "-fno-delete-null-pointer-checks")
ADDED = {"x86_64": ["-mno-sse", "-mno-mmx", "-mno-avx"], "aarch64": ["-mgeneral-regs-only"], "riscv64": []}
ANALYZER = ("clang-analyzer-*", "-clang-analyzer-optin.core.EnumCastOutOfRange", "-clang-analyzer-optin.performance.Padding",
            "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling")
FINDING = re.compile(r"^(\S+?):(\d+):(\d+): (?:warning|error): (.*)$")


def main():
  parser = argparse.ArgumentParser(prog="scripts/tidy", description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("arches", nargs="*", metavar="ARCH", help=f"{', '.join(arches.ARCHES)} or all (default: x86_64)")
  parser.add_argument("--all", action="store_true", help="every file; takes a quarter of an hour")
  parser.add_argument("--analyze", action="store_true", help="with clang's static analyzer, whose word needs judging")
  parser.add_argument("--since", metavar="REVISION", help=f"files that changed since (default: {COMMITS} commits ago)")
  options = parser.parse_args()
  program = next((name for name in PROGRAMS if shutil.which(name)), None)
  if not program:
    raise Failure("clang-tidy is not installed", "run scripts/setup --host-tools-only")
  chosen = arches.chosen(options.arches)
  wanted = None if options.all else changed(options.since)
  checker = Checker(program, ",".join(ANALYZER) if options.analyze else "")
  found = []
  for number, arch in enumerate(chosen):
    build.build(arch, "release")
    files = commands(arch, portable=number == 0)
    if wanted is not None:
      files = {file: command for file, command in files.items() if file in wanted}
    with step(f"clang-tidy on {len(files)} files of {arch.name}"):
      found += checker.check(arch, files)
  for line in sorted(set(found)):
    print(line)
  say(f"{len(set(found))} problems" if found else "no problems")
  return 1 if found else 0


def changed(since):
  """Paths in the project that differ from the revision, which is as far back as the history goes."""
  if since is None:
    depth = int(_git("rev-list", "--count", "--first-parent", "HEAD"))
    since = f"HEAD~{min(COMMITS, depth - 1)}"
  listing = _git("diff", "--name-only", since) + _git("ls-files", "--others", "--exclude-standard")
  return set(listing.splitlines())


def _git(*words):
  answer = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)
  if answer.returncode:
    raise Failure(f"git {words[0]}: {answer.stderr.strip()}", "run scripts/tidy in a clone, with a revision that it has")
  return answer.stdout


def commands(arch, portable):
  """{path in the project: command} for the files that the port compiles; without `portable`, those of its own folder."""
  folder = BUILD / arch.name / "meson-release"
  result = {}
  for entry in json.loads((folder / "compile_commands.json").read_text()):
    file = Path(os.path.normpath(folder / entry["file"]))
    if not file.is_relative_to(ROOT) or file.is_relative_to(BUILD):
      continue
    name = file.relative_to(ROOT).as_posix()
    if file.suffix in (".c", ".cpp") and (portable or name.startswith(f"arch/{arch.name}/")):
      result[name] = _for_clang(arch, entry["command"], file.suffix)
  return result


def _for_clang(arch, command, suffix):
  words = [word for word in shlex.split(command)[1:] if word not in DROPPED and not word.startswith(("-W", "-fdiagnostics"))]
  language = ["clang++", "-D_GNU_SOURCE"] if suffix == ".cpp" else ["clang"]
  return [*language, f"--target={arch.name}-unknown-none-elf", *words, *ADDED[arch.name]]


class Checker:
  """Runs clang-tidy, and remembers which files it had nothing to say of."""

  def __init__(self, program, more_checks):
    self._program = program
    self._more_checks = more_checks
    self._headers = _digest_of_headers() + more_checks

  def check(self, arch, files):
    """What clang-tidy says of the files, a line each."""
    folder = BUILD / "tidy" / arch.name
    folder.mkdir(parents=True, exist_ok=True)
    where = BUILD / arch.name / "meson-release"
    database = [{"directory": str(where), "file": str(ROOT / name), "arguments": words} for name, words in files.items()]
    (folder / "compile_commands.json").write_text(json.dumps(database))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
      answers = pool.map(lambda name: self._check_file(folder, where, name, files[name]), files)
      return [line for lines in answers for line in lines]

  def _check_file(self, folder, where, name, words):
    stamp = folder / (name.replace("/", "+") + ".clean")
    key = hashlib.sha256((self._headers + " ".join(words) + (ROOT / name).read_text()).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
      return []
    answer = subprocess.run([self._program, "-p", folder, "--quiet", f"--checks={self._more_checks}",
                             f"--header-filter={ROOT}/(arch|drivers|fs|hal|kernel|net)/.*", ROOT / name],
                            capture_output=True, text=True)
    lines = list(_findings(answer.stdout, where))
    if answer.returncode and not lines:
      lines = [f"{name}: clang-tidy ended with status {answer.returncode}: {answer.stderr.strip()[-300:]}"]
    if not lines:
      stamp.write_text(key)
    return lines


def _digest_of_headers():
  """Of all headers and of the checks: whichever changes, everything is looked at again."""
  digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
  for name in sorted(_git("ls-files", "*.h", "*.hpp").splitlines()):
    if (ROOT / name).exists():
      digest.update((ROOT / name).read_bytes())
  return digest.hexdigest()


def _findings(text, where):
  for line in text.splitlines():
    match = FINDING.match(line)
    if match:
      file = os.path.relpath(os.path.normpath(where / match[1]), ROOT)
      yield f"{file}:{match[2]}: {match[4].replace(',-warnings-as-errors', '')}"


if __name__ == "__main__":
  run_main(main)
