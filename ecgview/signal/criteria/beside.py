"""Rate, rhythm and intervals by rule, beside what a network says of the same: neither replaces the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from ecgview.counts import probability
from ecgview.results import LabelScore
from ecgview.signal.criteria.criterion import Criterion

GROUPS = ("Rate and rhythm", "Conduction", "Repolarisation", "Must not be missed")


@dataclass(frozen=True, slots=True)
class Beside:
    """One statement by rule, with the network's score of the same statement."""

    criterion: Criterion
    score: LabelScore

    @property
    def is_positive(self) -> bool | None:
        """Whether the network states it; None where it has no threshold."""
        return None if self.score.threshold is None else self.score.probability >= self.score.threshold

    @property
    def is_told(self) -> bool:
        """Whether a reader should see it: the rule is met, or the network states what the rule does not find."""
        return self.criterion.state == "met" or (
            self.criterion.state == "not met" and self.is_positive is True
        )

    @property
    def sentence(self) -> str:
        """Both in one sentence."""
        one, score = self.criterion, self.score
        place = {True: "above", False: "below", None: "without"}[self.is_positive]
        threshold = "a threshold" if self.is_positive is None else "its threshold"
        numbers = f" ({one.evidence})" if one.evidence else ""
        rests = score.shares is not None and not score.shares.not_used
        who = "the network with measured values" if rests else "the network"
        rule = "" if one.code == score.code else f" {one.code}"  # two rules may speak of one statement
        said = f"{who} {probability(score.probability)}, {place} {threshold}"
        return f"{score.code} by rule{rule}: {one.state}{numbers}; {said}"


def beside(found: Iterable[Criterion], scores: Iterable[LabelScore]) -> tuple[Beside, ...]:
    """Return the statements that both a rule and a network speak of, in the order of the criteria."""
    by_code = {score.code: score for score in scores}
    return tuple(
        Beside(one, by_code[code])
        for one in found
        if one.group in GROUPS
        for code in one.statements
        if code in by_code
    )
