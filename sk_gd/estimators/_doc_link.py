"""The link from an estimator's HTML picture to its documentation."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

PAGES = "/generated/sk_gd.{estimator_name}.html"


@cache
def _of_the_package() -> str:
    """Address of the documentation, as the installed package's metadata tell it; empty where they tell none."""
    try:
        urls = metadata("sk_gd").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    return dict(url.split(", ", 1) for url in urls).get("Documentation", "")


def documentation() -> str:
    """Address of the folder of the documentation's first page: the variable SK_GD_DOCS of the environment, else the package's."""
    return (os.environ.get("SK_GD_DOCS") or _of_the_package()).rstrip("/")


class DocLinkMixin:
    """What scikit-learn asks for to link to a page of the reference: no page, no link, rather than a broken one."""

    @property
    def _doc_link_module(self) -> str:
        page = urlsplit(self._doc_link_template.format(estimator_name=type(self).__name__))
        there = Path(url2pathname(page.path)).is_file() if page.scheme == "file" else documentation()
        return "sk_gd" if there else ""

    @property
    def _doc_link_template(self) -> str:
        return documentation() + PAGES
