"""scikit-learn's own machinery around both estimators; what `test_real_use` tries (searches, frames, routing) is not repeated."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import BaggingRegressor, StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFE, RFECV, SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sk_gd import GDLinearRegressor, GDLogisticClassifier

CORPUS = ["warm bread", "bread and soup", "soup with warm bread", "late train", "cold train", "the late cold bus"]
TOPIC = ["meal", "meal", "meal", "journey", "journey", "journey"]


def mixed_table(frame, rng):
    """Numbers and words in one frame; the word adds 10 to y where it is "north"."""
    size, region = rng.normal(50.0, 20.0, 200), rng.choice(["north", "south", "west"], 200)
    y = 0.3 * size + 10.0 * (region == "north")
    return frame({"size": size, "region": region}), y


def few_useful(Estimator, rng):
    """Ten columns of which the third and the seventh matter; fifty-fifty classes for the classifier."""
    X = rng.normal(size=(300, 10))
    y = 3.0 * X[:, 2] - 2.0 * X[:, 6] + 0.3 * rng.normal(size=300)
    return X, (y if Estimator is GDLinearRegressor else (y > 0).astype(int))


def peer(Estimator, n, alpha):
    """scikit-learn's own estimator of the same objective on n rows."""
    return Ridge(alpha * n) if Estimator is GDLinearRegressor else LogisticRegression(C=1 / (alpha * n), tol=1e-10, max_iter=10_000)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_column_transformer(frame, variant, rng):
    """Numbers scaled, words one-hot: the effect of a word is found to the digit, from frames of either kind."""
    table, y = mixed_table(frame, rng)
    columns = ColumnTransformer([("numbers", StandardScaler(), [0]), ("words", OneHotEncoder(drop=["south"]), [1])])
    model = make_pipeline(columns, GDLinearRegressor(variant, tol=1e-12, random_state=0)).fit(table, y)
    assert_allclose(model[-1].coef_[1:], [10.0, 0.0], atol=1e-5)  # of "north" and "west"
    assert_allclose(model.predict(table), y, rtol=1e-5)


def test_set_output(Estimator, rng):
    """With frames between the steps, the estimator sees the names that the scaler passes on, and gives the same model."""
    X, y = few_useful(Estimator, rng)
    table = pd.DataFrame(X, columns=[f"c{j}" for j in range(10)])
    model = make_pipeline(StandardScaler(), Estimator()).set_output(transform="pandas").fit(table, y)
    assert_array_equal(model[-1].feature_names_in_, table.columns)
    assert_allclose(model[-1].coef_, make_pipeline(StandardScaler(), Estimator()).fit(X, y)[-1].coef_)


def test_halving_search_over_max_iter(Estimator):
    """Candidates that fall behind after few epochs are dropped; the one that is left is the one that grid search finds."""
    X, y = load_diabetes(return_X_y=True) if Estimator is GDLinearRegressor else load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = Estimator("mini-batch", optimizer="gd", preconditioner=None, tol=None, random_state=0)
    grid = {"learning_rate": [1e-5, 1e-4, 1e-3, 1e-2]}
    halving = HalvingGridSearchCV(
        model, grid, resource="max_iter", min_resources=5, max_resources=20, factor=2, cv=3, random_state=0
    )
    halving.fit(X, y)
    assert list(halving.n_resources_) == [5, 10, 20]
    assert list(halving.n_candidates_) == [4, 2, 1]
    assert halving.best_estimator_.n_iter_ == 20
    whole = GridSearchCV(model.set_params(max_iter=20), grid, cv=3).fit(X, y)
    assert halving.best_params_["learning_rate"] == whole.best_params_["learning_rate"]


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(Estimator, variant, backend, rng):
    """Folds fitted at the same time, in processes or in threads, are those fitted one after the other, for several scorers."""
    X, y = few_useful(Estimator, rng)
    scoring = ["r2", "neg_mean_absolute_error"] if Estimator is GDLinearRegressor else ["accuracy", "neg_log_loss", "roc_auc"]
    model = Estimator(variant, alpha=0.01, random_state=0)
    args = {"cv": 4, "scoring": scoring, "return_estimator": True, "return_indices": True}
    alone = cross_validate(model, X, y, **args)
    with joblib.parallel_config(backend, n_jobs=2):
        together = cross_validate(model, X, y, **args)
    for fold, (one, other, test) in enumerate(
        zip(alone["estimator"], together["estimator"], alone["indices"]["test"], strict=True)
    ):
        assert_array_equal(one.coef_, other.coef_)
        for name in scoring:
            assert together[f"test_{name}"][fold] == alone[f"test_{name}"][fold] == get_scorer(name)(one, X[test], y[test])


def test_learning_and_validation_curve(Estimator, rng):
    """More rows bring training and test score together; more penalty, in the end, spoils both: scikit-learn's own curves."""
    X, y = few_useful(Estimator, rng)
    scoring = "neg_mean_squared_error" if Estimator is GDLinearRegressor else "neg_log_loss"
    cv = KFold(3, shuffle=True, random_state=0)
    sizes, train, test = learning_curve(Estimator(alpha=0.01, tol=1e-10), X, y, train_sizes=[20, 60, 200], cv=cv, scoring=scoring)
    assert list(sizes) == [20, 60, 200]
    gaps = (train - test).mean(axis=1)
    assert gaps[0] > gaps[1] > gaps[2]
    theirs = [peer(Estimator, n, 0.01) for n in sizes]
    for n, model, ours in zip(sizes, theirs, test, strict=True):
        assert_allclose(learning_curve(model, X, y, train_sizes=[n], cv=cv, scoring=scoring)[2][0], ours, rtol=1e-3)
    train, test = validation_curve(Estimator(), X, y, param_name="alpha", param_range=[1e-3, 1.0, 100.0], cv=cv, scoring=scoring)
    assert np.all(np.diff(train.mean(axis=1)) < 0)
    assert test.mean(axis=1).argmin() == 2


def test_calibration(variant):
    """Calibration repairs probabilities that a wrong weight of the classes has bent."""
    X, y = load_breast_cancer(return_X_y=True)
    bent = GDLogisticClassifier(variant, class_weight={0: 30.0, 1: 1.0}, alpha=0.01, random_state=0)
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    raw = cross_val_predict(bent, X, y, cv=cv, method="predict_proba")
    calibrated = cross_val_predict(CalibratedClassifierCV(bent, cv=3), X, y, cv=cv, method="predict_proba")
    assert log_loss(y, calibrated) < 0.8 * log_loss(y, raw)
    assert abs(calibrated[:, 1].mean() - y.mean()) < 0.01 < abs(raw[:, 1].mean() - y.mean())


def test_one_class_against_the_others():
    """One-vs-rest and one-vs-one fit the models of the single problems, and chains and several targets those of theirs."""
    X, y = load_wine(return_X_y=True)
    model = GDLogisticClassifier(alpha=0.01)
    rest = OneVsRestClassifier(model).fit(X, y)
    for k, single in enumerate(rest.estimators_):
        assert_allclose(single.coef_, GDLogisticClassifier(alpha=0.01).fit(X, y == k).coef_)
    pairs = OneVsOneClassifier(model).fit(X, y)
    assert_allclose(pairs.estimators_[2].coef_, GDLogisticClassifier(alpha=0.01).fit(X[y > 0], y[y > 0] == 2).coef_)
    assert min(rest.score(X, y), pairs.score(X, y)) > 0.97
    Y = np.column_stack([y == 0, X[:, 0] > 13])
    several = MultiOutputClassifier(model).fit(X, Y)
    assert_array_equal(several.predict(X)[:, 1], GDLogisticClassifier(alpha=0.01).fit(X, Y[:, 1]).predict(X))
    chain = ClassifierChain(model).fit(X, Y)
    assert chain.estimators_[1].n_features_in_ == X.shape[1] + 1
    assert (chain.predict(X) == Y).mean() > 0.97


def test_multi_output_regressor(variant, make_problem):
    """One model per target is what the estimator itself fits for several targets."""
    X, Y, _ = make_problem("multi-output")
    exact = {"tol": 1e-13, "max_iter": 10_000, "random_state": 0}
    wrapped = MultiOutputRegressor(GDLinearRegressor(variant, alpha=0.1, **exact)).fit(X, Y)
    assert_allclose(wrapped.predict(X), GDLinearRegressor(variant, alpha=0.1, **exact).fit(X, Y).predict(X), rtol=1e-5)


def test_stacking_and_voting(Estimator, rng):
    """A stack of a linear model and a tree, joined by the estimator, beats either alone where y is part line, part step."""
    X = rng.normal(size=(600, 2))
    steps = 3.0 * (np.abs(X[:, 1]) > 0.7)
    y = 2.0 * X[:, 0] + steps
    first, rest = slice(0, 300), slice(300, None)
    if Estimator is GDLinearRegressor:
        parts = [("line", GDLinearRegressor()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]
        stack = StackingRegressor(parts, GDLinearRegressor(), passthrough=True, n_jobs=2)
        bag = BaggingRegressor(GDLinearRegressor(), 10, random_state=0).fit(X[first], y[first])
        assert_allclose(bag.predict(X[rest]), LinearRegression().fit(X[first], y[first]).predict(X[rest]), atol=0.5)
    else:
        y = (y + rng.logistic(size=600) > 1.5).astype(int)
        parts = [("line", GDLogisticClassifier()), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]
        stack = StackingClassifier(parts, GDLogisticClassifier(alpha=1e-3), n_jobs=2)
        voters = VotingClassifier(parts, voting="soft").fit(X[first], y[first])
        expected = (voters.estimators_[0].predict_proba(X) + voters.estimators_[1].predict_proba(X)) / 2
        assert_allclose(voters.predict_proba(X), expected)
    stack.fit(X[first], y[first])
    assert type(stack.final_estimator_) is Estimator
    alone = [model.fit(X[first], y[first]).score(X[rest], y[rest]) for _, model in parts]
    assert stack.score(X[rest], y[rest]) > max(alone)


def test_selection_of_features(Estimator, variant, rng):
    """By L1 zeros, by elimination, and by elimination with cross-validation: the two columns that matter, no other."""
    X, y = few_useful(Estimator, rng)
    alpha = 0.5 if Estimator is GDLinearRegressor else 0.1
    by_zeros = SelectFromModel(Estimator(variant, alpha=alpha, l1_ratio=1.0, random_state=0)).fit(X, y)
    assert_array_equal(by_zeros.get_support(indices=True), [2, 6])
    assert_array_equal(by_zeros.transform(X), X[:, [2, 6]])
    ranks = RFE(Estimator(variant, alpha=0.01, random_state=0), n_features_to_select=1, step=2).fit(X, y).ranking_
    assert_array_equal(np.argsort(ranks)[:2], [2, 6])
    if variant == "batch":
        assert {2, 6} <= set(RFECV(Estimator(alpha=0.01), cv=3).fit(X, y).get_support(indices=True))


def test_permutation_importance(Estimator, rng):
    """Shuffling a column that matters costs score, in the order of the coefficients; shuffling another costs nothing."""
    X, y = few_useful(Estimator, rng)
    result = permutation_importance(Estimator(alpha=1e-3).fit(X, y), X, y, n_repeats=10, random_state=0, n_jobs=2)
    order = np.argsort(-result.importances_mean)
    assert_array_equal(order[:2], [2, 6])
    assert np.abs(result.importances_mean[order[2:]]).max() < 0.05 * result.importances_mean[6]


def test_feature_union_on_text(variant):
    """Words and letters side by side, sparse; the word that tells has the largest coefficient of its part."""
    union = FeatureUnion([("words", TfidfVectorizer()), ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)))])
    model = make_pipeline(union, GDLogisticClassifier(variant, alpha=0.01, random_state=0)).fit(CORPUS, TOPIC)
    assert_array_equal(model.predict(["warm soup", "a late bus", "breadless soup"]), ["meal", "journey", "meal"])
    names = union.get_feature_names_out()
    strength = dict(zip(names, model[-1].coef_[0], strict=True))  # classes_ are sorted: positive is "meal"
    words = {name: value for name, value in strength.items() if name.startswith("words__")}
    assert max(words, key=words.get) == "words__bread"
    assert strength["words__train"] < 0
    assert model[-1].n_features_in_ == len(names)


def test_routing_of_weights(Estimator, rng):
    """Asked for, weights go through a pipeline and a search into fit and score; rows of weight zero might as well not be there."""
    X, y = few_useful(Estimator, rng)
    keep = np.arange(300) < 200
    y = np.where(keep, y, y[::-1])
    weights = keep.astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = Estimator().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        folds = [(np.r_[0:100, 200:250], np.r_[100:200, 250:300])]
        search = GridSearchCV(make_pipeline(scaler, asks), {f"{Estimator.__name__.lower()}__alpha": [0.1]}, cv=folds)
        search.fit(X, y, sample_weight=weights)
        cut = GridSearchCV(make_pipeline(scaler, asks), {f"{Estimator.__name__.lower()}__alpha": [0.1]},
                           cv=[(np.arange(100), np.arange(100, 200))])  # fmt: skip
        cut.fit(X[keep], y[keep], sample_weight=np.ones(200))
    assert_allclose(search.best_estimator_[-1].coef_, cut.best_estimator_[-1].coef_, rtol=1e-4)
    assert_allclose(search.best_score_, cut.best_score_, rtol=1e-4)


def test_transformed_target_and_functions(variant, rng):
    """Under a logarithm of y, over products of the features made in the pipeline, the law behind the data is found."""
    X = rng.uniform(0.5, 2.0, size=(200, 2))
    y = np.exp(1.0 + 2.0 * X[:, 0] * X[:, 1])
    model = TransformedTargetRegressor(
        make_pipeline(
            make_union(FunctionTransformer(), PolynomialFeatures(interaction_only=True, include_bias=False)),
            GDLinearRegressor(variant, tol=1e-13, max_iter=10_000, random_state=0),
        ),
        func=np.log,
        inverse_func=np.exp,
    )
    model.fit(X, y)
    assert_allclose(model.predict([[1.0, 1.5]]), np.exp(4.0), rtol=1e-3)
    assert_allclose(model.regressor_[-1].coef_[-1], 2.0, atol=1e-3)
