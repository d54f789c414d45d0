"""Writes ext2 images of the root disk from the same file lists as the initramfs, without root's rights: mke2fs makes an
empty file system, and debugfs fills it as a list of commands says."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

import mkcpio
from console import Failure, say, step
from disk_tools import run
from paths import BUILD, ROOT

LISTS = [mkcpio.LIST, ROOT / "initramfs/disk.list"]
SIZE = "256M"
# So that the same input gives the same image.
IDENTITY = "6a1f0c5e-4d0b-4b8e-9a57-48616c796172"
FEATURES = "^resize_inode,^dir_index,^ext_attr"


def make_root(arch, output):
  """Writes the architecture's root disk, unless the file already is what would be written."""
  entries = {}
  for file in LISTS:
    for entry in mkcpio.read_list(file, BUILD / arch.name, entries):
      entries[entry.path] = entry
  entries.pop("/init", None)
  ordered = [entries[path] for path in sorted(entries, key=lambda path: path.split("/"))]
  key = mkcpio.archive(ordered)
  stamp = output.with_suffix(".key")
  if output.exists() and stamp.exists() and stamp.read_bytes() == _digest(key):
    return
  with step(f"making {output.relative_to(ROOT)}"):
    make(output, ordered, SIZE)
  stamp.write_bytes(_digest(key))


def _digest(data):
  return hashlib.sha256(data).hexdigest().encode()


def make(output, entries, size):
  """Writes an image of `size` (as mke2fs takes it) with these entries."""
  partial = output.with_name(output.name + ".partial")
  partial.unlink(missing_ok=True)
  output.parent.mkdir(parents=True, exist_ok=True)
  run("mke2fs", "-q", "-t", "ext2", "-O", FEATURES, "-U", IDENTITY, "-L", "halyard", "-m", "1",
      "-E", f"hash_seed={IDENTITY},root_owner=0:0,lazy_itable_init=0", partial, size)
  with tempfile.TemporaryDirectory() as folder:
    commands = Path(folder) / "commands"
    commands.write_text("".join(line + "\n" for entry in entries for line in _commands(entry, Path(folder))))
    answer = run("debugfs", "-w", "-f", commands, partial)
    wrong = [line for line in answer.stderr.splitlines() if not line.startswith("debugfs ")]
    if wrong:
      raise Failure(f"debugfs cannot fill {output.name}: {wrong[0]}")
  partial.rename(output)


def _commands(entry, folder):
  """debugfs's commands that make one entry."""
  path, kind = entry.path, stat.S_IFMT(entry.mode)
  parent, name = os.path.split(path)
  yield f"cd {parent}"
  if kind == stat.S_IFDIR:
    yield f"mkdir {name}"
  elif kind == stat.S_IFLNK:
    yield f"symlink {name} {entry.data.decode()}"
    return
  elif kind == stat.S_IFREG:
    source = folder / str(len(list(folder.iterdir())))
    source.write_bytes(entry.data)
    yield f"write {source} {name}"
  else:
    yield f"mknod {name} {'c' if kind == stat.S_IFCHR else 'b'} {entry.device[0]} {entry.device[1]}"
  yield f"sif {name} mode 0{entry.mode:o}"
  yield f"sif {name} uid {entry.uid}"
  yield f"sif {name} gid {entry.gid}"


def copy(source, target):
  """A copy of an image that takes no more room than what is in it."""
  partial = target.with_name(target.name + ".partial")
  partial.parent.mkdir(parents=True, exist_ok=True)
  run("cp", "--sparse=always", source, partial)
  partial.rename(target)
  say(f"{os.path.relpath(target)}: a fresh copy of {os.path.relpath(source)}")
