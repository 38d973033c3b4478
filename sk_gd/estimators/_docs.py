"""What the docstrings of both estimators share, told once: ``{name}`` in a docstring stands for the entry of that name below."""

from __future__ import annotations

import re
from typing import Any, TypeVar

T = TypeVar("T")

ENTRIES = """\
variant : {"batch", "mini-batch", "stochastic"}, default="batch"
    On which rows a gradient is estimated: on all, on ``batch_size`` of them, on one.
batch_size : int or "auto", default="auto"
    Rows per gradient estimate of the mini-batch variant; "auto" is 256 (8 for sparse rows of many features), or all rows where
    there are fewer.
optimizer : {"auto", "gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "svrg", "saga"} or object, default="auto"
    How gradients become directions. "auto" takes the method that reaches the minimum fastest (see Notes). "svrg" and "saga"
    reduce the variance of estimates from some rows, so that the descent arrives at the minimum. An object is an
    :class:`~sk_gd.optimizers.Optimizer` such as ``sk_gd.optimizers.Adam(beta_1=0.8)``, whose hyper-parameters a search reaches
    as ``optimizer__beta_1``.
learning_rate : float or "auto", default="auto"
    Step length, before the schedule, in the coordinates of the metric. "auto" is a line search in batch. For an optimizer or a
    schedule of your choice it is a safe one: 1 / L in batch, L being the smoothness of the objective, and less for
    estimates from some rows. For "adagrad", "rmsprop" and "adam", whose steps do not depend on the size of the gradient, it is the
    mean size of the entries of ``gradient / L`` at the start, over the root of the number of updates in an epoch. A loss whose
    slope jumps has no smoothness: there L is that of the loss with its corners rounded by a typical error, so that steps of a
    constant rate stay about that far from the minimum until a schedule or an average lets them rest.
schedule : {"constant", "inverse_scaling", "exponential", "step", "cosine", "adaptive", "optimal"} or callable, default="constant"
    How the rate goes on. "inverse_scaling" is ``1 / sqrt(t)``, t counting updates; "exponential" leaves 0.95 of the rate in an
    epoch, "step" halves it every 10, "cosine" lets it fall to zero and start again after 10, then 20, 40, ... epochs;
    "adaptive" divides it by 5 where the descent would otherwise end for lack of progress; "optimal" is
    ``1 / (alpha * (t0 + t))``. An object is a :class:`~sk_gd.schedules.Schedule` with numbers of yours, searchable as in
    ``schedule__power``; a callable maps an array of step numbers 1, 2, ... to multiples of the learning rate. With anything but
    "constant" the batch variant follows the schedule instead of searching along lines.
preconditioner : {"auto", "hessian", "diagonal"} or None, default="auto"
    The metric in which a step is steepest. None is the textbook's: the features as they are.
l1_ratio : float, default=0.0
    Share of the absolute values in the penalty, from 0 (ridge) to 1 (lasso).
fit_intercept : bool, default=True
    Whether to fit an intercept.
positive : bool, default=False
    Whether to allow no coefficient below zero; the intercept is free. Steps are projected, so that zeros are exact.
max_iter : int, default=1000
    Limit of epochs (passes in which every row is visited once).
tol : float or None, default=1e-4
    The descent stops when the share of the possible decrease of F that is estimated to be left,
    ``(F - F_min) / (F_constant - F_min)``, is below tol. A pure number: units and weights do not matter. None runs
    ``max_iter`` epochs.
n_iter_no_change : int, default=5
    Where a method makes no estimate of the gap (explicit optimizers), stop when this many epochs together improve F by
    less than ``tol * (F_constant - F)``. It is also how long ``schedule="adaptive"`` waits for progress.
max_time : float or None, default=None
    Limit in seconds, looked at after every epoch.
early_stopping : bool, str or callable, default=False
    Whether to validate after every epoch, end when that brings nothing new, and keep the coefficients that were best. True looks
    at the loss (without the penalty, weighted as in F), a str is the name of a scorer of scikit-learn, a callable is
    ``scorer(estimator, X, y)``, given ``sample_weight``, too, where there are weights. The descent ends when
    ``n_iter_no_change`` epochs have improved the best score by less than ``tol`` times all that was gained since the start.
validation_fraction : float, default=0.1
    Share of the rows (of every class) that is held out, where ``fit`` is given no ``X_val``. A row's side depends on its values
    and ``random_state`` only, so equal rows are never on both sides.
shuffle : bool, default=True
    Whether the rows are visited in a fresh random order in every epoch.
random_state : int, RandomState or None, default=None
    Seed of the order of visits; nothing is random in the batch variant but the rows that ``early_stopping`` holds out.
average : bool or int, default=False
    Whether the model is the mean of all points that the descent comes through (Polyak-Ruppert averaging), which takes out most of
    the noise of "mini-batch" and "stochastic"; a number is the epoch, from 1, from which on. The descent itself goes on
    as if there were no mean; what is recorded, validated and stopped on is the mean, at the price of a pass over the rows in each
    epoch. With it, ``optimizer="auto"`` is "gd"; "svrg" and "saga" have no noise to take out and refuse it.
warm_start : bool, default=False
    Whether ``fit`` goes on where the last one ended: 10 epochs and 10 more equal 20.
record : {"loss", "path"}, default="loss"
    What to keep of the way: a row of numbers per epoch (``history_``), or the coefficients, too (``coef_path_``).
on_divergence : {"recover", "raise"}, default="recover"
    What to do when the learning rate is so large that F rises above its start: return to the best point, halve the rate and
    warn, or raise FloatingPointError.
on_interrupt : {"raise", "keep"}, default="raise"
    What Ctrl-C (KeyboardInterrupt) does to a fit: leave the estimator as it was before and raise, or end with the best point that
    was noted, a warning and an ``optimality_`` of nan, as to estimate it takes passes over the rows. Before a first epoch is done
    there is nothing to keep, and ``partial_fit`` keeps no half of a pass: there it is raised.
verbose : int, default=0
    1 prints a line per epoch, fewer on long fits; 2 prints all.
n_iter_ : int
    Epochs of this fit.
t_ : float
    Updates of the parameters, over all fits that a warm start joined.
loss_curve_ : ndarray of shape (n_epochs + 1,)
    F after every epoch; entry 0 is the start, the constant model. Explicit stochastic optimizers note the mean that an epoch
    met on its way, the others the exact value.
history_ : dict of ndarray of shape (n_epochs + 1,)
    "epoch", "updates", "passes", "objective", "gradient_norm", "rate", "seconds" and "validation_score" at the start (entry 0)
    and after every epoch; nan where a step does not know them. Passes over the rows are those of gradients, line search and metric
    together. The gradient is that of the smooth part of F, the rate is the one before the schedule. A warm start goes on with
    the same problem's history.
coef_path_ : ndarray of shape (n_places, n_outputs, n_features + fit_intercept) or None
    With ``record="path"``, the coefficients on the way, intercept last. At most 2^22 numbers: when they are full, every second
    place is dropped.
path_epochs_ : ndarray of shape (n_places,) or None
    The epochs of ``coef_path_``: indices into ``history_``.
validation_scores_ : ndarray of shape (n_epochs + 1,) or None
    With early stopping, the scores that were watched, the larger the better (so minus the loss).
best_iter_ : int or None
    With early stopping, the epoch whose coefficients were kept: where ``validation_scores_`` is largest.
learning_rate_ : float
    The rate in use at the end, before the schedule.
method_ : str
    What "auto" chose.
converged_ : bool
    Whether the gap is below tol, or as small as rounding lets it be.
stop_reason_ : str
    Why the descent ended.
optimality_ : float
    Estimate, by the gradient of all rows, of the relative gap that ``tol`` is about.
n_features_in_ : int
    Number of features.
feature_names_in_ : ndarray of shape (n_features,)
    Names of the features, if X has them.
X : array-like or sparse matrix of shape (n_samples, n_features)
    Rows; under scikit-learn's ``array_api_dispatch`` also an array of another library, on its device.
sample_weight : array-like of shape (n_samples,), default=None
    Weights of the rows; only their ratios matter, and a weight of zero leaves the row out.
X_val : array-like or sparse matrix of shape (n_validation_samples, n_features), default=None
    Rows for early stopping to look at, in place of some held out from X.
y_val : array-like of shape (n_validation_samples,) or (n_validation_samples, n_targets), default=None
    Their targets or labels.
sample_weight_val : array-like of shape (n_validation_samples,), default=None
    Their weights.
coef_init : array-like of the shape of ``coef_``, default=None
    Coefficients to start from; None is zero. With ``positive`` the descent starts at the nearest ones allowed.
intercept_init : array-like of the shape of ``intercept_``, default=None
    Intercept to start from; None is that of the constant model.
"""
BY_NAME = {entry.split(" ", 1)[0]: entry.rstrip() for entry in re.split(r"\n(?=\w)", ENTRIES)}


def with_shared_docs(documented: T) -> T:
    """Fill in the docstring of a class or function; every line of names in braces becomes their entries, indented as it was."""

    def entries(line: re.Match[str]) -> str:
        names = re.findall(r"\w+", line[2])
        return "\n".join(BY_NAME[name] for name in names).replace("\n", "\n" + line[1]).join([line[1], ""])

    thing: Any = documented
    if thing.__doc__:  # python -OO has none
        thing.__doc__ = re.sub(r"(?m)^( *)((?:\{\w+\} ?)+)$", entries, thing.__doc__)
    return documented
