"""What can be done in one window, without a widget: open, look, ask the models, read, export.

Panels and the canvas get the workspace in their constructor, read its properties (`WindowState`),
call its methods and listen to its signals; none of them knows another. Slow things run in `jobs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from ecgview.desktop import messages
from ecgview.desktop.messages import Level, Message
from ecgview.desktop.settings import Settings, Value
from ecgview.desktop.state import paper_choice
from ecgview.desktop.state.exposures import Exposures
from ecgview.desktop.state.keeping import Then
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.switching import Switch
from ecgview.desktop.state.walking import Walk
from ecgview.desktop.state.window_state import MASK_SEGMENTS, WindowState
from ecgview.desktop.views import VIEWS
from ecgview.desktop.work import tasks
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import subject as subjects
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation, Edit
from ecgview.review.session import ReadingSession
from ecgview.review.subject import Subject
from ecgview.signal.measurements import Measurement


class Workspace(WindowState):
    """One window's state with everything that can be done to it.

    Raises nothing: what goes wrong is told through `message_posted`, `record_failed`, a `..._failed`
    signal, or `unexpected_error` for a bug.
    """

    def __init__(
        self,
        *,
        store_path: Path | None = None,
        settings: Settings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(store_path=store_path, settings=settings, parent=parent)
        self._open_when_listed = False
        self._painted: EcgRecord | None = None
        self._steps = ReadSteps(self)
        self._switch = Switch(self)
        self._walk = Walk(self)
        self.exposures = Exposures(self)
        self._wire()

    # ---- opening -------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[str | Path]) -> None:
        """Add files, folders and globs to the worklist and open the first record found."""
        self._open_when_listed = True
        self.worklist.add(paths)

    def open_record(self, path: str | Path) -> None:
        """Open one record; until it can be shown no read is edited, and nothing of two records is shown."""
        self._switch.to(Path(path))

    def stop_opening(self) -> None:
        """Give up opening a record."""
        self._switch.stop()

    def next_record(self) -> None:
        """Open the next record of the worklist, counted from the one that is being opened already."""
        self._walk.by(1)

    def previous_record(self) -> None:
        """Open the record before this one."""
        self._walk.by(-1)

    def next_unread(self) -> None:
        """Open the next record without a locked read of this reader."""
        self._walk.to_unread()

    # ---- looking -------------------------------------------------------------------------------------

    def set_view(self, view: str) -> None:
        """Show one of `VIEWS`."""
        if view not in VIEWS:
            raise ValueError(f"no view {view!r}")
        if view != self._view:
            self._view = view
            self.set_mask_mode(view == "reconstruct")
            self.view_changed.emit(view)
            self.choose_overlay()

    def set_paper(self, paper: PaperSettings) -> None:
        """Lay the paper out anew, and remember it."""
        if paper != self._paper:
            self._paper = paper
            try:
                paper_choice.keep(self.settings, paper)
            except EcgviewError as error:
                self.fail(error)
            self.paper_changed.emit(paper)
            if self._shown.retry and self._shown.path is not None:
                self.open_record(self._shown.path)

    def set_theme(self, name: str) -> None:
        """Switch to "light" or "dark"."""
        self._set("window.theme", name)
        self.theme_changed.emit(self.theme)

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay something over the trace, or nothing."""
        if overlay is not self._overlay:
            self._overlay = overlay
            self.overlay_changed.emit(overlay)

    # ---- asking the models ---------------------------------------------------------------------------

    def request_prediction(self) -> None:
        """Ask the classifier about the open record."""
        self.inference.request_prediction()

    def request_lef(self) -> None:
        """Ask the LEF model about the open record."""
        self.inference.request_lef()

    def request_error_strip(self, ratio: float = 0.25, n_masks: int = 16, seed: int = 0) -> None:
        """Ask for the mean reconstruction error over several random masks."""
        self.inference.request_error_strip(ratio, n_masks, seed)

    def set_mask(self, mask: NDArray[np.bool_]) -> None:
        """Hide other segments, (200,) bool, and ask for what the model puts there."""
        if self.is_opening:
            return self.refuse_edit()
        fresh = np.array(mask, dtype=np.bool_)
        if fresh.shape != (MASK_SEGMENTS,):
            raise ValueError(f"a mask has {MASK_SEGMENTS} segments, not {fresh.shape}")
        fresh.setflags(write=False)
        self._mask = fresh
        self.mask_changed.emit(fresh)
        if fresh.any():
            self.inference.request_reconstruction(fresh)
        else:
            self.inference.drop_reconstruction()
            self.choose_overlay()

    def set_mask_mode(self, on: bool) -> None:
        """Let dragging over the trace draw a mask, or move the paper."""
        if on != self._mask_mode:
            self._mask_mode = on
            self.mask_mode_changed.emit(on)

    # ---- reading -------------------------------------------------------------------------------------

    def apply_edit(self, edit: Edit) -> None:
        """Apply one edit of `ecgview.review.history` to the draft; it is saved at once and can be undone."""
        self._steps.do("apply", edit)

    def toggle_statement(self, code: str) -> None:
        """Make a statement of the session's label set, or take it back."""
        self._steps.do("toggle_statement", code)

    def undo(self) -> None:
        """Take back the last edit of the draft."""
        self._steps.do("undo")

    def redo(self) -> None:
        """Do again what was undone last."""
        self._steps.do("redo")

    def set_annotation_code(self, code: str, label_set: str = "", version: str = "") -> None:
        """Choose the code that the next marks drawn on the trace carry ("" = none)."""
        self._annotation_code = (code, label_set, version)
        self.annotation_code_changed.emit(code)

    def add_annotation(self, leads: tuple[str, ...], start_s: float, end_s: float) -> None:
        """Mark a stretch of time on leads (empty = all) with the chosen code."""
        code, label_set, version = self._annotation_code
        mark = Annotation(leads, start_s, end_s, code, "", label_set, version)
        self.apply_edit(AddAnnotation(mark))

    def commit_first_read(self, then: Then | None = None) -> None:
        """Save and lock the first read; `then` hears whether that was done, once it is on the disk."""
        self._steps.do_named("commit_first_read", "", then)

    def lock_and_next(self) -> None:
        """Save and lock the first read, and open the next record once that is on the disk."""
        self._steps.go_on_after(self.commit_first_read)

    def sign_and_next(self) -> None:
        """Sign the read, and open the next record once that is on the disk."""
        self._steps.go_on_after(self.sign)

    def reveal(self) -> None:
        """Open the AI results of this record, and ask for them."""
        self._steps.do("reveal", then=self._ask_if)

    def sign(self, then: Then | None = None) -> None:
        """Sign the read: from then on it can only be amended; `then` hears whether that was done."""
        self._steps.do_named("sign", "Read signed.", then)

    def amend(self, reason: str) -> None:
        """Open a signed read for changes, with the reason; `sign` closes it, nothing earlier is lost."""
        path, opened = self.record_path, "The read is open for an amendment. Sign it when it is done."
        tell = self.post_message
        self._steps.do("amend", reason, then=lambda kept: tell(opened, about=path) if kept else None)

    def discard_amendment(self) -> None:
        """Close an amendment without signing it."""
        self._steps.do("discard_amendment")

    def set_blind(self, on: bool) -> None:
        """Read blind first, or with AI at once; switching it off during a read is logged with the read."""
        if self.is_opening:
            self.refuse_edit()
        elif on != self.blind:
            self._set("reader.blind", on)
            self.blind_changed.emit(on)
            self._steps.do("set_blind", on, then=self._ask_if)

    def set_reader_name(self, name: str) -> None:
        """Say who reads."""
        name = name.strip()
        if name != self.reader_name:
            self.typing_ended.emit()
            self.reading.leave(lambda may_go: self._be_reader(name) if may_go else None)

    def enter_subject(self, record: EcgRecord, subject: Subject) -> None:
        """Keep the age and sex of a record whose file does not say them, and show it anew with them."""
        self.reading.write(subjects.enter, self.store, record.source.sha256, subject)
        if record is self.record and (path := self.record_path) is not None:
            self.open_record(path)

    # ---- telling and leaving -------------------------------------------------------------------------

    def post_message(
        self, text: str, level: Level = "info", details: str = "", about: Path | None = None
    ) -> None:
        """Put one line into the message strip; what is `about` a record leaves with it."""
        self.message_posted.emit(self.names.message(Message(text, level, details, about)))

    def fail(self, error: Exception, about: Path | None = None) -> None:
        """Tell an error: one line if the user can understand it, else a dialog with a report."""
        if isinstance(error, EcgviewError):
            self.message_posted.emit(self.names.message(messages.from_error(error, about), error))
        else:
            self.unexpected_error.emit(error)

    def export_report(self, path: str | Path, *, identified: bool = False, layout: str = "") -> None:
        """Write the report of the open record; the suffix chooses PDF, JSON or WFDB annotations."""
        from ecgview.desktop.state import exporting

        exporting.start(self, Path(path), identified=identified, layout=layout)

    def close(self) -> bool:
        """Stop the jobs, save what is left, close the store; returns whether all ended in time and is kept."""
        self.typing_ended.emit()
        ended = self.jobs.shutdown()
        return self.reading.close() and ended

    # ---- how it hangs together -----------------------------------------------------------------------

    def _wire(self) -> None:
        self.jobs.busy_changed.connect(self.busy_changed)
        self.jobs.job_progressed.connect(self.job_progressed)
        self.worklist.listed.connect(self._listed)
        self.worklist.failed.connect(self.fail)
        self.thumbnails.failed.connect(self.fail)
        self.reading.session_changed.connect(self._session_changed)
        self.reading.ai_opened.connect(self._ask_if_painted)
        self.reading.keeping.failed.connect(lambda error: self.fail(error, self.record_path))
        self.opening.prepare, self.opening.leave = self.reading.completed, self.reading.leave
        part = self.inference
        part.answered.connect(self._keep)
        part.recall = self.reading.recall
        part.prediction_ready.connect(self.prediction_ready)
        part.prediction_failed.connect(self.prediction_failed)
        part.lef_ready.connect(self.lef_ready)
        part.lef_failed.connect(self.lef_failed)
        part.reconstruction_ready.connect(self.reconstruction_ready)
        part.reconstruction_ready.connect(self.choose_overlay)
        part.reconstruction_failed.connect(self.reconstruction_failed)
        part.error_strip_ready.connect(self.error_strip_ready)
        part.error_strip_ready.connect(self.choose_overlay)
        part.error_strip_failed.connect(self.error_strip_failed)
        part.unexpected.connect(self.unexpected_error)
        for problem in self.settings.problems:
            self.fail(problem)

    def _listed(self, found: list[Path]) -> None:
        self._walk.look_up(found)
        if self._open_when_listed and found:
            self._open_when_listed = False
            self.open_record(found[0])

    def record_shown(self) -> None:
        """Hear that the trace is on the screen: from now on the models may take the processor."""
        self._painted = self._record
        self._ask_models()

    def page_failed(self, record: EcgRecord, error: Exception) -> None:
        """Hear that the open record cannot be laid out: nothing of it stays on the screen."""
        self._switch.page_failed(record, error)

    def take_measurements(self, found: tuple[Measurement, ...]) -> None:
        """Take what was measured of the open record."""
        self._measurements = found
        self.measurements_ready.emit(found)

    def _keep(self, result: Prediction | LefResult) -> None:
        self.reading.keep(result)

    def _session_changed(self, session: ReadingSession | None) -> None:
        if self.record_path is not None and session is not None:
            self.worklist.set_state(self.record_path, session.state.value)
        self.session_changed.emit(session)
        self.choose_overlay()

    def choose_overlay(self, _changed: object = None) -> None:
        """Lay over the trace what this view shows of the answers there are."""
        if self._view != "reconstruct":
            self.set_overlay(None)
            return
        layers = [answer[1] for answer in (self.reconstruction, self.error_strip) if answer is not None]
        self.set_overlay(tasks.joined(layers) if layers else None)

    def refuse_edit(self) -> None:
        """Say that a key or a click was not applied, because another record is being opened."""
        self._steps.refuse()

    def _be_reader(self, name: str) -> None:
        self._set("reader.name", name)
        self.worklist.forget_states()  # they were those of the reader before
        self.reader_changed.emit(name)
        if self._record is not None:
            self.reading.begin(self._record)
            self.reading.tell()
        self._walk.look_up([item.path for item in self.worklist.items])

    def _ask_if_painted(self) -> None:
        if self._painted is self._record:
            self._ask_models()

    def _ask_if(self, is_open: bool) -> None:
        if is_open:
            self._ask_models()

    def _ask_models(self) -> None:
        if self.may_show_ai():
            self.request_prediction()
            self.request_lef()

    def _set(self, key: str, value: Value) -> None:
        try:
            self.settings.set(key, value)
        except EcgviewError as error:
            self.fail(error)
