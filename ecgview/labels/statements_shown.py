"""A classifier's answer as it is shown: the one place from which window, command line and reports take their rows.

The rows stand in the order of a report (rhythm, conduction, infarction and ischaemia, chambers, other). Each has one
of four states: positive, below its threshold, not judged (the model has no threshold for it) or not assessable in
this record, with the reason. Rules about what cannot be assessed are no matter of display: they fill in
`LabelScore.not_assessable` in `models.context`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.counts import counted, probability
from ecgview.errors import FormatError
from ecgview.labels import contradictions, label_set
from ecgview.labels.report_order import PARTS, Part, part_of
from ecgview.results import LabelScore, Prediction, Status, whole_percentile

NOT_JUDGED = "Not judged by this model"
WITH_THESE = "with these leads"
# What a reader would miss most stands first among what is not judged.
_MISSED_MOST = frozenset(("2AVB", "3AVB", "WPW", "AFLT", "LNGQT", "PACE", "SVTAC", "CLBBB"))
NO_REFERENCE = "no reference scores come with this model"


@dataclass(frozen=True, slots=True)
class ShownStatement:
    """One statement of a model as every view shows it."""

    score: LabelScore
    part: Part
    by_fewer: bool = False  # the model was asked with fewer leads than it has

    @property
    def name(self) -> str:
        """The statement in words, beginning with a capital."""
        name = self.score.label or self.score.code
        return name[:1].upper() + name[1:]

    @property
    def status(self) -> Status:
        """Positive, below threshold, not judged or not assessable."""
        return self.score.status

    @property
    def state(self) -> str:
        """The state in words, with its threshold or its reason."""
        if self.score.not_assessable:
            return f"not assessable: {self.score.not_assessable}"
        if self.score.threshold is None:
            return f"not judged {WITH_THESE}" if self.by_fewer else "not judged: no threshold"
        if self.score.is_positive:
            return f"positive, threshold {probability(self.score.threshold)}"
        return f"below threshold {probability(self.score.threshold)}"

    @property
    def shares(self) -> str:
        """What its logit is made of, in a line: network and measured values; "" where it rests on the network alone."""
        return "" if self.score.shares is None else self.score.shares.words

    @property
    def percentile(self) -> str:
        """The percentile among reference negatives as shown: "97", "<1", ">99"; empty where none is known."""
        value = self.score.percentile
        return "" if value is None else whole_percentile(value)


@dataclass(frozen=True, slots=True)
class ShownPrediction:
    """Every statement of a prediction in the order of a report, and what is to be said of them together."""

    statements: tuple[ShownStatement, ...]
    contradictions: tuple[str, ...]  # among the positive ones
    reference: str  # what the percentiles are of, or that there are none; "" where nothing was analysed
    reason: str = ""  # why the record was not analysed: there are no statements, then
    by_leads: str = (
        ""  # with how many leads the model was asked, where not with all: "by 2 of 12 leads (I, II)"
    )

    def of(self, *states: Status) -> tuple[ShownStatement, ...]:
        """Return the statements in one of these states, in the order of a report."""
        return tuple(item for item in self.statements if item.status in states)

    @property
    def positive(self) -> tuple[ShownStatement, ...]:
        """Every positive statement."""
        return self.of("positive")

    @property
    def withheld(self) -> tuple[ShownStatement, ...]:
        """What would be positive if it could be assessed."""
        return tuple(
            item
            for item in self.of("not assessable")
            if item.score.threshold is not None and item.score.probability >= item.score.threshold
        )

    @property
    def with_shares(self) -> tuple[ShownStatement, ...]:
        """What is positive, or would be, and rests on measured values, too, by the model's card."""
        return tuple(
            item for item in self.statements if item.shares and item in (*self.positive, *self.withheld)
        )

    @property
    def not_judged(self) -> tuple[ShownStatement, ...]:
        """What the model has no threshold for."""
        return self.of("not judged")

    @property
    def summary(self) -> str:
        """How many statements are positive, of how many that are judged at all, and by which leads; or why none."""
        if self.reason:
            return f"Not analysed: {self.reason}"
        return f"{self._counts}, {self.by_leads}" if self.by_leads else self._counts

    @property
    def _counts(self) -> str:
        judged = len(self.of("positive", "below threshold"))
        blocked = len(self.of("not assessable"))
        rest = f"; {blocked} not assessable" if blocked else ""
        if not judged:
            none = "not judged" if len(self.statements) == 1 else "none of them judged"
            return f"{counted(len(self.statements), 'statement')}, {none}{rest}"
        n = len(self.positive)
        if n == 0:
            return f"None of {counted(judged, 'statement')} reaches its threshold{rest}"
        return f"{n} of {counted(judged, 'statement')} {'reaches its' if n == 1 else 'reach their'} threshold{rest}"

    def nearest(self, count: int) -> tuple[ShownStatement, ...]:
        """Return every positive or withheld statement and, up to `count` in all, those next to their thresholds.

        Of a model without any threshold, those of the largest probability. In the order of a report.
        """
        others = self.of("below threshold") or self.not_judged
        withheld = {item.score.code for item in self.withheld}
        ranked = sorted(others, key=lambda item: (item.score.threshold or 0.0) - item.score.probability)
        chosen = {item.score.code for item in (*self.positive, *ranked[: max(0, count - len(self.positive))])}
        return tuple(item for item in self.statements if item.score.code in chosen | withheld)


def shown(prediction: Prediction) -> ShownPrediction:
    """Return what is shown of a prediction: within a part, positives first, then the nearest to their thresholds."""
    by_fewer = bool(prediction.leads)
    rows = [
        ShownStatement(score, part_of(score.code, prediction.label_set), by_fewer)
        for score in prediction.scores
    ]
    rows.sort(key=lambda row: (PARTS.index(row.part), _rank(row.score)))
    positive = [row.score.code for row in rows if row.score.is_positive]
    opposed = _contradictions(positive, prediction.label_set)
    # What was not analysed has no percentiles: that the model brings no reference would be untrue.
    reference = (prediction.reference or NO_REFERENCE) if prediction.analysed else ""
    return ShownPrediction(tuple(rows), tuple(opposed), reference, prediction.reason, prediction.by_leads)


def _rank(score: LabelScore) -> tuple[int, float]:
    order: tuple[Status, ...] = ("positive", "below threshold", "not assessable", "not judged")
    return order.index(score.status), (score.threshold or 0.0) - score.probability


def _contradictions(codes: Sequence[str], set_id: str) -> list[str]:
    try:
        words = label_set.load(set_id) if set_id else None
    except FormatError:
        words = None
    return contradictions.check(codes, words)


def not_judged_sentence(found: ShownPrediction, most: int | None = None) -> str:
    """Return "Not judged by this model: ..." with names, the first `most` of them; "" where all are judged."""
    first = sorted(found.not_judged, key=lambda item: item.score.code not in _MISSED_MOST)
    names = [item.name for item in first]
    if not names:
        return ""
    more = "" if most is None or len(names) <= most else f" and {len(names) - most} more"
    whose = f"{NOT_JUDGED} {WITH_THESE}" if found.by_leads else NOT_JUDGED
    return f"{whose} ({len(names)} of {len(found.statements)}): {', '.join(names[:most])}{more}."


def not_assessable_sentences(found: ShownPrediction, most: int | None = None) -> list[str]:
    """Return one "Not assessable: paced (32): ..." per reason with names, the first `most` of them."""
    by_reason: dict[str, list[str]] = {}
    for item in found.of("not assessable"):
        by_reason.setdefault(item.score.not_assessable, []).append(item.name)
    return [
        f"Not assessable: {reason} ({len(names)}): {', '.join(names[:most])}"
        + ("" if most is None or len(names) <= most else f" and {len(names) - most} more")
        + "."
        for reason, names in by_reason.items()
    ]
