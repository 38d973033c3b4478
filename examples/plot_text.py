"""
Text classification with sparse features
========================================

A text becomes a row with a column for every word, nearly all zero. Such rows stay sparse from end to end, and with an
L1 penalty most words get a coefficient of exactly zero: what remains can be read.
"""

import ast
import inspect
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy import optimize, signal, sparse, stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sk_gd import GDLogisticClassifier

# %%
# Texts that everybody has at hand: the paragraphs of SciPy's docstrings. Which part of SciPy is a paragraph from?
# Examples are left out, and names of at most two letters.

PARTS = {"optimize": optimize, "signal": signal, "sparse": sparse, "stats": stats}


def paragraphs(package):
    """Yield the paragraphs of a package's docstrings that have twelve words or more and no code."""
    for path in sorted(Path(inspect.getfile(package)).parent.rglob("*.py")):
        if "tests" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                        if len(paragraph.split()) >= 12 and ">>>" not in paragraph:
                            yield paragraph


pairs = sorted({(text, name) for name, package in PARTS.items() for text in paragraphs(package)})
texts, y = zip(*pairs, strict=True)
texts, texts_test, y, y_test = train_test_split(texts, y, test_size=0.3, stratify=y, random_state=0)
vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\b[a-z]{3,}\b")
X = vectorizer.fit_transform(texts)
X_test = vectorizer.transform(texts_test)
print(f"{X.shape[0]:,} paragraphs, {X.shape[1]:,} words, {X.nnz / X.shape[0]:.0f} of them in a paragraph")

# %%
# The stronger the penalty, the fewer words have a coefficient. ``warm_start`` lets each fit go on where the one before
# it ended.

alphas = np.logspace(-2.5, -4.5, 9)
model = GDLogisticClassifier(l1_ratio=1.0, tol=1e-3, warm_start=True)
n_words, accuracies, coefs = [], [], []
for alpha in alphas:
    model.set_params(alpha=alpha).fit(X, y)
    n_words.append((model.coef_ != 0).any(axis=0).sum())
    accuracies.append(100 * model.score(X_test, y_test))
    coefs.append(model.coef_.copy())
    print(f"alpha {alpha:.5f}: {n_words[-1]:5,} words, accuracy {accuracies[-1]:.1f}%, {model.n_iter_} epochs")
ridge = GDLogisticClassifier(alpha=1e-4).fit(X, y)
accuracy = 100 * ridge.score(X_test, y_test)
print(f"L2 penalty:    {X.shape[1]:5,} words, accuracy {accuracy:.1f}%, {ridge.n_iter_} epochs of {ridge.method_}")

# %%
# Every doubling of the words brings less than the one before it. An L2 penalty, which spreads the weight over all
# words, is not far above. (Another version of SciPy has other paragraphs, and slightly other numbers.)

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
ax.semilogx(n_words, accuracies, "o-", color="black", label="L1 penalty: these words only")
ax.axhline(accuracy, linestyle="--", color="tab:blue", label=f"L2 penalty: all {X.shape[1]:,} words")
for n, percent, alpha in list(zip(n_words, accuracies, alphas, strict=True))[::4]:
    ax.annotate(f"alpha = {alpha:.5f}", (n, percent), xytext=(8, -12), textcoords="offset points", fontsize=9)
ax.set(xlabel="words in use", ylabel="accuracy on paragraphs not seen (%)", xlim=(10, 10_000), ylim=(50, 95))
ax.set_title("A tenth of the words comes within three points of all of them")
ax.legend(loc="lower right")
plt.show()

# %%
# The words that speak loudest for every part of SciPy, at the fourth of these penalties.

words = vectorizer.get_feature_names_out()
for name, coef in zip(model.classes_, coefs[3], strict=True):
    print(f"{name:9} {', '.join(words[np.argsort(-coef)[:9]])}")

# %%
# The vectorizer and the model together are one estimator, of texts. Its picture opens on a click, and a question mark in
# it leads to the documentation of the step.

make_pipeline(vectorizer, ridge)
