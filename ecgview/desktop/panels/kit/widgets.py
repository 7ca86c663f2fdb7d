"""Small widgets that the panels share: text, notices, rows of facts, buttons; all follow the palette."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ecgview.desktop.panels.kit import tokens

COMFORTABLE_PX = 280
_GROUND = {"warning": "warning_ground", "error": "error_ground", "accent": "info_ground"}


class Text(QLabel):
    """A paragraph, or one line, in one of the sizes and tones of `_tokens`.

    With `elide` it is one line, shortened at the right with the whole text as tooltip; with `wrap` off
    it is one line that is never shortened; otherwise it wraps.
    """

    def __init__(
        self,
        text: str = "",
        *,
        size: str = "body",
        tone: str = "text",
        bold: bool = False,
        elide: bool = False,
        wrap: bool = True,
    ) -> None:
        super().__init__(text)
        self._tone, self._elide = tone, elide
        self._heights: dict[int, int] = {}  # by width: a layout asks for them hundreds of times
        self._hint: QSize | None = None
        self._least: QSize | None = None
        self._wraps = wrap and not elide
        self.setTextFormat(Qt.TextFormat.PlainText)  # what a file says is never markup
        self.setFont(tokens.font(self.font(), size, bold=bold))
        policy = QSizePolicy(
            QSizePolicy.Policy.Ignored if elide else QSizePolicy.Policy.Preferred,
            QSizePolicy.Policy.Minimum if self._wraps else QSizePolicy.Policy.Fixed,
        )
        policy.setHeightForWidth(self._wraps)
        self.setSizePolicy(policy)

    def setText(self, text: str) -> None:
        """Say something else; nothing is laid out anew where it says so already."""
        if text != self.text():
            self._forget_sizes()
            super().setText(text)

    def set_tone(self, tone: str) -> None:
        """Change the tone of the text."""
        if tone != self._tone:
            self._tone = tone
            self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Measure the text anew in another font."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._forget_sizes()
        super().changeEvent(event)

    def _forget_sizes(self) -> None:
        self._heights, self._hint, self._least = {}, None, None

    def hasHeightForWidth(self) -> bool:
        """Return whether a narrower place makes the text taller."""
        return self._wraps

    def heightForWidth(self, width: int) -> int:
        """Return the height of the wrapped text."""
        found = self._heights.get(width)
        if found is None:
            bounds = self.fontMetrics().boundingRect(0, 0, max(width, 1), 10_000, self._flags(), self.text())
            found = self._heights[width] = max(bounds.height(), self.fontMetrics().height())
        return found

    def sizeHint(self) -> QSize:
        """Return the size of the text on one line, or wrapped at a comfortable width."""
        if self._hint is None:
            self._hint = self._sized()
        return self._hint

    def _sized(self) -> QSize:
        natural = self.fontMetrics().horizontalAdvance(self.text()) + 2
        width = min(natural, COMFORTABLE_PX) if self._wraps else natural
        return QSize(width, self.heightForWidth(width) if self._wraps else self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Let an elided or wrapped text shrink as far as it must."""
        if self._least is None:
            self._least = self._shrunk()
        return self._least

    def _shrunk(self) -> QSize:
        hint = self.sizeHint()
        if self._elide:
            return QSize(0, hint.height())
        if not self._wraps:
            return hint
        longest = max((self.fontMetrics().horizontalAdvance(word) for word in self.text().split()), default=0)
        return QSize(min(longest + 2, hint.width()), self.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the whole text where it does not fit, or take the height it needs."""
        super().resizeEvent(event)
        if self._elide:
            fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.width()
            self.setToolTip("" if fits else self.text())
        elif self._wraps and self.minimumHeight() != (needed := self.heightForWidth(self.width())):
            self.setMinimumHeight(needed)  # never squeezed below its own lines

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text in its tone, shortened where it is elided."""
        shown = self.text()
        if self._elide:
            shown = self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, self.width())
        with QPainter(self) as painter:
            painter.setPen(tokens.colour(self, self._tone))
            painter.drawText(self.contentsRect(), self._flags(), shown)

    def _flags(self) -> int:
        horizontal = self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask
        vertical = Qt.AlignmentFlag.AlignTop if self._wraps else Qt.AlignmentFlag.AlignVCenter
        return int((horizontal | vertical).value) | (
            int(Qt.TextFlag.TextWordWrap.value) if self._wraps else 0
        )


class Notice(QFrame):
    """A short message with a coloured edge: something the reader should know, or what to do next."""

    def __init__(self, text: str, tone: str = "warning", *, title: str = "") -> None:
        super().__init__()
        self._tone = tone
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_M, tokens.SPACE_S, tokens.SPACE_S, tokens.SPACE_S)
        column.setSpacing(2)
        if title:
            column.addWidget(Text(title, bold=True))
        self._text = Text(text, tone="text" if not title else "secondary")
        column.addWidget(self._text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def say(self, text: str) -> None:
        """Say something else in its place."""
        self._text.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the quiet surface with the coloured edge."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(self, _GROUND[self._tone]))
            painter.drawRoundedRect(QRectF(self.rect()), tokens.RADIUS, tokens.RADIUS)
            painter.setBrush(tokens.colour(self, self._tone))
            painter.drawRoundedRect(QRectF(0, 0, 3, self.height()), 1.5, 1.5)


class Rule(QWidget):
    """A thin line between two things."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), tokens.colour(self, "line"))


class Facts(QWidget):
    """Rows of a name and its value, names in one column; a row without value is left out."""

    def __init__(
        self, rows: Iterable[tuple[str, str]], *, name_width: int = 92, size: str = "caption"
    ) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.SPACE_M)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(0, name_width)
        grid.setColumnStretch(1, 1)
        for index, (name, value) in enumerate((name, value) for name, value in rows if value):
            grid.addWidget(Text(name, size=size, tone="secondary"), index, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Text(value, size=size), index, 1)


class Choice(QComboBox):
    """A box to choose from, as wide as its place."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self)


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def guard_wheel(widget: QWidget) -> None:
    """Let the wheel scroll the panel, and change this widget only while it has the focus."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))


def column(parent: QWidget | None = None, *, spacing: int = tokens.SPACE_S, margin: int = 0) -> QVBoxLayout:
    """Return a vertical layout with the panels' spacing."""
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    return made


def row(*items: QWidget | QLayout | int, spacing: int = tokens.SPACE_S) -> QHBoxLayout:
    """Return widgets in one row; an integer is a stretch."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    for item in items:
        if isinstance(item, int):
            made.addStretch(item)
        elif isinstance(item, QLayout):
            made.addLayout(item)
        else:
            made.addWidget(item)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout at once; nothing of it can be found in the window afterwards."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)
