"""The pictures of the first page: the left one of the README's, and what the page's own code draws and prints.

``python docs/first_page.py`` writes them into docs/generated; conf.py does it before every build.
"""

import contextlib
import io
import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent


def main(folder):
    """Draw descent.svg, run the page's code, and keep its picture in first_page.svg and its words in first_page.txt."""
    folder.mkdir(exist_ok=True)
    figure, ax = plt.subplots(figsize=(5.6, 3.2), layout="constrained")
    runpy.run_path(str(HERE / "make_picture.py"))["from_above"](ax)
    figure.savefig(folder / "descent.svg")

    code = re.search(r"```python\n(.*?)```", (HERE / "index.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "index.md", "exec"), {})
    drawn = plt.gcf()
    drawn.set_size_inches(5.6, 3.0)
    drawn.savefig(folder / "first_page.svg")
    (folder / "first_page.txt").write_text(said.getvalue(), encoding="utf-8")
    plt.close("all")


if __name__ == "__main__":
    main(HERE / "generated")
