"""Every error and warning says what was wrong, with the value, and what to do: all texts are collected from the source and read."""

import ast
import inspect
import re
from itertools import product
from pathlib import Path

import pytest

import sk_gd

HOUSE = Path(inspect.getfile(sk_gd)).parent
FILES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(HOUSE.rglob("*.py"))}
DEFINED = {node.name: node for tree in FILES.values() for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
CONSTANTS = {node.targets[0].id: node.value for tree in FILES.values() for node in tree.body
             if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}  # fmt: skip
UNREAD = {
    "DivergenceError(state)",  # on its way to an estimator or to minimize, which say more
    "CancelledError()",  # ends work that nobody waits for
    "failed.pop()",  # of a thread, where it was raised and is read
    "failed.pop(min(failed))",
}
PASSED_ON = {"failure"}  # of a worker, where it was raised and is read
QUOTED = "\N{HORIZONTAL ELLIPSIS}"  # an error in the text of another
ADVICE = re.compile(
    r"(?:^|[:;.,] |\b(?:or|and|else) )(bring|build|call|choose|divide|fill|fit|give|increase|install|leave|load|look|loosen|make|"
    r"multiply|name|pass|pip|raise|return|scale|set|sparsify|start|take|try|use)\b",
    re.IGNORECASE,
)


def readings(node, function):
    """All that an expression of a function can say, with {} for what only the moment knows."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in product(*(readings(part, function) for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return readings(node.value, function)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ["".join(parts) for parts in product(readings(node.left, function), readings(node.right, function))]
    if isinstance(node, ast.IfExp):
        return readings(node.body, function) + readings(node.orelse, function)
    if isinstance(node, ast.Call):
        return said_by(node, function) or ["{}"]
    if isinstance(node, ast.Name):
        if any(isinstance(end, ast.ExceptHandler) and end.name == node.id for end in ast.walk(function)):
            return [QUOTED]
        lines = [line for line in ast.walk(function) if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == node.id]
        return [text for line in lines for text in readings(line.value, function)] or ["{}"]
    return ["{}"]


def said_by(call, function):
    """What a function or class of ours returns, or a method of a constant: of a template, of a dict of texts."""
    name = ast.unparse(call.func)
    constant = CONSTANTS.get(name.partition(".")[0])
    if name in DEFINED:
        made = DEFINED[name]
        ends = [end.value for end in ast.walk(made) if isinstance(end, ast.Return)]
        return [text for end in ends for text in readings(end, made) if text]
    if name.endswith(".format") and constant is not None:
        return [re.sub(r"\{\w+\}", "{}", constant.value)]
    if name.endswith(".get") and isinstance(constant, ast.Dict):
        return [text for value in (*constant.values, *call.args[1:]) for text in readings(value, function)]
    return []


def told():
    """All that the package raises or warns of: file, line, the expression, and the function around it."""
    for file, tree in FILES.items():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        around = {node: function for function in functions for node in ast.walk(function)}  # the innermost is the last
        for node in ast.walk(tree):
            where = f"{file.relative_to(HOUSE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Raise):
                yield where, node.exc, around[node]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                yield where, node, around[node]


TEXTS = sorted({(where, text) for where, call, function in told() if isinstance(call, ast.Call) and ast.unparse(call) not in UNREAD
                for text in readings(call.args[0], function)})  # fmt: skip


def flaw(text):
    """What a text lacks, None if nothing; it reads "a must be b, got value." or "what is wrong, with the value: do this."."""
    if not text.rstrip('"').endswith("."):
        return "is no sentence"
    if re.search(r"\b(must|needs?)\b.*\bgot .*(\{\}|=)", text):
        return None
    advice = list(ADVICE.finditer(text))
    if not advice:
        return "does not say what to do"
    return None if re.search(r"\{\}|=\S", text[: advice[-1].start()]) else "does not say which value it was"


@pytest.mark.parametrize(("where", "text"), TEXTS)
def test_form(where, text):
    """What was wrong, which value, what to do; an error that quotes another says where it was."""
    if text.endswith(f": {QUOTED}"):
        assert "{}" in text
    else:
        assert flaw(text) is None, f"{where} {flaw(text)}: {text}"


def test_all_are_read():
    """What is raised is written where it is raised, or passed on; compiled code leaves it to Python."""
    assert len(TEXTS) > 100
    unread = {ast.unparse(call) for _, call, _ in told() if call is not None and not isinstance(call, ast.Call)}
    assert unread <= PASSED_ON
    imports = [node.module for tree in FILES.values() for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "warnings" not in imports  # so that they are all called by their full name
    assert not [file for file in HOUSE.rglob("*.p[yx][xd]") if re.search(r"^\s*raise\b", file.read_text(encoding="utf-8"), re.M)]


@pytest.mark.parametrize(
    "text",
    ["Bad input.", "rates must be positive.", "X has {} rows.", "The fit has ended: fit again.", "the client is {}: start one"],
)
def test_the_test_sees(text):
    """What it is there to find."""
    assert flaw(text)
