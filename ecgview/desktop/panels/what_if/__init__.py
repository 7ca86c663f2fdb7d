"""Mask and ask: hide a part of the ECG from the models and see every number move, beside what chance would do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QGridLayout, QMenu, QPushButton, QSizePolicy

from ecgview.desktop import theme
from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.widgets import Choice, Notice, Text, clear, column, row
from ecgview.desktop.panels.what_if.changes import ROW_PX, ChangeList, rows_of
from ecgview.desktop.state.what_if import MODE
from ecgview.leads import STANDARD_12
from ecgview.models import context
from ecgview.results import Fill, WhatIf

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

INTRO = "Hide a part of the ECG from the models and see what they would say without it."
NOTHING = "Nothing is hidden. Drag over a lead to hide a stretch (Shift: of all leads), or click a lead."
LEGEND = (
    "Difference: what hiding does to the answer of the model, no proof of cause. "
    "A flat stretch, too, is an ECG of a kind that the model was not trained on. "
    "Compared with: as much hidden at random in this record; hiding anything moves most numbers somewhat. "
    "What cannot be assessed in this record is left out."
)
FILLS: tuple[tuple[Fill, str], ...] = (
    ("flat", "a flat line"),
    ("autoencoder", "the autoencoder"),
)
ALL_PX = 10 * ROW_PX


class WhatIfPanel(AiPanel):
    """What is hidden, how, and what that changes."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shows_all = False
        self._is_built = False
        self._changes: ChangeList | None = None
        workspace.what_if.changed.connect(self._show)
        workspace.mouse.changed.connect(self._follow_mode)
        workspace.reading.marks_changed.connect(self._show)
        self.renew()

    def _build(self) -> None:
        self._is_built = False  # until `fill` was called: what a closed panel held is gone
        super()._build()

    def fill(self) -> None:
        """Build the controls once; what is hidden and what that changes is renewed below them."""
        state = self.workspace.what_if
        self.content.addWidget(Text(INTRO, tone="secondary"))
        self.drag = _button("Hide on the trace", lambda: None)
        self.drag.setCheckable(True)
        self.drag.setChecked(self.workspace.mouse.mode == MODE)
        self.drag.toggled.connect(self._set_mode)
        self.drag.setToolTip(
            "Drag over a lead hides a stretch of it, a click the whole lead; Shift: all leads"
        )
        self.mark = _button("Hide a mark", lambda: None)
        self.mark.setMenu(QMenu(self.mark))
        self.content.addLayout(row(self.drag, self.mark, 1, spacing=tokens.SPACE_XS))
        self._add_leads()
        self.fill_box = Choice("What stands in hidden stretches")
        for fill, name in FILLS:
            self.fill_box.addItem(name, fill)
        self.fill_box.currentIndexChanged.connect(lambda _index: state.set_fill(self.fill_box.currentData()))
        filled = row(Text("Filled by", tone="secondary", wrap=False), self.fill_box)
        filled.setStretch(1, 1)
        self.content.addLayout(filled)
        self._hidden, self._results = column(spacing=2), column()
        self.content.addLayout(self._hidden)
        self.content.addLayout(self._results)
        self._changes, self._is_built = None, True
        self._show()

    def _add_leads(self) -> None:
        record, grid = self.workspace.ecg.record, QGridLayout()
        grid.setSpacing(3)
        self.chips: dict[str, QPushButton] = {}
        for place, name in enumerate(STANDARD_12 if record is not None else ()):
            chip = QPushButton(name)
            chip.setCheckable(True)
            chip.setEnabled(record is not None and record.has(name))
            chip.setMinimumWidth(0)
            chip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            chip.setToolTip(f"Ask without {name}")
            theme.set_role(chip, "chip")
            chip.clicked.connect(partial(self._toggle_lead, name))
            self.chips[name] = chip
            grid.addWidget(chip, place // 6, place % 6)
        self.content.addLayout(grid)

    # ---- what is hidden, and what that changes ---------------------------------------------------------

    def _show(self, _changed: object = None) -> None:
        if not self._is_built or not self.is_open:
            return
        self._show_controls()
        self._show_hidden()
        state, answer = self.workspace.what_if, self.workspace.what_if.answer
        if answer is not None and state.hidden and self._changes is not None:
            self._show_answer(answer)
            return
        self._changes = None
        clear(self._results)
        if not state.hidden:
            self._results.addWidget(Text(NOTHING, tone="secondary"))
        elif state.failure:
            self._results.addWidget(Notice(state.failure, "error", title="Not asked"))
            self._results.addLayout(row(_button("Try again", state.ask_again), 1))
        elif answer is None:
            self._results.addWidget(Text("Asking the models …", tone="secondary"))
        else:
            self._build_answer()
            self._show_answer(answer)

    def _show_controls(self) -> None:
        state = self.workspace.what_if
        for name, chip in self.chips.items():
            chip.setChecked(name in state.hidden.leads)
        self.fill_box.blockSignals(True)
        self.fill_box.setCurrentIndex(self.fill_box.findData(state.hidden.fill))
        self.fill_box.blockSignals(False)
        marks = state.marks
        self.mark.setEnabled(bool(marks))
        self.mark.setToolTip("" if marks else "No stretch of time is marked in this read")
        menu = self.mark.menu()
        menu.clear()
        for mark in marks:
            where = f"{mark.start_s:.2f}–{mark.end_s:.2f} s in {', '.join(mark.leads) or 'all leads'}"
            words = f"{mark.title}, {where}" if mark.title else where
            menu.addAction(words.replace("&", "&&"), partial(state.hide_mark, mark))

    def _show_hidden(self) -> None:
        clear(self._hidden)
        state = self.workspace.what_if
        if not state.hidden:
            return
        if state.hidden.leads:
            leads = Text(f"Without {', '.join(state.hidden.leads)}", elide=True)
            self._hidden.addWidget(leads)
        for span in state.hidden.spans:
            where = ", ".join(span.leads) or "all leads"
            text = Text(f"{span.start_s:.2f}–{span.end_s:.2f} s in {where}", elide=True)
            again = _button("Show again", partial(state.show_span, span))
            theme.set_role(again, "link")
            again.setAccessibleName(f"Show {text.text()} again")
            self._hidden.addLayout(row(text, again))
        nothing = _button("Hide nothing", state.clear)
        theme.set_role(nothing, "link")
        self._hidden.addLayout(row(1, nothing))

    def _build_answer(self) -> None:
        self._warnings = column(spacing=4)
        self._results.addLayout(self._warnings)
        self._changes = ChangeList()
        self._results.addWidget(self._changes)
        self._lef = Text("", tone="secondary")
        self._results.addWidget(self._lef)
        self._against = Text("", size="caption", tone="secondary")
        self._results.addWidget(self._against)
        self._more = _button("", self._switch)
        self._results.addLayout(row(self._more, 1))
        self._results.addWidget(Prose(LEGEND))
        self._facts = column(spacing=0)
        self._results.addLayout(self._facts)
        self._told: tuple[object, ...] = ()

    def _show_answer(self, answer: WhatIf) -> None:
        assert self._changes is not None
        state, answers = self.workspace.what_if, self.workspace.answers
        blocked: frozenset[str] = frozenset()
        if answers.prediction is not None:
            beside = context.beside_read(answers.prediction, self.stated)
            blocked = frozenset(one.code for one in beside.scores if one.not_assessable)
        reason = answer.lef_reason
        if answers.lef is not None:
            reason = context.lef_beside_read(answers.lef, self.stated).reason
        rows = rows_of(answer, blocked, all_of_them=self._shows_all, lef_reason=reason)
        self._changes.show_rows(rows, visible_px=ALL_PX if self._shows_all else 10_000)
        self._lef.setVisible(bool(reason))
        self._lef.setText(f"Low ejection fraction not analysed: {reason}.")
        self._against.setText(self._against_words(answer))
        assessed = sum(one.code not in blocked and not one.not_assessable for one in answer.statements)
        self._more.setText("Show fewer" if self._shows_all else f"Show all {assessed}")
        said = () if answers.prediction is None else answers.prediction.warnings
        self._tell([one for one in answer.warnings if one not in said], answer)
        if state.not_logged:
            self._against.setText(f"{self._against.text()} {state.not_logged}")

    def _tell(self, warnings: list[str], answer: WhatIf) -> None:
        """Renew notices and model lines where they are others: they stay as they are while the hand moves."""
        told = (tuple(warnings), answer.model, answer.lef_model, answer.device)
        if told == self._told:
            return
        self._told = told
        clear(self._warnings)
        for warning in warnings:
            self._warnings.addWidget(Notice(context.sentence(warning)))
        clear(self._facts)
        self._facts.addWidget(model_line(answer.model, device=answer.device, duration_ms=answer.duration_ms))
        if answer.lef_model is not None and answer.lef is not None:
            self._facts.addWidget(model_line(answer.lef_model))

    def _against_words(self, answer: WhatIf) -> str:
        if answer.chance is not None:
            return (
                f"Compared with {answer.chance.against}."
                if answer.chance.lef.size or len(answer.chance.statements)
                else f"Not compared: {answer.chance.against}."
            )
        return "Comparing with chance …" if self.workspace.what_if.is_comparing else ""

    # ---- what is done here -----------------------------------------------------------------------------

    def _switch(self) -> None:
        self._shows_all = not self._shows_all
        self._show()

    def _toggle_lead(self, name: str, _checked: bool = False) -> None:
        self.workspace.what_if.toggle_lead(name)
        self._show()  # where it was refused, the chip goes back

    def _set_mode(self, on: bool) -> None:
        mouse = self.workspace.mouse
        if on:
            mouse.choose(MODE)
        elif mouse.mode == MODE:
            mouse.leave(MODE)

    def _follow_mode(self, mode: str) -> None:
        if self._is_built:
            self.drag.setChecked(mode == MODE)

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+Z and its opposite for what was hidden here, while the keys are in this panel."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _step(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a step back, or do it again."""
        step = _step(event)
        if step and self.is_open:
            state = self.workspace.what_if
            (state.undo if step == "undo" else state.redo)()
        else:
            super().keyPressEvent(event)


def _step(event: QKeyEvent) -> str:
    if event.matches(QKeySequence.StandardKey.Undo):
        return "undo"
    return "redo" if event.matches(QKeySequence.StandardKey.Redo) else ""


def _button(text: str, run: Callable[[], object]) -> QPushButton:
    made = QPushButton(text)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda: run())
    return made


PANEL = Panel(
    id="what-if",
    title="Mask and ask (AI)",
    views=("explain",),
    order=22,
    make=WhatIfPanel,
    mouse_mode=MODE,
)
