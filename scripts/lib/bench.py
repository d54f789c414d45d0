"""scripts/bench: the same operations on Halyard and on Debian's Linux, in the same QEMU, by the same program.

Two yardsticks, because one does not tell all: instructions, counted by QEMU (`-icount`), which repeat exactly; and the
time of the host's processor, medians of several boots in turn, which knows what emptying a translation cache costs.
One CPU, 512 MiB, the CPU model and the command line at which Linux is at its best under emulation. No verdict depends
on time.
"""

import argparse
import json
import os
import selectors
import statistics
import subprocess
import time

import arches
import build
import debian_linux
import mkcpio
import setup
from console import Failure, run_main, say, step
from paths import BUILD

MEMORY_KIB = 512 * 1024
COUNTED_NS = 20_000_000  # one instruction is a nanosecond there
TIMED_NS = 200_000_000
PATIENCE = 900
MACHINES = {"x86_64": "q35", "aarch64": "virt,gic-version=3", "riscv64": "virt"}
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]


def main():
  parser = argparse.ArgumentParser(
    prog="scripts/bench", description="Prints a table: Halyard beside Debian's Linux, in instructions and in time of the "
    "host's processor. Smaller is better; a ratio below 1 means that Halyard needs less.")
  parser.add_argument("arches", nargs="*", metavar="ARCH", help=f"{', '.join(arches.ARCHES)} or all (default: x86_64)")
  parser.add_argument("--rounds", type=int, default=3, metavar="N", help="boots of each kernel for the times (default: 3; "
                      "0: instructions only)")
  parser.add_argument("--only", metavar="TEXT", default="", help="only operations with this in their names")
  parser.add_argument("--without-linux", action="store_true", help="measure Halyard alone")
  options = parser.parse_args()
  for arch in arches.chosen(options.arches):
    setup.install_packages([arch])
    build.build(arch, "release")
    bench(arch, options)
  return 0


def bench(arch, options):
  initramfs = make_initramfs(arch)
  kernels = {"halyard": (BUILD / arch.name / "kernel", "")}
  version = None
  if not options.without_linux:
    rival = debian_linux.RIVALS[arch.name]
    file, version = debian_linux.kernel(arch)
    kernels["linux"] = (file, f"console={rival.console} {rival.fair}")
  load = f"bench.only={options.only}" if options.only else ""
  readings = {}
  for name, (kernel, words) in kernels.items():
    with step(f"{arch.name}: counting instructions of {name}"):
      readings[name] = Reading(run(arch, kernel, initramfs, f"quiet {words} {load} bench.ns={COUNTED_NS}", ICOUNT), [])
  for turn in range(options.rounds):
    for name, (kernel, words) in kernels.items():
      with step(f"{arch.name}: timing {name}, {turn + 1} of {options.rounds}"):
        readings[name].timed.append(run(arch, kernel, initramfs, f"quiet {words} {load} bench.ns={TIMED_NS}", []))
  figures = table(readings, {name: kernel.stat().st_size for name, (kernel, _) in kernels.items()})
  keep(arch, version, figures)
  show(arch, version, figures)


def make_initramfs(arch):
  program = BUILD / arch.name / "meson-userland/tests/bench/bench"
  entries = [mkcpio.Entry("/dev", 0o40755), mkcpio.Entry("/dev/console", 0o20600, device=(5, 1)),
             mkcpio.Entry("/init", 0o100755, data=program.read_bytes())]
  file = BUILD / arch.name / "bench.cpio"
  file.write_bytes(mkcpio.archive(entries))
  return file


class Run:
  """One boot: what each operation took by the guest's clock and by the host's processor, in nanoseconds."""

  def __init__(self):
    self.guest = {}
    self.host = {}
    self.boot_s = None
    self.free_kib = None


class Reading:
  def __init__(self, counted, timed):
    self.counted = counted
    self.timed = timed

  def instructions(self, name):
    return self.counted.guest.get(name)

  def host_ns(self, name):
    values = [run.host[name] for run in self.timed if name in run.host]
    return statistics.median(values) if values else None


def run(arch, kernel, initramfs, command_line, extra):
  rival = debian_linux.RIVALS[arch.name]
  words = [arch.qemu, "-machine", MACHINES[arch.name], "-accel", "tcg", "-cpu", rival.cpu, "-smp", "1",
           "-m", f"{MEMORY_KIB}K", "-display", "none", "-nodefaults", "-no-reboot", "-monitor", "none", "-serial", "stdio",
           "-kernel", kernel, "-initrd", initramfs, "-append", command_line, *extra]
  began = time.monotonic()
  qemu = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
  try:
    return listen(qemu, began, BUILD / f"log/bench-{arch.name}-{kernel.name}.log")
  finally:
    qemu.kill()
    qemu.wait()


def listen(qemu, began, log):
  """Follows the benchmark's lines; the processor's clock is read when they come."""
  result, finished, started = Run(), False, 0
  processor = ~qemu.pid << 3 | 2  # the clock of a process's processor time: clock_getcpuclockid(3)
  with open(log, "w", encoding="utf-8") as copy:
    for line in lines_of(qemu.stdout, began + PATIENCE):
      copy.write(line + "\n")
      words = line.split()
      if words[:1] != ["bench:"]:
        continue
      now = time.clock_gettime(processor)
      if words[1] == "init":
        result.boot_s = time.monotonic() - began
      elif words[1] == "memory":
        result.free_kib = int(words[3])
      elif words[1] == "begin":
        started = now
      elif words[1] == "end":
        operations = int(words[3])
        result.guest[words[2]] = int(words[4]) / operations
        result.host[words[2]] = (now - started) * 1e9 / operations
      elif words[1] == "failed":
        say(f"  {line}")
      elif words[1] == "done":
        finished = True
        break
  if not finished:
    raise Failure("the benchmark did not come to its end", f"read {os.path.relpath(log)}")
  return result


def lines_of(stream, deadline):
  """Lines as they come, until the stream's end or the deadline."""
  selector = selectors.DefaultSelector()
  selector.register(stream, selectors.EVENT_READ)
  rest = b""
  while time.monotonic() < deadline:
    if not selector.select(timeout=1):
      continue
    data = os.read(stream.fileno(), 65536)
    if not data:
      return
    *whole, rest = (rest + data).split(b"\n")
    yield from (line.decode(errors="replace").strip() for line in whole)


def table(readings, sizes):
  """{"operations": {name: {kernel: (instructions, host nanoseconds)}}, "machine": {name: {kernel: value}}}."""
  first = next(iter(readings.values()))
  operations = {name: {kernel: (r.instructions(name), r.host_ns(name)) for kernel, r in readings.items()}
                for name in first.counted.guest}
  machine = {
    "memory used at init, MiB": {k: (MEMORY_KIB - r.counted.free_kib) / 1024 for k, r in readings.items()},
    "kernel file, MiB": {kernel: size / 2**20 for kernel, size in sizes.items()},
  }
  if all(reading.timed for reading in readings.values()):
    machine["QEMU's start to init, s"] = {k: min(run.boot_s for run in r.timed) for k, r in readings.items()}
  return {"operations": operations, "machine": machine}


def keep(arch, version, figures):
  file = BUILD / arch.name / "bench.json"
  file.write_text(json.dumps({"linux": version, **figures}, indent=1))
  say(f"the figures are in {os.path.relpath(file)}")


def show(arch, version, figures):
  print(f"\n{arch.name}, one CPU, {debian_linux.RIVALS[arch.name].cpu}; Linux {version or '(not measured)'}\n")
  print("| operation | instructions | Linux | ratio | host us | Linux | ratio |\n|---|---:|---:|---:|---:|---:|---:|")
  for name, values in figures["operations"].items():
    ours, theirs = values["halyard"], values.get("linux", (None, None))
    print(f"| {name} | {beside(ours[0], theirs[0])} | {beside(*(ns and ns / 1000 for ns in (ours[1], theirs[1])))} |")
  print("\n| | Halyard | Linux | ratio |\n|---|---:|---:|---:|")
  for name, values in figures["machine"].items():
    print(f"| {name} | {beside(values['halyard'], values.get('linux'))} |")


def beside(ours, theirs):
  ratio = f"{ours / theirs:.2f}" if ours and theirs else ""
  return f"{number(ours)} | {number(theirs)} | {ratio}"


def number(value):
  if value is None:
    return ""
  return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
  run_main(main)
