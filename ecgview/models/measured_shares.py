"""What measured values add to a network's answer about one record, or why they add nothing.

A rate, an interval, an axis or a voltage is measured better than a network guesses it; whether the beats come from the
sinus node the network sees better. So a statement that rests on both shows both (`measured_terms`). Where a value is
doubtful the network's own answer stands, and says so: a doubtful number may not move a statement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal

from ecgview.leads import CHEST, STANDARD_12
from ecgview.models import context, measuring
from ecgview.models.cards import ModelCard
from ecgview.models.measured_terms import VALUES, Rest
from ecgview.record import EcgRecord
from ecgview.results import LabelScore, MeasuredShare, Shares
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

FEW_LEADS = "not all twelve leads are there"
BY_RULES = "waves were found by rules, not by the network that the weights were fitted with"
OTHER_T_END = "T ends were found in another way than in the records that the weights were fitted on"
FAILED = "nothing could be measured"
LEAST_PROBABILITY = 1e-7  # of a network, as a logit: float32 knows none nearer to 1
FIRST_P_S = 0.35  # from the start: the P wave of an earlier QRS may lie before the record
FEWEST_BEATS = 3
Scores = tuple[LabelScore, ...]


@dataclass(frozen=True, slots=True)
class Usable:
    """The measured values of one record that may have a share, by name; `why_not` is why one, or all, may not.

    A value of None could not be measured at all, as PR without P waves. `doubted` are those too unsure to be used.
    """

    values: Mapping[str, Measurement]
    doubted: Mapping[str, str]
    why_not: str = ""

    @property
    def plain(self) -> dict[str, float | None]:
        """The values as a fit takes them: None is absent, a doubted one is left out, and all where nothing is used."""
        if self.why_not:
            return {}
        return {
            name: None if (one := self.values.get(name)) is None else one.value
            for name in VALUES
            if name not in self.doubted
        }


def of(card: ModelCard, record: EcgRecord, scores: Scores, measured: Measured | None = None) -> Scores:
    """Return the scores with the shares of measured values in them, of the statements that rest on any by the card.

    Nothing is measured where no statement does. What cannot be used leaves the network's answer, with the reason.

    Args:
        card: of the classifier.
        record: which was measured.
        scores: of the network alone.
        measured: of the stretch that the network saw, edits and all; measured now, or a moment ago, where None.
    """
    rests = card.rests
    if not rests or not scores:
        return scores
    few = Usable({}, {}, FEW_LEADS)  # the weights were fitted beside what the network says of all twelve
    found = usable(record, card.input.seconds, measured) if card.asked_with is None else few
    return tuple(
        score if (rest := rests.get(score.code)) is None else _with_shares(score, rest, found)
        for score in scores
    )


def usable(record: EcgRecord, seconds: float, measured: Measured | None = None) -> Usable:
    """Return the values of a record that may have a share: those of its first `seconds`, which the network sees."""
    if record.missing_leads:
        return Usable({}, {}, FEW_LEADS)
    if source := context.paced(record):
        return Usable({}, {}, f"paced ({source})")
    try:
        found = measuring.recent(seen(record, seconds)) if measured is None else measured
    except Exception as error:  # whatever fails in measuring, the network has answered
        return Usable({}, {}, f"{FAILED} ({getattr(error, 'message', type(error).__name__)})")
    if found.reason:
        return Usable({}, {}, f"{FAILED} ({found.reason})")
    if found.model is None:
        return Usable({}, {}, BY_RULES)
    if found.t_end != "network":
        return Usable({}, {}, OTHER_T_END)
    values = {name: one for name, make in _MADE.items() if (one := make(found, name)) is not None}
    doubted = {
        name: "low confidence"
        for name, one in values.items()
        if one.value is not None and one.confidence == "low"
    }
    if record.gain_doubt:
        doubted |= {name: "the calibration is in doubt" for name, unit in VALUES.items() if unit == "mV"}
    return Usable(values, doubted)


def seen(record: EcgRecord, seconds: float) -> EcgRecord:
    """Return what a network sees of a record: a longer one is cut to its first seconds."""
    if record.seconds <= seconds * 1.01:
        return record
    return record.with_signal(record.signal[:, : round(seconds * record.sampling_rate_hz)])


def again(card: ModelCard, score: LabelScore, network: float) -> float:
    """Return the probability that a statement would have with another answer of its network: measured shares stay."""
    rest = card.rests.get(score.code)
    if rest is None or score.shares is None or score.shares.not_used:
        return network
    return sigmoid(score.shares.logit - score.shares.network + rest.network * logit(network))


def logit(probability: float) -> float:
    """Return the log-odds of a probability of a network."""
    kept = min(max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)
    return log(kept / (1 - kept))


def sigmoid(value: float) -> float:
    """Return the probability of log-odds."""
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def _with_shares(score: LabelScore, rest: Rest, found: Usable) -> LabelScore:
    network = score.probability
    why_not = found.why_not or next(
        (f"{term.value}: {why}" for term in rest.terms if (why := found.doubted.get(term.value))), ""
    )
    shares: list[MeasuredShare] = []
    for term in () if why_not else rest.terms:
        one = found.values.get(term.value)
        share = term.share(None if one is None else one.value)
        if share is None:
            why_not = f"{term.value}: not measured"
            break
        _add(shares, term.value, share, one)
    if why_not:
        return replace(score, shares=Shares(network, not_used=why_not))
    made = Shares(network, rest.intercept, rest.network * logit(network), tuple(shares))
    return replace(score, probability=sigmoid(made.logit), shares=made)


def _add(shares: list[MeasuredShare], name: str, share: float, one: Measurement | None) -> None:
    """Put a term's share beside the others; two terms of one value are one share."""
    for k, before in enumerate(shares):
        if before.name == name:
            shares[k] = replace(before, share=before.share + share)
            return
    if one is None:
        shares.append(MeasuredShare(name, VALUES[name], None, share))
    else:
        shares.append(MeasuredShare(name, VALUES[name], one.value, share, one.lead, one.where_s, one.before))


def _row(found: Measured, name: str) -> Measurement | None:
    return next((one for one in found.values if one.name == name), None)


def _irregularity(found: Measured, name: str) -> Measurement | None:
    """The row, with the beats that it is of: those of the rate."""
    own, rate = _row(found, name), _row(found, "Heart rate")
    return own if own is None or rate is None else replace(own, where_s=own.where_s or rate.where_s)


def _of_lead(found: Measured, name: str, lead: str) -> Measurement | None:
    return next((one for one in found.lead_values if (one.name, one.lead) == (name, lead)), None)


def _least_sure(parts: Sequence[Measurement]) -> Literal["high", "low"]:
    return "low" if any(one.confidence == "low" for one in parts) else "high"


def _cornell(found: Measured, name: str) -> Measurement | None:
    """R of aVL and S of V3; a wave that is not there has no height."""
    if "aVL" not in found.leads or "V3" not in found.leads:
        return None
    high, deep = _of_lead(found, "R amplitude", "aVL"), _of_lead(found, "S amplitude", "V3")
    there = [one for one in (high, deep) if one is not None and one.value is not None]
    if not there:
        return None
    total = sum(abs(one.value or 0.0) for one in there)
    return Measurement(
        name, total, "mV", confidence=_least_sure(there), lead=there[0].lead, where_s=there[0].where_s
    )


def _largest(leads: tuple[str, ...]) -> Callable[[Measured, str], Measurement | None]:
    """Return what finds the largest QRS, from the top of R to the bottom of Q or S, among some leads."""

    def find(found: Measured, name: str) -> Measurement | None:
        by_lead = []
        for lead in leads:
            waves = [one for wave in _QRS if (one := _of_lead(found, wave, lead)) and one.value is not None]
            if not waves:
                return None  # a lead that was left out may hold the largest
            heights = [one.value or 0.0 for one in waves]
            by_lead.append((max(0.0, *heights) - min(0.0, *heights), lead, waves))
        size, lead, waves = max(by_lead, key=lambda one: one[0])
        return Measurement(
            name, size, "mV", confidence=_least_sure(waves), lead=lead, where_s=waves[0].where_s
        )

    return find


def _p_waves(found: Measured, name: str) -> Measurement | None:
    beats = [one for one in found.beats if one.time_s >= FIRST_P_S]
    if len(beats) < FEWEST_BEATS:
        return None
    share = 100.0 * sum(one.overall["P"] is not None for one in beats) / len(beats)
    return Measurement(name, share, "%", where_s=(beats[0].time_s, beats[-1].time_s))


def _p_alone(found: Measured, name: str) -> Measurement | None:
    alone = () if found.atrial is None else found.atrial.alone_s
    where = (alone[0] - 0.1, alone[-1] + 0.1) if alone else None
    return Measurement(name, float(len(alone)), "", where_s=where)


def _beats_of(kind: str) -> Callable[[Measured, str], Measurement | None]:
    """Return what finds the share of the beats that are of a class."""

    def find(found: Measured, name: str) -> Measurement | None:
        if len(found.classes) < FEWEST_BEATS:
            return None
        own = [one.time_s for one, said in zip(found.beats, found.classes, strict=True) if said == kind]
        where = (own[0] - 0.2, own[-1] + 0.2) if own else None
        return Measurement(name, 100.0 * len(own) / len(found.classes), "%", where_s=where)

    return find


def _in_two(row: str, leads: tuple[str, ...], sign: int) -> Callable[[Measured, str], Measurement | None]:
    """Return what finds how far two leads at least lie above (sign 1) or below the level: the second-largest."""

    def find(found: Measured, name: str) -> Measurement | None:
        there = [one for lead in leads if (one := _of_lead(found, row, lead)) and one.value is not None]
        if len(there) < 2:
            return None
        there.sort(key=lambda one: sign * (one.value or 0.0), reverse=True)
        second = there[1]
        size = max(0.0, sign * (second.value or 0.0))
        return Measurement(
            name, size, "mV", confidence=_least_sure(there[:2]), lead=second.lead, where_s=second.where_s
        )

    return find


_ST = tuple(name for name in STANDARD_12 if name != "aVR")  # whose ST goes the other way
_UPRIGHT = ("I", "II", "V3", "V4", "V5", "V6")  # where T is upright in adults
_QRS = ("Q amplitude", "R amplitude", "S amplitude", "R' amplitude", "S' amplitude")
_MADE: dict[str, Callable[[Measured, str], Measurement | None]] = dict.fromkeys(VALUES, _row) | {
    "RR irregularity": _irregularity,
    "Voltage RaVL+SV3": _cornell,
    "Largest QRS, limb leads": _largest(STANDARD_12[:6]),
    "Largest QRS, chest leads": _largest(CHEST),
    "P waves before QRS": _p_waves,
    "P waves alone": _p_alone,
    "Ventricular beats": _beats_of("ventricular"),
    "Supraventricular beats": _beats_of("supraventricular"),
    "ST depression in two leads": _in_two("J+60", _ST, -1),
    "ST elevation in two leads": _in_two("J+60", _ST, 1),
    "T inversion in two leads": _in_two("T amplitude", _UPRIGHT, -1),
}
