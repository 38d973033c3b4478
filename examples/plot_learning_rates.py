"""
Learning rates: too small, right, too large
===========================================

On a quadratic, batch descent goes down at every learning rate below 2 / L and up at every rate above it, L being the
largest curvature of the objective. Close to the limit it oscillates, and far below it hardly moves.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sk_gd import DescentDisplay, GDLinearRegressor, LearningRateDisplay

X, y = load_diabetes(return_X_y=True, scaled=False)
X = StandardScaler().fit_transform(X)

# %%
# L is the largest eigenvalue of the second derivative of half the mean squared error.

L = np.linalg.eigvalsh(X.T @ X / len(y)).max()
print(f"L = {L:.2f}, so the limit 2 / L is a rate of {2 / L:.3f}.")

# %%
# Four fits of the textbook's method, at four shares of the limit.

limit = 2 / L
textbook = {"preconditioner": None, "optimizer": "gd", "tol": None, "max_iter": 100}
lowest = GDLinearRegressor(tol=1e-12).fit(X, y).loss_curve_[-1]
fits = {
    f"{share} of the limit": GDLinearRegressor(learning_rate=share * limit, **textbook).fit(X, y) for share in (0.01, 0.5, 0.99)
}
for name, fit in fits.items():
    after = ", ".join(f"{fit.loss_curve_[k] - lowest:7.1f}" for k in (0, 10, 100))
    print(f"{name:17}: {after} above the minimum after 0, 10, 100 passes")

# %%
# A rate above the limit is an error of the user, who should hear of it. ``on_divergence="raise"`` stops at once,

try:
    GDLinearRegressor(learning_rate=1.1 * limit, on_divergence="raise", **textbook).fit(X, y)
except FloatingPointError as error:
    print(error)

# %%
# and the default goes back to the best point, halves the rate and warns.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    recovered = GDLinearRegressor(learning_rate=1.1 * limit, **textbook).fit(X, y)
print(caught[0].message)

# %%
# At 0.01 of the limit the descent is too timid in all directions. At 0.5 the steep directions are done in some ten
# passes, and what remains is the flattest one, slow at any rate. At 0.99 every step lands nearly as high on the other
# side of the steepest direction: after 100 passes it is still higher than the descent at 0.5 was after 10. And a rate
# of 1.1 times the limit, halved after two passes, follows the descent at 0.5: the rate need not be found exactly, it
# only has to be below the limit.

fits["1.1 of the limit, halved in time"] = recovered
fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
DescentDisplay.from_estimator(fits, y="gap", minimum=lowest, ax=ax)
ax.set(ylim=(0.02, 2500), title="Half of the limit 2 / L is a good rate; far below and close to it, descent is slow")
ax.legend(loc="lower left")
plt.show()

# %%
# Which rate suits a table can be asked directly: a short descent at each of many rates, and the lowest end wins.

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
LearningRateDisplay.from_estimator(GDLinearRegressor(**textbook), X, y, ax=ax)
ax.set_title("Below 2 / L every rate descends, beyond it none")
plt.show()
