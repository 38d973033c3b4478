"""The story: initialise, estimate the gradient, step against it, repeat. Read :func:`~sk_gd.descent.loop.descend` first."""

from sk_gd.descent.history import History
from sk_gd.descent.loop import DivergenceError, Step, Watch, descend
from sk_gd.descent.objective import Objective
from sk_gd.descent.online import make_online_plan
from sk_gd.descent.part import Part
from sk_gd.descent.parts import PartedObjective
from sk_gd.descent.plan import Plan, make_plan
from sk_gd.descent.rounding import arrival, certificate
from sk_gd.descent.seen import Seen
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule, StopReason

__all__ = [
    "DescentState",
    "DivergenceError",
    "History",
    "Objective",
    "Part",
    "PartedObjective",
    "Plan",
    "Seen",
    "Step",
    "StopReason",
    "StoppingRule",
    "Watch",
    "arrival",
    "certificate",
    "descend",
    "make_online_plan",
    "make_plan",
]
