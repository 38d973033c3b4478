"""Arrays of other libraries than NumPy, under scikit-learn's dispatch."""

import array_api_strict
import numpy as np
import pytest
import sklearn
import torch

from sk_gd._array import bits
from sk_gd.estimators import _held_out

STRICT = array_api_strict.Device("device1")  # NumPy can neither read an array there nor compute with one
PLACES = {
    "torch": torch.asarray,
    "torch elsewhere": torch.asarray,
    "strict": lambda values, **kwargs: array_api_strict.asarray(values, device=STRICT, **kwargs),
}


@pytest.fixture(autouse=True)
def _dispatch():
    """Every test runs under array_api_dispatch."""
    with sklearn.config_context(array_api_dispatch=True):
        yield


@pytest.fixture(params=PLACES)
def place(request, monkeypatch):
    """Bring an array of NumPy to each of the libraries; None stays None. "Elsewhere" is any device but the host's memory."""
    if request.param == "torch elsewhere":
        for module in ("_pieces", "sources", "estimators._labels", "estimators._held_out", "estimators._rows"):
            monkeypatch.setattr(f"sk_gd.{module}.in_place", lambda x: x)
    bring = PLACES[request.param]
    return lambda values, **kwargs: None if values is None else bring(np.asarray(values), **kwargs)


@pytest.fixture
def leaving(monkeypatch):
    """Sizes of all arrays that leave their device, by whichever way."""
    sizes, inside = [], []

    def noted(leave):
        def note(x, *args, **kwargs):
            if not inside and leave is not bits:
                sizes.append(int(np.prod(x.shape)))
            inside.append(leave)
            try:
                return leave(x, *args, **kwargs)
            finally:
                inside.pop()

        return note

    strict = type(array_api_strict.empty(0))
    ways = "__array__", "__bool__", "__float__", "__int__", "__index__", "__complex__", "__buffer__", "__dlpack__"
    for kind, names in ((strict, ways), (torch.Tensor, (*ways, "numpy", "item", "tolist"))):
        for name in names:
            if hasattr(kind, name):
                monkeypatch.setattr(kind, name, noted(getattr(kind, name)))
    # strict arrays have no other way to the bits of a number
    monkeypatch.setattr(_held_out, "bits", lambda x: bits(x) if isinstance(x, torch.Tensor) else noted(bits)(x))
    return sizes


@pytest.fixture
def strict():
    """Bring an array of NumPy to a device of which NumPy knows nothing."""
    bring = PLACES["strict"]
    return lambda values, **kwargs: None if values is None else bring(np.asarray(values), **kwargs)
