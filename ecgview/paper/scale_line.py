"""What every tracing states about itself below the grid (C7)."""

from collections.abc import Iterator, Sequence

from ecgview.paper import time_span
from ecgview.paper.page import PageText, TextRole
from ecgview.paper.plan import LAYOUTS, LINE_MM, Plan, plan
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.signal import filters

TEXT_MM, SYNTHETIC_MM = 3.0, 3.4
LETTER, BOLD_LETTER = 0.56, 0.62  # widths of the font's size, on average
BETWEEN = "    "


def scale_text(record: EcgRecord, settings: PaperSettings) -> str:
    """Return speed, gain, filter, notch, sampling rate, time order and the stretch of time in one line."""
    drawn = plan(record.lead_names, settings)
    parts = _scale(record, time_span.shown(record, settings, drawn.columns), drawn)
    time = "" if LAYOUTS[settings.layout].of_median else _time(record, settings, drawn)
    if time and record.seconds >= time_span.LONG_S:  # in the words of the strip above it, which are shorter
        ends = (time_span.words(edge, whole=True) for edge in shown_s(record, settings))
        time = f"{time_span.verb(record)} {time_span.words(record.seconds)}, shown {' to '.join(ends)}"
    return BETWEEN.join(part for part in (*parts, time) if part)


NO_RECORDING = "WHAT IF, not the recording"


def foot(
    record: EcgRecord, settings: PaperSettings, drawn: Plan, x_mm: float, y_mm: float, right_mm: float
) -> tuple[tuple[PageText, ...], int]:
    """Return what stands below the grid, and in how many lines.

    First the scale; then the stretch of time, start, computed leads, cautions; then the leads that are
    not on the page. What is synthetic, or no recording but a what-if (T7), says so at the right.

    Args:
        record: the ECG.
        settings: the paper asked for.
        drawn: what the page shows of which leads.
        x_mm: left end of the lines.
        y_mm: baseline of the first.
        right_mm: their right end.
    """
    label = ", ".join(
        filter(None, ("synthetic" if record.synthetic else "", NO_RECORDING if record.what_if else ""))
    )
    room = right_mm - x_mm - (20.0 if record.synthetic else 0.0) - (46.0 if record.what_if else 0.0)
    scale = list(_wrapped(_scale(record, time_span.shown(record, settings, drawn.columns), drawn), room))
    doubts = [
        *filter(None, [record.what_if, record.part_open, record.gain_doubt]),
        *filters.cautions(settings.display_filter, record),
    ]
    caution = "; ".join(doubts)
    about = list(_wrapped(_about(record, settings, drawn), right_mm - x_mm)) or [""] * bool(caution)
    rows: list[tuple[str, TextRole]] = [(line, "scale") for line in (*scale, *about)]
    texts: list[PageText] = []
    if caution and _width(about[-1]) + _width(caution, bold=True) + 6.0 <= right_mm - x_mm:
        y = y_mm + (len(rows) - 1) * LINE_MM
        texts.append(PageText(caution, right_mm, y, TEXT_MM, "caution", "right"))
    elif caution:
        rows += [(line, "caution") for line in _wrapped(caution.split("; "), right_mm - x_mm)]
    if drawn.words:
        rows.append((drawn.words, "scale"))
    rows += [(line, "scale") for line in _not_here(drawn, right_mm - x_mm)]
    lines = [
        PageText(line, x_mm, y_mm + number * LINE_MM, TEXT_MM, role)
        for number, (line, role) in enumerate(rows)
        if line
    ]
    if label:
        texts.append(PageText(label, right_mm, y_mm, SYNTHETIC_MM, "caution", "right"))
    return (*lines, *texts), len(rows)


def _scale(record: EcgRecord, settings: PaperSettings, drawn: Plan) -> list[str]:
    """Return speed, gain, filter, notch, sampling rate and time order."""
    band = filters.seen(settings.display_filter, record).label
    parts = [f"{settings.speed_mm_per_s:g} mm/s", settings.gain_text, band]
    recorded = _file_band(record)
    if recorded:
        parts.append(recorded)
    parts.append(f"{record.sampling_rate_hz:g} Hz")
    if not LAYOUTS[settings.layout].of_median:
        parts.append("sequential" if settings.sequential and drawn.columns > 1 else "simultaneous")
    return parts


def _about(record: EcgRecord, settings: PaperSettings, drawn: Plan) -> list[str]:
    """Return the stretch of time that is shown of the recording, its start, and the leads that were computed."""
    parts = [] if LAYOUTS[settings.layout].of_median else [_time(record, settings, drawn)]
    if record.acquisition.start_time:
        parts.append(f"start {record.acquisition.start_time.replace('T', ' ')}")
    if record.acquisition.derived_leads:
        parts.append(f"{', '.join(record.acquisition.derived_leads)} computed")
    return [part for part in parts if part]


def shown_s(record: EcgRecord, settings: PaperSettings) -> tuple[float, float]:
    """Return the stretch of a record's time that its page shows, s: start and end, within the record."""
    start_s, end_s = _stretch(record, settings, plan(record.lead_names, settings))
    return start_s, min(end_s, record.seconds)


def _stretch(record: EcgRecord, settings: PaperSettings, drawn: Plan) -> tuple[float, float]:
    here = time_span.shown(record, settings, drawn.columns)
    fewest = 1 if here.sequential or drawn.rhythm else min(len(row) for row in drawn.rows)
    return here.start_s, here.start_s + here.seconds / fewest


def _time(record: EcgRecord, settings: PaperSettings, drawn: Plan) -> str:
    return time_span.text(record, *_stretch(record, settings, drawn), settings.seconds)


def _not_here(drawn: Plan, room_mm: float) -> Iterator[str]:
    """Yield the lines that name the recorded leads of other pages."""
    if drawn.left_out:
        head = (
            "not on this page:"
            if drawn.parts == 1
            else f"leads, page {drawn.part + 1} of {drawn.parts}; not on this page:"
        )
        yield from _wrapped([head, *drawn.left_out], room_mm, " ")


def _wrapped(parts: Sequence[str], room_mm: float, between: str = BETWEEN) -> Iterator[str]:
    """Yield the parts in lines that fit."""
    line = ""
    for part in parts:
        longer = f"{line}{between}{part}" if line else part
        if line and _width(longer) > room_mm:
            yield line
            longer = part
        line = longer
    if line:
        yield line


def _width(text: str, *, bold: bool = False) -> float:
    return (BOLD_LETTER if bold else LETTER) * TEXT_MM * len(text)


def _file_band(record: EcgRecord) -> str:
    low, high = record.acquisition.highpass_hz, record.acquisition.lowpass_hz
    notch = "" if record.acquisition.notch_hz is None else f"notch {record.acquisition.notch_hz:g} Hz"
    if low is None and high is None:
        return notch and f"recorded with {notch}"
    edges = "-".join("?" if edge is None else f"{edge:g}" for edge in (low, high))
    return f"recorded {edges} Hz{notch and f', {notch}'}"
