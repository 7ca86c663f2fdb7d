"""The caliper on the paper: two lines on the samples, a bar between them, the reading beside it; one painted item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QStyleOptionGraphicsItem,
    QWidget,
)

from ecgview.desktop.canvas.caliper import Caliper
from ecgview.desktop.canvas.item_on_paper import HeldItem, in_px
from ecgview.desktop.canvas.span_item import row_at, seconds_along
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page, TracePath
from ecgview.record import EcgRecord

PAD_PX = 5
NEAR_PX = 6.0  # how far from a line it can still be taken up; a hand's aim, not a measure
PLATE_PX = 13
EDGE_PX = 2.0  # of paper about the plate
RING_PX = 4.0  # about the plate that has the keys
DOT_PX = 3.0
CAPITALS = 0.72  # of a font's size, so high is the name of a lead
ABOVE, BELOW = 0.5, 0.42  # of a row: how far the lines go above and below the baseline

Handle = Literal["first", "second", "span"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the caliper stands on one trace, mm: its ends on the line of the trace, and its height."""

    ends: tuple[QPointF, QPointF]
    top: float
    bottom: float

    @property
    def left(self) -> float:
        return min(end.x() for end in self.ends)

    @property
    def right(self) -> float:
        return max(end.x() for end in self.ends)


class CaliperItem(HeldItem):
    """One caliper, in mm of the page, on every trace of its lead where both ends are shown.

    The canvas hands it what mouse and keys do; what it measures is a `Caliper`. The plate with the reading has the same
    size at every zoom and stays on the part of the paper that is seen.

    Signals:
        changed: Caliper, while it is moved.
        released: Caliper, what it was before the hand took it up; told once the hand lets go of it moved.
    """

    changed = Signal(object)
    released = Signal(object)

    def __init__(self, page: Page, record: EcgRecord, caliper: Caliper, colours: Colours) -> None:
        super().__init__()
        self._page, self._record, self._caliper, self._colours = page, record, caliper, colours
        self._seen, self._scale = QRectF(0, 0, page.width_mm, page.height_mm), 4.0
        self._taken: tuple[Handle, Caliper, TracePath, float] | None = None
        self._places: tuple[_Place, ...] = ()
        self._plates: tuple[QRectF, ...] = ()  # mm
        self._avoided: tuple[QRectF, ...] = ()  # mm, where other plates stand
        self._font = QFont()
        self._font.setPixelSize(PLATE_PX)
        self._font.setWeight(QFont.Weight.DemiBold)
        self._metrics = QFontMetricsF(self._font)
        self.is_active = True
        self._place()

    # ---- what it shows -------------------------------------------------------------------------------

    @property
    def caliper(self) -> Caliper:
        """What is measured."""
        return self._caliper

    @property
    def name(self) -> str:
        """It in words, for the tool tip and for screen readers."""
        first, second = self._caliper.seconds(self._record)
        end = "first" if self._caliper.active == 0 else "second"
        text = self._caliper.text(self._record)
        return f"Caliper on {self._caliper.lead}, {first:.3f} s to {second:.3f} s: {text}; the keys move its {end} end"

    @property
    def is_shown(self) -> bool:
        """Whether both ends are on the page."""
        return bool(self._places)

    def show_caliper(self, caliper: Caliper) -> None:
        """Measure something else."""
        self._caliper = caliper
        self._place()

    def show_page(self, page: Page, record: EcgRecord, colours: Colours) -> None:
        """Stand on another page of the same record, or in other colours."""
        self._page, self._record, self._colours = page, record, colours
        self._place()

    def show_view(self, seen: QRectF, px_per_mm: float) -> None:
        """Follow zoom and place: the plate keeps its size and stays in the part of the paper that is seen, mm."""
        if (seen, px_per_mm) == (self._seen, self._scale):
            return
        self._seen, self._scale = QRectF(seen), px_per_mm
        self._place()

    @property
    def plates(self) -> tuple[QRectF, ...]:
        """Where its reading stands, mm; once for each trace that it is drawn on."""
        return self._plates

    def avoid(self, plates: tuple[QRectF, ...]) -> None:
        """Let the reading stand clear of those of other calipers, mm."""
        if plates != self._avoided:
            self._avoided = plates
            self._place()

    def set_active(self, on: bool) -> None:
        """Be the caliper that the keys move, on top of the others, or one of the others."""
        if on != self.is_active:
            self.is_active = on
            self.setZValue(31 if on else 30)
            self.update()

    def _place(self) -> None:
        self.prepareGeometryChange()
        times = self._caliper.seconds(self._record)
        self._places = tuple(
            _Place(
                (_drawn_point(trace, times[0]), _drawn_point(trace, times[1])),
                trace.baseline_mm - ABOVE * trace.row_mm,
                trace.baseline_mm + BELOW * trace.row_mm,
            )
            for trace in self._page.traces
            if trace.lead == self._caliper.lead
            and all(trace.start_s - 1e-6 <= time <= trace.end_s + 1e-6 for time in times)
        )
        text = self._caliper.text(self._record)
        size = (self._metrics.horizontalAdvance(text) + 2 * PAD_PX, self._metrics.height() + PAD_PX)
        self._plates = tuple(
            self._plate(place, size[0] / self._scale, size[1] / self._scale) for place in self._places
        )
        near, path, bounds = NEAR_PX / self._scale, QPainterPath(), QRectF()
        path.setFillRule(Qt.FillRule.WindingFill)
        for place, plate in zip(self._places, self._plates, strict=True):
            for end in place.ends:
                path.addRect(end.x() - near, place.top, 2 * near, place.bottom - place.top)
            path.addRect(place.left, place.top - near, place.right - place.left, 2 * near)
            path.addRect(plate)
        if self._places:
            more = (
                DOT_PX + 3
            ) / self._scale  # the focus ring, and the dot of an end on a peak beyond its row
            tall = [end.y() for place in self._places for end in place.ends]
            bounds = path.boundingRect()
            bounds = bounds.united(QRectF(bounds.left(), min(tall), bounds.width(), max(tall) - min(tall)))
            bounds = bounds.adjusted(-more, -more, more, more)
        self._shape, self._bounds = path, bounds
        self.setToolTip(self.name)
        self.update()

    def _plate(self, place: _Place, width: float, height: float) -> QRectF:
        """Return where the reading stands, mm: above the bar, inside the paper and the part of it that is seen."""
        edge = EDGE_PX / self._scale
        room = QRectF(0, 0, self._page.width_mm, self._page.height_mm)
        if self._seen.intersects(
            QRectF(place.left, place.top, place.right - place.left + 0.01, place.bottom - place.top)
        ):
            room = room.intersected(self._seen)
        room = room.adjusted(edge, edge, -edge, -edge)
        x = (place.left + place.right) / 2 - width / 2
        y = place.top - height - 3 / self._scale
        x = min(max(x, room.left()), max(room.left(), room.right() - width))
        for text in self._page.texts:  # it stands above the names of leads, not on them
            name_top = text.y_mm - CAPITALS * text.size_mm - RING_PX / self._scale
            right = text.x_mm + 0.8 * text.size_mm * len(text.text)
            is_beneath = text.x_mm < x + width and right > x and y < text.y_mm < y + 2 * height
            if text.role == "lead" and is_beneath:
                y = min(y, name_top - height)
        y = min(max(y, room.top()), max(room.top(), room.bottom() - height))
        ring = RING_PX / self._scale
        for text in self._page.texts:  # in the first row there is no room above: it stands beside the name
            right = text.x_mm + 0.8 * text.size_mm * len(text.text)
            is_level = text.y_mm - CAPITALS * text.size_mm < y + height + ring and text.y_mm > y - ring
            if text.role == "lead" and is_level and text.x_mm < x + width + ring and right > x - ring:
                aside = right + ring
                x = aside if aside + width <= room.right() else max(room.left(), text.x_mm - ring - width)
        plate = QRectF(x, y, width, height)
        up = y - (height + edge) * len(self._avoided) >= room.top()
        for _ in self._avoided:
            if not any(plate.intersects(other) for other in self._avoided):
                break
            plate.translate(0, -(height + edge) if up else height + edge)
        return plate

    # ---- Qt ------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw it in px of the screen: lines and text have one width at every zoom."""
        with in_px(painter) as world:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = QColor(self._colours.caliper)
            text = self._caliper.text(self._record)
            for place, plate in zip(self._places, self._plates, strict=True):
                ends = [world.map(end) for end in place.ends]
                top = world.map(QPointF(0, place.top)).y()
                bottom = world.map(QPointF(0, place.bottom)).y()
                for index, end in enumerate(ends):
                    is_active = self.is_active and index == self._caliper.active
                    painter.setPen(QPen(colour, 1.8 if is_active else 1.0))
                    painter.drawLine(QPointF(end.x(), top), QPointF(end.x(), bottom))
                    painter.setBrush(colour if is_active else Qt.BrushStyle.NoBrush)
                    painter.drawEllipse(end, DOT_PX, DOT_PX)
                painter.setPen(QPen(colour, 1.0))
                painter.drawLine(QPointF(ends[0].x(), top), QPointF(ends[1].x(), top))
                self._paint_plate(painter, world.mapRect(plate), text)

    def _paint_plate(self, painter: QPainter, plate: QRectF, text: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.caliper))
        painter.drawRoundedRect(plate, 4, 4)
        if self.hasFocus():  # a ring with a gap of the plate's own ground: seen on paper of every colour
            painter.setPen(QPen(QColor(self._colours.text), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(plate.adjusted(-2, -2, 2, 2), 5, 5)
        painter.setFont(self._font)
        painter.setPen(QColor(self._colours.on_accent))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    # ---- the hand ------------------------------------------------------------------------------------

    def handle_at(self, at: QPointF) -> Handle | None:
        """Return what a press at a place of the page (mm) takes up: the nearer line, else bar or plate."""
        near = NEAR_PX / self._scale
        for place, plate in zip(self._places, self._plates, strict=True):
            if plate.contains(at):
                return "span"
            if not place.top - near <= at.y() <= place.bottom + near:
                continue
            away = [abs(end.x() - at.x()) for end in place.ends]
            if min(away) <= near:
                if away[0] == away[1]:
                    return "first" if self._caliper.active == 0 else "second"
                return "first" if away[0] < away[1] else "second"
            if place.left <= at.x() <= place.right and abs(at.y() - place.top) <= near:
                return "span"
        return None

    def take(self, at: QPointF, handle: Handle | None = None) -> bool:
        """Take it up at a place of the page, mm; returns whether there is something to take."""
        handle = handle or self.handle_at(at)
        row = row_at(self._page, at, self._caliper.lead)
        if handle is None or row is None:
            return False
        if handle != "span":
            self._caliper = replace(self._caliper, active=0 if handle == "first" else 1)
        self._taken = (handle, self._caliper, row, seconds_along(row, at, ()))
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._place()
        self.changed.emit(self._caliper)
        return True

    def drag_to(self, at: QPointF, *, snaps: bool = False) -> None:
        """Follow the hand to a place of the page, mm; `snaps` holds the end at the peak of the wave there."""
        if self._taken is None:
            return
        handle, before, row, from_s = self._taken
        same = [trace for trace in self._page.traces if trace.lead == row.lead]
        seconds = seconds_along(row, at, same)
        if handle == "span":
            by = round((seconds - from_s) * self._record.sampling_rate_hz)
            caliper = before.shifted(self._record, by)
        else:
            caliper = replace(before, active=self._caliper.active).moved_to(self._record, seconds)
            caliper = caliper.snapped(self._record) if snaps else caliper
        if caliper != self._caliper:
            self.show_caliper(caliper)
            self.changed.emit(caliper)

    def let_go(self) -> None:
        """End the drag."""
        taken, self._taken = self._taken, None
        if taken is not None and taken[1].ends != self._caliper.ends:
            self.released.emit(taken[1])

    def drop(self) -> None:
        """End the drag as if it had not been."""
        taken, self._taken = self._taken, None
        if taken is not None:
            self.show_caliper(taken[1])
            self.changed.emit(taken[1])


def _drawn_point(trace: TracePath, seconds: float) -> QPointF:
    """Return where the sample nearest to a time is drawn, mm; on the baseline in a gap."""
    x_mm = trace.x0_mm + (seconds - trace.start_s) * trace.mm_per_s
    index = min(
        max(round((x_mm - trace.x_mm[0]) / trace.mm_per_s * trace.sampling_rate_hz), 0), len(trace.y_mm) - 1
    )
    y_mm = float(trace.y_mm[index])
    return QPointF(x_mm, y_mm if y_mm == y_mm else trace.baseline_mm)
