"""What the masked autoencoder makes of hidden stretches, and how far it lies from what was measured."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel, Working
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.widgets import Notice, Rule, Text, clear, column, row
from ecgview.desktop.panels.reconstruction.error_strip import ErrorStrip, peak_sentence
from ecgview.desktop.panels.reconstruction.errors import lead_errors, overall
from ecgview.desktop.panels.reconstruction.lead_bars import LeadBars
from ecgview.desktop.panels.reconstruction.mask_controls import MaskControls
from ecgview.desktop.panels.reconstruction.phase_rows import PhaseRows
from ecgview.models import context
from ecgview.results import Reconstruction

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

INTRO = "Hide parts of the ECG; the model fills them in from what is left."
N_MASKS, STRIP_RATIO = 16, 0.25


class ReconstructionPanel(AiPanel):
    """Mask, errors by lead, and the reconstruction error over time of the open record."""

    leads = True

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._results = column()
        self._strip = column()
        self._strip_working: Working | None = None
        workspace.answers.reconstruction_ready.connect(self._show_results)
        workspace.answers.reconstruction_failed.connect(self._fail_results)
        workspace.answers.mask_changed.connect(self._show_results)
        workspace.answers.error_strip_ready.connect(self._show_strip)
        workspace.answers.error_strip_failed.connect(self._fail_strip)
        workspace.jobs.job_progressed.connect(self._report_strip)
        self.renew()

    def fill(self) -> None:
        """Build the controls once; what a mask gives is renewed below them."""
        self.content.addWidget(Text(INTRO, tone="secondary"))
        self.controls = MaskControls(self.workspace)
        self.content.addWidget(self.controls)
        self.content.addWidget(Rule())
        self._results, self._strip = column(), column()
        self.content.addLayout(self._results)
        self.content.addWidget(Rule())
        self.content.addWidget(Text("Reconstruction error over time", size="strong"))
        self.content.addLayout(self._strip)
        self._caution = Text(size="caption", tone="secondary")
        self.content.addWidget(self._caution)
        self._show_results()
        self._show_strip()

    def _say_caution(self) -> None:
        """Say what this model fills in poorly; once an answer is there, since the cards wait for the first trace."""
        from ecgview.errors import EcgviewError
        from ecgview.explain import reconstruction
        from ecgview.models import segments

        try:
            card = segments.autoencoder(self.workspace.answers.autoencoder_id)
        except EcgviewError:
            self._caution.setText("")
        else:
            self._caution.setText(reconstruction.rhythm_caution(card))

    # ---- the mask that is set --------------------------------------------------------------------------

    def _show_results(self, _changed: object = None) -> None:
        if not self.is_open:
            return
        clear(self._results)
        self._say_caution()
        hidden = int(self.workspace.answers.mask.sum())
        answer = self.workspace.answers.reconstruction
        if hidden == 0:
            self._results.addWidget(Text("Nothing is hidden yet.", tone="secondary"))
            return
        cut = self.workspace.answers.segments
        self._results.addWidget(
            Text(f"{hidden} of {cut.count} segments hidden, {hidden * cut.seconds:.2f} s", size="strong")
        )
        if answer is None:
            self._results.addWidget(Text("Filling them in …", tone="secondary"))
        else:
            self._add_errors(answer[0])

    def _add_errors(self, found: Reconstruction) -> None:
        for warning in found.warnings:  # no other panel of this view tells them
            self._results.addWidget(Notice(context.sentence(warning)))
        rows = lead_errors(found)
        self._results.addWidget(Text(error_sentence(*overall(rows))))
        self._add_phases(found)
        self._results.addWidget(LeadBars(rows))
        legend = "Bar: error of the model, root mean square over hidden samples. Tick: linear interpolation."
        self._results.addWidget(Text(legend, size="caption", tone="secondary"))
        line = model_line(found.model, device=found.device, duration_ms=found.duration_ms)
        self._results.addWidget(line)

    def _add_phases(self, found: Reconstruction) -> None:
        """Show the error by part of the beat: over all hidden samples it follows the steep QRS complexes alone."""
        from ecgview.explain import reconstruction
        from ecgview.signal.phases import WINDOWS

        parts = reconstruction.by_phase(found)
        if not parts:
            self._results.addWidget(Text(reconstruction.NO_PHASE, size="caption", tone="secondary"))
            return
        self._results.addWidget(PhaseRows(parts))
        said = f"Windows fixed about R: {WINDOWS}."
        if found.reference:
            said = f"Percentile: {found.reference}; longer hidden stretches are harder. {said}"
        else:
            said = f"No percentile: this model brings no reference errors. {said}"
        self._results.addWidget(Text(said, size="caption", tone="secondary"))

    def _fail_results(self, reason: str) -> None:
        if self.is_open:
            clear(self._results)
            self._results.addWidget(Notice(reason, "error", title="Not reconstructed"))

    # ---- the average over random masks -----------------------------------------------------------------

    def _show_strip(self, _answer: object = None) -> None:
        if not self.is_open:
            return
        clear(self._strip)
        self._strip_working = None
        answer = self.workspace.answers.error_strip
        if self.workspace.jobs.is_running("error_strip"):
            self._strip_working = Working(f"Averaging {N_MASKS} random masks", self._stop_strip)
            self._strip.addWidget(self._strip_working)
        elif answer is None:
            about = (
                f"Averages the error of {N_MASKS} random masks, or of as many more as it takes to hide every segment "
                "once, to show where the ECG is hard to predict."
            )
            self._strip.addWidget(Text(about, tone="secondary"))
            self._strip.addLayout(row(self._strip_button("Compute"), 1))
        else:
            found, _overlay = answer
            seconds = len(found.error_uv) * self.workspace.answers.segments.seconds
            self._strip.addWidget(ErrorStrip(found, seconds))
            said = f"{peak_sentence(found, seconds)} {found.n_masks} random masks."
            self._strip.addWidget(Text(said, size="caption", tone="secondary"))

    def _strip_button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(self._ask_strip)
        return button

    def _ask_strip(self) -> None:
        self.workspace.answers.request_error_strip(STRIP_RATIO, N_MASKS, self.controls.seed.value())
        self._show_strip()

    def _stop_strip(self) -> None:
        self.workspace.jobs.cancel("error_strip")
        self._show_strip()

    def _fail_strip(self, reason: str) -> None:
        if self.is_open:
            clear(self._strip)
            self._strip_working = None
            self._strip.addWidget(Notice(reason, "error", title="Not computed"))
            self._strip.addLayout(row(self._strip_button("Try again"), 1))

    def _report_strip(self, progress: tuple[str, float, str]) -> None:
        if self._strip_working is not None:
            self._strip_working.report(progress[1], progress[2])


def error_sentence(model_uv: float, linear_uv: float) -> str:
    """Return both errors over all leads, and which is smaller."""
    if not (isfinite(model_uv) and isfinite(linear_uv)):
        return "The error is not known: nothing was measured under the mask."
    share = (1 - model_uv / linear_uv) * 100 if linear_uv > 0 else 0.0
    compared = f"{abs(share):.0f} % {'less' if share >= 0 else 'more'}"
    return f"Model {model_uv:.0f} µV, linear interpolation {linear_uv:.0f} µV: {compared} error."


PANEL = Panel(
    id="reconstruction",
    title="Masked reconstruction (AI)",
    views=("reconstruct",),
    order=10,
    make=ReconstructionPanel,
)
