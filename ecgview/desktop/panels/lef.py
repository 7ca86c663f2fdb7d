"""Low ejection fraction: published signs without a verdict, or a fitted model's probability, and what neither means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.score_list import Row, ScoreList, paint_bar
from ecgview.desktop.panels.kit.widgets import Notice, Rule, Text, row
from ecgview.models import context
from ecgview.results import LefResult, whole_percentile

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

ABOUT = "Signs published to go with a low ejection fraction. No verdict: this was never compared with echocardiography."
MOST = 10  # predictors in the list
RAISED = "May suggest further evaluation such as echocardiography."
NOT_RAISED = "A negative result does not rule out disease."
LOW = "A low percentile does not rule out disease."
SCOPE = "Adults, one 10 s 12-lead ECG. Not for paced rhythm, not for monitoring. Not a measurement of LVEF."
SINGLE = "Published as signs of a low ejection fraction each on its own, with another classifier."


class LefPanel(AiPanel):
    """The LEF card of the open record, once it may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.answers.lef_ready.connect(self.renew)
        workspace.answers.lef_failed.connect(self.fail)
        self.renew()

    def fill(self) -> None:
        """Show the result, or where it is."""
        result = self.workspace.answers.lef
        if result is not None:
            result = context.lef_beside_read(result, self.stated)
        if result is None:
            self.fill_pending("Estimating low ejection fraction", self.workspace.answers.request_lef, "ask")
            return
        asked = ABOUT if result.kind == "index" else f"Probability of {result.cut}."
        self.content.addWidget(Text(asked, size="caption", tone="secondary"))
        for warning in result.warnings:
            self.content.addWidget(Notice(context.sentence(warning)))
        if result.value is None:
            reason = result.reason or "the model gave no reason"
            self.content.addWidget(Notice(f"Reason: {reason}", "warning", title="Not analysed"))
        elif result.kind == "index":
            self._show_index(result, result.value)
        else:
            self._show_probability(result, result.value)
        self.content.addWidget(Text(SCOPE, size="caption", tone="secondary"))
        if result.model.caveat:
            self.content.addWidget(Prose(result.model.caveat))
        self.content.addWidget(
            model_line(result.model, precision=result.precision if result.analysed else "")
        )

    def _show_index(self, result: LefResult, value: float) -> None:
        """Each published predictor first, then their mean as a percentile: nothing that decides."""
        self._add_singles(result, "Published predictors, each on its own", SINGLE)
        self.content.addWidget(Text("Their mean, an index", size="strong"))
        if result.percentile is None:
            self.content.addWidget(Text(f"{result.place[:1].upper()}{result.place[1:]}.", tone="secondary"))
        else:
            number = Text(whole_percentile(result.percentile), size="number", wrap=False)
            self.content.addLayout(row(number, Text("percentile", tone="secondary", wrap=False), 1))
            self.content.addWidget(Text(f"of {result.reference}", size="caption", tone="secondary"))
        said = f"Index {value:.2f}, not a probability, {result.model.calibrated}, never compared with echocardiography."
        self.content.addWidget(Text(said, tone="secondary"))
        self.content.addWidget(Text(LOW))
        self.content.addWidget(Rule())

    def _show_probability(self, result: LefResult, value: float) -> None:
        is_raised = result.threshold is not None and value >= result.threshold
        word = Text(result.result[:1].upper() + result.result[1:], size="title")
        word.set_tone("positive" if is_raised else "text")
        self.content.addWidget(word)
        number = Text(f"{value:.2f}", size="number", wrap=False)
        kind = Text(f"probability, {result.model.calibrated}", tone="secondary")
        self.content.addLayout(row(number, kind, 1))
        self.content.addWidget(_Gauge(value, result.threshold, is_raised))
        against = "No threshold is set" if result.threshold is None else f"Threshold {result.threshold:.2f}"
        self.content.addWidget(Text(against, size="caption", tone="secondary"))
        if is_raised:
            self.content.addWidget(Text(RAISED))
        self.content.addWidget(Text(NOT_RAISED, tone="secondary" if is_raised else "text"))
        self.content.addWidget(Rule())
        self._add_singles(result, "Predictors", "")

    def _add_singles(self, result: LefResult, title: str, about: str) -> None:
        if not result.single_predictors:
            return
        self.content.addWidget(Text(title, size="strong"))
        rows = [Row(name, "", number, None, False) for name, number in _foremost(result)]
        self.content.addWidget(ScoreList(rows, visible_rows=6))
        if about:
            self.content.addWidget(Text(about, size="caption", tone="secondary"))
        self.content.addWidget(Rule())


class _Gauge(QWidget):
    """The value on a line from 0 to 1, with the threshold as a tick."""

    def __init__(self, value: float, threshold: float | None, is_raised: bool) -> None:
        super().__init__()
        self._value, self._threshold, self._is_raised = value, threshold, is_raised
        self.setFixedHeight(16)

    def sizeHint(self) -> QSize:
        return QSize(160, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            tone = "positive" if self._is_raised else "accent"
            paint_bar(painter, self, QRectF(0, 4, self.width(), 8), self._value, self._threshold, tone)


def _foremost(result: LefResult) -> list[tuple[str, float]]:
    """Return the predictors, of a fitted model with many of them the ten that moved its output most."""
    shares = result.contributions
    if shares is None or len(result.single_predictors) <= MOST:
        return list(result.single_predictors)
    return [(item.predictor, item.value) for item in shares.items[:MOST]]


PANEL = Panel(
    id="lef", title="Low ejection fraction (AI)", views=("read", "explain"), order=30, make=LefPanel
)
