"""Booting, as a person sees it on the console: the stages, the shell, all CPUs, and the ways out."""

import re
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402

STAGES = ["[BOOT] Boot information loaded", "[BOOT] Paging enabled", "[BOOT] Kernel initialized",
          "[BOOT] Scheduling enabled", "[INIT] Starting init process", "[INIT] Starting login"]


def test_stages_in_order_and_a_shell():
  with machine.Machine("stages") as guest:
    for stage in STAGES:
      guest.expect(re.escape(stage) + r" \(\d+\.\d+ ms, \d+ ms since start\)")
    guest.wait_for_shell()
    assert guest.run("echo $((6*7))").strip() == "42"


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_all_cpus_come_online(cpus):
  with machine.Machine(f"cpus-{cpus}", cpus=cpus) as guest:
    guest.expect(rf"smp: {cpus} of {cpus} CPUs online")
    guest.wait_for_shell()
    assert guest.run("nproc").strip() == str(cpus)


@pytest.mark.parametrize("words,cpus", [("nosmp", 1), ("maxcpus=1", 1), ("maxcpus=3", 3), ("maxcpus=9", 4)])
def test_command_line_limits_the_cpus(words, cpus):
  with machine.Machine(f"limit-{words}", f"quiet {words}", cpus=4) as guest:
    guest.wait_for_shell()
    assert guest.run("grep -c ^processor /proc/cpuinfo").strip() == str(cpus)


def test_memory_that_a_bare_system_takes():
  """At most 24 MiB of 512 at the first program, of which the kernel's file at most 4."""
  init = mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=b"#!/bin/sh\nmount -t proc proc /proc\n"
                      b"while read line; do echo $line; done < /proc/meminfo\npoweroff -f\n")
  with machine.Machine("bare", "quiet", machine.initramfs_with("bare", [init]), memory="512M") as guest:
    free = int(guest.expect(r"MemFree: (\d+) kB").group(1))
    guest.wait_for_end()
  assert 512 * 1024 - free <= 24 * 1024, f"{512 * 1024 - free} KiB are taken"
  assert machine.kernel().stat().st_size <= 4 << 20


def test_shell_runs_programs():
  with machine.Machine("shell", "quiet") as guest:
    guest.wait_for_shell()
    assert guest.run("uname -s").strip() == "Linux"
    assert guest.run("seq 1 1000 | sort -n | tail -1").strip() == "1000"
    assert guest.run("mkdir /tmp/d; echo text > /tmp/d/f; cat /tmp/d/f").strip() == "text"
    assert guest.run("dd if=/dev/zero of=/tmp/z bs=64k count=16 2>/dev/null; md5sum < /tmp/z").split()[0] == \
        "b6d81b360a5672d80c27430f39153e2c"
    assert guest.run("false || echo $?").strip() == "1"


def test_job_control_at_the_console():
  with machine.Machine("jobs", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("sleep 1000")
    guest.expect(r"sleep 1000\r*\n")
    guest.console.send("\x1a")
    guest.expect(r"Stopped")
    guest.wait_for_shell()
    assert "sleep 1000" in guest.run("jobs")
    guest.run("bg")
    assert "Running" in guest.run("jobs")
    guest.console.sendline("fg")
    guest.expect("sleep 1000")
    guest.console.send("\x03")
    guest.wait_for_shell()
    assert guest.run("echo $?").strip() == "130"


def test_line_editing_of_the_shell():
  """Letters of two bytes, moved over and removed as one; the line before comes back."""
  with machine.Machine("shell-editing", "quiet") as guest:
    guest.wait_for_shell()
    left, up, backspace = "\x1b[D", "\x1b[A", "\x7f"
    guest.console.send("echo gr\u00fc\u00dfex" + left + "e" + "\x1b[C" + backspace + "\r")
    guest.expect("\ngr\u00fc\u00dfee\r*\n")
    guest.wait_for_shell()
    guest.console.send("echo \u00e4\u00f6" + left + backspace + "\r")
    guest.expect("\n\u00f6\r*\n")
    guest.wait_for_shell()
    guest.console.send(up + up + "\r")
    guest.expect("\ngr\u00fc\u00dfee\r*\n")
    guest.wait_for_shell()


def test_line_editing_of_the_terminal():
  with machine.Machine("editing", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("cat")
    guest.expect(r"cat\r*\n")
    guest.console.send("wrong\x15helo\x7flo\r")
    guest.expect(r"\nhello\r*\n")
    guest.console.send("\x04")
    guest.wait_for_shell()


def test_poweroff_ends_qemu():
  with machine.Machine("poweroff", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("poweroff")
    assert guest.wait_for_end() == 0


def test_init_of_any_archive_is_started():
  init = mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=b"#!/bin/sh\necho my own init\npoweroff -f\n")
  with machine.Machine("own-init", "quiet", machine.initramfs_with("own-init", [init])) as guest:
    guest.expect("my own init")
    assert guest.wait_for_end() == 0


def test_missing_init_says_what_to_do():
  with machine.Machine("no-init", "init=/nowhere") as guest:
    guest.expect(r"init=/nowhere does not start \(error 2\)")
    guest.expect("end of panic")


def test_damaged_initramfs_is_reported():
  damaged = machine.LOGS / f"{machine.ARCH.name}-damaged.cpio"
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  damaged.write_bytes(b"this is no archive at all" * 100)
  with machine.Machine("damaged", "", damaged) as guest:
    guest.expect("initramfs: the archive is damaged at byte 0")
    guest.expect("no init found")


def test_panic_has_a_symbolised_backtrace_and_reboots():
  """Init's death is a broken promise: the kernel says so, with names, and `panic=-1` restarts the machine at once."""
  init = mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=b"#!/bin/sh\nexit 3\n")
  with machine.Machine("panic", "panic=-1", machine.initramfs_with("panic", [init])) as guest:
    guest.expect("panic: CPU \\d+: init exited with status 0x300")
    guest.expect("call trace:")
    guest.expect(r"proc::exit_thread\+0x[0-9a-f]+")
    guest.expect("panic: rebooting")
    guest.wait_for_end()


def test_panic_is_not_talked_over():
  """The other CPUs write to the log all the time; the last line of one of them may end, and then there is silence."""
  noise = "a line of noise that is long enough to be in the middle of"
  script = "#!/bin/sh\nmount -t devtmpfs devtmpfs /dev\nfor i in 1 2 3; do\n" \
           f"(while :; do echo '{noise}' > /dev/kmsg; done) &\ndone\nsleep 1\nexit 3\n"
  init = mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=script.encode())
  with machine.Machine("panic-noise", "panic=-1", machine.initramfs_with("panic-noise", [init]), cpus=4) as guest:
    guest.expect("panic: rebooting")
    output = guest.console.before.replace("\r", "")
    guest.wait_for_end()
  before, _, after = output.partition("panic: CPU ")
  assert before.count(noise) > 10, before[-500:]
  assert re.match(r"\d+: init exited with status 0x300\ncall trace:\n", after), after[:300]
  assert "noise" not in after


def start_and_kill_sleepers(guest, count):
  guest.run(f"i=0; while [ $i -lt {count} ]; do sleep 1000 & i=$((i+1)); done 2>/dev/null", timeout=600)
  # An interactive shell ignores SIGTERM, and its child does until it has got as far as to take that back.
  guest.run(f"until [ $(pidof sleep | wc -w) = {count} ]; do :; done", timeout=600)
  guest.run("kill $(jobs -p); wait 2>/dev/null", timeout=600)


def test_thousand_processes_leave_no_trace():
  # Without services: what they take meanwhile is theirs.
  script = b"#!/bin/sh\nmount -t devtmpfs devtmpfs /dev\nmount -t proc proc /proc\nexport HOME=/root\ncd\n" \
           b"exec setsid cttyhack sh\n"
  init = mkcpio.Entry("/init", stat.S_IFREG | 0o755, data=script)
  with machine.Machine("thousand", "quiet", machine.initramfs_with("thousand", [init])) as guest:
    guest.wait_for_shell()
    start_and_kill_sleepers(guest, 50)
    before = int(guest.run("free | awk '/Mem/ {print $4}'").strip())
    start_and_kill_sleepers(guest, 1000)
    after = int(guest.run("free | awk '/Mem/ {print $4}'").strip())
    assert before - after <= 1024, f"{before - after} KiB are missing"


@pytest.mark.slow
def test_random_slide_differs_between_boots():
  slides = set()
  for _ in range(3):
    with machine.Machine("slide") as guest:
      slides.add(guest.expect(r"slide (0x[0-9a-f]+)").group(1))
  assert len(slides) > 1
  with machine.Machine("no-slide", "nokaslr") as guest:
    assert guest.expect(r"slide (0x0|0)\b")
