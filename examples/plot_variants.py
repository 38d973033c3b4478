"""
Three variants of one loop
==========================

Batch, mini-batch and stochastic descent do the same thing with a different number of rows: estimate the gradient on all
of them, on a few, or on one, and step against it. A pass over the rows costs the same arithmetic in all three, but it
buys 1, 14 or 442 steps.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from sk_gd import DescentPathDisplay, GDLinearRegressor

# %%
# The problem: the progress of diabetes in a year, from body mass index and blood pressure. With two coefficients,
# everything can be drawn. The columns are standardised, and the descent is the textbook's: no metric, a fixed learning
# rate (a smaller one for single rows, or they would be all over the picture), 15 passes.

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X = StandardScaler().set_output(transform="pandas").fit_transform(X[["bmi", "bp"]])

textbook = {"preconditioner": None, "optimizer": "gd", "tol": None, "max_iter": 15, "record": "path", "random_state": 0}
models = {
    "batch": GDLinearRegressor("batch", learning_rate=0.1, **textbook),
    "mini-batch": GDLinearRegressor("mini-batch", batch_size=32, learning_rate=0.1, **textbook),
    "stochastic": GDLinearRegressor("stochastic", learning_rate=0.02, **textbook),
}
for model in models.values():
    model.fit(X, y)

# %%
# Below is the objective seen from above, half the mean squared error, with the place of every variant after each pass.
# Batch walks down at right angles to the contours and has not arrived after 15 steps. Mini-batch is near the minimum
# after three passes and stays near it. Stochastic is there within the first pass, and then jumps around: a single row
# is a poor estimate of the whole.

names = [f"{variant}, {model.t_:.0f} steps" for variant, model in models.items()]
fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
paths = DescentPathDisplay.from_estimator(models, X, y, coefficients=("bmi", "bp"), names=names, ax=ax)
best = GDLinearRegressor(tol=1e-10).fit(X, y)
ax.plot(*best.coef_, "+", color="black", markersize=18, markeredgewidth=2, label="minimum")
ax.set_title("Fewer rows per step: sooner there, and less at rest")
ax.legend(loc="upper left")
plt.show()

# %%
# The same as a film, pass by pass. ``animate("descent.gif")`` would write it to a file.

film = paths.animate(interval=400)
paths.ax_.set_title("One pass after the other")
plt.show()

# %%
# How far above the minimum each pass ends, in numbers. A constant rate leaves estimates from some rows at a noise
# floor, which is higher the fewer rows they are made of; what lowers it is told in "Below the noise floor".

for variant, model in models.items():
    places = model.coef_path_[[1, 3, 15], 0]
    gaps = ((places[:, :2] @ X.to_numpy().T + places[:, 2:] - y.to_numpy()) ** 2).mean(axis=1) / 2 - best.loss_curve_[-1]
    print(f"{variant:10}  above the minimum after 1, 3, 15 passes: " + ", ".join(f"{gap:8.2f}" for gap in gaps))

# %%
# Left alone, all three find a metric and a rate, take the noise out, and arrive.

for variant in models:
    model = GDLinearRegressor(variant, random_state=0).fit(X, y)
    gap = model.loss_curve_[-1] - best.loss_curve_[-1]
    print(f"{variant:10}  {gap:.1e} above, after {model.n_iter_} passes of {model.method_}")
