"""boot_elf.py IN OUT: the kernel as an ELF file of nothing but its segments, which is all that boot loaders need.

GRUB refuses a Multiboot2 kernel whose section table names relocations. The kernel's are its own affair (it applies
them itself, wherever it finds itself loaded), so the boot file goes without a section table.
"""

import struct
import sys
from pathlib import Path

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # ELF64
SEGMENT = struct.Struct("<IIQQQQQQ")


def without_sections(data):
  """The same file up to the end of its last segment, with the section table taken out of the header."""
  fields = list(HEADER.unpack_from(data))
  segments_at, segment_size, segment_count = fields[5], fields[9], fields[10]
  end = HEADER.size + segment_size * segment_count
  for index in range(segment_count):
    segment = SEGMENT.unpack_from(data, segments_at + index * segment_size)
    end = max(end, segment[2] + segment[5])  # offset and size in the file
  fields[6] = 0  # e_shoff
  fields[12] = fields[13] = 0  # e_shnum, e_shstrndx
  return HEADER.pack(*fields) + data[HEADER.size:end]


def main():
  source, target = map(Path, sys.argv[1:])
  target.write_bytes(without_sections(source.read_bytes()))
  target.chmod(0o755)


if __name__ == "__main__":
  main()
