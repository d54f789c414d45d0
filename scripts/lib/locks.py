"""Locks between processes: two builds of one tree, or two trees with one cache, wait for each other."""

import contextlib
import fcntl

from console import say


@contextlib.contextmanager
def locked(path):
  """Holds the lock file `path`; says so when it has to wait."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with open(path, "w") as file:
    try:
      fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
      say(f"waiting for another build ({path.name})")
      fcntl.flock(file, fcntl.LOCK_EX)
    yield
