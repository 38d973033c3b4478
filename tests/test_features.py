"""The marks of the feature table that scikit-learn's signatures can tell are those of the version at hand."""

import inspect

import pytest
from sklearn import linear_model, neural_network

from tests.test_readme import table_of_features

COLUMNS = {
    "SGD*": (linear_model.SGDClassifier, linear_model.SGDRegressor),
    "LR, Ridge": (linear_model.LogisticRegression, linear_model.Ridge),
    "MLP*": (neural_network.MLPClassifier, neural_network.MLPRegressor),
}


def has(name):
    """Whether an estimator has a parameter."""
    return lambda Estimator: name in inspect.signature(Estimator).parameters


def fits(name):
    """Whether fit takes an argument."""
    return lambda Estimator: name in inspect.signature(Estimator.fit).parameters


def can(name):
    """Whether an estimator has a method."""
    return lambda Estimator: hasattr(Estimator, name)


def takes(name, value):
    """Whether a parameter may have a value, by scikit-learn's own table of them."""

    def answer(Estimator):
        allowed = Estimator._parameter_constraints.get(name, [])
        return any(value in getattr(one, "options", ()) for one in allowed)

    return answer


ROWS = {
    "no negative coefficients (`positive`)": has("positive"),
    "elastic net (`l1_ratio`)": has("l1_ratio"),
    "averages of the way (`average`)": has("average"),
    "`sample_weight`": fits("sample_weight"),
    "`partial_fit`": can("partial_fit"),
    "on rows held out (`early_stopping`)": has("early_stopping"),
    "on one's own rows (`X_val`, `y_val`)": fits("X_val"),
    "`huber`": takes("loss", "huber"),
    "`epsilon_insensitive`": takes("loss", "epsilon_insensitive"),
    "`quantile`": takes("loss", "quantile"),
    "`adam`": takes("solver", "adam"),
    "`max_time`": has("max_time"),
    "`warm_start`": has("warm_start"),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("column", COLUMNS)
def test_mark(row, column):
    """All of a column's estimators have it: yes; none: no; some: part (a loss of numbers is asked of the regressor)."""
    names, rows = table_of_features()
    (mark,) = [cells[names.index(column)] for cells in rows if cells[0] == row]
    estimators = COLUMNS[column]
    if row in ("`huber`", "`epsilon_insensitive`", "`quantile`"):
        estimators = estimators[1:]
    found = [ROWS[row](Estimator) for Estimator in estimators]
    assert mark == ("yes" if all(found) else "part" if any(found) else "no")
