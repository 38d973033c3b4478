"""
Momentum, Nesterov and Adam in a ravine
=======================================

Where a function is much steeper across than along, the steepest way down is nearly at right angles to the way to the
minimum, and a step that is safe across is tiny along. Momentum adds up what the steps have in common, Nesterov's form
looks a step ahead, and Adam makes the steps of all coordinates alike.
"""

import matplotlib.pyplot as plt
import numpy as np

import sk_gd
from sk_gd.optimizers import Momentum

# %%
# The ravine is 100 times as steep in y as in x. :func:`sk_gd.minimize` runs the optimizers of the estimators on any
# function, and ``record="path"`` keeps the points. All start at the same place and take 60 steps, each at a rate near
# its best.


def ravine(point):
    return (point[0] ** 2 + 100 * point[1] ** 2) / 2


def slope(point):
    return np.array([point[0], 100 * point[1]])


ways = {
    "Gradient descent": {"optimizer": "gd", "learning_rate": 0.018},
    "Momentum": {"optimizer": Momentum(beta=0.8), "learning_rate": 0.02},
    "Nesterov": {"optimizer": Momentum(beta=0.8, nesterov=True), "learning_rate": 0.01},
    "Adam": {"optimizer": "adam", "learning_rate": 0.3},
}
for name, way in ways.items():
    ways[name] = sk_gd.minimize(ravine, [-9.0, 0.9], jac=slope, max_iter=60, tol=None, record="path", **way)
    values = ", ".join(f"{ways[name].loss_curve[k]:8.5f}" for k in (0, 20, 40, 60))
    print(f"{name:16}  value after 0, 20, 40, 60 steps: {values}")

# %%
# Gradient descent hops from wall to wall and creeps along. Momentum hops as well at first, but the hops cancel each
# other while the way along adds up. Nesterov's form looks at the slope where the momentum will take it, so it soon
# stops hopping. Adam divides by the size of recent gradients, sets off as if the ravine were as wide as it is long, and
# swings to and fro on its way.

x, y = np.meshgrid(np.linspace(-10, 4, 200), np.linspace(-1.2, 1.2, 200))
fig, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(9, 5.5), layout="constrained")
for ax, (name, way) in zip(axes.flat, ways.items(), strict=True):
    ax.contour(x, y, ravine((x, y)), levels=np.linspace(0.3, 9, 7) ** 2, colors="0.8")
    ax.plot(*way.path[:41].T, ".-", color="black", linewidth=1, markersize=6)
    ax.plot(0, 0, "+", color="tab:red", markersize=15, markeredgewidth=2)
    ax.set_title(f"{name}: {way.loss_curve[40]:.2g} after 40 steps", fontsize=10)
fig.supxlabel("x (flat direction)")
fig.supylabel("y (100 times as steep)")
fig.suptitle("In a ravine, memory of earlier steps shortens the way")
plt.show()
