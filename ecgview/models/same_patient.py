"""Are two ECGs of one patient, by their median beats? When that can be judged, and what it was worth on known pairs.

No network: the correlation of the QRS complexes (`signal.beat_shape`). Beside the card lie the population's beat in
each set of leads that was judged, and `verification.json`: cuts, likelihood ratio and error rates of each set.
`ecgview evaluate MODEL DATA --update-reference` (`training.evaluation.identification`) writes both.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import ModelError, NotAnalysed
from ecgview.models import context
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord
from ecgview.results import ErrorRate, Identification, KnownPairs
from ecgview.signal import beat_shape, limb_leads
from ecgview.signal.beat_shape import Population, Shape
from ecgview.signal.measure.measured import Measured

NETWORK = "median-beat"  # of a card: the answer comes from here
VERIFICATION = "verification.json"
FEWEST_BEATS = 3  # fewer are no median: one movement would be the patient
WIDE_MS, WIDER_MS = 120.0, 20.0  # a block came or went: not one pair of known patients shows what it does
ROUND = 0.999  # nearer to 1 a correlation says nothing more; it keeps arctanh finite
RATES = ("false_match", "missed", "false_alarm", "caught")
COUNTS = ("n_genuine", "n_patients", "n_impostor", "n_strangers")
NUMBERS = ("auroc", "equal_error_rate", "threshold", "threshold_two", "slope", "offset", "lowest", "highest")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One set of leads: what all hearts have in common there, and what a correlation is worth."""

    population: Population
    auroc: float
    equal_error_rate: float
    threshold: float  # at or above: like one patient
    threshold_two: float  # at or below: like two
    slope: float  # of the log likelihood ratio on arctanh of the correlation
    offset: float
    lowest: float  # of its log10: no pair says more
    highest: float
    known: KnownPairs

    def log10_likelihood_ratio(self, correlation: float) -> float:
        """Return the evidence for one patient, within what the known pairs support."""
        plain = log_ratio(correlation, self.slope, self.offset) / math.log(10)
        return min(max(plain, self.lowest), self.highest)


def log_ratio(correlation: float, slope: float, offset: float) -> float:
    """Return the natural logarithm of the likelihood ratio, without its bounds."""
    return slope * float(stretched(np.array(correlation))) + offset


def stretched(correlation: beat_shape.Row) -> beat_shape.Row:
    """Return Fisher's z of correlations: there the two kinds of pairs are told apart by a nearly straight line."""
    found: beat_shape.Row = np.arctanh(np.clip(correlation, -ROUND, ROUND))
    return found


def reason_not_to_judge(record: EcgRecord, measured: Measured) -> str:
    """Return why nothing can be said of whose ECG this is, "" where it can."""
    beat = measured.median
    if record.what_if:
        return "it is not the recording"
    if measured.reason or beat is None:
        return measured.reason or "no median beat"
    if paced := context.paced(record):
        return f"paced rhythm ({paced}): the beat is the pacemaker's"
    if beat.n_beats < FEWEST_BEATS:
        return f"only {beat.n_beats} beats of one kind; {FEWEST_BEATS} are needed"
    if record.gain_doubt:
        return record.gain_doubt
    if exchanged := limb_leads.suspected(measured.warnings):
        return f"{limb_leads.PERHAPS}{exchanged}"
    return ""


def reason_of_pair(first: float | None, second: float | None) -> str:
    """Return why two recordings of these QRS durations, ms, cannot be compared though each could be."""
    if first is None or second is None:
        return ""
    if max(first, second) >= WIDE_MS > min(first, second) and abs(first - second) >= WIDER_MS:
        return (
            f"QRS lasts {first:.0f} ms in the first recording and {second:.0f} ms in the second: conduction has "
            "changed, or they are of two patients"
        )
    return ""


def qrs_ms(measured: Measured) -> float | None:
    """Return the duration of QRS, None where it was not measured."""
    return next((one.value for one in measured.values if one.name == "QRS duration"), None)


def compare(
    card: ModelCard, one: tuple[EcgRecord, Measured], two: tuple[EcgRecord, Measured]
) -> Identification:
    """Return how alike two measured records are, by that set of leads which told known patients apart best.

    Raises:
        NotAnalysed: it cannot be judged, in words.
        ModelError: the files beside the card are missing or wrong.
    """
    beats = []
    for name, (record, measured) in zip(("first", "second"), (one, two), strict=True):
        if reason := reason_not_to_judge(record, measured):
            raise NotAnalysed.because(f"{name} recording: {reason}", record.source.path)
        assert measured.median is not None  # `reason_not_to_judge` has said so
        beats.append(beat_shape.of(measured.median))
    if reason := reason_of_pair(qrs_ms(one[1]), qrs_ms(two[1])):
        raise NotAnalysed.because(reason)
    judged = by_leads(card, beats)
    vectors = beat_shape.compared(beats, judged.population)
    correlation = float(vectors[0] @ vectors[1])
    return Identification(
        model=card.facts,
        leads=judged.population.leads,
        cosine=correlation,
        log10_likelihood_ratio=judged.log10_likelihood_ratio(correlation),
        threshold=judged.threshold,
        is_same=correlation >= judged.threshold,
        equal_error_rate=judged.equal_error_rate,
        n_genuine=judged.known.n_genuine,
        n_impostor=judged.known.n_impostor,
        warnings=(*_warnings((one[0], two[0])), *_both_wide(one[1], two[1])),
        threshold_two=judged.threshold_two,
        likelihood_range=(judged.lowest, judged.highest),
        known=judged.known,
    )


def _warnings(records: Sequence[EcgRecord]) -> list[str]:
    """Return what to doubt of the answer, each with the recording that it is about."""
    if records[0].source.sha256 == records[1].source.sha256:
        return ["both files hold one recording: that they are alike says nothing"]
    first, second = (context.doubts(record) for record in records)
    return [
        *(f"both recordings: {text}" for text in first if text in second),
        *(f"first recording: {text}" for text in first if text not in second),
        *(f"second recording: {text}" for text in second if text not in first),
    ]


def _both_wide(one: Measured, two: Measured) -> tuple[str, ...]:
    widths = [width for width in map(qrs_ms, (one, two)) if width is not None]
    if len(widths) < 2 or min(widths) < WIDE_MS:
        return ()
    return (
        "QRS is wide in both recordings: more pairs of two patients look like one then, as the card says",
    )


def worth(found: Identification) -> tuple[str, ...]:
    """Return what an answer is worth, in words: cuts, likelihood ratio, error rates with upper bounds, model."""
    known, ends = found.known, found.likelihood_range
    ratio = f"log10 likelihood ratio {found.log10_likelihood_ratio:+.2f} (no probability"
    leads = f"leads {', '.join(found.leads)}"
    if known is None or ends is None or found.threshold_two is None:
        return (
            f"cosine {found.cosine:.3f}, threshold {found.threshold:.3f}, {leads}",
            f"{ratio}); at this threshold {found.equal_error_rate:.1%} of {found.n_genuine} genuine pairs and of "
            f"{found.n_impostor} others were wrong",
            f"{found.model.named} on {found.device} in {found.precision}, trained on {found.model.training_data}",
        )
    alarm, match = known.false_alarm, known.false_match
    return (
        f"correlation of the QRS complexes {found.cosine:.3f}, like one patient from {found.threshold:.3f}, like two "
        f"up to {found.threshold_two:.3f}, {leads}",
        f"{ratio}; the known pairs support {ends[0]:+.2f} to {ends[1]:+.2f})",
        f"of {known.n_genuine} pairs of one patient ({known.n_patients} patients) {alarm.value:.1%} look like two "
        f"(95 % upper bound {alarm.high:.1%}), {1 - known.missed.value:.0%} like one",
        f"of {known.n_impostor:,} pairs of two patients {match.value:.1%} look like one (95 % upper bound "
        f"{match.high:.1%}), {known.caught.value:.0%} like two",
        f"{found.model.named}: {found.model.training_data}; {found.model.calibrated}",
    )


def by_leads(card: ModelCard, beats: Sequence[Shape]) -> Judged:
    """Return the judged set of leads that all these beats have, the one that told patients apart best.

    Raises:
        NotAnalysed: they have none in common.
    """
    common = set.intersection(*(set(beat.leads) for beat in beats))
    fitting = [found for found in of_card(card) if common.issuperset(found.population.leads)]
    if not fitting:
        raise NotAnalysed.because("the two recordings have no standard lead with a signal in common")
    return max(fitting, key=lambda found: found.auroc)


def of_card(card: ModelCard) -> tuple[Judged, ...]:
    """Return what lies beside a card; ModelError if it is not there or cannot be understood."""
    weights, path = card.check_weights(), card.folder / VERIFICATION
    try:
        return _read(weights, path, weights.stat().st_mtime_ns, path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path)) from None


@lru_cache(maxsize=4)
def _read(weights: Path, path: Path, _changed: int, _verified: int) -> tuple[Judged, ...]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(weights)
        raw = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_judged(one, arrays) for one in raw["sets"])
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"cannot be understood ({error})",
            where=str(path),
            expected="sets of leads with cuts and error rates",
        ) from None


def _judged(raw: Mapping[str, Any], arrays: Mapping[str, Any]) -> Judged:
    leads = tuple(map(str, raw["leads"]))
    magnitude, mean = (
        np.asarray(arrays[f"{'+'.join(leads)}.{part}"], np.float64) for part in ("magnitude", "mean")
    )
    if magnitude.shape != (beat_shape.FITTED,) or mean.shape != (len(leads), beat_shape.COMPARED):
        raise ValueError(f"wrong sizes of {'+'.join(leads)}")
    numbers = {name: float(raw[name]) for name in NUMBERS}
    if not all(map(math.isfinite, numbers.values())):
        raise ValueError(f"a number of {'+'.join(leads)} is none")
    counts = {name: int(raw[name]) for name in COUNTS}
    rates = {
        name: ErrorRate(*(float(raw[name][part]) for part in ("value", "low", "high"))) for name in RATES
    }
    known = KnownPairs(
        counts["n_genuine"],
        counts["n_patients"],
        counts["n_impostor"],
        counts["n_strangers"],
        rates["false_match"],
        rates["missed"],
        rates["false_alarm"],
        rates["caught"],
    )
    return Judged(population=Population(leads, magnitude, mean), known=known, **numbers)
