"""Errors that pyqtgraph's scene catches from its items: told like any other, not printed and passed over."""

from __future__ import annotations

import sys
from collections.abc import Callable

from pyqtgraph import debug


def tell(hear: Callable[[BaseException], None]) -> Callable[[], None]:
    """Hand over what the scene catches while it sends hover, drag and click to an item.

    It would be printed with the paths in its message, and the user would see nothing happen.

    Returns:
        what puts everything back as it was.
    """
    before = debug.printExc

    def told(*_words: object, **_kept: object) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            hear(error)

    def undo() -> None:
        debug.printExc = before

    debug.printExc = told
    return undo
