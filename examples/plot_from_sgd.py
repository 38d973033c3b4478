"""
From scikit-learn's SGD to sk_gd
================================

Whoever uses ``SGDClassifier`` or ``SGDRegressor`` can have the same steps here, to the letter. What they mostly want is
what these steps aim at, and that takes fewer words: no scaler, no schedule, no rate.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLogisticClassifier

X, y = load_breast_cancer(return_X_y=True)
Z = StandardScaler().fit_transform(X)

# %%
# To the letter: ``alpha`` is the same number, scikit-learn's schedule is ``schedule="optimal"`` at a rate of
# ``alpha**-0.25``, and its start is zero. Without shuffling, for the random orders differ, the coefficients are equal.

theirs = SGDClassifier("log_loss", alpha=0.001, shuffle=False, max_iter=10, tol=None).fit(Z, y)
ours = GDLogisticClassifier(
    "stochastic", alpha=0.001, optimizer="gd", preconditioner=None, schedule="optimal", learning_rate=0.001**-0.25,
    shuffle=False, max_iter=10, tol=None,
)  # fmt: skip
ours.fit(Z, y, coef_init=np.zeros((1, 30)), intercept_init=[0.0])
print(f"Largest difference between the coefficients: {np.abs(ours.coef_ - theirs.coef_).max():.0e}")

# %%
# Left alone, ``GDLogisticClassifier("stochastic")`` takes raw columns and aims at the minimum. To compare, here is how
# much of the way down, from the constant model to the minimum, is left after each pass.


def objective(model, X):
    """F of a fitted model on the rows X."""
    z = model.decision_function(X)
    return (np.logaddexp(0, z) - y * z).mean() + 0.001 / 2 * (model.coef_**2).sum()


def left(values, columns):
    """Share of the way down, in percent."""
    curve = GDLogisticClassifier(alpha=0.001, tol=1e-12).fit(columns, y).loss_curve_
    return 100 * (np.array(values) - curve[-1]) / (curve[0] - curve[-1])


passes = np.arange(1, 31)
shares = {}
for name, columns in {"SGDClassifier, raw columns": X, "SGDClassifier, scaled columns": Z}.items():
    model = SGDClassifier("log_loss", alpha=0.001, random_state=0)
    values = [objective(model.partial_fit(columns, y, classes=[0, 1]), columns) for _ in passes]
    shares[name] = left(values, columns)
model = GDLogisticClassifier("stochastic", alpha=0.001, random_state=0, tol=1e-7).fit(X, y)
shares["GDLogisticClassifier, raw columns"] = left(model.loss_curve_[1:], X)
for name, share in shares.items():
    print(f"{name:34} left after 1, 10, {len(share)} passes: {share[0]:.3g}%, {share[9]:.3g}%, {max(share[-1], 0):.2g}%")
print(model.stop_reason_)

# %%
# On raw columns SGD is lost: after 30 passes it is thousands of times as high above the minimum as the constant model.
# On scaled ones it gets ahead for a few passes and then slows down, as its steps shrink. Variance reduction keeps its
# steps and goes on gaining a digit every three passes or so, until it knows itself to be within ``tol``.

looks = [("^:", "tab:red"), ("s--", "tab:blue"), ("o-", "black")]
fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for (name, share), (line, colour) in zip(shares.items(), looks, strict=True):
    ax.semilogy(np.arange(1, len(share) + 1), share, line, color=colour, markersize=4, label=name)
ax.axhline(100, color="0.7", linewidth=1)
ax.annotate("constant model", (30, 130), ha="right", color="0.4")
ax.set(xlabel="passes over the rows", ylabel="part of the way still to go (%)", xlim=(0, 31), ylim=(1e-6, 1e8))
ax.set_title("The same loss: SGD needs scaled columns and slows down, sk_gd arrives")
ax.legend(loc="center", bbox_to_anchor=(0.6, 0.74))
plt.show()
