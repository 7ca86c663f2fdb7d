"""Reads the whole window at every turn of the event loop, and notes every turn at which it told of two records."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractEventDispatcher, QThread
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPlainTextEdit, QWidget

from ecgview.desktop.chrome.message_strip import MessageStrip
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.worklist import WorklistPanel
from ecgview.record import EcgRecord

NAME = re.compile(r"ecg-\d\d")  # every record of these tests is called so, in all that is known of it
NUMBER = re.compile(r"Record (\d+)")  # and so until its first read is locked
KEY_NOT_APPLIED = "Not applied"  # is said of the record that is being opened, on purpose


class Sampler:
    """What each part of the window tells of, read from its widgets; `mixes` holds what went wrong."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.mixes: list[dict[str, str]] = []
        self.painted: list[str] = []  # each time another name, "" for a blank paper
        self.told: dict[str, set[str]] = {}  # by part, every name it ever told
        self.n_looks = 0
        panel = window.left.findChild(WorklistPanel)
        assert panel is not None
        self._list = panel.list
        self._loop = QAbstractEventDispatcher.instance(QThread.currentThread())
        self._loop.awake.connect(self.look)
        self._loop.aboutToBlock.connect(self.look)

    def stop(self) -> None:
        """Look no more."""
        self._loop.awake.disconnect(self.look)
        self._loop.aboutToBlock.disconnect(self.look)

    def look(self) -> None:
        """Read every part once."""
        self.n_looks += 1
        parts = {part: name for part, text in self._texts() for name in names_in(text)}
        parts |= {f"{part}: {name}": name for part, text in self._texts() for name in names_in(text)}
        for part, name in parts.items():
            self.told.setdefault(part.partition(":")[0], set()).add(name)
        if len(set(parts.values())) > 1 and (not self.mixes or self.mixes[-1] != parts):
            self.mixes.append(parts)
        trace = name_of(self._window.canvas.painted)
        if not self.painted or self.painted[-1] != trace:
            self.painted.append(trace)

    def _texts(self) -> Iterator[tuple[str, str]]:
        window = self._window
        yield "trace", name_of(window.canvas.painted)
        overview = window.overview
        if overview.isVisible() and overview.strip is not None:
            yield "overview", name_of(overview.record)
            yield "overview drawn", name_of(overview.strip.painted)
        yield "title", window.windowTitle()
        yield "row", str(self._list.currentIndex().data() or "")
        for index in self._list.selectionModel().selectedRows():
            yield "chosen row", str(index.data())
        for part in window.findChildren(QWidget):
            if isinstance(part, QLabel | QLineEdit | QAbstractButton):
                text = f"{part.text()} {part.toolTip()}"
            elif isinstance(part, QPlainTextEdit):
                text = part.toPlainText()
            else:
                continue
            if names_in(text) and not self._is_put_away(part, text):
                yield _place(part), text

    def _is_put_away(self, part: QWidget, text: str) -> bool:
        strip = self._window.messages
        return strip.isAncestorOf(part) and (strip.isHidden() or text.startswith(KEY_NOT_APPLIED))


def names_in(text: str) -> list[str]:
    """Return the records that a text names."""
    return [*NAME.findall(text), *(f"ecg-{int(number) - 1:02d}" for number in NUMBER.findall(text))]


def name_of(record: EcgRecord | None) -> str:
    """Return what a record of these tests is called; "" for none."""
    found = NAME.search(record.source.path) if record is not None else None
    return found.group() if found else ""


def _place(part: QWidget) -> str:
    """Return the section or the part of the window that a widget stands in."""
    above: QWidget | None = part
    while above is not None and not above.objectName() and not isinstance(above, MessageStrip):
        above = above.parentWidget()
    return type(part).__name__ if above is None else above.objectName() or "message"
