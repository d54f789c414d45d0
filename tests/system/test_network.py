"""The network, as a person uses it: a lease, the gateway, names, transfers both ways, and what /proc tells of it."""

import hashlib
import socket
import stat
import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import machine  # noqa: E402
import mkcpio  # noqa: E402
from web_server import CONTENT, fixture_web_port  # noqa: E402, F401

GATEWAY = "10.0.2.2"
LEASE = "udhcpc -i eth0 -n -q >/dev/null 2>&1; echo lease $?"


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def test_lease_gateway_and_tables():
  with machine.Machine("net-lease", "quiet") as guest:
    guest.wait_for_shell()
    assert "127.0.0.1" in guest.run("ifconfig lo")
    assert "lease 0" in guest.run(LEASE)
    assert "inet addr:10.0.2.15" in guest.run("ifconfig eth0")
    assert "nameserver 10.0.2.3" in guest.run("cat /etc/resolv.conf")
    assert "0 packets" not in guest.run(f"ping -c 2 {GATEWAY} | tail -2 | head -1").replace(" 0% packet", "")
    assert f"0.0.0.0         {GATEWAY}" in guest.run("route -n")
    assert "eth0:" in guest.run("cat /proc/net/dev")
    assert GATEWAY in guest.run("cat /proc/net/arp")
    assert "Unicast reply" in guest.run(f"arping -c 1 -I eth0 {GATEWAY}")


def test_names_from_the_hosts_file():
  with machine.Machine("net-names", "quiet") as guest:
    guest.wait_for_shell()
    guest.run("echo '127.0.0.1 somewhere' >> /etc/hosts")
    assert "(127.0.0.1)" in guest.run("ping -c 1 somewhere | head -1")


def test_names_from_a_name_server(web_port):
  """The server runs in the guest: on the host it could not have the one port that resolvers ask."""
  server = (machine.BUILD / "meson-userland/tests/system/name-server").read_bytes()
  initramfs = machine.initramfs_with("net-dns", [mkcpio.Entry("/bin/name-server", stat.S_IFREG | 0o755, data=server)])
  with machine.Machine("net-dns", "quiet", initramfs) as guest:
    guest.wait_for_shell()
    assert "lease 0" in guest.run(LEASE)
    assert "ready" in guest.run(f"name-server host.example {GATEWAY} && echo ready")
    guest.run("echo 'nameserver 127.0.0.1' > /etc/resolv.conf")
    assert f"({GATEWAY})" in guest.run("ping -c 1 host.example | head -1")
    guest.run(f"wget -q -O /tmp/got http://host.example:{web_port}/", timeout=180)
    assert guest.run("md5sum < /tmp/got").split()[0] == hashlib.md5(CONTENT).hexdigest()
    assert "bad address" in guest.run("ping -c 1 nobody.example")


def test_wget_from_the_host(web_port):
  with machine.Machine("net-wget", "quiet") as guest:
    guest.wait_for_shell()
    assert "lease 0" in guest.run(LEASE)
    guest.run(f"wget -q -O /tmp/got http://{GATEWAY}:{web_port}/", timeout=180)
    assert guest.run("wc -c < /tmp/got").strip() == str(len(CONTENT))
    assert guest.run("md5sum < /tmp/got").split()[0] == hashlib.md5(CONTENT).hexdigest()


def tcp_packets(capture, port):
  """(comes from the guest, window, bytes of payload) of a port's packets in what QEMU wrote down (pcap)."""
  data, at = capture.read_bytes(), 24
  while at + 16 <= len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame, at = data[at + 16:at + 16 + length], at + 16 + length
    if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
      continue
    tcp = 14 + (frame[14] & 15) * 4
    source, target = struct.unpack_from(">HH", frame, tcp)
    payload = struct.unpack_from(">H", frame, 16)[0] - (tcp - 14) - (frame[tcp + 12] >> 4) * 4
    if port in (source, target):
      yield target == port, struct.unpack_from(">H", frame, tcp + 14)[0], payload


def test_late_reader_opens_the_window(web_port):
  """The window closes while nobody reads; then the guest says at once that it is open, and does not wait to be asked."""
  capture = machine.LOGS / f"{machine.ARCH.name}-net-window.pcap"
  with machine.Machine("net-window", "quiet", extra=["-object", f"filter-dump,id=dump0,netdev=net0,file={capture}"]) as guest:
    guest.wait_for_shell()
    assert "lease 0" in guest.run(LEASE)
    guest.run(f"wget -q -O - http://{GATEWAY}:{web_port}/ | (sleep 1; md5sum) > /tmp/sum")
    assert guest.run("cat /tmp/sum").split()[0] == hashlib.md5(CONTENT).hexdigest()
    guest.power_off()
  packets = list(tcp_packets(capture, web_port))
  segment = max(payload for _, _, payload in packets)
  is_closed, closings, asked, sent = False, 0, 0, 0
  for is_from_guest, window, payload in packets:
    if is_from_guest:
      is_closed = window < segment
      closings += is_closed
    elif payload != 0:
      # What fills less than a segment, but for the end of it all, tries whether there is room again.
      sent += payload
      asked += is_closed and payload < segment and sent < len(CONTENT)
  assert closings > 0 and asked == 0, f"{closings} times closed, {asked} times asked"


def test_server_in_the_guest():
  port = free_port()
  net = ["-netdev", f"user,id=net1,hostfwd=tcp:127.0.0.1:{port}-:80", "-device",
         "virtio-net-pci,netdev=net1,romfile="]
  with machine.Machine("net-server", "quiet", extra=net) as guest:
    guest.wait_for_shell()
    guest.run("ifconfig eth1 10.0.2.15 netmask 255.255.255.0 up")
    guest.run("route add default gw 10.0.2.2 dev eth1")
    guest.run("echo 'served by the guest' > /tmp/index.html")
    guest.run("httpd -p 80 -h /tmp")
    for _ in range(2):
      with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
          answer += piece
      assert b"200 OK" in answer and b"served by the guest" in answer


def test_netcat_both_ways():
  with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    server.settimeout(60)
    with machine.Machine("net-nc", "quiet") as guest:
      guest.wait_for_shell()
      assert "lease 0" in guest.run(LEASE)
      guest.console.sendline(f"echo from the guest | nc {GATEWAY} {server.getsockname()[1]}")
      connection, _ = server.accept()
      with connection:
        connection.settimeout(60)
        assert connection.recv(100) == b"from the guest\n"
        connection.sendall(b"from the host\n")
      guest.expect("from the host")
      guest.wait_for_shell()


def test_interface_goes_down_and_comes_back():
  with machine.Machine("net-down", "quiet") as guest:
    guest.wait_for_shell()
    for _ in range(3):
      assert "lease 0" in guest.run(LEASE)
      assert " 0% packet loss" in guest.run(f"ping -c 1 {GATEWAY}")
      guest.run("ifconfig eth0 down")
      assert "Network unreachable" in guest.run(f"ping -c 1 {GATEWAY} 2>&1")


def test_e1000(web_port):
  nic = ["-netdev", "user,id=net1", "-device", "e1000,netdev=net1,romfile=,mac=52:54:00:77:66:55"]
  with machine.Machine("net-e1000", "quiet", extra=nic) as guest:
    guest.wait_for_shell()
    name = guest.run("grep -l 77:66 /proc/none; ifconfig -a | awk '/77:66:55/ {print $1}'").split()[-1]
    guest.run(f"udhcpc -i {name} -n -q >/dev/null 2>&1")
    assert " 0% packet loss" in guest.run(f"ping -c 3 {GATEWAY}")
    guest.run(f"wget -q -O /tmp/got http://{GATEWAY}:{web_port}/", timeout=180)
    assert guest.run("md5sum < /tmp/got").split()[0] == hashlib.md5(CONTENT).hexdigest()
    guest.run(f"ifconfig {name} down")
    guest.run(f"udhcpc -i {name} -n -q >/dev/null 2>&1")
    assert " 0% packet loss" in guest.run(f"ping -c 1 {GATEWAY}")
