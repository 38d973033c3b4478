"""Imports the installed package before pytest collects doctests from the source tree, which has no compiled modules."""

import sys
from pathlib import Path

import sk_gd  # noqa: F401

sys.path.append(str(Path(__file__).parent))  # behind the installed package: for tests of the benchmarks
