"""QEMU's device tree for a machine, with parts of it gone: strings are replaced by others of the same length."""

import struct

import machine


def without(strings, target, options=()):
  """Writes the machine's tree to `target`, in which nothing has these strings any more."""
  target.unlink(missing_ok=True)
  kind = qemu_machine()
  answer = machine.host_run([machine.ARCH.qemu, "-machine", f"{kind},dumpdtb={target}", "-cpu", "max", "-m", "256M",
                             "-smp", "2", "-display", "none", *options])
  assert target.exists(), answer.stderr
  tree = target.read_bytes()
  for string in strings:
    wanted = string.encode()
    assert wanted in tree, string
    tree = tree.replace(wanted, b"x" + wanted[1:])
  target.write_bytes(packed(tree))
  return target


def qemu_machine():
  words = machine.qemu.MACHINES[machine.ARCH.name]
  return words[words.index("-machine") + 1]


def packed(tree):
  """Without the room at its end (devicetree specification 0.4, 5.2): the strings come last, and QEMU adds room anew."""
  strings_at, strings_size = struct.unpack_from(">I", tree, 12)[0], struct.unpack_from(">I", tree, 32)[0]
  short = bytearray(tree[:strings_at + strings_size])
  struct.pack_into(">I", short, 4, len(short))
  return bytes(short)
