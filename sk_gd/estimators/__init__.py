"""scikit-learn's words for the engine, and nothing else."""

from sk_gd.estimators.classifier import GDLogisticClassifier
from sk_gd.estimators.regressor import GDLinearRegressor

__all__ = ["GDLinearRegressor", "GDLogisticClassifier"]
