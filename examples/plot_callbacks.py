"""
Callbacks, with a progress bar
==============================

With scikit-learn 1.9, ``set_callbacks`` gives every epoch of a fit to whoever wants to watch it or end it.
scikit-learn's own callbacks serve these estimators, and those of :mod:`sk_gd.callbacks` serve any estimator that calls
back.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sk_gd import GDLogisticClassifier
from sk_gd.callbacks import EarlyStopping, ValidationMonitor

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)

# %%
# Three callbacks at once: a bar (drawn with `rich <https://rich.readthedocs.io>`_), two scores of rows that the fit
# does not see, and an end when the accuracy on them has not improved for 30 epochs. The learning rate is low, so that
# there is something to watch.

monitor = ValidationMonitor(X_test, y_test, scoring=["accuracy", "neg_log_loss"])
patience = EarlyStopping("accuracy", n_iter_no_change=30, X_val=X_test, y_val=y_test)
model = GDLogisticClassifier(
    "mini-batch", optimizer="gd", preconditioner=None, learning_rate=0.0005, batch_size=32, alpha=0.0, tol=None, random_state=0
)
model.set_callbacks(ProgressBar(), monitor, patience).fit(X, y)
print(f"After {model.n_iter_} epochs: {model.stop_reason_}")

# %%
# The monitor's log has a row per epoch. The accuracy has come to hover within one percent, and the fit ends 30 epochs
# after the best one; the log loss is still falling then. When to end depends on which of them counts.

epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
accuracy = [100 * row["accuracy"] for row in epochs]
log_loss = [-row["neg_log_loss"] for row in epochs]
print(f"accuracy after 1, 20, {len(epochs)} epochs: {accuracy[0]:.1f}%, {accuracy[19]:.1f}%, {accuracy[-1]:.1f}%")
print(f"log loss after 1, 20, {len(epochs)} epochs: {log_loss[0]:.3f}, {log_loss[19]:.3f}, {log_loss[-1]:.3f}")

best = np.argmax(accuracy) + 1
print(f"best accuracy: {max(accuracy):.1f}%, in epoch {best}")

fig, (above, below) = plt.subplots(2, sharex=True, figsize=(8, 5.5), layout="constrained")
above.plot(np.arange(1, len(epochs) + 1), accuracy, color="black")
above.axvline(best, color="0.6", linestyle="--")
above.annotate("best", (best, 90), xytext=(-30, 0), textcoords="offset points")
above.annotate("", (len(epochs), 90), (best, 90), arrowprops={"arrowstyle": "->"})
above.annotate("30 epochs", (best, 90), xytext=(20, 6), textcoords="offset points")
above.set(ylabel="accuracy (%)", title="A callback ends the fit when accuracy has not improved for 30 epochs")
below.plot(np.arange(1, len(epochs) + 1), log_loss, color="black")
below.set(xlabel="epochs", ylabel="log loss", xlim=(0, len(epochs)), ylim=(0, None))
plt.show()
