"""The figures of a masked autoencoder: how well it fills in hidden stretches, by beat phase and by rhythm."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import reference_errors, runtime, segments
from ecgview.models.cards import ModelCard
from ecgview.progress import Counted, Progress, silent
from ecgview.signal import phases
from ecgview.signal.phases import PHASES
from ecgview.training.data import splits
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation.asked import open_pack
from ecgview.training.evaluation.metrics import Bootstrap
from ecgview.training.evaluation.plain import interval

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
MASK_RATIO = 0.25
SINUS = ("SR", "SBRAD", "STACH", "SARRH")
# what is said to be filled in poorly, by PTB-XL's statements; each against sinus rhythm without any of them
RHYTHMS = {
    "atrial fibrillation or flutter": ("AFIB", "AFLT"),
    "ectopic beats": ("PVC", "PAC", "BIGU", "TRIGU", "PRC(S)"),
    "pacing": ("PACE",),
}
FEWEST = 10  # records of a rhythm, for a figure of it
RECORDS = "{n} records of PTB-XL {folds}"
TRAINED_ON = ", which the model was trained on"


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """One record with segments hidden at random: all in mV at the model's rate, leads by samples."""

    mask: NDArray[np.bool_]  # (segments,)
    hidden: NDArray[np.bool_]  # (samples,)
    measured: Array
    predicted: Array
    error_uv: Doubles  # (hidden segments,) root mean square over all leads
    phases: NDArray[np.int8]  # (hidden segments,) in PHASES, UNKNOWN where no beats were found


def describe(
    card: ModelCard, pack: Pack, index: NDArray[np.int64], resamples: int, progress: Progress
) -> dict[str, Any]:
    """Return the error on hidden segments, uV RMS: against straight lines, by beat phase, by rhythm."""
    ours, line, percentile = [], [], []
    by_phase = np.full((len(index), len(PHASES)), np.nan)
    reference = reference_errors.of(card)
    for count, filled in enumerate(_filled(card, pack, index, progress)):
        over_time = filled.hidden
        ours.append(np.mean((filled.predicted - filled.measured)[:, over_time] ** 2))
        straight_line = interpolated(filled.measured, over_time)
        line.append(np.mean((straight_line - filled.measured)[:, over_time] ** 2))
        for phase in range(len(PHASES)):
            here = filled.error_uv[filled.phases == phase]
            by_phase[count, phase] = np.mean(here**2) if len(here) else np.nan
        percentile.append(_mean_percentile(filled, reference))
    own, straight = np.array(ours), np.array(line)
    patients = np.unique([pack.rows[i].patient_id for i in index], return_inverse=True)[1]
    bootstrap = Bootstrap(len(index), resamples, groups=patients)
    errors = np.column_stack([own, straight])
    found = bootstrap.draw(lambda w: 1000 * np.sqrt(w @ errors / w.sum(1, keepdims=True))).each()
    each = bootstrap.draw(lambda w: np.sqrt(_weighted_mean(by_phase, w))).each()
    place = bootstrap.draw(lambda w: _weighted_mean(np.array(percentile)[:, None], w)).each()[0]
    codes = [frozenset(pack.rows[i].codes) for i in index]
    return {
        "mask_ratio": MASK_RATIO,
        "masked_rmse_uv": interval(found[0]),
        "linear_interpolation_rmse_uv": interval(found[1]),
        "share_of_records_better_than_interpolation": round(float((own < straight).mean()), 4),
        "phase_rmse_uv": {name: interval(one) for name, one in zip(PHASES, each, strict=True)},
        "percentile_within_phase": interval(place),
        "rhythms": rhythms(codes, own, np.array(percentile), bootstrap),
    }


def update_reference(card: ModelCard, data: Path, cache: Path, progress: Progress = silent) -> Path:
    """Write beside an autoencoder's weights how large its error is in each part of the beat, and return the file.

    The records are those of PTB-XL that the card says the model was trained on, so that the test fold stays for
    figures; all outside the test fold where it names none. What that costs is `percentile_within_phase` of the test
    fold, 50 if nothing.

    Args:
        card: an autoencoder, in a folder that can be written.
        data: folder with PTB-XL.
        cache: packed ECGs.
        progress: told on the way.

    Raises:
        ModelError: the model is none, or no PTB-XL lies below `data`.
    """
    segments.of(card)  # before anything is read
    pack = open_pack(card, data, cache, progress)
    folds = splits.of_pack(pack)
    own = tuple(card.folds.get("train", ()))
    index = pack.where(folds=own or (*folds["train"], *folds["validation"]))
    if not len(index):
        raise ModelError("no record can be a reference", expected="PTB-XL's training folds")
    errors, parts = [], []
    for filled in _filled(card, pack, index, progress):
        errors.append(filled.error_uv)
        parts.append(filled.phases)
    used = splits.folds_in_words(pack.rows[i].fold for i in index)
    records = RECORDS.format(n=len(index), folds=used) + (TRAINED_ON if own else "")
    return reference_errors.write(
        card.folder, np.concatenate(errors), np.concatenate(parts), records, MASK_RATIO, card.sha256
    )


def _filled(card: ModelCard, pack: Pack, index: NDArray[np.int64], progress: Progress) -> Iterator[Filled]:
    """Yield what the model makes of each record, a quarter hidden at random, the same for the same place in `index`."""
    size, fs_hz = segments.of(card).samples, card.input.sampling_rate_hz
    module = runtime.network(card, "cpu")
    for count, row in enumerate(index):
        progress(Counted(count, len(index), "records"), "hiding and filling in")
        measured = pack.millivolts(np.array([row])).numpy()[0]
        mask = np.zeros(measured.shape[1] // size, dtype=np.bool_)
        mask[np.random.default_rng(count).permutation(len(mask))[: round(MASK_RATIO * len(mask))]] = True
        prepared = measured * np.float32(card.input.scale)
        predicted = runtime.predict_hidden(module, prepared, mask[None], "cpu")[0]
        predicted = predicted / np.float32(card.input.scale)
        squared = ((predicted - measured).astype(np.float64) ** 2).reshape(len(measured), len(mask), size)
        error_uv = 1000 * np.sqrt(squared.mean((0, 2)))
        parts = phases.of_segments(measured, fs_hz, size)
        yield Filled(mask, np.repeat(mask, size), measured, predicted, error_uv[mask], parts[mask])


def _mean_percentile(filled: Filled, reference: reference_errors.ReferenceErrors | None) -> float:
    """Return the mean percentile of a record's hidden segments, each within its phase; NaN where none is known."""
    if reference is None:
        return float("nan")
    found = reference.percentiles(filled.error_uv, filled.phases)
    known = found[np.isfinite(found)]
    return float(known.mean()) if len(known) else float("nan")


def rhythms(
    codes: list[frozenset[str]], squared_mv: Doubles, percentile: Doubles, bootstrap: Bootstrap
) -> list[dict[str, Any]]:
    """Return a row per rhythm: its error and percentile, and how both differ from sinus rhythm's.

    Args:
        codes: statements of each record.
        squared_mv: (n,) mean squared error, mV^2.
        percentile: (n,) mean percentile within the beat's phase, NaN where unknown.
        bootstrap: of these records, by patient.
    """
    asked = frozenset(code for group in RHYTHMS.values() for code in group)
    sinus = np.array([bool(own & set(SINUS)) and not own & asked for own in codes])
    rows = []
    for name, group in {"sinus rhythm": SINUS, **RHYTHMS}.items():
        members = sinus if group is SINUS else np.array([bool(own & set(group)) for own in codes])
        row: dict[str, Any] = {"rhythm": name, "n_records": int(members.sum())}
        rows.append(row)
        if members.sum() < FEWEST or sinus.sum() < FEWEST:
            continue
        values = np.column_stack([1e6 * squared_mv, percentile])
        ours = np.where(members[:, None], values, np.nan)
        theirs = np.where(sinus[:, None], values, np.nan)

        def figure(weights: Doubles, ours: Doubles = ours, theirs: Doubles = theirs) -> Doubles:
            own, base = _weighted_mean(ours, weights), _weighted_mean(theirs, weights)
            own[:, 0], base[:, 0] = np.sqrt(own[:, 0]), np.sqrt(base[:, 0])
            return np.hstack([own, own - base])

        found = [interval(one) for one in bootstrap.draw(figure).each()]
        row |= {"masked_rmse_uv": found[0], "percentile_within_phase": found[1]}
        if group is not SINUS:
            row |= {"rmse_minus_sinus_uv": found[2], "percentile_minus_sinus": found[3]}
    return rows


def _weighted_mean(values: Doubles, weights: Doubles) -> Doubles:
    """Return (b, k) means of (n, k) values under (b, n) weights; NaN values are left out, and where none is left."""
    known = np.isfinite(values)
    total = weights @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((weights @ np.where(known, values, 0.0)) / total, np.float64)


def interpolated(signal: Array, hidden: NDArray[np.bool_]) -> Array:
    """Return (leads, samples) with straight lines across the hidden samples."""
    samples = np.arange(signal.shape[1])
    known = samples[~hidden]
    return np.stack([np.interp(samples, known, row[~hidden]) for row in signal]).astype(np.float32)
