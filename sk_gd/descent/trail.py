"""Where a sequence of epochs leads, told from the last few of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sk_gd._array import Array

LONGEST = 4  # epochs: with 8 or 16, which have more noise to add up, text took half as many again
CALM = 1e-10  # added to the squared steps as a share of their sum: without it, noise is what coefficients grow with


def length_for(n_stored: int, n_parameters: int) -> int:
    """Epochs that can be remembered in no more memory than the rows take; one leads nowhere."""
    return min(LONGEST, n_stored // (2 * n_parameters))


def extrapolate(trail: Sequence[tuple[Array, Array]]) -> Array:
    """The point of shortest step among the affine combinations of some epochs.

    Near the minimum an epoch from ``theta`` ends at about ``A theta + b``, so the step from a combination of points is that
    combination of their steps; at the minimum it is zero. Where epochs go on by little along a few directions, as plain descent
    does where the condition is bad, a few of them tell where to (Anderson, 1965; for estimates of reduced variance Scieur, Bach and
    d'Aspremont, 2017).

    Parameters
    ----------
    trail : sequence of (start, end)
        Of the last epochs, in the coordinates that they were made in.

    Returns
    -------
    point : ndarray
        In the same coordinates.
    """
    steps = [end - start for start, end in trail]
    products = np.array([[np.vdot(step, other) for other in steps] for step in steps])
    whole = float(np.trace(products))
    if not 0 < whole < np.inf:  # at the minimum, or beyond numbers: nothing to be told
        return trail[-1][1]
    shares = np.linalg.solve(products / whole + CALM * np.eye(len(steps)), np.ones(len(steps)))
    shares /= shares.sum()
    point: Array = sum(share * end for share, (_, end) in zip(shares, trail, strict=True))
    return point
