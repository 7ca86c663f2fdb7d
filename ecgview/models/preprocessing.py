"""From stored samples to what a network takes. No display setting is reachable from here (F4)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ecgview.errors import ModelError, NotAnalysed
from ecgview.models.cards import InputSpec
from ecgview.record import EcgRecord, Signal
from ecgview.signal import band as band_pass
from ecgview.signal import zero_phase
from ecgview.signal.gaps import LONGEST_GAP_S, bridged, too_long
from ecgview.signal.resampling import resample


def reason_not_to_take(record: EcgRecord, spec: InputSpec) -> str:
    """Return why a network with this input cannot take a record, "" where it can."""
    present = _present(record, spec)
    missing = [name for name in spec.leads if name not in present]
    if missing and not (spec.lead_agnostic and present):
        return f"leads not recorded: {', '.join(missing)}"
    if record.seconds < spec.seconds - 0.5 / record.sampling_rate_hz:
        return f"the record lasts {record.seconds:.1f} s, {spec.seconds:g} s are needed"
    signal = _first_seconds(record, present, spec)
    gapped = [
        name for name, row in zip(present, signal, strict=True) if too_long(row, record.sampling_rate_hz)
    ]
    if gapped:
        return f"gaps over {LONGEST_GAP_S:g} s in {', '.join(gapped)}"
    # A lead without any change is an electrode off: a network would answer, confidently, about nothing.
    flat = [name for name, row in zip(present, signal, strict=True) if np.nanmax(row) - np.nanmin(row) < 1e-6]
    return f"no signal in {', '.join(flat)}" if flat else ""


def prepare(record: EcgRecord, spec: InputSpec) -> Signal:
    """Return (leads, samples) network input: lead order, rate, first seconds, filter, scale.

    Raises:
        NotAnalysed: a lead is missing, the record is too short or has gaps that may not be bridged.
    """
    if reason := reason_not_to_take(record, spec):
        raise NotAnalysed.because(reason, record.source.path)
    present = _present(record, spec)
    signal = _first_seconds(record, present, spec)
    filled = bridged(signal)[0].astype(np.float32)
    at_rate = resample(filled, record.sampling_rate_hz, spec.sampling_rate_hz)
    if spec.filter not in FILTERS:
        raise ModelError(f"unknown input filter {spec.filter!r}", expected=", ".join(FILTERS))
    # Resampled first: every network was trained with its filter at its own rate.
    made = FILTERS[spec.filter](at_rate, spec.sampling_rate_hz) * np.float32(spec.scale)
    if len(present) == len(spec.leads):
        return np.ascontiguousarray(made)
    whole = np.zeros((len(spec.leads), made.shape[1]), dtype=np.float32)
    whole[[spec.leads.index(name) for name in present]] = made
    return whole


def input_hash(record: EcgRecord, spec: InputSpec) -> str:
    """Return the sha256 of the network input."""
    return hashlib.sha256(prepare(record, spec).tobytes()).hexdigest()


def _present(record: EcgRecord, spec: InputSpec) -> list[str]:
    return [name for name in spec.leads if record.has(name)]


def _first_seconds(record: EcgRecord, leads: Sequence[str], spec: InputSpec) -> Signal:
    """Return (leads, samples) mV: the networks were trained on records that begin where the cart began."""
    kept = round(spec.seconds * record.sampling_rate_hz)
    return np.stack([record.lead(name)[:kept] for name in leads])  # no copy of a 24 h record


def unfiltered(signal: Signal, fs_hz: float) -> Signal:
    """Return the signal as it is."""
    return signal


def bandpass(signal: Signal, fs_hz: float) -> Signal:
    """Return (leads, samples) mV between 0.5 and 40 Hz, zero phase, order 2 each way; a choice of ours."""
    return band_pass.passed(signal.astype(np.float64), 0.5, 40.0, fs_hz).astype(np.float32)


def highpass(signal: Signal, fs_hz: float) -> Signal:
    """Return (leads, samples) mV above 0.4 Hz, zero phase, order 1 each way; a choice of ours for waves' edges."""
    section = zero_phase.highpass(0.4, fs_hz)
    padding = min(round(2 * fs_hz), signal.shape[1] - 1)  # two seconds: the filter has forgotten them by then
    return zero_phase.forward_backward(section, signal.astype(np.float64), padding).astype(np.float32)


def ecgfounder(signal: Signal, fs_hz: float) -> Signal:
    """Return ECGFounder's own preprocessing, (leads, samples), dimensionless.

    Notch 50 Hz (Q 30), Butterworth band-pass 0.67-40 Hz of order 4, both forward and backward; minus the
    median over 0.4 s; then one z-score over all leads together. Source: the authors' published data set code.
    """
    from scipy.ndimage import median_filter
    from scipy.signal import butter, filtfilt, iirnotch

    notch = filtfilt(*iirnotch(50.0, 30.0, fs=fs_hz), np.nan_to_num(signal.astype(np.float64)), axis=-1)
    band = filtfilt(*butter(4, [0.67, 40.0], "bandpass", fs=fs_hz), notch, axis=-1)
    kernel = int(0.4 * fs_hz) + 1
    kernel += 1 - kernel % 2
    baseline = median_filter(band, size=(1, kernel), mode="constant", cval=0.0)
    flat = band - baseline
    return np.asarray((flat - flat.mean()) / (flat.std() + 1e-8), dtype=np.float32)


FILTERS: Mapping[str, Callable[[Signal, float], Signal]] = {
    "none": unfiltered,
    "bandpass-0.5-40": bandpass,
    "highpass-0.4": highpass,
    "ecgfounder": ecgfounder,
}
# By them the limb leads no longer follow from I and II: a median baseline and a z-score are not linear.
NOT_LINEAR = ("ecgfounder",)
