"""Nothing in the package runs what it is given: no text is evaluated, nothing is unpickled, no process is started."""

import ast
import inspect
from pathlib import Path

import pytest

import sk_gd

HOUSE = Path(inspect.getfile(sk_gd)).parent
FILES = sorted(HOUSE.rglob("*.py"))
RUN = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "subprocess", "ctypes", "runpy"}
LOADS = {"load_pickle", "read_pickle", "system", "popen", "fromfile"}


def offences(tree):
    """Calls and imports that could run foreign code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in RUN:
            yield node.id
        elif isinstance(node, ast.Attribute) and node.attr in LOADS:
            yield node.attr
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield node.module
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and getattr(node.value, "value", True) is not False:
            yield "allow_pickle"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_no_foreign_code_is_run(file):
    """By its syntax tree, no file of the package has a way to."""
    assert list(offences(ast.parse(file.read_text(encoding="utf-8")))) == []


EVIL = [
    "eval('1')",
    "f = exec",
    "import pickle",
    "from joblib import load",
    "f(allow_pickle=True)",
    "os.system('x')",
    "f.read_pickle('x')",
]


@pytest.mark.parametrize("code", EVIL)
def test_the_test_sees(code):
    """What it is there to find."""
    assert list(offences(ast.parse(code)))
