"""What the hand did on the trace that is not part of the read: calipers and masks moved, and how it is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KEPT = 100  # moves; more than a hand remembers


@dataclass(frozen=True, slots=True)
class Move:
    """One move, as the two ways between what was before and what is after."""

    undo: Callable[[], object]
    redo: Callable[[], object]


class Moves:
    """The moves since the record was opened.

    The read has its own history and both share one key: `is_last` says whether the hand's move came after the
    last edit of the read, so that the key takes back what was done last.
    """

    def __init__(self) -> None:
        self._done: list[Move] = []
        self._undone: list[Move] = []
        self.is_last = False

    @property
    def can_undo(self) -> bool:
        """Whether there is a move to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a move to do again."""
        return bool(self._undone)

    def push(self, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        """Note a move that was done."""
        self._done = [*self._done[-KEPT + 1 :], Move(undo, redo)]
        self._undone.clear()
        self.is_last = True

    def undo(self) -> None:
        """Take the last move back."""
        if self._done:
            move = self._done.pop()
            self._undone.append(move)
            move.undo()

    def redo(self) -> None:
        """Do again the move undone last."""
        if self._undone:
            move = self._undone.pop()
            self._done.append(move)
            move.redo()

    def forget(self) -> None:
        """Know of no move: another record is open."""
        self._done.clear()
        self._undone.clear()
        self.is_last = False
