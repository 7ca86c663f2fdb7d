"""What is laid on the trace to explain a model's answer: one of the explanations that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from ecgview import explain
from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel, Working
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.widgets import Choice, Facts, Notice, Text, row
from ecgview.models import context

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

NONE = "Nothing on the trace"
MAPS = (
    "attribution",
    "lef_attribution",
)  # are chosen by their statement or predictor, in panels of their own
NEEDS = {"classifier": "the classifier", "lef": "the LEF model", "autoencoder": "the autoencoder"}


class ExplanationPanel(AiPanel):
    """The choice of an explanation, and what it says beside the trace."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._chosen_by_key = False
        answers = workspace.answers
        answers.explanation_chosen.connect(self.renew)
        answers.explanation_ready.connect(self.renew)
        answers.explanation_failed.connect(self.fail)
        self.renew()

    def fill(self) -> None:
        """Show the choice, and how far the chosen one is or what it says."""
        chosen = self.workspace.answers.explanation_id
        had_keys, self._chosen_by_key = self._chosen_by_key, False
        self.box = Choice("Explanation on the trace")
        self.box.setObjectName("explanation")
        self.box.addItem(NONE, "")
        for name, one in explain.known().items():
            if not getattr(one, "HAS_PANEL", False) and name not in MAPS:
                self.box.addItem(one.NAME, name)
                self.box.setItemData(self.box.count() - 1, f"Explains {NEEDS[one.NEEDS]}", 3)  # its tooltip
        self.box.setCurrentIndex(max(0, self.box.findData(chosen)))
        self.box.currentIndexChanged.connect(lambda _index: self._choose(self.box.currentData()))
        self.content.addWidget(self.box)
        if had_keys:
            self.box.setFocus()
        if chosen:
            self._add_answer(chosen)

    def _add_answer(self, chosen: str) -> None:
        found = self.workspace.answers.explanation
        if found is not None:
            answer = self.workspace.answers.prediction
            said = () if answer is None else answer.warnings  # told beside the diagnoses already
            for warning in found.warnings:
                if warning not in said:
                    self.content.addWidget(Notice(context.sentence(warning)))
            for line in found.lines:
                self.content.addWidget(Text(line, tone="secondary"))
            if found.numbers:
                self.content.addWidget(Facts([(name, f"{value:.3g}") for name, value in found.numbers]))
            self.content.addWidget(model_line(found.model, precision=found.precision))
        elif self._failure:
            self.content.addWidget(Notice(self._failure, "error", title="Not explained"))
            again = QPushButton("Try again")
            again.clicked.connect(lambda: self._choose(chosen))
            self.content.addLayout(row(again, 1))
        else:
            doing = f"Asking {NEEDS[explain.known()[chosen].NEEDS]}"
            self._working = Working(doing, lambda: self._choose(""))
            self.content.addWidget(self._working)

    def _choose(self, explanation_id: str) -> None:
        self._chosen_by_key = self.box.hasFocus()  # the panel is filled anew: the keys stay where they were
        self.workspace.answers.explain(explanation_id)


PANEL = Panel(
    id="explanation", title="Other explanations (AI)", views=("explain",), order=35, make=ExplanationPanel
)
