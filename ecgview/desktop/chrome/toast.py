"""A word over a corner of the trace about what a key just wrote into the read, with a way to take it back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import SPACE, set_role
from ecgview.labels import label_set as label_sets
from ecgview.review.annotation import Annotation
from ecgview.review.read import Certainty, Draft, ReadStatement
from ecgview.review.session import ReadingSession

SHOWN_MS = 6000
UNDO = "Undo (Ctrl+Z)"


class Toast(QFrame):
    """Hidden unless a key wrote something; it goes by itself, with its record, and with the next change.

    It never takes the focus: the keys go on as if it were not there.
    """

    def __init__(self, workspace: Workspace, over: QWidget) -> None:
        super().__init__(over)
        self._workspace, self._over = workspace, over
        self._told: tuple[ReadingSession, Draft] | None = None
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.undo = QPushButton(UNDO)
        self.undo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.undo.setCursor(Qt.CursorShape.PointingHandCursor)
        self.undo.clicked.connect(self._undo)
        set_role(self.undo, "link")
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + 4, SPACE - 2, SPACE, SPACE - 2)
        line.setSpacing(SPACE)
        line.addWidget(self.text)
        line.addWidget(self.undo)
        set_role(self, "card")
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        workspace.reading.session_changed.connect(self._follow)
        workspace.ecg.opened.connect(lambda _record: self.hide())
        over.installEventFilter(self)
        self.hide()

    def tell_change(self, session: ReadingSession, before: Draft) -> None:
        """Say which statements and marks an edit put or took away; nothing is said where none was."""
        after = session.draft
        old = {item.key: item for item in before.statements}
        new = {item.key: item for item in after.statements}
        marks_put = [one for one in after.annotations if one not in before.annotations]
        marks_taken = [one for one in before.annotations if one not in after.annotations]
        words = [f"Marked: {_mark(one)}" for one in marks_put]
        words += [f"Mark removed: {_mark(one)}" for one in marks_taken]
        words += [
            f"{what}: {', '.join(map(_words, items))}"
            for what, items in (
                ("Added", [item for key, item in new.items() if key not in old]),
                ("Changed", [item for key, item in new.items() if key in old and item != old[key]]),
                ("Removed", [item for key, item in old.items() if key not in new]),
            )
            if items
        ]
        if not words:
            return
        if self._told is None:  # only while there is something to take back
            self._workspace.reading.draft_changed.connect(self._follow)
        self._told = (session, after)
        self.text.setText("  ·  ".join(words))
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the trace takes another size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        room = self._over.rect()
        self.move(room.right() - self.width() - 2 * SPACE, room.bottom() - self.height() - 2 * SPACE)

    def _follow(self, session: ReadingSession | None) -> None:
        """Leave as soon as undo would take back something else, or nothing."""
        if self._told is None:
            return
        told, draft = self._told
        if session is not told or session.draft != draft or not session.can_undo:
            self._forget()
            self._timer.stop()
            self.hide()

    def _forget(self) -> None:
        if self._told is not None:
            self._workspace.reading.draft_changed.disconnect(self._follow)
            self._told = None

    def _undo(self) -> None:
        if self._told is not None:
            self._workspace.steps.undo()
        self.hide()


def _words(item: ReadStatement) -> str:
    said = item.words(label_sets.name_of(item.label_set, item.code))
    return said if item.certainty is Certainty.DEFINITE else f"{said} ({item.certainty.words})"


def _mark(mark: Annotation) -> str:
    where = " ".join(mark.leads) or "all leads"
    return f"{where}, {mark.start_s:.2f} to {mark.end_s:.2f} s"
