"""One tidy line an epoch, fewer and fewer on long fits."""

from __future__ import annotations

import math
import time

from sk_gd.descent import DescentState


class EpochLog:
    """Prints epochs 1 to 10, then 20, 30 to 100, then 200 and so on; ``verbose=2`` prints every epoch."""

    def __init__(self, verbose: int | bool) -> None:
        self.verbose = int(verbose)

    def __call__(self, state: DescentState) -> bool:
        epoch = state.n_epochs
        every = 10 ** int(math.log10(epoch))
        if self.verbose and (self.verbose > 1 or epoch % every == 0):
            gap = f"  gap {state.gap:9.3e}" if state.gap == state.gap else ""
            gap += f"  validation {state.score:<#12.6g}" if state.score == state.score else ""
            print(
                f"epoch {epoch:6d}  objective {state.value:<#13.8g}{gap}  rate {state.rate * state.rate_scale:.3e}  "
                f"{time.monotonic() - state.began:8.3f} s"
            )
        return False
