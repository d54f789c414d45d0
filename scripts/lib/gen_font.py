"""Generates the kernel's console font as assembler from a PSF file (version 1 or 2, with a Unicode table).

The result is a header (lines of a glyph, the replacement's glyph, how many glyphs, how many characters), the glyphs,
and a table of characters and their glyphs, sorted. The same reader serves the tests that look at the screen.
"""

import argparse
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC_1 = b"\x36\x04"
MAGIC_2 = b"\x72\xb5\x4a\x86"
REPLACEMENT = 0xFFFD


@dataclass
class Font:
  """Glyphs as bytes from the top down, one for each line, and {character: number of its glyph}."""
  height: int
  glyphs: list
  table: dict

  @property
  def replacement(self):
    return self.table.get(REPLACEMENT, self.table.get(ord("?"), 0))


def read_psf(data):
  """A Font from the bytes of a PSF file (kbd's psf.h has the format). ValueError: not one, or not 8 pixels wide."""
  if data[:2] == MAGIC_1:
    mode, height = data[2], data[3]
    count = 512 if mode & 1 else 256
    at = 4
    table = _table_1 if mode & 6 else None
  elif data[:4] == MAGIC_2:
    _, at, flags, count, size, height, width = struct.unpack_from("<7I", data, 4)
    if width != 8 or size != height:
      raise ValueError("the font is not 8 pixels wide")
    table = _table_2 if flags & 1 else None
  else:
    raise ValueError("not a PSF font")
  end = at + count * height
  if len(data) < end:
    raise ValueError("the font is cut short")
  if table is None:
    raise ValueError("the font has no Unicode table")
  return Font(height, [data[at + i * height:at + (i + 1) * height] for i in range(count)], table(data[end:], count))


def _table_1(data, count):
  """Words: single characters, then sequences after 0xfffe, closed by 0xffff for each glyph."""
  table, glyph, in_sequence = {}, 0, False
  for (word,) in struct.iter_unpack("<H", data[:len(data) // 2 * 2]):
    if word == 0xFFFF:
      glyph, in_sequence = glyph + 1, False
    elif word == 0xFFFE:
      in_sequence = True
    elif not in_sequence and glyph < count:
      table.setdefault(word, glyph)
  return table


def _table_2(data, count):
  """UTF-8: single characters, then sequences after 0xfe, closed by 0xff for each glyph."""
  table = {}
  for glyph, entry in enumerate(data.split(b"\xff")[:count]):
    for character in entry.split(b"\xfe")[0].decode():
      table.setdefault(ord(character), glyph)
  return table


def assembler(font):
  entries = sorted(font.table.items())
  lines = ["/* Made by scripts/lib/gen_font.py. */", '.section .rodata.console_font, "a"', ".balign 8",
           ".globl console_font_header", "console_font_header:",
           f"  .long {font.height}, {font.replacement}, {len(font.glyphs)}, {len(entries)}",
           ".globl console_font_entries", "console_font_entries:",
           *(f"  .long {code}, {glyph}" for code, glyph in entries),
           ".globl console_font_glyphs", "console_font_glyphs:",
           *("  .byte " + ", ".join(map(str, glyph)) for glyph in font.glyphs),
           '.section .note.GNU-stack, "", %progbits']
  return "\n".join(lines) + "\n"


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("font", type=Path)
  parser.add_argument("output", type=Path)
  options = parser.parse_args()
  options.output.write_text(assembler(read_psf(options.font.read_bytes())))


if __name__ == "__main__":
  main()
