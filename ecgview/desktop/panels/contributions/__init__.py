"""Why the LEF number is what it is: signed contributions that add up, with the base value, to the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.contributions.signed_bars import SignedBars, sentence, signed
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.widgets import Rule, Text, row
from ecgview.models import context
from ecgview.results import Contribution, Contributions

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

TOP = 10  # A5
MEANING = (
    "To the right raises the output, to the left lowers it. It says what the model used, not what caused it."
)


class ContributionsPanel(AiPanel):
    """The contributions behind the LEF card, once they may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.answers.lef_ready.connect(self.renew)
        workspace.answers.lef_failed.connect(self.fail)
        self.renew()

    def fill(self) -> None:
        """Show the contributions, or why there are none."""
        result = self.workspace.answers.lef
        if result is not None:
            result = context.lef_beside_read(result, self.stated)
        if result is None:
            self.fill_pending("Estimating low ejection fraction", self.workspace.answers.request_lef, "ask")
        elif result.contributions is None:
            reason = f": {result.reason}" if result.reason else "."
            self.content.addWidget(
                Text(f"No contributions, because nothing was analysed{reason}", tone="secondary")
            )
        else:
            self._show(result.contributions)

    def _show(self, shares: Contributions) -> None:
        self.content.addWidget(Text(f"Share of each predictor, in {shares.output_unit}", size="strong"))
        bars = SignedBars(shown_items(shares))
        detail = Text("Choose a row to read it in words.", size="caption", tone="secondary")
        bars.row_chosen.connect(lambda index: detail.setText(_detail(bars, index)))
        self.content.addWidget(bars)
        self.content.addWidget(detail)
        self.content.addWidget(Rule())
        for name, number in sum_rows(shares):
            is_output = name == "Model output"
            value = Text(number, bold=is_output, wrap=False)
            value.setObjectName(name)
            self.content.addLayout(row(Text(name, bold=is_output, wrap=False), 1, value))
        self.content.addWidget(Text(MEANING, size="caption", tone="secondary"))
        self.content.addWidget(
            Text(f"Computed exactly with {shares.method}.", size="caption", tone="secondary")
        )


def shown_items(shares: Contributions) -> tuple[Contribution, ...]:
    """Return the ten largest shares; the rest, where there is one, stands together in a last row."""
    if len(shares.items) <= TOP:
        return shares.items
    rest = shares.items[TOP:]
    together = Contribution(f"{len(rest)} others", float("nan"), sum(item.contribution for item in rest))
    return (*shares.items[:TOP], together)


def sum_rows(shares: Contributions) -> list[tuple[str, str]]:
    """Return base value, sum of contributions and model output, as they stand below the bars."""
    total = sum(item.contribution for item in shares.items)
    return [
        ("Base value", signed(shares.base_value)),
        ("Sum of contributions", signed(total)),
        ("Model output", signed(shares.base_value + total)),
    ]


def _detail(bars: SignedBars, index: int) -> str:
    return sentence(bars.items[index]) if index >= 0 else "Choose a row to read it in words."


PANEL = Panel(
    id="contributions", title="Contributions", views=("explain",), order=40, make=ContributionsPanel
)
