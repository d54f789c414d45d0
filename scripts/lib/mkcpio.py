"""Writes CPIO archives (newc) for an initramfs from file lists. Needs no root; the same input gives the same bytes.

A list has one entry a line; `#` begins a comment. SOURCE is relative to the checkout, or after `@build@/` to
build/ARCH.

  dir PATH MODE UID GID
  file PATH SOURCE MODE UID GID
  slink PATH TARGET MODE UID GID
  nod PATH MODE UID GID c|b MAJOR MINOR
  applets PROGRAM SOURCE         a link to PROGRAM under each path that the file SOURCE lists
"""

import os
import stat
from dataclasses import dataclass

from console import Failure, say
from paths import BUILD, ROOT

LIST = ROOT / "initramfs/files.list"
HALF_PAGE = 2048


@dataclass
class Entry:
  path: str
  mode: int
  uid: int = 0
  gid: int = 0
  data: bytes = b""
  device: tuple = (0, 0)


def make_initramfs(arch, output):
  """Writes the architecture's first root, unless the file already is what would be written."""
  data = archive(read_list(LIST, BUILD / arch.name))
  if output.exists() and output.read_bytes() == data:
    return
  partial = output.with_suffix(".partial")
  partial.write_bytes(data)
  partial.rename(output)
  say(f"{output.relative_to(ROOT)}: {len(data) // 1024} KiB")


def read_list(file, build_folder, above=None):
  """The entries of a list, each path once, parents before what they hold. Directories may be those of another list."""
  entries = {}
  above = above or {}
  for number, line in enumerate(file.read_text().splitlines(), 1):
    words = line.split("#")[0].split()
    if not words:
      continue
    try:
      for entry in _parse(words, build_folder):
        entries.setdefault(entry.path, entry)
    except (ValueError, IndexError, KeyError):
      raise Failure(f"{file.relative_to(ROOT)}:{number}: cannot read: {line}", "see scripts/lib/mkcpio.py for the form")
  for path in entries:
    parent = os.path.dirname(path)
    holder = entries.get(parent) or above.get(parent)
    if parent != "/" and not (holder and stat.S_ISDIR(holder.mode)):
      raise Failure(f"{file.relative_to(ROOT)}: {path} is in no directory of the list", f"add: dir {parent} 755 0 0")
  return [entries[path] for path in sorted(entries, key=lambda path: path.split("/"))]


def _parse(words, build_folder):
  kind, path = words[0], words[1]
  if kind == "dir":
    yield Entry(path, stat.S_IFDIR | int(words[2], 8), int(words[3]), int(words[4]))
  elif kind == "file":
    data = _source(words[2], build_folder).read_bytes()
    yield Entry(path, stat.S_IFREG | int(words[3], 8), int(words[4]), int(words[5]), data)
  elif kind == "slink":
    yield Entry(path, stat.S_IFLNK | int(words[3], 8), int(words[4]), int(words[5]), words[2].encode())
  elif kind == "nod":
    file_type = {"c": stat.S_IFCHR, "b": stat.S_IFBLK}[words[5]]
    yield Entry(path, file_type | int(words[2], 8), int(words[3]), int(words[4]), b"", (int(words[6]), int(words[7])))
  elif kind == "applets":
    for link in _source(words[2], build_folder).read_text().split():
      if link != path:
        yield Entry(link, stat.S_IFLNK | 0o777, 0, 0, path.encode())
  else:
    raise ValueError(kind)


def _source(name, build_folder):
  path = build_folder / name.removeprefix("@build@/") if name.startswith("@build@/") else ROOT / name
  if not path.exists():
    raise Failure(f"the initramfs needs {os.path.relpath(path)}, which does not exist",
                  "build it, or take it from initramfs/files.list")
  return path


def archive(entries):
  """The archive's bytes. Times are SOURCE_DATE_EPOCH or 0, so that they say nothing about this build."""
  time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
  parts = [_member(number, entry, time) for number, entry in enumerate(entries, 1)]
  parts.append(_member(0, Entry("/TRAILER!!!", 0), 0))
  data = b"".join(parts)
  # QEMU's microvm loads an archive as high in memory as it fits when it begins with a page, and over its own ACPI
  # tables in the last kilobyte, where the archive reaches that far.
  return data + bytes((HALF_PAGE - len(data)) % (2 * HALF_PAGE))


def _member(inode, entry, time):
  name = entry.path.lstrip("/").encode() + b"\0"
  links = 2 if stat.S_ISDIR(entry.mode) else 1
  fields = [inode, entry.mode, entry.uid, entry.gid, links, time, len(entry.data), 0, 0, *entry.device, len(name), 0]
  header = b"070701" + b"".join(b"%08X" % field for field in fields) + name
  return _padded(header) + _padded(entry.data)


def _padded(data):
  return data + bytes(-len(data) % 4)
