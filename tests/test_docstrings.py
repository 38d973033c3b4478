"""What users read is complete: numpydoc's validation of everything public."""

import inspect

import pytest
from numpydoc.validate import validate

import sk_gd
import sk_gd.callbacks

# sections that not every method needs (extended summary, see also, examples), named returns, summaries that are no imperative
NOT_ASKED_FOR = {"ES01", "SA01", "EX01", "RT02", "SS05"}
HOOKS = {"setup", "teardown", "on_fit_task_begin", "on_fit_task_end"}  # scikit-learn's protocol, which tells of their arguments


def public():
    """Every public class and function, and the methods that a class of ours defines or inherits from a file of ours."""
    things = [(f"sk_gd.{name}", getattr(sk_gd, name)) for name in sk_gd.__all__ if name != "__version__"]
    things += [(f"sk_gd.callbacks.{name}", getattr(sk_gd.callbacks, name)) for name in sk_gd.callbacks.__all__]
    for path, thing in things:
        if not callable(thing):
            continue
        yield path
        if inspect.isclass(thing):
            for name, member in inspect.getmembers(thing, callable):
                ours = str(getattr(member, "__module__", "")).startswith("sk_gd")
                if not name.startswith(("_", "set_")) and ours and name not in HOOKS:
                    yield f"{path}.{name}"


@pytest.mark.parametrize("path", public())
def test_numpydoc(path):
    """No finding: every parameter described in its order, with a type, summaries in one line."""
    found = [(code, text) for code, text in validate(path)["errors"] if code not in NOT_ASKED_FOR]
    assert not found
