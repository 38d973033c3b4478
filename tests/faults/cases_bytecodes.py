"""Ctrl-C wherever the interpreter looks for signals, one place after the other: nothing is left half done, changed or closed."""

import _thread
import signal
import sys
import time
from types import GeneratorType

import numpy as np
import sklearn
from threadpoolctl import ThreadpoolController

from sk_gd import _threads, minimize
from sk_gd._compat import OneBlasThread, undisturbed
from sk_gd.sources import _base
from tests.faults.battery import LINEAR, each, fits
from tests.faults.cases_refits import frozen

SHORT = {"max_iter": 2, "tol": None, "alpha": 0.01}
MOMENTS = 150  # of the tens of thousands of a fit


class Bell(int):
    """The number of a signal, which rings without a call: at the end of one the interpreter would look for signals at once."""

    ring = property(_thread.interrupt_main)


CTRL_C = Bell(signal.SIGINT)
CONTROLLER = ThreadpoolController()


def bytecodes(call, at=0):
    """How many bytecodes a call takes; before the at-th comes Ctrl-C."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += 1
        if count == at:
            while frame is not None:  # no more of this, where the interpreter would look for signals, too
                frame.f_trace, frame = None, frame.f_back
            CTRL_C.ring  # noqa: B018
            return None
        frame.f_trace_opcodes = True
        return trace

    try:
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(None)
    except KeyboardInterrupt:
        assert at
    return count


def world():
    """What belongs to everyone in a process; of threads those that stay: one that begins late is counted late."""
    limit = time.monotonic() + 5.0
    while (threads := _thread._count()) and time.monotonic() < limit:
        time.sleep(1e-4)
    blas = [library["num_threads"] for library in CONTROLLER.info()]
    fits = OneBlasThread.running, len(OneBlasThread.users), OneBlasThread.limit
    return blas, fits, threads, np.geterr(), sklearn.get_config()


def begin():
    """Two threads, however small a problem is, and Ctrl-C whatever the shell says of it."""
    _threads.n_threads, _threads.IDLE, _base.BLOCK = lambda: 2, 1e-3, 64
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupt_refits(lab, **params):
    """Refits on rows of three columns of a model of four: it is one or the other, and so is its next fit."""
    begin()
    X, lost = lab.X[:, :3], []

    def note(what):
        if not isinstance(what.object, GeneratorType):  # one that is closed before its end, as by any(), swallows what comes then
            lost.append(what)

    sys.unraisablehook = note
    other, models = lab.model(**SHORT, **params).fit(X, lab.y), [lab.fitted(**SHORT, **params)]
    around = world()

    def refit():
        models[0].fit(X, lab.y)

    def refitted(model):
        return vars(model).keys() == vars(other).keys() and model.coef_.tobytes() == other.coef_.tobytes()

    for at in lab.rng.integers(1, bytecodes(refit), size=MOMENTS):
        models[0] = model = lab.fitted(**SHORT, **params)
        before = frozen(model)
        bytecodes(refit, at)
        assert world() == around, at
        assert not lost, (at, lost)
        if model.n_features_in_ == 4:
            assert frozen(model) == before, at
        elif model.stop_reason_.startswith("An interrupt"):
            assert model.on_interrupt == "keep", at
            lab.judge(model, X, lab.y)
        else:
            assert refitted(model), at
        refit()
        assert refitted(model), at


@each({"that is raised": "raise", "that keeps": "keep"}, fits(), "an interrupt {} anywhere", "Ctrl-C at random bytecodes of a fit")
def _(lab, on_interrupt):
    interrupt_refits(lab, on_interrupt=on_interrupt)


@fits()
def an_interrupt_beside_a_fit(lab):
    """Ctrl-C at random bytecodes of predictions, of a diagnosis, and of the descent of a function."""
    begin()
    model, around = lab.fitted(**SHORT), world()
    before = frozen(model)
    for call in (
        lambda: model.predict(lab.X),
        lambda: model.diagnose(lab.X, lab.y),
        lambda: minimize(lambda x: (x @ x, 2 * x), np.ones(3), jac=True, max_iter=3),
    ):
        for at in lab.rng.integers(1, bytecodes(call), size=MOMENTS):
            bytecodes(call, at)
            assert world() == around, at
            assert frozen(model) == before, at


@fits(of=LINEAR)
def an_interrupt_at_every_bytecode(lab):
    """Ctrl-C at every place of what limits BLAS, silences NumPy, tells scikit-learn, begins threads and waits for them."""
    begin()
    found, around = [], world()

    @undisturbed
    def shared_out():
        with sklearn.config_context(assume_finite=True), np.errstate(all="ignore"):
            found.append(_threads.in_threads(lambda item: item**2, [1, 2, 3, 4]))

    def one_apart():
        found.append(_threads.apart(np.sqrt, 4.0, _threads.LARGE))

    for call, answer in ((shared_out, [1, 4, 9, 16]), (one_apart, 2.0)):
        for at in range(1, bytecodes(call) + 10):
            found.clear()
            bytecodes(call, at)
            assert found in ([], [answer]), at
            assert world() == around, at
