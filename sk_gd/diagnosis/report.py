"""The report: verdicts for a terminal and for a notebook."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape

from sk_gd.diagnosis.evidence import Evidence
from sk_gd.diagnosis.verdicts import VERDICTS, Verdict

WIDTH = 88
NO_ROWS = "The rows were not looked at: diagnose(X, y) does."


@dataclass(frozen=True)
class Diagnosis:
    """What is to be said of a fit; print it, or let a notebook show it.

    Parameters
    ----------
    model : str
        The estimator and its method.
    verdicts : tuple of Verdict
        What was found, each with ``name``, ``title``, ``evidence`` and ``change``.
    remark : str
        What is to be said beside, if anything.
    """

    model: str
    verdicts: tuple[Verdict, ...]
    remark: str = ""

    @classmethod
    def of(cls, model: str, seen: Evidence) -> Diagnosis:
        """Ask every verdict."""
        found = tuple(verdict for ask in VERDICTS.values() if (verdict := ask(seen)) is not None)
        remarks = []
        if not found:
            left = seen.still + "." if seen.still else ""
            remarks.append(" ".join(filter(None, ["Nothing stands out.", seen.reason, left])))
        if seen.data is None:
            remarks.append(NO_ROWS)
        return cls(model, found, " ".join(remarks))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the verdicts."""
        return tuple(verdict.name for verdict in self.verdicts)

    def __str__(self) -> str:
        lines = [self.model]
        for verdict in self.verdicts:
            lines += ["", verdict.title, *textwrap.wrap(verdict.evidence, WIDTH, initial_indent="  ", subsequent_indent="  ")]
            if verdict.change:
                lines.append(f"  Change: {verdict.change}")
        if self.remark:
            lines += ["", *textwrap.wrap(self.remark, WIDTH)]
        return "\n".join(lines)

    __repr__ = __str__  # what an interpreter shows is the report

    def _repr_html_(self) -> str:
        items = [
            f"<dt><strong>{escape(verdict.title)}</strong></dt><dd>{escape(verdict.evidence)}"
            + (f"<br>Change: <code>{escape(verdict.change)}</code>" if verdict.change else "")
            + "</dd>"
            for verdict in self.verdicts
        ]
        remark = f"<p>{escape(self.remark)}</p>" if self.remark else ""
        return f"<div><p>{escape(self.model)}</p><dl>{''.join(items)}</dl>{remark}</div>"
