"""What the classifier says: each statement's probability against its threshold, largest margin first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QPushButton

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels._gate import AiPanel
from ecgview.desktop.panels._model_line import model_line
from ecgview.desktop.panels._score_list import ScoreList, reaches, row_of
from ecgview.desktop.panels._widgets import Notice, Text, row
from ecgview.results import LabelScore, Prediction

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace

TOP = 5  # A4: five at most by default, the full table on request
TALL = 10
NO_THRESHOLD = "Where no threshold is known, 0.50 stands in for it in the order of the list."


class DiagnosisPanel(AiPanel):
    """Probabilities of the open record, once they may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shows_all = False
        workspace.prediction_ready.connect(self.renew)
        workspace.prediction_failed.connect(self.fail)
        self.renew()

    def fill(self) -> None:
        """Show the prediction, or where it is."""
        if self.workspace.prediction is None:
            self.fill_pending("Analysing the ECG", self.workspace.request_prediction, "predict")
        else:
            self._show(self.workspace.prediction)

    def _show(self, prediction: Prediction) -> None:
        ranked = prediction.by_margin()
        self.content.addWidget(Text(_summary(ranked), size="strong"))
        self._add_scores(ranked)
        for warning in prediction.warnings:
            self.content.addWidget(Notice(warning))
        if any(score.threshold is None for score in ranked):
            self.content.addWidget(Text(NO_THRESHOLD, size="caption", tone="secondary"))
        if prediction.model.caveat:
            self.content.addWidget(Text(prediction.model.caveat, size="caption", tone="secondary"))
        line = model_line(prediction.model, device=prediction.device, duration_ms=prediction.duration_ms)
        self.content.addWidget(line)

    def _add_scores(self, ranked: tuple[LabelScore, ...]) -> None:
        shown = ranked if self._shows_all else ranked[:TOP]
        scores = ScoreList([row_of(score) for score in shown], visible_rows=TALL)
        if self._shows_all:
            box = QLineEdit()
            box.setPlaceholderText("Filter by name or code")
            box.setClearButtonEnabled(True)
            box.textChanged.connect(scores.scores.set_filter)
            self.content.addWidget(box)
        self.content.addWidget(scores)
        if len(ranked) > TOP:
            toggle = QPushButton(f"Show the first {TOP}" if self._shows_all else f"Show all {len(ranked)}")
            toggle.clicked.connect(self._switch)
            self.content.addLayout(row(toggle, 1))

    def _switch(self) -> None:
        self._shows_all = not self._shows_all
        self.renew()


def _summary(ranked: tuple[LabelScore, ...]) -> str:
    judged = [score for score in ranked if score.threshold is not None]
    if not judged:
        return f"{len(ranked)} statements, no thresholds known"
    n_positive = sum(reaches(score) for score in judged)
    if n_positive == 0:
        return f"None of {len(judged)} statements reaches its threshold"
    reach = "reaches its" if n_positive == 1 else "reach their"
    return f"{n_positive} of {len(judged)} statements {reach} threshold"


PANEL = Panel(
    id="diagnosis", title="Diagnoses (AI)", views=("read", "explain"), order=20, make=DiagnosisPanel
)
