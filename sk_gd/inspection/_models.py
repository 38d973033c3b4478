"""From what a user passes to a display (one estimator, several, pipelines that end in one) to fitted models with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone

from sk_gd.estimators import GDLinearRegressor, GDLogisticClassifier


def listed(things: Any, names: Sequence[str] | None) -> tuple[list[Any], list[str]]:
    """Estimators and their names: given, the keys of a dict, or what tells the estimators apart."""
    if isinstance(things, Mapping):
        things, names = list(things.values()), [str(key) for key in things] if names is None else names
    things = list(things) if isinstance(things, list | tuple) else [things]
    if not things:
        raise ValueError(f"There is nothing to show in {things!r}: pass an estimator, or a list or dict of some.")
    names = differences([model_of(thing) for thing in things]) if names is None else [str(name) for name in names]
    if len(names) != len(things):
        raise ValueError(f"names must hold one for each of the {len(things)} estimators, got {len(names)}.")
    return things, names


def is_pipeline(thing: Any) -> bool:
    """Whether a thing is a pipeline of scikit-learn; its module is large, and nobody has one who has not imported it."""
    from sklearn.pipeline import Pipeline

    return isinstance(thing, Pipeline)


def model_of(thing: Any) -> Any:
    """The estimator, or the last step of a pipeline."""
    model = thing[-1] if is_pipeline(thing) else thing
    if not isinstance(model, GDLinearRegressor | GDLogisticClassifier):
        raise TypeError(
            f"A {type(model).__name__} keeps no history of a descent: pass estimators of sk_gd, pipelines that end in one, or of a "
            "search its best_estimator_."
        )
    return model


def transformed(thing: Any, X: Any) -> Any:
    """X as the last step of a fitted pipeline sees it."""
    return thing[:-1].transform(X) if is_pipeline(thing) and len(thing) > 1 else X


def prepared(thing: Any, X: Any, y: Any) -> Any:
    """X as the last step of a pipeline would see it, were the pipeline fitted on these rows."""
    return clone(thing[:-1]).fit_transform(X, y) if is_pipeline(thing) and len(thing) > 1 else X


def differences(models: list[Any]) -> list[str]:
    """What tells models apart: kind, variant, the first other parameters that do; their kind where there is only one."""
    kinds = [type(model).__name__ for model in models]
    if len(models) == 1:
        return kinds
    tables = [model.get_params(deep=False) for model in models]
    parts: list[list[str]] = [[kind] if len(set(kinds)) > 1 else [] for kind in kinds]
    for key in signature(type(models[0])).parameters:  # in the order of their weight: variant and optimizer before max_iter
        words = [str(table.get(key)) if key == "variant" else f"{key}={table.get(key)}" for table in tables]
        longer = [[*part, word] for part, word in zip(parts, words, strict=True)]
        if key != "random_state" and len(set(map(tuple, longer))) > len(set(map(tuple, parts))):
            parts = longer
    return [", ".join(part) or f"{kind} {i}" for i, (part, kind) in enumerate(zip(parts, kinds, strict=True), start=1)]


def parameter_names(model: Any) -> list[str]:
    """A name for every column of the path, output by output."""
    features = getattr(model, "feature_names_in_", [f"feature {j}" for j in range(model.n_features_in_)])
    one = [f"coefficient of {name}" for name in features] + ["intercept"] * bool(model.fit_intercept)
    n_outputs = model.coef_path_.shape[1]
    return one if n_outputs == 1 else [f"{name} (output {k})" for k in range(n_outputs) for name in one]


def index_of(coefficient: Any, model: Any) -> int:
    """Column of the path that a user means."""
    features = list(getattr(model, "feature_names_in_", []))
    n = model.n_features_in_
    if coefficient == "intercept" and model.fit_intercept:
        return int(n)
    if coefficient in features:
        return features.index(coefficient)
    if isinstance(coefficient, int | np.integer) and 0 <= coefficient < n:
        return int(coefficient)
    known = ", ".join(map(repr, features)) if features else f"0 to {n - 1}"
    raise ValueError(f"coefficients must be two of {known}{' or intercept' * bool(model.fit_intercept)}, got {coefficient!r}.")
