"""ONNX: models that run without Python, converted by skl2onnx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy.sparse import issparse

from sk_gd._compat import optional
from sk_gd.estimators import GDLinearRegressor, GDLogisticClassifier
from sk_gd.estimators._twin import twin_of

__all__ = ["register"]

Converter = Callable[[Any, Any, Any], None]

OPTIONS = {  # of skl2onnx's own linear classifiers
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
    "raw_scores": [True, False],
}


def register() -> None:
    """Teach skl2onnx both estimators, by themselves and inside pipelines.

    They are converted as what ``to_sklearn()`` gives, with all the options of scikit-learn's linear models. skl2onnx comes with
    ``pip install "sk_gd[onnx]"``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    """
    skl2onnx, shapes = optional("skl2onnx", extra="onnx"), optional("skl2onnx.common.shape_calculator", extra="onnx")
    regressor = optional("skl2onnx.operator_converters.linear_regressor", extra="onnx")
    classifier = optional("skl2onnx.operator_converters.linear_classifier", extra="onnx")
    skl2onnx.update_registered_converter(
        GDLinearRegressor,
        "SkGdGDLinearRegressor",
        shapes.calculate_linear_regressor_output_shapes,
        through_twin(regressor.convert_sklearn_linear_regressor),
    )
    skl2onnx.update_registered_converter(
        GDLogisticClassifier,
        "SkGdGDLogisticClassifier",
        shapes.calculate_linear_classifier_output_shapes,
        through_twin(classifier.convert_sklearn_linear_classifier),
        options=OPTIONS,
    )


def through_twin(convert: Converter) -> Converter:
    """A converter of scikit-learn's models, for ours."""

    def convert_twin(scope: Any, operator: Any, container: Any) -> None:
        model = operator.raw_operator
        twin: Any = twin_of(model)
        if issparse(twin.coef_):
            twin.densify()
        for holder in (scope, container):  # options are told by the model's identity
            holder.options = {**(holder.options or {}), id(twin): holder.get_options(model, {})}
        operator.raw_operator = twin
        try:
            convert(scope, operator, container)
        finally:
            operator.raw_operator = model

    return convert_twin
