"""A printed sheet in millimetres: a calibrated page with columns of text around it."""

from dataclasses import dataclass
from typing import Literal

from ecgview.overlay import Overlay
from ecgview.paper.page import Page

A4_LANDSCAPE = (297.0, 210.0)

Tone = Literal["text", "faint", "caution"]


@dataclass(frozen=True, slots=True)
class TextRun:
    """A paragraph that is wrapped to its column; `bar` in -1..1 draws a signed bar below it."""

    text: str
    size_mm: float = 3.0
    bold: bool = False
    tone: Tone = "text"
    gap_mm: float = 0.6
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """Paragraphs from (x, y) downwards; what does not fit goes on, on a further sheet."""

    x_mm: float
    y_mm: float
    width_mm: float
    runs: tuple[TextRun, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture (PNG) with its upper left corner at (x, y), scaled into a box."""

    content: bytes
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One sheet; the page's upper left corner lies at (page_x_mm, page_y_mm).

    `heading` stands on this sheet and on every further one that its columns need, so that no sheet is without a
    patient; there the columns go on at `body_mm`.
    """

    columns: tuple[Column, ...]
    heading: tuple[Column, ...] = ()
    body_mm: float = 15.0
    page: Page | None = None
    page_x_mm: float = 0.0
    page_y_mm: float = 0.0
    overlay: Overlay | None = None
    footer: str = ""
    pictures: tuple[Picture, ...] = ()
    size_mm: tuple[float, float] = A4_LANDSCAPE
