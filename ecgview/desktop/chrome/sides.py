"""The worklist at the left of the trace and the panels at its right: how wide they are, how they fold away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ecgview.desktop.theme import Colours

RAIL_PX = 8
_SHARES = (0.104, 0.184)  # of the window's width; with the rails they leave 70 % of 1600 px to the trace
_BOUNDS = ((166, 236), (294, 352))  # px: what each side needs, and what is enough for it


def widths(width: int) -> tuple[int, int, int]:
    """Return the widths of worklist, trace with its rails, and panels in a window of this width, logical px."""
    left, right = (
        min(max(round(width * share), least), most)
        for share, (least, most) in zip(_SHARES, _BOUNDS, strict=True)
    )
    return left, width - left - right, right


class FoldRail(QWidget):
    """A narrow strip beside the trace: a click folds the side next to it away, or brings it back."""

    def __init__(self, side: QWidget, what: str, *, at_left: bool, colours: Callable[[], Colours]) -> None:
        super().__init__()
        self._side, self._at_left, self._colours = side, at_left, colours
        self._is_under_mouse = False
        self.setFixedWidth(RAIL_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(f"Fold the {what} away, or bring them back")
        self.setAccessibleName(f"Fold the {what}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Fold or unfold where the button was let go over the rail."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._side.setVisible(self._side.isHidden())
            self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be clicked."""
        self._is_under_mouse = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Be quiet again."""
        self._is_under_mouse = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw an arrow that points where the side would go."""
        colours = self._colours()
        points_left = self._at_left != self._side.isHidden()
        middle, reach = QPointF(self.rect().center()) + QPointF(0.5, 0.5), -1.75 if points_left else 1.75
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.hover if self._is_under_mouse else colours.window))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.accent if self._is_under_mouse else colours.muted), 1.5))
            tip = middle + QPointF(reach, 0)
            painter.drawPolyline([middle + QPointF(-reach, -4), tip, middle + QPointF(-reach, 4)])
