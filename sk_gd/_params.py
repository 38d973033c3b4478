"""What users pass and no scikit-learn is needed to judge: hyper-parameters of objects, and rows that belong together."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import Any, Self


class Params:
    """What makes a dataclass cloned and searched by scikit-learn: its fields are the hyper-parameters.

    A search reaches them through the estimator that holds the object, as in ``optimizer__beta_1``. A subclass says in ``check``
    which values it refuses: when it is built, when a parameter is set, and when a fit begins.
    """

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Refuse hyper-parameters that make no sense."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Hyper-parameters by name; none of them has parameters of its own, so ``deep`` changes nothing."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Set some hyper-parameters, all or, if one is refused, none."""
        if unknown := params.keys() - self.get_params().keys():
            raise ValueError(
                f"{type(self).__name__} has no parameter {', '.join(sorted(unknown))}: choose from {', '.join(self.get_params())}."
            )
        type(self)(**{**self.get_params(), **params})
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def expect(self, name: str, interval: str, why: str) -> None:
        """Refuse a hyper-parameter outside an interval, written as in mathematics: ``[0, 1)``."""
        value = getattr(self, name)
        low, high = (float(end) for end in interval[1:-1].split(","))
        if isinstance(value, Real) and not isinstance(value, bool):
            number = float(value)
            above = number >= low if interval[0] == "[" else number > low
            if above and (number <= high if interval[-1] == "]" else number < high):
                return
        raise ValueError(f"{name} of {type(self).__name__} must be a number in {interval}, got {value!r}: {why}.")


def refuse_class(name: str, given: Any) -> None:
    """Refuse a class where an object of it is meant."""
    if isinstance(given, type):
        raise ValueError(f"{name} must be an object, got the class {given.__name__}: call it, as in {given.__name__}().")


def given_together(**rows: Any) -> bool:
    """Whether X and y are given, the first two; refused are one without the other, and weights, the third, without both."""
    given = [name for name, values in rows.items() if values is not None]
    features, targets, _ = rows
    if given and not {features, targets} <= set(given):
        raise ValueError(f"{features} and {targets} must be given together, got only {' and '.join(given)}.")
    return bool(given)
