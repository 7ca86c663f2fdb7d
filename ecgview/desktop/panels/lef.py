"""Low ejection fraction: the result word, the number and its kind, what it means and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels._gate import AiPanel
from ecgview.desktop.panels._model_line import model_line
from ecgview.desktop.panels._score_list import Row, ScoreList, paint_bar
from ecgview.desktop.panels._widgets import Notice, Rule, Text, row
from ecgview.results import LefResult

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace

QUESTION = "Is the left ventricular ejection fraction low (LVEF of 40 % or less)?"
MOST = 10  # predictors in the list
RAISED = "May suggest further evaluation such as echocardiography."
NOT_RAISED = "A negative result does not rule out disease."
SCOPE = "Adults, one 10 s 12-lead ECG. Not for paced rhythm, not for monitoring. Not a measurement of LVEF."
SINGLE = "Each predictor on its own ranks the risk of a low ejection fraction, without any fitting to LVEF."
KINDS = {"index": "index, not a probability", "probability": "probability"}


class LefPanel(AiPanel):
    """The LEF card of the open record, once it may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.lef_ready.connect(self.renew)
        workspace.lef_failed.connect(self.fail)
        self.renew()

    def fill(self) -> None:
        """Show the result, or where it is."""
        result = self.workspace.lef
        if result is None:
            self.fill_pending("Estimating low ejection fraction", self.workspace.request_lef, "lef")
            return
        asked = (
            QUESTION if result.kind == "index" else f"{result.model.name}."
        )  # a fitted model names its limit
        self.content.addWidget(Text(asked, size="caption", tone="secondary"))
        if result.value is None:
            reason = result.reason or "the model gave no reason"
            self.content.addWidget(Notice(f"Reason: {reason}", "warning", title="Not analysed"))
        else:
            self._show(result, result.value)
        self.content.addWidget(Text(SCOPE, size="caption", tone="secondary"))
        if result.model.caveat:
            self.content.addWidget(Text(result.model.caveat, size="caption", tone="secondary"))
        self.content.addWidget(model_line(result.model))

    def _show(self, result: LefResult, value: float) -> None:
        is_raised = result.threshold is not None and value >= result.threshold
        word = Text(result.result[:1].upper() + result.result[1:], size="title")
        word.set_tone("positive" if is_raised else "text")
        self.content.addWidget(word)
        number = Text(f"{value:.2f}", size="number", wrap=False)
        self.content.addLayout(row(number, Text(KINDS[result.kind], tone="secondary", wrap=False), 1))
        self.content.addWidget(_Gauge(value, result.threshold, is_raised))
        against = "No threshold is set" if result.threshold is None else f"Threshold {result.threshold:.2f}"
        self.content.addWidget(Text(against, size="caption", tone="secondary"))
        if is_raised:
            self.content.addWidget(Text(RAISED))
        self.content.addWidget(Text(NOT_RAISED, tone="secondary" if is_raised else "text"))
        if result.single_predictors:
            self.content.addWidget(Rule())
            self.content.addWidget(Text("Single predictors", size="strong"))
            rows = [Row(name, "", number, None, False) for name, number in _foremost(result)]
            self.content.addWidget(ScoreList(rows, visible_rows=6))
            self.content.addWidget(Text(SINGLE, size="caption", tone="secondary"))
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
