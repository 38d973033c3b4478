"""
Robust regression
=================

The squared error counts an error ten times as large a hundred times, so a few wrong targets can pull a fit away from
all the others. Huber's loss counts large errors by their size only: beyond a width that is set by the spread of y, a
row pulls no harder, however far off it is. The quantile loss counts all errors so; at a quantile of 0.5 half of the
targets end above the model, however far above.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from sk_gd import GDLinearRegressor

# %%
# The progress of diabetes against body mass index. In one record of twenty, somebody has typed a zero too many.

X, y = load_diabetes(return_X_y=True, scaled=False)
bmi = X[:, [2]]
wrong = np.random.default_rng(0).permutation(len(y))[: len(y) // 20]
typed = y.copy()
typed[wrong] *= 10

fits = {
    "squared error, right targets": GDLinearRegressor().fit(bmi, y),
    "squared error, typed targets": GDLinearRegressor().fit(bmi, typed),
    "Huber's loss, typed targets": GDLinearRegressor(loss="huber").fit(bmi, typed),
    "quantile loss, typed targets": GDLinearRegressor(loss="quantile").fit(bmi, typed),
}
for name, fit in fits.items():
    at_25, error = fit.predict([[25.0]])[0], np.abs(fit.predict(bmi) - y).mean()
    print(f"{name:29} slope {fit.coef_[0]:5.2f}, at 25: {at_25:4.0f}, mean absolute error on right targets: {error:.1f}")

# %%
# The wrong records, triangles, pull the least squares line up by nearly half at an index of 25. Huber's stays where
# least squares is on right targets, and the quantile loss, which fits the median, is near it. (Progress is on a log axis, on
# which straight lines are slightly bent.)

fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
right = np.setdiff1d(np.arange(len(y)), wrong)
ax.plot(bmi[right], typed[right], ".", color="0.7", label=f"{len(right)} right records")
ax.plot(bmi[wrong], typed[wrong], "^", color="0.4", markerfacecolor="none", label=f"{len(wrong)} with a zero too many")
grid = np.linspace(bmi.min(), bmi.max(), 50)[:, None]
styles = [("-", "0.55"), ("--", "tab:red"), (":", "tab:blue"), ("-.", "black")]
for (name, fit), (line, colour) in zip(fits.items(), styles, strict=True):
    ax.plot(grid, fit.predict(grid), line, color=colour, linewidth=5 if line == "-" else 2, label=name)
ax.set(xlabel="body mass index (kg/m²)", ylabel="progress of the disease in a year", yscale="log")
ax.set_title("Robust losses do not follow a few wrong targets")
fig.legend(loc="outside lower center", ncols=2)
plt.show()
