"""A printed sheet in millimetres: a calibrated page with lines of text, tables and pictures around it."""

from dataclasses import dataclass
from typing import Literal

from ecgview.overlay import Overlay
from ecgview.paper.page import Page

A4_LANDSCAPE = (297.0, 210.0)

Tone = Literal["text", "faint", "caution"]
Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class TextRun:
    """A paragraph that is wrapped to where it stands; `bar` in -1..1 draws a signed bar below it.

    `with_next` keeps a heading beside the first line of what it heads.
    """

    text: str
    size_mm: float = 3.0
    bold: bool = False
    tone: Tone = "text"
    gap_mm: float = 0.6
    bar: float | None = None
    with_next: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text that is not broken again; its baseline begins, or ends, at (x, y)."""

    text: str
    x_mm: float
    y_mm: float
    size_mm: float = 3.0
    bold: bool = False
    tone: Tone = "text"
    side: Side = "left"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A thin straight line between parts of the sheet."""

    x0_mm: float
    y0_mm: float
    x1_mm: float
    y1_mm: float


@dataclass(frozen=True, slots=True)
class Block:
    """A filled bar of a chart; `role` names its colour in the palette."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    role: str


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
    """One sheet, everything placed; the page's upper left corner lies at (page_x_mm, page_y_mm)."""

    lines: tuple[Line, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    blocks: tuple[Block, ...] = ()
    page: Page | None = None
    page_x_mm: float = 0.0
    page_y_mm: float = 0.0
    overlay: Overlay | None = None
    pictures: tuple[Picture, ...] = ()
    size_mm: tuple[float, float] = A4_LANDSCAPE
