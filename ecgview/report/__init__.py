"""Reports: one content, several forms (PDF, JSON, WFDB annotations)."""

from functools import cache
from pathlib import Path
from typing import Protocol, cast

from ecgview.errors import ReportError
from ecgview.plugins import discover
from ecgview.report.content import ReportContent


class Export(Protocol):
    """What a public module of this room holds, beside `content`."""

    @property
    def NAME(self) -> str:
        """Name as shown to a user."""

    @property
    def SUFFIX(self) -> str:
        """Suffix of the file that is written."""

    def write(self, content: ReportContent, path: Path) -> Path:
        """Write the report and return its path; ReportError if it cannot be written."""


@cache
def exports() -> tuple[Export, ...]:
    """Return every form a report can take."""
    import ecgview.report as room

    return cast(tuple[Export, ...], tuple(discover(room, needs=("NAME", "SUFFIX", "write"), mark="SUFFIX")))


def form_of(path: Path) -> Export:
    """Return the form that a path's suffix names; ReportError if there is none."""
    form = next((form for form in exports() if path.suffix.lower() == form.SUFFIX), None)
    if form is None:
        known = ", ".join(form.SUFFIX for form in exports())
        raise ReportError("unknown kind of report", where=str(path), expected=known)
    return form
