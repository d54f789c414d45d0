"""Accounts: who may log in, as whom programs run, and the terminal that a login finds."""

import hashlib
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkdisk  # noqa: E402

USER_PROMPT = re.compile(r"~ \$ $")


def test_banner_names_the_accounts():
  with machine.Machine("banner", "quiet") as guest:
    guest.expect("root and user, password: halyard")
    guest.expect("halyard login: ")


def test_ordinary_user():
  with machine.Machine("user", "quiet") as guest:
    guest.expect(machine.LOGIN)
    guest.log_in("user", prompt=USER_PROMPT)
    for command, shown in (("id -un; pwd", "user\n/home/user"), ("cat /etc/shadow 2>&1", "Permission denied"),
                           ("echo x > /etc/passwd", "Permission denied"), ("tty", "/dev/console")):
      guest.console.sendline(command)
      guest.expect(re.escape(command) + r"\r*\n")
      guest.expect(USER_PROMPT)
      assert shown in guest.console.before.replace("\r", "")


def test_the_log_leaves_who_has_logged_in_alone():
  with machine.Machine("calm", "") as guest:
    guest.wait_for_shell()
    shown = guest.run('echo "<6>a sm""all thing" > /dev/kmsg; echo "<3>a la""rge thing" > /dev/kmsg; sleep 1')
    assert "a large thing" in shown and "a small thing" not in shown
    assert "a small thing" in guest.run("dmesg | tail -n 2")


def test_wrong_password_is_refused_after_a_delay():
  with machine.Machine("wrong-password", "quiet") as guest:
    guest.expect(machine.LOGIN)
    for name in ("root", "nobodyhere"):
      guest.console.sendline(name)
      guest.expect("Password: ")
      guest.console.sendline("wrong")
      asked = time.monotonic()
      guest.expect("Login incorrect", timeout=60)
      assert time.monotonic() - asked > 1, "there was no delay"
      guest.expect(machine.LOGIN)
    guest.log_in()


def test_su_and_passwd():
  with machine.Machine("su", "quiet") as guest:
    guest.expect(machine.LOGIN)
    guest.log_in("user", prompt=USER_PROMPT)
    guest.console.sendline("su")
    guest.expect("Password: ")
    guest.console.sendline("halyard")
    guest.expect(r"# $")
    guest.console.sendline("passwd user")
    guest.expect("New password: ")
    guest.console.sendline("Sesame-open-4711")
    guest.expect("Retype password: ")
    guest.console.sendline("Sesame-open-4711")
    guest.expect("password for user changed|changed by root")
    guest.expect(r"# $")
    guest.console.sendline("exit")
    guest.expect(USER_PROMPT)
    guest.console.sendline("exit")
    guest.expect(machine.LOGIN)
    # All of it counts, not the first eight letters.
    guest.console.sendline("user")
    guest.expect("Password: ")
    guest.console.sendline("Sesame-o")
    guest.expect("Login incorrect")
    guest.expect(machine.LOGIN)
    guest.log_in("user", "Sesame-open-4711", prompt=USER_PROMPT)
    guest.console.sendline("passwd")
    for asked, answer in (("Old password: ", "Sesame-open-4711"), ("New password: ", "Quite-another-0815"),
                          ("Retype password: ", "Quite-another-0815")):
      guest.expect(asked)
      guest.console.sendline(answer)
    guest.expect("password for user changed")
    guest.expect(USER_PROMPT)
    guest.console.sendline("exit")
    guest.expect(machine.LOGIN)
    guest.log_in()
    assert re.search(r"^user:\$6\$", guest.run("grep ^user: /etc/shadow"), re.M)


def test_window_size_is_asked_of_the_terminal():
  with machine.Machine("window", "quiet") as guest:
    guest.wait_for_shell()
    assert guest.run("stty size").strip() == "50 200"


def test_poweroff_stops_in_order():
  with machine.Machine("orderly", "") as guest:
    guest.wait_for_shell()
    guest.console.sendline("sleep 1000 & poweroff")
    guest.expect("init: power off: all services are stopped")
    guest.expect("shutdown: power off")
    assert guest.wait_for_end() == 0


def test_poweroff_ends_who_does_not_listen():
  """A program that ignores SIGTERM is killed: what it had open for writing does not keep the disk from being left clean."""
  disk = machine.LOGS / f"{machine.ARCH.name}-deaf.ext2"
  mkdisk.copy(machine.BUILD / "root.ext2", disk)
  with machine.Machine("deaf", "quiet root=/dev/vda", disk=disk) as guest:
    guest.wait_for_shell()
    guest.console.sendline("""(trap '' TERM HUP; exec > /root/held; while :; do echo here; sleep 1; done) &""")
    guest.run("until test -s /root/held; do sleep 1; done")
    guest.power_off()
  machine.assert_clean(disk)


def test_login_again_after_logout():
  with machine.Machine("logout", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("exit")
    guest.expect(machine.LOGIN)
    guest.log_in()
    assert guest.run("echo again").strip() == "again"


def test_paste_of_64_kib_arrives_whole():
  """A long paste at the console: lines into a program that counts them."""
  line = "".join(chr(ord("a") + i % 26) for i in range(63)) + "\n"
  lines = 1024
  with machine.Machine("paste", "quiet") as guest:
    guest.wait_for_shell()
    guest.console.sendline("stty -echo; echo be''gin; cat > /tmp/paste; stty echo; md5sum < /tmp/paste; wc -c < /tmp/paste")
    guest.expect(r"\nbegin\r*\n")
    guest.console.delaybeforesend = None
    for _ in range(lines):
      guest.console.send(line)
    guest.console.send("\x04")
    guest.expect(r"([0-9a-f]{32})  -\r*\n(\d+)\r*\n", timeout=300)
    digest, length = guest.console.match.groups()
    assert (int(length), digest) == (len(line) * lines, hashlib.md5(line.encode() * lines).hexdigest())
