"""The actor that holds some partitions of a Dask collection on a worker."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sk_gd._compat import OneBlasThread, n_cores, optional


class Shard:
    """The actor: holds some partitions, made as its team says, and asks them.

    Parameters
    ----------
    make : callable
        Number of a partition and its rows to the object that is asked.
    numbers, rows : list
        Of the partitions held.
    script : list of (str, tuple)
        What all partitions have been told so far.
    """

    def __init__(self, make: Callable[[int, Any], Any], numbers: list[int], rows: list[Any], script: list[tuple[str, Any]]) -> None:
        self.numbers, self.parts, self.failed = numbers, [], None
        distributed = optional("distributed", "dask")
        self.n_threads = max(1, distributed.get_worker().state.nthreads // n_cores())  # a partition uses the others itself
        for number, part in zip(numbers, rows, strict=True):
            try:
                self.parts.append(make(number, part))
            except ValueError as error:
                self.failed = error
                return
        for name, arguments in script:
            self.ask(name, arguments)

    def ask(self, name: str, arguments: tuple[Any, ...]) -> tuple[list[tuple[int, Any]], Exception | None]:
        """What the method of this name says of every partition, or the error of one of them."""

        def of_part(part: Any) -> Any:
            with np.errstate(all="ignore"):  # the driver looks at every value; and numpy's states are those of a thread
                return getattr(part, name)(*arguments)

        if self.failed is not None:
            return [], self.failed
        work = object()
        OneBlasThread.enter(work, fits=0)
        try:
            with ThreadPoolExecutor(self.n_threads) as pool:
                answers = list(map(of_part, self.parts) if self.n_threads == 1 else pool.map(of_part, self.parts))
        except Exception as error:  # said to the driver as an answer: what is raised here looks like a lost worker there
            return [], error
        finally:
            OneBlasThread.leave(work)
        return list(zip(self.numbers, answers, strict=True)), None
