"""The system on its root disk: what a user leaves there stays, the end is orderly, and damage is mended at the start."""

import contextlib
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkdisk  # noqa: E402

ROOT = "quiet root=/dev/vda"


def fresh_disk(name):
  image = machine.LOGS / f"{machine.ARCH.name}-{name}.ext2"
  mkdisk.copy(machine.BUILD / "root.ext2", image)
  return image


@contextlib.contextmanager
def on_root_disk(name, **options):
  """A machine on a fresh root disk, at root's prompt; afterwards an orderly end, and a file system that is clean."""
  image = fresh_disk(name)
  with machine.Machine(name, ROOT, disk=image, **options) as guest:
    guest.wait_for_shell()
    yield guest
    guest.power_off()
  machine.assert_clean(image)


def test_files_survive_reboot_and_poweroff():
  with on_root_disk("root-reboot", reboots=True) as guest:
    assert "/dev/vda / ext2 rw" in guest.run("mount | sed 's/ on / /; s/ type / /; s/(//'")
    guest.run("seq 100000 > /root/numbers; mkdir -p /srv/a/b; cp /bin/busybox /srv/a/b")
    guest.console.sendline("reboot")
    guest.expect(machine.LOGIN)
    guest.log_in()
    assert guest.run("md5sum < /root/numbers").split()[0] == guest.run("seq 100000 | md5sum").split()[0]
    assert guest.run("cmp /bin/busybox /srv/a/b/busybox && echo same").strip() == "same"


def test_damage_is_mended_at_the_start():
  """QEMU is killed in the middle of writing: the next start says that it repaired, and goes on."""
  image = fresh_disk("root-cut")
  with machine.Machine("root-cut-a", ROOT, disk=image) as guest:
    guest.wait_for_shell()
    guest.run("echo kept > /root/kept; sync; (while :; do seq 1000 > /root/x; mv /root/x /root/y; done) &")
    guest.run("sleep 1")
  with machine.Machine("root-cut-b", "root=/dev/vda", disk=image) as guest:
    guest.expect(r"init: /dev/vda was repaired")
    guest.wait_for_shell()
    assert guest.run("cat /root/kept").strip() == "kept"
    guest.power_off()
  machine.assert_clean(image)


def test_without_the_disk_it_runs_from_memory():
  with machine.Machine("root-missing", "root=/dev/vda") as guest:
    guest.expect(re.escape("root=/dev/vda: there is no such device; running from memory"))
    guest.wait_for_shell()
    assert guest.run("echo alive").strip() == "alive"


def test_full_disk_says_so():
  with on_root_disk("root-full") as guest:
    assert "No space left" in guest.run("dd if=/dev/zero of=/root/big bs=1M 2>&1", timeout=300)
    guest.run("rm /root/big; echo after > /root/after")
    assert guest.run("cat /root/after").strip() == "after"


def test_programs_from_the_disk():
  """lua, sqlite3, dash and the ext2 tools do their work."""
  with on_root_disk("root-programs") as guest:
    guest.run("cd /root")
    assert guest.run("lua -e 'local t={} for i=1,1000 do t[i]=i*i end print(#t, t[1000])'").split() == ["1000", "1000000"]
    guest.run("sqlite3 test.db 'create table t(a integer primary key, b text);'")
    guest.run("sqlite3 test.db \"with recursive n(i) as (select 1 union all select i+1 from n where i<5000) "
              "insert into t select i, 'row '||i from n;\"")
    assert guest.run("sqlite3 test.db 'select count(*), max(b) from t; pragma integrity_check;'").split() == \
        ["5000|row", "999", "ok"]
    assert guest.run("dash -c 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo $i'").strip() == "1000"
    guest.run("dd if=/dev/zero of=/root/fs bs=1M count=8 2>/dev/null; mke2fs -q -F /root/fs")
    assert guest.run("e2fsck -fn /root/fs >/dev/null 2>&1; echo $?").strip() == "0"


def test_address_by_dhcp_service():
  with on_root_disk("root-dhcp") as guest:
    shown = guest.run("i=0; until ifconfig eth0 | grep -q 'inet addr' || [ $i -gt 100 ]; do sleep 0.1; i=$((i+1)); done; "
                      "ifconfig eth0", timeout=120)
    assert "inet addr:10.0.2.15" in shown
    assert "nameserver 10.0.2.3" in guest.run("cat /etc/resolv.conf")
