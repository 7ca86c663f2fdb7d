"""From float mV to the whole steps that most formats store: lossless where the samples lie on a grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.record import EcgRecord, Signal
from ecgview.runs import stretches

GRIDS_UV = (5.0, 2.5, 1.0, 4.88, 2.44, 1.25, 0.5, 0.25, 0.1)  # steps that carts use; the coarsest that fits
ON_GRID = 1e-3  # of a step: float32 mV of +-30 mV are exact to 2 nV
PLAIN_UV = 1.0
PADDING = -32768


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Samples in whole steps, (leads, samples); `gaps` marks what holds no value, stored as `PADDING`."""

    values: NDArray[np.int16]
    step_uv: float
    lossless: bool
    gaps: NDArray[np.bool_]

    @property
    def stated(self) -> str:
        """Return what is lost, in one sentence."""
        if self.lossless:
            return f"lossless at {self.step_uv:g} µV per step"
        return f"rounded to {self.step_uv:g} µV per step, at most {self.step_uv / 2:g} µV off"


def quantise(record: EcgRecord, where: str, *, may_have_gaps: bool, peak: int = 32767) -> Steps:
    """Return a record in 16-bit steps, one step for all leads: the file's own where it is known and fits.

    Args:
        record: (leads, samples) mV.
        where: the file to be written, named in errors.
        may_have_gaps: whether the format can mark samples as not recorded.
        peak: the largest magnitude that the format stores.

    Raises:
        FormatError: there are gaps and the format cannot say so.
    """
    gaps, largest = on_disk.zeros(record.signal.shape, np.bool_), 0.0
    has_gaps = False
    for part in stretches(record.n_samples):
        microvolts, gaps[:, part] = _microvolts(record.signal[:, part])
        has_gaps = has_gaps or bool(gaps[:, part].any())
        largest = max(largest, float(np.abs(microvolts).max()))
    if has_gaps and not may_have_gaps:
        raise FormatError(
            "the record has gaps, which this format cannot mark",
            where=where,
            expected="a target that can: WFDB, DICOM, CSV, NPZ",
        )
    own = record.acquisition.step_uv
    for step in ([own] if own else []) + list(GRIDS_UV):
        if largest / step <= peak and _on_grid(record.signal, step):
            return _steps(record.signal, step, gaps, True)
    step = PLAIN_UV
    while largest / step > peak:
        step *= 2
    return _steps(record.signal, step, gaps, False)


def _microvolts(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return microvolts, zero in gaps, and where there are gaps."""
    gaps = ~np.isfinite(signal)
    return np.where(gaps, 0.0, signal.astype(np.float64) * 1000.0), gaps


def _on_grid(signal: Signal, step: float) -> bool:
    for part in stretches(signal.shape[1]):
        scaled = _microvolts(signal[:, part])[0] / step
        near = np.abs(scaled - np.round(scaled)) <= np.maximum(ON_GRID, np.abs(scaled) * 2e-7)
        if not near.all():
            return False
    return True


def _steps(signal: Signal, step: float, gaps: NDArray[np.bool_], lossless: bool) -> Steps:
    values: NDArray[np.int16] = on_disk.zeros(signal.shape, np.int16)
    for part in stretches(signal.shape[1]):
        some = np.round(_microvolts(signal[:, part])[0] / step)
        values[:, part] = np.where(gaps[:, part], PADDING, some)
    return Steps(values, step, lossless, gaps)
