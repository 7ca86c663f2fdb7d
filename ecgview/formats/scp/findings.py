"""What the device found: sections 7, 8, 10 and 11 of an SCP-ECG record (EN 1064, clauses 5.10 to 5.14).

Global onsets and offsets are ms from the beginning of the reference beat; durations are their differences. 29999 is
"not computed", 29998 "rejected", 19999 "no such wave".
"""

import struct
from dataclasses import dataclass, field

from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes
from ecgview.formats.kit.scp_leads import lead_name
from ecgview.formats.scp.header import text_of
from ecgview.formats.scp.sections import Sections
from ecgview.record import DeviceMeasurement, DeviceStatement, ImportNote

ABSENT = frozenset((29999, 29998, 19999))  # 5.10: not computed, rejected, no such wave
NO_AXIS = 999  # 5.10: "undefined" for an axis, whose range is -179 to 180 degrees
ONSETS = ("p_onset", "p_offset", "qrs_onset", "qrs_offset", "t_offset")
AXES = ("p_axis", "qrs_axis", "t_axis")
QTC_NAMES = {0: "qtc", 1: "qtcb", 3: "qtcf"}  # by the formula's code; others are told beside "qtc"
LEAD_VALUES: tuple[tuple[str, str], ...] = (  # section 10, in the order of the file
    *((name, "ms") for name in ("p_duration", "pr", "qrs", "qt", "q_duration", "r_duration", "s_duration")),
    *((name, "ms") for name in ("r2_duration", "s2_duration")),
    *((f"{name}_amplitude", "mV") for name in ("q", "r", "s", "r2", "s2", "j", "p_positive", "p_negative")),
    *((f"{name}_amplitude", "mV") for name in ("t_positive", "t_negative")),
    *(("st_slope", "mV/s"), ("p_morphology", ""), ("t_morphology", "")),
    *((name, "ms") for name in ("isoelectric_qrs_onset", "isoelectric_qrs_end", "intrinsicoid")),
    ("quality", ""),
    *((f"st_{point}", "mV") for point in ("j20", "j60", "j80", "rr16", "rr8")),
)
_DURATIONS = (  # name, from, to
    ("p_duration", "p_onset", "p_offset"),
    ("pr", "p_onset", "qrs_onset"),
    ("qrs", "qrs_onset", "qrs_offset"),
    ("qt", "qrs_onset", "t_offset"),
)
_CONFIRMED = ("original, not overread", "confirmed", "overread, not confirmed")


@dataclass(slots=True)
class Findings:
    """Measurements and statements, and what else stands with them."""

    measurements: list[DeviceMeasurement] = field(default_factory=list)
    statements: list[DeviceStatement] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)


def read_findings(record: Sections, encoding: str) -> Findings:
    """Return sections 7, 8, 10 and 11; one that breaks the rules is left out from there on, with a note."""
    found = Findings()
    for number, read in ((7, _globals), (8, _statements), (11, _statements), (10, _leads)):
        if not record.has(number):
            continue
        try:
            read(record.data(number), found, encoding, number)
        except FormatError as error:
            text = f"section {number} was read in part: {error.sentence}"
            record.notes.append(ImportNote("header", text))
    return found


def _globals(data: Bytes, found: Findings, encoding: str, number: int) -> None:
    # 5.10: the first block is the reference beat of type 0, further ones are other types or single beats.
    blocks, spikes = data.u8("section 7, blocks"), data.u8("section 7, spikes")
    rr, pp = data.u16("section 7, RR"), data.u16("section 7, PP")
    found.measurements += _some("rr", rr, "ms") + _some("pp", pp, "ms")
    told = [struct.unpack("<5H3h", data.take(16, "section 7, measurements")) for _ in range(blocks)]
    if told:
        found.measurements += _of_beat(told[0])
        onsets = ", ".join(f"{name} {value}" for name, value in _onsets(told[0]).items())
        found.extra |= {"onsets and offsets": f"{onsets} ms"} if onsets else {}
    others = [block for block in told[1:] if block != told[0] and _onsets(block)]
    if others:
        found.extra["measurements of beats"] = "\n".join(" ".join(map(str, block)) for block in others)
    if spikes:
        _spikes(data, found, spikes)
    if data.left >= 2:
        _rates(data, found)


def _of_beat(block: tuple[int, ...]) -> list[DeviceMeasurement]:
    onsets = _onsets(block)
    measured = [
        DeviceMeasurement(name, float(onsets[end] - onsets[start]), "ms")
        for name, start, end in _DURATIONS
        if start in onsets and end in onsets and onsets[end] > onsets[start]
    ]
    for name, value in zip(AXES, block[5:], strict=True):
        measured += [] if value == NO_AXIS else _some(name, value, "deg", zero=True)
    return measured


def _onsets(block: tuple[int, ...]) -> dict[str, int]:
    """Return onsets and offsets that are there; all zero means that nobody filled them in."""
    found = {name: value for name, value in zip(ONSETS, block, strict=False) if value not in ABSENT}
    return found if any(found.values()) else {}


def _spikes(data: Bytes, found: Findings, count: int) -> None:
    places = [(data.u16("section 7, spike"), data.i16("section 7, spike")) for _ in range(count)]
    lines = [f"{time} ms, {amplitude} µV" for time, amplitude in places]
    if data.left >= 6 * count:
        for k in range(count):
            kind, source = data.u8("section 7, spike"), data.u8("section 7, spike")
            beat, width = data.u16("section 7, spike"), data.u16("section 7, spike")
            lines[k] += f", type {kind}, source {source}, beat {beat}, {width} µs"
    found.extra["pacemaker spikes"] = "\n".join(lines)


def _rates(data: Bytes, found: Findings) -> None:
    """Read what protocols before 1.3 leave out: beat types, rates, QTc."""
    beats = data.u16("section 7, number of beats")
    types = data.take(beats, "section 7, beat types")
    if any(types):
        found.extra["beat types"] = " ".join(map(str, types))
    if data.left < 7:
        return
    rates = data.u16("section 7, ventricular rate"), data.u16("section 7, atrial rate")
    qtc, formula = data.u16("section 7, QTc"), data.u8("section 7, formula")
    found.measurements += _some("heart_rate", rates[0], "bpm") + _some("atrial_rate", rates[1], "bpm")
    found.measurements += _some(QTC_NAMES.get(formula, "qtc"), qtc, "ms")
    if formula not in QTC_NAMES and qtc not in ABSENT and qtc:
        found.extra["QTc formula"] = "Hodges" if formula == 2 else f"code {formula}"


def _statements(data: Bytes, found: Findings, encoding: str, number: int) -> None:
    status = data.u8(f"section {number}, status")
    date, time = data.take(4, f"section {number}, date"), data.take(3, f"section {number}, time")
    count = data.u8(f"section {number}, number of statements")
    by = "reader" if status in (1, 2) else "machine"
    if count:
        year, month, day = struct.unpack("<HBB", date)
        when = f", {year:04d}-{month:02d}-{day:02d}T{time[0]:02d}:{time[1]:02d}:{time[2]:02d}" if year else ""
        known = _CONFIRMED[status] if status < len(_CONFIRMED) else f"code {status}"
        found.extra["statements" if number == 8 else "statement codes"] = known + when
    for _ in range(count):
        data.u8(f"section {number}, sequence")
        raw = data.take(data.u16(f"section {number}, length"), f"section {number}, statement")
        if number == 8:
            text = text_of(raw, encoding).strip()
            found.statements += [DeviceStatement(text, "", by)] if text else []
        elif raw:
            _coded(raw[0], raw[1:], found, encoding, by)


def _coded(kind: int, raw: bytes, found: Findings, encoding: str, by: str) -> None:
    """Read a statement of section 11: codes (1), full text (2), logic between the others (3)."""
    if kind == 1:
        codes = [part.decode("ascii", "replace").strip() for part in raw.split(b"\0")]
        text = " ".join(code for code in codes if code)
        found.statements += [DeviceStatement(text, text, by)] if text else []
        return
    text = text_of(raw, encoding).strip()
    if kind == 2 and text:
        found.statements.append(DeviceStatement(text, "", by))
    elif text:
        found.extra["statement logic"] = text


def _leads(data: Bytes, found: Findings, encoding: str, number: int) -> None:
    count = data.u16("section 10, number of leads")
    data.u16("section 10, maker's part")
    for _ in range(count):
        lead = lead_name(data.u16("section 10, lead"))
        part = data.part(data.u16("section 10, length"), f"section 10, lead {lead}")
        for name, unit in LEAD_VALUES:
            if part.left < 2:
                break
            value = part.i16(f"section 10, lead {lead}")
            if value in ABSENT:
                continue
            shown = value / 1000 if unit in ("mV", "mV/s") else float(value)
            found.measurements.append(DeviceMeasurement(name, shown, unit, lead))


def _some(name: str, value: int, unit: str, *, zero: bool = False) -> list[DeviceMeasurement]:
    missing = value in ABSENT or (value == 0 and not zero)
    return [] if missing else [DeviceMeasurement(name, float(value), unit)]
