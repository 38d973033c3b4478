"""Coefficients held as a sparse array."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.utils.validation import check_is_fitted

from sk_gd._array import is_foreign


class SparseCoefMixin:
    """``sparsify`` and ``densify`` for an estimator whose predictions take either kind of ``coef_``."""

    coef_: Any
    intercept_: Any
    n_features_in_: int

    def sparsify(self) -> Any:
        """Hold ``coef_`` as a sparse array, which saves memory where most coefficients are zero.

        Returns
        -------
        self
            The estimator, its predictions unchanged.
        """
        check_is_fitted(self)
        if is_foreign(self.coef_):
            raise ValueError(
                f"coef_ is an array of {type(self.coef_).__module__}, and only NumPy's can be sparse: sparsify what to_sklearn() "
                "gives, or a pickle of this model."
            )
        if not issparse(self.coef_):
            self.coef_ = csr_array(np.atleast_2d(self.coef_))
        return self

    def densify(self) -> Any:
        """Hold ``coef_`` as a NumPy array again.

        Returns
        -------
        self
            The estimator, its predictions unchanged.
        """
        check_is_fitted(self)
        if issparse(self.coef_):
            self.coef_ = self.coef_.toarray().reshape(-1, self.n_features_in_)
            if np.ndim(self.intercept_) == 0:
                self.coef_ = self.coef_[0]
        return self
