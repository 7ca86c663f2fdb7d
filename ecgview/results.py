"""What models and explanations say, as plain data that any floor may hold, store and show."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12
from ecgview.record import Signal


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is shown beside every number of a model."""

    model_id: str
    name: str
    version: str
    sha256: str
    training_data: str
    calibrated: str  # "not calibrated" or "calibrated on ..."
    caveat: str = ""
    origin: str = ""  # "not from ecgview" for a model that the user brought in, stands wherever it speaks
    figures: str = ""  # whose figures stand for this model, where they are another's

    @property
    def named(self) -> str:
        """The model's id and version, with where it is from if that is not ecgview."""
        return f"{self.model_id} {self.version}" + (f" ({self.origin})" if self.origin else "")


Status = Literal["positive", "below threshold", "not judged", "not assessable"]


@dataclass(frozen=True, slots=True)
class MeasuredShare:
    """What one measured value adds to a statement's logit.

    `value` None is what could not be measured, which can speak for itself: without P waves there is no PR. `lead` is
    empty for a value of all leads, `where_s` its place on the trace in s. `before` is what was computed where a
    reader's hand moved it.
    """

    name: str  # "Heart rate"
    unit: str
    value: float | None
    share: float  # in logits
    lead: str = ""
    where_s: tuple[float, float] | None = None
    before: float | None = None

    @property
    def measured(self) -> str:
        """The value in words: "heart rate 48 bpm", "PR not measured"."""
        name = self.name if self.name[:2].isupper() else self.name[:1].lower() + self.name[1:]
        if self.value is None:
            return f"{name} not measured"
        digits = 2 if self.unit == "mV" else 0
        before = "" if self.before is None else f" (computed {_signless(self.before, digits)})"
        unit = f" {self.unit}" if self.unit else ""
        return f"{name} {_signless(self.value, digits)}{unit}{before}"

    @property
    def words(self) -> str:
        """The value with its share: "heart rate 48 bpm +2.3"."""
        return f"{self.measured} {signed(self.share)}"


@dataclass(frozen=True, slots=True)
class Shares:
    """What a statement's logit is made of: base + network + measured values, or why the network answers alone.

    `network_probability` is what the network says by itself. With `not_used` that is the answer, and nothing measured
    has a share in it.
    """

    network_probability: float
    base: float = 0.0
    network: float = 0.0
    measured: tuple[MeasuredShare, ...] = ()
    not_used: str = ""

    @property
    def logit(self) -> float:
        """What the shares add up to."""
        return self.base + self.network + sum(one.share for one in self.measured)

    @property
    def words(self) -> str:
        """The shares in a line: "logit +2.9 = base -0.6, network +1.2, heart rate 48 bpm +2.3"."""
        if self.not_used:
            return f"network alone: {self.not_used}"
        parts = (f"base {signed(self.base)}", f"network {signed(self.network)}")
        return f"logit {signed(self.logit)} = {', '.join((*parts, *(one.words for one in self.measured)))}"


def signed(value: float) -> str:
    """Return a share with its sign, as shown: "+2.3", "−0.4"."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def _signless(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One output of a classifier: probability as the model gives it, threshold where one is known.

    `not_assessable` is why the statement cannot be made of this record at all ("paced", "left bundle branch block"),
    empty where it can; `models.context` writes it. `percentile` is the share, in percent, of the reference records
    without this statement whose score is lower; None where the model brings no reference scores. `weak_threshold` is
    a cut that rests on too few examples to judge by: it makes no statement, but is reason enough to doubt others.
    `shares` is None where a statement rests on the network alone by its card.
    """

    code: str
    label: str
    probability: float
    threshold: float | None
    not_assessable: str = ""
    percentile: float | None = None
    weak_threshold: float | None = None
    shares: Shares | None = None

    @property
    def by_network(self) -> float:
        """The probability that the network gives by itself: what its map, its percentile and LEF rest on."""
        return self.probability if self.shares is None else self.shares.network_probability

    @property
    def status(self) -> Status:
        """What may be said of this statement; without a threshold the model does not judge it."""
        if self.not_assessable:
            return "not assessable"
        if self.threshold is None:
            return "not judged"
        return "positive" if self.probability >= self.threshold else "below threshold"

    @property
    def is_positive(self) -> bool:
        """Whether the probability reaches a threshold that is known, and the statement may be made at all."""
        return self.status == "positive"

    @property
    def is_suspected(self) -> bool:
        """Whether the score is high enough to withhold what depends on it: the best cut that is known, or 0.5."""
        known = self.weak_threshold if self.threshold is None else self.threshold
        return self.probability >= (0.5 if known is None else known)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer for one record, in the order of the model's outputs.

    `label_set` names the statements' set, "" where the outputs are of none. `reference` names the records behind the
    percentiles, or says that there are none. Without scores the record was not analysed, for `reason`.
    """

    model: ModelFacts
    record_sha256: str
    device: str
    duration_ms: float  # of the run of the network that gave the answer, be it recalled or new
    scores: tuple[LabelScore, ...]
    warnings: tuple[str, ...] = ()
    label_set: str = ""
    reference: str = ""
    precision: str = "fp32"  # of the run of the network: "fp32" or "bf16"
    reason: str = ""  # why it was not analysed
    # Share, in percent, of clean reference ECGs whose features lie nearer to the training records'; `models.unusual`.
    feature_distance_percentile: float | None = None
    unedited: "Prediction | None" = (
        None  # with the computed measurements, where a reader's hand moved one it rests on
    )
    # Of an answer with fewer leads than the model has: the lead set of its card and those leads; else empty.
    lead_set: str = ""
    leads: tuple[str, ...] = ()

    @property
    def analysed(self) -> bool:
        """Whether the network was asked at all."""
        return not self.reason

    @property
    def by_leads(self) -> str:
        """With how many leads it was asked, where not with all: "by 2 of 12 leads (I, II)"; else ""."""
        return f"by {len(self.leads)} of 12 leads ({leads_named(self.leads)})" if self.leads else ""

    def probability(self, code: str) -> float:
        """Return the probability of one code; KeyError if the model does not know it."""
        return self._score(code).probability

    def by_network(self, code: str) -> float:
        """Return what the network alone says of one code; KeyError if the model does not know it."""
        return self._score(code).by_network

    def _score(self, code: str) -> LabelScore:
        for score in self.scores:
            if score.code == code:
                return score
        raise KeyError(code)


def leads_named(leads: tuple[str, ...]) -> str:
    """Return leads of the twelve in as few names as can be: "I, II", "all but V6"."""
    if len(leads) <= len(STANDARD_12) // 2:
        return ", ".join(leads)
    return f"all but {', '.join(name for name in STANDARD_12 if name not in leads)}"


def whole_percentile(value: float) -> str:
    """Return a percentile as it is shown: "97", "<1", ">99"."""
    if value < 1:
        return "<1"
    return ">99" if value > 99 else f"{value:.0f}"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One predictor's share of a tabular model's output."""

    predictor: str  # the named predictor, "1-P(NORM)"
    value: float  # the predictor's value for this record
    contribution: float  # in units of the model's output


@dataclass(frozen=True, slots=True)
class Contributions:
    """Exact additive shares: base_value + sum of contributions = model_output (checked to 1e-6)."""

    base_value: float
    items: tuple[Contribution, ...]  # largest absolute share first
    model_output: float
    output_unit: str  # "logit", "deviations"
    method: str  # "shap.LinearExplainer"

    @property
    def residual(self) -> float:
        """What is left between the sum and the model's output."""
        return self.model_output - self.base_value - sum(item.contribution for item in self.items)


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """The records that a percentile is among; ages in years, None where they are not known."""

    name: str  # "PTB-XL folds 1-8"
    records: int
    youngest: float | None = None
    oldest: float | None = None
    left_out: str = ""  # whom it leaves out, in words

    @property
    def sentence(self) -> str:
        """Name, number and ages: "2,310 ECGs of PTB-XL folds 1-8, aged 18 to 90, none paced"."""
        ages = ""
        if self.youngest is not None and self.oldest is not None:
            ages = f", aged {self.youngest:g} to {self.oldest:g}"
        return f"{self.records:,} ECGs of {self.name}{ages}{', ' if self.left_out else ''}{self.left_out}"


@dataclass(frozen=True, slots=True)
class Placed:
    """One predictor on its own: which way it points, and where it lies among the reference records.

    `percentile` (0 to 100) counts the records whose value points less to a low fraction. It is None where no reference
    is known, and where `not_assessable` says why the statement behind the predictor cannot be made of this record.
    """

    predictor: str
    value: float
    direction: str  # "the lower P(NORM)": what goes with a low fraction; "" where nobody said
    percentile: float | None = None
    not_assessable: str = ""
    code: str = ""  # the statement behind it, of `label_set`
    label_set: str = ""

    @property
    def place(self) -> str:
        """Where it lies, in words."""
        if self.not_assessable:
            return f"not assessable ({self.not_assessable})"
        return (
            "no percentile" if self.percentile is None else f"percentile {whole_percentile(self.percentile)}"
        )


@dataclass(frozen=True, slots=True)
class LefResult:
    """What the LEF model says of one record; `value` is None when it was not analysed.

    An index has no verdict: no threshold, and `percentile` (0 to 100) among the records of `reference_set`. A
    probability was fitted to echocardiography: `cut` is the ejection fraction it was made for, in words.
    Of a model that rests on measurements and criteria `measured` names those predictors. Where a reader's hand moved
    one of them, `unedited` is what the computed ones gave, else None.
    """

    model: ModelFacts
    record_sha256: str
    kind: Literal["index", "probability"]
    model_output: float | None  # what the contributions add up to (logit scale)
    value: float | None  # the number shown: an index in 0..1, or a probability
    threshold: float | None  # of a probability alone
    result: str  # the result word: "index without a verdict", "probability not raised", "not analysed"
    reason: str = ""  # why it was not analysed
    contributions: Contributions | None = None
    single_predictors: tuple[tuple[str, float], ...] = ()  # each published one on its own
    placed: tuple[Placed, ...] = ()  # the same of an index, with direction and percentile
    percentile: float | None = None
    reference: str = ""  # the sentence of `reference_set`
    reference_set: ReferenceSet | None = None
    cut: str = ""
    warnings: tuple[str, ...] = ()
    precision: str = "fp32"  # of the classifiers that it rests on
    feature_distance_percentile: float | None = None  # as of a Prediction; the largest of those it rests on
    measured: tuple[str, ...] = ()
    unedited: "LefResult | None" = None

    @property
    def no_place(self) -> str:
        """Why the sum of the shares has no percentile, in a sentence; "" where every predictor may be stated."""
        lost = [f"{one.predictor} is {one.place}" for one in self.placed if one.not_assessable]
        return f"{', '.join(lost)}: the sum has no percentile and says nothing." if lost else ""

    @property
    def analysed(self) -> bool:
        """Whether there is a number at all."""
        return self.value is not None

    def placed_foremost(self, most: int) -> tuple[Placed, ...]:
        """Return the predictors of an index, of more than so many those that moved its output most, largest first."""
        if len(self.placed) <= most or self.contributions is None:
            return self.placed
        by_name = {one.predictor: one for one in self.placed}
        return tuple(by_name[item.predictor] for item in self.contributions.items[:most])

    @property
    def place(self) -> str:
        """Where an index lies among its reference records, in words; that none are known where that is so.

        Of a record that was not analysed there is nothing to place: "".
        """
        if not self.analysed:
            return ""
        if blocked := [one.predictor for one in self.placed if one.not_assessable]:
            return f"no percentile: {', '.join(blocked)} not assessable"
        if self.percentile is None:
            return "no percentile: no reference records for this model and classifier"
        return f"percentile {whole_percentile(self.percentile)} of {self.reference}"


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """What a masked autoencoder makes of the hidden segments.

    `mask` is (segments,) bool, True = hidden from the encoder. `measured` and `reconstructed` are
    (leads, samples) float32 mV at `sampling_rate_hz`; outside the mask `reconstructed` is NaN.
    `error_uv` is (leads, segments): root-mean-square error in microvolts, NaN where not masked. `phases` is (segments,)
    the part of the beat in which each lies, negative where no beats were found. `percentile` is (segments,) the share,
    in percent, of the segments of `reference` in the same part of the beat with a smaller error over all leads; NaN
    where not masked or not known.
    """

    model: ModelFacts
    lead_names: tuple[str, ...]
    sampling_rate_hz: float
    segment_samples: int
    mask: NDArray[np.bool_]
    measured: Signal
    reconstructed: Signal
    error_uv: NDArray[np.float32]
    device: str
    duration_ms: float
    phases: NDArray[np.int8] | None = None
    percentile: NDArray[np.float64] | None = None
    reference: str = ""
    warnings: tuple[str, ...] = ()  # what the record itself says to it
    precision: str = "fp32"
    feature_distance_percentile: float | None = None  # as of the default classifier's Prediction


Mapped = Literal["statement", "predictor", "lef"]


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """On which leads and moments a number of a model depends: additive cells over lead and time.

    `share` is what the map tells of, in `unit`: a statement's logit less that of a flat ECG, a predictor's exact share
    of the LEF output, or the sum of all shares. The sum of `cells` and `remainder` is `share`, to 1e-4.
    """

    model: ModelFacts
    record_sha256: str
    of: Mapped
    target: str  # the statement's code, the predictor's name, "" for the sum of all predictors
    leads: tuple[str, ...]
    segment_s: float
    cells: NDArray[np.float32]  # (leads, segments) from the record's start
    share: float
    remainder: float
    unit: str  # "logit", "deviations"
    method: str  # "integrated gradients, 12 steps"
    failed: str = ""  # why the cells must not be read, known without the slower checks
    notes: tuple[
        str, ...
    ] = ()  # what stands beside the map: leads without cells, shares that it does not hold
    warnings: tuple[str, ...] = ()  # those of the answer that is mapped
    precision: str = "fp32"
    feature_distance_percentile: float | None = None  # of the answer that is mapped


@dataclass(frozen=True, slots=True)
class Stamp:
    """What was checked of one map on its own record; None is not computed.

    `completeness` is the remainder as a part of the share; `occlusion_agreement` the rank correlation with the
    drops that hiding each cell makes; `insertion_minus_deletion` the area between the two curves (of probability, 0 to
    1), `amplitude` the same for a map of the signal's own size. `verdict` is "not checked", "no failure found", or
    "failed: ..." with the reasons.
    """

    completeness: float | None = None
    occlusion_agreement: float | None = None
    insertion_minus_deletion: float | None = None
    amplitude: float | None = None
    verdict: str = "not checked"

    @property
    def has_failed(self) -> bool:
        """Whether the map must be drawn as one that is not to be read."""
        return self.verdict.startswith("failed")

    @property
    def sentence(self) -> str:
        """What was measured of the map, in a sentence; what was not is left out, "" where nothing was."""
        rows = (
            ("remainder {:.1%} of the share", self.completeness),
            ("rank correlation with hiding each cell {:.2f}", self.occlusion_agreement),
            ("insertion less deletion {:.2f}", self.insertion_minus_deletion),
            ("the same for amplitude alone {:.2f}", self.amplitude),
        )
        said = ", ".join(form.format(value) for form, value in rows if value is not None)
        return f"{said[:1].upper()}{said[1:]}." if said else ""


Fill = Literal["flat", "autoencoder"]


@dataclass(frozen=True, slots=True)
class HiddenSpan:
    """A stretch of time that is hidden from a model; `leads` empty = all leads."""

    start_s: float
    end_s: float
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden from a model to see what its answer rests on: stretches of time, whole leads, or both.

    `fill` is what stands in the stretches instead: a flat line, or what the autoencoder makes of them, whose segments
    cross all leads. A lead that is hidden as a whole is always flat.
    """

    spans: tuple[HiddenSpan, ...] = ()
    leads: tuple[str, ...] = ()
    fill: Fill = "flat"

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self.spans or self.leads)

    @property
    def words(self) -> str:
        """What is hidden, in a line: "2.00-2.40 s in V1; lead aVL; filled by the autoencoder"."""
        parts = [f"{span.start_s:.2f}-{span.end_s:.2f} s in {_in(span.leads)}" for span in self.spans]
        if self.leads:
            parts.append(f"lead{'s' if len(self.leads) > 1 else ''} {', '.join(self.leads)}")
        if self.spans:
            parts.append("flat" if self.fill == "flat" else "filled by the autoencoder")
        return "; ".join(parts)


def _in(leads: tuple[str, ...]) -> str:
    return ", ".join(leads) or "all leads"


@dataclass(frozen=True, slots=True)
class Changed:
    """One number of a model for the record as it is, and with something hidden from the model."""

    code: str
    label: str
    before: float
    after: float
    threshold: float | None = None
    not_assessable: str = ""  # in the record as it is: a what-if makes nothing assessable

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def was_positive(self) -> bool:
        """Whether the statement is made of the record."""
        return self._reaches(self.before)

    @property
    def is_positive(self) -> bool:
        """Whether it would be made with what is hidden."""
        return self._reaches(self.after)

    def _reaches(self, value: float) -> bool:
        return not self.not_assessable and self.threshold is not None and value >= self.threshold


@dataclass(frozen=True, slots=True)
class Compared:
    """A difference against those that hiding as much elsewhere makes, in absolute size; `n` 0 = not compared."""

    smallest: float = 0.0
    largest: float = 0.0
    larger_than: int = 0
    n: int = 0
    noun: str = ""

    @property
    def words(self) -> str:
        """The comparison in words: "larger than 19 of 20 random spans"; "" where there is none."""
        return f"larger than {self.larger_than} of {self.n} {self.noun}" if self.n else ""


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """The differences that hiding as much of the same record elsewhere makes.

    `statements` is (n, classes) in the order of the outputs, `lef` (n,), or (0,) where LEF was not analysed. `against`
    says in words what was hidden instead; with n = 0, why nothing was.
    """

    against: str
    noun: str  # "random spans", "other leads"
    seed: int
    statements: NDArray[np.float32]
    lef: NDArray[np.float32]

    def statement(self, place: int, difference: float) -> Compared:
        """Return a statement's difference, by its place among the outputs, against chance."""
        return self._compared(self.statements[:, place], difference)

    def of_lef(self, difference: float) -> Compared:
        """Return the difference of the LEF number against chance."""
        return self._compared(self.lef, difference)

    def _compared(self, others: NDArray[np.float32], difference: float) -> Compared:
        if not others.size:
            return Compared()
        larger = int((abs(difference) > np.abs(others)).sum())
        return Compared(float(others.min()), float(others.max()), larger, others.size, self.noun)


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """What models would say of a record if a part of it were hidden; no statement about the patient.

    `statements` stand in the order of the classifier's outputs. `lef` is None where the record is not analysed, for
    `lef_reason`.
    """

    model: ModelFacts
    record_sha256: str
    hidden: Hidden
    statements: tuple[Changed, ...]
    lef: Changed | None
    lef_model: ModelFacts | None
    lef_reason: str
    warnings: tuple[str, ...]
    device: str
    duration_ms: float
    chance: Chance | None = None
    precision: str = "fp32"
    feature_distance_percentile: float | None = None  # of the answer about the record as it is


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """A share of pairs with the bounds of its 95 % interval, patients drawn; `high` is the upper bound of an error."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True, slots=True)
class KnownPairs:
    """What a comparison was worth on pairs of known patients that had no part in what it was judged by.

    `false_match`: of two patients' pairs, those at `threshold` or above. `missed`: of one patient's, those below it.
    `false_alarm`: of one patient's, those at `threshold_two` or below. `caught`: of two patients', those there.
    """

    n_genuine: int  # pairs of one patient
    n_patients: int  # whose they are
    n_impostor: int  # pairs of two patients
    n_strangers: int  # patients in those
    false_match: ErrorRate
    missed: ErrorRate
    false_alarm: ErrorRate
    caught: ErrorRate


@dataclass(frozen=True, slots=True)
class Identification:
    """How alike two ECGs are, and what that was worth on pairs of known patients.

    `cosine` is the correlation of the median beats, or of a network the cosine of two embeddings.
    `log10_likelihood_ratio` above 0 speaks for one patient; it is no probability, and where `likelihood_range` is
    known, it ends where the pairs do that it rests on. `equal_error_rate` and the counts are of the pairs on which
    `threshold` was set. `known` and `threshold_two` are None of a network. `warnings` name the recording that each
    is about; `feature_distance_percentiles` are of the default classifier's Prediction of each, where
    a network answers.
    """

    model: ModelFacts
    leads: tuple[str, ...]  # what both records have
    cosine: float
    log10_likelihood_ratio: float
    threshold: float
    is_same: bool
    equal_error_rate: float
    n_genuine: int
    n_impostor: int
    warnings: tuple[str, ...] = ()
    device: str = ""
    precision: str = "fp32"
    feature_distance_percentiles: tuple[float | None, float | None] = (None, None)
    threshold_two: float | None = None
    likelihood_range: tuple[float, float] | None = None
    known: KnownPairs | None = None

    @property
    def verdict(self) -> str:
        """What it looks like, in words: "like one patient", "like two patients", "cannot tell" between them."""
        if self.is_same:
            return "like one patient"
        if self.threshold_two is None or self.cosine <= self.threshold_two:
            return "like two patients"
        return "cannot tell"
