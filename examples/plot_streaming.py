"""
Streaming with partial_fit
==========================

Rows may come in chunks, each seen once and then gone. ``partial_fit`` takes them as they come, in raw units, and for
the squared error in batch descent it knows after every chunk what ``fit`` would know of all rows so far, exactly.
Classes may turn up late, too.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import SGDRegressor

from sk_gd import GDLinearRegressor, GDLogisticClassifier

# %%
# 342 patients come by in chunks of 18, and 100 stay aside to test on. Two variants see the raw columns.
# ``SGDRegressor`` would diverge on them, so it sees scaled ones, with means and scales that in a real stream nobody
# would know yet, and goes at its default rate.

X, y = load_diabetes(return_X_y=True, scaled=False)
order = np.random.default_rng(0).permutation(len(y))
X, y, X_test, y_test = X[order[:342]], y[order[:342]], X[order[342:]], y[order[342:]]
mean, scale = X.mean(axis=0), X.std(axis=0)
Z, Z_test = (X - mean) / scale, (X_test - mean) / scale

batch, stochastic = GDLinearRegressor("batch"), GDLinearRegressor("stochastic", random_state=0)
sgd = SGDRegressor(random_state=0)
ends = np.arange(18, 343, 18)
scores = []
for end in ends:
    chunk = slice(end - 18, end)
    scores.append([
        batch.partial_fit(X[chunk], y[chunk]).score(X_test, y_test),
        GDLinearRegressor(tol=1e-10).fit(X[:end], y[:end]).score(X_test, y_test),
        stochastic.partial_fit(X[chunk], y[chunk]).score(X_test, y_test),
        sgd.partial_fit(Z[chunk], y[chunk]).score(Z_test, y_test),
    ])  # fmt: skip
scores = np.array(scores)
print(f"Largest difference in R2 between partial_fit and fit: {np.abs(scores[:, 0] - scores[:, 1]).max():.0e}")
names = [
    "partial_fit, batch, raw",
    "fit on all rows so far, raw",
    "partial_fit, stochastic, raw",
    "SGDRegressor.partial_fit, scaled",
]
for name, score in zip(names, scores.T, strict=True):
    print(f"{name:33} R2 after 18, 90, 342 rows: {score[0]:5.2f}, {score[4]:5.2f}, {score[-1]:5.2f}")

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
looks = [("-", "black"), ("o", "black"), ("--", "tab:blue"), (":", "tab:red")]
for name, score, (line, colour) in zip(names, scores.T, looks, strict=True):
    ax.plot(ends, score, line, color=colour, linewidth=2, markersize=9, markerfacecolor="none", label=name)
ax.set(xlabel="rows seen, each once", ylabel="R² on 100 other rows")
ax.set_title("One pass over a stream is as good as a fit on all that has come so far")
ax.legend(loc="lower right")
plt.show()

# %%
# A class that is new in the middle of a stream needs no announcement. Here the first 600 digits are below eight, and
# eights and nines turn up among the 600 after them.

X, y = load_digits(return_X_y=True)
X, y, X_test, y_test = X[:1200], y[:1200], X[1200:], y[1200:]
early = np.flatnonzero(y < 8)[:600]
stream = np.concatenate([early, np.setdiff1d(np.arange(1200), early)])
model = GDLogisticClassifier("mini-batch", random_state=0)
for start in range(0, 1200, 100):
    chunk = stream[start : start + 100]
    model.partial_fit(X[chunk], y[chunk])
    if start in (500, 600, 1100):
        found = {name: model.score(X_test[rows], y_test[rows]) for name, rows in {"0-7": y_test < 8, "8-9": y_test >= 8}.items()}
        shares = ", ".join(f"{share:.2f} of the digits {name}" for name, share in found.items())
        print(f"after {start + 100:4} rows it knows {len(model.classes_):2} classes and finds {shares}")
