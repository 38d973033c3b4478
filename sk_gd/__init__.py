"""Linear and logistic regression by gradient descent, for scikit-learn."""

from sk_gd import onnx
from sk_gd.descent.minimize import descent_method, minimize
from sk_gd.estimators import GDLinearRegressor, GDLogisticClassifier

__version__ = "0.1.0"

__all__ = ["GDLinearRegressor", "GDLogisticClassifier", "__version__", "descent_method", "minimize", "onnx"]
