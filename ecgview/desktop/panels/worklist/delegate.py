"""How a record of the worklist is drawn: name and state, a mini-trace, then patient and recording."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.worklist.words import is_synthetic, state_words, what, who
from ecgview.desktop.state.neutral_names import NO_NUMBER
from ecgview.desktop.state.thumbnails import Thumbnail, Thumbnails
from ecgview.desktop.state.worklist import WorklistItem

_ROW_PX = 50
_TRACE_PX = 40  # 2 mV
_MV_PX = _TRACE_PX / 2
_S_PX = 2.5 * _MV_PX  # the proportions of paper at 25 mm/s and 10 mm/mV
_LEAD_PX = 20
_STATE_TONE = {"in_reading": "warning", "read": "accent", "confirmed": "ok", "amended": "ok"}
_LEFT = Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def row_px(thumbnails: Thumbnails) -> int:
    """Return the height of every row."""
    return _ROW_PX + (_TRACE_PX if thumbnails.is_on else 0)


class WorklistDelegate(QStyledItemDelegate):
    """Two lines per record, and a trace between them; the state is a word, never a colour alone."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of every row."""
        return QSize(200, row_px(self._thumbnails))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one record."""
        place: Any = option  # the binding's stubs leave out what a style option holds
        view: QWidget = place.widget
        item: WorklistItem = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, view, QRectF(place.rect), place.state)
        area = QRectF(place.rect).adjusted(10, 5, -6, -5)
        line = (_ROW_PX - 10) / 2
        upper = QRectF(area.left(), area.top(), area.width(), line)
        lower = QRectF(area.left(), area.bottom() - line, area.width(), line)
        picture = self._picture(index)
        _paint_name(painter, view, upper, item)
        if picture is not None:
            middle = QRectF(area.left(), upper.bottom(), area.width(), lower.top() - upper.bottom())
            _paint_trace(painter, view, middle, picture)
        synthetic = is_synthetic(item) or (picture is not None and picture.trace.synthetic)
        synthetic = synthetic and not item.problem  # the row says what is wrong, and has no room for both
        _paint_details(painter, view, lower, item, synthetic)
        painter.restore()

    def _picture(self, index: QModelIndex | QPersistentModelIndex) -> Thumbnail | None:
        model: Any = index.model()  # the row drawn may be without its path
        return self._thumbnails.of(model.item(index).path) if self._thumbnails.is_on else None


def _paint_ground(painter: QPainter, view: QWidget, rect: QRectF, state: QStyle.StateFlag) -> None:
    selected = bool(state & QStyle.StateFlag.State_Selected)
    if selected or state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(rect, tokens.colour(view, "info_ground" if selected else "surface"))
    if selected:
        painter.fillRect(QRectF(rect.left(), rect.top(), 3, rect.height()), tokens.colour(view, "accent"))
    elif state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(tokens.colour(view, "accent"))
        painter.drawRect(rect.adjusted(0.5, 0.5, -1.5, -1.5))
    painter.fillRect(
        QRectF(rect.left() + 12, rect.bottom() - 1, rect.width() - 22, 1), tokens.colour(view, "line")
    )


def _paint_name(painter: QPainter, view: QWidget, area: QRectF, item: WorklistItem) -> None:
    tone = _STATE_TONE.get(item.state, "faint")
    width = _paint_chip(painter, view, area, state_words(item), tone)
    painter.setFont(tokens.font(view.font(), "strong"))
    painter.setPen(tokens.colour(view, "text"))
    metrics = QFontMetricsF(painter.font())
    room = area.width() - width
    name = item.name
    if metrics.horizontalAdvance(name) > room:
        name = name.replace(f"{NO_NUMBER} ", "No. ")  # a number is never cut
    painter.drawText(area, _LEFT, metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room))


def _paint_trace(painter: QPainter, view: QWidget, area: QRectF, picture: Thumbnail) -> None:
    trace = picture.trace
    painter.setFont(tokens.font(view.font(), "caption"))
    painter.setPen(tokens.colour(view, "faint"))
    metrics = QFontMetricsF(painter.font())
    name = trace.reason or metrics.elidedText(trace.lead, Qt.TextElideMode.ElideRight, area.width() / 3)
    painter.drawText(area, _LEFT, name)
    strip = area.adjusted(max(_LEAD_PX, metrics.horizontalAdvance(name) + 5), 0, 0, 0)
    pen = QPen(tokens.colour(view, "text"), 1.0)
    pen.setCosmetic(True)  # as thin on every scale
    painter.save()
    painter.setClipRect(strip)
    painter.translate(strip.left(), strip.center().y() + trace.middle_mv * _MV_PX)
    painter.scale(_S_PX, -_MV_PX)
    painter.setPen(pen)
    for line in picture.lines:
        painter.drawPolyline(line)
    painter.restore()


def _paint_details(
    painter: QPainter, view: QWidget, area: QRectF, item: WorklistItem, synthetic: bool
) -> None:
    painter.setFont(tokens.font(view.font(), "caption"))
    metrics = QFontMetricsF(painter.font())
    left = QRectF(area)
    if synthetic:
        left.setLeft(left.left() + _paint_tag(painter, view, area, "synthetic"))
    patient, details = who(item), what(item)
    shorter = [details, details.split(" · ")[0], ""]  # the patient goes before rate and duration
    fits = (one for one in shorter if metrics.horizontalAdvance(patient + one) + 8 <= left.width())
    details = details if item.problem else next(fits, "")
    used = metrics.horizontalAdvance(details) + 8 if details else 0.0
    painter.setPen(tokens.colour(view, "error" if item.problem else "secondary"))
    painter.drawText(area, _RIGHT, details)
    painter.setPen(tokens.colour(view, "secondary"))
    room = max(area.right() - used - left.left(), 0.0)
    painter.drawText(left, _LEFT, metrics.elidedText(patient, Qt.TextElideMode.ElideRight, room))


def _paint_chip(painter: QPainter, view: QWidget, area: QRectF, text: str, tone: str) -> float:
    """Paint a word in a rounded outline at the right; returns the width it takes up."""
    painter.setFont(tokens.font(view.font(), "caption"))
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 14
    chip = QRectF(area.right() - width, area.center().y() - 8.5, width, 17)
    painter.setPen(tokens.colour(view, tone))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
    return width + 8


def _paint_tag(painter: QPainter, view: QWidget, area: QRectF, text: str) -> float:
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 10
    tag = QRectF(area.left(), area.center().y() - 8, width, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.colour(view, "track"))
    painter.drawRoundedRect(tag, 3, 3)
    painter.setPen(tokens.colour(view, "text"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
    return width + 7
