"""Imported first by every test, so that it finds tests/support when it is run by itself."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
