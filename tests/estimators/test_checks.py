"""scikit-learn's own checks on both estimators in every variant, with early stopping, too, without one expected failure."""

import pytest
from sklearn.utils import estimator_checks as checks
from sklearn.utils import get_tags

from sk_gd import GDLinearRegressor, GDLogisticClassifier

EVERY = [
    Estimator(variant, **params)
    for Estimator in (GDLinearRegressor, GDLogisticClassifier)
    for variant in ("batch", "mini-batch", "stochastic")
    for params in ({}, {"early_stopping": True, "alpha": 0.01})
]
NOT_GIVEN_TO_THIRD_PARTIES = [
    checks.check_dataframe_column_names_consistency,
    checks.check_param_validation,
    checks.check_inplace_ensure_writeable,
]


# stopped before it has converged, a stochastic descent still depends on its visits, and a row of weight two is one visit, not two
EARLY = GDLogisticClassifier("stochastic", early_stopping=True, alpha=0.01)
OF_VISITS = {"check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"}


def name_of(check):
    return getattr(check, "func", check).__name__


def checks_of(estimator):
    """Those that scikit-learn yields, but for those of other array libraries, which have a run of their own."""
    return [check for _, check in checks.estimator_checks_generator(estimator) if "array_api" not in name_of(check)]


@pytest.mark.parametrize(
    ("estimator", "check"),
    [(estimator, check) for estimator in EVERY if str(estimator) != str(EARLY) for check in checks_of(estimator)],
    ids=lambda value: name_of(value) if callable(value) else str(value),
)
def test_check(estimator, check):
    """Every check that scikit-learn yields for the tags passes."""
    check(estimator)


@pytest.mark.parametrize("check", [check for check in checks_of(EARLY) if name_of(check) not in OF_VISITS], ids=name_of)
def test_check_of_stochastic_early_stopping(check):
    """And so does every check that does not take a weight for visits."""
    check(EARLY)


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
