"""
Imbalanced classes
==================

Where one class is rare, a model that hardly ever names it is right most of the time. Weights of the classes make it
name the rare one more often. What they do not do is tell the classes apart any better: they move the place on a curve,
and the price is paid in false alarms and in probabilities.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import precision_recall_curve, precision_score, recall_score
from sklearn.model_selection import train_test_split

from sk_gd import GDLogisticClassifier

# %%
# Is a digit an eight? One in ten is.

X, digit = load_digits(return_X_y=True)
eight = digit == 8
X, X_test, eight, eight_test = train_test_split(X, eight, test_size=0.5, stratify=eight, random_state=0)

# %%
# The same fit with three weights: none, "balanced", which gives both classes the same total (nine to one here), and
# thirty to one.

models = {
    "no weights": GDLogisticClassifier("mini-batch", alpha=0.01, random_state=0),
    '"balanced"': GDLogisticClassifier("mini-batch", alpha=0.01, class_weight="balanced", random_state=0),
    "{False: 1, True: 30}": GDLogisticClassifier("mini-batch", alpha=0.01, class_weight={False: 1, True: 30}, random_state=0),
}
print(f"Share of eights: {eight_test.mean():.3f}")
for name, model in models.items():
    named = model.fit(X, eight).predict(X_test)
    precision, recall = precision_score(eight_test, named), recall_score(eight_test, named)
    print(f"{name:20}  accuracy {model.score(X_test, eight_test):.3f}, precision {precision:.2f}, recall {recall:.2f}, ", end="")
    print(f"mean probability {model.predict_proba(X_test)[:, 1].mean():.3f}")

# %%
# For each model, the curve shows what it could do at any threshold, the mark what it does at its own, a probability of
# one half. The three curves are nearly the same. So choose weights where ``predict`` has to be right; where
# probabilities have to be right (without weights, their mean is close to the share of eights; with them, it is not),
# leave the weights alone and choose a threshold.

fig, ax = plt.subplots(figsize=(7, 5), layout="constrained")
looks = [("-", "black", "o"), ("--", "tab:blue", "s"), (":", "tab:red", "^")]
for (name, model), (line, colour, marker) in zip(models.items(), looks, strict=True):
    precision, recall, _ = precision_recall_curve(eight_test, model.decision_function(X_test))
    ax.plot(100 * recall, 100 * precision, line, color=colour, linewidth=1.5)
    named = model.predict(X_test)
    ax.plot(100 * recall_score(eight_test, named), 100 * precision_score(eight_test, named), marker, color=colour,
            markersize=11, label=name)  # fmt: skip
ax.set(xlabel="recall: share of the eights that are found (%)", ylabel="precision: share of the named that are eights (%)")
ax.set(xlim=(40, 101), ylim=(0, 102))
ax.set_title("Class weights move the mark along the curve, and hardly the curve")
ax.legend(loc="lower left", title="class_weight")
plt.show()
