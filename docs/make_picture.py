"""Draws the README's picture: ``python docs/make_picture.py``, or with another place for it than docs/_static/descent.png."""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor, GDLogisticClassifier

LOOKS = {"batch": ("o-", "black"), "mini-batch": ("s--", "tab:orange"), "stochastic": ("^:", "tab:blue")}


def from_above(ax):
    """The textbook's three ways to one minimum: places after each pass, on the contours of the objective."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X, y = StandardScaler().fit_transform(X[["bmi", "bp"]]), y.to_numpy()
    best = GDLinearRegressor(tol=1e-10).fit(X, y)
    across, up = np.meshgrid(np.linspace(-3, 55, 120), np.linspace(-3, 34, 120))
    F = ((across[..., None] * X[:, 0] + up[..., None] * X[:, 1] + y.mean() - y) ** 2).mean(axis=-1) / 2
    ax.contour(across, up, F, levels=F.min() + np.linspace(0, 45, 13)[1:] ** 2, colors="0.82", linewidths=0.9)
    textbook = {"preconditioner": None, "optimizer": "gd", "tol": None, "max_iter": 12, "record": "path", "random_state": 0}
    models = {
        "batch": GDLinearRegressor("batch", learning_rate=0.1, **textbook),
        "mini-batch": GDLinearRegressor("mini-batch", batch_size=32, learning_rate=0.1, **textbook),
        "stochastic": GDLinearRegressor("stochastic", learning_rate=0.02, **textbook),
    }
    for variant, model in models.items():
        line, colour = LOOKS[variant]
        ax.plot(*model.fit(X, y).coef_path_[:, 0, :2].T, line, color=colour, markersize=4, linewidth=1, label=variant)
    ax.plot(*best.coef_, "+", color="tab:red", markersize=16, markeredgewidth=2.5, zorder=5)
    ax.set(xlabel="coefficient of body mass index", ylabel="coefficient of blood pressure")
    ax.set_title("The textbook's descent, seen from above", fontsize=11)
    ax.legend(loc="upper left")


def on_raw_columns(ax):
    """What is left of the way down after each pass over 30 raw columns: the textbook's batch descent beside the defaults."""
    X, y = load_breast_cancer(return_X_y=True)
    best = GDLogisticClassifier(tol=1e-12).fit(X, y).loss_curve_

    def draw(model, columns, minimum, line, colour, label):
        share = 100 * (model.fit(columns, y).loss_curve_ - minimum) / (best[0] - minimum)
        ax.semilogy(np.maximum(share, 1e-6), line, color=colour, markersize=4, linewidth=1.5, label=label)

    textbook = GDLogisticClassifier(preconditioner=None, optimizer="gd", tol=None, max_iter=40)
    draw(textbook, X, best[-1], "-", "0.75", "textbook's batch, raw columns")
    Z = StandardScaler().fit_transform(X)
    draw(textbook, Z, GDLogisticClassifier(tol=1e-12).fit(Z, y).loss_curve_[-1], "-.", "0.5", "textbook's batch, scaled columns")
    for variant, (line, colour) in LOOKS.items():
        draw(GDLogisticClassifier(variant, tol=1e-6, random_state=0), X, best[-1], line, colour, f"{variant}, raw columns")
    ax.set(xlabel="passes over the rows", ylabel="part of the way still to go (%)", xlim=(-0.5, 40), ylim=(1e-4, 2e4))
    ax.set_title("sk_gd's defaults: raw columns, nothing to tune", fontsize=11)
    ax.legend(loc="upper right", ncols=2, fontsize=8.5)


if __name__ == "__main__":
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    from_above(left)
    on_raw_columns(right)
    figure.savefig(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "_static" / "descent.png", dpi=100)
