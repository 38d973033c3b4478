"""Callbacks for scikit-learn's ``set_callbacks`` (1.9 and newer): end a fit, or watch it, by any metric on any rows.

They follow scikit-learn's ``FitCallback`` protocol, so they serve every estimator that supports callbacks; and every callback of
scikit-learn's (``ProgressBar``, ``ScoringMonitor``) serves the estimators here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from sk_gd._compat import ScoringMonitor
from sk_gd._params import given_together
from sk_gd.sources.dask import is_collection, is_counted

__all__ = ["EarlyStopping", "ValidationMonitor"]


@dataclass
class _Run:
    """Where one fit stands."""

    scorer: Any
    best: float = -np.inf
    waited: int = 0


def scorable(*parts: Any) -> tuple[Any, ...]:
    """Rows, targets and weights of which a scorer can know how many there are: Dask collections that do not are computed."""
    return tuple(part.compute() if is_collection(part) and not is_counted(part) else part for part in parts)


class EarlyStopping:
    """End a fit when a metric has not improved for some epochs.

    The estimator keeps the coefficients of the last epoch; to get back those of the best one, use its own parameter
    ``early_stopping``, which also holds rows out.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        A scorer of scikit-learn, the larger the better; None is the estimator's ``score``.
    n_iter_no_change : int, default=5
        Epochs without an improvement after which to stop.
    min_delta : float, default=0.0
        An improvement is more than this, in units of the metric.
    X_val, y_val : array-like, default=None
        Rows to score; None are the rows of the fit. Dask collections of unknown sizes are computed at once.
    sample_weight_val : array-like, default=None
        Their weights; with the rows of the fit, its weights count.

    See Also
    --------
    ValidationMonitor : Keep the scores of every epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sk_gd import GDLogisticClassifier
    >>> from sk_gd.callbacks import EarlyStopping
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GDLogisticClassifier("stochastic", alpha=0.0, tol=None, random_state=0)
    >>> model.set_callbacks(EarlyStopping("accuracy", n_iter_no_change=3)).fit(X, y).stop_reason_
    'A callback asked to stop.'
    """

    def __init__(
        self,
        scoring: Any = None,
        *,
        n_iter_no_change: int = 5,
        min_delta: float = 0.0,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> None:
        given_together(X_val=X_val, y_val=y_val, sample_weight_val=sample_weight_val)
        if n_iter_no_change < 1 or not min_delta >= 0:
            raise ValueError(f"n_iter_no_change must be 1 or more, min_delta 0 or more, got {n_iter_no_change} and {min_delta}.")
        self.scoring, self.n_iter_no_change, self.min_delta = scoring, n_iter_no_change, min_delta
        self.X_val, self.y_val, self.sample_weight_val = scorable(X_val, y_val, sample_weight_val)
        self._runs: dict[int, _Run] = {}  # one callback may serve the clones of a search at the same time

    def setup(self, estimator: Any, context: Any) -> None:
        """Begin a run."""
        self._runs[id(estimator)] = _Run(check_scoring(estimator, self.scoring))

    def teardown(self, estimator: Any, context: Any) -> None:
        """Forget the run."""
        self._runs.pop(id(estimator), None)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Nothing happens here."""

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any = None, y: Any = None, metadata: Any = None, fitted_estimator: Any = None
    ) -> bool:
        """Score the epoch; True asks to stop."""
        if context.max_subtasks != 0 or fitted_estimator is None:
            return False  # the fit as a whole
        if self.X_val is not None:
            X, y = self.X_val, self.y_val
            metadata = None if self.sample_weight_val is None else {"sample_weight": self.sample_weight_val}
        run = self._runs[id(estimator)]
        score = run.scorer(fitted_estimator, X, y, **(metadata or {}))
        run.waited = 0 if score > run.best + self.min_delta else run.waited + 1
        run.best = max(run.best, score)
        return run.waited >= self.n_iter_no_change


class ValidationMonitor(ScoringMonitor):  # type: ignore[misc]
    """Keep scores of held-out rows, epoch by epoch: scikit-learn's ``ScoringMonitor`` on rows that the fit does not see.

    Parameters
    ----------
    X_val, y_val : array-like
        Rows to score. Dask collections of unknown sizes are computed at once.
    sample_weight_val : array-like, default=None
        Their weights.
    scoring : str, callable, list, tuple or dict
        One scorer of scikit-learn or several, as in ``ScoringMonitor``.

    See Also
    --------
    EarlyStopping : End a fit by a metric.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sk_gd import GDLogisticClassifier
    >>> from sk_gd.callbacks import ValidationMonitor
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> monitor = ValidationMonitor(X[400:], y[400:], scoring=["accuracy", "neg_log_loss"])
    >>> model = GDLogisticClassifier("stochastic", random_state=0).set_callbacks(monitor).fit(X[:400], y[:400])
    >>> epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    >>> len(epochs) == model.n_iter_, epochs[-1]["accuracy"] > 0.9
    (True, True)
    """

    def __init__(self, X_val: Any, y_val: Any, *, sample_weight_val: Any = None, scoring: Any) -> None:
        super().__init__(scoring=scoring)
        self.X_val, self.y_val, self.sample_weight_val = scorable(X_val, y_val, sample_weight_val)

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> None:
        """Score the model of the epoch."""
        metadata = None if self.sample_weight_val is None else {"sample_weight": self.sample_weight_val}
        super().on_fit_task_end(
            estimator, context, X=self.X_val, y=self.y_val, metadata=metadata, fitted_estimator=fitted_estimator
        )
