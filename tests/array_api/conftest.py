"""Arrays of other libraries than NumPy, under scikit-learn's dispatch."""

import array_api_strict
import numpy as np
import pytest
import sklearn
import torch

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
        for module in ("sources", "estimators._labels", "estimators._validation"):
            monkeypatch.setattr(f"sk_gd.{module}.in_place", lambda x: x)
    bring = PLACES[request.param]
    return lambda values, **kwargs: None if values is None else bring(np.asarray(values), **kwargs)


@pytest.fixture
def strict():
    """Bring an array of NumPy to a device of which NumPy knows nothing."""
    bring = PLACES["strict"]
    return lambda values, **kwargs: None if values is None else bring(np.asarray(values), **kwargs)
