"""Models that come from elsewhere: memory-mapped and read-only, pickled, copied, with attributes set by hand."""

import copy
import pickle

import numpy as np
from sklearn.base import clone

from tests.faults.battery import each, fits, refused
from tests.faults.cases_layouts import mapped


def locked(model):
    """The model, none of whose arrays may be written to."""
    seen = [model]
    while seen:
        thing = seen.pop()
        if isinstance(thing, np.ndarray):
            thing.flags.writeable = False
        elif isinstance(thing, dict):
            seen.extend(thing.values())
        elif isinstance(thing, list | tuple):
            seen.extend(thing)
        elif type(thing).__module__.startswith("sk_gd"):
            seen.extend(getattr(thing, "__dict__", {}).values())
    return model


WAYS = {
    "mapped into memory": mapped,
    "locked": locked,
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
    "copied": copy.copy,
    "deeply copied": copy.deepcopy,
}
TEXTBOOK = {"optimizer": "momentum", "preconditioner": None, "learning_rate": 0.01, "tol": None, "max_iter": 5}
USES = {
    "predicts": lambda lab, model: model.predict(lab.X),
    "is fitted anew": lambda lab, model: model.fit(lab.X, lab.y).coef_,
    "learns a chunk": lambda lab, model: model.partial_fit(lab.X, lab.y).coef_,
    "learns two": lambda lab, model: model.partial_fit(lab.X, lab.y).partial_fit(lab.X[:30], lab.y[:30]).coef_,
    "is made sparse": lambda lab, model: model.sparsify().densify().predict(lab.X),
    "is diagnosed": lambda lab, model: str(model.diagnose(lab.X, lab.y)),
    "leaves": lambda lab, model: model.to_sklearn().predict(lab.X),
    "is fitted elsewhere": lambda lab, model: model.set_params(warm_start=False).fit(lab.X[:, :2], lab.y).coef_,
}
MAKE = {
    "by default": {"warm_start": True},
    "with momentum": {"warm_start": True, **TEXTBOOK},
    "with its path": {"warm_start": True, "record": "path", "early_stopping": True, **TEXTBOOK},
}


@each({f"{how} and {way}": (params, put) for how, params in MAKE.items() for way, put in WAYS.items()},
      fits(), "a model made {}", "made {}, it does what it did, bit for bit")  # fmt: skip
def _(lab, case):
    params, put = case
    for name, use in USES.items():
        if "chunk" in name or "two" in name:
            if params.get("early_stopping"):
                continue
            with_chunks = lambda: lab.fitted(**params).partial_fit(lab.X, lab.y)  # noqa: E731
            np.testing.assert_array_equal(use(lab, put(with_chunks())), use(lab, with_chunks()))
        if not (name == "is diagnosed" and params.get("optimizer")):
            np.testing.assert_array_equal(use(lab, put(lab.fitted(**params))), use(lab, lab.fitted(**params)))


@fits()
def a_copy_that_learns_on(lab):
    """A shallow copy shares arrays with its original, which stays as it was."""
    model = lab.fitted(warm_start=True, **TEXTBOOK)
    before = pickle.dumps(vars(model))
    copy.copy(model).fit(lab.X, lab.y)
    copy.copy(model).fit(lab.X[:40], lab.y[:40])
    copy.copy(model).set_params(warm_start=False).partial_fit(lab.X, lab.y)
    assert pickle.dumps(vars(model)) == before


@fits()
def rows_and_weights_stay_as_they_were(lab):
    """Nothing is written to what the user brings."""
    s = lab.rng.gamma(1.0, size=60)
    given = [lab.X, lab.y, s]
    copies = [a.copy() for a in given]
    model = lab.model().fit(lab.X, lab.y, s)
    model.partial_fit(lab.X, lab.y, sample_weight=s)
    model.predict(lab.X)
    for one, other in zip(given, copies, strict=True):
        np.testing.assert_array_equal(one, other)


@fits()
def a_clone(lab):
    """It is unfitted."""
    assert not [name for name in vars(clone(lab.fitted())) if name.endswith("_")]


@fits()
def coefficients_set_by_hand(lab):
    """Integers, or another dtype."""
    model = lab.fitted()
    model.coef_ = np.round(model.coef_).astype(np.int8)
    model.predict(lab.X)
    model.partial_fit(lab.X, lab.y)


@refused()
def a_warm_start_on_other_columns(lab):
    """The coefficients would be those of other features."""
    lab.fitted(warm_start=True).fit(lab.X[:, :3], lab.y)


@refused()
def a_chunk_of_more_targets_or_classes_that_are_none(lab):
    """Outputs cannot be added to numbers, nor labels of another type to labels."""
    model = lab.model().partial_fit(lab.X, lab.y)
    model.partial_fit(lab.X, np.column_stack([lab.y, lab.y]) if lab.linear else lab.y + 0.5)
