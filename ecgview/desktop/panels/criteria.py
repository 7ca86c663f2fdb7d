"""Published criteria of the open record: what is met with its numbers, and each definition with its publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.criterion_row import CriterionRow
from ecgview.desktop.panels.kit.widgets import Notice, Text, clear, column, row
from ecgview.desktop.state.measuring import CLOSED

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.signal.criteria.criterion import Criterion

ABOUT = "Rules that were published, not diagnoses. One that is not met excludes nothing."
NOBODY = "ecgview tells nobody. Nobody is recorded as told."


class CriteriaPanel(QWidget):
    """What must not be missed and whom the reader told, then criteria by group; all states on request."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._shows_all = False
        self._unfolded: set[str] = set()
        self._made: list[CriterionRow] = []
        self._shape: object = None  # which rows there are: where it stays only what they say is changed
        self._flag: Notice | None = None
        self._flagged: object = None
        whole = column(self, spacing=tokens.SPACE_S)
        whole.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._critical, self._rows = column(spacing=tokens.SPACE_XS), column(spacing=tokens.SPACE_XS)
        whole.addLayout(self._critical)
        whole.addLayout(self._rows)
        workspace.ecg.opened.connect(self._begin)
        workspace.ecg.closed.connect(self._begin)
        workspace.criteria.changed.connect(self._renew)
        workspace.criteria.told_changed.connect(self._show_critical)
        workspace.measuring.opened_changed.connect(self._renew)
        self._renew()

    def _begin(self, _record: object = None) -> None:
        self._shows_all = False
        self._unfolded.clear()
        self._renew()

    def _renew(self, _changed: object = None) -> None:
        self._show_critical()
        found = self._workspace.criteria.found
        shape = None if found is None or self._workspace.ecg.record is None else self._shaped(found)
        if shape is not None and shape == self._shape and found is not None:
            for made, one in zip(self._made, self._shown(found), strict=True):
                made.show_criterion(one)
            return
        self._shape, self._made = shape, []
        clear(self._rows)
        workspace = self._workspace
        if workspace.ecg.record is None:
            text = workspace.ecg.shown.instead("Open an ECG to see its criteria.")
            self._rows.addWidget(Text(text, tone="secondary"))
            return
        if not workspace.measuring.is_open:
            self._rows.addWidget(Text(CLOSED, tone="secondary"))
            return
        if found is None:
            self._rows.addWidget(Text("Measuring …", tone="secondary"))
            return
        self._rows.addWidget(Text(ABOUT, size="caption", tone="secondary"))
        self._add_rows(found)

    def _shown(self, found: tuple[Criterion, ...]) -> list[Criterion]:
        # An unfolded one stays where another definition is not met: its reader is looking at it.
        return [
            one
            for one in found
            if self._shows_all or one.state in ("met", "not measurable") or one.code in self._unfolded
        ]

    def _shaped(self, found: tuple[Criterion, ...]) -> object:
        shown = self._shown(found)
        return (
            self._shows_all,
            len(found),
            any(one.state == "met" for one in shown),
            tuple((one.group, one.code) for one in shown),
        )

    def _add_rows(self, found: tuple[Criterion, ...]) -> None:
        group, shown = "", self._shown(found)
        for one in shown:
            if one.group != group:
                group = one.group
                self._rows.addWidget(Text(group, size="caption", tone="secondary", bold=True))
            made = CriterionRow(one, self._workspace.criteria, one.code in self._unfolded)
            made.unfolded.connect(self._remember)
            self._made.append(made)
            self._rows.addWidget(made)
        if not any(one.state == "met" for one in shown):
            self._rows.addWidget(Text("None is met.", tone="secondary"))
        text = "Show what is met and not measurable" if self._shows_all else f"Show all {len(found)}"
        switch = QPushButton(text)
        switch.clicked.connect(self._switch)
        self._rows.addLayout(row(switch, 1))

    def _remember(self, code: str, on: bool) -> None:
        self._unfolded.add(code) if on else self._unfolded.discard(code)

    def _switch(self) -> None:
        self._shows_all = not self._shows_all
        self._renew()

    def _show_critical(self) -> None:
        criteria = self._workspace.criteria
        found = criteria.critical
        names = "\n".join(f"{one.name}: {one.evidence}" for one in found)
        flagged = (bool(found), criteria.told, criteria.may_tell)
        if flagged == self._flagged:
            if self._flag is not None:
                self._flag.say(names)
            return
        self._flagged, self._flag = flagged, None
        clear(self._critical)
        if not found:
            return
        self._flag = Notice(names, "error", title="Critical by rule, to be confirmed")
        self._critical.addWidget(self._flag)
        for told in criteria.told:
            line = row(Text(told.words, size="caption"))
            if criteria.may_tell:
                back = QPushButton("Take back")
                back.clicked.connect(lambda _checked=False, one=told: criteria.take_back(one))
                line.addWidget(back)
            self._critical.addLayout(line)
        if not criteria.told:
            self._critical.addWidget(Text(NOBODY, size="caption", tone="secondary"))
        if criteria.may_tell:
            self._critical.addLayout(self._telling())

    def _telling(self) -> QHBoxLayout:
        person = QLineEdit()
        person.setPlaceholderText("Whom did you tell?")
        person.setAccessibleName("Whom did you tell?")
        person.setMaxLength(120)
        keep = QPushButton("Told now")
        keep.setToolTip("Keeps name and time in the read and in the log")
        for signal in (keep.clicked, person.returnPressed):
            signal.connect(lambda *_: self._workspace.criteria.tell(person.text()))
        return row(person, keep)


PANEL = Panel(id="criteria", title="Criteria", views=("read",), order=45, make=CriteriaPanel)
