"""The door for Dask collections: to the actors that hold their partitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import validate_data

from sk_gd._array import Array
from sk_gd._compat import optional
from sk_gd.descent import Objective, PartedObjective
from sk_gd.estimators._data import refuse_collection
from sk_gd.estimators._far import FarRows
from sk_gd.estimators._labels import labels_in, unknown_labels
from sk_gd.estimators._partition import Partition, Weighed
from sk_gd.estimators._rows import Rows
from sk_gd.losses import Loss, SquaredError
from sk_gd.penalties import ElasticNet
from sk_gd.sources.chunked import Chunked, is_chunked
from sk_gd.sources.dask import Cluster, Team, cluster, is_collection


def cluster_of(X: Any) -> AbstractContextManager[Cluster | None]:
    """The cluster to fit on, None where the rows are in memory."""
    return cluster() if is_collection(X) else nullcontext()


def by_chunks(X: Any, *beside: Any) -> tuple[Any, ...]:
    """Where X is larger than memory and no cluster could hold it: to be read by chunks, what is beside it in memory."""
    if not is_chunked(X):
        return X, *beside
    rest = (Chunked(part) if is_chunked(part) else np.asarray(part) if is_collection(part) else part for part in beside)
    return Chunked(X), *rest


def pack(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """A partition's rows, together on one worker."""
    return X, y, sample_weight


class DaskRows:
    """The rows of collections: in the words of :class:`~sk_gd.estimators._rows.Rows`, while they stay where they are.

    Parameters
    ----------
    team : Team
        Of actors that hold :class:`Partition`.
    labelled : bool
        Whether y are labels.
    """

    def __init__(self, team: Team, labelled: bool) -> None:
        self.team, self.side, self.known = team, "train", list[Weighed]()  # the latter of every partition's rows on this side
        facts = team.ask("facts", labelled)
        self.n_features, self.dtype = facts[0][1], np.result_type(*(np.dtype(fact[2]) for fact in facts)).str
        for number, (_, n_features, _, row, _) in enumerate(facts):
            if n_features != self.n_features or row != facts[0][3]:
                raise ValueError(
                    f"Partition {number} has {n_features} features and rows of y of shape {row}, but partition 0 has "
                    f"{self.n_features} and {facts[0][3]}: give all of them the same columns and targets."
                )
        self.sizes = tuple(fact[0] for fact in facts)
        self.row, self.facts = facts[0][3], list[Any]()  # the latter of the parts of an objective, once there is one
        self.labels = np.unique(np.concatenate([fact[4] for fact in facts])) if labelled else np.empty(0)
        if not sum(self.sizes):
            raise ValueError(f"Found 0 samples in {len(facts)} partitions: give at least one.")

    def summary(self, by_mean: bool) -> tuple[Array, Array]:
        """Distinct targets, or the means of partitions, and their weights."""
        return joined(self.team.ask("distinct", self.side, by_mean))

    def filled(self, loss: Any) -> Loss:
        """The loss with the numbers that it takes from the targets."""
        known: Loss = loss if isinstance(loss, SquaredError) else loss.for_targets(*self.summary(by_mean=False))
        return known

    def numbers(self) -> None:
        """Take y as numbers."""
        self.known = self.team.tell("numbers", self.dtype)

    def encode(self) -> tuple[Array, Array]:
        """Take y as labels; the classes, and the weights that the rows of each sum to."""
        classes = self.labels
        if len(classes) < 2:
            raise ValueError(f"A classifier needs samples of at least 2 classes, got only one class or none: {classes.tolist()}.")
        counts, self.known = map(list, zip(*self.team.tell("encode", self.dtype, classes), strict=True))
        return classes, np.sum(counts, axis=0)

    def encode_as(self, classes: Array) -> None:
        """Take y as labels of classes that are known."""
        unknown = np.setdiff1d(self.labels, classes)
        if len(unknown):
            raise ValueError(unknown_labels(unknown, classes))
        self.known = [weighed for _, weighed in self.team.tell("encode", self.dtype, classes)]

    def weigh(self, of_class: Array | None) -> None:
        """Multiply the weights of classes into those of rows."""
        if of_class is not None:
            self.known = self.team.tell("weigh", of_class)

    def mass(self) -> tuple[float, float]:
        """Number of rows that count, and the sum of their weights."""
        count, mass, _, _ = self.weighed()
        return count, mass

    def weighed(self) -> tuple[float, float, float, float]:
        """The same, and the least and the largest weight."""
        counts, masses, least, largest = zip(*self.known, strict=True)
        top = max(largest)
        shares = [mass * (heaviest / top) for mass, heaviest in zip(masses, largest, strict=True)] if top else [0.0]
        return float(sum(counts)), float(sum(shares) * top), min(least), top

    def split(self, fraction: float, stratified: bool, seed: int) -> tuple[DaskRows, DaskRows]:
        """Rows to learn from, and about a fraction of them to validate on: a row's values and the seed decide.

        Classes get their share as far as chance has it, since no one sees all rows.
        """
        sides = self, copy(self)
        sides[1].side = "held out"
        self.known, sides[1].known = map(list, zip(*self.team.tell("split", fraction, seed), strict=True))
        for side in sides:
            if side.weighed()[-1] == 0:
                purpose = "to learn from" if side is self else "to validate on"
                raise ValueError(
                    f"validation_fraction={fraction} leaves no row {purpose}: give X_val and y_val, or set early_stopping=False."
                )
        return sides

    def objective(self, loss: Loss, penalty: ElasticNet, n_outputs: int, fit_intercept: bool) -> Objective:
        """F of these rows."""
        count, mass, least, largest = self.weighed()
        if largest == 0:
            raise ValueError(f"Sample weights must contain at least one non-zero number, got {least} to {largest}.")
        unit = None if least == largest else mass / count
        told = self.team.tell("aim", self.side, loss, penalty.positive, n_outputs, fit_intercept, unit)
        self.facts, summaries = ([said[i] for said in told] for i in (0, 1))
        return PartedObjective(loss, penalty, self, joined(summaries), self.n_features, self.dtype, n_outputs, fit_intercept)

    def ask(self, name: str, *arguments: Any) -> list[Any]:
        """What all parts of these rows say."""
        return self.team.ask("of", self.side, name, *arguments)

    def rise(self, *_: Any) -> float:
        """Nobody has looked at the rows one by one."""
        return np.nan

    def tell(self, name: str, *arguments: Any) -> list[Any]:
        """The same of what changes the parts."""
        return self.team.tell("of", self.side, name, *arguments)

    def beside(self, how: str, *arguments: Any) -> DaskRows:
        """What the parts' method of this name makes of them."""
        made = copy(self)
        made.side = f"{self.side} / {how}"
        made.facts = self.team.tell("beside", self.side, made.side, how, *arguments)
        return made

    def for_scorer(self) -> tuple[FarRows, Array, Array | None]:
        """A stand-in for X, and y and weights of the user's, which are brought here."""
        columns = zip(*self.team.ask("for_scorer", self.side), strict=True)
        y, weights = (None if column[0] is None else np.concatenate(column) for column in columns)
        assert y is not None
        return FarRows(self.team, self.side, (len(y), self.n_features)), y, weights


AnyRows = Rows | DaskRows


def joined(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Targets of all parts, and their weights."""
    values, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return values, weights


def collect(model: Any, place: Cluster | None, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> DaskRows:
    """Have the partitions computed, kept on the workers, and checked there."""
    if place is None:
        refuse_collection(X)
    rows_of = DaskRows(place.team(packed(X, y, sample_weight), Partition), is_classifier(model))
    meta = X._meta if hasattr(X, "columns") else np.empty((0, X.shape[1]))
    validate_data(model, meta, reset=reset, skip_check_array=True)
    return rows_of


def in_turn(X: Any, y: Any, sample_weight: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The rows of one partition after the other, brought here; of those that have some."""
    for part in packed(X, y, sample_weight):
        rows = part.compute()
        if rows[0].shape[0]:
            yield rows


def labels_of(X: Any, y: Any, sample_weight: Any) -> Array:
    """The distinct labels of all partitions."""
    dask = optional("dask", "dask")
    labels = dask.compute(*(dask.delayed(labels_of_part)(part) for part in packed(X, y, sample_weight)))
    return np.unique(np.concatenate(labels))


def labels_of_part(rows: tuple[Any, Any, Any]) -> Array:
    """The distinct labels of a partition."""
    _, y, sample_weight = rows
    return labels_in(np.ravel(y), None if sample_weight is None else np.asarray(sample_weight))


def packed(X: Any, y: Any, sample_weight: Any) -> list[Any]:
    """The partitions' rows, each to be together on one worker."""
    dask = optional("dask", "dask")
    if getattr(X, "ndim", None) != 2:
        raise ValueError(f"X must be a Dask array of two dimensions or a Dask frame, got {type(X).__name__}.")
    columns = {"X": X, "y": y} if sample_weight is None else {"X": X, "y": y, "sample_weight": sample_weight}
    for name, column in columns.items():
        if not is_collection(column) or not hasattr(column, "npartitions") or not hasattr(column, "ndim"):
            raise ValueError(
                f"X is a Dask collection, so {name} must be a Dask array or frame in the same partitions, got "
                f"{type(column).__name__}: for instance dask.array.from_array({name}, chunks=X.chunks[0])."
            )
    rows = X.chunks[0] if hasattr(X, "chunks") else None
    parts = {name: partitions(name, column, rows) for name, column in columns.items()}
    for name, part in parts.items():
        if len(part) != len(parts["X"]):
            raise ValueError(f"X has {len(parts['X'])} partitions, but {name} has {len(part)}: give all of them the same.")
    nothing = [None] * len(parts["X"])
    return [dask.delayed(pack)(*part) for part in zip(parts["X"], parts["y"], parts.get("sample_weight", nothing), strict=True)]


def partitions(name: str, column: Any, rows: tuple[float, ...] | None) -> list[Any]:
    """The partitions of a collection, whole rows each, cut as X is where both sizes are known."""
    if not hasattr(column, "chunks"):
        return list(column.to_delayed())
    if column.ndim == 2:
        column = column.rechunk({1: -1})
    elif column.ndim != 1:
        raise ValueError(f"{name} must have one or two dimensions, got {column.ndim}.")
    known = rows is not None and not np.isnan([*rows, *column.chunks[0]]).any()
    if known and column.chunks[0] != rows:
        if sum(column.chunks[0]) != sum(rows or ()):
            raise ValueError(f"X has {sum(rows or ())} rows, but {name} has {sum(column.chunks[0])}: give both the same.")
        column = column.rechunk({0: rows})
    return list(np.ravel(column.to_delayed()))
