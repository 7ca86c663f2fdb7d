"""When a threshold stands: one that was set on a handful of examples is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecgview.errors import ModelError

FEWEST_POSITIVES = 10
LEAST_PREDICTIVE_VALUE = (
    0.2  # of a cut, on the records that it was set on, to call a statement before a reader
)
CALLS = (
    "A reader is told no statement as positive by a cut of which fewer than one call in five was right on the records "
    "that it was set on: it is not judged, though figures count its cut."
)
RULE = (
    f"A threshold stands where it was set on at least {FEWEST_POSITIVES} records with the statement. With fewer, a "
    "single record moves the sensitivity by more than 10 points, and its 95 % interval spans more than half of all "
    "that is possible (5 of 9: 27 to 81 %)."
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a cut of one statement rests on: the records of each kind on which it was set."""

    cut: float | None
    positives: int
    negatives: int
    predictive_value: float | None = None  # positive; None where the card does not say

    @property
    def stands(self) -> bool:
        """Whether the cut may judge."""
        return self.cut is not None and self.positives >= FEWEST_POSITIVES

    @property
    def calls(self) -> bool:
        """Whether a reader is told the statement as positive from the cut on."""
        known = self.predictive_value
        return self.stands and (known is None or known >= LEAST_PREDICTIVE_VALUE)


def read(raw: Mapping[str, Any], labels: Sequence[str], where: str) -> dict[str, Basis]:
    """Return the bases in a card's `threshold_figures` by label.

    Raises:
        ModelError: a label that the card has not, or numbers that are none.
    """
    found = {}
    for label, row in raw.items():
        if label not in labels:
            raise ModelError("is no label of this card", where=where, found=ascii(label)[:60])
        try:
            cut = row.get("cut")
            told = row.get("positive_predictive_value")
            basis = Basis(
                None if cut is None else float(cut),
                int(row["positives"]),
                int(row["negatives"]),
                None if told is None else float(told["value"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            expected = "cut, positives, negatives and predictive value as numbers"
            raise ModelError("cannot be understood", where=f"{where}, {label}", expected=expected) from None
        found[label] = basis
    return found
