"""Clusters to fit on, and a limit of time for every test that does."""

import signal

import numpy as np
import pytest

pytest.importorskip("distributed")

import dask.array as da
from distributed import Client, LocalCluster

LIMIT = 180  # seconds, of a machine that has other work


@pytest.fixture(autouse=True)
def _limit_of_time():
    """A hang is a failure that would otherwise never be seen."""

    def end(number, frame):
        raise TimeoutError(f"the test has taken more than {LIMIT} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def threads():
    """A client of two workers that are threads of this process."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def processes():
    """A client of two workers that are processes, and are started again when they end."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def split():
    """Cut an array into a dask.array of uneven chunks; one of them is empty."""

    def cut(array):
        n = len(array)
        sizes = (n // 2, 0, n // 3, n - n // 2 - n // 3)
        array = np.asarray(array)
        return da.from_array(array, chunks=(sizes, *((size,) for size in array.shape[1:])))  # concatenate drops empty chunks

    return cut
