"""Sections 4, 7, 8 and 10 of an SCP-ECG record to be written; empty bytes where there is nothing to say."""

import struct
from collections.abc import Sequence

from ecgview.formats.kit.scp_leads import lead_number
from ecgview.formats.scp.findings import ABSENT, AXES, LEAD_VALUES, NO_AXIS, ONSETS, QTC_NAMES
from ecgview.record import DeviceMeasurement, DeviceStatement, EcgRecord

_MISSING = 29999
_FIDUCIAL = "fiducial point of the reference beat"


def beats_section(record: EcgRecord, reference_ms: int) -> bytes:
    """Return section 4: the length of the reference beat, and where the beats are; nothing was subtracted."""
    reading, rate = record.device_reading, record.sampling_rate_hz
    places = [round(at * rate) + 1 for at in reading.qrs_s]
    places = [place for place in places if 0 < place < 2**32][:65_535]
    if not places and not reference_ms:
        return b""
    fiducial = _in_range(record.acquisition.extra.get(_FIDUCIAL, "0"))
    head = struct.pack("<HHH", reference_ms, fiducial if reference_ms else 0, len(places))
    zones = b"".join(struct.pack("<HIII", 0, 0, place, 0) for place in places)
    return head + zones + b"\0" * (8 * len(places))


def globals_section(record: EcgRecord) -> bytes:
    """Return section 7: one block of global onsets and axes, rates and QTc."""
    values = {one.name: one.value for one in record.device_reading.measurements if not one.lead}
    onsets = _onsets(record, values)
    axes = [_whole(values.get(name), -32_768, 32_767, NO_AXIS) for name in AXES]
    qtc_code, qtc = next(
        ((code, values[name]) for code, name in QTC_NAMES.items() if name in values), (0, None)
    )
    rates = [values.get(name) for name in ("heart_rate", "atrial_rate")]
    intervals = [values.get(name) for name in ("rr", "pp")]
    if not onsets and not any(name in values for name in AXES) and not any([*rates, *intervals, qtc]):
        return b""
    block = [onsets.get(name, _MISSING) for name in ONSETS]
    return (
        struct.pack("<BBHH", 1, 0, *(_whole(value) for value in intervals))
        + struct.pack("<5H3h", *block, *axes)
        + struct.pack("<HHHHBH", 0, *(_whole(value) for value in rates), _whole(qtc), qtc_code, 0)
    )


def _onsets(record: EcgRecord, values: dict[str, float]) -> dict[str, int]:
    """Return onsets and offsets in ms as the source gave them; else, without a reference beat, from durations.

    With a reference beat they would claim to be places in it, which nobody knows.
    """
    told = record.acquisition.extra.get("onsets and offsets", "")
    if told:
        pairs = (part.split(" ") for part in told.removesuffix(" ms").split(", "))
        return {pair[0]: _in_range(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] in ONSETS}
    if record.device_reading.median is not None:
        return {}
    pr, p, qrs, qt = (values.get(name, 0.0) for name in ("pr", "p_duration", "qrs", "qt"))
    onsets = {"p_onset": 0.0, "qrs_onset": pr} if pr or p else {"qrs_onset": 0.0}
    onsets |= {"p_offset": p} if p else {}
    onsets |= {"qrs_offset": pr + qrs} if qrs else {}
    onsets |= {"t_offset": pr + qt} if qt else {}
    return {name: _whole(value) for name, value in onsets.items()} if pr or p or qrs or qt else {}


def statements_section(statements: Sequence[DeviceStatement], codec: str) -> bytes:
    """Return section 8; it counts as confirmed where every statement is a reader's."""
    if not statements:
        return b""
    confirmed = all(one.by == "reader" for one in statements)
    kept = statements[:255]
    body = b""
    for number, one in enumerate(kept, start=1):
        text = one.text.replace("\0", "").encode(codec, "replace")[:10_000] + b"\0"
        body += struct.pack("<BH", number, len(text)) + text
    return struct.pack("<BHBBBBBB", int(confirmed), 0, 0, 0, 0, 0, 0, len(kept)) + body


def leads_section(measurements: Sequence[DeviceMeasurement]) -> bytes:
    """Return section 10: measurements of leads that it has a place for."""
    names = list(dict(LEAD_VALUES))
    rows: dict[int, list[int]] = {}
    for one in measurements:
        number = lead_number(one.lead)
        if number and one.name in names:
            scale = 1000 if dict(LEAD_VALUES)[one.name] in ("mV", "mV/s") else 1
            row = rows.setdefault(number, [_MISSING] * len(names))
            row[names.index(one.name)] = _whole(one.value * scale, -32_768, 32_767)
    if not rows:
        return b""
    size = len(names)
    parts = [struct.pack(f"<HH{size}h", number, 2 * size, *row) for number, row in rows.items()]
    return struct.pack("<HH", len(rows), 0) + b"".join(parts)


def _whole(value: float | None, low: int = 0, high: int = 65_535, missing: int = _MISSING) -> int:
    if value is None or not low <= value <= high:
        return missing
    number = round(value)
    return missing if number in ABSENT else number


def _in_range(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= 65_535 else 0
