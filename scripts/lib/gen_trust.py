"""Generates the kernel's trust bundle as assembler: the bytes of a file between two symbols.

Without a file there is nothing between them, and the kernel refuses every driver package.
"""

import argparse
from pathlib import Path


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--bundle", help="the trust bundle, or nothing for a kernel that trusts nobody")
  parser.add_argument("output", type=Path)
  options = parser.parse_args()
  content = [f'  .incbin "{options.bundle}"'] if options.bundle else []
  text = ["/* Made by scripts/lib/gen_trust.py. */", ".section .rodata.trust_bundle, \"a\"", ".balign 16",
          ".globl trust_bundle_start", "trust_bundle_start:", *content, ".globl trust_bundle_end", "trust_bundle_end:",
          '.section .note.GNU-stack, "", %progbits']
  options.output.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
  main()
