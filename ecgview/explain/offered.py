"""Which statements of a model have a map on offer: those whose map was shown to beat the signal's own size.

`attribution.json` beside a model's card holds what `ecgview evaluate MODEL DATA --attribution` measured on records
outside training, for these weights alone. A model without it, as one of a user's own, offers its maps with that doubt.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard

FILE = "attribution.json"
FEWEST = 10  # maps of a statement for a result of its own; fewer say too little, and all statements together decide
Rule = Literal["yes", "no", "too few: yes", "too few: no"]
RHYTHM = (
    "A rhythm or a rate lies in the intervals between beats, not in single places: the map is off by default."
)
_RHYTHM_GROUPS = ("rhythm", "pacing")
# For sets without groups, and for statements that qualify another one: "with rapid ventricular response".
_RHYTHM_WORDS = (
    "rhythm",
    "tachycardia",
    "bradycardia",
    "fibrillation",
    "flutter",
    "ventricular response",
    "sinus pause",
    "pacemaker",
    "paced",
    "pacing",
)
NOT_MEASURED = "whether this model's maps beat the signal's own size was not measured"


@dataclass(frozen=True, slots=True)
class Gain:
    """How much larger insertion minus deletion is for the map than for the signal's own size, with a 95 % interval."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is known of a model's maps.

    `gains` holds by statement its gain, how many maps it was measured on, and the rule's answer; `pooled` the gain over
    all statements; `shuffled` the rank correlation with the maps of a network with shuffled weights; `records` names
    the records, `made` is the day.
    """

    records: str
    made: str
    n_maps: int
    pooled: Gain
    shuffled: Gain
    gains: dict[str, tuple[Gain, int, Rule]]


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a statement's map is offered, and in a sentence why, or with which doubt."""

    is_offered: bool
    reason: str


def rule(n: int, low: float | None, pooled_low: float | None) -> Rule:
    """Return whether a map is offered: its gain's interval lies above zero; below `FEWEST` maps, that of all maps."""
    if n >= FEWEST:
        return "yes" if low is not None and low > 0 else "no"
    return "too few: yes" if pooled_low is not None and pooled_low > 0 else "too few: no"


def offered(card: ModelCard, code: str) -> Offer:
    """Return whether the map of a statement is offered by this model."""
    if is_of_rhythm(card, code):
        return Offer(False, RHYTHM)
    known = table_of(card)
    if known is None:
        return Offer(True, f"{NOT_MEASURED[:1].upper()}{NOT_MEASURED[1:]}.")
    own = f", measured on {card.figures_of}" if card.figures_of else ""
    every = f"over all statements it gains {known.pooled} (n = {known.n_maps}{own})"
    if code not in known.gains:
        return Offer(_is_above(known.pooled), f"No record of this statement was measured; {every}.")
    gain, n, answer = known.gains[code]
    if answer.startswith("too few"):
        return Offer(answer.endswith("yes"), f"Too few records of this statement (n = {n}); {every}.")
    if answer == "no":
        return Offer(False, f"The map was not shown to beat the signal's own size: {gain}, n = {n}{own}.")
    return Offer(True, f"The map beats the signal's own size by {gain}, n = {n}{own}.")


def why_not(card: ModelCard, code: str) -> str:
    """Return why the map of a statement is not offered, "" where it is."""
    found = offered(card, code)
    return "" if found.is_offered else found.reason.rstrip(".")


def doubt_of(card: ModelCard, code: str, *, anyway: bool) -> str:
    """Return what stands beside the map of a statement: why it is not offered, "" where it is.

    Raises:
        ModelError: it is not offered, and was not asked for `anyway`.
    """
    doubt = why_not(card, code)
    if doubt and not anyway:
        raise ModelError(f"no map of {code} is offered: {doubt}", expected="--anyway to see it")
    return doubt


def is_of_rhythm(card: ModelCard, code: str) -> bool:
    """Return whether a statement is of a rhythm, a rate or pacing, by its label set's group or its words.

    These lie in the times between beats: hiding any one stretch leaves them as they are, and a map of sensitive places
    would look like a finding at beats that say nothing of it. Such a map can be asked for all the same.
    """
    from ecgview.labels import label_set

    statement = label_set.load(card.label_set).get(code) if card.label_set else None
    words = f"{code} {statement.english if statement else ''}".lower()
    return (statement is not None and statement.group in _RHYTHM_GROUPS) or any(
        word in words for word in _RHYTHM_WORDS
    )


def _is_above(gain: Gain) -> bool:
    return gain.low is not None and gain.low > 0


def table_of(card: ModelCard) -> Measured | None:
    """Return what was measured of the weights whose figures count for a card; None where nothing was, or of others.

    Those are the card's own, or of the model that it names for its figures: it learnt from what maps are measured on.

    Raises:
        ModelError: the file is not what `ecgview evaluate` writes.
    """
    judged = cards.with_figures(card)
    found = None if judged is None else judged.beside(FILE)
    return None if judged is None or found is None else _read(*found, judged.sha256)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, sha256: str) -> Measured | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["sha256"] != sha256:
            return None
        return Measured(
            records=str(raw["records"]),
            made=str(raw["made"]),
            n_maps=int(raw["n_maps"]),
            pooled=_gain(raw["pooled"]),
            shuffled=_gain(raw["shuffled_weights"]),
            gains={
                str(row["code"]): (_gain(row["minus_amplitude"]), int(row["n"]), row["offered"])
                for row in raw["statements"]
            },
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"is no table of maps ({error})", where=str(path)) from None


def _gain(raw: dict[str, Any]) -> Gain:
    low, high = raw["low"], raw["high"]
    return Gain(
        float(raw["value"]), None if low is None else float(low), None if high is None else float(high)
    )
