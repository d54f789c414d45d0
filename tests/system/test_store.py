"""The store's daemon on this machine, and a guest that enrols, asks, and copes when nobody answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import driver_store  # noqa: E402
import machine  # noqa: E402


@pytest.fixture(name="store", scope="module")
def fixture_store(tmp_path_factory):
  with driver_store.Store(tmp_path_factory.mktemp("store")) as store:
    yield store


def test_answers_and_refuses_in_form(store):
  status, info = store.ask("/v1/info")
  assert status == 200 and info["engine"] == {"name": "rank", "version": 1, "llm": None}
  assert store.ask("/v1/catalog") == (200, {"packages": [], "cursor": None})
  assert store.ask("/v1/updates/0.1.0")[0] == 200
  for path, method, body, wanted in (("/v1/nothing", "GET", None, 404), ("/v1/info", "POST", b"{}", 405),
                                     ("/v1/machines/x", "PUT", b"{", 400),
                                     ("/v1/machines/x/sync", "POST", b"{}", 401),
                                     ("/v1/manifest", "POST", b"{}", 401),
                                     ("/v1/drivers/8086/10d3/x86_64", "GET", None, 404),
                                     ("/v1/drivers/zz/10d3/x86_64", "GET", None, 400),
                                     ("/v1/blobs/sha256/" + "0" * 64, "GET", None, 404),
                                     ("/v1/machines/x", "PUT", b"[" * 100000, 400),
                                     ("/v1/machines/x", "PUT", b" " * 300000, 413)):
    status, problem = store.ask(path, method, body)
    assert (status, problem["status"]) == (wanted, wanted), path


def test_refuses_what_is_no_signed_package(store, tmp_path):
  for content in (b"", b"AJDV", os.urandom(5000), b"AJDV\x02\0\0\0" + bytes(800)):
    file = tmp_path / "bad.ajdrv"
    file.write_bytes(content)
    run = subprocess.run([store.program, "publish", store.folder, file], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and re.search(r"ajstore: \d+ [A-Z_]+: ", run.stderr)
  assert store.ask("/v1/catalog")[1]["packages"] == []


def test_guest_enrols_and_asks(store):
  with machine.Machine("store-sync", f"quiet ajdrv.store=http://10.0.2.2:{store.port}") as guest:
    guest.wait_for_shell()
    wait = "for i in $(seq 60); do ajdrv status | grep -q 'up to date' && break; sleep 1; done; ajdrv status"
    status = guest.run(wait, timeout=120)
    assert "state: up to date" in status, status
    assert re.search(r"machine: [a-z2-7]{26}", status)
    slot = guest.run("basename $(readlink -f /sys/class/net/eth0/device)").strip()
    assert "no driver that fits" in guest.run(f"ajdrv why {slot}")
    assert "TRUNC_HEADER" in guest.run("echo x > /tmp/x; ajdrv verify /tmp/x")
    assert guest.run("ps | grep '[b]ootstrapd'").split()[1].startswith("bootstra")
  assert "\n1 machines" in store.command("status")


def test_boot_goes_on_without_the_store():
  with machine.Machine("store-down", "quiet ajdrv.store=http://10.0.2.2:9") as guest:
    guest.wait_for_shell()
    wait = "for i in $(seq 60); do ajdrv status | grep -q retrying && break; sleep 1; done; ajdrv status"
    status = guest.run(wait, timeout=120)
    assert "state: retrying" in status and "problem: " in status, status


def test_store_that_comes_back_is_found(tmp_path):
  """Nobody tells the machine: it tries again by itself, and has its drivers then."""
  with driver_store.Store(tmp_path, driver_store.TRUST) as late:
    late.publish(driver_store.built("virtio_rng"))
    late.stop()
    with machine.Machine("store-late", f"quiet {late.word}") as guest:
      guest.wait_for_shell()
      driver_store.wait_in_guest(guest, "ajdrv status | grep -q 'state: retrying'")
      assert "virtio_rng" not in guest.run("ajdrv list")
      late.serve()
      driver_store.wait_in_guest(guest, "ajdrv list | grep -q 'virtio_rng .* loaded'")
      assert "problem:" not in guest.run("ajdrv status")
