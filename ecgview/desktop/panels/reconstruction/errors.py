"""How far a reconstruction lies from what was measured, and how far linear interpolation would have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.results import Reconstruction


@dataclass(frozen=True, slots=True)
class LeadError:
    """Root-mean-square errors of one lead over the hidden samples, in microvolts; NaN where unknown."""

    lead: str
    model_uv: float
    linear_uv: float


def lead_errors(found: Reconstruction) -> tuple[LeadError, ...]:
    """Return the errors of every lead, in the order of the leads."""
    hidden = hidden_samples(found)
    rows = []
    for index, lead in enumerate(found.lead_names):
        measured = found.measured[index].astype(np.float64)
        model = found.reconstructed[index] - measured
        linear = interpolated(measured, hidden) - measured
        rows.append(LeadError(lead, _rms_uv(model[hidden]), _rms_uv(linear[hidden])))
    return tuple(rows)


def overall(rows: tuple[LeadError, ...]) -> tuple[float, float]:
    """Return (model, linear interpolation) over all leads, root mean square in microvolts."""
    both = np.array([(row.model_uv, row.linear_uv) for row in rows])
    both = both[np.isfinite(both).all(axis=1)]
    if not len(both):
        return float("nan"), float("nan")
    model, linear = np.sqrt((both**2).mean(axis=0))
    return float(model), float(linear)


def hidden_samples(found: Reconstruction) -> NDArray[np.bool_]:
    """Return (samples,) bool, True where the model saw nothing."""
    samples = np.repeat(found.mask, found.segment_samples)
    hidden = np.zeros(found.measured.shape[1], dtype=np.bool_)
    hidden[: min(len(samples), len(hidden))] = samples[: len(hidden)]
    return hidden


def interpolated(measured: NDArray[np.float64], hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one lead with straight lines across the hidden stretches; level at either end of the record."""
    seen = ~hidden & np.isfinite(measured)
    if not seen.any():
        return np.full_like(measured, np.nan)
    at = np.arange(len(measured))
    return np.interp(at, at[seen], measured[seen])


def _rms_uv(difference_mv: NDArray[np.floating]) -> float:
    known = difference_mv[np.isfinite(difference_mv)]
    return float(np.sqrt(np.mean(known.astype(np.float64) ** 2)) * 1000) if len(known) else float("nan")
