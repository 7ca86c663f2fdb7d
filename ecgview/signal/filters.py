"""Display filters: they change the picture, never the stored samples, measurements or model input (F4)."""

from dataclasses import dataclass, replace

import numpy as np

from ecgview.record import EcgRecord, Signal
from ecgview.signal import zero_phase
from ecgview.signal.gaps import bridged

RHYTHM_HZ = 0.5  # a high-pass from here on moves the ST segment (F2)
NOTCH_QUALITY = (
    30.0  # 1.7 Hz wide at 50 Hz: mains wander by a few tenths, and the QRS has its power below and above
)
NARROW_HZ = 40.0  # a low-pass down to here takes what a diagnosis needs (F3)
RHYTHM_ONLY = "rhythm only, not for ST"
NOT_DIAGNOSTIC = "diagnostic frequency response not met"


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


def seen(display_filter: DisplayFilter, record: EcgRecord) -> DisplayFilter:
    """Return the band that the picture really has: the filter's, narrowed by what the file holds (F5).

    What the recorder cut off, or the sampling rate cannot carry, no display filter brings back.
    """
    recorded = record.acquisition
    lows = [edge for edge in (display_filter.highpass_hz, recorded.highpass_hz) if edge is not None]
    highs = [edge for edge in (display_filter.lowpass_hz, recorded.lowpass_hz) if edge is not None]
    nyquist = record.sampling_rate_hz / 2
    return replace(
        display_filter,
        highpass_hz=max(lows) if lows else None,
        lowpass_hz=min([*highs, nyquist]) if highs else None,
    )


def possible(display_filter: DisplayFilter, record: EcgRecord) -> bool:
    """Return whether a file holds all of a band's upper end (F5)."""
    return display_filter.lowpass_hz is None or not (
        display_filter.lowpass_hz >= record.sampling_rate_hz / 2
        or display_filter.lowpass_hz > (record.acquisition.lowpass_hz or np.inf)
    )


def offered(record: EcgRecord) -> tuple[DisplayFilter, ...]:
    """Return the choices that differ on this file: of those that look alike on it the first."""
    first: dict[DisplayFilter, DisplayFilter] = {}
    for choice in CHOICES:
        first.setdefault(seen(choice, record), choice)
    return tuple(first.values())


def cautions(display_filter: DisplayFilter, record: EcgRecord) -> tuple[str, ...]:
    """Return what a reader must know about the band of this picture, be it cut here or by the recorder (F2, F3, F5)."""
    band, recorded, rate = seen(display_filter, record), record.acquisition, record.sampling_rate_hz
    texts = []
    if band.highpass_hz is not None and band.highpass_hz >= RHYTHM_HZ:
        by_file = recorded.highpass_hz is not None and recorded.highpass_hz >= RHYTHM_HZ
        texts.append(RHYTHM_ONLY + (f" (recorded from {recorded.highpass_hz:g} Hz)" if by_file else ""))
    if band.lowpass_hz is not None and band.lowpass_hz <= NARROW_HZ:
        by_file = recorded.lowpass_hz is not None and recorded.lowpass_hz <= NARROW_HZ
        texts.append(NOT_DIAGNOSTIC + (f" (recorded up to {recorded.lowpass_hz:g} Hz)" if by_file else ""))
    asked = display_filter.lowpass_hz or DIAGNOSTIC.lowpass_hz or np.inf
    if asked >= rate / 2:
        texts.append(f"sampled at {rate:g} Hz: nothing above {rate / 2:g} Hz")
    return tuple(texts)


def apply(signal: Signal, fs_hz: float, display_filter: DisplayFilter) -> Signal:
    """Return a filtered copy, (leads, samples) mV, forward and backward so that no wave is shifted.

    Edges above half the sampling rate are left out; gaps stay gaps.
    """
    if not signal.size:
        return signal.copy()
    sections = []
    nyquist = fs_hz / 2
    if display_filter.highpass_hz and display_filter.highpass_hz < nyquist * 0.98:
        sections.append(zero_phase.highpass(display_filter.highpass_hz, fs_hz))
    if display_filter.lowpass_hz and display_filter.lowpass_hz < nyquist * 0.98:
        sections.append(zero_phase.lowpass(display_filter.lowpass_hz, fs_hz))
    if display_filter.notch_hz and display_filter.notch_hz < nyquist * 0.98:
        sections.append(zero_phase.notch(display_filter.notch_hz, NOTCH_QUALITY, fs_hz))
    if not sections:
        return signal.copy()
    filled, gaps = bridged(signal)
    longest = signal.shape[1] - 1
    for section in sections:
        padding = min(longest, round(10 * fs_hz) if section is sections[0] else round(fs_hz))
        filled = zero_phase.forward_backward(section, filled, padding)
    filled[gaps] = np.nan
    return filled.astype(np.float32)
