"""The public names and the order of the rooms."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sk_gd

HOUSE = Path(inspect.getfile(sk_gd)).parent
FILES = sorted(HOUSE.rglob("*.py"))
RUNGS = [  # a room imports only from rungs below its own, and two rooms of one rung never from each other
    {"_compat", "_params"},
    {"_threads"},
    {"_array"},
    {"_pieces"},
    {"losses", "penalties", "optimizers", "schedules", "preconditioners"},
    {"kernels"},
    {"sources"},
    {"descent"},
    {"diagnosis"},
    {"estimators", "callbacks"},
    {"inspection", "onnx"},
]
KNOW_SCIKIT_LEARN = {"estimators", "callbacks", "inspection", "onnx", "_compat"}


def room_of(file):
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports_of(file):
    """Full dotted name of everything that a file imports, at any depth of its code, relative imports resolved."""
    package = ["sk_gd", *file.relative_to(HOUSE).parts[:-1]]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))


def test_public_names():
    """__all__ is exactly this, and every name is there."""
    names = ["DescentDisplay", "DescentPathDisplay", "GDLinearRegressor", "GDLogisticClassifier", "LearningRateDisplay",
             "__version__", "callbacks", "descent_method", "learning_rate_curve", "minimize", "onnx"]  # fmt: skip
    assert sorted(sk_gd.__all__) == names
    assert all(hasattr(sk_gd, name) for name in sk_gd.__all__)


@every_file
def test_order_of_the_rooms(file):
    """A room imports its own files and rooms below it, never beside it or above."""
    rung = {room: level for level, rooms in enumerate(RUNGS) for room in rooms}
    own = room_of(file)
    if own == "__init__":
        return
    assert own in rung, f"{own} has no place in the order of the rooms"
    for name in imports_of(file):
        if name.startswith("sk_gd."):
            other = name.split(".")[1]
            assert other == own or rung.get(other, 99) < rung[own], f"{own} imports {name}"


@every_file
def test_who_knows_scikit_learn(file):
    """Only the estimators, the inspection and _compat import scikit-learn."""
    if room_of(file) not in KNOW_SCIKIT_LEARN:
        assert not [name for name in imports_of(file) if name.split(".")[0] == "sklearn"]


@every_file
def test_private_names_of_scikit_learn(file):
    """Only _compat imports names of scikit-learn that begin with an underscore."""
    if room_of(file) != "_compat":
        private = [name for name in imports_of(file) if name.startswith("sklearn") and "._" in name]
        assert not private


def test_import_is_light():
    """`import sk_gd` loads no plotting, frame or cluster library that scikit-learn does not load itself."""
    code = "import sys, sklearn.linear_model; before = set(sys.modules); import sk_gd; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "sk_gd" in loaded
    heavy = {"matplotlib", "pandas", "polars", "dask", "distributed", "torch", "skl2onnx", "onnx"}
    assert not {name.split(".")[0] for name in loaded} & heavy


@pytest.mark.parametrize("registry", ["losses.LOSSES", "penalties.PENALTIES", "optimizers.OPTIMIZERS", "schedules.SCHEDULES",
                                      "preconditioners.PRECONDITIONERS"])  # fmt: skip
def test_registries(registry):
    """Every room of mathematics has a registry of names and documented classes."""
    room, name = registry.split(".")
    entries = getattr(__import__(f"sk_gd.{room}", fromlist=[name]), name)
    assert entries
    for key, entry in entries.items():
        assert key is None or isinstance(key, str)
        assert callable(entry)
        assert entry.__doc__ or entry.func.__doc__
