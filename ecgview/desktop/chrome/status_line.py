"""The line at the foot: scale and filter in words (C7), what is under the mouse, the device, what runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from ecgview.desktop.canvas.trace_canvas import TraceCanvas
from ecgview.desktop.state.workspace import Workspace
from ecgview.paper import median_page
from ecgview.paper.scale_line import scale_text


class StatusLine(QStatusBar):
    """Never empty: with no record it says that nothing is open."""

    def __init__(self, workspace: Workspace, canvas: TraceCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._canvas = workspace, canvas
        self.setSizeGripEnabled(False)
        self.scale_line = QLabel("No ECG is open.")
        self.scale_line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cursor_read = QLabel()
        self.cursor_read.setMinimumWidth(190)
        self.cursor_read.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.screen_scale = QLabel()
        self.device = QLabel()
        self.work = QLabel()
        self.kept = QLabel()
        self.addWidget(self.scale_line, 1)
        for label in (self.work, self.kept, self.cursor_read, self.screen_scale, self.device):
            self.addPermanentWidget(label)
        canvas.cursor_moved.connect(self.cursor_read.setText)
        canvas.scale_changed.connect(self.show_screen)
        canvas.page_changed.connect(self._show_scale)
        workspace.jobs.busy_changed.connect(self._show_busy)
        workspace.jobs.job_progressed.connect(self._show_job)
        workspace.reading.keeping.state_changed.connect(self._show_kept)
        workspace.answers.device_resolved.connect(self._name_device)
        for signal in (
            workspace.answers.prediction_ready,
            workspace.answers.lef_ready,
            workspace.answers.reconstruction_ready,
        ):
            signal.connect(self._show_device)
        self._name_device(workspace.settings.text("models.device"))
        self.show_screen()

    def _show_scale(self) -> None:
        """Say the scale and the filter of the page that is on the paper, not of one that is being made."""
        record, paper = self._canvas.drawn, self._canvas.composed
        if record is not None and paper is not None and median_page.is_of_median(paper):
            paper = median_page.paper_for(record, paper)
        text = "No ECG is open." if record is None or paper is None else scale_text(record, paper)
        self.scale_line.setText(text)
        self.scale_line.setToolTip(text if record is not None else "")

    def show_screen(self, _scale: float = 0.0) -> None:
        """Say how large a paper millimetre is on this screen; "~" until it was held against a ruler (C4)."""
        zoom = self._canvas.px_per_mm / self._canvas.true_px_per_mm
        if self._workspace.settings.number("screen.px_per_mm") > 0:
            self.screen_scale.setText(f"1 mm = {zoom:.2f} mm")
        else:
            self.screen_scale.setText(f"1 mm = ~{zoom:.2f} mm, screen not calibrated")

    def _show_device(self, _changed: object = None) -> None:
        if self._workspace.answers.prediction is not None:
            self._name_device(self._workspace.answers.prediction.device)

    def _name_device(self, device: str) -> None:
        self.device.setText(f"Models: {device}")

    def _show_kept(self, state: str) -> None:
        problem = self._workspace.reading.keeping.problem
        self.kept.setText({"saved": "Saved", "saving": "Saving …", "not saved": "Not saved"}.get(state, ""))
        self.kept.setToolTip(str(problem) if state == "not saved" and problem is not None else "")

    def _show_busy(self, count: int) -> None:
        if count == 0:
            self.work.setText("")

    def _show_job(self, progress: tuple[str, float, str]) -> None:
        title, fraction, _text = progress
        self.work.setText(f"{title} …" if fraction <= 0 else f"{title} {fraction:.0%}")
