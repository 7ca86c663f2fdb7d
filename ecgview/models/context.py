"""What a record itself says about a model's answers: statements that cannot be made of it, and doubts to be told.

With pacing, left bundle branch block or pre-excitation (`labels.context_rules`) infarction, ischaemia, hypertrophy
and fascicular block cannot be read from an ECG: `in_context` fills in `LabelScore.not_assessable` and says why. What
names the context is the samples (stimuli seen), the file's own words, the model's own score, or the reader. A bundle
branch block that the model may not state for want of examples (`LabelScore.is_suspected`) is enough to withhold an
infarction.

A doubt that concerns every answer ("whether it is paced cannot be told at 100 Hz") is a sentence; add what finds it
to `DOUBTS`, or to `signal.judgement` where the samples say it. Both are applied once, in `runtime.prediction`, so that
window, command line, archive table and reports show the same; what the reader says is added where the answer stands
beside a read, by `beside_read`.
`labels.statements_shown` turns the result into rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ecgview.counts import probability
from ecgview.labels import context_rules
from ecgview.labels.context_rules import PACED, ContextRule
from ecgview.record import EcgRecord
from ecgview.results import LabelScore, LefResult, Prediction
from ecgview.signal import pacing
from ecgview.signal.judgement import judged
from ecgview.signal.measurements import pacing_told
from ecgview.signal.pacing import Pacing

Scores = tuple[LabelScore, ...]
Doubt = Callable[[EcgRecord], str]  # a sentence, or "" where there is none
Stated = Iterable[tuple[str, str]]  # a reader's statements: label set and code

ADULT_YEARS = 18
OLDEST_YEARS = 110  # PTB-XL writes 300 for all above 89, few live to see more than 110
WITHHELD = "infarction, ischaemia, hypertrophy and fascicular statements are not assessable"
READER = "the reader's statement"


@dataclass(frozen=True, slots=True)
class Context:
    """One context that is there, and what says so."""

    rule: ContextRule
    source: str

    @property
    def sentence(self) -> str:
        """What stands beside the answer: "Paced: 12 stimuli seen; infarction, ... are not assessable"."""
        name = self.rule.context
        return f"{name[:1].upper()}{name[1:]} ({self.source}): {WITHHELD}"


def in_context(record: EcgRecord, scores: Scores, set_id: str) -> tuple[Scores, tuple[str, ...]]:
    """Return the scores with what cannot be assessed in this record named, and the sentences that say why."""
    suspected = tuple(score for score in scores if score.is_suspected)
    told: list[Context] = []
    guessed: list[Context] = []
    for rule in context_rules.rules():
        if source := _in_record(rule, record):
            told.append(Context(rule, source))
        elif source := _in_scores(rule, suspected, set_id):
            guessed.append(Context(rule, source))
    found = [*told, *guessed]  # what samples and file say goes before what the model alone thinks
    return _withheld(scores, set_id, found), tuple(context.sentence for context in found)


def beside_read(prediction: Prediction, stated: Stated) -> Prediction:
    """Return the prediction as it stands beside a reader's statements: those name a context, too."""
    found = [Context(rule, READER) for rule in named_by_reader(stated)]
    # The same context is told once, whoever names it: the samples, the model or the reader.
    told = {warning.split(" (")[0] for warning in prediction.warnings}
    new = [context.sentence for context in found if context.sentence.split(" (")[0] not in told]
    if not new or not prediction.analysed:
        return prediction
    scores = _withheld(prediction.scores, prediction.label_set, found)
    return replace(prediction, scores=scores, warnings=(*prediction.warnings, *new))


def lef_beside_read(result: LefResult, stated: Stated) -> LefResult:
    """Return the LEF result as it stands beside a reader's statements.

    None where they name a paced rhythm; a predictor whose statement they take away (infarction with left bundle branch
    block) is not assessable, and the index has no percentile then.
    """
    named = named_by_reader(stated)
    if not result.analysed or not named:
        return result
    if not any(rule.context == PACED for rule in named):
        return _without_blocked(result, named)
    return replace(
        result,
        model_output=None,
        value=None,
        result="not analysed",
        reason=f"paced rhythm: {READER}",
        contributions=None,
        single_predictors=(),
        placed=(),
        percentile=None,
        reference="",
        reference_set=None,
    )


def _without_blocked(result: LefResult, named: Iterable[ContextRule]) -> LefResult:
    placed = result.placed
    for rule in named:
        placed = tuple(
            replace(one, percentile=None, not_assessable=rule.context)
            if one.code and not one.not_assessable and rule.blocks(one.code, one.label_set)
            else one
            for one in placed
        )
    if placed == result.placed:
        return result
    return replace(result, placed=placed, percentile=None)


def named_by_reader(stated: Stated) -> tuple[ContextRule, ...]:
    """Return the contexts that a reader's statements name."""
    said = tuple(stated)
    return tuple(
        rule for rule in context_rules.rules() if any(rule.is_named_by(code, set_id) for set_id, code in said)
    )


def pacing_of(record: EcgRecord) -> Pacing:
    """Return what the samples show of pacing, and what the file's own words say."""
    return replace(pacing_told(record), stated=context_rules.named_by_file(_rule_of_pacing(), record))


def paced(record: EcgRecord) -> str:
    """Return what in the record says that the rhythm is paced, its samples or its words; "" where nothing does."""
    return _in_record(_rule_of_pacing(), record)


def _rule_of_pacing() -> ContextRule:
    return next(rule for rule in context_rules.rules() if rule.context == PACED)


def doubts(record: EcgRecord, heard: EcgRecord | None = None) -> tuple[str, ...]:
    """Return the sentences that stand beside any answer about this record.

    `heard` is the record with the leads that were asked, where not all were: their samples are judged, no others.
    """
    return (
        *filter(None, (doubt(record) for doubt in DOUBTS)),
        *judged(record if heard is None else heard).warnings,
    )


def sentence(doubt: str) -> str:
    """Return a doubt as it stands alone among sentences: with a capital and one full stop."""
    return f"{doubt[:1].upper()}{doubt[1:].rstrip('.')}."


def pacing_doubt(record: EcgRecord) -> str:
    """Return why it cannot be told whether the rhythm is paced, "" where it can or the file says it."""
    return "" if paced(record) else pacing.detect(record).reason


def _in_record(rule: ContextRule, record: EcgRecord) -> str:
    if rule.context == PACED:
        seen = pacing.detect(record)
        if seen.state == "seen":
            return seen.text
    return context_rules.named_by_file(rule, record)


def _in_scores(rule: ContextRule, suspected: Scores, set_id: str) -> str:
    for score in suspected:
        if rule.is_named_by(score.code, set_id):
            return f"this model's own answer, {score.code} {probability(score.probability)}"
    return ""


def _withheld(scores: Scores, set_id: str, found: Iterable[Context]) -> Scores:
    for context in found:
        scores = tuple(
            replace(score, not_assessable=context.rule.context)
            if not score.not_assessable and context.rule.blocks(score.code, set_id)
            else score
            for score in scores
        )
    return scores


def _age(record: EcgRecord) -> str:
    years = record.patient.age_years
    if years is None:
        return "age unknown: the model is for adults only"
    if years < ADULT_YEARS:
        return "under 18 years: outside the model's training population"
    if years > OLDEST_YEARS:
        return f"age {years:g}: hardly anybody's, perhaps a mistake of the file"
    return ""


def _sex(record: EcgRecord) -> str:
    return "" if record.patient.sex else "sex unknown: normal limits of QRS voltage and QT differ by sex"


def _synthetic(record: EcgRecord) -> str:
    return "synthetic ECG" if record.synthetic else ""


def _gain(record: EcgRecord) -> str:
    return record.gain_doubt


DOUBTS: tuple[Doubt, ...] = (_gain, _age, _sex, _synthetic, pacing_doubt)
