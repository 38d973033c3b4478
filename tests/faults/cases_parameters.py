"""Parameters out of range, and those that are in range but wild."""

import numpy as np

from sk_gd.losses import Huber
from sk_gd.optimizers import Adam, Momentum
from tests.faults.battery import LINEAR, LOGISTIC, each, either, fits, refused

WRONG = {
    "variant": ["minibatch", "BATCH", 1, None, ["batch"]],
    "batch_size": [0, -1, 2.5, np.nan, "many", None],
    "optimizer": ["adamant", None, 3, object(), Adam],
    "learning_rate": [0.0, -0.1, np.nan, np.inf, "fast", None, 1j],
    "schedule": ["sometimes", None, 3.0],
    "preconditioner": ["inverse", 1.0, False],
    "alpha": [-1.0, np.nan, np.inf, "strong", None, [1.0], np.ones((1, 4)), [1.0, 1.0, -1.0, 1.0], [1.0, np.nan, 1.0, 1.0]],
    "l1_ratio": [-0.1, 1.5, np.nan, "half", None],
    "fit_intercept": ["yes", 2, None],
    "positive": ["yes", None],
    "max_iter": [0, -5, 1.5, np.inf, "long", None],
    "tol": [-1e-3, np.nan, np.inf, "tight"],
    "n_iter_no_change": [0, 1.5, np.nan, None],
    "max_time": [0.0, -1.0, np.nan, np.inf, "now"],
    "early_stopping": ["accurately", None, 0.5],
    "validation_fraction": [0.0, 1.0, -0.1, np.nan, None],
    "shuffle": ["yes", None],
    "random_state": ["seven", -1, 2.5, np.nan],
    "average": ["yes", 0, -1, 1.5],
    "warm_start": ["yes", None],
    "record": ["everything", None, True],
    "on_divergence": ["ignore", None],
    "verbose": ["loudly", -1, None],
}


@each(WRONG, refused(), "wrong {}", "{} has a range, and these are not in it")
def _(lab, values):
    name = next(name for name, of_name in WRONG.items() if of_name is values)
    survivors = []
    for value in values:
        try:
            lab.model(**{name: value}).fit(lab.X, lab.y)
            survivors.append(value)
        except ValueError as error:
            refusal = error
    assert not survivors, f"{name} = {survivors} was not refused"
    raise refusal


COMBINATIONS = {
    "a batch size for another variant": {"variant": "batch", "batch_size": 5},
    "svrg in batch": {"variant": "batch", "optimizer": "svrg"},
    "saga in batch": {"variant": "batch", "optimizer": "saga"},
    "averages of what has no noise": {"variant": "stochastic", "optimizer": "saga", "average": True},
    "the hessian beside a kink": {"variant": "stochastic", "preconditioner": "hessian", "alpha": 1.0, "l1_ratio": 1.0},
}


@each(COMBINATIONS, refused(), "{}", "{}: one of the two has no meaning")
def _(lab, params):
    lab.fit(lab.X, **params)


@refused(TypeError)
def a_parameter_that_is_not_there(lab):
    """It is named."""
    lab.model(learning_rates=0.1)


@refused()
def setting_a_parameter_that_is_not_there(lab):
    """It is named here, too."""
    lab.model().set_params(learning_rates=0.1)


@refused(of=LINEAR)
def a_loss_that_is_not_there(lab):
    """It is named with those that are."""
    lab.fit(lab.X, loss="hinge")


@refused(of=LINEAR)
def a_loss_overwritten_with_nonsense(lab):
    """Attributes are looked at when a fit begins."""
    loss = Huber()
    loss.epsilon = -1.0
    lab.fit(lab.X, loss=loss)


WILD = {"optimizer": "gd", "preconditioner": None, "tol": None, "max_iter": 10}
SCHEDULES = {
    "nan": lambda t: np.full(len(t), np.nan),
    "infinite": lambda t: np.full(len(t), np.inf),
    "negative": lambda t: -np.ones(len(t)),
    "of another length": lambda t: np.ones(len(t) + 1),
    "of two dimensions": lambda t: np.ones((len(t), 2)),
    "text": lambda t: ["fast"] * len(t),
    "None": lambda t: None,
}


@each(SCHEDULES, refused(ValueError, TypeError), "rates that are {}", "a schedule whose rates are {}")
def _(lab, schedule):
    lab.fit(lab.X, schedule=schedule, learning_rate=0.01, **WILD)


@refused(ZeroDivisionError)
def a_schedule_that_fails(lab):
    """Its own error comes through."""
    lab.fit(lab.X, schedule=lambda t: 1 // 0 * t, learning_rate=0.01, **WILD)


@refused()
def a_score_of_nan(lab):
    """Nothing could ever be better than it."""
    lab.fit(lab.X, early_stopping=lambda model, X, y: np.nan)


@refused(ValueError, TypeError)
def a_score_of_no_number(lab):
    """Nor than that."""
    lab.fit(lab.X, early_stopping=lambda model, X, y: "good")


RATES = {
    "1e-320": 1e-320, "1e-300": 1e-300, "1e-8": 1e-8, "1e3": 1e3, "1e10": 1e10, "1e100": 1e100, "1e300": 1e300
}  # fmt: skip


@each(RATES, fits(), "a rate of {}", "{} is halved until it descends, or goes nowhere")
def _(lab, rate):
    lab.fit(lab.X, learning_rate=rate, **WILD)


@each(RATES, fits(), "adam at {}", "steps of {} whatever the gradient")
def _(lab, rate):
    lab.fit(lab.X, learning_rate=rate, **(WILD | {"optimizer": "adam"}))


@each(RATES, fits(), "momentum at {}", "{} with a velocity that has to be forgotten")
def _(lab, rate):
    lab.fit(lab.X, learning_rate=rate, **(WILD | {"optimizer": Momentum(0.99)}))


@each({"1e3": 1e3, "1e300": 1e300}, refused(FloatingPointError), "a rate of {} that must not be halved", "{} diverges, and says so")
def _(lab, rate):
    lab.fit(lab.X, learning_rate=rate, on_divergence="raise", **WILD)


@fits()
def average_from_an_epoch_that_never_comes(lab):
    """There is no mean, and no division by its length."""
    lab.fit(lab.X, learning_rate=0.01, average=10**9, **WILD)


@fits()
def a_batch_larger_than_the_data(lab):
    """It is all rows."""
    lab.fit(lab.X, variant="mini-batch", batch_size=10**12)


@fits()
def patience_without_end(lab):
    """Other rules end the descent."""
    lab.fit(lab.X, n_iter_no_change=10**12, tol=0.0, max_iter=50)


@fits()
def as_many_epochs_as_there_are_numbers(lab):
    """The limit is not what is waited for."""
    lab.fit(lab.X, max_iter=2**62)


@fits()
def hardly_any_time(lab):
    """A nanosecond ends after an epoch."""
    assert lab.fit(lab.X, max_time=1e-9, tol=1e-15).n_iter_ <= 1


@each({"1e-9": 1e-9, "0.5": 0.5, "1 - 1e-9": 1 - 1e-9}, fits(), "a share of {} to validate on",
      "a share of {} leaves a row on each side")  # fmt: skip
def _(lab, share):
    lab.model(early_stopping=True, validation_fraction=share).fit(lab.X, lab.y)


@refused(of=LINEAR)
def nothing_to_validate_on(lab):
    """One row cannot be on both sides."""
    lab.fit(lab.X[:1], lab.y[:1], early_stopping=True)


@either(of=LOGISTIC)
def a_class_of_one_row_to_validate_on(lab):
    """It is learned from, or refused."""
    lab.model(early_stopping=True).fit(lab.X, np.arange(60) == 7)


STARTS = {"1e10": 1e10, "1e100": 1e100, "1e300": 1e300, "the largest float": np.finfo(float).max}


@each(STARTS, either(), "a start at {}", "coefficients of {} are a start that is worse than none")
def _(lab, size):
    model = lab.model().fit(lab.X, lab.y, coef_init=np.full(4, size))
    assert np.isfinite(model.coef_).all()


BAD_STARTS = {
    "of another shape": {"coef_init": np.zeros(3)},
    "of nan": {"coef_init": np.full(4, np.nan)},
    "of text": {"coef_init": ["much"] * 4},
    "with an infinite intercept": {"intercept_init": np.inf},
    "with too many intercepts": {"intercept_init": np.zeros(3)},
    "of complex numbers": {"coef_init": np.full(4, 1j)},
}


@each(BAD_STARTS, refused(ValueError, TypeError), "a start {}", "a start {} is no start")
def _(lab, start):
    lab.model().fit(lab.X, lab.y, **start)
