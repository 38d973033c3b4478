"""What users read is complete: numpydoc's validation of everything that they call, construct or hand to an estimator."""

import importlib
import inspect

import pytest
from numpydoc.validate import validate

import sk_gd
from tests.test_reference import ROOMS

# sections that not every method needs (extended summary, see also, examples), named returns, summaries that are no imperative
NOT_ASKED_FOR = {"ES01", "SA01", "EX01", "RT02", "SS05"}
HOOKS = {"setup", "teardown", "on_fit_task_begin", "on_fit_task_end"}  # scikit-learn's protocol, which tells of their arguments



def methods_of(path, thing):
    """Those that a class of ours defines or inherits from a file of ours."""
    for name, member in inspect.getmembers(thing, callable):
        ours = str(getattr(member, "__module__", "")).startswith("sk_gd")
        if not name.startswith(("_", "set_")) and ours and name not in HOOKS:
            yield f"{path}.{name}"


def public():
    """Every public class and function, and the methods that a user calls; those by which the engine asks an object are its own."""
    for module in (sk_gd, *(importlib.import_module(f"sk_gd.{room}") for room in ROOMS)):
        for name in module.__all__:
            path, thing = f"{module.__name__}.{name}", getattr(module, name)
            if callable(thing) and not getattr(thing, "_is_protocol", False):
                yield path
                if inspect.isclass(thing) and module.__name__ in ("sk_gd", "sk_gd.callbacks"):
                    yield from methods_of(path, thing)


@pytest.mark.parametrize("path", public())
def test_numpydoc(path):
    """No finding: every parameter described in its order, with a type, summaries in one line."""
    found = [(code, text) for code, text in validate(path)["errors"] if code not in NOT_ASKED_FOR]
    assert not found
