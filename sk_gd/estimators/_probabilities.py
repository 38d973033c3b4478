"""What a fitted logistic model says of rows: how far, which class, how likely."""

from __future__ import annotations

from typing import Any

from sk_gd._array import Array, is_foreign, namespace, on_host, there
from sk_gd.estimators._docs import with_shared_docs
from sk_gd.estimators._lazy import lazily
from sk_gd.losses import LogLoss, Multinomial


class ProbabilityMixin:
    """Predictions from the raw ones, of shape (n_samples, 1) for two classes, else (n_samples, n_classes)."""

    _raw: Any
    classes_: Array

    @lazily
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
        return self._raw(X, "decision_function", lambda z: z[:, 0] if z.shape[1] == 1 else z)

    @lazily
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

        def likeliest(z: Array) -> Array:
            xp, classes = namespace(z), on_host(self.classes_)
            codes = xp.astype(z[:, 0] > 0, xp.int64) if z.shape[1] == 1 else xp.argmax(z, axis=1)
            if is_foreign(codes) and classes.dtype.kind in "biuf":
                labels: Array = xp.take(there(classes, codes), codes)
                return labels
            return classes[on_host(codes)]  # strings are NumPy's alone

        return self._raw(X, "predict", likeliest)

    @lazily
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

        def probabilities(z: Array) -> Array:
            if z.shape[1] > 1:
                return Multinomial(z.shape[1]).mean(z)
            p = LogLoss().mean(z)
            both: Array = namespace(p).concat([1 - p, p], axis=1)
            return both

        return self._raw(X, "predict_proba", probabilities)

    @lazily
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

        def logarithms(z: Array) -> Array:
            xp = namespace(z)
            return Multinomial(len(self.classes_)).log_mean(xp.concat([xp.zeros_like(z), z], axis=1) if z.shape[1] == 1 else z)

        return self._raw(X, "predict_log_proba", logarithms)
