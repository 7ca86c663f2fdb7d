"""Display filters: they change the picture, never the stored samples, measurements or model input (F4)."""

from dataclasses import dataclass

import numpy as np

from ecgview.record import Signal
from ecgview.signal.gaps import bridged


@dataclass(frozen=True, slots=True)
class DisplayFilter:
    """A zero-phase band; None leaves that side open."""

    highpass_hz: float | None = 0.05
    lowpass_hz: float | None = 150.0
    notch_hz: float | None = None

    @property
    def label(self) -> str:
        """The text printed on every tracing."""
        low = "DC" if self.highpass_hz is None else f"{self.highpass_hz:g}"
        high = "open" if self.lowpass_hz is None else f"{self.lowpass_hz:g} Hz"
        notch = "notch off" if self.notch_hz is None else f"notch {self.notch_hz:g} Hz"
        return f"{low}-{high}, {notch}"

    @property
    def caution(self) -> str:
        """What a reader must know about this band; empty for a diagnostic one (F2, F3)."""
        texts = []
        if self.highpass_hz is not None and self.highpass_hz >= 0.5:
            texts.append("rhythm only, not for ST")
        if self.lowpass_hz is not None and self.lowpass_hz <= 40:
            texts.append("diagnostic frequency response not met")
        return "; ".join(texts)


DIAGNOSTIC = DisplayFilter()
CHOICES: tuple[DisplayFilter, ...] = (
    DIAGNOSTIC,
    DisplayFilter(0.05, 150.0, 50.0),
    DisplayFilter(0.05, 150.0, 60.0),
    DisplayFilter(0.05, 100.0),
    DisplayFilter(0.05, 40.0),
    DisplayFilter(0.5, 40.0),
    DisplayFilter(None, None),
)


def possible(display_filter: DisplayFilter, fs_hz: float) -> bool:
    """Return whether the sampling rate can carry the band (F5): its upper edge lies below half the rate."""
    return display_filter.lowpass_hz is None or display_filter.lowpass_hz < fs_hz / 2


def apply(signal: Signal, fs_hz: float, display_filter: DisplayFilter) -> Signal:
    """Return a filtered copy, (leads, samples) mV, forward and backward so that no wave is shifted.

    Edges above half the sampling rate are left out; gaps stay gaps.
    """
    from scipy.signal import butter, iirnotch, sosfiltfilt, tf2sos

    sections = []
    nyquist = fs_hz / 2
    if display_filter.highpass_hz:
        sections.append(butter(1, display_filter.highpass_hz / nyquist, "highpass", output="sos"))
    if display_filter.lowpass_hz and display_filter.lowpass_hz < nyquist * 0.98:
        sections.append(butter(2, display_filter.lowpass_hz / nyquist, "lowpass", output="sos"))
    if display_filter.notch_hz and display_filter.notch_hz < nyquist * 0.98:
        sections.append(tf2sos(*iirnotch(display_filter.notch_hz, 30, fs=fs_hz)))
    if not sections:
        return signal.copy()
    filled, gaps = bridged(signal)
    longest = signal.shape[1] - 1
    for section in sections:
        padding = min(longest, round(10 * fs_hz) if section is sections[0] else round(fs_hz))
        filled = sosfiltfilt(section, filled, axis=-1, padtype="even", padlen=max(0, padding))
    filled[gaps] = np.nan
    return filled.astype(np.float32)
