"""What is to be learned, as the engine and scikit-learn see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sk_gd._array import Array
from sk_gd.losses import LogLoss, Loss, Multinomial


@dataclass(frozen=True)
class Task:
    """What is learned: a loss of some outputs, and how scikit-learn wants them."""

    loss: Loss
    n_outputs: int
    flat: bool = False  # coef_ has one dimension, intercept_ none
    attributes: dict[str, Any] = field(default_factory=dict)  # what predictions need beside coef_ and intercept_

    @property
    def stratified(self) -> bool:
        """Whether rows are held out class by class."""
        return "classes_" in self.attributes


def task_of(classes: Array) -> Task:
    """One output for two classes, else one per class."""
    loss: Loss = LogLoss() if len(classes) == 2 else Multinomial(len(classes))
    return Task(loss, 1 if len(classes) == 2 else len(classes), attributes={"classes_": classes})


def set_all(model: Any, attributes: dict[str, Any]) -> None:
    """Set attributes by their names."""
    for name, value in attributes.items():
        setattr(model, name, value)
