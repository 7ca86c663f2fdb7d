"""Whether the mouse holds something on the trace: until it lets go, nothing above the trace comes or goes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from ecgview.desktop.state.open_record import OpenRecord


class Hand(QObject):
    """The canvas says when the hand takes hold and lets go; what would move the page under it waits until then."""

    def __init__(self, ecg: OpenRecord, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[object, Callable[[], object]] = {}
        self.is_holding = False
        ecg.opened.connect(lambda _record: self.let_go())  # a release may never come
        ecg.closed.connect(self.let_go)

    def take(self) -> None:
        """Say that a button of the mouse is down on the trace."""
        self.is_holding = True

    def let_go(self) -> None:
        """Say that it is up again, and have done what waited."""
        self.is_holding = False
        waiting, self._waiting = self._waiting, {}
        for do in waiting.values():
            do()

    def when_free(self, whose: object, do: Callable[[], object]) -> None:
        """Do something now, or once the hand lets go; of several things of one owner only the last."""
        if self.is_holding:
            self._waiting[whose] = do
        else:
            do()
