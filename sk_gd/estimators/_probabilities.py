"""What a fitted logistic model says of rows: how far, which class, how likely."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from sk_gd.estimators._docs import with_shared_docs
from sk_gd.losses import LogLoss, Multinomial

Array = NDArray[Any]


class ProbabilityMixin:
    """Predictions from the raw ones, ``_raw(X)``, of shape (n_samples, 1) for two classes, else (n_samples, n_classes)."""

    _raw: Any
    classes_: Array

    @with_shared_docs
    def decision_function(self, X: Any) -> Array:
        """Raw predictions: how far rows lie on the side of a class.

        Parameters
        ----------
        {X}

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second class, or one number per class.
        """
        raw = self._raw(X)
        return raw.ravel() if raw.shape[1] == 1 else raw

    @with_shared_docs
    def predict(self, X: Any) -> Array:
        """Predict the labels of rows.

        Parameters
        ----------
        {X}

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The likeliest labels.
        """
        z = self.decision_function(X)
        labels: Array = self.classes_[(z > 0).astype(np.intp) if z.ndim == 1 else z.argmax(axis=1)]
        return labels

    @with_shared_docs
    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        {X}

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows sum to one.
        """
        z = self.decision_function(X)
        if z.ndim == 1:
            p = LogLoss().mean(z)
            return np.column_stack([1 - p, p])
        return Multinomial(len(self.classes_)).mean(z)

    @with_shared_docs
    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        {X}

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Logarithms of ``predict_proba``, exact where the probability itself would underflow.
        """
        z = self.decision_function(X)
        log_p: Array = log_softmax(np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z, axis=1)
        return log_p
