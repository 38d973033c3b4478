"""scikit-learn's array API checks on both estimators in every variant, in each library that is here."""

from functools import partial

import pytest
from sklearn.utils import estimator_checks as checks
from sklearn.utils import get_tags

from sk_gd import GDLinearRegressor, GDLogisticClassifier

EVERY = [
    Estimator(variant, **params)
    for Estimator in (GDLinearRegressor, GDLogisticClassifier)
    for variant in ("batch", "mini-batch", "stochastic")
    for params in ({}, {"early_stopping": True, "alpha": 0.01})
]
HERE = {"numpy": {None}, "array_api_strict": {None, "CPU_DEVICE", "device1"}, "torch": {"cpu"}}


def runs_here(check):
    """Whether a check wants only libraries and devices that are here: neither CuPy nor a GPU is."""
    if not isinstance(check, partial) or "array_api" not in check.func.__name__:
        return False
    words = check.keywords
    wanted = [words[key] for key in ("X_ns_and_device", "other_ns_and_device") if key in words]
    wanted = wanted or [(words["array_namespace"], words.get("device_name"))]
    return all(device in HERE.get(library, ()) for library, device in wanted)


def named(value):
    """The same name in every process: no addresses."""
    return f"{value.func.__name__} {value.keywords}" if isinstance(value, partial) else str(value)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [(estimator, check) for estimator in EVERY for _, check in checks.estimator_checks_generator(estimator) if runs_here(check)],
    ids=named,
)
def test_check(estimator, check):
    """Every array API check that scikit-learn yields and that can run here passes."""
    check(estimator)


@pytest.mark.parametrize("estimator", EVERY, ids=str)
def test_which_checks_run(estimator):
    """The tag claims array API support, and seven checks look at it: NumPy, strict twice, torch twice, mixed, another library."""
    assert get_tags(estimator).array_api_support
    assert sum(runs_here(check) for _, check in checks.estimator_checks_generator(estimator)) == 7


@pytest.mark.parametrize("check_sample_weight", [False, True])
@pytest.mark.parametrize(("library", "device"), [("array_api_strict", "device1"), ("torch", "cpu")])
@pytest.mark.parametrize("estimator", [estimator for estimator in EVERY if estimator.variant == "batch"], ids=str)
def test_values(estimator, library, device, check_sample_weight):
    """scikit-learn's own check of values, which it keeps for its own estimators, passes too."""
    name = type(estimator).__name__
    checks.check_array_api_input_and_values(name, estimator, library, device, check_sample_weight=check_sample_weight)
