"""Files and folders dropped on the window: a hint while they hover, opened when they are let go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ecgview.desktop.theme import SPACE, Colours
from ecgview.errors import FormatError


class DropHint(QWidget):
    """Lies over what the window shows while something is dragged across it; takes no event itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Where files can be dropped")
        self.text = ""
        self._colours: Colours | None = None
        self.hide()

    def show_over(self, place: QWidget, urls: Sequence[QUrl], colours: Colours) -> None:
        """Cover a widget of the same window and say what letting go would do; names stay unsaid."""
        self._colours = colours
        self.text = hint_text(urls)
        self.setGeometry(QRect(place.mapTo(place.window(), QPoint(0, 0)), place.size()))
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Veil what is below, with a frame and the words."""
        if self._colours is None:
            return
        veil, accent = QColor(self._colours.base), QColor(self._colours.accent)
        veil.setAlpha(225)
        frame = QRectF(self.rect()).adjusted(2 * SPACE, 2 * SPACE, -2 * SPACE, -2 * SPACE)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), veil)
            painter.setPen(QPen(accent, 2, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(frame, SPACE, SPACE)
            for words, size, bold, above in _lines(self.text):
                font = QFont(painter.font())
                font.setPixelSize(size)
                font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
                painter.setFont(font)
                painter.setPen(QColor(self._colours.text if bold else self._colours.muted))
                painter.drawText(frame.translated(0, above), Qt.AlignmentFlag.AlignCenter, words)


def claim(window: QWidget) -> None:
    """Let a drop reach the window wherever it falls: a text field would take a file's path as text (P2)."""
    for part in window.findChildren(QWidget):
        if part.acceptDrops():
            part.setAcceptDrops(False)


def local_paths(urls: Sequence[QUrl]) -> list[Path]:
    """Return the files and folders among what was dropped.

    Raises:
        FormatError: there is none; a link to the web is not followed, since nothing here uses a network (P3).
    """
    found = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    if not found:
        kinds = ", ".join(sorted({url.scheme() for url in urls if url.scheme()}))
        raise FormatError(
            "what was dropped is no file of this computer",
            expected="files, folders, .zip or .tar archives",
            found=f"a link ({kinds})" if kinds else "a link",
        )
    return found


def hint_text(urls: Sequence[QUrl]) -> str:
    """Return what letting go would do."""
    count = sum(url.isLocalFile() for url in urls)
    if not count:
        return "This cannot be opened"
    return "Drop to open" if count == 1 else f"Drop to open {count} files or folders"


def _lines(text: str) -> tuple[tuple[str, int, bool, int], ...]:
    """Return the words with size in px, weight and place relative to the middle."""
    known = "ECG files, folders, and .zip or .tar archives of ECGs become the worklist."
    return (text, 20, True, -2 * SPACE), (known, 14, False, 2 * SPACE)
