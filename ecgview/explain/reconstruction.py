"""The masked-reconstruction view: hide segments, see what the autoencoder expects there and how it errs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import asking, runtime, segments
from ecgview.models.cards import ModelCard
from ecgview.models.segments import Segments
from ecgview.overlay import Bar, Curve, Overlay, Span
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import Reconstruction
from ecgview.runs import runs
from ecgview.signal.phases import PHASES

_ENDS = ("value", "low", "high")
LEGEND = (
    "Measured: the thin trace. Reconstructed by the autoencoder: coloured, beneath. Hidden from it: hatched."
)
NO_PHASE = "No two beats were found: where in the beat an error lies is not known."


@dataclass(frozen=True, slots=True)
class PhaseError:
    """The error in one part of the beat over hidden segments and all leads, root mean square in microvolts.

    `percentile` is the mean place of these segments among those of the reference in the same part of the beat; None
    where there is no reference.
    """

    phase: str
    segments: int
    error_uv: float
    percentile: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ErrorOverTime:
    """Means over several random masks, (segments,), in which every segment was hidden at least once.

    `error_uv` is over all leads, in microvolts; `percentile` the place within the same part of the beat in the
    reference, NaN where it is not known.
    """

    error_uv: NDArray[np.float32]
    percentile: NDArray[np.float64]
    n_masks: int
    reference: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether any segment has its place among those of the reference."""
        return bool(np.isfinite(self.percentile).any())


def random_mask(ratio: float, seed: int, n: int) -> NDArray[np.bool_]:
    """Return (n,) bool with round(n * ratio) hidden segments, at least one and not all."""
    if not 0 < ratio < 1:
        raise ModelError("the hidden share is out of range", expected="above 0, below 1", found=str(ratio))
    hidden = min(n - 1, max(1, round(n * ratio)))
    mask = np.zeros(n, dtype=np.bool_)
    mask[np.random.default_rng(seed).permutation(n)[:hidden]] = True
    return mask


def every_kth_mask(k: int, n: int, offset: int = 0) -> NDArray[np.bool_]:
    """Return (n,) bool with every k-th segment hidden, from `offset` on."""
    if k < 2:
        raise ModelError("every k-th segment needs k of at least 2", found=str(k))
    return np.asarray(np.arange(n) % k == offset % k)


def span_mask(spans_s: Sequence[tuple[float, float]], cut: Segments) -> NDArray[np.bool_]:
    """Return (segments,) bool with those hidden that touch one of the spans, (start, end) in seconds."""
    mask = np.zeros(cut.count, dtype=np.bool_)
    for start, end in spans_s:
        first = int(np.floor(min(start, end) / cut.seconds + 1e-9))
        last = int(np.ceil(max(start, end) / cut.seconds - 1e-9))
        mask[max(0, first) : max(0, last)] = True
    return mask


def covering_masks(ratio: float, n_masks: int, seed: int, n: int) -> NDArray[np.bool_]:
    """Return (n_masks or more, n) bool: random masks, then as many as it takes to hide every segment once."""
    if n_masks < 1:
        raise ModelError("at least one mask is needed", found=str(n_masks))
    masks = [random_mask(ratio, seed + i, n) for i in range(n_masks)]
    while (seen := np.any(masks, axis=0)).sum() < n:
        shuffled = np.random.default_rng(seed + len(masks)).permutation(n)
        first_unseen = shuffled[np.argsort(seen[shuffled], kind="stable")]
        masks.append(np.isin(np.arange(n), first_unseen[: masks[0].sum()]))
    return np.stack(masks)


def explain(
    record: EcgRecord,
    mask: NDArray[np.bool_],
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> tuple[Reconstruction, Overlay]:
    """Return what the autoencoder makes of the hidden segments, and how it is drawn on the trace.

    Beside it stands how unusual the record is to the classifier: an autoencoder has no such score of its own.
    """
    result = runtime.reconstruct(record, mask, model_id, device, progress)
    far, doubt = asking.how_unusual(record, device)
    warnings = (*result.warnings, doubt) if doubt else result.warnings
    return replace(result, warnings=warnings, feature_distance_percentile=far), overlay_of(result, record)


def overlay_of(result: Reconstruction, record: EcgRecord) -> Overlay:
    """Return shaded spans and coloured curves.

    The autoencoder sees a filtered signal. What the filter took away (slow wander, offset) is added to the
    curve again, so that it lies where the measured trace lies.
    """
    fs_hz = result.sampling_rate_hz
    length = result.segment_samples / fs_hz
    spans = tuple(
        Span(float(first * length), float(last * length), "masked") for first, last in runs(result.mask)
    )
    curves = curves_of(record, result.lead_names, result.measured, result.reconstructed, fs_hz)
    return Overlay(spans=spans, curves=curves, legend=LEGEND)


def curves_of(
    record: EcgRecord, leads: Sequence[str], measured: Signal, reconstructed: Signal, fs_hz: float
) -> tuple[Curve, ...]:
    """Return a curve per lead that lies where the stored trace lies; see `overlay_of`.

    Args:
        record: as it is stored.
        leads: names of the rows.
        measured: (leads, samples) mV as the autoencoder sees them.
        reconstructed: (leads, samples) mV, NaN where there is nothing to draw.
        fs_hz: of both.
    """
    curves = []
    for name, drawn, seen in zip(leads, reconstructed, measured, strict=True):
        level = _removed_by_filter(record, name, seen, fs_hz)
        curves.append(Curve(name, 0.0, fs_hz, (drawn + level).astype(np.float32), "reconstructed"))
    return tuple(curves)


def _removed_by_filter(
    record: EcgRecord, name: str, measured: NDArray[np.float32], fs_hz: float
) -> NDArray[np.float32]:
    """Return the slow part of the stored lead that the model's input does not hold, (samples,) mV."""
    from scipy.ndimage import uniform_filter1d

    times = np.arange(measured.size) / fs_hz
    stored = record.lead(name)[: int(times[-1] * record.sampling_rate_hz) + 2]
    at_rate = np.interp(times, np.arange(stored.size) / record.sampling_rate_hz, np.nan_to_num(stored))
    slow = uniform_filter1d(at_rate - measured, round(0.2 * fs_hz), mode="nearest")
    return np.asarray(slow, dtype=np.float32)


def error_over_masks(
    record: EcgRecord,
    ratio: float = 0.25,
    n_masks: int = 16,
    seed: int = 0,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> tuple[ErrorOverTime, Overlay]:
    """Return the mean error of each segment over random masks, and its strip.

    At least `n_masks`: as many as it takes to hide every segment once. Where the model brings a reference, the strip
    is the place of the error within the same part of the beat, so that it does not follow the QRS complexes; else
    it is scaled to the largest error of this record, and compares moments of one ECG alone.
    """
    cut = segments.of(segments.autoencoder(model_id))
    masks = covering_masks(ratio, n_masks, seed, cut.count)
    results = runtime.reconstruct_many(record, masks, model_id, device, progress)
    errors = np.stack([np.sqrt(np.mean(r.error_uv**2, axis=0)) for r in results])  # NaN where not hidden
    mean = np.nanmean(errors, axis=0).astype(np.float32)
    found = ErrorOverTime(mean, _mean_over_masks(results, cut.count), len(masks), results[0].reference)
    end = mean.size * cut.seconds
    largest = f"largest error {mean.max():.0f} µV"
    if found.is_placed:
        values = found.percentile / 100
        legend = (
            f"Strip: percentile of the error in its part of the beat, {len(masks)} random masks, {largest}."
        )
    else:
        values = mean / max(1e-6, float(mean.max()))
        legend = f"Strip: mean reconstruction error of {len(masks)} random masks, {largest}."
    strip = Bar("", 0.0, end, values.astype(np.float32), "reconstructed")
    return found, Overlay(bars=(strip,), legend=legend)


def _mean_over_masks(results: Sequence[Reconstruction], count: int) -> NDArray[np.float64]:
    """Return (segments,) the mean percentile over the masks in which it is known; NaN where it never is."""
    placed = [r.percentile for r in results if r.percentile is not None]
    if not placed:
        return np.full(count, np.nan)
    known = np.isfinite(placed)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, placed, 0.0).sum(0) / known.sum(0))


def by_phase(found: Reconstruction) -> tuple[PhaseError, ...]:
    """Return the error in each part of the beat of which something was hidden; empty where no beats were found."""
    if found.phases is None:
        return ()
    squared = np.mean(found.error_uv.astype(np.float64) ** 2, axis=0)  # NaN where not hidden
    rows = []
    for index, name in enumerate(PHASES):
        here = (found.phases == index) & np.isfinite(squared)
        if not here.any():
            continue
        placed = np.full(0, np.nan) if found.percentile is None else found.percentile[here]
        known = placed[np.isfinite(placed)]
        percentile = float(known.mean()) if len(known) else None
        rows.append(PhaseError(name, int(here.sum()), float(np.sqrt(squared[here].mean())), percentile))
    return tuple(rows)


def rhythm_caution(card: ModelCard) -> str:
    """Return which rhythms this model fills in poorly, with the figures of its card; that none are known if so."""
    rows = card.metrics.get("rhythms", ())
    said = []
    for row in rows if isinstance(rows, Sequence) else ():
        figure = row.get("percentile_minus_sinus") if isinstance(row, Mapping) else None
        if not isinstance(figure, Mapping) or not all(isinstance(figure.get(k), int | float) for k in _ENDS):
            continue
        if figure["low"] > 0:  # an interval that contains zero shows nothing
            said.append(
                f"{row['rhythm']} +{figure['value']:.0f} ({figure['low']:.0f} to {figure['high']:.0f}, "
                f"{row['n_records']} records)"
            )
    unknown = [
        row["rhythm"] for row in rows if isinstance(row, Mapping) and "percentile_minus_sinus" not in row
    ]
    unknown = [name for name in unknown if name != "sinus rhythm"]
    if not said:
        return "How well this model fills in rhythms other than sinus was not measured. An error is not a finding."
    text = f"Filled in worse than sinus rhythm, in percentile points of the error: {'; '.join(said)}."
    if unknown:
        text += f" Too few records to tell: {', '.join(unknown)}."
    return f"{text} An error is not a finding."
