"""scikit-learn's own checks on both estimators in every variant, defaults otherwise, without one expected failure."""

import pytest
from sklearn.utils import estimator_checks as checks
from sklearn.utils import get_tags

from sk_gd import GDLinearRegressor, GDLogisticClassifier

EVERY = [
    Estimator(variant)
    for Estimator in (GDLinearRegressor, GDLogisticClassifier)
    for variant in ("batch", "mini-batch", "stochastic")
]
NOT_GIVEN_TO_THIRD_PARTIES = [
    checks.check_dataframe_column_names_consistency,
    checks.check_param_validation,
    checks.check_inplace_ensure_writeable,
]


@checks.parametrize_with_checks(EVERY)
def test_check(estimator, check):
    """Every check that scikit-learn yields for the tags passes."""
    check(estimator)


@pytest.mark.parametrize("estimator", EVERY, ids=str)
@pytest.mark.parametrize("check", NOT_GIVEN_TO_THIRD_PARTIES, ids=lambda check: check.__name__)
def test_check_not_given_to_third_parties(estimator, check):
    """The checks that scikit-learn keeps for its own estimators pass too."""
    check(type(estimator).__name__, estimator)


@pytest.mark.parametrize("obj_type", ["NotAnArray", "PandasDataframe"])
def test_data_may_be_other_than_an_array(Estimator, variant, obj_type, problem_for):
    """A data frame, or any object that NumPy can read, gives the predictions that the array gives."""
    X, y, _ = problem_for(Estimator)
    checks.check_estimators_data_not_an_array(Estimator.__name__, Estimator(variant), X, y, obj_type)


def test_multioutput_regressor(variant):
    """A regressor of two outputs and more keeps scikit-learn's shapes and types."""
    checks.check_regressor_multioutput("GDLinearRegressor", GDLinearRegressor(variant))


def test_tags_are_the_truth(variant):
    """The tags claim sparse input, several outputs (regressor), several classes (classifier), and nothing that is not so."""
    regressor, classifier = get_tags(GDLinearRegressor(variant)), get_tags(GDLogisticClassifier(variant))
    for tags in (regressor, classifier):
        assert tags.input_tags.sparse
        assert not tags.input_tags.allow_nan
        assert not tags.input_tags.positive_only
        assert tags.target_tags.required
        assert tags.requires_fit
        assert not tags.non_deterministic
        assert not tags.no_validation
    assert regressor.estimator_type == "regressor"
    assert regressor.target_tags.multi_output
    assert not regressor.regressor_tags.poor_score
    assert classifier.estimator_type == "classifier"
    assert classifier.classifier_tags.multi_class
    assert not classifier.target_tags.multi_output
    assert not classifier.classifier_tags.multi_label
    assert not classifier.classifier_tags.poor_score
