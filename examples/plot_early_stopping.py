"""
Early stopping with a validation set of one's own
=================================================

Descent first learns what many rows agree on and later what is true of a few. On rows that it does not see, it is best
somewhere on the way. ``early_stopping=True`` watches such rows and brings back the coefficients of the best epoch;
which rows, ``X_val`` and ``y_val`` can say: the newest, those of another clinic, or whatever the model will have to
cope with.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sk_gd import DescentDisplay, GDLinearRegressor

# %%
# Patients in the order of a random draw: 100 to learn from, 150 to validate on, 192 to test. Products of all pairs of
# columns make 65 features, enough to learn single patients by heart.

X, y = load_diabetes(return_X_y=True)
train, validation, test = np.split(np.random.default_rng(0).permutation(len(y)), [100, 250])
features = make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler()).fit(X[train])
X = features.transform(X)

# %%
# The fit ends when 150 epochs in a row bring nothing new; such patience is for the picture, a usual one is the default
# of 5.

model = GDLinearRegressor(
    preconditioner=None, optimizer="gd", learning_rate=0.02, early_stopping=True, n_iter_no_change=150, record="path"
)
model.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])
print(model.stop_reason_)

# %%
# ``validation_scores_`` are losses with the sign changed, so that larger is better. How good the choice was, only rows
# can tell that had no part in it; here they say the same.

path = model.coef_path_[:, 0]
on_test = ((path[:, :-1] @ X[test].T + path[:, -1:] - y[test]) ** 2).mean(axis=1) / 2
for epoch in (0, model.best_iter_, model.n_iter_):
    print(f"epoch {epoch:3}: training {model.loss_curve_[epoch]:6.0f}, validation {-model.validation_scores_[epoch]:6.0f}, "
          f"test {on_test[epoch]:6.0f}")  # fmt: skip

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
DescentDisplay.from_estimator(model, names=["training: 100 rows"], yscale="linear", ax=ax)
ax.plot(on_test, ":", color="tab:red", linewidth=2, label="test: 192 rows")
best = (model.best_iter_, -model.validation_scores_[model.best_iter_])
ax.annotate(f"best epoch: {model.best_iter_}", best, xytext=(0, 10), textcoords="offset points")
ax.set(ylabel="half the mean squared error", title="Training goes on getting better after new rows no longer do")
ax.legend(loc="upper right")
plt.show()
