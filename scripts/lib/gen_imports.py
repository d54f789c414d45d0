"""Generates the table of what driver packages may import, as assembler: the symbols are functions of many types."""

import argparse
from pathlib import Path


def imports(names):
  """A table of (name, address) in the order of strcmp()."""
  lines = ['.section .data.rel.ro.driver_imports, "aw"', ".balign 8", ".globl driver_imports", "driver_imports:"]
  lines += [f"  .quad .Lname_{i}, {name}" for i, name in enumerate(names)]
  lines += [".globl driver_import_count", "driver_import_count:", f"  .quad {len(names)}", ".section .rodata"]
  lines += [f'.Lname_{i}: .asciz "{name}"' for i, name in enumerate(names)]
  return lines


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--symbols", type=Path, required=True, help="the list of imports")
  parser.add_argument("output", type=Path)
  options = parser.parse_args()
  names = [line.strip() for line in options.symbols.read_text().splitlines() if line and not line.startswith("#")]
  if names != sorted(set(names)):
    raise SystemExit(f"{options.symbols}: the names are not sorted, or one is there twice")
  text = ["/* Made by scripts/lib/gen_imports.py. */", *imports(names), '.section .note.GNU-stack, "", %progbits']
  options.output.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
  main()
