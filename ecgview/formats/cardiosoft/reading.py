"""What CardioSoft, its analysis program 12SL or a physician wrote of the ECG: measurements and statements."""

from typing import TYPE_CHECKING

from ecgview.formats.kit.xml import every, find, name, text
from ecgview.leads import canonical_name
from ecgview.record import DeviceMeasurement, DeviceStatement

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMES = {
    "VentricularRate": "heart_rate",
    "RRInterval": "rr",
    "PDuration": "p_duration",
    "PQInterval": "pr",
    "QRSDuration": "qrs",
    "QTInterval": "qt",
    "QTCInterval": "qtc",
    "PAxis": "p_axis",
    "RAxis": "qrs_axis",
    "TAxis": "t_axis",
}
_UNITS = {
    "BPM": ("bpm", 1.0),
    "ms": ("ms", 1.0),
    "degrees": ("deg", 1.0),
    "mV": ("mV", 1.0),
    "uV": ("mV", 1000.0),
    "uV/s": ("mV/s", 1000.0),
}
_BY = {"Diagnosis/DiagnosisText": "machine", "Conclusion/ConclusionText": "reader"}
MOST_ROWS = 200


def measurements(root: "Element", used: list["Element"]) -> tuple[DeviceMeasurement, ...]:
    """Return the global measurements, then those of each lead; `used` gains the elements that were read."""
    block = find(root, "RestingECGMeasurements")
    if block is None:
        return ()
    found = []
    for element in block:
        value = _number(text(element))
        if value is None or len(element) or (name(element) not in _NAMES and "units" not in element.attrib):
            continue
        unit, per_unit = _unit(element)
        tag = name(element)
        found.append(DeviceMeasurement(_NAMES.get(tag, tag[:40]), value / per_unit, unit))
        used.append(element)
    table = find(block, "MeasurementTable")
    return (*found, *(_per_lead(table, used) if table is not None else ()))


def statements(root: "Element", used: list["Element"]) -> tuple[DeviceStatement, ...]:
    """Return the diagnosis of the analysis program and the physician's conclusion, line by line."""
    found = []
    for path, by in _BY.items():
        for element in every(root, f"Interpretation/{path}"):
            if text(element):
                found.append(DeviceStatement(text(element), "", by))
            used.append(element)
    return tuple(found)


def _per_lead(table: "Element", used: list["Element"]) -> list[DeviceMeasurement]:
    """Return a table whose rows hold one value per lead, in the order of the leads; an empty cell is no value."""
    order = find(table, "LeadOrder")
    leads = [canonical_name(part) for part in text(order).split(",")] if order is not None else []
    if not leads or len(leads) > MOST_ROWS or len(set(leads)) < len(leads):
        return []
    found = []
    for row in list(table)[:MOST_ROWS]:
        cells = text(row).split(",")
        if row is order or len(cells) != len(leads):
            continue
        unit, per_unit = _unit(row)
        values = [_number(cell) for cell in cells]
        found += [
            DeviceMeasurement(name(row)[:40], value / per_unit, unit, lead)
            for lead, value in zip(leads, values, strict=True)
            if value is not None
        ]
        if all(value is not None or not cell.strip() for value, cell in zip(values, cells, strict=True)):
            used.append(row)
    return found


def _unit(element: "Element") -> tuple[str, float]:
    stated = element.get("units", "")[:20]
    return _UNITS.get(stated, (stated, 1.0))


def _number(found: str) -> float | None:
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
