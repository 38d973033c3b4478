"""How fast sk_gd is beside its peers: ``python -m benchmarks --quick``."""

import sys
from pathlib import Path

# python -m puts this checkout first, whose sk_gd is not compiled: let the installed one go before it
_ROOT = Path(__file__).resolve().parents[1]
sys.path = [path for path in sys.path if Path(path or ".").resolve() != _ROOT] + [str(_ROOT)]
