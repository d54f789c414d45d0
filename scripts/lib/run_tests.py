"""scripts/test: installs, builds, runs all tests, and closes with one line: N passed, N failed.

Suites are `unit` (GoogleTest programs from tests/unit and fuzzers from tests/fuzz, on this machine) and each other
folder under tests/ that has test_*.py files, run by pytest once for each architecture. tests/required.txt says how many
cases a suite must run:

  SUITE COUNT [once]      `once`: the suite does not depend on the architecture
  SUITE COUNT ARCH        another number for this architecture, which has cases of its own

pytest suites find the architecture in HALYARD_ARCH, the kernel's kind in HALYARD_KIND, and 1 in HALYARD_QUICK when
only a short answer is wanted (`@pytest.mark.slow` cases, fuzzers and SLOW_UNIT_CASES are left out then).

Beside the kind that is asked for, the debug kernel runs the guest cases and tests/debug, which is for that kernel alone,
on one architecture in turn, by the commit.
"""

import argparse
import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

import arches
import build
import setup
from console import Failure, run_main, say, step
from paths import BUILD, ROOT

TESTS = ROOT / "tests"
RESULTS = BUILD / "log/tests"
UNIT = "unit"
WITHOUT_CASES = "without-cases"  # Meson's suite of programs that are one case each, and write no list of them
DEBUG_ONLY = "debug"
SLOW_UNIT_CASES = "*PowerCut*"  # a file system after each of some thousand ends of power


@dataclass
class Count:
  """How many cases ran, by result. A skipped case counts as neither."""
  passed: int = 0
  failed: int = 0

  def __iadd__(self, other):
    self.passed += other.passed
    self.failed += other.failed
    return self


@dataclass
class Required:
  count: int
  once: bool = False
  by_arch: dict = field(default_factory=dict)

  def on(self, arch):
    """What is required on an architecture."""
    return Required(self.by_arch.get(arch.name, self.count), self.once)


def main():
  parser = argparse.ArgumentParser(
    prog="scripts/test", description="Installs, builds and runs all tests; the last line is: N passed, N failed.")
  parser.add_argument("arches", nargs="*", metavar="ARCH", help=f"{', '.join(arches.ARCHES)} or all (default: x86_64)")
  parser.add_argument("--quick", action="store_true", help="leave out slow cases; the answer comes in minutes")
  build.add_kind(parser)
  options = parser.parse_args()
  chosen = arches.chosen(options.arches)
  total = Count()
  try:
    required = read_required()
    setup.install_packages(chosen)
    total += run_unit(required, options.quick)
    for arch in chosen:
      build.build(arch, options.kind)
    for suite in pytest_suites():
      once = suite in required and required[suite].once
      for arch in chosen[:1] if once else chosen:
        total += run_pytest(suite, arch, options, required.get(suite))
    if options.kind == "release" and not options.quick:
      total += run_debug_round(chosen, options, required)
  except Failure as failure:
    say(f"error: {failure}" + (f" (next: {failure.next_step})" if failure.next_step else ""))
    total.failed += 1
  print(f"{total.passed} passed, {total.failed} failed", flush=True)
  return 1 if total.failed or not total.passed else 0


def read_required():
  """{suite: Required} from tests/required.txt."""
  file = TESTS / "required.txt"
  required = {}
  for line in file.read_text().splitlines() if file.exists() else ():
    words = line.split("#")[0].split()
    if len(words) > 2 and words[2] in arches.ARCHES:
      required[words[0]].by_arch[words[2]] = int(words[1])
    elif words:
      required[words[0]] = Required(int(words[1]), "once" in words[2:])
  missing = [suite for suite in required if suite not in (UNIT, DEBUG_ONLY, *pytest_suites())]
  if missing or (UNIT in required and not (TESTS / "unit/meson.build").exists()):
    raise Failure(f"tests/required.txt names suites that do not exist: {', '.join(missing) or UNIT}")
  return required


def pytest_suites():
  folders = {file.parent.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
  return sorted(folders - {DEBUG_ONLY})


def run_debug_round(chosen, options, required):
  """The guest cases and the seeded faults with the debug kernel, on the architecture whose turn it is."""
  commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
  arch = chosen[int(commit[:8] or "0", 16) % len(chosen)]
  total = Count()
  build.build(arch, "debug")
  debug = argparse.Namespace(**{**vars(options), "kind": "debug"})
  for suite in ("guest", DEBUG_ONLY):
    total += run_pytest(suite, arch, debug, required.get(suite))
  return total


def run_unit(required, quick):
  """The programs that Meson knows as tests: GoogleTest's, and fuzzers for a fixed number of runs, unless `quick`."""
  total = Count()
  if not (TESTS / "unit/meson.build").exists():
    return total
  tests = _meson_tests(build.build_host_tests())
  if not quick:
    tests += _meson_tests(build.build_fuzzers())
  with step(f"unit tests: {len(tests)} programs"):
    for test in tests:
      total += _run_unit_program(test, quick)
  return _hold_to(total, UNIT, None if quick else required.get(UNIT))


def _meson_tests(folder):
  listing = subprocess.run(["/usr/bin/meson", "introspect", "--tests", folder], capture_output=True, check=True)
  return json.loads(listing.stdout)


def _run_unit_program(test, quick):
  results = RESULTS / f"unit-{test['name']}.xml"
  results.unlink(missing_ok=True)
  environment = {**os.environ, **test["env"], "GTEST_OUTPUT": f"xml:{results}"}
  if quick:
    environment["GTEST_FILTER"] = "-" + SLOW_UNIT_CASES
  status = _run_to_log(test["cmd"], f"unit-{test['name']}", environment, test.get("timeout") or 300)
  count = _count(results)
  if any(suite.endswith(WITHOUT_CASES) for suite in test["suite"]) and not status:
    return Count(passed=1)
  if status and not count.failed:  # a crash, or a leak found at exit
    say(f"{test['name']}: ended with status {status}")
    count.failed += 1
  return count


def run_pytest(suite, arch, options, required):
  """One folder of pytest cases against one architecture."""
  kind = "-debug" if options.kind == "debug" else ""
  name = suite if required and required.once else f"{suite}-{arch.name}{kind}"
  results = RESULTS / f"{name}.xml"
  results.unlink(missing_ok=True)
  environment = {**os.environ, "HALYARD_ARCH": arch.name, "HALYARD_KIND": options.kind,
                 "HALYARD_QUICK": "1" if options.quick else "0"}
  command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}",
             *(["-m", "not slow"] if options.quick else []), TESTS / suite]
  with step(f"tests/{suite} on {arch.name}{kind}"):
    status = _run_to_log(command, name, environment)
  count = _count(results)
  if status not in (0, 5) and not count.failed:  # 5: no case was chosen
    say(f"{name}: pytest ended with status {status}")
    count.failed += 1
  return _hold_to(count, name, required.on(arch) if required and not options.quick else None)


def _hold_to(count, name, required):
  """Fewer cases than the suite must run are a failure: a test that vanished passes nothing."""
  if required and count.passed + count.failed < required.count:
    say(f"{name}: {count.passed + count.failed} cases ran, tests/required.txt wants {required.count}")
    count.failed += 1
  say(f"{name}: {count.passed} passed, {count.failed} failed")
  return count


def _run_to_log(command, name, environment, timeout=None):
  """Runs a suite with its output in build/log/tests; shows the output's end when it fails."""
  RESULTS.mkdir(parents=True, exist_ok=True)
  log = RESULTS / f"{name}.log"
  with open(log, "wb") as out:
    try:
      status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment,
                              cwd=ROOT, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
      status = 124
  if status not in (0, 5):
    for line in log.read_text(errors="replace").splitlines()[-60:]:
      say("  | " + line)
    say(f"  all of it: {os.path.relpath(log)}")
  return status


def _count(results):
  """Cases in a JUnit file, which pytest and GoogleTest both write."""
  count = Count()
  if not results.exists():
    return count
  for case in ElementTree.parse(results).iter("testcase"):
    children = {child.tag for child in case}
    if children & {"failure", "error"}:
      count.failed += 1
    elif "skipped" not in children and case.get("status", "run") == "run":
      count.passed += 1
  return count


if __name__ == "__main__":
  run_main(main)
