"""
Below the noise floor
=====================

At a constant learning rate stochastic descent does not arrive: single rows disagree about the way, and it keeps jumping
around the minimum, higher the larger the rate. A rate that falls lowers this floor, an average of all places evens the
jumps out, and variance reduction (SVRG) removes their cause.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor

X, y = load_diabetes(return_X_y=True, scaled=False)
X = StandardScaler().fit_transform(X)

# %%
# Five ways through 150 passes over the same rows. ``loss_curve_`` of a stochastic descent is the mean of what it met on
# its way through a pass; to see where it stood at the end of each, the objective is taken at the places that
# ``record="path"`` keeps.

ways = {
    "constant rate 0.02": {"learning_rate": 0.02},
    "constant rate 0.002": {"learning_rate": 0.002},
    "0.02, falling by 5% a pass": {"learning_rate": 0.02, "schedule": "exponential"},
    "0.02, averaged from pass 10 on": {"learning_rate": 0.02, "average": 10},
    "variance reduced (SVRG)": {"optimizer": "svrg"},
}
common = {"optimizer": "gd", "preconditioner": None, "tol": None, "max_iter": 150, "record": "path", "random_state": 0}
lowest = GDLinearRegressor(tol=1e-12).fit(X, y).loss_curve_[-1]
gaps = {}
for name, way in ways.items():
    path = GDLinearRegressor("stochastic", **{**common, **way}).fit(X, y).coef_path_[:, 0]
    gaps[name] = ((path[:, :-1] @ X.T + path[:, -1:] - y) ** 2).mean(axis=1) / 2 - lowest
    print(f"{name:31} above the minimum over the last 30 passes (median): {max(np.median(gaps[name][-30:]), 0):9.4f}")

# %%
# A rate ten times smaller has a lower floor and takes longer to get there. The falling rate gets lower still, once it
# is small. The average leaves the descent as it is: that one jumps as before, but the mean of its places does not. SVRG
# corrects the estimate of every row by that row's gradient at an earlier place, so the noise dies out on the way, and
# the rate, its own choice here, need not fall. It is what ``optimizer="auto"`` takes for stochastic descent.

styles = [("-", "0.75"), ("-", "tab:blue"), ("--", "tab:orange"), ("-", "black"), (":", "tab:red")]
fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
for (name, gap), (line, colour) in zip(gaps.items(), styles, strict=True):
    ax.semilogy(np.maximum(gap, 1e-4), line, color=colour, linewidth=1 if line == "-" else 2.2, label=name)
ax.set(xlabel="passes over the rows", ylabel="objective above its minimum", xlim=(0, 150), ylim=(5e-3, 2e4))
ax.set_title("Decay lowers the noise floor, averaging evens it out, SVRG has none")
ax.legend(loc="upper right", ncols=2, fontsize=9)
plt.show()
