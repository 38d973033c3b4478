"""Sample weights: only their ratios matter, whatever their size."""

import numpy as np

from tests.faults.battery import LINEAR, LOGISTIC, each, either, fits, refused

SIZES = {
    "1e-300": 1e-300, "1e-200": 1e-200, "1e-30": 1e-30, "1e30": 1e30, "1e200": 1e200, "1e300": 1e300,
    "the least subnormal": 5e-324,
}  # fmt: skip


@each(SIZES, fits(), "weights of {}", "weights of {} are weights of one")
def _(lab, size):
    model = lab.fit(lab.X, sample_weight=np.full(60, size))
    np.testing.assert_allclose(model.coef_, lab.fitted().coef_, rtol=1e-3, atol=1e-6)


@each({name: size for name, size in SIZES.items() if "subnormal" not in name}, fits(), "uneven weights around {}",
      "the ratios of weights around {} are what counts")  # fmt: skip
def _(lab, size):
    s = lab.rng.uniform(0.5, 2.0, size=60)
    model = lab.fit(lab.X, sample_weight=s * size, tol=1e-10)
    np.testing.assert_allclose(model.coef_, lab.fit(lab.X, sample_weight=s, tol=1e-10).coef_, rtol=1e-3, atol=1e-5)


@either()
def weights_whose_sum_is_beyond_a_float(lab):
    """A quarter of the largest float each."""
    lab.fit(lab.X, sample_weight=np.full(60, np.finfo(float).max / 4))


@fits()
def weights_from_1e_300_to_1e300(lab):
    """The heavy rows are all that can be seen, if they are of two classes."""
    s = np.logspace(-300, 300, 60)
    lab.fit(lab.X, sample_weight=s[np.argsort(np.argsort(lab.X[:, 0]))])


@refused(of=LOGISTIC)
def a_class_that_weighs_next_to_nothing(lab):
    """1e-600 of the other is not there."""
    lab.fit(lab.X, sample_weight=np.where(lab.y, 1e300, 1e-300))


@fits(of=LOGISTIC)
def a_class_that_weighs_1e_200(lab):
    """Its share rounds to zero, the logarithm does not."""
    lab.fit(lab.X, sample_weight=np.where(lab.y, 1.0, 1e-200))


@fits()
def weights_from_1e_20_to_1e20(lab):
    """So here."""
    lab.fit(lab.X, sample_weight=lab.rng.permutation(np.logspace(-20, 20, 60)))


@fits()
def a_row_that_outweighs_all_others(lab):
    """1e12 rows in one place."""
    lab.fit(lab.X, sample_weight=np.where(np.arange(60) == 7, 1e12, 1.0))


@fits()
def zero_for_all_but_few(lab):
    """Four rows are left."""
    s = np.zeros(60)
    s[[0, *np.flatnonzero(lab.y != lab.y[0])[:3]]] = 1.0
    lab.fit(lab.X, sample_weight=s)


@fits(of=LINEAR)
def zero_for_all_but_one(lab):
    """One row is left."""
    lab.fit(lab.X, sample_weight=(np.arange(60) == 7).astype(float))


@fits()
def negative_zero(lab):
    """It is zero."""
    s = np.where(np.arange(60) % 2, 1.0, -0.0)
    np.testing.assert_array_equal(lab.fit(lab.X, sample_weight=s).coef_, lab.model().fit(lab.X[1::2], lab.y[1::2]).coef_)


@fits()
def boolean_weights(lab):
    """Rows are in or out."""
    lab.fit(lab.X, sample_weight=np.arange(60) % 3 > 0)


@fits()
def float32_with_large_weights(lab):
    """Weights of 1e300 beside rows of 32 bits."""
    lab.fit(lab.X.astype(np.float32), sample_weight=lab.rng.gamma(1.0, size=60) * 1e300)


@fits()
def float32_with_small_weights(lab):
    """Ratios that 32 bits cannot hold."""
    lab.fit(lab.X.astype(np.float32), sample_weight=np.logspace(-60, 0, 60))


@refused(of=LOGISTIC)
def class_weights_far_apart(lab):
    """1e300 to 1e-300."""
    lab.model(class_weight={0: 1e300, 1: 1e-300}).fit(lab.X, lab.y)


@either(of=LOGISTIC)
def large_weights_of_classes_and_rows(lab):
    """Their product is beyond a float, their ratio is one."""
    model = lab.model(class_weight={0: 1e200, 1: 1e200}).fit(lab.X, lab.y, sample_weight=np.full(60, 1e200))
    np.testing.assert_allclose(model.coef_, lab.fitted().coef_, rtol=1e-6)
