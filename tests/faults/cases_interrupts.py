"""Ctrl-C: answered at once wherever it comes, the estimator as it was, the process healthy."""

import _thread
import signal
import time
import warnings

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info

from tests.faults.battery import LINEAR, LOGISTIC, each, fits
from tests.faults.cases_refits import frozen

PATIENCE = 2.0  # seconds for an answer that takes some hundredths on an idle machine
ENDLESS = {"tol": None, "max_iter": 10**9}
PLAIN = {"optimizer": "gd", "preconditioner": None, "learning_rate": 1e-4, **ENDLESS}
METHODS = {
    "by default": ENDLESS,
    "in the textbook": PLAIN,
    "of adam": {"optimizer": "adam", **ENDLESS},
    "with l1": {"alpha": 0.01, "l1_ratio": 1.0, **ENDLESS},
    "in averages": {"average": True, **PLAIN},
    "while it validates": {"early_stopping": True, **PLAIN},
    "with its path": {"record": "path", **PLAIN},
}

CONVERTED = {
    "in another order": np.asfortranarray,
    "whole numbers": lambda X: (10 * X).astype(int),
    "columns of a sparse matrix": sparse.csc_array,
    "a frame": pd.DataFrame,
}


def after(seconds):
    """Let the next signal be Ctrl-C's, some time from now; on a busy machine it may come before this has returned."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def answered(call, seconds):
    """How long a call goes on after an interrupt."""
    due = time.monotonic() + seconds
    try:
        after(seconds)
        call()
    except KeyboardInterrupt:
        return time.monotonic() - due
    raise AssertionError("no interrupt came through")


def problem(lab, container):
    """Rows enough for an epoch to last a while."""
    X = lab.rng.normal(size=(20_000, 50))
    return container(np.where(X > 1.0, X, 0.0) if container is sparse.csr_array else X), lab.targets(X)


def healthy(threads):
    """BLAS has its threads back, and none of ours is left."""
    assert [library["num_threads"] for library in threadpool_info()] == threads
    limit = time.monotonic() + 10 * PATIENCE  # a decomposition that was left behind ends by itself
    while _thread._count() and time.monotonic() < limit:
        time.sleep(0.01)
    assert not _thread._count()


def interrupt_often(lab, X, y, params):
    """Interrupts at random times of first fits and of refits."""
    threads = [library["num_threads"] for library in threadpool_info()]
    fresh, model = lab.model(**params), lab.fitted()
    before, predictions = frozen(model), model.predict(lab.X)
    model.set_params(**params)
    for seconds in lab.rng.uniform(0.005, 0.08, size=2):
        assert answered(lambda: fresh.fit(X, y), seconds) < PATIENCE
        assert answered(lambda: model.fit(X, y), seconds) < PATIENCE
    assert not frozen(fresh)
    assert frozen(model) == before
    np.testing.assert_array_equal(model.predict(lab.X), predictions)
    np.testing.assert_array_equal(lab.fitted().coef_, model.coef_)
    healthy(threads)


@each(METHODS, fits(), "an interrupt {}", "Ctrl-C {}, on dense rows")
def _(lab, params):
    interrupt_often(lab, *problem(lab, np.asarray), params)


@each(METHODS, fits(), "an interrupt {} on sparse rows", "Ctrl-C {}, on sparse rows")
def _(lab, params):
    interrupt_often(lab, *problem(lab, sparse.csr_array), params)


@each(CONVERTED, fits(), "an interrupt where rows are {}", "Ctrl-C while X is looked at and copied, or soon after")
def _(lab, convert):
    X, y = problem(lab, np.asarray)
    interrupt_often(lab, convert(np.repeat(X, 10, axis=0)), np.repeat(y, 10), ENDLESS)


@fits(of=LINEAR)
def an_interrupt_of_a_quantile(lab):
    """Ctrl-C while targets are sorted, or soon after."""
    X = lab.rng.normal(size=(2**20, 4))
    interrupt_often(lab, X, lab.targets(X), {"loss": "quantile", **ENDLESS})


@fits(of=LOGISTIC)
def an_interrupt_of_a_softmax(lab):
    """Ctrl-C with fifty classes."""
    X, _ = problem(lab, np.asarray)
    interrupt_often(lab, X, np.arange(len(X)) % 50, ENDLESS)


@fits()
def an_interrupt_of_a_large_metric(lab):
    """Ctrl-C where matrices of 700 columns are made, factored and decomposed."""
    X = lab.rng.normal(size=(1500, 700))
    interrupt_often(lab, X, lab.targets(X), {"alpha": 0.01, **ENDLESS})


@fits()
def a_chunk_that_is_interrupted(lab):
    """partial_fit keeps no half of a pass."""
    X, y = problem(lab, np.asarray)
    model = lab.model().partial_fit(X[:100], y[:100])
    before, interrupts = frozen(model), 0
    for seconds in lab.rng.uniform(0.0005, 0.01, size=10):
        due = time.monotonic() + seconds
        try:
            after(seconds)
            model.partial_fit(X, y)
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            model = lab.model().partial_fit(X[:100], y[:100])
            before = frozen(model)  # it took other seconds
        except KeyboardInterrupt:
            assert time.monotonic() - due < PATIENCE
            assert frozen(model) == before
            interrupts += 1
    assert interrupts


@fits()
def interrupts_at_any_bytecode(lab):
    """At random places of short fits: as it was, or fitted; never between."""
    model = lab.fitted(**(PLAIN | {"max_iter": 3}))
    before, done, threads = frozen(model), 0, [library["num_threads"] for library in threadpool_info()]
    for seconds in lab.rng.uniform(1e-5, 4e-3, size=200):
        try:
            after(seconds)
            model.fit(lab.X[:, :3], lab.y)
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        except KeyboardInterrupt:
            done += 1
        if model.n_features_in_ == 3:
            assert model.coef_.shape[-1] == 3
            model.fit(lab.X, lab.y)
        assert frozen(model).keys() == before.keys()
        assert model.coef_.shape[-1] == 4
    assert done
    healthy(threads)


@fits()
def an_interrupt_that_keeps_the_best_point(lab):
    """on_interrupt="keep": a model no worse than its start, unconverged, with one warning that says why."""
    X, y = problem(lab, np.asarray)
    model = lab.model(on_interrupt="keep", warm_start=True, **PLAIN)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        after(0.4)
        model.fit(X, y)
    lab.judge(model, X, y)
    assert [warning.category for warning in seen] == [ConvergenceWarning]
    assert not model.converged_
    assert "interrupt" in model.stop_reason_
    assert str(seen[0].message).startswith(model.stop_reason_)
    assert model.n_iter_ == len(model.loss_curve_) - 1 > 0
    assert np.isnan(model.optimality_)
    kept = model.coef_
    again = model.set_params(max_iter=2).fit(X, y)
    assert again.loss_curve_[0] <= model.loss_curve_[0]
    assert np.abs(again.coef_ - kept).max() < 1.0


@fits()
def an_interrupt_before_there_is_anything_to_keep(lab):
    """Then it is raised after all."""
    X, y = problem(lab, np.asarray)
    fresh = lab.model(on_interrupt="keep", early_stopping=lambda *_: time.sleep(0.5) or 0.0, **PLAIN)
    assert answered(lambda: fresh.fit(X, y), 0.2) < PATIENCE
    assert not frozen(fresh)


@fits()
def an_exception_from_another_signal(lab):
    """Any handler may raise: a timeout of the user's ends a fit as Ctrl-C does."""

    def too_late(*_):
        raise TimeoutError("too late")

    X, y = problem(lab, np.asarray)
    model = lab.fitted()
    before, late = frozen(model), False
    signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        model.set_params(**ENDLESS).fit(X, y)
    except TimeoutError:
        late = True
    assert late, "no timeout came through"
    assert frozen(model) == before
