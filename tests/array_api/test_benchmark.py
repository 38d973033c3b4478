"""The benchmark of a GPU says where there is none, and works on any device; how fast anything is has no place here."""

import re

import torch

from benchmarks import gpu


def test_no_gpu(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main([])
    assert "no GPU" in capsys.readouterr().out


def test_small(capsys, monkeypatch):
    """Everyone is timed to both gaps or to the limit, and the judge finds sk_gd at both."""
    monkeypatch.setattr("sk_gd.sources.in_place", lambda x: x)  # as if the CPU were a device
    gpu.main(["--device", "cpu", "--size", "small", "--limit", "0.5"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 4
    for line in lines:
        assert re.search(r"% of that|gap 0.0001 \S+ s|gap 0.0001 > 0.5 s", line)
    assert all(" > " not in line for line in lines if line.startswith("  sk_gd"))
