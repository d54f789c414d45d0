"""Drivers of version 1 beside the guide's example: a network interface and a keyboard, through the kernel's adapters."""

import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_packages as made  # noqa: E402
import machine  # noqa: E402

DRIVERS = machine.ROOT / "tests/drivers/version1"
GATEWAY = "10.0.3.2"
NETWORK = ("-netdev", "user,id=old,net=10.0.3.0/24", "-device", "rtl8139,netdev=old,mac=52:54:00:aa:bb:cc")
LEASE = "udhcpc -i $NIC -n -q >/dev/null 2>&1; echo lease $?"
FIND_NIC = "NIC=$(dmesg | sed -n 's/.*net: \\(eth[0-9]*\\): .*52:54:00:aa:bb:cc.*/\\1/p' | tail -1)"
PAGE = bytes(i * 7 % 251 for i in range(200_000))


@pytest.mark.slow
def test_network():
  package = made.make("rtl8139", DRIVERS / "rtl8139.toml", "rtl8139")
  archive = made.initramfs("version1-network", {"rtl8139": package, "page": PAGE})
  with machine.Machine("version1-network", "quiet", archive, extra=NETWORK) as guest:
    guest.wait_for_shell()
    assert made.load(guest, "rtl8139") == "ok"
    guest.run(FIND_NIC)
    assert "52:54:00:AA:BB:CC" in guest.run("ifconfig $NIC")
    for other in ("eth0", "eth1"):  # the machine's usual interface must not be what answers
      guest.run(f"[ {other} = $NIC ] || ifconfig {other} down 2>/dev/null")
    assert "lease 0" in guest.run(LEASE)
    assert "inet addr:10.0.3." in guest.run("ifconfig $NIC")
    assert "3 packets received" in guest.run(f"ping -c 3 -s 1400 {GATEWAY} | tail -2")
    before = received(guest)
    assert fetched(guest) == "200000"
    assert received(guest) - before > len(PAGE)
    # It goes while its interface is up, and the system goes on.
    assert guest.run("/packages/load unload rtl8139").strip() == "ok"
    assert "Device not found" in guest.run("ifconfig $NIC 2>&1")
    assert made.load(guest, "rtl8139") == "ok"


def test_linked_in():
  """A driver that registers itself in the kernel gets the first of its two devices, and no other."""
  second = ("-netdev", "user,id=second,net=10.0.4.0/24", "-device", "rtl8139,netdev=second")
  with machine.Machine("version1-builtin", "quiet", extra=(*NETWORK, *second),
                       kernel_file=made.KERNEL_FOLDER / "kernel.no-trust") as guest:
    guest.wait_for_shell()
    assert guest.run("dmesg | grep -c 'driver rtl8139'").strip() == "1"
    assert guest.run("cat /proc/ajdrv").strip() == ""
    guest.run(FIND_NIC)
    assert "lease 0" in guest.run(LEASE)
    assert "2 packets received" in guest.run(f"ping -c 2 {GATEWAY} | tail -2")


def received(guest):
  return int(guest.run("sed -n \"s/^ *$NIC: *\\([0-9]*\\) .*/\\1/p\" /proc/net/dev").split()[-1])


def fetched(guest):
  """How many bytes of PAGE come through the interface from a server on this machine."""
  with socket.create_server(("127.0.0.1", 0)) as server:
    guest.console.sendline(f"nc {GATEWAY} {server.getsockname()[1]} </dev/null | wc -c; echo fetched")
    server.settimeout(machine.PATIENCE)
    connection, _ = server.accept()
    with connection:
      connection.sendall(PAGE)
  guest.expect(r"\n(\d+)\r*\n+fetched")
  count = guest.console.match[1]
  guest.expect(machine.PROMPT)
  return count


def test_input():
  package = made.make("keyboard", DRIVERS / "virtio_keyboard.toml", "virtio_keyboard")
  archive = made.initramfs("version1-input", {"keyboard": package})
  with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/monitor"
    extra = ("-device", "virtio-keyboard-pci", "-chardev", f"socket,id=keys,path={path},server=on,wait=off",
             "-mon", "chardev=keys,mode=readline")
    with machine.Machine("version1-input", "quiet", archive, extra=extra) as guest:
      guest.wait_for_shell()
      guest.run("set +m")  # no word of the shell's about jobs that end
      assert made.load(guest, "keyboard") == "ok"
      # The machine may have a keyboard of its own before it.
      node = guest.run("ls -d /dev/input/* | tail -1").strip()
      assert guest.run(f"ls -l {node} | cut -c1-10").strip() == "crw-rw----"
      # Eight events: two keys, each pressed and released, with the end of each change.
      guest.run(f"head -c 192 {node} > /tmp/events & sleep 1")
      with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(path)
        monitor.sendall(b"sendkey a\nsendkey b\n")
        assert guest.run("wait; wc -c < /tmp/events").strip() == "192"
      shown = bytes.fromhex(guest.run("od -An -v -tx1 /tmp/events").replace("\n", " "))
      events = [struct.unpack_from("<qqHHi", shown, at) for at in range(0, len(shown), 24)]
      end = (0, 0, 0)
      wanted = [(1, 30, 1), end, (1, 30, 0), end, (1, 48, 1), end, (1, 48, 0), end]
      assert [event[2:] for event in events] == wanted
      assert abs(events[0][0] - time.time()) < 24 * 3600
      # A reader that waits is told when the device goes.
      guest.run(f"cat {node} >/dev/null 2>/tmp/told & sleep 1")
      assert guest.run("/packages/load unload virtio_keyboard").strip() == "ok"
      assert "No such device" in guest.run("wait; cat /tmp/told")
      assert node not in guest.run("ls -d /dev/input/*")


def test_wrong_operations():
  """Code that is signed and well formed, and no driver all the same."""
  wrong = {"no_ops": "91 ENTRY_NULL", "foreign_ops": "92 OPS_INVALID", "missing_ops": "92 OPS_INVALID",
           "failing": "93 INIT_FAILED"}
  description = machine.ROOT / "tests/drivers/guide/my_driver.toml"
  archive = made.initramfs("wrong", {name: made.make(name, description, name) for name in (*wrong, "my_driver")})
  device = ("-device", "edu,dma_mask=0xffffffffffffffff")
  with machine.Machine("wrong", "quiet", archive, extra=device) as guest:
    guest.wait_for_shell()
    slot = guest.run("grep -l 0x11e8 /sys/bus/pci/devices/*/device").strip().split("/")[-2]
    for name, error in wrong.items():
      assert made.load(guest, name, f"slot={slot}") == "errno 5"
      assert made.last_error(guest) == error
      assert guest.run("cat /proc/ajdrv").strip() == ""
    assert guest.run("dmesg | grep -c 'init was called'").strip() == "0"
    # The device is free for a driver that is one.
    assert made.load(guest, "my_driver", f"slot={slot}") == "ok"
    assert guest.run("cat /sys/block/aja/size").strip() == "7"
