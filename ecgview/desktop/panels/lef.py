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
from ecgview.results import LefResult, Placed

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

ABOUT = "Signs published to go with a low ejection fraction. No verdict: this was never compared with echocardiography."
MOST = 10  # predictors in the list
RAISED = "May suggest further evaluation such as echocardiography."
NOT_RAISED = "A negative result does not rule out disease."
LOW = "A low percentile does not rule out disease."
SCOPE = "Adults, one 10 s 12-lead ECG. Not for paced rhythm, not for monitoring. Not a measurement of LVEF."
SINGLE = "Published as signs of a low ejection fraction each on its own, with another classifier."
FITTED = "A model that was fitted to {cut} and is not calibrated: an index without a verdict."
NOT_CALIBRATED = "Not a probability: not calibrated."
NOT_A_CHANCE = "Not a probability, never compared with echocardiography."


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
        asked = f"Probability of {result.cut}."
        if result.kind == "index":
            asked = FITTED.format(cut=result.cut) if result.cut else ABOUT
        self.content.addWidget(Text(asked, size="caption", tone="secondary"))
        for warning in result.warnings:
            self.content.addWidget(Notice(context.sentence(warning)))
        if result.value is None:
            reason = result.reason or "the model gave no reason"
            self.content.addWidget(Notice(f"Reason: {reason}", "warning", title="Not analysed"))
        elif result.kind == "index":
            self._show_index(result)
        else:
            self._show_probability(result, result.value)
        self.content.addWidget(Text(SCOPE, size="caption", tone="secondary"))
        if result.model.caveat:
            self.content.addWidget(Prose(result.model.caveat))
        self.content.addWidget(
            model_line(result.model, precision=result.precision if result.analysed else "")
        )

    def _show_index(self, result: LefResult) -> None:
        """Each published predictor first, then their mean as a percentile: nothing that decides."""
        title = "Predictors" if result.cut else "Published predictors, each on its own"
        self.content.addWidget(Text(title, size="strong"))
        for one in result.placed_foremost(MOST):
            self._add_placed(one)
        if result.reference:
            among = f"Percentiles among {result.reference}."
            self.content.addWidget(Text(among, size="caption", tone="secondary"))
        if not result.cut:
            self.content.addWidget(Text(SINGLE, size="caption", tone="secondary"))
        self.content.addWidget(Rule())
        title = "The model's index" if result.cut else "Their mean, an index"
        self.content.addWidget(Text(title, size="strong"))
        self.content.addWidget(Text(f"{result.place[:1].upper()}{result.place[1:]}."))
        never = NOT_CALIBRATED if result.cut else NOT_A_CHANCE
        self.content.addWidget(Text(f"{never} {LOW}", tone="secondary"))
        self.content.addWidget(Rule())

    def _add_placed(self, one: Placed) -> None:
        name, place = Text(one.predictor, wrap=False), Text(one.place, wrap=False)
        if one.percentile is None:
            place.set_tone("secondary")
        self.content.addLayout(row(name, 1, place))
        if one.percentile is not None:
            self.content.addWidget(_Gauge(one.percentile / 100.0, None, "faint"))
        towards = f" Towards a low fraction: {one.direction}." if one.direction else ""
        self.content.addWidget(Text(f"Value {one.value:.4f}.{towards}", size="caption", tone="secondary"))

    def _show_probability(self, result: LefResult, value: float) -> None:
        is_raised = result.threshold is not None and value >= result.threshold
        word = Text(result.result[:1].upper() + result.result[1:], size="title")
        word.set_tone("positive" if is_raised else "text")
        self.content.addWidget(word)
        number = Text(f"{value:.2f}", size="number", wrap=False)
        kind = Text(f"probability of {result.cut}, {result.model.calibrated}", tone="secondary")
        self.content.addLayout(row(number, kind, 1))
        tone = "positive" if is_raised else "accent"
        self.content.addWidget(_Gauge(value, result.threshold, tone))
        against = "No threshold is set" if result.threshold is None else f"Threshold {result.threshold:.2f}"
        self.content.addWidget(Text(against, size="caption", tone="secondary"))
        if is_raised:
            self.content.addWidget(Text(RAISED))
        self.content.addWidget(Text(NOT_RAISED, tone="secondary" if is_raised else "text"))
        self.content.addWidget(Rule())
        self._add_singles(result)

    def _add_singles(self, result: LefResult) -> None:
        if not result.single_predictors:
            return
        self.content.addWidget(Text("Predictors", size="strong"))
        rows = [Row(name, "", number, None, False) for name, number in _foremost(result)]
        self.content.addWidget(ScoreList(rows, visible_rows=6))
        self.content.addWidget(Rule())


class _Gauge(QWidget):
    """The value on a line from 0 to 1, with the threshold as a tick."""

    def __init__(self, value: float, threshold: float | None, tone: str) -> None:
        super().__init__()
        self._value, self._threshold, self._tone = value, threshold, tone
        self.setFixedHeight(16)

    def sizeHint(self) -> QSize:
        return QSize(160, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_bar(painter, self, QRectF(0, 4, self.width(), 8), self._value, self._threshold, self._tone)


def _foremost(result: LefResult) -> list[tuple[str, float]]:
    """Return the predictors, of a fitted model with many of them the ten that moved its output most."""
    shares = result.contributions
    if shares is None or len(result.single_predictors) <= MOST:
        return list(result.single_predictors)
    return [(item.predictor, item.value) for item in shares.items[:MOST]]


PANEL = Panel(
    id="lef", title="Low ejection fraction (AI)", views=("read", "explain"), order=30, make=LefPanel
)
