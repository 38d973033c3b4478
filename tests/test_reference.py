"""The reference in docs/api.rst has a place for every public name."""

import importlib
import re
from pathlib import Path

import pytest

API = (Path(__file__).parents[1] / "docs" / "api.rst").read_text(encoding="utf-8")
ROOMS = ["callbacks", "diagnosis", "inspection", "losses", "onnx", "optimizers", "schedules", "sources"]
PUBLIC = ["sk_gd", *(f"sk_gd.{room}" for room in ROOMS)]


def documented():
    """Names by module: what its ``autosummary`` lists, and its ``py:data``."""
    parts = re.split(r"(?m)^\.\. currentmodule:: (\S+)$", API)
    for module, text in zip(parts[1::2], parts[2::2], strict=True):
        listed = text.partition(":toctree: generated/\n")[2].partition("\n..")[0]
        yield module, {*re.findall(r"(?m)^   (\w+)$", listed), *re.findall(r"(?m)^\.\. py:data:: (\w+)$", text)}


REFERENCE = dict(documented())


def test_public_modules():
    """The modules that promise anything are these."""
    assert sorted(REFERENCE) == PUBLIC


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_documented(module):
    """The reference and __all__ agree; a module among the names has a section of its own, a name of sk_gd is not told twice."""
    names = {name for name in importlib.import_module(module).__all__ if f"{module}.{name}" not in PUBLIC}
    told = set() if module == "sk_gd" else REFERENCE["sk_gd"]
    assert REFERENCE[module] == names - told
