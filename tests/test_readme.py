"""The code of the README and of the pages in docs/ runs, in its order, without a warning; and the table of features is whole."""

import inspect
import re
from pathlib import Path

import pytest

import sk_gd
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.losses import LOSSES
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES

HOME = Path(__file__).parents[1]
PAGES = [HOME / "README.md", *(page for page in sorted((HOME / "docs").rglob("*.md")) if "_build" not in page.parts)]
WITH_CODE = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_python_blocks(page):
    """All blocks of a page share their names, as they would for a reader who types them one after the other."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names = {}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)


def test_pages_with_code():
    """Those that are meant to be typed are found."""
    assert {page.name for page in WITH_CODE} >= {"README.md", "index.md", "porting.md", "stopping.md", "optimizer.md"}


def table_of_features():
    lines = (HOME / "docs" / "features.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.count("|") == 13]
    return rows[0], [row for row in rows[2:] if any(row[1:])]


def test_every_mark_is_known():
    """A mark is yes, no or part, ours is never a part, every column says what was looked at and every "part" what it means."""
    columns, rows = table_of_features()
    text = (HOME / "docs" / "features.md").read_text(encoding="utf-8")
    assert len(rows) > 50
    for name in columns[1:]:
        assert f"\n| {name} |" in text
    for row in rows:
        assert set(row[1:]) <= {"yes", "no", "part"}
        assert row[1] in ("yes", "no")
    for column, name in enumerate(columns[1:], start=1):
        if any(row[column] == "part" for row in rows):
            assert f"\n- {name}: " in text


def test_what_we_claim_is_there():
    """What stands in code marks in a row that says yes is a parameter, an attribute, a method or a registered name."""
    both = (GDLinearRegressor, GDLogisticClassifier)
    known = {*OPTIMIZERS, *SCHEDULES, *LOSSES, "saga", "svrg", "auto", "batch", "mini-batch", "stochastic", "optimizer__beta"}
    for Estimator in both:
        known |= {*Estimator().get_params(), *dir(Estimator), *inspect.signature(Estimator.fit).parameters}
        known |= set(re.findall(r"(?m)^    (\w+_) : ", Estimator.__doc__))
    known |= set(dir(sk_gd))
    for row in table_of_features()[1]:
        if row[1] == "yes":
            for code in re.findall(r"`([^`]+)`", row[0]):
                assert set(re.findall(r"[\w-]+", code)) <= known, row[0]
