"""Why the LEF number is what it is: signed contributions that add up, with the base value, to the output."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from ecgview.counts import counted
from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.contributions.signed_bars import SignedBars, sentence, signed
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.widgets import Notice, Rule, Text, row
from ecgview.desktop.state.shams import Target
from ecgview.explain.lef_attribution import OTHERS
from ecgview.models import context
from ecgview.results import Contribution, Contributions

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

TOP = 10  # A5
CHOOSE = "Choose a row to see where on the trace its share comes from."
MEANING = (
    "To the right raises the output, to the left lowers it. It says what the model used, not what caused it."
)


class ContributionsPanel(AiPanel):
    """The contributions behind the LEF card, once they may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.answers.lef_ready.connect(self.renew)
        workspace.answers.lef_failed.connect(self.fail)
        workspace.maps.changed.connect(self._mark)
        self.renew()

    def fill(self) -> None:
        """Show the contributions, or why there are none."""
        result = self.workspace.answers.lef
        if result is not None:
            result = context.lef_beside_read(result, self.stated)
        if result is None:
            self.fill_pending("Estimating low ejection fraction", self.workspace.answers.request_lef, "ask")
        elif result.contributions is None:
            reason = f": {result.reason}" if result.reason else ""
            self.content.addWidget(
                Text(f"No contributions, because nothing was analysed{reason}.", tone="secondary")
            )
        else:
            if (before := result.unedited) is not None and before.model_output is not None:
                was = f"{signed(before.model_output)} {result.contributions.output_unit}"
                said = f"With edited measurements; the output of the computed ones is {was}."
                self.content.addWidget(Notice(said))
            if result.no_place:
                self.content.addWidget(Notice(result.no_place))
            self._show(result.contributions)

    def _show(self, shares: Contributions) -> None:
        every = QPushButton("All")
        every.setObjectName("all")
        every.setCheckable(True)
        every.setToolTip("The shares of all predictors together, on the trace")
        every.clicked.connect(lambda on: self.workspace.maps.choose(Target("lef") if on else None))
        title = Text(f"Share of each predictor, in {shares.output_unit}", size="strong")
        self.content.addLayout(row(title, 1, every))
        bars = SignedBars(shown_items(shares))
        bars.row_chosen.connect(lambda index: self._choose(bars, index))
        detail = Text(CHOOSE, size="caption", tone="secondary")
        detail.setObjectName("detail")
        self.content.addWidget(bars)
        self.content.addWidget(detail)
        self._mark()
        self.content.addWidget(Rule())
        for name, number in sum_rows(shares):
            is_output = name == "Model output"
            value = Text(number, size="caption", bold=is_output, wrap=False)
            value.setObjectName(name)
            said = Text(name, size="caption", bold=is_output, wrap=False)
            self.content.addLayout(row(said, 1, value))
        self.content.addWidget(Prose(f"{MEANING} Computed exactly with {shares.method}."))

    def _choose(self, bars: SignedBars, index: int) -> None:
        """Show where a predictor's share comes from, or that of the others together."""
        item = bars.items[index] if index >= 0 else None
        self._say(item)
        self.workspace.maps.choose(None if item is None else Target("predictor", _asked(item)))

    def _say(self, item: Contribution | None) -> None:
        if isinstance(detail := self.findChild(Text, "detail"), Text):
            detail.setText(CHOOSE if item is None else sentence(item))

    def _mark(self) -> None:
        """Mark what is chosen of this panel; nothing where it is closed."""
        target = self.workspace.maps.target
        bars, every = self.findChild(SignedBars), self.findChild(QPushButton, "all")
        if isinstance(bars, SignedBars) and isinstance(every, QPushButton):
            name = target.name if target is not None and target.of == "predictor" else ""
            chosen = next((item for item in bars.items if _asked(item) == name), None)
            bars.mark(chosen.predictor if chosen is not None else "")
            every.setChecked(target is not None and target.of == "lef")
            self._say(chosen)


def _asked(item: Contribution) -> str:
    """Return what the map of a row is asked of: those that stand together have no value of their own."""
    return OTHERS if isnan(item.value) else item.predictor


def shown_items(shares: Contributions) -> tuple[Contribution, ...]:
    """Return the ten largest shares; the rest, where there is one, stands together in a last row."""
    if len(shares.items) <= TOP:
        return shares.items
    rest = shares.items[TOP:]
    together = Contribution(
        counted(len(rest), "other"), float("nan"), sum(item.contribution for item in rest)
    )
    return (*shares.items[:TOP], together)


def sum_rows(shares: Contributions) -> list[tuple[str, str]]:
    """Return base value, sum of contributions and model output, as they stand below the bars."""
    total = sum(item.contribution for item in shares.items)
    return [
        ("Base value", signed(shares.base_value)),
        ("Sum of contributions", signed(total)),
        ("Model output", signed(shares.base_value + total)),
    ]


PANEL = Panel(
    id="contributions", title="Contributions", views=("explain",), order=14, make=ContributionsPanel
)
