"""Where on the trace a score comes from: what is chosen, what its map adds up to, and how its checks went."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.contributions.signed_bars import signed
from ecgview.desktop.panels.kit.gate import AiPanel, Working
from ecgview.desktop.panels.kit.model_line import model_line
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.widgets import Notice, Text, row
from ecgview.desktop.state import going_to, stretches
from ecgview.explain import on_page

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.results import Attribution, MeasuredShare, Stamp

ASK = "Choose a diagnosis, or a predictor of low ejection fraction, to see where on the trace its score comes from."
CHECKING = "Checking the map"
HIDDEN = "Numbers and stamp hidden in this study."
STRONGEST = "J"  # the key of the strongest stretch, as the Models menu has it


class WherePanel(AiPanel):
    """The map on the trace in words and numbers."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.maps.changed.connect(self.renew)
        workspace.answers.prediction_ready.connect(self._follow_shares)
        workspace.paper.changed.connect(self._follow_page)
        self.renew()

    def fill(self) -> None:
        """Say what is chosen, and how far its map is."""
        maps = self.workspace.maps
        target = maps.target
        if target is None:
            self.content.addWidget(Text(ASK, tone="secondary"))
            return
        self.content.addWidget(Text(maps.name, size="strong"))
        self._add_shares()
        if maps.step == "off":
            self.content.addWidget(Text(maps.why_off, tone="secondary"))
            self._add_buttons(("Show anyway", lambda: maps.choose(target, anyway=True), ""))
        elif maps.step == "mapping":
            self._wait("Mapping the score", "map")
        elif maps.step == "failed":
            self.content.addWidget(Notice(maps.problem, "error", title="No map"))
            self._add_buttons(("Try again", maps.again, ""))
        elif maps.attribution is not None:
            self._show(maps.attribution)

    def _show(self, found: Attribution) -> None:
        maps = self.workspace.maps
        if maps.is_study:
            self.content.addWidget(Text(HIDDEN, tone="secondary"))
        else:
            self._add_sum(found)
            self._add_stamp(found, maps.stamp)
        if maps.why_off:
            self.content.addWidget(Notice(maps.why_off, title="Not offered by itself"))
        about = "The stretch of 0.2 s with the largest sum in one lead, then the next one"
        self._add_buttons((f"Strongest stretch ({STRONGEST})", self.to_stretch, about))
        self.content.addWidget(model_line(found.model))

    def _add_shares(self) -> None:
        """Say what network and measured values add to the statement, with a way to where each was measured."""
        target, said = self.workspace.maps.target, self.workspace.answers.prediction
        if target is None or target.of != "statement" or said is None:
            return
        shares = next((one.shares for one in said.scores if one.code == target.name), None)
        if shares is None:
            return
        line = Text(f"{shares.words[:1].upper()}{shares.words[1:]}.", size="caption")
        line.setObjectName("shares")
        self.content.addWidget(line)
        if shares.not_used:
            return
        about = "The map is of the network's share; a measured value has its place on the trace."
        self.content.addWidget(Text(about, size="caption", tone="secondary"))
        for one in shares.measured:
            if one.where_s is not None:
                made = _button(f"Show {one.measured}", partial(self._show_measured, one))
                made.setToolTip("Where on the trace it was measured, with the edges of waves")
                self.content.addLayout(row(made, 1))

    def _show_measured(self, one: MeasuredShare) -> None:
        measuring = self.workspace.measuring
        if one.where_s is None:
            return
        if not measuring.shows_edges:
            measuring.switch_edges()
        measuring.pointed.emit(one.lead, *one.where_s)

    def _add_buttons(self, first: tuple[str, Callable[[], object], str]) -> None:
        text, do, about = first
        made = _button(text, do)
        made.setToolTip(about)
        self.content.addLayout(row(made, _button("Take away", lambda: self.workspace.maps.choose(None)), 1))

    def to_stretch(self) -> None:
        """Show the strongest stretch, or the next one."""
        going_to.show_next(self.workspace)

    def _add_sum(self, found: Attribution) -> None:
        """Show what the cells add up to: on this page, not on it, and what is left of the share."""
        record = self.workspace.ecg.record
        if record is None:
            return
        parts = on_page.divided(found, stretches.shown_by(record, self.workspace.paper.settings))
        said = (
            f"On this page {signed(parts.shown)}, not on this page {signed(parts.not_on_page)}, "
            f"remainder {signed(found.remainder)}: together the share, {signed(found.share)} {found.unit}."
        )
        line = Text(said, size="caption", tone="secondary")
        line.setObjectName("sum")
        self.content.addWidget(line)

    def _add_stamp(self, found: Attribution, stamp: Stamp | None) -> None:
        maps = self.workspace.maps
        failed = found.failed or (stamp.verdict if stamp is not None and stamp.has_failed else "")
        if failed:
            self.content.addWidget(Notice(f"{failed}. The map is not to be read.", "error"))
        elif stamp is None and maps.stamp_problem:
            self.content.addWidget(Notice(maps.stamp_problem, title="Not checked"))
        elif stamp is None:
            self._wait(CHECKING, "stamp")
        else:
            self.content.addWidget(Text(f"{stamp.verdict[:1].upper()}{stamp.verdict[1:]}."))
        if stamp is not None and stamp.sentence:
            self.content.addWidget(Prose(stamp.sentence.replace("-", "\u2212")))

    def _wait(self, doing: str, job: str) -> None:
        self._job = job
        self._working = Working(doing, self.workspace.maps.cancel)
        self.content.addWidget(self._working)

    def _follow_shares(self, _prediction: object) -> None:
        if self.workspace.maps.target is not None:
            self.renew()

    def _follow_page(self, _paper: object) -> None:
        if self.workspace.maps.attribution is not None:
            self.renew()


def _button(text: str, do: Callable[[], object]) -> QPushButton:
    made = QPushButton(text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda _checked=False: do())
    return made


PANEL = Panel(id="where", title="Where on the trace (AI)", views=("explain",), order=12, make=WherePanel)
