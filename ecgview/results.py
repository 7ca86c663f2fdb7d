"""What models and explanations say, as plain data that any floor may hold, store and show."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One output of a classifier: probability as the model gives it, threshold where one is known."""

    code: str
    label: str
    probability: float
    threshold: float | None

    @property
    def margin(self) -> float:
        """How far above its threshold (0.5 where none is known) the probability lies."""
        return self.probability - (0.5 if self.threshold is None else self.threshold)

    @property
    def is_positive(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.margin >= 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer for one record, in the order of the model's outputs."""

    model: ModelFacts
    record_sha256: str
    device: str
    duration_ms: float
    scores: tuple[LabelScore, ...]
    warnings: tuple[str, ...] = ()

    def by_margin(self) -> tuple[LabelScore, ...]:
        """Return the scores, largest margin over threshold first."""
        return tuple(sorted(self.scores, key=lambda score: -score.margin))

    def probability(self, code: str) -> float:
        """Return the probability of one code; KeyError if the model does not know it."""
        for score in self.scores:
            if score.code == code:
                return score.probability
        raise KeyError(code)


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
    output_unit: str  # "logit", "composite logit"
    method: str  # "shap.LinearExplainer"

    @property
    def residual(self) -> float:
        """What is left between the sum and the model's output."""
        return self.model_output - self.base_value - sum(item.contribution for item in self.items)


@dataclass(frozen=True, slots=True)
class LefResult:
    """What the LEF model says of one record; `value` is None when it was not analysed."""

    model: ModelFacts
    record_sha256: str
    kind: Literal["index", "probability"]
    model_output: float | None  # what the contributions add up to (logit scale)
    value: float | None  # the number shown: an index in 0..1, or a probability
    threshold: float | None
    result: str  # the result word: "raised index", "not raised", "not analysed"
    reason: str = ""  # why it was not analysed
    contributions: Contributions | None = None
    single_predictors: tuple[tuple[str, float], ...] = ()  # each ranks LEF risk on its own

    @property
    def analysed(self) -> bool:
        """Whether there is a number at all."""
        return self.value is not None


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """What a masked autoencoder makes of the hidden segments.

    `mask` is (segments,) bool, True = hidden from the encoder. `measured` and `reconstructed` are
    (leads, samples) float32 mV at `sampling_rate_hz`; outside the mask `reconstructed` is NaN.
    `error_uv` is (leads, segments): root-mean-square error in microvolts, NaN where not masked.
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


@dataclass(frozen=True, slots=True)
class Identification:
    """How alike two ECGs are, and what that was worth on pairs of known patients.

    `log10_likelihood_ratio` above 0 speaks for one patient; it is no probability. `equal_error_rate` and the counts
    are of the pairs on which `threshold` was set.
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
