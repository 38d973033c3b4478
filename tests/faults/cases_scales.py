"""Features and targets of extreme size, offset and number."""

import numpy as np
from scipy import sparse

from tests.faults.battery import BOTH, LINEAR, each, either, fits

LARGE = {f"1e{e}": 10.0**e for e in (10, 30, 75, 100, 140)}
SMALL = {f"1e{e}": 10.0**e for e in (-10, -30, -75, -100, -140)}
EXTREME = {f"1e{e}": float(f"1e{e}") for e in (-310, -305, -300, -250, -200, -160, 153, 155, 160, 200, 250, 300, 307)}
SINGLE = {f"1e{e}": float(f"1e{e}") for e in (-44, -38, -30, -20, -15, 10, 15, 18, 20, 30, 37)}


@each(LARGE | SMALL, fits(), "features times {}", "rows in other units, {}, are the same problem")
def _(lab, scale):
    lab.fit(lab.X * scale, alpha=0.0 if lab.linear else 1e-4)


@each(EXTREME, either(), "features times {}", "squares of numbers around {} leave the range of a float")
def _(lab, scale):
    lab.fit(lab.X / 8 * scale)


@each(EXTREME | LARGE | SMALL, either(), "sparse features times {}", "the same in a sparse matrix, {}")
def _(lab, scale):
    lab.fit(sparse.csr_array(np.where(lab.X > 0, lab.X / 8, 0.0) * scale))


@each(SINGLE, either(), "float32 features times {}", "the range of 32 bits ends sooner, at {}")
def _(lab, scale):
    lab.fit((lab.X / 8 * scale).astype(np.float32))


@each(EXTREME, either(), "one feature times {}", "one column in another unit than the others, {}")
def _(lab, scale):
    lab.fit(lab.X / 8 * [1.0, 1.0, scale, 1.0])


@each(EXTREME, either(of=LINEAR), "targets times {}", "targets around {}")
def _(lab, scale):
    lab.fit(lab.X, lab.y / 8 * scale)


@each(SINGLE, either(of=LINEAR), "float32 features and targets times {}", "targets around {} for rows of 32 bits")
def _(lab, scale):
    lab.fit(lab.X.astype(np.float32), lab.y / 8 * scale)


@each({f"1e{e}": 10.0**e for e in (3, 6, 9, 12, 15)}, fits(), "features plus {}", "an offset of {} is not what is learned")
def _(lab, shift):
    lab.fit(lab.X + shift)


@each({f"1e{e}": 10.0**e for e in (3, 6)}, fits(), "float32 features plus {}", "an offset of {} in 32 bits")
def _(lab, shift):
    lab.fit((lab.X + shift).astype(np.float32))


@each({f"1e{e}": 10.0**e for e in (3, 6, 9, 12, 15)}, fits(of=LINEAR), "targets plus {}", "an offset of {} in y")
def _(lab, shift):
    lab.fit(lab.X, lab.y + shift)


@each({"three decades": 1, "thirty": 10, "sixty": 20}, fits(), "columns over {}", "columns whose units lie {} decades apart")
def _(lab, decades):
    lab.fit(lab.X * np.logspace(-1.5 * decades, 1.5 * decades, 4))


@either()
def columns_over_six_hundred_decades(lab):
    """From 1e-300 to 1e300."""
    lab.fit(lab.X * np.logspace(-300, 300, 4))


@either()
def rows_over_six_hundred_decades(lab):
    """Every row in a unit of its own."""
    lab.fit(lab.X * np.logspace(-300, 300, 60)[:, None])


@either()
def the_largest_floats(lab):
    """Their sum overflows, and so does their difference."""
    lab.fit(np.where(lab.X > 0, 1.0, -1.0) * np.finfo(float).max)


@either()
def the_least_floats(lab):
    """Their halves are zero."""
    lab.fit(np.round(lab.X * 3) * 5e-324)


@either(of=LINEAR)
def the_largest_targets(lab):
    """Their mean overflows on the way."""
    lab.fit(lab.X, np.where(lab.y > 3, 1.0, -1.0) * np.finfo(float).max)


@each({"1e6": 1e6, "1e12": 1e12, "1e100": 1e100}, fits(), "an outlier of {}", "one row that is {} times as far out as the others")
def _(lab, size):
    X = lab.X.copy()
    X[7] *= size
    lab.fit(X)


@either()
def an_outlier_of_1e300(lab):
    """Its square is infinite."""
    X = lab.X.copy()
    X[7] *= 1e300
    lab.fit(X)


CONSTANT = {
    "one of zeros": lambda X: np.column_stack([X, np.zeros(60)]),
    "one of ones": lambda X: np.column_stack([X, np.ones(60)]),
    "one of 1e9": lambda X: np.column_stack([X, np.full(60, 1e9)]),
    "one of 0.1": lambda X: np.column_stack([X, np.full(60, 0.1)]),
    "all of zeros": np.zeros_like,
    "all of ones": np.ones_like,
    "all of a third": lambda X: np.full_like(X, 1 / 3),
    "all of 1e100": lambda X: np.full_like(X, 1e100),
}


@each(CONSTANT, fits(), "constant columns: {}", "{}: nothing to be learned from it")
def _(lab, make):
    lab.fit(make(lab.X))


@each(CONSTANT, fits(), "constant columns without intercept: {}", "{}: without an intercept they stand for one")
def _(lab, make):
    lab.fit(make(lab.X), fit_intercept=False)


@fits()
def columns_duplicated_200_times(lab):
    """The minimum is a plane."""
    lab.fit(np.tile(lab.X, 200), alpha=0.0)


@fits()
def columns_duplicated_up_to_rounding(lab):
    """Nearly a plane."""
    lab.fit(np.tile(lab.X, 50) * (1 + 1e-15 * lab.rng.normal(size=200)), alpha=0.0)


@fits()
def columns_and_their_opposites(lab):
    """Rank four in eight columns, with an L1 penalty."""
    lab.fit(np.hstack([lab.X, -lab.X]), alpha=0.01, l1_ratio=1.0)


@fits()
def rows_duplicated_200_times(lab):
    """The same mean."""
    lab.fit(np.tile(lab.X, (200, 1)), np.tile(lab.y, 200))


@fits()
def far_more_columns_than_rows(lab):
    """Every target can be met exactly."""
    lab.fit(lab.rng.normal(size=(60, 3000)))


@fits()
def far_more_columns_than_rows_without_penalty(lab):
    """In many ways."""
    lab.fit(lab.rng.normal(size=(60, 800)), alpha=0.0)


@fits()
def far_more_sparse_columns_than_rows(lab):
    """Most of them empty."""
    lab.fit(sparse.csr_array(sparse.random(60, 20_000, density=1e-3, random_state=lab.rng)))


@fits()
def one_column(lab):
    """A line."""
    lab.fit(lab.X[:, :1])


@fits()
def a_checkerboard(lab):
    """No line is better than the constant."""
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 15)
    lab.fit(X, np.logical_xor(*X.T.astype(bool)) * (1.0 if lab.linear else 1))


PENALTIES = {
    "alpha of 1e-320": {"alpha": 1e-320},
    "alpha of 1e-300": {"alpha": 1e-300},
    "alpha of 1e20": {"alpha": 1e20},
    "alpha of 1e300": {"alpha": 1e300},
    "l1 of 1e-300": {"alpha": 1e-300, "l1_ratio": 1.0},
    "l1 of 1e300": {"alpha": 1e300, "l1_ratio": 1.0},
    "a mix of 1e300": {"alpha": 1e300, "l1_ratio": 0.5},
    "strengths from 0 to 1e300": {"alpha": [0.0, 1e-300, 1.0, 1e300]},
    "l1 from 0 to 1e300": {"alpha": [0.0, 1e-300, 1.0, 1e300], "l1_ratio": 1.0},
    "no negative coefficient": {"positive": True, "alpha": 0.0},
    "no negative coefficient and l1": {"positive": True, "alpha": 1e10, "l1_ratio": 1.0},
}


@each(PENALTIES, fits(of=BOTH), "penalty: {}", "{} is a penalty")
def _(lab, params):
    lab.fit(lab.X, **params)
