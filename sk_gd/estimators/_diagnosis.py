"""``diagnose``: what a fit was like, and one thing to change."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_gd._compat import undisturbed
from sk_gd._params import given_together
from sk_gd.descent import certificate
from sk_gd.diagnosis import Diagnosis, Evidence, look_at
from sk_gd.estimators._dask import by_chunks, cluster_of
from sk_gd.estimators._docs import with_shared_docs


class DiagnosisMixin:
    """An estimator that can say how its descent went."""

    @undisturbed
    @with_shared_docs
    def diagnose(self: Any, X: Any = None, y: Any = None, sample_weight: Any = None) -> Diagnosis:
        """Say how the descent went: verdicts, the evidence, and one thing to change.

        From the history of the fit alone: converged, oscillating, on the noise floor, slow, overfitting. With the rows also
        separable data, duplicated or constant columns, one unscaled feature that dominates, the limit 2 / L and the condition
        number, for some passes over the rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), default=None
            Rows of the fit.
        y : array-like, default=None
            Their targets or labels.
        {sample_weight}

        Returns
        -------
        diagnosis : Diagnosis
            Prints well in a terminal and in a notebook; ``diagnosis.verdicts`` holds the verdicts.

        Raises
        ------
        ValueError
            If only one of X and y is given.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sk_gd import GDLinearRegressor
        >>> X, y = load_diabetes(return_X_y=True, scaled=False)
        >>> textbook = GDLinearRegressor(optimizer="gd", preconditioner=None, max_iter=300, tol=None).fit(X, y)
        >>> [verdict.title for verdict in textbook.diagnose(X, y).verdicts]
        ['Slow']
        """
        check_is_fitted(self)
        data, optimality = None, getattr(self, "optimality_", np.nan)
        if given_together(X=X, y=y, sample_weight=sample_weight):
            X, y, sample_weight = by_chunks(X, y, sample_weight)
            with cluster_of(X) as place, np.errstate(over="ignore", invalid="ignore"):
                objective, theta = self._objective_of(X, y, sample_weight, place), self._theta()
                data = look_at(objective, self._plan(objective), theta, separates=hasattr(self, "classes_"))
                if optimality != optimality:  # after partial_fit, when nobody had all rows
                    value, gap = certificate(objective, theta)
                    optimality = gap / max(objective.constant_value - value + gap, np.finfo(np.float64).tiny)
        names = getattr(self, "feature_names_in_", [f"feature {j}" for j in range(self.n_features_in_)])
        seen = Evidence(
            self.get_params(deep=False), self.history_, optimality, self.tol, getattr(self, "converged_", False),
            getattr(self, "stop_reason_", ""), [str(name) for name in names],
            getattr(self, "_rise", np.nan), getattr(self, "best_iter_", None), data,
        )  # fmt: skip
        return Diagnosis.of(f"{type(self).__name__}: {self.method_}", seen)
