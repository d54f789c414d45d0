"""The screen and the keyboard, as a person at QEMU's window has them: boot by the ISO, log in, type, look."""

import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import boot_image  # noqa: E402
import screen  # noqa: E402

RED, GRAY, BLACK = (0xAA, 0, 0), (0xAA, 0xAA, 0xAA), (0, 0, 0)


@contextmanager
def seen(name, command_line="", extra=()):
  """A machine with a screen: its serial console and its screen. `command_line` makes an image of its own."""
  folder = machine.BUILD if machine.KIND == "release" else machine.BUILD / machine.KIND
  iso = folder / "halyard.iso"
  if command_line:
    iso = machine.LOGS / f"{name}.iso"
    iso.parent.mkdir(parents=True, exist_ok=True)
    boot_image.make_iso(iso, machine.kernel(), machine.BUILD / "initramfs.cpio", command_line)
  with tempfile.TemporaryDirectory() as scratch:
    socket = Path(scratch) / "qmp"
    extra = [*screen.Screen.arguments(socket), *extra]
    with machine.Machine(name, iso=iso, extra=extra) as guest:
      shown = screen.Screen(socket, Path(scratch))
      try:
        yield guest, shown
      finally:
        shown.close()


def log_in(shown, user="root", prompt="~ #"):
  # Lines of the log may come behind the prompts.
  shown.wait_for_row("halyard login:")
  shown.type(user + "\n")
  shown.wait_for_row("Password:")
  shown.type("halyard\n")
  shown.wait_for_row(prompt)


def run(shown, command):
  """Types a command on an empty screen; the rows that it printed."""
  shown.press("ctrl", "l")
  shown.wait_for(lambda rows: [row for row in rows if row] == ["~ #"], "an empty screen")
  shown.type(command + "\n")
  rows = shown.wait_for(lambda rows: [row for row in rows if row][-1] == "~ #", "a prompt")
  rows = [row for row in rows if row]
  assert rows[0] == "~ # " + command
  return rows[1:-1]


def test_boot_log_login_and_commands():
  with seen("screen-login") as (guest, shown):
    rows = shown.wait_for_line("[INIT] Starting init process")
    assert re.match(r"\[    0\.0+\] boot: Halyard on ", rows[0])
    assert any("screen: 1024x768 pixels, 128x48 characters" in row for row in rows)
    assert any("Halyard (x86_64, console /dev/tty1)" in row for row in shown.wait_for_line("console /dev/tty1"))
    # The serial console is a terminal of its own, beside it.
    guest.wait_for_shell()
    assert guest.run("tty").strip() == "/dev/console"
    log_in(shown)
    assert run(shown, "tty; echo $TERM; stty size") == ["/dev/tty1", "linux", "48 128"]
    assert {"bin", "dev", "sbin", "usr"} <= set(" ".join(run(shown, "ls -C /")).split())
    assert run(shown, "ls -l /dev/tty0 /dev/tty1 | awk '{ print $5, $6, $NF }'") == ["4, 0 /dev/tty0", "4, 1 /dev/tty1"]
    guest.console.sendline("echo over there > /dev/tty1")
    shown.wait_for_line("over there")


@pytest.mark.slow
def test_every_character_key():
  with seen("screen-keys") as (_, shown):
    log_in(shown)
    shown.press("ctrl", "l")
    shown.type("cat\n")
    plain = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
    shifted = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
    for line in (plain, shifted):
      shown.type(line + "\n")
      shown.wait_for(lambda rows, line=line: rows.count(line) == 2, f"{line} twice")
    shown.press("caps_lock")
    shown.type("caps 1 ")
    shown.press("shift", "a")
    shown.press("caps_lock")
    shown.type("off\n")
    shown.wait_for_line("CAPS 1 aoff")
    shown.press("ctrl", "c")
    shown.wait_for_end_of_text("~ #")


@pytest.mark.slow
def test_editing_a_line_and_interrupting():
  with seen("screen-editing") as (_, shown):
    log_in(shown)
    shown.press("ctrl", "l")
    shown.type("echo bd")
    shown.press("left")
    shown.type("c")
    shown.press("home")
    shown.press("delete")
    shown.type("e")
    shown.press("end")
    shown.type("xx\b\b")
    shown.type("\n")
    shown.wait_for(lambda rows: rows[0] == "~ # echo bcd" and rows[1] == "bcd", "the line as edited")
    shown.press("up")
    shown.wait_for_end_of_text("~ # echo bcd")
    shown.press("ctrl", "c")
    shown.type("sleep 1000\n")
    shown.wait_for_end_of_text("~ # sleep 1000")
    shown.press("ctrl", "c")
    shown.wait_for(lambda rows: [row for row in rows if row][-2:] == ["^C", "~ #"] or
                   [row for row in rows if row][-1] == "~ #", "a prompt")
    assert run(shown, "echo $?") != ["0"]


@pytest.mark.slow
def test_colors_lines_and_characters():
  with seen("screen-colors") as (_, shown):
    log_in(shown)
    shown.press("ctrl", "l")
    shown.type("clear; printf '\\033[31mred\\033[0m \\033[7mback\\033[0m\\n"
               "\\033(0lqk\\033(B \\303\\244\\342\\202\\254\\n'\n")
    shown.wait_for(lambda rows: rows[0] == "red back", "the printed line")
    cells = shown.cells()
    assert {(cell.foreground, cell.background) for cell in cells[0][:3]} == {(RED, BLACK)}
    assert {(cell.foreground, cell.background) for cell in cells[0][4:8]} == {(BLACK, GRAY)}
    assert "".join(cell.character for cell in cells[1][:6]) == "\u250c\u2500\u2510 \u00e4\u20ac"


@pytest.mark.slow
def test_the_terminal_answers_questions():
  with seen("screen-answers") as (_, shown):
    log_in(shown)
    shown.type("stty -icanon -echo; printf '\\033[20;9H\\033[6n'; head -c 7 | od -An -c; stty sane\n")
    shown.wait_for_line("033   [   2   0   ;   9   R")


@pytest.mark.slow
def test_vi_uses_the_whole_screen():
  with seen("screen-vi") as (_, shown):
    log_in(shown)
    shown.type("seq 100 > /tmp/numbers; vi /tmp/numbers\n")
    rows = shown.wait_for(lambda rows: rows[46] == "47" and "numbers" in rows[47], "48 rows of vi")
    assert rows[:3] == ["1", "2", "3"]
    shown.press("down")
    shown.press("down")
    shown.type("Onew line")
    shown.press("esc")
    shown.wait_for(lambda rows: rows[2:4] == ["new line", "3"], "the new line")
    shown.press("pgdn")
    shown.wait_for(lambda rows: "1" not in rows[:3], "the next page")
    shown.type(":wq\n")
    shown.wait_for_end_of_text("~ #")
    assert run(shown, "sed -n 3p /tmp/numbers") == ["new line"]


@pytest.mark.slow
def test_output_that_runs_past_ends_right():
  with seen("screen-scroll") as (_, shown):
    log_in(shown)
    shown.type("seq 20000\n")
    rows = shown.wait_for(lambda rows: rows[46:] == ["20000", "~ #"], "the last number")
    assert rows[:47] == [str(number) for number in range(20000 - 46, 20001)]


@pytest.mark.slow
def test_sysrq_and_panic_reach_the_screen():
  with seen("screen-panic") as (guest, shown):
    log_in(shown)
    shown.press("alt", "sysrq", "h")
    shown.wait_for(lambda rows: any(re.search("sysrq: +b +reboot at once", row) for row in rows), "the commands")
    shown.press("alt", "sysrq", "c")
    shown.wait_for_line("crash asked for by SysRq")
    shown.wait_for_line("call trace:")
    shown.wait_for_line("---[ end of panic ]---")
    guest.expect("end of panic")


@pytest.mark.slow
def test_the_command_line_chooses_the_console():
  with seen("screen-console", "console=ttyS0 console=tty0") as (guest, shown):
    shown.wait_for_line("console /dev/console")
    log_in(shown)
    assert run(shown, "tty; pidof getty | wc -w") == ["/dev/console", "0"]
    shown.type("echo to the screen > /dev/console\n")
    shown.wait_for_line("to the screen")
    # The log goes to both, since both are named.
    guest.expect("Starting init process")


@pytest.mark.slow
def test_without_a_keyboard_controller():
  with seen("screen-no-keyboard", extra=["-machine", "q35,i8042=off"]) as (guest, shown):
    shown.wait_for_row("halyard login:")
    guest.wait_for_shell()
    assert guest.run("ls /dev/input 2>/dev/null | wc -l").strip() == "0"


@pytest.mark.slow
def test_keys_are_events_as_well():
  with seen("screen-events") as (guest, shown):
    guest.wait_for_shell()
    # The lamps of the keyboard go on and off by an order to it, which must not cost a key.
    # Keys that were pressed before the file is open do not count.
    guest.console.sendline("(sleep 2; echo rea''dy) & head -c 192 /dev/input/event0 | od -An -v -w24 -t d2 | "
                           "awk '{ print $9, $10, $11 }'")
    guest.expect("ready")
    for key in ("a", "caps_lock"):
      shown.press(key)
    guest.expect("\r*\n".join(["1 30 1", "0 0 0", "1 30 0", "0 0 0", "1 58 1", "0 0 0", "1 58 0", "0 0 0"]))
