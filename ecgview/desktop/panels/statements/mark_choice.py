"""Which code the next marks on the trace carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ecgview.desktop.panels.kit.widgets import Choice, Text, row
from ecgview.review.read import ReadStatement

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


class MarkChoice(QWidget):
    """A choice between no code and the statements made so far; tells the workspace."""

    def __init__(self, workspace: Workspace, title: Callable[[ReadStatement], str]) -> None:
        super().__init__()
        self._workspace = workspace
        self._title = title
        self._offered: tuple[ReadStatement, ...] = ()
        self.box = Choice("Mark with")
        self.box.addItem("no code")
        self.box.currentIndexChanged.connect(self._choose)
        line = row(Text("Mark with", tone="secondary", wrap=False), self.box)
        line.setStretch(1, 1)
        self.setLayout(line)

    def offer(self, statements: Sequence[ReadStatement]) -> None:
        """Offer these statements; one chosen before stays chosen if it is still there."""
        keys = [item.key for item in statements]
        if keys == [item.key for item in self._offered]:
            self._offered = tuple(statements)
            return
        index = self.box.currentIndex() - 1
        before = self._offered[index].key if index >= 0 else None
        self._offered = tuple(statements)
        self.box.blockSignals(True)
        self.box.clear()
        self.box.addItem("no code")
        self.box.addItems([self._title(item) for item in statements])
        self.box.setCurrentIndex(keys.index(before) + 1 if before in keys else 0)
        self.box.blockSignals(False)
        if before is not None and before not in keys:
            self._choose(0)

    def _choose(self, index: int) -> None:
        if index <= 0:
            self._workspace.steps.set_mark_code("")
        else:
            item = self._offered[index - 1]
            self._workspace.steps.set_mark_code(item.code, item.label_set, item.version)
