"""Fitted models for pictures, and no picture left open."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from sk_gd import GDLinearRegressor

mpl.use("Agg")

VARIANTS = ["batch", "mini-batch", "stochastic"]


@pytest.fixture
def textbook():
    """The textbook's method, for as long as it is told."""
    return {"optimizer": "gd", "preconditioner": None, "tol": None, "random_state": 0}


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture
def rows(make_problem):
    X, y, _ = make_problem("regression")
    return X, y


@pytest.fixture
def models(rows, textbook):
    """The three variants, with their paths."""
    params = textbook | {"learning_rate": 0.02, "max_iter": 12, "record": "path"}
    return [GDLinearRegressor(variant, **params).fit(*rows) for variant in VARIANTS]
