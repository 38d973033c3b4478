"""The three variants on two real tables, raw: no scaling, no tuning, beside scikit-learn with its own defaults."""

import time
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.model_selection import GridSearchCV, RepeatedKFold, RepeatedStratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor, GDLogisticClassifier


def log_loss(y, z):
    """Cost of the raw prediction z where the class was y, 0 or 1."""
    return np.logaddexp(0, z) - y * z


def squared_error(y, z):
    """Cost of predicting z where y was right."""
    return (z - y) ** 2 / 2


def objective(model, X, y, loss, alpha):
    """F = mean loss + alpha / 2 * |coef|^2, calculated the same way whoever fitted the model."""
    coef, intercept = np.ravel(model.coef_), np.ravel(model.intercept_)
    return loss(y, X @ coef + intercept).mean() + alpha / 2 * coef @ coef


def number(x):
    """Ten characters for a number, however bad it is."""
    return f"{x:10.4f}" if abs(x) < 1e4 else f"{x:10.0e}"


def compare(models, X, y, cv, loss, alpha):
    """A line per model; all of them see the same splits, and F is taken on the rows that a fit has seen."""
    print(f"{'model':34}  held out  training         F        ms  warnings")
    for name, model in models.items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            fits = cross_validate(model, X, y, cv=cv, return_train_score=True, return_estimator=True, return_indices=True)
        seen = zip(fits["estimator"], fits["indices"]["train"], strict=True)
        reached = np.mean([objective(fitted, X[rows], y[rows], loss, alpha) for fitted, rows in seen])
        scores = number(fits["test_score"].mean()) + number(fits["train_score"].mean())
        print(f"{name:34}{scores}{number(reached)}{1000 * np.median(fits['fit_time']):10.1f}{len(warned):10}")


def classification(X, y):
    """Log loss and accuracy, everyone at the strength of the penalty that is LogisticRegression's default."""
    n_seen = 0.8 * len(y)  # a fit sees four of five folds
    alpha = 1 / n_seen  # LogisticRegression's C=1
    print(f"\nBreast cancer, raw ({len(y)} x {X.shape[1]}). Score: accuracy. F: mean log loss + {alpha:.4f} / 2 |coef|^2.")
    models = {
        "GDLogisticClassifier('batch')": GDLogisticClassifier("batch", alpha=alpha),
        "GDLogisticClassifier('mini-batch')": GDLogisticClassifier("mini-batch", alpha=alpha, random_state=0),
        "GDLogisticClassifier('stochastic')": GDLogisticClassifier("stochastic", alpha=alpha, random_state=0),
        "LogisticRegression()": LogisticRegression(),
        "SGDClassifier()": SGDClassifier(random_state=0),  # minimises another F, with the hinge loss
    }
    compare(models, X, y, RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0), log_loss, alpha)


def regression(X, y):
    """Least squares and R2, without a penalty."""
    print(f"\nDiabetes, raw ({len(y)} x {X.shape[1]}). Score: R2. F: half the mean squared error.")
    models = {
        "GDLinearRegressor('batch')": GDLinearRegressor("batch"),
        "GDLinearRegressor('mini-batch')": GDLinearRegressor("mini-batch", random_state=0),
        "GDLinearRegressor('stochastic')": GDLinearRegressor("stochastic", random_state=0),
        "LinearRegression()": LinearRegression(),
        "SGDRegressor()": SGDRegressor(random_state=0),
    }
    compare(models, X, y, RepeatedKFold(n_splits=5, n_repeats=2, random_state=0), squared_error, alpha=0)


def grid_search(X, y):
    """A pipeline like any other. The descent needs no scaling; the penalty does, to treat all features alike."""
    pipeline = make_pipeline(StandardScaler(), GDLogisticClassifier())
    grid = {"gdlogisticclassifier__alpha": [1e-4, 1e-3, 1e-2, 1e-1], "gdlogisticclassifier__l1_ratio": [0, 0.5, 1]}
    search = GridSearchCV(pipeline, grid, cv=5).fit(X, y)
    best = search.best_estimator_[-1]
    n_tried = len(search.cv_results_["params"])
    print(f"\nGrid search over {n_tried} pipelines, 5 folds each. Best accuracy: {search.best_score_:.4f},")
    print(f"alpha={best.alpha}, l1_ratio={best.l1_ratio}, {np.count_nonzero(best.coef_)} of {X.shape[1]} features in use.")
    print(f"Method: {best.method_}.\nStopped after {best.n_iter_} epochs: {best.stop_reason_}")


def main():
    """Fit everything, on data that scikit-learn brings along."""
    start = time.perf_counter()
    print("Scores and F are means over 10 splits (5-fold cross-validation, twice), ms is the median time of a fit.")
    cancer, diabetes = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True, scaled=False)
    classification(*cancer)
    regression(*diabetes)
    grid_search(*cancer)
    print(f"\nAll this in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
