"""Every example is a script that runs without a warning and in good time, and a page of the gallery."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
EXAMPLES = sorted((HOME / "examples").glob("*.py"))
PLOTS = [path for path in EXAMPLES if path.name.startswith("plot_")]


def test_all_are_found():
    """The quick start and the gallery."""
    assert len(PLOTS) >= 14
    assert set(EXAMPLES) - set(PLOTS) == {EXAMPLES[0].with_name("quickstart.py")}


LABELLED = """
import runpy, sys
import matplotlib.pyplot as plt
runpy.run_path(sys.argv[1], run_name="__main__")
for figure in map(plt.figure, plt.get_fignums()):
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    assert any(titles), "a picture without a title"
    for axes in figure.axes:
        for axis, around in ((axes.xaxis, figure.get_supxlabel()), (axes.yaxis, figure.get_supylabel())):
            shared = not any(tick.label1.get_visible() for tick in axis.get_major_ticks())  # its labels are another axes'
            assert axis.get_label_text() or around or shared, f"an axis without a label in {titles}"
"""  # run after a script of the gallery, whose figures stay open where there is no screen


def run(script, *arguments, folder):
    """In a process and a folder of its own, without a screen, where any warning is an error."""
    environment = os.environ | {"MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-W", "ignore:FigureCanvasAgg is non-interactive", script, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_runs(path, tmp_path):
    """It says something, labels and names what it draws, and leaves nothing behind."""
    if path.stem == "plot_callbacks":
        pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9")
    wrapped = tmp_path.parent / f"{path.stem}_labelled.py"
    wrapped.write_text(LABELLED, encoding="utf-8")
    assert run(*([wrapped, path] if path in PLOTS else [path]), folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_picture_of_the_readme(tmp_path):
    """It is drawn by its script, is small, and the one that the README shows is there."""
    run(HOME / "docs" / "make_picture.py", tmp_path / "descent.png", folder=tmp_path)
    shown = re.findall(r"!\[[^\]]+\]\((.+?\.png)\)", (HOME / "README.md").read_text(encoding="utf-8"))
    assert shown == ["docs/_static/descent.png"]
    for picture in (tmp_path / "descent.png", HOME / shown[0]):
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 150_000


@pytest.mark.parametrize("path", PLOTS, ids=lambda path: path.stem)
def test_is_a_page_of_the_gallery(path):
    """A title with a line below it and one paragraph; text between code; it shows its pictures."""
    source = path.read_text(encoding="utf-8")
    title, line, *rest = ast.get_docstring(ast.parse(source)).splitlines()
    assert line == "=" * len(title)
    assert rest[0] == "" and "" not in rest[1:]  # noqa: PT018
    assert source.count("\n# %%\n# ") >= 2
    assert source.rstrip().endswith("plt.show()") or "\nplt.show()\n" in source
