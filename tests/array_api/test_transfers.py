"""What leaves the device during a fit, by whichever way, to the last number: what parameters have, and nothing that rows have."""

from collections import Counter

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS

R, C = GDLinearRegressor, GDLogisticClassifier
D, N = 4, 500  # features; rows, more than any array of the parameters' holds
METRIC = 3 + (3 + 9) * (D + 1) ** 2  # the joint second moments of three outputs, those of each, and their curvature
FITS = {
    "squared error": (R, {}, "regression"),
    "several outputs": (R, {"alpha": 0.01}, "multi-output"),
    "huber": (R, {"loss": "huber"}, "regression"),
    "quantile": (R, {"loss": "quantile"}, "regression"),
    "lasso": (R, {"alpha": 0.1, "l1_ratio": 1.0}, "regression"),
    "two classes": (C, {}, "binary"),
    "softmax": (C, {"class_weight": "balanced"}, "multinomial"),
    "early stopping": (C, {"early_stopping": True}, "multinomial"),
    "by score": (C, {"early_stopping": "accuracy"}, "binary"),
    "averaged": (R, {"average": True}, "regression"),
    "adam": (C, {"optimizer": "adam"}, "binary"),
    "textbook": (C, {"optimizer": "gd", "preconditioner": None}, "binary"),
}

# devices that NumPy does not read
pytestmark = pytest.mark.parametrize("place", ["torch elsewhere", "strict"], indirect=True)

@pytest.mark.parametrize("max_full", [1024, 2])
@pytest.mark.parametrize("name", FITS)
def test_nothing_of_the_size_of_the_rows(place, leaving, variant, make_problem, monkeypatch, name, max_full):
    """Weights, labels, and rows that are held out stay, too; with a Hessian that is held, and by its products."""
    monkeypatch.setattr("sk_gd.descent.objective.Objective.max_full", max_full)
    Estimator, params, target = FITS[name]
    X, y, weights = make_problem(target, n_samples=N, n_features=D, weighted=True)
    model = Estimator(variant, **{"max_iter": 3, "tol": None, "random_state": 0, **params})
    rows = place(X), place(y), place(weights)
    leaving.clear()
    model.fit(*rows)
    assert 0 < max(leaving) <= METRIC < N


def test_nothing_of_a_sample(place, leaving, make_problem, monkeypatch):
    """A metric of some rows, among them all where a column is not as usual: they are found and weighed where they are."""
    monkeypatch.setattr("sk_gd.descent.sampled.LARGE", 1)
    X, y, weights = make_problem("binary", n_samples=8000, n_features=D, weighted=True)
    X[:, 3] = np.arange(len(X)) % 1000 == 0
    rows = place(X), place(y), place(weights)
    leaving.clear()
    model = C(random_state=0).fit(*rows)
    assert "of a sample" in model.method_
    assert max(leaving) <= METRIC
    np.testing.assert_allclose(model.optimality_, C(random_state=0).fit(X, y, weights).optimality_, rtol=1e-3)


PASS = D + 2  # the objective and its gradient; or the parameters after an epoch, and the objective that it met
EPOCHS = [
    ("batch", {}, [PASS]),
    ("batch", {"optimizer": "gd", "preconditioner": None}, [PASS]),
    ("batch", {"optimizer": "adam"}, [PASS]),
    ("mini-batch", {"optimizer": "gd", "average": True}, [PASS + D + 1, PASS]),  # the sum of the points; and a pass at their mean
    ("stochastic", {"preconditioner": "auto"}, [PASS, PASS]),
    ("stochastic", {"optimizer": "saga", "preconditioner": "auto"}, [PASS, PASS]),
    *[("mini-batch", {"optimizer": name}, [PASS]) for name in OPTIMIZERS],
]


@pytest.mark.parametrize(("variant", "params", "expected"), EPOCHS, ids=str)
def test_arrays_an_epoch(place, leaving, make_problem, monkeypatch, variant, params, expected):
    """One for a pass, one for a sweep, however many rows there are and updates are made of them; to the number."""
    monkeypatch.setattr("sk_gd.sources.array_api.DEVICE_CHUNK", 40)  # several chunks
    how = {"tol": None, "random_state": 0, "batch_size": 16 if variant == "mini-batch" else "auto", "preconditioner": "diagonal"}
    for n_samples in (64, 128):
        X, y, _ = make_problem("binary", n_samples=n_samples, n_features=D)
        rows, sizes = (place(X), place(y)), []
        for max_iter in (3, 6):
            leaving.clear()
            C(variant, **{**how, "max_iter": max_iter, **params}).fit(*rows)
            sizes.append(Counter(leaving))
        grown = sizes[1] - sizes[0]
        single, metrics = grown.pop(1, 0), grown[D * (D + 1) + 1]  # the steepest row; the second moments about a first center
        assert grown == Counter([*3 * expected, *metrics * [D * (D + 1) + 1, D]])
        assert metrics <= ("auto" in params.values())
        assert single <= 2 * ("auto" in params.values())
