"""What a record itself says about a model's answers: statements that cannot be made of it, and doubts to be told.

A rule of context ("paced: no infarction, no ischaemia, no hypertrophy") takes the record and the classifier's scores
and returns them with `LabelScore.not_assessable` filled in; add it to `RULES`. It may ask `LabelScore.is_suspected`:
a bundle branch block that the model may not state for want of examples is enough to withhold an infarction.

A doubt that concerns every answer ("whether it is paced cannot be told at 100 Hz") is a sentence; add what finds it
to `DOUBTS`. Both are applied once, in `runtime.prediction`, so that window, command line, archive table and reports
show the same.
`labels.statements_shown` turns the result into rows.
"""

from collections.abc import Callable

from ecgview.record import EcgRecord
from ecgview.results import LabelScore

Scores = tuple[LabelScore, ...]
Rule = Callable[[EcgRecord, Scores], Scores]
Doubt = Callable[[EcgRecord], str]  # a sentence, or "" where there is none

ADULT_YEARS = 18


def in_context(record: EcgRecord, scores: Scores) -> Scores:
    """Return the scores with what cannot be assessed in this record named; every rule sees those before it."""
    for rule in RULES:
        scores = rule(record, scores)
    return scores


def doubts(record: EcgRecord) -> tuple[str, ...]:
    """Return the sentences that stand beside any answer about this record."""
    return tuple(filter(None, (doubt(record) for doubt in DOUBTS)))


def _age(record: EcgRecord) -> str:
    years = record.patient.age_years
    if years is None:
        return "age unknown: the model is for adults only"
    if years < ADULT_YEARS:
        return "under 18 years: outside the model's training population"
    return ""


def _sex(record: EcgRecord) -> str:
    return "" if record.patient.sex else "sex unknown: normal limits of QRS voltage and QT differ by sex"


def _synthetic(record: EcgRecord) -> str:
    return "synthetic ECG" if record.synthetic else ""


def _gain(record: EcgRecord) -> str:
    return record.gain_doubt


RULES: tuple[Rule, ...] = ()
DOUBTS: tuple[Doubt, ...] = (_gain, _age, _sex, _synthetic)
