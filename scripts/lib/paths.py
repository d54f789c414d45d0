"""Where things are: the checkout, its build folder, and the cache that outlives both."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = Path(os.environ.get("HALYARD_CACHE") or Path.home() / ".cache/halyard").absolute()
PORTS = ROOT / "userland/ports"
