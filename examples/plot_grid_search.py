"""
Grid search over rate and batch size
====================================

The two parameters of textbook mini-batch descent belong together: the larger the batch, the better the estimate of the
gradient, and the longer the step that it can be trusted for. A search over both says which pairs get furthest in a
given number of passes.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLogisticClassifier

# %%
# Parameters are searched as in any pipeline. Every descent has five passes over the rows. Rates that turn out too large
# are halved on the way, with a warning; in a search that is the expected fate of some, so the warnings are put aside.

X, y = load_breast_cancer(return_X_y=True)
plain = GDLogisticClassifier("mini-batch", optimizer="gd", preconditioner=None, max_iter=5, tol=None, random_state=0)
rates, sizes = np.logspace(-3, 1, 9), [1, 4, 16, 64, 256]
search = GridSearchCV(
    make_pipeline(StandardScaler(), plain),
    {"gdlogisticclassifier__batch_size": sizes, "gdlogisticclassifier__learning_rate": rates},
    scoring="neg_log_loss",
    cv=3,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    search.fit(X, y)
losses = -search.cv_results_["mean_test_score"].reshape(len(sizes), len(rates))
for size, row in zip(sizes, losses, strict=True):
    print(f"batches of {size:3}: best rate {rates[row.argmin()]:6.3f}, log loss {row.min():.3f}")

# %%
# The map of all 45 pairs: the band of good rates moves to the right as batches grow, by a step of the grid for each
# four times as many rows. In the upper left descent is too slow for five passes, in the lower right it is thrown about.
# With the rate that suits it, every batch size gets to a log loss of 0.09 here.

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
image = ax.imshow(np.log10(losses), cmap="Greys", origin="lower", aspect="auto")
for (i, j), loss in np.ndenumerate(losses):
    best = j == losses[i].argmin()
    dark = np.log10(loss) > -0.45
    ax.text(j, i, f"{loss:.2f}", ha="center", va="center", color="white" if dark else "black", weight="bold" if best else None)
    if best:
        ax.add_patch(plt.Rectangle((j - 0.47, i - 0.44), 0.94, 0.88, fill=False, linewidth=2))
ax.set_xticks(range(len(rates)), [f"{rate:.3g}" for rate in rates])
ax.set_yticks(range(len(sizes)), sizes)
ax.set(xlabel="learning rate", ylabel="rows per batch")
ax.set_title("Larger batches want larger rates (log loss after 5 passes, best of each row framed)")
plt.show()
