"""One short fit of every kind, for tools that slow a process down a hundred times."""

import warnings

import numpy as np
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(70, 9)) * (rng.random((70, 9)) < 0.5)
z = X @ rng.normal(size=9) + rng.normal(size=70)
weights = rng.gamma(1.0, size=70)
warnings.simplefilter("ignore")  # three epochs are few
n_fits = 0
for dtype in (np.float32, np.float64):
    for rows in (X.astype(dtype), sparse.csr_array(X.astype(dtype))):
        for variant, optimizer in (("batch", "auto"), ("mini-batch", "auto"), ("stochastic", "saga"), ("stochastic", "momentum")):
            for l1_ratio in (0.0, 1.0):
                params = {"optimizer": optimizer, "alpha": 0.01, "l1_ratio": l1_ratio, "max_iter": 3, "random_state": 0}
                for model, y in (
                    (GDLinearRegressor(variant, **params), z),
                    (GDLinearRegressor(variant, loss="huber", **params), np.column_stack([z, -z])),
                    (GDLogisticClassifier(variant, **params), z > 0),
                    (GDLogisticClassifier(variant, **params), np.digitize(z, [-1, 1])),
                    (GDLogisticClassifier(variant, **params), np.digitize(z, [-1.5, -1, -0.5, 0, 0.5, 1])),
                ):
                    model.fit(rows, y, sample_weight=weights).predict(rows)
                    n_fits += 1
print(f"{n_fits} fits")
