"""The card's section `measured`: which statements rest on measured values too, and with what weights.

Of such a statement the logit is network * z + intercept + the shares of its terms, where z is the network's own logit.
A term is a straight line of a measured value, or one that begins at a knot and may end at another, counted from a
typical value, whose share is nothing. Weights are fitted out of fold; this file holds their form and their arithmetic,
and knows no record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, get_args

from ecgview.errors import ModelError
from ecgview.models import card_text

Form = Literal["linear", "above", "below"]

MOST_TERMS = 4  # of a statement: more is not read at a glance
LARGEST_WEIGHT = 100.0  # logits per unit, and of an intercept: more is a mistake of whoever wrote it
LARGEST_VALUE = 10_000.0
LONGEST_RULE = 400  # characters
# Name -> unit. The first are rows of `measure`; the others are made of them by `measured_shares`.
VALUES: Mapping[str, str] = {
    "Heart rate": "bpm",
    "RR irregularity": "%",
    "Atrial rate": "bpm",
    "P duration": "ms",
    "PR": "ms",
    "QRS duration": "ms",
    "QTcF": "ms",
    "QTcB": "ms",
    "QRS axis": "deg",
    "RV5+SV1": "mV",
    "Voltage RaVL+SV3": "mV",
    "Largest QRS, limb leads": "mV",
    "Largest QRS, chest leads": "mV",
    "P waves before QRS": "%",
    "P waves alone": "",
    "Ventricular beats": "%",
    "Supraventricular beats": "%",
    "ST depression in two leads": "mV",
    "ST elevation in two leads": "mV",
    "T inversion in two leads": "mV",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One measured value's part: weight * (form(value) - form(typical)) logits.

    `at` is the knot of "above" (0 below it) and "below" (0 above it), `to` where it grows no further, if it ends: a
    rate of 160 speaks for the sinus node no more than one of 110. `absent` is the share where the value could not be
    measured; None leaves the statement to the network then.
    """

    value: str
    form: Form
    weight: float
    typical: float
    at: float = 0.0
    absent: float | None = None
    to: float | None = None

    @property
    def unit(self) -> str:
        """The unit of the value; the weight is logits per unit."""
        return VALUES[self.value]

    def share(self, value: float | None) -> float | None:
        """Return the share of a value in logits; None where it is absent and its absence says nothing."""
        if value is None:
            return self.absent
        form, at, to = self.form, self.at, self.to
        return self.weight * (bent(form, at, to, value) - bent(form, at, to, self.typical))


@dataclass(frozen=True, slots=True)
class Rest:
    """What one statement rests on: the weight of the network's logit, an intercept, and terms."""

    network: float
    intercept: float
    terms: tuple[Term, ...]
    positives: int
    negatives: int
    rule: str = ""


def bent(form: Form, at: float, to: float | None, value: float) -> float:
    """Return a value as a term takes it: itself, or how far it lies beyond the knot, up to where the term ends."""
    if form == "linear":
        return value
    beyond = max(0.0, value - at if form == "above" else at - value)
    return beyond if to is None else min(beyond, abs(to - at))


def read(raw: Mapping[str, Any], labels: Sequence[str], where: str) -> dict[str, Rest]:
    """Return what stands in a card's `measured`, by label.

    Raises:
        ModelError: a label that the card has not, a value that is not measured, or numbers that are none.
    """
    found = {}
    for label, row in raw.items():
        if label not in labels:
            raise ModelError("is no label of this card", where=where, found=ascii(label)[:60])
        found[label] = _rest(row, f"{where}, {label}")
    return found


def as_json(rest: Rest) -> dict[str, Any]:
    """Return the section of one statement as a card holds it."""
    return {
        "network": rest.network,
        "intercept": rest.intercept,
        "terms": [
            {
                "value": term.value,
                "unit": term.unit,
                "kind": term.form,
                **({} if term.form == "linear" else {"at": term.at}),
                **({} if term.to is None else {"to": term.to}),
                "weight": term.weight,
                "typical": term.typical,
                **({} if term.absent is None else {"absent": term.absent}),
            }
            for term in rest.terms
        ],
        "n_positive": rest.positives,
        "n_negative": rest.negatives,
        "rule": rest.rule,
    }


def _rest(row: Any, where: str) -> Rest:
    if not isinstance(row, dict) or not isinstance(row.get("terms"), list):
        raise ModelError("cannot be understood", where=where, expected="an object with network and terms")
    terms = row["terms"]
    if not 1 <= len(terms) <= MOST_TERMS:
        expected = f"1 to {MOST_TERMS} terms"
        raise ModelError(
            "the number is wrong", where=f"{where}, terms", expected=expected, found=str(len(terms))
        )
    rule = row.get("rule", "")
    if not isinstance(rule, str) or len(rule) > LONGEST_RULE:
        expected = f"a text of {LONGEST_RULE} characters at most"
        raise ModelError("the field is wrong", where=f"{where}, rule", expected=expected)
    return Rest(
        network=_number(row, "network", LARGEST_WEIGHT, where),
        intercept=_number(row, "intercept", LARGEST_WEIGHT, where),
        terms=tuple(_term(term, f"{where}, terms[{k}]") for k, term in enumerate(terms)),
        positives=_count(row, "n_positive", where),
        negatives=_count(row, "n_negative", where),
        rule=rule,
    )


def _term(row: Any, where: str) -> Term:
    if not isinstance(row, dict):
        raise ModelError("cannot be understood", where=where, expected="an object")
    name, form = row.get("value"), row.get("kind", "linear")
    if not isinstance(name, str) or name not in VALUES:
        expected = ", ".join(VALUES)
        raise ModelError("is not measured", where=where, expected=expected, found=card_text.seen(str(name)))
    if row.get("unit") != VALUES[name]:
        found = card_text.seen(str(row.get("unit")))
        raise ModelError(
            "the unit is wrong", where=f"{where}, {name}", expected=VALUES[name] or '""', found=found
        )
    if form not in get_args(Form):
        expected = ", ".join(get_args(Form))
        raise ModelError(
            "no such kind", where=f"{where}, kind", expected=expected, found=card_text.seen(str(form))
        )
    at = 0.0 if form == "linear" else _number(row, "at", LARGEST_VALUE, where)
    to = None if row.get("to") is None else _number(row, "to", LARGEST_VALUE, where)
    if to is not None and not (to > at if form == "above" else to < at and form == "below"):
        expected = 'a number beyond "at"'
        raise ModelError("the field is wrong", where=f"{where}, to", expected=expected, found=f"{to:g}")
    return Term(
        value=name,
        form=form,
        weight=_number(row, "weight", LARGEST_WEIGHT, where),
        typical=_number(row, "typical", LARGEST_VALUE, where),
        at=at,
        to=to,
        absent=None if row.get("absent") is None else _number(row, "absent", LARGEST_WEIGHT, where),
    )


def _number(row: Mapping[str, Any], name: str, largest: float, where: str) -> float:
    value = row.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or abs(value) > largest:  # type: ignore[arg-type]  # a number by now
        expected = f"a number of {largest:,g} at most"
        raise ModelError(
            "the field is wrong", where=f"{where}, {name}", expected=expected, found=repr(value)[:40]
        )
    return float(value)  # type: ignore[arg-type]


def _count(row: Mapping[str, Any], name: str, where: str) -> int:
    value = row.get(name)
    if type(value) is not int or value < 0:
        raise ModelError(
            "the field is wrong", where=f"{where}, {name}", expected="a count", found=repr(value)[:40]
        )
    return value
