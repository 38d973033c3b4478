"""Every example runs as the script that it is, without a warning and in good time, and is in the form of a gallery's page."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
PLOTS = [path for path in EXAMPLES if path.name.startswith("plot_")]


def test_all_are_found():
    """The quick start and the gallery."""
    assert len(PLOTS) >= 7
    assert set(EXAMPLES) - set(PLOTS) == {EXAMPLES[0].with_name("quickstart.py")}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_runs(path, tmp_path):
    """In a process and a folder of its own, without a screen, where any warning is an error."""
    environment = os.environ | {"MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1"}
    strict = ["-W", "error", "-W", "ignore:FigureCanvasAgg is non-interactive"]
    run = subprocess.run(
        [sys.executable, *strict, path], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
    assert not list(tmp_path.iterdir())  # nothing is left behind


@pytest.mark.parametrize("path", PLOTS, ids=lambda path: path.stem)
def test_is_a_page_of_the_gallery(path):
    """A title with a line below it and one paragraph; text between code; every picture has labelled axes and a title."""
    source = path.read_text(encoding="utf-8")
    title, line, *rest = ast.get_docstring(ast.parse(source)).splitlines()
    assert line == "=" * len(title)
    assert rest[0] == "" and "" not in rest[1:]  # noqa: PT018
    assert source.count("\n# %%\n# ") >= 2
    assert source.rstrip().endswith("plt.show()") or "\nplt.show()\n" in source
    assert "xlabel" in source and "ylabel" in source and "title" in source  # noqa: PT018
