"""Hyper-parameters of objects, set through the estimator that holds them."""

from __future__ import annotations

from typing import Any, Self


class NestedParamsMixin:
    """Says why a name such as ``optimizer="adam"`` has no ``optimizer__beta_1`` to set."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator, and of objects that it holds.

        Parameters
        ----------
        **params : dict
            Parameters by name; ``optimizer__beta_1`` is ``beta_1`` of the object that is the ``optimizer``.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        for name in params:
            holder, nested, _ = name.partition("__")
            held = params.get(holder, getattr(self, holder, None))
            if nested and isinstance(held, str):
                raise ValueError(
                    f"{name} is a parameter of an object, but {holder}={held!r} is a name: set {holder} to an object "
                    "first, such as those of sk_gd.optimizers, sk_gd.schedules and sk_gd.losses."
                )
        changed: Self = super().set_params(**params)  # type: ignore[misc]
        return changed
