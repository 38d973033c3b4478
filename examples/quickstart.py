"""The three variants on two real tables, as they are: no scaling, no tuning, beside scikit-learn with its own defaults."""

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
    """Loss of the raw predictions z where y, 0 or 1, was right."""
    return np.logaddexp(0, z) - y * z


def squared_error(y, z):
    return (z - y) ** 2 / 2


def objective(model, X, y, loss, alpha):
    """F = mean loss + alpha / 2 * |coef|^2: what is minimised, calculated the same way for every model."""
    coef, intercept = np.ravel(model.coef_), np.ravel(model.intercept_)
    return loss(y, X @ coef + intercept).mean() + alpha / 2 * coef @ coef


def compare(models, X, y, cv, loss, alpha):
    """Print a line per model, with means over the splits; every model sees the same ones."""
    print(f"{'':38} held out  training  objective        ms  warned")
    for name, model in models.items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            fits = cross_validate(model, X, y, cv=cv, return_train_score=True, return_estimator=True, return_indices=True)
        reached = [
            objective(fitted, X[rows], y[rows], loss, alpha)
            for fitted, rows in zip(fits["estimator"], fits["indices"]["train"], strict=True)
        ]
        print(
            f"{name:38} {fits['test_score'].mean():8.4g}  {fits['train_score'].mean():8.4g}  {np.mean(reached):9.4g}"
            f"  {1000 * np.median(fits['fit_time']):8.1f}  {len(warned):2} / {len(reached)}"
        )


def classification(X, y):
    """Two classes: accuracy, and F at the strength that LogisticRegression has by default."""
    cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
    alpha = 1 / (0.8 * len(y))  # LogisticRegression's C=1, for the four fifths of the rows that a fit sees
    models = {
        "GDLogisticClassifier('batch')": GDLogisticClassifier(alpha=alpha),
        "GDLogisticClassifier('mini-batch')": GDLogisticClassifier("mini-batch", alpha=alpha, random_state=0),
        "GDLogisticClassifier('stochastic')": GDLogisticClassifier("stochastic", alpha=alpha, random_state=0),
        "LogisticRegression()": LogisticRegression(),
        "SGDClassifier()": SGDClassifier(random_state=0),
    }
    print(f"\nBreast cancer, {X.shape[0]} rows, {X.shape[1]} features as they are: accuracy, and log loss + {alpha:.4f} / 2 |coef|^2")
    compare(models, X, y, cv, log_loss, alpha)


def regression(X, y):
    """A number: R2, and F without a penalty."""
    cv = RepeatedKFold(n_splits=5, n_repeats=2, random_state=0)
    models = {
        "GDLinearRegressor('batch')": GDLinearRegressor(),
        "GDLinearRegressor('mini-batch')": GDLinearRegressor("mini-batch", random_state=0),
        "GDLinearRegressor('stochastic')": GDLinearRegressor("stochastic", random_state=0),
        "LinearRegression()": LinearRegression(),
        "SGDRegressor()": SGDRegressor(random_state=0),
    }
    print(f"\nDiabetes, {X.shape[0]} rows, {X.shape[1]} features as they are: R2, and half the mean squared error")
    compare(models, X, y, cv, squared_error, alpha=0)


def grid_search(X, y):
    """A pipeline like any other. Scaling does not help the descent, but lets the penalty treat all features alike."""
    pipeline = make_pipeline(StandardScaler(), GDLogisticClassifier())
    grid = {"gdlogisticclassifier__alpha": [1e-4, 1e-3, 1e-2, 1e-1], "gdlogisticclassifier__l1_ratio": [0, 0.5, 1]}
    search = GridSearchCV(pipeline, grid, cv=5).fit(X, y)
    best = search.best_estimator_[-1]
    print(f"\nGrid search over {len(search.cv_results_['params'])} pipelines, 5 folds each: best accuracy {search.best_score_:.4f}")
    print(f"at alpha={best.alpha}, l1_ratio={best.l1_ratio}: uses {np.count_nonzero(best.coef_)} of {X.shape[1]} features")
    print(f"method: {best.method_}\nstopped after {best.n_iter_} epochs: {best.stop_reason_}")


def main():
    """Everything, on data that scikit-learn brings along."""
    start = time.perf_counter()
    cancer, diabetes = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True, scaled=False)
    print("Scores are means over 10 splits (5-fold cross-validation, twice); times are medians of the 10 fits.")
    classification(*cancer)
    regression(*diabetes)
    grid_search(*cancer)
    print(f"\nAll of this took {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
