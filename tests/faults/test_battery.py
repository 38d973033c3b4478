"""Nothing of what the battery tries is lost, silent, endless or fatal."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("estimator", ["linear", "logistic"])
@pytest.mark.parametrize("variant", ["batch", "mini-batch", "stochastic"])
def test_all_survived(estimator, variant):
    """Every case ends as it must: N of N, in a process of its own each, for both estimators and all variants."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("run.py")), estimator, variant]
    done = subprocess.run(command, capture_output=True, text=True)  # every case has its deadline
    print(done.stdout)
    assert not done.returncode, done.stderr
    survived, total = done.stdout.splitlines()[-1].split(" survived")[0].split(" of ")
    assert survived == total, done.stdout
    assert int(total) >= 150
