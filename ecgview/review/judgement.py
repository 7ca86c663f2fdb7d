"""What a reader thinks of a model's reason: a word on a stretch of a map or of a reconstruction.

A judgement is no statement about the patient: it is never part of a read or of what is signed. It stands for good like
a read; one that is withdrawn stays, followed by a row that says so.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ecgview.errors import ReviewError
from ecgview.overlay import Overlay, Span
from ecgview.review.moment import Moment

Kind = Literal["map", "reconstruction"]
Shown = Literal["true", "sham-other", "sham-random"]


class Verdict(StrEnum):
    """What a reader says of a stretch."""

    AGREE = "agree"
    DISAGREE = "disagree"
    ARTEFACT = "artefact"
    MISSED = "missed_here"  # the reader's reason lies here and the map does not show it

    @property
    def words(self) -> str:
        """As shown to people."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Judged:
    """What lay on the trace when it was judged.

    `shown` is what that really was: "sham-other" a map of the same record for `shown_target` instead of `target`,
    "sham-random" a map of a network with random weights (`shown_target` names the seed). The reader is not told.
    """

    kind: Kind
    target: str  # a statement's code, a predictor's name, "LEF"; of a reconstruction the segments hidden
    model_id: str
    version: str
    sha256: str  # of the weights
    method: str  # "integrated gradients, 12 steps"
    stamp: str = ""  # what the checks of the map said then
    shown: Shown = "true"
    shown_target: str = ""

    @property
    def words(self) -> str:
        """What it was given out as; never what it really was."""
        target = f" of {self.target}" if self.target else ""
        return f"{self.kind}{target} by {self.model_id} {self.version}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict on a stretch of time, on some leads or, if `leads` is empty, on all."""

    verdict: Verdict
    leads: tuple[str, ...]
    start_s: float
    end_s: float
    judged: Judged
    text: str = ""

    def __post_init__(self) -> None:
        ends = (self.start_s, self.end_s)
        if not (all(map(math.isfinite, ends)) and 0 <= self.start_s < self.end_s):
            raise ReviewError(
                "a judgement needs a stretch of time",
                expected="0 <= start < end, in seconds",
                found=f"{self.start_s} to {self.end_s}",
            )

    @property
    def where(self) -> str:
        """Leads and stretch, in words."""
        return f"{' '.join(self.leads) or 'all leads'}, {self.start_s:.2f} to {self.end_s:.2f} s"


@dataclass(frozen=True, slots=True)
class Judgement:
    """An opinion as it is kept; never changed afterwards.

    `number` counts the rows of this reader and record from 1. `withdraws` is the number of the judgement that this
    row takes back, whose opinion it repeats; 0 in a judgement itself. `read_number` is the committed version of the
    read that it stands beside, 0 before the first where reading was not blind.
    """

    record_sha256: str
    reader: str
    number: int
    opinion: Opinion
    read_number: int
    moment: Moment
    application: str  # "ecgview 0.1.0"
    withdraws: int = 0


def standing(kept: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Return the judgements that were not withdrawn, in their order."""
    rows = tuple(kept)
    gone = {(row.record_sha256, row.reader, row.withdraws) for row in rows if row.withdraws}
    return tuple(
        row for row in rows if not row.withdraws and (row.record_sha256, row.reader, row.number) not in gone
    )


def to_overlay(kept: Iterable[Judgement]) -> Overlay:
    """Return what the canvas draws for judgements: small marks with the word."""
    spans = tuple(
        Span(
            one.opinion.start_s, one.opinion.end_s, "judgement", one.opinion.leads, one.opinion.verdict.words
        )
        for one in kept
    )
    return Overlay(spans=spans, legend="Your judgements of the model's reasons" if spans else "")
