"""scripts/lint: checks form (clang-format), the direction of includes, headers that C must be able to read, and that every
architecture has the same tests.

The rules are those of docs/architecture.md. What breaks one on purpose stands in scripts/lint-exceptions.txt as
`RULE FILE WHAT`; that list may only shrink: a new line in it fails, and so does one that is no longer needed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from console import Failure, run_main, say, step
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests/support"))

import absences  # noqa: E402

EXCEPTIONS = ROOT / "scripts/lint-exceptions.txt"
FORMATTERS = ("clang-format-19", "clang-format")
CODE_FOLDERS = ("arch", "hal", "kernel", "drivers", "fs", "net", "userland", "tests")
CODE_SUFFIXES = (".c", ".h", ".cpp", ".hpp", ".S")
LARGE_FILE = 350

# What each port has under this name (docs/porting.md), so that a reader of one finds the way in the others.
PORT_FILES = ("asm.h", "boot.S", "boot.hpp", "boot_info.cpp", "boot_paging.cpp", "bus.cpp", "console.cpp", "context.S",
              "context.cpp", "cpu.cpp", "cpu.hpp", "cpu_info.cpp", "fpu.cpp", "fpu.hpp", "io.cpp", "irq.cpp", "linker.ld",
              "memory.S", "meson.build", "mmu.cpp", "power.cpp", "rtc.cpp", "signal_frame.hpp", "smp.cpp", "tick.hpp",
              "timer.cpp", "trap.cpp", "trap.hpp", "trap_entry.S", "user_abi.cpp", "user_access.S", "vdso.S", "vdso.map",
              *(f"include/arch_impl/{name}.hpp" for name in ("context", "counter", "cpu", "layout", "pte", "trap_frame",
                                                             "user_abi", "vdso")))

# Rooms of the kernel, lowest first; a room includes those of its own rank and below.
RANKS = [("lib",), ("diag",), ("sync",), ("mm",), ("sched",), ("time", "vdso"),
         ("random", "block", "tty", "device", "fs", "net"), ("ipc",), ("proc",), ("syscall",), ("init",)]
RANK_OF = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
ARCH_MACRO = re.compile(r"__x86_64__|__aarch64__|__riscv|__i386__|__amd64__")
ASSEMBLY = re.compile(r"\b(asm|__asm__)\b\s*(volatile|__volatile__)?\s*\(")
HIDDEN_ABSENCE = re.compile(r"skipif\(|^if machine\.ARCH\.name", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(arch_impl/[^>]+)>)', re.MULTILINE)


@dataclass(frozen=True)
class Finding:
  rule: str
  file: str
  what: str

  def __str__(self):
    return f"{self.rule} {self.file} {self.what}"


def main():
  parser = argparse.ArgumentParser(prog="scripts/lint", description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--fix", action="store_true", help="let clang-format rewrite the files it objects to")
  parser.add_argument("--sizes", action="store_true", help="list the largest files as well")
  options = parser.parse_args()
  files = code_files()
  with step(f"checking {len(files)} files"):
    findings = [*check_format(files, options.fix), *check_includes(files), *check_c_headers(files), *check_absences(),
                *check_ports()]
  if options.sizes:
    report_sizes(files)
  return report(findings)


def check_absences():
  """Cases that an architecture lacks stand in tests/absences.txt, which does not grow."""
  limit, listed = absences.read()
  file = absences.FILE.relative_to(ROOT).as_posix()
  if len(listed) > limit:
    yield Finding("absences", file, f"has {len(listed)} lines, and may have {limit}")
  for absence in listed:
    test = ROOT / "tests" / absence.file
    if not test.exists() or f"def {absence.case}" not in test.read_text():
      yield Finding("absences", file, f"names {absence.file} {absence.case}, which is not there")
  for test in sorted((ROOT / "tests").glob("*/test_*.py")):
    if HIDDEN_ABSENCE.search(test.read_text()):
      yield Finding("absences", test.relative_to(ROOT).as_posix(), "leaves out cases by itself; say it in tests/absences.txt")


def check_ports():
  """The ports have the same files where they have the same subjects."""
  for port in sorted((ROOT / "arch").iterdir()):
    for name in PORT_FILES:
      if not (port / name).exists():
        yield Finding("port", port.relative_to(ROOT).as_posix(), f"has no {name}")


def code_files():
  """The code that git tracks or would track."""
  listing = _git("ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", *CODE_FOLDERS)
  if listing.returncode:
    raise Failure("this is no git checkout, so it is unknown which files to check", "run scripts/lint in a clone")
  return sorted(name for name in listing.stdout.splitlines() if name.endswith(CODE_SUFFIXES) and (ROOT / name).exists())


def _git(*words):
  return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)


def check_format(files, fix):
  formatter = next((name for name in FORMATTERS if shutil.which(name)), None)
  if not formatter:
    raise Failure("clang-format is not installed", "run scripts/setup --host-tools-only")
  # Assembler has no form that clang-format knows.
  files = [name for name in files if not name.endswith(".S")]

  def differs(name):
    action = ["-i"] if fix else ["--dry-run", "--Werror"]
    return subprocess.run([formatter, *action, ROOT / name], capture_output=True).returncode != 0

  with ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, bad in zip(files, pool.map(differs, files)):
      if bad:
        yield Finding("format", name, f"run: {formatter} -i {name}")


def check_includes(files):
  """Who may include whom, and where architecture macros and assembly may stand."""
  for name in files:
    text = (ROOT / name).read_text(errors="replace")
    for match in INCLUDE.finditer(text):
      target = match[1] or match[2]
      if match[1] and (ROOT / name).parent.joinpath(target).exists() and "/" not in target:
        target = str(Path(name).parent / target)
      if not may_include(name, target):
        yield Finding("include", name, target)
    top = name.split("/")[0]
    if top in ("kernel", "fs", "net", "drivers", "hal") and ARCH_MACRO.search(text):
      yield Finding("arch-macro", name, ARCH_MACRO.search(text)[0])
    if top == "drivers" and (name.endswith(".S") or ASSEMBLY.search(text)):
      yield Finding("driver-assembly", name, "assembly")


def may_include(name, target):
  """Whether the file `name` may include the project's file `target` (design rules, one line each)."""
  top, to = name.split("/")[0], target.split("/")[0]
  if to == "gen":
    return top in ("kernel", "tests")
  if top == "hal":
    return to == "hal" if name.endswith(".h") else to in ("hal", "arch_impl") or target.startswith("kernel/lib/")
  if top == "arch":
    own = "/".join(name.split("/")[:2]) + "/"
    return to in ("hal", "arch_impl") or target.startswith(("kernel/lib/", own))
  if top == "drivers":
    return to in ("hal", "drivers") or target == "kernel/driver_loader.h"
  if top in ("kernel", "fs", "net"):
    return to in ("hal", "kernel", "fs", "net") and _goes_down(name, target)
  return True


def _goes_down(name, target):
  """Inside the kernel, includes go to the same rank or below. hal/ is below all of it."""
  source, destination = _rank(name), _rank(target)
  return source is None or destination is None or destination <= source


def _rank(name):
  parts = name.split("/")
  if parts[0] in ("fs", "net"):
    return RANK_OF[parts[0]]
  return RANK_OF.get(parts[1]) if parts[0] == "kernel" and len(parts) > 2 else None


def check_c_headers(files):
  """A .h file of the HAL can be included by a driver that is written in C."""
  headers = [name for name in files if name.endswith(".h") and name.split("/")[0] in ("hal", "kernel", "drivers")]

  def rejected(name):
    run = subprocess.run(["gcc", "-std=gnu17", "-ffreestanding", "-fsyntax-only", "-I", ROOT, "-x", "c", ROOT / name],
                         capture_output=True, text=True)
    errors = [line.split("error: ")[-1] for line in run.stderr.splitlines() if "error:" in line]
    return errors[0] if run.returncode else None

  with ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, error in zip(headers, pool.map(rejected, headers)):
      if error is not None:
        yield Finding("c-header", name, error)


def report_sizes(files):
  lines = sorted(((len((ROOT / name).read_bytes().splitlines()), name) for name in files), reverse=True)
  over = [row for row in lines if row[0] > LARGE_FILE]
  say(f"{len(over)} of {len(lines)} files have more than {LARGE_FILE} lines; the largest:")
  for count, name in lines[:10]:
    say(f"  {count:5} {name}")


def report(findings):
  """Prints what is not excepted; returns the exit status."""
  excepted = _exceptions(EXCEPTIONS.read_text() if EXCEPTIONS.exists() else "")
  before = _git("show", "HEAD:scripts/lint-exceptions.txt")
  problems = [str(finding) for finding in findings if str(finding) not in excepted]
  unused = excepted - {str(finding) for finding in findings}
  problems += [f"exception no longer needed, remove it: {line}" for line in sorted(unused)]
  if before.returncode == 0:
    added = excepted - _exceptions(before.stdout)
    problems += [f"the list of exceptions may only shrink: {line}" for line in sorted(added)]
  for problem in problems:
    print(problem)
  say(f"{len(problems)} problems" if problems else "no problems")
  return 1 if problems else 0


def _exceptions(text):
  return {line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")}


if __name__ == "__main__":
  run_main(main)
