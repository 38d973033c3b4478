"""The only file that imports private names of scikit-learn and scipy or anything that a supported version may lack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np
from scipy.optimize._numdiff import approx_derivative
from sklearn import get_config, set_config  # type: ignore[attr-defined]
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
    "settings_kept",
    "undisturbed",
]


def available_if(check: Callable[[Any], bool]) -> Callable[[T], T]:
    """scikit-learn's decorator of methods that some parameters rule out, typed."""
    decorate: Callable[[T], T] = metaestimators.available_if(check)
    return decorate


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
    """Work during which BLAS keeps to one thread; the limit ends with the last of the fits that run at the same time.

    Our own threads share out the blocks of rows: BLAS beside them would fight for the cores, and change the order of sums. So would
    the threads of other fits, of which those of a process know here: they share its cores.
    """

    lock = Lock()
    users: ClassVar[dict[object, int]] = {}
    running = 0
    limit: Any = None

    @classmethod
    def enter(cls, work: object, fits: int = 1) -> None:
        """Some work begins, which may be of a fit that is counted already: then ``fits`` is 0."""
        with cls.lock:
            cls.users[work] = fits
            cls.running = sum(cls.users.values())
            if cls.limit is None:
                cls.take_control()
                controller = _get_threadpool_controller()
                cls.limit = controller.limit(limits=None, user_api="blas")  # remembers, before anything changes
                controller.limit(limits=1, user_api="blas")

    @classmethod
    def leave(cls, work: object) -> None:
        """Give BLAS its threads back if no other work goes on; to do so twice does no harm."""
        with cls.lock:
            cls.users.pop(work, None)
            cls.running = sum(cls.users.values())
            if not cls.users and cls.limit is not None:
                cls.take_control()
                cls.limit.restore_original_limits()
                cls.limit = None

    @staticmethod
    def take_control() -> None:
        """Since threadpoolctl 3.8 only one thread can set limits, the first that did, and those of others do nothing in silence."""
        if hasattr(OpenBLASController, "clear_controlling_thread"):
            OpenBLASController.clear_controlling_thread(force=True)

    @classmethod
    def forget(cls) -> None:
        """In a fork the fits of the parent's other threads never end."""
        cls.users, cls.running = {}, 0
        cls.lock.release()


if hasattr(os, "register_at_fork"):  # no thread may change limits meanwhile: OpenBLAS would leave its own lock closed in the child
    lock = OneBlasThread.lock
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=OneBlasThread.forget)


def undisturbed(call: T, one_blas_thread: bool = True) -> T:
    """Let BLAS keep to one thread during a call; whatever goes wrong in it leaves BLAS, NumPy and scikit-learn set as they were.

    An interrupt may come as the ``__exit__`` of a context manager begins that is written in Python, and this then does nothing:
    what must not be left behind is put back by an ``except`` around all of them.
    """

    @wraps(call)
    def whole(*args: Any, **kwargs: Any) -> Any:
        work, errors, config = object(), np.geterr(), get_config()
        try:
            if one_blas_thread:
                OneBlasThread.enter(work)
            answer = call(*args, **kwargs)
            if one_blas_thread:
                OneBlasThread.leave(work)
            return answer
        except BaseException:
            OneBlasThread.leave(work)
            np.seterr(**errors)
            set_config(**config)
            raise

    return cast(T, whole)


def settings_kept(call: T) -> T:
    """The same for what is no fit, and leaves BLAS alone."""
    return undisturbed(call, one_blas_thread=False)


def fit_context(fit: T) -> T:
    """Validate the parameters of the estimator before ``fit``; whatever goes wrong leaves estimator and process as they were."""
    validated = undisturbed(_fit_context(prefer_skip_nested_validation=True)(fit))

    @wraps(fit)
    def whole(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(estimator))
        try:
            return validated(estimator, *args, **kwargs)
        except BaseException:
            estimator.__dict__ = before  # at once, should another interrupt come
            raise

    return cast(T, whole)


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
