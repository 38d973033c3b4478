"""The link from an estimator's HTML picture to its documentation."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata


@cache
def documentation() -> str:
    """Address of the documentation, as the installed package's metadata tell it; empty where they tell none."""
    try:
        urls = metadata("sk_gd").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    by_name = dict(url.split(", ", 1) for url in urls)
    return by_name.get("Documentation", "").rstrip("/")


class DocLinkMixin:
    """What scikit-learn asks for to link to a page of the reference: no address, no link, rather than a broken one."""

    @property
    def _doc_link_module(self) -> str:
        return "sk_gd" if documentation() else ""

    @property
    def _doc_link_template(self) -> str:
        return documentation() + "/generated/sk_gd.{estimator_name}.html"
