"""SysRq: a break on the console and a key, and /proc/sysrq-trigger."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402

BREAK = "\x01b"  # Ctrl-A B: QEMU's console sends a break


def test_a_break_and_a_key_are_a_command():
  with machine.Machine("sysrq-break", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.send(BREAK + "t")
    guest.expect(r"sysrq: show all threads")
    guest.expect(r"sysrq: +1 init +sleeping")
    guest.console.send(BREAK + "h")
    guest.expect(r"sysrq: +b +reboot at once")
    # One key only: the rest is input again, and the console level is as it was.
    assert "input" in guest.run("echo input; dmesg -n 1")
    guest.console.send(BREAK + "c")
    guest.expect("panic: CPU .*: crash asked for by SysRq")
    guest.expect("call trace:")


def test_keys_are_input_where_it_is_off():
  with machine.Machine("sysrq-off", "quiet sysrq=0") as guest:
    guest.wait_for_shell()
    guest.console.send(BREAK + "echo was$((40+2))\r")
    guest.expect("was42")


def test_trigger_is_for_root_and_writes_out():
  with machine.Machine("sysrq-file", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("echo s > /proc/sysrq-trigger")
    guest.expect("everything is written out")
    guest.settle()
    assert "denied" in guest.run("su user -c 'echo s > /proc/sysrq-trigger'")
    assert guest.run("ls -l /proc/sysrq-trigger").startswith("--w-------")
    guest.run("sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done")
    guest.console.sendline("echo e > /proc/sysrq-trigger")
    guest.expect("TERM to all programs but init\r*\n")
    guest.settle()
    assert "none" in guest.run("while pidof sleep; do usleep 10000; done; echo none")
    # Not even the shell survives this one; init starts the login again.
    guest.console.sendline("echo i > /proc/sysrq-trigger")
    guest.expect("KILL to all programs but init\r*\n")
    guest.expect(machine.LOGIN)
    guest.log_in()
    guest.console.sendline("echo o > /proc/sysrq-trigger")
    assert guest.wait_for_end() == 0
