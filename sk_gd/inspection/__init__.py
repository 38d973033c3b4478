"""Pictures of a descent. matplotlib (extra ``plot``) is imported when the first of them is drawn, not before."""

from sk_gd.inspection.descent_display import DescentDisplay
from sk_gd.inspection.learning_rate import LearningRateCurve, learning_rate_curve
from sk_gd.inspection.learning_rate_display import LearningRateDisplay
from sk_gd.inspection.path_display import DescentPathDisplay

__all__ = ["DescentDisplay", "DescentPathDisplay", "LearningRateCurve", "LearningRateDisplay", "learning_rate_curve"]
