"""The scene of the overview: one lead over the whole of a record, a time axis, marks, and the region that is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ecgview.desktop.canvas.envelope import Envelope
from ecgview.desktop.theme import Colours
from ecgview.paper import time_span
from ecgview.record import EcgRecord

AXIS_PX, TEXT_PX = 22, 11
EDGE_PX = 26  # so that the words of the first and the last tick stand whole
BETWEEN_TICKS_PX = 96
TICKS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
GRAB_PX = 6.0  # around a region that may be narrower than a pixel
NOTCH = 120  # eighths of a degree: one step of a wheel
STEP = 0.2  # of what is seen, by an arrow key or a notch of the wheel
MARK_SHARE = 0.22  # of the height
_STEPS = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP, Qt.Key.Key_PageUp: -1.0, Qt.Key.Key_PageDown: 1.0}
_ENDS = {Qt.Key.Key_Home: -np.inf, Qt.Key.Key_End: np.inf}


class TimeAxis(pg.AxisItem):
    """Time since the start of the record, in the words that the paper has for it."""

    def __init__(self) -> None:
        super().__init__("bottom", maxTickLength=3)
        font = QFont()
        font.setPixelSize(TEXT_PX)
        self.setStyle(
            tickFont=font, tickTextOffset=2, autoExpandTextSpace=False, hideOverlappingLabels=EDGE_PX
        )  # the number says how far words may reach beyond the axis
        self.setHeight(AXIS_PX)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Return the one step in s at which ticks are far enough apart for their words."""
        least = (maxVal - minVal) * BETWEEN_TICKS_PX / max(1.0, size)
        days = 86400.0 * np.ceil(least / 86400.0)
        return [(next((step for step in TICKS_S if step >= least), days), 0.0)]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:
        """Return "30 s", "1 h 30 min"."""
        return [time_span.words(value, whole=value >= 60.0) for value in values]


class TimeStrip(pg.GraphicsView):
    """Time in s from left to right; pressed, dragged, wheeled or by keys it asks for another place.

    Signals:
        moved_to: float, where what is seen is to begin, s; may lie outside the record.
        stepped: float, how many times the length of what is seen it is to go on; infinite for the ends.
    """

    moved_to = Signal(float)
    stepped = Signal(float)

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._record: EcgRecord | None = None
        self._envelope: Envelope | None = None
        self.painted: EcgRecord | None = None  # the record that the last picture told of
        self._held: float | None = None  # s between the start of the region and the hand
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.axis = TimeAxis()
        self.axis.linkToView(self.box)
        grid = pg.GraphicsLayout()
        grid.setContentsMargins(EDGE_PX, 4, EDGE_PX, 0)
        grid.setSpacing(0)
        grid.addItem(self.box, 0, 0)
        grid.addItem(self.axis, 1, 0)
        self.setCentralItem(grid)
        self.curve = pg.PlotCurveItem(connect="finite")
        self.marks = pg.PlotCurveItem(connect="pairs")
        self.region = pg.LinearRegionItem((0.0, 1.0), movable=False)
        for item in (self.curve, self.marks, self.region):
            self.box.addItem(item, ignoreBounds=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Overview of the whole record")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(
            "The whole record. Click, drag, or use the arrow keys, Page Up, Page Down, Home and End."
        )
        self.recolour(colours)

    @property
    def envelope(self) -> Envelope | None:
        """What is drawn of the record; None until it is made."""
        return self._envelope

    # ---- what is shown -------------------------------------------------------------------------------

    def show_record(self, record: EcgRecord | None) -> None:
        """Show the time of a record, and nothing of the one before."""
        self._record, self._held = record, None
        self.show_envelope(None)
        self.show_marks(())
        if record is not None:
            self.box.setXRange(0.0, record.seconds, padding=0.0)

    def show_envelope(self, made: Envelope | None) -> None:
        """Draw the lead, or none."""
        self._envelope = made
        if made is None:
            self.curve.clear()
        else:
            self.curve.setData(made.times_s, made.millivolts)
            self.box.setYRange(*made.range_mv, padding=0.0)
        self.viewport().update()  # a scene would tell its view one turn of the event loop too late

    def show_region(self, start_s: float, end_s: float) -> None:
        """Say what is seen."""
        self.region.setRegion((start_s, end_s))
        self.viewport().update()

    def show_marks(self, times_s: Sequence[float]) -> None:
        """Put a small line where each mark begins."""
        low, high = self.box.viewRange()[1]
        ends = np.tile([low, low + MARK_SHARE * (high - low)], len(times_s))
        self.marks.setData(np.repeat(np.asarray(times_s, dtype=np.float64), 2), ends)

    def recolour(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        self._colours = colours
        self.setBackground(colours.window)
        self.curve.setPen(pg.mkPen(colours.muted, width=1))
        self.marks.setPen(pg.mkPen(colours.annotation, width=2))
        self.axis.setPen(pg.mkPen(colours.line))
        self.axis.setTextPen(pg.mkPen(colours.muted))
        self._show_focus()

    def _show_focus(self) -> None:
        fill = QColor(self._colours.accent)
        fill.setAlpha(110 if self.hasFocus() else 60)
        self.region.setBrush(fill)
        for line in self.region.lines:
            line.setPen(pg.mkPen(self._colours.accent, width=3 if self.hasFocus() else 2))
        self.region.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, and take note of the record that the picture tells of."""
        super().paintEvent(event)
        self.painted = self._record

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is told any more."""
        self.painted = None
        super().hideEvent(event)

    # ---- the hand ------------------------------------------------------------------------------------

    def _time(self, at: QPointF) -> float:
        return float(self.box.mapSceneToView(self.mapToScene(at.toPoint())).x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the region up where it is pressed, else bring its middle here."""
        if event.button() != Qt.MouseButton.LeftButton or self._record is None:
            return
        start, end = self.region.getRegion()
        here, slack = self._time(event.position()), GRAB_PX * self.box.viewPixelSize()[0]
        if start - slack <= here <= end + slack:
            self._held = here - start
        else:
            self._held = (end - start) / 2
            self.moved_to.emit(self._tidy(here - self._held))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Bring the region along."""
        if self._held is not None:
            self.moved_to.emit(self._tidy(self._time(event.position()) - self._held))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a quick second press as a press."""
        self.mousePressEvent(event)

    def _tidy(self, time_s: float) -> float:
        """Return a time as exact as a hand can be: a pixel may stand for minutes."""
        return round(time_s, 0 if self.box.viewPixelSize()[0] > 0.5 else 1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move on by a part of what is seen."""
        delta = event.angleDelta()
        self.stepped.emit(-STEP * (delta.y() or delta.x()) / NOTCH)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Claim the keys that move in time before the window takes Page Down for the next record."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _step(event) is not None
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrows, a screen by Page Up and Page Down, to the ends by Home and End."""
        step = _step(event)
        if step is None:
            event.ignore()
        else:
            self.stepped.emit(step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keys come here."""
        super().focusInEvent(event)
        self._show_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that they go elsewhere."""
        super().focusOutEvent(event)
        self._show_focus()


def _step(event: QKeyEvent) -> float | None:
    """Return how many times the length of what is seen a key goes on; None for another key."""
    bare = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if bare != Qt.KeyboardModifier.NoModifier:
        return None
    return {**_STEPS, **_ENDS}.get(Qt.Key(event.key()))
