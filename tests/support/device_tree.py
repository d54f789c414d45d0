"""QEMU's device tree of a machine, changed (Devicetree Specification 0.4, chapter 5)."""

import struct
import subprocess

BEGIN_NODE, END_NODE, PROPERTY = b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\3"
AT_SIZE, AT_STRUCTURE, AT_STRINGS, AT_STRINGS_SIZE, AT_STRUCTURE_SIZE = 4, 8, 12, 32, 36


def number(tree, at):
  return struct.unpack_from(">I", tree, at)[0]


def padded(data):
  return data + bytes(-len(data) % 4)


def node_start(name):
  return BEGIN_NODE + padded(name.encode() + b"\0")


def of_machine(qemu, words, target):
  """Writes the tree that QEMU makes for a machine; its bytes. `words` begin with -machine and its value."""
  subprocess.run([qemu, words[0], f"{words[1]},dumpdtb={target}", *words[2:]], check=True, capture_output=True)
  return target.read_bytes()


def string_at(tree, name):
  """The place of a property's name among the strings."""
  start = number(tree, AT_STRINGS)
  return tree.index(name.encode() + b"\0", start) - start


def property_of(tree, node, name):
  """The 32-bit value of a property of the first node of that name, children not counted."""
  at = tree.index(node_start(node), number(tree, AT_STRUCTURE))
  return number(tree, tree.index(PROPERTY + struct.pack(">II", 4, string_at(tree, name)), at) + 12)


def with_child(tree, parent, child, properties):
  """A tree in which `parent` has one more child, with properties {name: bytes}, before its others."""
  names = b"".join(name.encode() + b"\0" for name in properties)
  first = number(tree, AT_STRINGS_SIZE)
  body = node_start(child)
  for name, value in properties.items():
    body += PROPERTY + struct.pack(">II", len(value), first + names.index(name.encode() + b"\0")) + padded(value)
  body += END_NODE
  structure, strings = number(tree, AT_STRUCTURE), number(tree, AT_STRINGS)
  blob = tree[structure:structure + number(tree, AT_STRUCTURE_SIZE)]
  at = end_of_properties(blob, blob.index(node_start(parent)) + len(node_start(parent)))
  blob = blob[:at] + body + blob[at:]
  texts = tree[strings:strings + first] + names
  # The reservations stay where they are, between the header and what follows.
  head = bytearray(tree[:min(structure, strings)])
  for place, value in ((AT_SIZE, len(head) + len(blob) + len(texts)), (AT_STRUCTURE, len(head)),
                       (AT_STRINGS, len(head) + len(blob)), (AT_STRINGS_SIZE, len(texts)),
                       (AT_STRUCTURE_SIZE, len(blob))):
    struct.pack_into(">I", head, place, value)
  return bytes(head) + blob + texts


def end_of_properties(blob, at):
  while blob[at:at + 4] == PROPERTY:
    at += 12 + len(padded(bytes(number(blob, at + 4))))
  return at


def without(tree, strings):
  """The tree with each of these strings spoiled: nothing is called or compatible with that any more."""
  for string in strings:
    assert string.encode() in tree, string
    tree = tree.replace(string.encode(), b"x" + string.encode()[1:])
  return packed(tree)


def packed(tree):
  """The tree without the room at its end: the strings come last, and QEMU adds room anew."""
  short = bytearray(tree[:number(tree, AT_STRINGS) + number(tree, AT_STRINGS_SIZE)])
  struct.pack_into(">I", short, AT_SIZE, len(short))
  return bytes(short)
