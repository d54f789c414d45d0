"""tests/absences.txt: what an architecture lacks, and why."""

from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FILE = TESTS / "absences.txt"


@dataclass(frozen=True)
class Absence:
  """A file, or one case of it, that these architectures alone have."""
  file: str
  case: str  # empty: all of the file
  arches: tuple
  reason: str

  def covers(self, file, case):
    return file == self.file and self.case in ("", case)


def read():
  """(the limit, the absences)"""
  limit, absences = None, []
  for line in FILE.read_text().splitlines():
    words = line.split("#")[0].split(maxsplit=2)
    if words[:1] == ["limit"]:
      limit = int(words[1])
    elif words:
      place, arches, reason = words
      file, _, case = place.partition("::")
      absences.append(Absence(file, case, tuple(arches.split(",")), reason))
  return limit, absences
