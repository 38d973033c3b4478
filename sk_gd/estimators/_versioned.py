"""Pickles that say which version wrote them."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from sk_gd._array import is_foreign, on_host


class OtherVersionWarning(InconsistentVersionWarning):  # type: ignore[misc]  # scikit-learn ships no types
    """Scikit-learn's warning about pickles of another version, for a version of sk_gd."""

    def __str__(self) -> str:
        return (
            f"This {self.estimator_name} was pickled by sk_gd {self.original_sklearn_version} and is read by "
            f"{self.current_sklearn_version}: what it has learned may be read wrongly. Fit it anew, or install the version that "
            "wrote it."
        )


class VersionedMixin:
    """An estimator whose pickles carry the version of sk_gd, and warn where another one reads them.

    Arrays of another library, on a GPU perhaps, come back as NumPy's.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        at_home = {name: on_host(value)[()] if is_foreign(value) else value for name, value in state.items()}
        if "_state" in state:
            at_home["_state"] = state["_state"].at_home()
        return {**at_home, "_sk_gd_version": installed()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        wrote, reads = state.pop("_sk_gd_version", "0.1.0"), installed()
        if wrote != reads:
            warnings.warn(
                OtherVersionWarning(
                    estimator_name=type(self).__name__, current_sklearn_version=reads, original_sklearn_version=wrote
                ),
                stacklevel=2,
            )
        vars(self).update(state)


def installed() -> str:
    """The version of this package."""
    import sk_gd  # whole only once all of its modules are

    return sk_gd.__version__
