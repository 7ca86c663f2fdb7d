"""What one window knows, and the signals that tell of its changes; what can be done is in `workspace`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings
from ecgview.desktop.state import paper_choice
from ecgview.desktop.state.inference import Inference
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.opening import Opening, Shown
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.thumbnails import Thumbnails
from ecgview.desktop.state.worklist import Worklist, WorklistItem
from ecgview.desktop.theme import Colours, colours
from ecgview.desktop.work.jobs import Jobs
from ecgview.overlay import Overlay
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction, Reconstruction

if TYPE_CHECKING:
    from ecgview.paper.settings import PaperSettings
    from ecgview.review.session import ReadingSession
    from ecgview.review.store import Store
    from ecgview.signal.measurements import Measurement

MASK_SEGMENTS = 200  # of 50 ms, the first 10 s


class WindowState(QObject):
    """Everything one window knows.

    Signals (each carries one object and states a fact):
        record_opened: EcgRecord, with its page in `opening.page`. record_failed: EcgviewError.
        typing_ended: what was typed so far is handed over now: the read is locked, or left.
        record_closed: no record is open any more; `shown` says why, and what the window tells of instead.
        switched: every part of the window tells of what is `shown` now, and of nothing else.
        opening_changed: bool, whether a record is being opened; no read can be edited until it is there.
        busy_changed: number of running jobs. job_progressed: (title, fraction, text).
        session_changed: ReadingSession | None, after every edit and change of state.
        measurements_ready: tuple[Measurement, ...]. prediction_ready: Prediction. lef_ready: LefResult.
        reconstruction_ready: (Reconstruction, Overlay). error_strip_ready: what `explain` returned.
        prediction_failed, lef_failed, reconstruction_failed, error_strip_failed: the reason, a sentence.
        overlay_changed: Overlay | None. view_changed: one of `VIEWS`. paper_changed: PaperSettings.
        mask_changed: (200,) bool, True = hidden. mask_mode_changed: whether dragging draws a mask.
        annotation_code_changed: the code that a drag in the annotate view marks with.
        theme_changed: "light" or "dark". blind_changed: bool. reader_changed: str.
        reader_needed: True when something was asked that needs the reader's name.
        device_resolved: the device that models run on, once torch is there.
        message_posted: Message. unexpected_error: Exception, a bug to be told in a dialog.
    """

    settings: Settings
    thumbnails: Thumbnails

    record_opened = Signal(object)
    record_failed = Signal(object)
    typing_ended = Signal()
    record_closed = Signal()
    switched = Signal()
    opening_changed = Signal(bool)
    busy_changed = Signal(int)
    job_progressed = Signal(object)
    session_changed = Signal(object)
    measurements_ready = Signal(object)
    prediction_ready = Signal(object)
    prediction_failed = Signal(str)
    lef_ready = Signal(object)
    lef_failed = Signal(str)
    reconstruction_ready = Signal(object)
    reconstruction_failed = Signal(str)
    error_strip_ready = Signal(object)
    error_strip_failed = Signal(str)
    overlay_changed = Signal(object)
    view_changed = Signal(str)
    paper_changed = Signal(object)
    mask_changed = Signal(object)
    mask_mode_changed = Signal(bool)
    annotation_code_changed = Signal(str)
    theme_changed = Signal(str)
    blind_changed = Signal(bool)
    reader_changed = Signal(str)
    reader_needed = Signal(bool)
    device_resolved = Signal(str)
    message_posted = Signal(object)
    unexpected_error = Signal(object)

    def __init__(
        self,
        *,
        store_path: Path | None = None,
        settings: Settings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings if settings is not None else Settings(settings_path())
        self.jobs = Jobs(self)
        self.worklist = Worklist(self.jobs, self)
        self.opening = Opening(self.jobs, self)
        self.thumbnails = Thumbnails(self.jobs, self.settings, self)
        self.reading = Reading(store_path, self.settings, self.jobs, self)
        self.inference = Inference(self.jobs, self.may_show_ai, self)
        self.inference.device = self.settings.text("models.device")
        self.names = Names(self)
        self._record: EcgRecord | None = None
        self._shown = Shown()
        self.goes_on = False  # from locking a read until the next record is asked for
        self._measurements: tuple[Measurement, ...] | None = None
        self._overlay: Overlay | None = None
        self._view = "read"
        self._paper = paper_choice.from_settings(self.settings)
        self._mask: NDArray[np.bool_] = np.zeros(MASK_SEGMENTS, dtype=np.bool_)
        self._mask_mode = False
        self._annotation_code = ("", "", "")

    # ---- what is there -------------------------------------------------------------------------------

    @property
    def record(self) -> EcgRecord | None:
        """The open record."""
        return self._record

    @property
    def record_path(self) -> Path | None:
        """The file of the open record."""
        return self._shown.path if self._record is not None else None

    @property
    def shown(self) -> Shown:
        """What the window tells of: the open record, or the one that is being opened or cannot be."""
        return self._shown

    @property
    def is_opening(self) -> bool:
        """Whether another record than the one that is shown was asked for."""
        return self.opening.path is not None or self.goes_on

    def begin_telling_of(self, shown: Shown, record: EcgRecord | None) -> None:
        """Forget all that belongs to the record before; every part of the window has to hear of it at once."""
        self._record, self._shown, self._measurements = record, shown, None
        self._mask = np.zeros(MASK_SEGMENTS, dtype=np.bool_)
        self._paper = replace(self._paper, start_s=0.0, part=0)  # time and leads were of that record

    def name_for(self, path: Path | None) -> str:
        """Return how a record is called on the screen: by its number while its file's name is closed."""
        return self.names.of(path) if path is not None else ""

    @property
    def session(self) -> ReadingSession | None:
        """The reading session of the open record; None until a reader gave a name."""
        return self.reading.session

    @property
    def store(self) -> Store:
        """Where reads are kept."""
        return self.reading.store

    @property
    def measurements(self) -> tuple[Measurement, ...] | None:
        """Measurements of the open record; None until they are there."""
        return self._measurements

    @property
    def prediction(self) -> Prediction | None:
        """What the classifier said; None while blind, or until it is there."""
        return self.inference.prediction if self.may_show_ai() else None

    @property
    def lef(self) -> LefResult | None:
        """What the LEF model said; None while blind, or until it is there."""
        return self.inference.lef if self.may_show_ai() else None

    @property
    def reconstruction(self) -> tuple[Reconstruction, Overlay] | None:
        """The last reconstruction with its overlay; None while blind, or until it is there."""
        return self.inference.reconstruction if self.may_show_ai() else None

    @property
    def error_strip(self) -> Any:
        """What averaging over random masks gave; None while blind, or until it is there."""
        return self.inference.error_strip if self.may_show_ai() else None

    @property
    def overlay(self) -> Overlay | None:
        """What lies over the trace in this view."""
        return self._overlay

    @property
    def view(self) -> str:
        """One of `VIEWS`."""
        return self._view

    @property
    def paper_settings(self) -> PaperSettings:
        """How the paper is laid out."""
        return self._paper

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(200,) bool over the first 10 s, True = hidden (read-only)."""
        return self._mask

    @property
    def mask_mode(self) -> bool:
        """Whether dragging over the trace draws a mask."""
        return self._mask_mode

    @property
    def blind(self) -> bool:
        """Whether AI stays closed until the first read is saved."""
        return self.reading.blind

    @property
    def reader_name(self) -> str:
        """Who reads; "" until somebody said so."""
        return self.reading.reader_name

    @property
    def theme(self) -> str:
        """The theme, "light" or "dark"."""
        return self.settings.text("window.theme")

    @property
    def colours(self) -> Colours:
        """The colours of the theme."""
        return colours(self.theme)

    @property
    def worklist_items(self) -> list[WorklistItem]:
        """The rows of the worklist."""
        return self.worklist.items

    @property
    def annotation_code(self) -> tuple[str, str, str]:
        """Code, label set and version that the next mark drawn on the trace carries."""
        return self._annotation_code

    def may_show_ai(self) -> bool:
        """Return whether AI results of the open record may be shown."""
        session = self.reading.session
        return session is not None and session.may_show_ai


def settings_path() -> Path:
    """Return where the user's settings are kept."""
    import platformdirs

    return Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "settings.toml"
