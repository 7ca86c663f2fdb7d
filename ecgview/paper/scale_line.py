"""What every tracing states about itself (C7)."""

from collections.abc import Iterator

from ecgview.paper.page import PageText
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.signal import filters


def scale_text(record: EcgRecord, settings: PaperSettings) -> str:
    """Return speed, gain, filter, notch, sampling rate and time order in one line."""
    band = filters.seen(settings.display_filter, record).label
    recorded = _file_band(record)
    parts = [f"{settings.speed_mm_per_s:g} mm/s", settings.gain_text, band]
    if recorded:
        parts.append(recorded)
    parts.append(f"{record.sampling_rate_hz:g} Hz")
    parts.append("sequential" if settings.sequential else "simultaneous")
    if settings.start_s:
        parts.append(f"from {settings.start_s:g} s")
    return "    ".join(parts)


def _file_band(record: EcgRecord) -> str:
    low, high = record.acquisition.highpass_hz, record.acquisition.lowpass_hz
    notch = "" if record.acquisition.notch_hz is None else f"notch {record.acquisition.notch_hz:g} Hz"
    if low is None and high is None:
        return notch and f"recorded with {notch}"
    edges = "-".join("?" if edge is None else f"{edge:g}" for edge in (low, high))
    return f"recorded {edges} Hz{notch and f', {notch}'}"


def scale_texts(
    record: EcgRecord, settings: PaperSettings, x_mm: float, y_mm: float, right_mm: float
) -> Iterator[PageText]:
    """Yield the scale line, and below it start time, computed leads, cautions and the word synthetic."""
    yield PageText(scale_text(record, settings), x_mm, y_mm, 3.0, "scale")
    second = []
    if record.acquisition.start_time:
        second.append(f"recorded {record.acquisition.start_time.replace('T', ' ')}")
    if record.acquisition.derived_leads:
        second.append(f"{', '.join(record.acquisition.derived_leads)} computed")
    if second:
        yield PageText("    ".join(second), x_mm, y_mm + 4.6, 3.0, "scale")
    caution = "; ".join(filters.cautions(settings.display_filter, record))
    if caution:
        yield PageText(caution, right_mm, y_mm + 4.6, 3.0, "caution", "right")
    if record.synthetic:
        yield PageText("synthetic", right_mm, y_mm, 3.4, "caution", "right")
