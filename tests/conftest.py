"""What all suites share: the marks that they use, and that cases which an architecture lacks are left out there."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "support"))

import absences  # noqa: E402


def pytest_configure(config):
  config.addinivalue_line("markers", "slow: left out of scripts/test --quick")


def pytest_collection_modifyitems(config, items):
  arch = os.environ.get("HALYARD_ARCH", "x86_64")
  elsewhere = [absence for absence in absences.read()[1] if arch not in absence.arches]
  kept, left_out = [], []
  for item in items:
    file = item.path.relative_to(TESTS).as_posix()
    lacks = any(absence.covers(file, item.originalname) for absence in elsewhere)
    (left_out if lacks else kept).append(item)
  config.hook.pytest_deselected(items=left_out)
  items[:] = kept
