"""
Where you start decides where you arrive
========================================

A function that is not convex can have several minima, and descent finds the one it starts above. Starting from many
places, and keeping the best, is the plain remedy; :func:`sk_gd.minimize` does it when it is given several starts.
"""

import matplotlib.pyplot as plt
import numpy as np

import sk_gd

# %%
# The six-hump camel function (Dixon and Szegoe, 1978) has six minima: two of them lowest, four only lower than what is
# around them.


def camel(point):
    x, y = point
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


def slope(point):
    x, y = point
    return np.array([8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3])


starts = [[x, y] for x in (-1.9, -1.1, -0.3, 0.5, 1.3, 2.0) for y in (-0.95, -0.35, 0.25, 0.85)]
result = sk_gd.minimize(camel, starts, jac=slope, learning_rate=0.02, max_iter=2000, record="path")
for minimum in result.minima:
    n_starts = sum(np.linalg.norm(start.x - minimum.x) < 1e-2 for start in result.starts)
    print(f"value {minimum.fun:7.4f} at ({minimum.x[0]:5.2f}, {minimum.x[1]:5.2f}), found from {n_starts} of {len(starts)} starts")

# %%
# The picture shows all descents. None crosses a ridge: a gradient knows what is downhill from here, nothing of what is
# behind the hill. What the message calls a minimum has been checked: the second derivative there has no direction that
# leads down.

print(result.message)

fig, ax = plt.subplots(figsize=(9, 5), layout="constrained")
sk_gd.DescentPathDisplay.from_minimize(result, camel, ax=ax, color="black", linestyle="-", marker="")
for minimum in result.minima:
    weight = "bold" if minimum.fun < result.fun + 1e-3 else "normal"
    ax.annotate(f"{minimum.fun:.2f}", minimum.x, xytext=(10, 7), textcoords="offset points", fontsize=12, fontweight=weight)
ax.get_legend().remove()
ax.set_title("24 starts (circles), 6 minima (stars), and only two as low as it gets (bold)")
plt.show()
