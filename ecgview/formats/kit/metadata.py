"""What is known of an ECG as lines "key: value", for formats that have room for text but no fields of their own.

Keys begin with "ecgview" and a dot, so that a reader knows them from a source's own comments; Chinese and line
breaks survive. The median beat has no place here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)

MARK = "ecgview."
_PATIENT = ("patient_id", "name", "sex", "age_years", "birth_date")
_ACQUISITION = ("start_time", "device", "highpass_hz", "lowpass_hz", "notch_hz", "step_uv")


@dataclass(frozen=True, slots=True)
class Told:
    """What such lines said; `rest` are the lines that are not ecgview's."""

    patient: Patient
    acquisition: Acquisition
    device_reading: DeviceReading
    rest: tuple[str, ...]
    found: bool


def lines(record: EcgRecord) -> list[str]:
    """Return everything but samples, leads, rate and median beat, one line each."""
    return [f"{MARK}{key}: {_escaped(value)}" for key, value in _pairs(record)]


def told(found: Iterable[str]) -> Told:
    """Return what lines of `lines` say; a value that does not parse is left out."""
    values: dict[str, str] = {}
    extra: dict[str, str] = {}
    measurements: list[DeviceMeasurement] = []
    statements: list[DeviceStatement] = []
    qrs: tuple[float, ...] = ()
    rest = []
    for line in found:
        text = line.strip()
        if not text.startswith(MARK):
            rest.append(line)
            continue
        key, _, value = text[len(MARK) :].partition(": ")
        kind, _, name = key.rstrip(":").partition(".")
        value = _plain(value)
        if kind == "extra":
            extra[_plain(name)] = value
        elif kind == "measurement":
            measurements += _measurement(value)
        elif kind == "statement":
            by, _, code = _plain(name).partition(".")
            statements.append(DeviceStatement(value, code, by or "machine"))
        elif kind == "qrs_s":
            qrs = tuple(number for part in value.split() if (number := _number(part)) is not None)
        else:
            values[kind] = value
    return Told(
        _patient(values),
        _acquisition(values, extra),
        DeviceReading(tuple(measurements), tuple(statements), None, qrs),
        tuple(rest),
        bool(values or extra or measurements or statements or qrs),
    )


def _pairs(record: EcgRecord) -> Iterator[tuple[str, str]]:
    for names, part in ((_PATIENT, record.patient), (_ACQUISITION, record.acquisition)):
        for name in names:
            value = getattr(part, name)
            if value not in ("", None):
                yield name, repr(value) if isinstance(value, float) else str(value)
    if record.acquisition.derived_leads:
        yield "derived_leads", " ".join(record.acquisition.derived_leads)
    for key, value in record.acquisition.extra.items():
        yield f"extra.{_key(key)}", value
    reading = record.device_reading
    for one in reading.measurements:
        yield "measurement", "|".join((one.name, repr(one.value), one.unit, one.lead))
    for statement in reading.statements:
        yield f"statement.{statement.by}.{_key(statement.code)}", statement.text
    if reading.qrs_s:
        yield "qrs_s", " ".join(repr(value) for value in reading.qrs_s)


def _measurement(text: str) -> list[DeviceMeasurement]:
    name, *more = text.split("|")
    number = _number(more[0]) if more else None
    if number is None or len(more) != 3:
        return []
    return [DeviceMeasurement(name, number, more[1], more[2])]


def _patient(values: dict[str, str]) -> Patient:
    return Patient(
        patient_id=values.get("patient_id", ""),
        name=values.get("name", ""),
        sex=values.get("sex", ""),
        age_years=_number(values.get("age_years", "")),
        birth_date=values.get("birth_date", ""),
    )


def _acquisition(values: dict[str, str], extra: dict[str, str]) -> Acquisition:
    return Acquisition(
        start_time=values.get("start_time", ""),
        device=values.get("device", ""),
        highpass_hz=_number(values.get("highpass_hz", "")),
        lowpass_hz=_number(values.get("lowpass_hz", "")),
        notch_hz=_number(values.get("notch_hz", "")),
        derived_leads=tuple(values.get("derived_leads", "").split()),
        step_uv=_number(values.get("step_uv", "")),
        extra=extra,
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _key(text: str) -> str:
    return _escaped(text).replace(":", "\\c")


def _plain(text: str) -> str:
    parts = text.split("\\\\")
    return "\\".join(
        part.replace("\\n", "\n").replace("\\r", "\r").replace("\\c", ":").replace("\\q", "")
        for part in parts
    )
