"""The porting guide leaves out no parameter, attribute or argument of the estimators that it is written for."""

import inspect
import re
from pathlib import Path

import pytest
from sklearn import linear_model, svm

from sk_gd import GDLinearRegressor, GDLogisticClassifier

PAGE = (Path(__file__).parents[1] / "docs" / "porting.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"\n## ", PAGE)[1:]
OF_SCIKIT_LEARN = ["SGDClassifier", "SGDRegressor", "LogisticRegression", "LinearRegression", "Ridge", "Lasso", "ElasticNet",
                   "QuantileRegressor", "HuberRegressor", "LinearSVR"]  # fmt: skip
OF_MLXTEND = {  # 0.25.0: the parameters of its constructors, and of fit
    "LinearRegression": ["method", "eta", "epochs", "minibatches", "random_seed", "print_progress", "init_params"],
    "LogisticRegression": ["eta", "epochs", "l2_lambda", "minibatches", "random_seed", "print_progress", "init_params"],
    "SoftmaxRegression": ["eta", "epochs", "l2", "minibatches", "n_classes", "random_seed", "print_progress", "init_params"],
}


def translated(section):
    """The words in the left columns of a section's tables."""
    return set(re.findall(r"\w+", " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))))


def section_of(name):
    """The section that has the estimator in its title."""
    (found,) = [section for section in SECTIONS if re.search(rf"\b{name}\b", section.splitlines()[0])]
    return found


@pytest.mark.parametrize("name", OF_SCIKIT_LEARN)
def test_every_parameter_of_scikit_learn(name):
    """Those of the constructor, and what fit and partial_fit take beside the rows."""
    Estimator = getattr(linear_model, name, None) or getattr(svm, name)
    asked = set(inspect.signature(Estimator).parameters)
    if name.startswith("SGD"):
        asked |= set(inspect.signature(Estimator.fit).parameters) - {"self", "X", "y", "sample_weight"}
        asked |= set(inspect.signature(Estimator.partial_fit).parameters) - {"self", "sample_weight"}
    assert asked - translated(section_of(name)) == set()


@pytest.mark.parametrize("name", OF_MLXTEND)
def test_every_parameter_of_mlxtend(name):
    """The three estimators share a table."""
    assert set(OF_MLXTEND[name]) - translated(section_of("mlxtend")) == set()


def test_what_is_said_to_be_the_same_is_there():
    """A row whose answer is "the same" names parameters, methods or attributes of ours."""
    ours = set()
    for Estimator in (GDLinearRegressor, GDLogisticClassifier):
        ours |= {*Estimator().get_params(), *dir(Estimator), *inspect.signature(Estimator.fit).parameters, "X", "y", "classes"}
        ours |= set(re.findall(r"(?m)^    (\w+_) : ", Estimator.__doc__))
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("|")]
    same = [there for there, here in rows if here.strip().startswith("the same") and "numbers" not in here]
    assert len(same) > 5
    for there in same:
        for code in re.findall(r"`([^`]+)`", there):
            assert set(re.findall(r"[A-Za-z_]\w*", code)) - {"True", "fit"} <= ours, there
