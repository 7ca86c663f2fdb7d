"""What the classifier says, in the order of a report: every positive statement, the nearest below, all on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QPushButton

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.score_list import Heading, Row, ScoreList, row_of
from ecgview.desktop.panels.kit.widgets import Notice, Text, row
from ecgview.desktop.state.shams import Target
from ecgview.labels.statements_shown import (
    ShownPrediction,
    ShownStatement,
    not_assessable_sentences,
    not_judged_sentence,
    shown,
)
from ecgview.models import context
from ecgview.results import Prediction
from ecgview.signal.criteria.beside import beside

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

TOP = 5  # A4: at least five by default, more only where more are positive; the full table on request
TALL = 10
NAMED = 8  # of what the model does not judge, before the rest is asked for


class DiagnosisPanel(AiPanel):
    """Probabilities of the open record, once they may be shown."""

    leads = True

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shows_all = False
        self._names_all = False
        self._said_by_rule: tuple[str, ...] = ()
        workspace.answers.prediction_ready.connect(self.renew)
        workspace.answers.prediction_failed.connect(self.fail)
        workspace.maps.changed.connect(self._mark)
        workspace.criteria.changed.connect(self._renew_with_rules)
        self.renew()

    def fill(self) -> None:
        """Show the prediction, or where it is."""
        if self.workspace.answers.prediction is None:
            self.fill_pending("Analysing the ECG", self.workspace.answers.request_prediction, "ask")
        else:
            self._show(context.beside_read(self.workspace.answers.prediction, self.stated))

    def _renew_with_rules(self, _found: object) -> None:
        prediction = self.workspace.answers.prediction
        if prediction is not None and self._by_rule(prediction) != self._said_by_rule:
            self.renew()

    def _by_rule(self, prediction: Prediction) -> tuple[str, ...]:
        found = beside(self.workspace.criteria.found or (), prediction.scores)
        return tuple(one.sentence for one in found if one.is_told)

    def _show(self, prediction: Prediction) -> None:
        found = shown(prediction)
        if not prediction.analysed:
            self.content.addWidget(Notice(f"Reason: {prediction.reason}.", "warning", title="Not analysed"))
            for warning in prediction.warnings:
                self.content.addWidget(Notice(context.sentence(warning)))
            self.content.addWidget(model_line(prediction.model, precision=""))
            return
        self.content.addWidget(Text(found.summary, size="strong"))
        for sentence in found.contradictions:
            self.content.addWidget(Notice(f"The model contradicts itself: {sentence}."))
        for warning in prediction.warnings:
            self.content.addWidget(Notice(context.sentence(warning)))
        self._add_scores(found, prediction)
        for sentence in not_assessable_sentences(found, None if self._names_all else NAMED):
            self.content.addWidget(Text(sentence, tone="secondary"))
        self._add_not_judged(found)
        self._add_shares(found)
        self._add_by_rule(prediction)
        if prediction.model.caveat:
            self.content.addWidget(Prose(prediction.model.caveat))
        line = model_line(
            prediction.model,
            device=prediction.device,
            duration_ms=prediction.duration_ms,
            precision=prediction.precision,
        )
        self.content.addWidget(line)

    def _add_scores(self, found: ShownPrediction, prediction: Prediction) -> None:
        listed = found.statements if self._shows_all else found.nearest(TOP)
        rows = in_parts(listed)
        scores = ScoreList(rows, visible_rows=TALL if self._shows_all else len(rows))
        scores.row_chosen.connect(self._choose)
        if self._shows_all:
            box = QLineEdit()
            box.setPlaceholderText("Filter by name or code")
            box.setClearButtonEnabled(True)
            box.textChanged.connect(scores.scores.set_filter)
            self.content.addWidget(box)
        legend = f"Probability, {prediction.model.calibrated}. Percentile: {found.reference}."
        self.content.addWidget(Prose(legend))
        self.content.addWidget(scores)
        self._mark()
        if len(found.statements) > len(listed) or self._shows_all:
            text = "Show fewer" if self._shows_all else f"Show all {len(found.statements)}"
            toggle = QPushButton(text)
            toggle.clicked.connect(self._switch)
            self.content.addLayout(row(toggle, 1))

    def _add_not_judged(self, found: ShownPrediction) -> None:
        sentence = not_judged_sentence(found, None if self._names_all else NAMED)
        if not sentence:
            return
        self.content.addWidget(Text(sentence, tone="secondary"))
        if len(found.not_judged) > NAMED:
            more = QPushButton("Name fewer" if self._names_all else f"Name all {len(found.not_judged)}")
            more.clicked.connect(self._switch_names)
            self.content.addLayout(row(more, 1))

    def _add_shares(self, found: ShownPrediction) -> None:
        """Say what network and measured values each add to the positive statements that rest on both."""
        if found.with_shares:
            self.content.addWidget(Text("Network and measured values", size="strong"))
        for item in found.with_shares:
            said = f"{item.score.code}: {item.shares}"
            self.content.addWidget(Text(said, size="caption", tone="secondary"))

    def _add_by_rule(self, prediction: Prediction) -> None:
        """Say what rules find of rate, rhythm and intervals beside the network's score; nothing is replaced."""
        self._said_by_rule = told = self._by_rule(prediction)
        if told:
            self.content.addWidget(Text("By rule, beside the network", size="strong"))
        for sentence in told:
            self.content.addWidget(Text(sentence, size="caption", tone="secondary"))

    def _choose(self, code: str, by_arrow: bool) -> None:
        """Show where a statement's score comes from; the statement that is shown already is taken away."""
        maps, paper, target = self.workspace.maps, self.workspace.paper, Target("statement", code)
        if by_arrow and paper.view != "explain":
            return  # the list is only looked through
        maps.choose(None if target == maps.target and not by_arrow else target)
        paper.set_view("explain")

    def _mark(self) -> None:
        target, scores = self.workspace.maps.target, self.findChild(ScoreList)
        if isinstance(scores, ScoreList):
            scores.choose(target.name if target is not None and target.of == "statement" else "")

    def _switch(self) -> None:
        self._shows_all = not self._shows_all
        self.renew()

    def _switch_names(self) -> None:
        self._names_all = not self._names_all
        self.renew()


def in_parts(statements: tuple[ShownStatement, ...]) -> list[Row | Heading]:
    """Return the rows with the heading of their part of a report before the first of each."""
    rows: list[Row | Heading] = []
    part = ""
    for item in statements:
        if item.part != part:
            part = item.part
            rows.append(Heading(part, columns=not rows))
        rows.append(row_of(item))
    return rows


PANEL = Panel(
    id="diagnosis", title="Diagnoses (AI)", views=("read", "explain"), order=20, make=DiagnosisPanel
)
