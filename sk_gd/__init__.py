"""Linear and logistic regression by gradient descent, for scikit-learn."""

from sk_gd import callbacks, onnx
from sk_gd.descent.minimize import minimize
from sk_gd.descent.scipy_method import descent_method
from sk_gd.estimators import GDLinearRegressor, GDLogisticClassifier
from sk_gd.inspection import DescentDisplay, DescentPathDisplay, LearningRateDisplay, learning_rate_curve

__version__ = "0.1.0"

__all__ = [
    "DescentDisplay",
    "DescentPathDisplay",
    "GDLinearRegressor",
    "GDLogisticClassifier",
    "LearningRateDisplay",
    "__version__",
    "callbacks",
    "descent_method",
    "learning_rate_curve",
    "minimize",
    "onnx",
]
