"""Memory nodes: what /sys says of them, that memory comes from the CPU's own one, and from the next when that is full."""

import re
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

NODES = "/sys/devices/system/node"
MIB = 1024  # in the unit of meminfo


def topology(sizes, cpus_of, distances=()):
  """QEMU's options: memory of each node in MiB (0: none), CPUs of each node, and (from, to, distance) triples."""
  words = []
  for node, (size, cpus) in enumerate(zip(sizes, cpus_of)):
    options = f"node,nodeid={node}"
    if size:
      words += ["-object", f"memory-backend-ram,id=ram{node},size={size}M"]
      options += f",memdev=ram{node}"
    words += ["-numa", options + "".join(f",cpus={cpu}" for cpu in cpus)]
  for source, target, distance in distances:
    words += ["-numa", f"dist,src={source},dst={target},val={distance}"]
  return words


PORT = machine.BUILD / "ports/numactl"
PROGRAMS = [machine.BUILD / "meson-userland/tests/system/eat-memory", machine.BUILD / "meson-userland/tests/guest/check-vdso",
            PORT / "numactl", PORT / "migratepages"]
# libnuma's own.
LIBRARY_TESTS = ["distance", "mbind_mig_pages", "migrate_pages", "move_pages", "prefered", "realloc_test", "tbitmap"]


def boot(name, sizes, cpus_of, distances=(), command_line="", **options):
  files = [*PROGRAMS, *(PORT / "test" / test for test in LIBRARY_TESTS)]
  initramfs = machine.initramfs_with(name, [mkcpio.Entry(f"/bin/{file.name}", stat.S_IFREG | 0o755, data=file.read_bytes())
                                            for file in files])
  return machine.Machine(name, f"quiet {command_line}", initramfs, cpus=sum(map(len, cpus_of)), memory=f"{sum(sizes)}M",
                         extra=[*topology(sizes, cpus_of, distances), *options.pop("extra", ())], **options)


def read(guest, path):
  return guest.run(f"cat {NODES}/{path}").rstrip("\n")


def meminfo(guest, node):
  """{name: KiB} of one node."""
  lines = re.findall(rf"^Node {node} (\w+): +(\d+) kB$", read(guest, f"node{node}/meminfo"), re.MULTILINE)
  return {name: int(value) for name, value in lines}


def free(guest, nodes):
  return [meminfo(guest, node)["MemFree"] for node in range(nodes)]


def eaten(guest, nodes, cpu, mib, policy=""):
  """What a program on that CPU that writes so much memory takes from each node, in KiB."""
  before = free(guest, nodes)
  guest.run(f"taskset -c {cpu} {policy} eat-memory {mib} > /tmp/eater &")
  guest.run("until grep -q eaten /tmp/eater; do sleep 0.1; done", timeout=120)
  during = free(guest, nodes)
  guest.run("kill %1; wait; rm /tmp/eater")
  after = free(guest, nodes)
  assert all(now > then - 8 * MIB for now, then in zip(after, before)), (before, after)  # all of it came back
  return [then - now for then, now in zip(before, during)]


TWO = ([320, 448], [(0, 1), (2, 3)], [(0, 1, 21), (1, 0, 21)])


@pytest.fixture(name="two", scope="module")
def fixture_two():
  with boot("numa-2", *TWO) as guest:
    guest.wait_for_shell()
    yield guest


def test_two_nodes_in_sys(two):
  for file in ("online", "possible", "has_memory", "has_normal_memory", "has_cpu"):
    assert read(two, file) == "0-1", file
  assert [read(two, f"node{node}/cpulist") for node in (0, 1)] == ["0-1", "2-3"]
  assert [read(two, f"node{node}/cpumap") for node in (0, 1)] == ["3", "c"]
  assert [read(two, f"node{node}/distance") for node in (0, 1)] == ["10 21", "21 10"]
  assert two.run("readlink -f /sys/devices/system/cpu/cpu3/node1").strip() == f"{NODES}/node1"
  assert two.run(f"readlink -f {NODES}/node0/cpu1").strip() == "/sys/devices/system/cpu/cpu1"
  assert two.run("ls /sys/devices/system/cpu/cpu3 | cat").split() == ["node1"]


def test_sizes_are_those_of_the_machine(two):
  totals = [meminfo(two, node)["MemTotal"] for node in (0, 1)]
  # The kernel's image, its frame table and the initramfs are of one node or the other.
  for total, size in zip(totals, TWO[0]):
    assert (size - 40) * MIB < total <= size * MIB
  all_of_it = int(two.run("awk '/^MemTotal/ { print $2 }' /proc/meminfo"))
  assert sum(totals) == all_of_it
  counts = meminfo(two, 1)
  assert counts["MemUsed"] == counts["MemTotal"] - counts["MemFree"]


def test_programs_see_their_node(two):
  case = "vdso_getcpu_agrees_with_the_call"
  assert two.run(f"check-vdso {case}").strip() == f"ok {case}"


@pytest.mark.parametrize("cpu,node", [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_memory_is_local(two, cpu, node):
  taken = eaten(two, 2, cpu, 96)
  assert taken[node] > 90 * MIB, taken
  assert taken[1 - node] < 6 * MIB, taken


def test_the_other_node_helps_out(two):
  room = free(two, 2)[0]
  taken = eaten(two, 2, 0, room // MIB + 64)
  assert taken[0] > room - 24 * MIB, (room, taken)
  assert taken[1] > 50 * MIB, (room, taken)


def test_a_frame_goes_back_to_its_node(two):
  before = free(two, 2)
  for cpu in (0, 2, 1, 3):
    two.run(f"taskset -c {cpu} eat-memory 32 1")
  after = free(two, 2)
  assert all(abs(now - then) < 4 * MIB for now, then in zip(after, before)), (before, after)


def test_numactl_shows_the_hardware(two):
  answer = two.run("numactl --hardware")
  assert "available: 2 nodes (0-1)" in answer
  assert "node 0 cpus: 0 1\n" in answer and "node 1 cpus: 2 3\n" in answer
  sizes = [int(size) for size in re.findall(r"^node [01] size: (\d+) MB$", answer, re.MULTILINE)]
  assert sizes == [meminfo(two, node)["MemTotal"] // MIB for node in (0, 1)]
  assert re.search(r"^node +0 +1 *\n +0: +10 +21 *\n +1: +21 +10 *$", answer, re.MULTILINE), answer


def test_allowed_sets_in_proc(two):
  lines = dict(line.split(":\t") for line in two.run("grep allowed /proc/self/status").splitlines())
  assert lines == {"Cpus_allowed": "f", "Cpus_allowed_list": "0-3", "Mems_allowed": "00000000,00000003", "Mems_allowed_list": "0-1"}
  assert two.run("taskset -c 2 grep Cpus_allowed_list /proc/self/status").split()[1] == "2"


def test_programs_choose_their_node(two):
  """A program on a CPU of node 0 with memory of node 1, and what it is told of that."""
  taken = eaten(two, 2, 0, 64, "numactl --membind=1")
  assert taken[1] > 60 * MIB and taken[0] < 6 * MIB, taken
  taken = eaten(two, 2, 0, 64, "numactl --preferred=1")
  assert taken[1] > 60 * MIB and taken[0] < 6 * MIB, taken
  taken = eaten(two, 2, 0, 64, "numactl --interleave=0,1")
  assert all(28 * MIB < part < 40 * MIB for part in taken), taken
  taken = eaten(two, 2, 3, 64, "numactl --localalloc")
  assert taken[1] > 60 * MIB and taken[0] < 6 * MIB, taken
  shown = two.run("numactl --cpunodebind=1 --membind=1 numactl --show")
  # Not "physcpubind": musl counts only the CPUs that the program may use, and libnuma shows those below that number.
  assert "policy: bind" in shown and re.search(r"^membind: 1 *$", shown, re.MULTILINE), shown
  assert re.search(r"^cpubind: 1 *$", shown, re.MULTILINE), shown
  assert "ended 1" in two.run("numactl --membind=5 true; echo ended $?")


def test_a_full_node_that_is_insisted_on(two):
  """Bound to node 0 a program ends where that does; the other node has room."""
  room = free(two, 2)[0] // MIB
  answer = two.run(f"numactl --membind=0 eat-memory {room + 64} 1; echo ended $?", timeout=120)
  assert "ended 137" in answer, answer
  assert "ended 0" in two.run(f"numactl --preferred=0 eat-memory {room + 64} 1; echo ended $?", timeout=120)


def test_pages_move_to_another_node(two):
  two.run("taskset -c 0 eat-memory 48 > /tmp/eater &")
  two.run("until grep -q eaten /tmp/eater; do sleep 0.1; done", timeout=120)
  before = free(two, 2)
  assert "ended 0" in two.run("migratepages $(pidof eat-memory) 0 1; echo ended $?", timeout=60)
  after = free(two, 2)
  assert after[0] - before[0] > 44 * MIB and before[1] - after[1] > 44 * MIB, (before, after)
  two.run("kill %1; wait; rm /tmp/eater")


@pytest.mark.parametrize("name", LIBRARY_TESTS)
def test_of_libnuma(two, name):
  answer = two.run(f"{name}; echo ended $?", timeout=60)
  assert answer.splitlines()[-1] == "ended 0", answer


# Node 1 has no memory and node 3 no CPU, but on RISC-V, where QEMU wants both in each; node 1 is nearest to 2.
ALL_COMPLETE = machine.ARCH.name == "riscv64"
FOUR_CPUS = [(0,), (1,), (2,), (3,)] if ALL_COMPLETE else [(0,), (1,), (2, 3), ()]
FOUR = ([192, 64 if ALL_COMPLETE else 0, 256, 192], FOUR_CPUS,
        [(0, 1, 30), (0, 2, 40), (0, 3, 20), (1, 2, 15), (1, 3, 35), (2, 3, 25)])


@pytest.fixture(name="four", scope="module")
def fixture_four():
  with boot("numa-4", *FOUR) as guest:
    guest.wait_for_shell()
    yield guest


def test_four_nodes_in_sys(four):
  assert read(four, "online") == "0-3"
  assert read(four, "has_memory") == ("0-3" if ALL_COMPLETE else "0,2-3")
  assert read(four, "has_cpu") == ("0-3" if ALL_COMPLETE else "0-2")
  assert [read(four, f"node{node}/cpulist") for node in range(4)] == ["-".join(map(str, cpus)) for cpus in FOUR_CPUS]
  assert [read(four, f"node{node}/distance") for node in range(4)] == [
    "10 30 40 20", "30 10 15 35", "40 15 10 25", "20 35 25 10"]
  if not ALL_COMPLETE:
    assert meminfo(four, 1) == {"MemTotal": 0, "MemFree": 0, "MemUsed": 0}


def test_the_nearest_node_stands_in(four):
  room = free(four, 4)
  taken = eaten(four, 4, 1, room[1] // MIB + 64)
  assert taken[2] > 50 * MIB and taken[0] < 16 * MIB, (room, taken)
  room = free(four, 4)
  taken = eaten(four, 4, 0, room[0] // MIB + 64)
  assert taken[3] > 50 * MIB and taken[2] < 16 * MIB, (room, taken)  # 3 is nearer to 0 than 2 is


def test_a_node_on_both_sides_of_4_gib():
  """On x86-64 RAM goes on behind a hole below 4 GiB; on RISC-V it begins at 2 GiB."""
  sizes = [1024, 2048]
  with boot("numa-large", sizes, [(0,), (1,)]) as guest:
    guest.wait_for_shell()
    assert [read(guest, f"node{node}/distance") for node in (0, 1)] == ["10 20", "20 10"]
    for node, size in enumerate(sizes):
      assert (size - 120) * MIB < meminfo(guest, node)["MemTotal"] <= size * MIB
      assert eaten(guest, 2, node, 64)[node] > 58 * MIB


# Who tells of the nodes, where firmware may start the kernel in two ways.
TELLERS = {"x86_64": {"acpi": {}}, "riscv64": {"device-tree": {}},
           "aarch64": {"acpi": {"uefi": True, "kernel_file": machine.kernel()},
                       "device-tree": {"uefi": True, "kernel_file": machine.kernel(), "extra": ["-machine", "acpi=off"]}}}


@pytest.mark.parametrize("teller", TELLERS[machine.ARCH.name])
def test_whoever_tells_of_the_nodes(teller):
  with boot(f"numa-by-{teller}", *TWO, **TELLERS[machine.ARCH.name][teller]) as guest:
    guest.wait_for_shell()
    assert read(guest, "online") == "0-1"
    assert [read(guest, f"node{node}/cpulist") for node in (0, 1)] == ["0-1", "2-3"]
    assert [read(guest, f"node{node}/distance") for node in (0, 1)] == ["10 21", "21 10"]
    for node, size in enumerate(TWO[0]):
      assert (size - 60) * MIB < meminfo(guest, node)["MemTotal"] <= size * MIB


def test_numa_off():
  with boot("numa-off", *TWO, command_line="numa=off") as guest:
    guest.wait_for_shell()
    assert read(guest, "online") == "0"
    assert read(guest, "node0/cpulist") == "0-3"
    assert read(guest, "node0/distance") == "10"
    assert eaten(guest, 1, 3, 64)[0] > 60 * MIB
