"""The page of promises names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:\w+/)*(?:test_\w+\.py|faults)(?:::\w+)?)`", PAGE)))


def test_every_promise_has_a_test():
    """No row of a table is without one, but for those whose environments nox makes."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 25
    assert [row for row in rows if not re.search(r"`[\w/]*test_\w+\.py|`faults|`nox -s ", row)] == []


@pytest.mark.parametrize("name", NAMED)
def test_named_test_is_there(name):
    """The file exists, and the function in it."""
    path, _, function = name.partition("::")
    if function:
        body = ast.parse((HERE / path).read_text(encoding="utf-8")).body
        assert function in [node.name for node in body if isinstance(node, ast.FunctionDef)]
    else:
        assert (HERE / path).exists()


def test_named_sessions_are_there():
    """So are the sessions of nox."""
    sessions = {node.name for node in ast.parse((HERE.parent / "noxfile.py").read_text(encoding="utf-8")).body
                if isinstance(node, ast.FunctionDef) and node.decorator_list}  # fmt: skip
    named = {session for group in re.findall(r"`nox -s ([\w ]+)`", PAGE) for session in group.split()}
    assert named
    assert named <= sessions
