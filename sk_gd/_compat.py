"""The only file that imports private names of scikit-learn and scipy or anything that a supported version may lack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from scipy.optimize._numdiff import approx_derivative
from sklearn.base import _fit_context
from sklearn.externals.array_api_compat import array_namespace, is_array_api_obj
from sklearn.externals.array_api_compat import device as device_of
from sklearn.utils import metaestimators
from sklearn.utils._array_api import _convert_to_numpy as convert_to_numpy
from sklearn.utils._array_api import _expit as expit
from sklearn.utils._array_api import _max_precision_float_dtype as finest_dtype
from sklearn.utils._array_api import get_namespace_and_device, move_to
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.parallel import _get_threadpool_controller
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from threadpoolctl import OpenBLASController

try:
    from sklearn.callback import CallbackSupportMixin, ScoringMonitor
except ImportError:  # scikit-learn 1.8

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Callbacks came with scikit-learn 1.9: before, there are none to support."""

    class ScoringMonitor:  # type: ignore[no-redef]
        """Stands in for the class of scikit-learn 1.9."""

        def __init__(self, *, scoring: Any) -> None:
            raise ImportError(f"Callbacks need scikit-learn 1.9 or newer, got {version('scikit-learn')}: install a newer one.")


try:
    from sklearn.utils._array_api import check_same_namespace
except ImportError:  # scikit-learn 1.8

    def check_same_namespace(X: Any, estimator: Any, *, attribute: str, method: str) -> None:
        """Leaves it to the library to refuse arrays of another one."""


T = TypeVar("T", bound=Callable[..., Any])

__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "OneBlasThread",
    "ScoringMonitor",
    "StrOptions",
    "approx_derivative",
    "array_namespace",
    "available_if",
    "cached_property",
    "check_same_namespace",
    "check_sample_weight",
    "convert_to_numpy",
    "coordinates",
    "device_of",
    "expit",
    "finest_dtype",
    "fit_context",
    "get_namespace_and_device",
    "is_array_api_obj",
    "move_to",
    "n_cores",
    "n_threads",
    "optional",
]


def available_if(check: Callable[[Any], bool]) -> Callable[[T], T]:
    """scikit-learn's decorator of methods that some parameters rule out, typed."""
    decorate: Callable[[T], T] = metaestimators.available_if(check)
    return decorate


def fit_context(fit: T) -> T:
    """Validate the parameters of the estimator before ``fit``."""
    validated: T = _fit_context(prefer_skip_nested_validation=True)(fit)
    return validated


if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:  # noqa: N801
        """That of Python 3.12; in 3.11 it holds one lock for all instances: one fit would wait for another, a fork for ever."""

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self.function, self.name, self.__doc__ = function, function.__name__, function.__doc__

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.function(instance)
            return value


class OneBlasThread:
    """Context in which BLAS keeps to one thread; the limit ends with the last of the fits that run at the same time.

    Our own threads share out the blocks of rows: BLAS beside them would fight for the cores, and change the order of sums. So would
    the threads of other fits, of which those of a process know here: they share its cores.

    Parameters
    ----------
    fits : int, default=1
        How many fits this is; 0 for some work that belongs to one.
    """

    lock = Lock()
    users: ClassVar[dict[int, int]] = {}
    running = 0
    limit: Any = None

    def __init__(self, fits: int = 1) -> None:
        self.fits = fits

    def __enter__(self) -> None:
        try:
            with OneBlasThread.lock:
                OneBlasThread.users[id(self)] = self.fits
                OneBlasThread.running = sum(OneBlasThread.users.values())
                if OneBlasThread.limit is None:
                    OneBlasThread.take_control()
                    controller = _get_threadpool_controller()
                    OneBlasThread.limit = controller.limit(limits=None, user_api="blas")  # remembers, before anything changes
                    controller.limit(limits=1, user_api="blas")
        except BaseException:  # an interrupt, even here
            self.leave()
            raise

    def __exit__(self, *exception: object) -> None:
        try:
            self.leave()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Give BLAS its threads back if no other fit runs; to do so twice does no harm."""
        with OneBlasThread.lock:
            OneBlasThread.users.pop(id(self), None)
            OneBlasThread.running = sum(OneBlasThread.users.values())
            if not OneBlasThread.users and OneBlasThread.limit is not None:
                OneBlasThread.take_control()
                OneBlasThread.limit.restore_original_limits()
                OneBlasThread.limit = None

    @staticmethod
    def take_control() -> None:
        """Since threadpoolctl 3.8 only one thread can set limits, the first that did, and those of others do nothing in silence."""
        if hasattr(OpenBLASController, "clear_controlling_thread"):
            OpenBLASController.clear_controlling_thread(force=True)

    @staticmethod
    def hold() -> None:
        """Let no thread change limits during a fork: OpenBLAS would leave its own lock closed in the child."""
        OneBlasThread.lock.acquire()

    @staticmethod
    def go_on() -> None:
        OneBlasThread.lock.release()

    @staticmethod
    def forget() -> None:
        """In a fork the fits of the parent's other threads never end, nor is a lock of theirs released."""
        OneBlasThread.lock, OneBlasThread.users, OneBlasThread.running = Lock(), {}, 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=OneBlasThread.hold, after_in_parent=OneBlasThread.go_on, after_in_child=OneBlasThread.forget)


def n_cores() -> int:
    """Cores that this process may use: affinity, OMP_NUM_THREADS, threadpoolctl's and joblib's limits respected."""
    count: Callable[..., Any] = _openmp_effective_n_threads
    return int(count())


def n_threads() -> int:
    """Threads that a fit may use: the fits of a process share its cores, for joblib limits its processes, but not its threads."""
    return max(1, n_cores() // max(1, OneBlasThread.running))


def coordinates(X: Any) -> tuple[Any, ...]:
    """The row and column numbers of a COO matrix; SciPy before 1.13 has them only one by one."""
    found: tuple[Any, ...] = X.coords if hasattr(X, "coords") else (X.row, X.col)
    return found


def optional(module: str, extra: str) -> Any:
    """A module of a package that is installed only with an extra."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f'{module.partition(".")[0]} is needed for this: pip install "sk_gd[{extra}]".') from error
