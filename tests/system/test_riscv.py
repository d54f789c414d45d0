"""What a RISC-V machine may have or lack, and the kernel finds out: a serial port or the firmware's console."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import device_tree  # noqa: E402
import machine  # noqa: E402
import qemu  # noqa: E402


def test_console_of_the_firmware():
  """A device tree that names no serial port: the firmware's console is the terminal."""
  file = machine.LOGS / "riscv64-no-port.dtb"
  machine.LOGS.mkdir(parents=True, exist_ok=True)
  tree = device_tree.of_machine(machine.ARCH.qemu, [*qemu.MACHINES["riscv64"], "-smp", "2", "-m", "256M"], file)
  port = b"/soc/serial@10000000\0"
  assert port in tree
  file.write_bytes(tree.replace(port, bytes(len(port))))
  with machine.Machine("firmware-console", "quiet", extra=["-dtb", str(file)]) as guest:
    guest.wait_for_shell()
    assert guest.run("echo one two three | wc -w").strip() == "3"
    # What is typed while nobody reads waits, and none of it is lost.
    guest.console.send("sleep 2\r" + "".join(f"echo line {i}\r" for i in range(40)))
    guest.expect("\nline 39\r")
