"""Where the window comes up: as it was left, never larger than the screen, and alone with the trace in full screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, QSettings, QSize, Qt
from PySide6.QtWidgets import QMainWindow, QWidget

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

USUAL = QSize(1600, 1000)  # logical px
SMALLEST = QSize(960, 640)
TITLE_BAR_PX = 40  # what a window manager adds above, before anybody can know it
_GEOMETRY, _FOLDED = "geometry", "folded"


def within(wanted: QRect, available: QRect) -> QRect:
    """Return a window's place moved and cut so that all of it, with its title bar, lies on the screen."""
    room = available.adjusted(0, TITLE_BAR_PX, 0, 0)
    place = QRect(wanted.topLeft(), wanted.size().boundedTo(room.size()))
    place.moveLeft(min(max(place.left(), room.left()), room.right() - place.width() + 1))
    place.moveTop(min(max(place.top(), room.top()), room.bottom() - place.height() + 1))
    return place


def limit(window: QMainWindow) -> None:
    """Let the window be small enough for its screen."""
    room = window.screen().availableGeometry().adjusted(0, TITLE_BAR_PX, 0, 0).size()
    window.setMinimumSize(SMALLEST.boundedTo(room))


def restore(window: Frame) -> None:
    """Bring the window up where and as large as it was left; maximised where its usual size finds no room."""
    kept = QSettings("ecgview", "ecgview")
    geometry = kept.value(_GEOMETRY)
    limit(window)
    if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
        window.resize(USUAL)
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)
    available = window.screen().availableGeometry()
    wanted = window.geometry()
    place = within(wanted, available)
    window.setGeometry(place)
    if place.size() != wanted.size():
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
        window.set_sides(available.width())
    else:
        window.set_sides(place.width())
    folded = str(kept.value(_FOLDED, "")).split()
    for side, name in _sides(window):
        side.setVisible(name not in folded)
    for section in window.side.sections:
        section.fold(section.panel.id in folded)


def keep(window: Frame) -> None:
    """Remember where the window is and what is folded away."""
    if window.isFullScreen():
        leave_full_screen(window)
    kept = QSettings("ecgview", "ecgview")
    kept.setValue(_GEOMETRY, window.saveGeometry())
    folded = [name for side, name in _sides(window) if side.isHidden()]
    folded += [section.panel.id for section in window.side.sections if section.is_folded]
    kept.setValue(_FOLDED, " ".join(folded))


def toggle_full_screen(window: Frame) -> None:
    """Give the trace the whole width of the screen, or bring everything back.

    Whose ECG it is, the banner and the scale stay: they belong to the trace.
    """
    if window.isFullScreen():
        leave_full_screen(window)
        return
    parts = (window.menuBar(), window.tools, window.left, window.right)
    window.hidden_for_reading = tuple(part for part in parts if not part.isHidden())
    for part in window.hidden_for_reading:
        part.hide()
    window.showFullScreen()


def leave_full_screen(window: Frame) -> None:
    """Bring back what was hidden for reading."""
    for part in window.hidden_for_reading:
        part.show()
    window.hidden_for_reading = ()
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)


def _sides(window: Frame) -> tuple[tuple[QWidget, str], ...]:
    return ((window.left, "worklist"), (window.right, "panels"))
