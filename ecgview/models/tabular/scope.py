"""Whether a record is one that a LEF model may speak of at all (conventions A2)."""

from collections.abc import Mapping

from ecgview.counts import probability
from ecgview.leads import STANDARD_12
from ecgview.models import context, guard
from ecgview.models.cards import InputSpec
from ecgview.models.preprocessing import reason_not_to_take
from ecgview.record import EcgRecord
from ecgview.results import Prediction

NEEDED_S = 10.0
_PACED = ("PACE", "PACED", "PACEMAKER", "PACING")


def reason_not_to_analyse(record: EcgRecord, spec: InputSpec) -> str:
    """Return why this record is outside the model's scope, or "" if it is not."""
    taken = reason_not_to_take(record, InputSpec(STANDARD_12, spec.sampling_rate_hz, NEEDED_S))
    if record.missing_leads or record.seconds < NEEDED_S - 0.5 / record.sampling_rate_hz:
        return taken
    years = record.patient.age_years
    if years is not None and years < context.ADULT_YEARS:
        return f"the patient is {years:g} years old, the model is for adults"
    if reason := guard.reason_not_to_answer(record, STANDARD_12):
        return reason
    if source := context.paced(record):
        return f"paced rhythm: {source}"
    return taken


def paced_reason(prediction: Prediction, cuts: Mapping[str, float] | None = None) -> str:
    """Return why a paced rhythm is not analysed, or "" if the classifier sees none (or cannot tell).

    Args:
        prediction: of the main classifier.
        cuts: probabilities from which a statement that names pacing counts, by its code, as the LEF model brings them
            for this classifier. Few records are paced, so that a classifier's own cut is weak or missing, and a
            pacemaker that is taken for an ailing heart is worse than an ECG in two hundred that is not analysed.
    """
    for score in prediction.scores:
        cut = (cuts or {}).get(score.code)
        if cut is not None and score.probability >= cut:
            said = f"P({score.code}) = {probability(score.probability)}"
            return f"perhaps paced: {said}, which at most 1 in 200 ECGs without pacing reach"
        words = set(score.code.upper().replace("-", " ").split())
        if words & set(_PACED) and score.is_suspected:
            return f"paced rhythm: P({score.code}) = {probability(score.probability)}"
    return ""
