"""The kernel's table of function names, from which it prints backtraces.

  ksyms.py empty OUT            an empty table, for the first link
  ksyms.py table --nm NM ELF OUT   the table of a linked kernel, for the second
  ksyms.py check --nm NM FIRST SECOND STAMP   fails unless both links put all functions at the same addresses

The section .ksyms holds, in this order: ksyms_count (u32), ksyms_offsets (u32 each, from __kernel_start, ascending),
ksyms_name_offsets (u32 each, into the names), ksyms_names (NUL-terminated).
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

TEXT_TYPES = "tTwWi"
LONGEST_NAME = 100


def symbols(nm, elf, demangle):
  """[(address, name)] of the functions in text, ascending, and the address of __kernel_start."""
  command = [nm, "-n", *(["-C"] if demangle else []), elf]
  base, rows = None, []
  for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
    match = re.match(r"([0-9a-f]+) (\S) (.*)", line)
    if not match:
      continue
    address, kind, name = int(match[1], 16), match[2], match[3]
    if name == "__kernel_start":
      base = address
    # `$x` and the like are the assembler's marks between code and data, `.L` its local labels.
    if kind in TEXT_TYPES and not name.startswith(("$", ".L")):
      rows.append((address, name))
  if base is None:
    sys.exit(f"ksyms: {elf} has no symbol __kernel_start")
  return base, rows


def short_name(name):
  """A demangled name without parameters and template arguments: a::b<int>(char)::{lambda()#1} is a::b::{lambda}."""
  cold = " (cold)" if "[clone .cold" in name else ""
  name = name.replace("(anonymous namespace)::", "")
  kept, depth, index = [], 0, 0
  while index < len(name):
    operator = re.match(r"operator *(\(\)|<=>|<<=?|>>=?|<=?|>=?|->\*?)", name[index:])
    lambda_ = re.match(r"\{lambda", name[index:])
    word = operator[0] if operator else "{lambda" if lambda_ else name[index]
    if word in ("<", "("):
      depth += 1
    elif word in (">", ")"):
      depth -= 1
      # Behind the parameters come only qualifiers, unless a name goes on inside the function.
      if word == ")" and depth == 0 and not name[index + 1:].startswith(("::", "#")):
        break
    elif depth == 0:
      kept.append(word)
    index += len(word)
  text = re.sub(r"\{lambda#\d+\}(::operator\(\))?", "{lambda}", "".join(kept))
  if "operator" not in text:
    text = text.strip().rsplit(" ", 1)[-1]  # a function template's name begins with its result type
  return (text.strip()[:LONGEST_NAME]) + cold


def table(base, rows):
  """One name for each address, as assembler text."""
  by_address = {}
  # Of several names for one address a function's is better than a linker script's mark, such as __text_start.
  for address, name in sorted(rows, key=lambda row: row[1].startswith("__")):
    by_address.setdefault(address - base, short_name(name))
  addresses = sorted(by_address)
  starts, names, text = {}, [], 0
  for address in addresses:
    name = by_address[address]
    if name not in starts:
      starts[name] = text
      names.append(name)
      text += len(name.encode()) + 1
  return assembler(addresses, [starts[by_address[address]] for address in addresses], names)


def assembler(offsets, name_offsets, names):
  lines = ['.section .ksyms, "a"', ".balign 4"]

  def define(label, directive, values):
    lines.extend([f".globl {label}", f".hidden {label}", f".type {label}, %object", f"{label}:"])
    lines.extend(f"  {directive} {value}" for value in values)
    lines.append(f".size {label}, . - {label}")

  define("ksyms_count", ".4byte", [len(offsets)])
  define("ksyms_offsets", ".4byte", [hex(offset) for offset in offsets])
  define("ksyms_name_offsets", ".4byte", name_offsets)
  define("ksyms_names", ".asciz", [f'"{name}"' for name in names] or ['""'])
  lines.append('.section .note.GNU-stack, "", %progbits')
  return "\n".join(lines) + "\n"


def check(nm, first, second):
  """The addresses in the table are those of the first link: they must be true in the second."""
  (base, before), (base_after, after) = symbols(nm, first, False), symbols(nm, second, False)
  if base != base_after or before != after:
    moved = sorted(set(before) ^ set(after))[:4]
    sys.exit(f"ksyms: functions moved between the two links (.ksyms must lie behind the text): {moved}")


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("mode", choices=["empty", "table", "check"])
  parser.add_argument("--nm", default="nm")
  parser.add_argument("files", nargs="+", type=Path)
  options = parser.parse_args()
  *inputs, output = options.files
  if options.mode == "empty":
    output.write_text(assembler([], [], []))
  elif options.mode == "table":
    output.write_text(table(*symbols(options.nm, inputs[0], True)))
  else:
    check(options.nm, *inputs)
    output.write_text("the functions of both links are at the same addresses\n")


if __name__ == "__main__":
  main()
