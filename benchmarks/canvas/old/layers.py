"""The painted layers of the canvas: paper with traces beneath, the overlay above."""

from __future__ import annotations

from dataclasses import dataclass, replace

from old import gestures, painter
from old.picture import Picture, is_moderate
from old.tiles import Square
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter

from ecgview.desktop.state.workspace import Workspace
from ecgview.overlay import Overlay, Span
from ecgview.paper.page import Page
from ecgview.paper.palette import PALETTES, Palette
from ecgview.review.annotation import to_overlay

_NOTHING = Overlay()


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A page laid out for one scale, and its picture where it is of moderate size."""

    page: Page
    px_per_mm: float
    size: QSize  # logical px
    ratio: float
    image: QImage | None

    @property
    def bare(self) -> Drawn:
        """The page without its picture, which is painted anew then."""
        return replace(self, image=None)


def draw_page(page: Page, colours: Palette, px_per_mm: float, ratio: float) -> Drawn:
    """Paint a page into an image; may run in a worker, since an image belongs to no thread."""
    size = page_size(page, px_per_mm)
    if not is_moderate(size, ratio):
        return Drawn(page, px_per_mm, size, ratio, None)
    image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    with QPainter(image) as brush:
        painter.paint_page(brush, page, colours, px_per_mm=px_per_mm)
    return Drawn(page, px_per_mm, size, ratio, image)


def page_size(page: Page, px_per_mm: float) -> QSize:
    """Return a page's size in logical px."""
    return QSize(round(page.width_mm * px_per_mm), round(page.height_mm * px_per_mm))


class Layers:
    """Pictures of one page, made anew only when what they show has changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._page: Page | None = None
        self._scale = 1.0
        self._paper = Picture(self._paint_paper)
        self._above = Picture(self._paint_overlay)
        self._overlay: Overlay | None = None
        self._missing: list[tuple[Picture, Square]] = []

    def set_page(self, drawn: Drawn) -> None:
        """Show another page, with its picture where it was painted already."""
        self._page, self._scale = drawn.page, drawn.px_per_mm
        self.forget()
        if drawn.image is not None:
            self._paper.adopt(drawn.image, drawn.size, drawn.ratio)

    def drop(self) -> None:
        """Show no page."""
        self._page = None
        self._missing = []
        self.forget()

    def forget(self) -> None:
        """Draw everything anew when it is next needed."""
        self._paper.forget()
        self.forget_overlay()

    def forget_overlay(self) -> None:
        """Gather and draw the overlay anew."""
        self._overlay = None
        self._above.forget()

    def sharpen(self, px_per_mm: float, size: QSize, ratio: float) -> None:
        """Draw at this scale from now on; a page of moderate size is drawn at once."""
        self._scale = px_per_mm
        for layer in (self._paper, self._above):
            layer.rescale(size, ratio)
        self._paper.prepare()

    def draw(self, brush: QPainter, size: QSize, seen: QRect) -> bool:
        """Draw what is seen (page px) of a page of this size; returns whether everything was there."""
        self._missing = [(self._paper, square) for square in self._paper.draw(brush, size, seen)]
        if self.overlay is not _NOTHING:
            self._above.prepare()
            self._missing += [(self._above, square) for square in self._above.draw(brush, size, seen)]
        return not self._missing

    def make_one(self) -> None:
        """Make one square that was missing when it was last drawn."""
        if self._missing:
            layer, square = self._missing.pop(0)
            layer.make(square)

    @property
    def overlay(self) -> Overlay:
        """Everything that lies over the trace now: the reader's marks, the mask, an explanation."""
        if self._overlay is None:
            self._overlay = gather(self._workspace)
        return self._overlay

    def _paint_paper(self, brush: QPainter) -> None:
        if self._page is not None:
            painter.paint_page(brush, self._page, self.palette(), px_per_mm=self._scale)

    def _paint_overlay(self, brush: QPainter) -> None:
        if self._page is not None:
            painter.paint_overlay(
                brush, self._page, self.palette(), px_per_mm=self._scale, overlay=self.overlay
            )

    def palette(self) -> Palette:
        """Return the colours of the paper in this theme."""
        is_dark = self._workspace.paper.theme == "dark"
        return PALETTES["dark" if is_dark else self._workspace.settings.text("paper.palette")]


def gather(workspace: Workspace) -> Overlay:
    """Return the reader's marks, what an explanation draws, and the mask of now; `_NOTHING` if nothing."""
    session, shown = workspace.reading.session, workspace.paper.overlay or _NOTHING
    marks = to_overlay(session.draft.annotations).spans if session is not None else ()
    spans = shown.spans
    if workspace.paper.view == "reconstruct":  # the mask under the hand, not that of the last answer
        answers = workspace.answers
        drawn = gestures.spans(answers.mask, answers.segments.seconds)
        hidden = tuple(Span(start, end, "masked") for start, end in drawn)
        spans = (*(span for span in spans if span.role != "masked"), *hidden)
    whole = replace(shown, spans=(*spans, *marks))
    return whole if whole.spans or whole.curves or whole.bars else _NOTHING
