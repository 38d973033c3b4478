"""What a fitted model holds, and what it says of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from sk_gd._array import Array, is_foreign, namespace, there
from sk_gd._compat import check_same_namespace
from sk_gd._pieces import in_pieces, joined
from sk_gd.descent import DescentState, Objective
from sk_gd.estimators._data import check_rows
from sk_gd.estimators._far import FarRows
from sk_gd.estimators._task import Task
from sk_gd.sources.files import StoredRows, in_large_file


class FittedMixin:
    """Fitted attributes in X's library and dtype, and raw predictions."""

    coef_: Any
    intercept_: Any
    history_: dict[str, Array]
    fit_intercept: bool
    record: str

    def _attributes(self, objective: Objective, theta: Array, task: Task) -> dict[str, Any]:
        """What predictions need, in scikit-learn's shapes and X's dtype."""
        theta = objective.symmetric(theta).astype(objective.source.dtype) + 0.0  # a zero that has shrunk from below loses its sign
        coef = np.ascontiguousarray(objective.coef(theta))
        intercept = theta[:, -1].copy() if self.fit_intercept else np.zeros(len(theta), theta.dtype)
        shaped = {"coef_": coef[0], "intercept_": intercept[0]} if task.flat else {"coef_": coef, "intercept_": intercept}
        if is_foreign(X := objective.source.given):
            shaped = {name: there(np.asarray(value), X) for name, value in shaped.items()}
        return {**shaped, **task.attributes}

    def _publish_history(self, state: DescentState, X: Any) -> None:
        """Set the attributes that tell of the way: a table of NumPy's, and places in X's library."""
        self.t_ = float(state.n_updates)
        self.history_ = state.history.columns()
        self.coef_path_ = self.path_epochs_ = None
        if self.record == "path":
            self.path_epochs_, self.coef_path_ = state.history.places(state.n_epochs, state.theta)
            if is_foreign(X):
                self.path_epochs_, self.coef_path_ = there(self.path_epochs_, X), there(self.coef_path_, X)

    @property
    def loss_curve_(self) -> Array:
        """Objective at the start and after every epoch."""
        return self.history_["objective"]

    @property
    def validation_scores_(self) -> Array | None:
        """Score on the validation rows at the start and after every epoch; None where nobody validated."""
        scores = self.history_["validation_score"]
        return None if np.isnan(scores).all() else scores

    def _raw(self, X: Any, method: str, of_raw: Callable[[Array], Array]) -> Array:
        """What ``of_raw`` makes of raw predictions in the shape of coef_, row by row, for a method of this name."""
        check_is_fitted(self)
        if isinstance(X, FarRows):
            return of_raw(X.raw(self.coef_, self.intercept_))
        check_same_namespace(X, self, attribute="coef_", method=method)
        if in_large_file(X):
            return joined([self._raw(block, method, of_raw) for block in StoredRows(X).blocks()])
        X = check_rows(self, X, reset=False)
        if not is_foreign(self.coef_):
            return in_pieces(lambda X: of_raw(safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_), X)
        if not is_foreign(X):
            raise ValueError(
                f"{type(self).__name__} was fitted on arrays of {type(self.coef_).__module__} under array_api_dispatch=True, but "
                f"{method} was called without it: call it within sklearn.config_context(array_api_dispatch=True), or bring the "
                "model to NumPy by to_sklearn() or a pickle."
            )
        xp = namespace(X)
        dtype = xp.result_type(X, self.coef_)
        coef, intercept = (xp.astype(part, dtype, copy=False) for part in (self.coef_, self.intercept_))
        coef = coef.T if coef.ndim == 2 else coef
        return in_pieces(lambda X: of_raw(xp.astype(X, dtype, copy=False) @ coef + intercept), X)
