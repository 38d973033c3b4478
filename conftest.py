"""Imports the installed package before pytest collects doctests from the source tree, which has no compiled modules."""

import sk_gd  # noqa: F401
