"""When to build the metric, and whether to build it again."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.objective import Objective
from sk_gd.descent.parts import PartedObjective
from sk_gd.descent.problem import Problem
from sk_gd.descent.sampled import worth_sampling
from sk_gd.descent.state import DescentState
from sk_gd.losses import weighted_mean
from sk_gd.preconditioners import Blocks, Diagonal, Diagonals, Hessian, Implicit, Joint, Metric, Ridge, Sampled, Secant
from sk_gd.sources import CSRSource

SHARE = 16  # one row in how many makes a metric: it costs less than a pass over all
DEAR = 15  # passes that a matrix may take to build, to be the first thing to do
DEAREST = 30  # that one may take which serves for long, or a sample's: 18 of 20,000 x 250, where products first took 100 ms for 52
SOON = 1e-3  # seconds in which a matrix may be built whatever passes take: it makes a more exact answer
# seconds of a core, about: a value read in order (0.17 ns of 2000 x 500, 0.34 of 5000 x 1000, which no cache holds), one read with
# its column (1.1 of 100,000 x 1000, 1.4 of 20,000 x 1000), the slope of a prediction, a product in a matrix's
READ, PICK, SLOPE, PRODUCT = 0.3e-9, 1.2e-9, 6e-9, 0.025e-9
CALL = 5e-5  # seconds that a pass and what is done with it take whatever the rows, and as many a step: 0.08 ms of 50 x 4 rows
JOINT = 1.5  # times as much a joint matrix takes: 0.04 ns a product of 1797 x 64 of ten classes, 0.06 of 5000 x 50 of three
NEWTONS = 10  # factors of the coefficients' block that a step beside a kink takes: 12 of 200 in 1000 x 300 of condition 1e4
APART = 5  # rows for every parameter from which on a block for each output is small beside X
WIDE = 5  # features for every row from which on steps had better stay in the span of the rows than know each feature's unit
UNEVEN = 4  # mean square of weights of mean 1 up to which a sample counts as so many rows
MARGIN = 2.0  # the least doubt in a gap that a sample has estimated: by what it was seen to be off, on tall tables
FORETOLD = 10  # a step that cuts the gap to so small a part shows that the metric is right where it leads
ALIKE = 1.25  # ratio of curvatures up to which it does: where classes come apart all fall by e with every step, gaps by more
PROVED = 2  # steps after which a metric that foretells the change of the gradient along them still counts as new


def refresh_metric(objective: Problem, state: DescentState, centred: bool = True) -> None:
    """Build the state's metric at the state's theta."""
    if objective.penalty.kinked and isinstance(state.metric, Implicit) and state.metric.due is not None:
        state.metric = state.metric.due  # over kinks a matrix is worth more as the model itself than as the metric of its solves
    state.metric.update(objective, state.theta, centred)
    state.metric_age, state.scale, state.foretold, state.closely = 0, 1.0, True, False
    if isinstance(state.metric, Secant) and isinstance(state.metric.base, Sampled):
        state.doubt = doubt_of(state)


def first_metric(objective: Problem) -> Metric:
    """The metric to begin with: of a sample, where that knows the second derivative well enough to lead to the minimum."""
    n_outputs, n_features = objective.shape[0], objective.n_features
    width = n_features * n_outputs if objective.couples else n_features
    alone = n_outputs == 1 or objective.couples
    if isinstance(objective, Objective) and alone and width <= objective.max_full and sample_suits(objective, width):
        return Sampled(Joint() if objective.couples else Hessian(), SHARE)
    return best_metric(objective)


def sample_suits(objective: Objective, width: int) -> bool:
    """Whether a descent in the metric of a sample is a matter of few passes, and a matrix of so many columns soon made of it."""
    bends = objective.smooth and not (objective.quadratic or objective.jumps or objective.penalty.kinked)
    here = not (isinstance(objective, PartedObjective) or objective.source.in_file)  # elsewhere a pass is what is dear
    if not (bends and here and worth_sampling(objective)):
        return False
    weights = objective.source.weights
    even = 1.0 if weights is None else float(weighted_mean(weights, None, lambda some: some**2))
    return even <= UNEVEN and price_of(objective, width)[1] <= SHARE * DEAREST


def best_metric(objective: Problem) -> Metric:
    """The second derivative: held as a matrix, of all outputs jointly where they pull on each other, or known by its products.

    Where one matrix takes as long as a whole descent by products may, products come first.
    """
    n_outputs, n_features, kinked = objective.shape[0], objective.n_features, objective.penalty.kinked
    if n_features > objective.max_full and not kinked and known_apart(objective):
        return Implicit(Diagonals())
    if wide(objective):
        return Implicit(Ridge())
    if n_features > objective.max_full:
        return Implicit(Diagonal(), enough=0.1 if kinked else 0.25)  # every search moves to another orthant: fewer are better
    joint = objective.couples and n_outputs * n_features <= objective.max_full
    alike = n_outputs == 1 or objective.quadratic  # a block that every output has, up to a factor
    width = n_features * n_outputs if joint else n_features
    if kinked:
        matrix = Joint() if joint else Hessian() if alike else None
        bends = objective.n_samples >= n_features or bool(np.all(objective.l2))  # else products may lead along what is flat
        if matrix is None or (bends and dear(objective, width)):
            return Implicit(Diagonal(), enough=0.1, later=matrix, after=price_of(objective, width)[1])
        return matrix
    many = objective.n_samples >= APART * n_outputs * n_features
    held = Joint() if joint else Hessian() if alike or not many else Blocks()
    if dear(objective, width):
        return Implicit(Diagonal(), later=held, after=price_of(objective, width)[1])
    return held if joint or alike else Implicit(held)


def wide(objective: Problem) -> bool:
    """Whether rows are so few that the ridge is the second derivative in most directions."""
    many = objective.n_features > max(objective.max_full, WIDE * objective.n_samples)
    return many and not objective.penalty.kinked and bool(np.all(objective.l2))


def dear(objective: Problem, width: int) -> bool:
    """Whether a matrix of so many columns takes too long to build to be the first thing to do."""
    seconds, passes = price_of(objective, width)
    lasts = width == objective.n_features and not objective.penalty.kinked  # it is the last thing to do, or learns from steps
    return seconds > SOON and passes > (DEAREST if lasts else DEAR)


def known_apart(objective: Problem) -> bool:
    """Whether the diagonal of every output is a reading or two of the rows."""
    if not isinstance(objective, Objective) or isinstance(objective, PartedObjective):
        return False
    return objective.couples and isinstance(objective.source, CSRSource)


def sparse(objective: Problem) -> bool:
    """Whether rows are held by their values that are not zero."""
    return isinstance(objective, Objective) and objective.source.n_stored < objective.n_samples * objective.n_features


def price_of(objective: Problem, width: int) -> tuple[float, float]:
    """A matrix of second moments of so many columns, and the first step with it: about how many seconds of a core, and passes."""
    if not isinstance(objective, Objective) or isinstance(objective, PartedObjective) or objective.source.in_file:
        return 0.0, 0.0  # a function has no rows; where these are elsewhere or in a file, coming by them is what counts
    n_outputs, n, stored = objective.shape[0], objective.n_samples, objective.source.n_stored
    of_value = READ if stored >= n * objective.n_features else PICK
    pairs = JOINT if width > objective.n_features else 1
    factors = 1 + NEWTONS / 2**3 * objective.penalty.kinked  # a kink leaves half of the coefficients, say
    seconds = (pairs * width**2 * n + factors * width**3 / 3) * PRODUCT
    return seconds, seconds / (CALL + stored * of_value + n_outputs * (n * SLOPE + 2 * stored * PRODUCT))


def stale(objective: Problem, state: DescentState) -> bool:
    """Whether the metric was built where the second derivative was another: by its age, unless its steps proved it right."""
    cost = state.metric.cost(objective.n_features, objective.shape[0])
    never = objective.quadratic or cost == np.inf
    new = isinstance(state.metric, Secant) and state.metric_age <= PROVED and 1 / ALIKE < state.metric.scale < ALIKE
    if estimated(state):  # near the minimum, and off by what steps tell: only what bends too much would make gaps look small
        new = state.metric.scale < 2
    # what costs nothing is not solved to the end, so its gaps prove nothing; where the second derivative jumps no step does
    proved = cost > 0 and not objective.jumps and (new or state.foretold)
    return state.metric_age > 0 and not (never or proved)


def foretells(state: DescentState, before: float) -> bool:
    """Whether the last step has shown the metric to be right where it leads: by the gap, and by how the gradient changed."""
    return state.gap <= before / FORETOLD and 0.5 < scale_of(state) < 2


def scale_of(state: DescentState) -> float:
    """How much more the gradient changed along the last step than the metric had it."""
    return state.metric.scale if isinstance(state.metric, Secant) else state.scale


def estimated(state: DescentState) -> bool:
    """Whether the metric is that of a sample, so that steps have to show by how much its gaps are off."""
    return isinstance(state.metric, Secant) and isinstance(state.metric.base, Sampled) and state.metric.base.share > 1


def doubt_of(state: DescentState) -> float:
    """The least factor by which the metric may underestimate the gap."""
    return MARGIN if estimated(state) else 1.0


def free(objective: Problem, state: DescentState) -> bool:
    """Whether the metric is out of date and a new one costs nothing, or a better one has been paid for."""
    if isinstance(state.metric, Implicit) and state.metric.due is not None:
        return True
    return stale(objective, state) and state.metric.cost(objective.n_features, objective.shape[0]) == 0


def rebuild_pays(objective: Problem, state: DescentState) -> bool:
    """Whether the metric is out of date, or but a sample's, and steps enough have gone by to pay for a new one.

    Never more time is spent on building than the steps took.
    """
    return (stale(objective, state) or estimated(state)) and state.metric_age >= steps_for_metric(objective, state)


def steps_for_metric(objective: Problem, state: DescentState) -> float:
    """About how many steps take as long as to build the state's metric of all rows."""
    base, (n_outputs, _) = unwrapped(state.metric), objective.shape
    width = objective.n_features * (n_outputs if isinstance(base, Joint) else 1)
    seconds, passes = price_of(objective, width)
    if not (seconds and isinstance(base, Hessian | Joint)):
        return state.metric.cost(objective.n_features, n_outputs)
    step = CALL + seconds / passes
    if objective.penalty.kinked:
        step += NEWTONS * np.count_nonzero(objective.coef(state.theta)) ** 3 / 3 * PRODUCT
    return float(seconds / step)


def unwrapped(metric: Metric) -> Metric:
    """What a metric that learns from steps, or is made of a sample, begins with."""
    base = metric.base if isinstance(metric, Secant) else metric
    return base.base if isinstance(base, Sampled) else base
