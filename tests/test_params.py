"""Optimizers and schedules as objects: scikit-learn clones, prints and searches them, and wrong numbers are refused."""

import pickle

import numpy as np
import pytest
from sklearn import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor, optimizers, schedules
from sk_gd.losses import Huber
from sk_gd.optimizers import OPTIMIZERS, AdaGrad, Adam, Momentum, RMSProp
from sk_gd.schedules import SCHEDULES, Adaptive, Cosine, Exponential, InverseScaling, Optimal, StepDecay

TEXTBOOK = {"preconditioner": None, "learning_rate": 0.01, "tol": None, "max_iter": 3, "random_state": 0}
WRONG = [
    (Momentum, "beta", 1.0), (Momentum, "beta", -0.1), (Momentum, "beta", "much"), (AdaGrad, "epsilon", 0.0),
    (RMSProp, "rho", 1.0), (RMSProp, "epsilon", -1e-8), (Adam, "beta_1", 1.0), (Adam, "beta_2", np.nan), (Adam, "epsilon", 0.0),
    (Adam, "weight_decay", -0.1), (InverseScaling, "power", -0.5), (Exponential, "factor", 1.1), (Exponential, "factor", 0.0),
    (StepDecay, "every", 0.0), (StepDecay, "factor", 2.0), (Cosine, "period", 0), (Cosine, "growth", 0.5), (Cosine, "floor", -0.1),
    (Adaptive, "factor", 1.0), (Optimal, "decay", -1.0),
]  # fmt: skip
NAMES = {**vars(optimizers), **vars(schedules)}
every_object = pytest.mark.parametrize("make", [*OPTIMIZERS.values(), *SCHEDULES.values()], ids=[*OPTIMIZERS, *SCHEDULES])
every_wrong_number = pytest.mark.parametrize(("kind", "name", "value"), WRONG)


@every_object
def test_objects_are_their_parameters(make):
    """What is cloned, pickled, or built anew from the parameters or from the printed form, is equal."""
    one = make()
    for other in (clone(one), pickle.loads(pickle.dumps(one)), type(one)(**one.get_params()), eval(repr(one), NAMES)):
        assert other == one
        assert other is not one
    for name in one.get_params():
        changed = clone(one).set_params(**{name: {"nesterov": True}.get(name, 1e-3 if name != "growth" else 1.0)})
        assert changed != one or one.get_params()[name] is True


@every_wrong_number
def test_wrong_numbers_are_refused(kind, name, value):
    """When built, and when set, where nothing changes."""
    with pytest.raises(ValueError, match=f"{name} of {kind.__name__} must be a number in .*, got {value!r}"):
        kind(**{name: value})
    one = kind()
    with pytest.raises(ValueError, match=f"{name} of {kind.__name__}"):
        one.set_params(**{name: value})
    assert one == kind()


@every_wrong_number
def test_wrong_numbers_are_refused_by_fit(kind, name, value, Estimator, problem_for):
    """Attributes that were overwritten are looked at when a fit begins, and it leaves nothing behind."""
    X, y, _ = problem_for(Estimator)
    one = kind()
    setattr(one, name, value)
    model = Estimator(**{"optimizer" if kind in (Momentum, AdaGrad, RMSProp, Adam) else "schedule": one})
    with pytest.raises(ValueError, match=f"{name} of {kind.__name__}"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


@every_object
def test_unknown_parameters_are_refused(make):
    """With the names of those that there are."""
    one = make()
    names = ", ".join(one.get_params())
    with pytest.raises(ValueError, match=f"{type(one).__name__} has no parameter momentum: choose from {names}"):
        one.set_params(momentum=0.5)


def test_names_have_no_parameters(Estimator):
    """A name is no object, so it has nothing to set; an object set in the same call has."""
    model = Estimator(optimizer="adam", schedule="cosine")
    with pytest.raises(ValueError, match="optimizer__beta_1 is a parameter of an object, but optimizer='adam' is a name: set opt"):
        model.set_params(optimizer__beta_1=0.5, schedule="step")
    assert model.schedule == "cosine"
    assert model.set_params(optimizer__beta_1=0.5, optimizer=Adam()).optimizer == Adam(beta_1=0.5)


def test_classes_are_no_objects(Estimator, problem_for):
    """To forget the brackets is a mistake that a function of step numbers would hide."""
    X, y, _ = problem_for(Estimator)
    with pytest.raises(ValueError, match=r"schedule must be an object, got the class Cosine: call it, as in Cosine\(\)"):
        Estimator(schedule=Cosine).fit(X, y)
    with pytest.raises(ValueError, match=r"loss must be an object, got the class Huber: call it, as in Huber\(\)"):
        GDLinearRegressor(loss=Huber).fit(X, y)


@pytest.mark.parametrize(("held", "grid"), [
    ({"optimizer": Adam()}, {"optimizer__beta_1": [0.5, 0.9], "optimizer": [Adam(), Adam(beta_2=0.9)]}),
    ({"optimizer": "gd", "schedule": InverseScaling()}, {"schedule__power": [0.1, 1.0]}),
])  # fmt: skip
def test_searched(Estimator, variant, held, grid, problem_for):
    """A grid search reaches into the objects: its best model is the one with these parameters, and the originals stay."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, **(TEXTBOOK | held))
    before = repr(model)
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    best = search.best_estimator_
    assert repr(model) == before
    for name, value in search.best_params_.items():
        assert "__" not in name or best.get_params()[name] == value
    again = clone(model).set_params(**search.best_params_).fit(X, y)
    np.testing.assert_array_equal(best.coef_, again.coef_)
    assert len(np.unique(search.cv_results_["mean_test_score"])) > 1 or Estimator.__name__ == "GDLogisticClassifier"


def test_shown(Estimator):
    """In text and in HTML, inside a pipeline, too."""
    pipeline = make_pipeline(StandardScaler(), Estimator(optimizer=Adam(beta_1=0.8), schedule=Cosine(period=3.0)))
    assert "Adam(beta_1=0.8" in repr(pipeline)
    assert "Cosine(period=3.0" in pipeline._repr_html_()
