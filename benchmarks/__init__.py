"""How fast sk_gd is beside its peers: ``python -m benchmarks --quick``."""
