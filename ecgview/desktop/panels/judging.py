"""Agree or disagree with the model's reason on a stretch of the trace; the reader's own judgements of this record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.widgets import Notice, Text, row
from ecgview.desktop.state.judging import HINT, MODE
from ecgview.review.judgement import Verdict

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.review.judgement import Judgement

NOTHING = {
    "explain": "Choose a map first: then you can say where you agree with it.",
    "reconstruct": "Hide a part first: then you can say whether you agree with what the model puts there.",
}
CHOOSE = "Drag on the trace, or use its menu, to say which stretch you mean."
KEPT = "Kept at once with your name, model and version, beside the read and no part of it."
FAILED = "It is not to be read as a reason; that it failed is kept with what you say of it."
KEYS = dict(zip(Verdict, ("Alt+1", "Alt+2", "Alt+3", "Alt+4"), strict=True))
TIPS = {
    Verdict.AGREE: "The reason lies here for me, too",
    Verdict.DISAGREE: "This stretch is no reason for me",
    Verdict.ARTEFACT: "What the model looks at here is an artefact",
    Verdict.MISSED: "My reason lies here, and the model does not show it",
}
MOST = 6  # judgements in the list; all of them stand on the trace


class JudgingPanel(AiPanel):
    """The stretch that is meant, four verdicts, and what was judged."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.judging.changed.connect(self.renew)
        workspace.mouse.changed.connect(self._follow_mode)
        self.renew()

    def fill(self) -> None:
        """Build the buttons for what lies on the trace, and the list of what was said of it."""
        judging = self.workspace.judging
        if judging.subject is None:
            self.content.addWidget(Text(NOTHING.get(self.workspace.paper.view, ""), tone="secondary"))
        elif judging.why_not:
            self.content.addWidget(Notice(judging.why_not))
        else:
            self._add_verdicts()
        self._add_list(judging.standing)

    def _add_verdicts(self) -> None:
        judging = self.workspace.judging
        stretch = judging.stretch
        said = CHOOSE if stretch is None else stretch.words[:1].upper() + stretch.words[1:]
        self.content.addWidget(Text(said, tone="secondary" if stretch is None else "text"))
        self.drag = _button("Drag on the trace", HINT)
        self.drag.setCheckable(True)
        self.drag.setChecked(self.workspace.mouse.mode == MODE)
        self.drag.clicked.connect(self._switch_mode)
        self.content.addLayout(row(self.drag, 1))
        if judging.subject is not None and judging.subject.failed:
            self.content.addWidget(
                Notice(f"{judging.subject.failed}. {FAILED}", "error", title="This map failed")
            )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        for index, verdict in enumerate(Verdict):
            button = _button(
                verdict.words[:1].upper() + verdict.words[1:], f"{TIPS[verdict]} ({KEYS[verdict]})"
            )
            button.setObjectName(verdict.value)
            button.setEnabled(stretch is not None)
            button.clicked.connect(lambda _checked=False, said=verdict: judging.judge(said))
            grid.addWidget(button, index // 2, index % 2)
        self.content.addLayout(grid)
        self.content.addWidget(Text(KEPT, size="caption", tone="secondary"))

    def _add_list(self, standing: tuple[Judgement, ...]) -> None:
        if not standing:
            return
        self.content.addWidget(Text(f"Your judgements of this ECG: {len(standing)}", size="strong"))
        for one in reversed(standing[-MOST:]):
            away = _button("Withdraw", f"Take back judgement {one.number}; that is kept, too")
            away.clicked.connect(
                lambda _checked=False, number=one.number: self.workspace.judging.withdraw(number)
            )
            opinion = one.opinion
            self.content.addLayout(row(Text(opinion.verdict.words, bold=True, wrap=False), 1, away))
            about = f"{opinion.where}: {opinion.judged.words}"
            self.content.addWidget(Text(about, size="caption", tone="secondary"))

    def _switch_mode(self, on: bool) -> None:
        mouse = self.workspace.mouse
        if on:
            mouse.choose(MODE)
        else:
            mouse.leave(MODE)

    def _follow_mode(self, mode: str) -> None:
        if self.is_open and self.workspace.judging.subject is not None and not self.workspace.judging.why_not:
            self.drag.setChecked(mode == MODE)


def _button(text: str, tip: str) -> QPushButton:
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


PANEL = Panel(
    id="judging", title="Judge the reason", views=("explain", "reconstruct"), order=13, make=JudgingPanel
)
