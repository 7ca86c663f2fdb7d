"""What a reader does to the open read: every edit and every step; refused while it is held or being left."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.state.keeping import Change, Kind, Then
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.errors import EcgviewError
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation, Edit
from ecgview.review.judgement import Opinion
from ecgview.review.merging import Side
from ecgview.review.session import ReadingSession


class ReadSteps(QObject):
    """Everything goes to the session of `Reading`; what follows a step waits until it is on the disk.

    Signals:
        mark_code_changed: the code that a drag in the annotate view marks with.
    """

    mark_code_changed = Signal(str)

    def __init__(
        self, reader: Reader, reading: Reading, names: Names, telling: Telling, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._reader, self._reading, self._names, self._telling = reader, reading, names, telling
        self._mark_code = ("", "", "")

    # ---- the draft -------------------------------------------------------------------------------------

    def apply(self, edit: Edit, then: Then | None = None) -> None:
        """Apply one edit of `ecgview.review.history` to the draft; it is saved at once and can be undone."""
        self._do("edit", lambda session: session.apply(edit), then)

    def toggle_statement(self, code: str) -> None:
        """Make a statement of the session's label set, or take it back."""
        self._do("edit", lambda session: session.toggle_statement(code))

    def undo(self) -> None:
        """Take back the last edit of the draft."""
        self._do("edit", ReadingSession.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._do("edit", ReadingSession.redo)

    def resolve(self, side: Side) -> None:
        """Say whose word stands where two windows changed the same, even while the read is held."""
        self._reading.keeping.do("edit", lambda session: session.resolve(side))

    def set_mark_code(self, code: str, label_set: str = "", version: str = "") -> None:
        """Choose the code that the next marks drawn on the trace carry ("" = none)."""
        self._mark_code = (code, label_set, version)
        self.mark_code_changed.emit(code)

    def add_annotation(self, leads: tuple[str, ...], start_s: float, end_s: float) -> None:
        """Mark a stretch of time on leads (empty = all) with the chosen code."""
        code, label_set, version = self._mark_code
        self.apply(AddAnnotation(Annotation(leads, start_s, end_s, code, "", label_set, version)))

    # ---- the steps of a read ---------------------------------------------------------------------------

    def commit_first_read(self, then: Then | None = None) -> None:
        """Save and lock the first read; `then` is called with whether that was done, once it is on the disk."""
        self._do_named(ReadingSession.commit_first_read, "", then)

    def sign(self, then: Then | None = None) -> None:
        """Sign the read: from then on it can only be amended; `then` is called with whether that was done."""
        self._do_named(ReadingSession.sign, "Read signed.", then)

    def reveal(self) -> None:
        """Open the AI results of this record."""
        self._do("log", ReadingSession.reveal, self._revealed)

    def amend(self, reason: str) -> None:
        """Open a signed read for changes, with the reason; `sign` closes it, nothing earlier is lost."""
        path, opened = self._reading.path, "The read is open for an amendment. Sign it when it is done."
        self._do(
            "step",
            lambda session: session.amend(reason),
            lambda kept: self._telling.post(opened, about=path) if kept else None,
        )

    def discard_amendment(self) -> None:
        """Close an amendment without signing it."""
        self._do("step", ReadingSession.discard_amendment)

    def judge(self, opinion: Opinion, then: Then | None = None) -> None:
        """Keep what the reader says of a model's reason; `then` is called with whether that was done."""
        self._do("log", lambda session: session.judge(opinion), then)

    def withdraw_judgement(self, number: int, then: Then | None = None) -> None:
        """Take back a judgement of the open record by its number."""
        self._do("log", lambda session: session.withdraw(number), then)

    def set_blind(self, on: bool) -> None:
        """Read blind first, or with AI at once; switching it off during a read is logged with the read."""
        if self._reading.is_held:
            self.refuse()
        elif on != self._reader.blind:
            self._reader.set_blind(on)
            self._do("log", lambda session: session.set_blind(on), self._revealed)

    def refuse(self) -> None:
        """Say that a key or a click was not applied, and why."""
        waits_for = self._reading.waits_for
        about: Path | None = waits_for or self._reading.path
        if waits_for is None:
            said = "the read was still being saved"
        else:
            said = f"{self._names.of(waits_for)} was still being opened"
        self._telling.post(f"Not applied: {said}.", about=about)

    def _do(self, kind: Kind, change: Change, then: Then | None = None) -> None:
        reading = self._reading
        try:
            if reading.is_held:
                self.refuse()
            elif reading.keeping.do(kind, change, then):
                return
        except EcgviewError as error:
            self._telling.fail(error, reading.path)
        if then is not None:
            then(False)

    def _do_named(self, change: Change, said: str, then: Then | None) -> None:
        """Commit a step of the read under its reader's name, and say that it is done (`said`, or "")."""
        path = self._reading.path

        def over(is_kept: bool) -> None:
            if is_kept and said:
                self._telling.post(said, about=path)
            if then is not None:
                then(is_kept)

        self._reading.typing_ended.emit()
        if self._reader.name:
            self._do("step", change, over)
            return
        self._telling.post("Say who reads before the read is saved.", "warning")
        self._reader.needed.emit()
        over(False)

    def _revealed(self, is_kept: bool) -> None:
        if is_kept:
            self._reading.revealed.emit()
