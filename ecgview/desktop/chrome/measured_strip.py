"""The strip above the trace that every cart prints first: rate, PR, QRS, QT and QTc, axes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import SPACE
from ecgview.signal.measure import block
from ecgview.signal.measure.block import Entry

RIGHT = Qt.AlignmentFlag.AlignRight
BETWEEN_PX, WITHIN_PX, HEIGHT_PX = 18, 6, 26


class MeasuredStrip(QWidget):
    """One line of the open record; a click on a value shows where it was measured. Hidden without a record."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._entries: tuple[Entry, ...] = ()
        self._places: list[tuple[QRect, Entry]] = []
        self._said = ""
        self.setObjectName("measured_strip")
        self.setAccessibleName("Rate, intervals and axes")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        for signal in (workspace.ecg.opened, workspace.ecg.closed, workspace.ecg.measured):
            signal.connect(self._renew)
        workspace.measuring.changed.connect(self._renew)
        workspace.measuring.opened_changed.connect(self._renew)
        workspace.paper.theme_changed.connect(lambda _theme: self.update())
        self._renew()

    @property
    def text(self) -> str:
        """All that it says."""
        return self._said

    def _renew(self, _changed: object = None) -> None:
        workspace = self._workspace
        is_there = workspace.ecg.record is not None
        shown = workspace.ecg.measurements if workspace.measuring.is_open else None
        self._entries = block.of(shown or ()) if is_there else ()
        words = (" ".join((entry.title, entry.text, *entry.marks)) for entry in self._entries)
        said = "   ".join((*words, block.sources(self._entries))).strip()
        if is_there and not workspace.measuring.is_open:
            said = "Measurements are closed"
        elif is_there and workspace.ecg.measurements is None:
            said = "Measuring …"
        self._said = said
        self.setAccessibleDescription(said)
        self.setVisible(is_there)
        self.update()

    def sizeHint(self) -> QSize:
        """Return one line."""
        return QSize(400, HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the names quietly, the values clearly; what does not fit loses its words first, then its end."""
        colours = self._workspace.paper.colours
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.base))
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(colours.line))
            if not self._entries:
                painter.setPen(QColor(colours.muted))
                painter.drawText(self._line(), int(Qt.AlignmentFlag.AlignVCenter.value), self._said)
                return
            light, strong = QFont(self.font()), QFont(self.font())
            strong.setWeight(QFont.Weight.DemiBold)
            with_words = self._width(light, strong, with_words=True) <= self._line().width()
            self._places = []
            x = self._line().left()
            for entry in self._entries:
                begun = x
                width = QFontMetrics(light).horizontalAdvance(entry.title) + WITHIN_PX
                if x + width + QFontMetrics(strong).horizontalAdvance(entry.text) > self._line().right():
                    painter.setPen(QColor(colours.muted))  # half a number is another number
                    painter.drawText(
                        QRect(x, 0, 20, self.height() - 1), int(Qt.AlignmentFlag.AlignVCenter.value), "…"
                    )
                    break
                marks = f" {' '.join(entry.marks)}" if with_words and entry.marks else ""
                tone = colours.warning if entry.marks else colours.text
                for text, font, colour in (
                    (entry.title, light, colours.muted),
                    (entry.text + marks, strong, tone),
                ):
                    painter.setFont(font)
                    painter.setPen(QColor(colour))
                    width = QFontMetrics(font).horizontalAdvance(text)
                    place = QRect(x, 0, width + 2, self.height() - 1)
                    painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter.value), text)
                    x += width + WITHIN_PX
                self._places.append((QRect(begun, 0, x - begun, self.height()), entry))
                x += BETWEEN_PX - WITHIN_PX
            source, names = block.sources(self._entries), QFontMetrics(light)
            if x + names.horizontalAdvance(source) <= self._line().right():
                painter.setFont(light)
                painter.setPen(QColor(colours.muted))
                painter.drawText(self._line(), int((RIGHT | Qt.AlignmentFlag.AlignVCenter).value), source)

    def _line(self) -> QRect:
        return self.rect().adjusted(2 * SPACE, 0, -SPACE, -1)

    def _width(self, light: QFont, strong: QFont, *, with_words: bool) -> int:
        names, values = QFontMetrics(light), QFontMetrics(strong)
        total = -BETWEEN_PX
        for entry in self._entries:
            marks = f" {' '.join(entry.marks)}" if with_words and entry.marks else ""
            total += names.horizontalAdvance(entry.title) + WITHIN_PX
            total += values.horizontalAdvance(entry.text + marks) + BETWEEN_PX
        return total

    def _entry_at(self, at: QPoint) -> Entry | None:
        return next((entry for place, entry in self._places if place.contains(at)), None)

    def event(self, event: QEvent) -> bool:
        """Tell all of the value under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            entry = self._entry_at(event.pos())
            text = "\n\n".join(map(block.told, entry.values)) if entry is not None else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show where the value under the mouse was measured."""
        entry = self._entry_at(event.position().toPoint())
        item = None if entry is None else next((one for one in entry.values if one.where_s is not None), None)
        if item is not None:
            self._workspace.measuring.point_at(item)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show that a value can be clicked."""
        entry = self._entry_at(event.position().toPoint())
        can = entry is not None and any(one.where_s is not None for one in entry.values)
        self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)
