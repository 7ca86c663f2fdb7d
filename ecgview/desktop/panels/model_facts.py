"""What is known of each model: purpose, population, data, performance, warnings, out of scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.model_line import SHORT_SHA
from ecgview.desktop.panels.kit.widgets import Choice, Facts, Notice, Text
from ecgview.errors import EcgviewError
from ecgview.explain import offered
from ecgview.models import card_figures, cards, thresholds
from ecgview.models.card_figures import metric_rows
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

FIGURE_NAME_PX = 130
NO_RULE = "The card does not say when a threshold stands."
MAPS = (
    "Maps of where a statement's score comes from. Gain: insertion minus deletion of the map less that of the signal's "
    "own size, the mean with its 95 % interval. Shuffled weights: how alike the map of the same network is that has "
    "learnt nothing. Checks of one map on its own record stand beside that map."
)


class ModelFactsPanel(AiPanel):
    """The cards of the models that are here; the one that was used last stands first."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._chosen = ""
        workspace.answers.prediction_ready.connect(self.renew)
        self.renew()

    def fill(self) -> None:
        """Show the chosen card."""
        try:
            known = cards.available()
        except EcgviewError as error:
            self.content.addWidget(Notice(str(error), "error", title="The model cards cannot be read"))
            return
        if not known:
            self.content.addWidget(Text("No model is here yet.", tone="secondary"))
            return
        used = self._chosen or (
            self.workspace.answers.prediction.model.model_id if self.workspace.answers.prediction else ""
        )
        card = next((card for card in known if card.id == used), _default(known))
        self.content.addWidget(self._choice(known, card))
        for heading, text in sections(card):
            self.content.addWidget(Text(heading, size="strong"))
            self.content.addWidget(Text(text, tone="secondary"))
        self._add_figures(card)
        self.content.addWidget(Facts(identity_rows(card)))

    def _choice(self, known: list[ModelCard], card: ModelCard) -> Choice:
        box = Choice("Model")
        for item in known:
            origin = f" ({item.facts.origin})" if item.facts.origin else ""
            box.addItem(f"{item.name} {item.version}{origin}", item.id)
        box.setCurrentIndex([item.id for item in known].index(card.id))
        box.currentIndexChanged.connect(lambda index: self._choose(known[index].id))
        return box

    def _choose(self, model_id: str) -> None:
        self._chosen = model_id
        self.renew()

    def _add_figures(self, card: ModelCard) -> None:
        for place, told in enumerate(card_figures.sections(card)):
            if told.detail:
                continue
            first = place == 0
            heading = Text(told.heading, size="strong") if first else Text(told.heading, size="caption")
            self.content.addWidget(heading)
            if told.note:
                self.content.addWidget(Text(told.note, size="caption", tone="secondary"))
            self.content.addWidget(Facts(told.rows, name_width=FIGURE_NAME_PX))
        if judged := judged_rows(card):
            self.content.addWidget(Text("What each threshold is worth", size="strong"))
            self.content.addWidget(
                Text(
                    f"{card.threshold_rule} {thresholds.CALLS}" if card.threshold_rule else NO_RULE,
                    size="caption",
                    tone="secondary",
                )
            )
            self.content.addWidget(Facts(judged, name_width=FIGURE_NAME_PX))
        if card.kind == "classifier":
            self.content.addWidget(Text("Where on the trace", size="strong"))
            self.content.addWidget(Text(MAPS, size="caption", tone="secondary"))
            self.content.addWidget(Facts(map_rows(card), name_width=FIGURE_NAME_PX))
        for note in card.notes:
            self.content.addWidget(Notice(note))


def _default(known: list[ModelCard]) -> ModelCard:
    preferred = [card for card in known if card.is_default and card.kind == "classifier"]
    return (preferred or known)[0]


def judged_rows(card: ModelCard) -> list[tuple[str, str]]:
    """Return by statement that is judged what its threshold is worth on the test fold, with intervals."""
    rows = []
    judged = cards.with_figures(card)
    worth_of = judged.threshold_figures if judged is not None else {}
    for code, (threshold, _weak) in zip(card.labels, card.told_thresholds, strict=True):
        if threshold is None:
            continue
        own = card.threshold_figures.get(code)
        if not isinstance(own, Mapping):
            rows.append((code, "on how many records it was set is not stated"))
            continue
        theirs = worth_of.get(code)
        test = theirs.get("test") if isinstance(theirs, Mapping) else None
        worth = dict(test) if isinstance(test, Mapping) else {}
        n, set_on = worth.pop("positives", "unknown"), own.get("positives", "unknown")
        worth.pop("negatives", None)
        said = ", ".join(f"{name.lower()} {figure}" for name, figure in metric_rows(worth))
        rows.append((code, f"{said or 'no test figures'}; n = {n} in the test fold, set on {set_on}"))
    return rows


def map_rows(card: ModelCard) -> list[tuple[str, str]]:
    """Return what is known of a classifier's maps: their gain on the signal's own size, and on unlearnt weights."""
    try:
        known = offered.table_of(card)
    except EcgviewError as error:
        return [("Maps", str(error))]
    if known is None:
        return [("Maps", "not measured for this model")]
    without = sorted(code for code, (_, _, answer) in known.gains.items() if answer == "no")
    few = sorted(code for code, (_, _, answer) in known.gains.items() if answer.startswith("too few"))
    return [
        ("Gain on the amplitude", f"{known.pooled}, n = {known.n_maps} maps"),
        ("Shuffled weights", f"rank correlation {known.shuffled}, n = {known.n_maps} maps"),
        ("No map", ", ".join(without) or "every statement measured has one"),
        ("Too few records", ", ".join(few)),
        ("Measured on", f"{known.records}; {known.made}"),
    ]


def sections(card: ModelCard) -> list[tuple[str, str]]:
    """Return the paragraphs of a card, as (heading, text)."""
    return [
        ("Purpose", card.intended_use),
        ("Out of scope", card.out_of_scope),
        ("Population and data", card.training_data),
        ("Calibration", card.calibrated),
    ]


def identity_rows(card: ModelCard) -> list[tuple[str, str]]:
    """Return what identifies a model and what it takes in."""
    taken = card.input
    n = len(taken.leads)
    leads = f"{n} lead{'' if n == 1 else 's'}, " if n else ""
    return [
        ("Model", f"{card.name} {card.version}"),
        ("Origin", card.facts.origin or "ships with ecgview"),
        ("Network", card.network),
        ("SHA-256", card.sha256[:SHORT_SHA]),
        ("Input", f"{leads}{taken.seconds:g} s at {taken.sampling_rate_hz:g} Hz, filter: {taken.filter}"),
        ("Outputs", str(len(card.labels)) if card.labels else ""),
        ("Licence", card.licence),
        ("Source", card.source),
    ]


PANEL = Panel(id="model_facts", title="Model facts", views=("explain",), order=50, make=ModelFactsPanel)
