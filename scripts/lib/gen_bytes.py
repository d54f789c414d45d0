"""Generates assembler that puts a file's bytes into the kernel, between the symbols NAME_start and NAME_end.

Without a file there is nothing between them.
"""

import argparse
from pathlib import Path


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--file", help="whose bytes; as the assembler finds it")
  parser.add_argument("name", help="what the symbols begin with")
  parser.add_argument("output", type=Path)
  options = parser.parse_args()
  start, end = f"{options.name}_start", f"{options.name}_end"
  content = [f'  .incbin "{options.file}"'] if options.file else []
  text = ["/* Made by scripts/lib/gen_bytes.py. */", f'.section .rodata.{options.name}, "a"', ".balign 16",
          f".globl {start}, {end}", f".hidden {start}, {end}", f"{start}:", *content, f"{end}:",
          '.section .note.GNU-stack, "", %progbits']
  options.output.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
  main()
