"""The only file that imports scikit-learn's private names or anything that a supported version may lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

T = TypeVar("T", bound=Callable[..., Any])

__all__ = ["HasMethods", "Interval", "StrOptions", "check_sample_weight", "fit_context", "n_threads"]


def fit_context(fit: T) -> T:
    """Validate the parameters of the estimator before ``fit``."""
    validated: T = _fit_context(prefer_skip_nested_validation=True)(fit)
    return validated


def n_threads() -> int:
    """Threads that this process may use: cores, affinity, OMP_NUM_THREADS, threadpoolctl and joblib's limits respected."""
    count: Callable[..., Any] = _openmp_effective_n_threads
    return int(count())
