"""Sets of fewer leads than twelve that a classifier was measured with: what its card says of each.

A network that learned with leads hidden at random takes rows of zeros for absent leads, and gives numbers for any of
the 4,095 sets of leads. What such a number is worth differs from set to set, so that only sets are asked whose figures,
thresholds and calibration were measured: those of `LISTED`, as far as the card has them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecgview.errors import ModelError
from ecgview.leads import CHEST, STANDARD_12
from ecgview.models import card_text, thresholds

LIMB = STANDARD_12[:6]
# What devices deliver, by the leads that a record holds once limb leads are computed: two of I, II and III give all
# six. "3", "2" and "1" are the sets of the PhysioNet/CinC Challenge 2021 and of the lead-agnostic papers.
LISTED: Mapping[str, tuple[str, ...]] = {
    # one chest electrode off, the commonest loss of a twelve-lead ECG
    **{f"12-{lost}": tuple(name for name in STANDARD_12 if name != lost) for lost in CHEST},
    "6": LIMB,  # handheld six-lead recorders; telemetry whose chest electrode is off
    **{
        f"6+{name}": (*LIMB, name) for name in ("V1", "V2", "V5")
    },  # five electrodes: monitors, exercise, Holter
    **{f"6+{one}+V5": (*LIMB, one, "V5") for one in ("V1", "V2")},  # six electrodes: reduced-lead monitors
    "V1-V6": CHEST,  # the limb leads lost
    "3": ("I", "II", "V2"),
    "2": ("I", "II"),
    "II+V1+V5": ("II", "V1", "V5"),  # three-channel Holter
    "II+V1": ("II", "V1"),  # two channels: coronary care, Holter
    "II+V5": ("II", "V5"),
    "V1+V5": ("V1", "V5"),
    "1": ("I",),  # watches and handheld recorders
    "II": ("II",),  # three-electrode monitors
    "V1": ("V1",),
    "V5": ("V5",),
}
ALL = "12"  # the card's own thresholds and figures
MOST_SETS = 64
LONGEST_NAME = 40
LARGEST_LINE = (
    1000.0  # of a Platt line's slope and offset; of one that was fitted to records they are near 1 and 0
)


@dataclass(frozen=True, slots=True, eq=False)
class LeadSet:
    """What a classifier's card says of one set of leads; everything by the label's code.

    `lines` are (a, b) of p = sigmoid(a z + b), z the logit of the network with the other leads as rows of zeros; a
    statement without one has no calibration with these leads. `thresholds` hold the cuts that stand. `figures` are what
    was measured: `macro_auroc`, by which the best of several sets is chosen, and more.
    """

    name: str
    leads: tuple[str, ...]
    lines: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    threshold_figures: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def macro_auroc(self) -> float:
        """The figure by which the best of several sets is chosen."""
        return float(self.figures["macro_auroc"])

    @property
    def worth(self) -> str:
        """What answers with these leads were worth on records never seen; "" where the card does not say."""
        test = self.figures.get("test")
        told = []
        for name, words in (("superclass", "superclasses"), ("statement", "statements")):
            figure = test.get(f"{name}_macro_auroc") if isinstance(test, Mapping) else None
            found = (
                [figure.get(key) for key in ("value", "low", "high")] if isinstance(figure, Mapping) else []
            )
            if found and all(_is_number(one, 0.0, 1.0) for one in found):
                value, low, high = (f"{one:.2f}" for one in found)
                told.append(f"of {words} {value} ({low} to {high})")
        return f"macro AUROC {', '.join(told)}" if told else ""

    def cuts(self, labels: Sequence[str]) -> tuple[float | None, ...]:
        """Return the thresholds in the order of a card's labels, None where a statement is not judged."""
        return tuple(self.thresholds.get(code) for code in labels)


def read(raw: object, labels: Sequence[str], leads: Sequence[str], where: str) -> tuple[LeadSet, ...]:
    """Return the sets of a card's `lead_sets`.

    Args:
        raw: of the card's file: a list of objects.
        labels: of the card.
        leads: of the network's input.
        where: file and field, for errors.

    Raises:
        ModelError: leads that the network has not, all of them, codes that are no labels, lines or cuts that are none.
    """
    if not isinstance(raw, list) or len(raw) > MOST_SETS:
        raise ModelError("the field is wrong", where=where, expected=f"a list of at most {MOST_SETS} sets")
    if raw and tuple(leads) != STANDARD_12:
        raise ModelError("needs a network of the twelve leads", where=where, expected=" ".join(STANDARD_12))
    found: list[LeadSet] = []
    for number, one in enumerate(raw, 1):
        own = _one(one, labels, f"{where}, set {number}")
        if any(own.name == other.name or own.leads == other.leads for other in found):
            raise ModelError("a set stands twice", where=where, found=card_text.seen(own.name))
        found.append(own)
    return tuple(found)


def _one(raw: object, labels: Sequence[str], where: str) -> LeadSet:
    if not isinstance(raw, dict):
        raise ModelError("the field is wrong", where=where, expected="an object with name and leads")
    name = raw.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or name == ALL:
        expected = f'a text of at most {LONGEST_NAME} characters, other than "{ALL}"'
        raise ModelError("the name is wrong", where=where, expected=expected, found=card_text.seen(name))
    leads = raw.get("leads")
    known = isinstance(leads, list) and bool(leads) and all(lead in STANDARD_12 for lead in leads)
    if not isinstance(leads, list) or not known or len(set(leads)) < len(leads) or len(leads) == 12:
        expected = f"some of {' '.join(STANDARD_12)}, each once"
        raise ModelError(
            "the leads are wrong", where=f"{where}, leads", expected=expected, found=card_text.seen(leads)
        )
    figures = _by_code(raw, "figures", None, where)
    if not _is_number(figures.get("macro_auroc"), 0.0, 1.0):
        found = card_text.seen(figures.get("macro_auroc"))
        where_in = f"{where}, figures, macro_auroc"
        raise ModelError("the figure is missing", where=where_in, expected="a number of 0 to 1", found=found)
    bases = _by_code(raw, "threshold_figures", labels, where)
    standing = thresholds.read(bases, labels, f"{where}, threshold_figures")
    cuts = _cuts(_by_code(raw, "thresholds", labels, where), f"{where}, thresholds")
    return LeadSet(
        name,
        tuple(lead for lead in STANDARD_12 if lead in leads),
        _lines(_by_code(raw, "lines", labels, where), f"{where}, lines"),
        {code: cut if code not in standing or standing[code].stands else None for code, cut in cuts.items()},
        bases,
        figures,
    )


def _by_code(raw: Mapping[str, Any], name: str, labels: Sequence[str] | None, where: str) -> dict[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise ModelError("the field is wrong", where=f"{where}, {name}", expected="an object")
    if labels is not None and (strange := [code for code in value if code not in labels]):
        raise ModelError(
            "is no label of this card", where=f"{where}, {name}", found=card_text.seen(strange[0])
        )
    return value


def _lines(raw: Mapping[str, Any], where: str) -> dict[str, tuple[float, float]]:
    found = {}
    for code, line in raw.items():
        fits = isinstance(line, list) and len(line) == 2
        # A line that falls would call the network's surest cases the least likely.
        if not fits or not _is_number(line[0], 0.0, LARGEST_LINE) or not line[0] > 0:
            raise _wrong_line(where, code, line)
        if not _is_number(line[1], -LARGEST_LINE, LARGEST_LINE):
            raise _wrong_line(where, code, line)
        found[code] = (float(line[0]), float(line[1]))
    return found


def _wrong_line(where: str, code: str, line: object) -> ModelError:
    expected = f"[a, b], a above 0, both finite and at most {LARGEST_LINE:g} in size"
    return ModelError("is no line", where=f"{where}, {code}", expected=expected, found=card_text.seen(line))


def _cuts(raw: Mapping[str, Any], where: str) -> dict[str, float | None]:
    for code, cut in raw.items():
        if cut is not None and not _is_number(cut, 0.0, 1.0):
            found = card_text.seen(cut)
            expected = "a number of 0 to 1 or null"
            raise ModelError("is no threshold", where=f"{where}, {code}", expected=expected, found=found)
    return {code: None if cut is None else float(cut) for code, cut in raw.items()}


def _is_number(value: object, low: float, high: float) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) and low <= value <= high
