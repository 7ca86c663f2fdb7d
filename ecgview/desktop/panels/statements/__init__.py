"""The read: statements with certainty, marks, comment, and the step that comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Choice, Notice, Rule, Text, clear, column, row
from ecgview.desktop.panels.statements.comment_box import CommentBox
from ecgview.desktop.panels.statements.draft_rows import MarkRows, StatementRows
from ecgview.desktop.panels.statements.entry import StatementEntry
from ecgview.desktop.panels.statements.mark_choice import MarkChoice
from ecgview.desktop.panels.statements.read_step import StepBox
from ecgview.labels import label_set as label_sets
from ecgview.labels.entry import Offer
from ecgview.labels.label_set import Statement
from ecgview.review.history import (
    AddStatement,
    Edit,
    RemoveAnnotation,
    RemoveStatement,
    SetCertainty,
    SetComment,
    SetModifiers,
)
from ecgview.review.read import Certainty, Draft, ReadState, ReadStatement

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.review.session import ReadingSession

NORMAL_CODES = ("NORM", "NORMAL ECG", "NORMAL")


class StatementsPanel(QWidget):
    """The reader's own words on the open record; nothing here comes from a model."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._session: ReadingSession | None = None
        self._state: ReadState | None = None
        self._draft = Draft()
        self._make_parts()
        self._lay_out()
        workspace.reading.session_changed.connect(self._renew)
        workspace.reading.draft_changed.connect(self._follow_draft)
        workspace.reading.keeping.state_changed.connect(lambda _state: self._show_warnings(self._session))
        workspace.reading.typing_ended.connect(self.comment.flush)
        workspace.ecg.opening.changed.connect(self._hold)
        self._renew(workspace.reading.session)

    def _make_parts(self) -> None:
        self.state = Text("", tone="secondary", elide=True)
        self.undo = _tool("↶", "Undo", self._workspace.steps.undo)
        self.redo = _tool("↷", "Redo", self._workspace.steps.redo)
        self.label_set = Choice("Label set")
        for set_id in label_sets.available():
            self.label_set.addItem(label_sets.load(set_id).title.partition(":")[0], set_id)
        self.label_set.setCurrentIndex(max(self.label_set.findData(label_sets.DEFAULT), 0))
        self.label_set.currentIndexChanged.connect(self._choose_set)
        self.entry = StatementEntry()
        self.entry.chosen.connect(self._add)
        self.normal = QPushButton("Normal ECG")
        self.normal.setToolTip("Add the statement: normal ECG (N)")
        self.normal.clicked.connect(self._add_normal)
        self.rows = StatementRows()
        self.rows.removed.connect(lambda item: self._edit(RemoveStatement(item.code, item.label_set)))
        self.rows.certainty_chosen.connect(
            lambda item, certainty: self._edit(SetCertainty(item.code, item.label_set, certainty))
        )
        self.rows.modifiers_chosen.connect(
            lambda item, chosen: self._edit(SetModifiers(item.code, item.label_set, chosen))
        )
        self.marks = MarkRows()
        self.marks.removed.connect(lambda mark: self._edit(RemoveAnnotation(mark)))
        self.mark_with = MarkChoice(self._workspace, self._title)
        self.comment = CommentBox(self._keep_comment, self._workspace.steps.refuse)
        self.step = StepBox(self._workspace, self.comment.flush)
        self._choose_set()

    def _lay_out(self) -> None:
        whole = column(self, spacing=tokens.SPACE_S)
        whole.setAlignment(Qt.AlignmentFlag.AlignTop)
        whole.addLayout(_stretched(self.state, self.undo, self.redo))
        self._editing = QWidget()
        inner = column(self._editing, spacing=tokens.SPACE_S)
        inner.addWidget(self.entry)
        inner.addLayout(_stretched(self.label_set, self.normal))
        whole.addWidget(self._editing)
        whole.addWidget(self.rows)
        self._warnings = column(spacing=tokens.SPACE_XS)
        whole.addLayout(self._warnings)
        whole.addWidget(Rule())
        whole.addWidget(Text("Marks", size="strong"))
        whole.addWidget(self.mark_with)
        whole.addWidget(self.marks)
        whole.addWidget(Rule())
        whole.addWidget(self.comment)
        whole.addWidget(self.step)

    # ---- what the session says -------------------------------------------------------------------------

    def _renew(self, session: ReadingSession | None) -> None:
        is_new = session is not self._session
        if is_new:
            self.entry.field.clear()
            self.step.reason.clear()
        self._session = session
        draft = Draft() if session is None else session.draft
        editable = session is not None and session.is_editable
        self.state.setText(_state_text(session, self._workspace))
        self._editing.setVisible(editable or session is None)
        self._editing.setEnabled(editable)
        self.normal.setVisible(self._normal() is not None)
        self.mark_with.setVisible(editable)
        self._show_undo(session)
        self._show_statements(draft, session)
        self.marks.show_marks(draft.annotations, editable)
        self.comment.show_comment(draft.comment, editable, is_other=is_new)
        self.step.show_step(session)
        self._draft = draft
        if session is not None and session.state is not self._state:
            self._state = session.state
            self.entry.field.clearFocus()  # the keys of the next step are the window's again

    def _follow_draft(self, session: ReadingSession) -> None:
        """Show what an edit changed; the rest stands as it is."""
        before, draft = self._draft, session.draft
        self._draft = draft
        self._show_undo(session)
        if draft.statements != before.statements:
            self._show_statements(draft, session)
        if draft.annotations != before.annotations:
            self.marks.show_marks(draft.annotations, session.is_editable)
        self.comment.show_comment(draft.comment, session.is_editable, is_other=False)
        latest = None if session.latest is None else session.latest.content
        if draft.is_empty != before.is_empty or (draft == latest) != (before == latest):
            self.step.show_step(session)

    def _show_undo(self, session: ReadingSession | None) -> None:
        self.undo.setEnabled(session is not None and session.can_undo)
        self.redo.setEnabled(session is not None and session.can_redo)

    def _show_statements(self, draft: Draft, session: ReadingSession | None) -> None:
        self.rows.show_statements(draft.statements, session is not None and session.is_editable)
        self._show_warnings(session)
        self.mark_with.offer(draft.statements)

    def _hold(self, is_opening: bool) -> None:
        """Take no text while a record is being opened: it would belong to neither."""
        self.comment.is_held = is_opening

    def _show_warnings(self, session: ReadingSession | None) -> None:
        clear(self._warnings)
        for sentence in session.contradictions if session is not None else ():
            self._warnings.addWidget(Notice(f"{sentence}."))
        if session is not None and session.view_only:
            self._warnings.addWidget(Notice(f"View only: {session.view_only}."))
        elif self._workspace.reading.keeping.state == "not saved":
            self._warnings.addWidget(
                Notice("The draft is not saved yet; it is kept here and tried again.", "error")
            )

    # ---- what the reader does --------------------------------------------------------------------------

    def _edit(self, edit: Edit) -> None:
        self.comment.flush()
        self._workspace.steps.apply(edit)

    def _add(self, offer: Offer) -> None:
        made = ReadStatement(
            offer.statement.code, Certainty(offer.certainty), offer.label_set, offer.version, offer.modifiers
        )
        self._edit(AddStatement(made))
        self.entry.field.setFocus()

    def _add_normal(self) -> None:
        if (normal := self._normal()) is not None:
            chosen = self._chosen_set()
            self._add(Offer(normal, chosen.id, chosen.version))

    def _normal(self) -> Statement | None:
        chosen = self._chosen_set()
        return next((found for code in NORMAL_CODES if (found := chosen.get(code)) is not None), None)

    def _keep_comment(self, text: str) -> None:
        if (
            self._session is not None
            and self._session.is_editable
            and self._session is self._workspace.reading.session
        ):
            self._workspace.steps.apply(SetComment(text))

    def _chosen_set(self) -> label_sets.LabelSet:
        return label_sets.load(self.label_set.currentData())

    def _choose_set(self) -> None:
        chosen = self._chosen_set()
        self.label_set.setToolTip(f"{chosen.title}, version {chosen.version}, {len(chosen)} statements")
        self.entry.set_label_set(chosen)
        self.normal.setVisible(self._normal() is not None)

    def _title(self, item: ReadStatement) -> str:
        return label_sets.name_of(item.label_set, item.code)


def _state_text(session: ReadingSession | None, workspace: Workspace) -> str:
    if session is None:
        if workspace.ecg.record is None:
            return workspace.ecg.shown.instead("Open an ECG to read it.")
        if workspace.reading.problem is not None:
            return "View only"
        if workspace.ecg.record is not None and workspace.ecg.record.what_if:
            return "What-if: not read"
        return "Say who reads to begin." if not workspace.reader.name else "Looking up the read …"
    version = f", version {session.latest.number}" if session.latest is not None else ""
    return f"{session.state.words.capitalize()}{version} · {session.reader}"


def _tool(text: str, tip: str, run: Callable[[], object]) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setAutoRaise(True)
    button.clicked.connect(lambda: run())
    return button


def _stretched(first: QWidget, *others: QWidget) -> QHBoxLayout:
    line = row(first, *others)
    line.setStretch(0, 1)
    return line


PANEL = Panel(id="statements", title="Your read", views=("read", "annotate"), order=10, make=StatementsPanel)
