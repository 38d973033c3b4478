"""Three hundred refits leave a process as large as it was."""

import subprocess
import sys

# By how many megabytes three hundred fits on rows of 1.6 megabytes raise the most that the process has ever held.
REFITS = """
import resource, sys, warnings
import numpy as np
from scipy import sparse
from sk_gd import GDLinearRegressor, GDLogisticClassifier

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
dense = rng.normal(size=(2000, 100)) * (rng.random((2000, 100)) < 0.3)
z = dense @ rng.normal(size=100)
bad = np.full(2000, np.nan)
models = [
    (Estimator(variant, max_iter=1, random_state=0, warm_start=warm), X, y)
    for variant, X in (("batch", dense), ("mini-batch", sparse.csr_array(dense)), ("stochastic", dense))
    for Estimator, y in ((GDLinearRegressor, z), (GDLogisticClassifier, z > 0))
    for warm in (False, True)
]

def size():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)

def refit(times):
    for i in range(times):
        model, X, y = models[i % len(models)]
        model.fit(X, y)
        try:
            model.fit(X, bad)
        except ValueError:
            pass

refit(36)
before = size()
refit(300)
print(size() - before)
"""


def test_refits_do_not_grow():
    """Fits that succeed and fits that fail: less than the rows of three of them in all."""
    run = subprocess.run([sys.executable, "-P", "-c", REFITS], capture_output=True, text=True, timeout=300, check=True)
    assert float(run.stdout) < 5
