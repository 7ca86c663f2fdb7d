"""What the cardiograph, its analysis program or a reader wrote into Philips XML: measurements and statements.

Amplitudes are microvolts, durations milliseconds (so the schema); "Failed", "Invalid" and their like stand for a value
that could not be measured.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ecgview.formats.kit.xml import every, find, name, text
from ecgview.leads import canonical_name
from ecgview.record import DeviceMeasurement, DeviceStatement

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMES = {
    "heartrate": "heart_rate",
    "rrint": "rr",
    "pdur": "p_duration",
    "print": "pr",
    "qrsdur": "qrs",
    "qtint": "qt",
    "qtcb": "qtcb",
    "qtcf": "qtcf",
    "pfrontaxis": "p_axis",
    "qrsfrontaxis": "qrs_axis",
    "tfrontaxis": "t_axis",
    "meanprint": "pr",
    "meanqrsdur": "qrs",
    "meanqtint": "qt",
    "meanqtc": "qtc",
}
_MILLIVOLTS = ("ston", "stmid", "st80", "stend", "stj", "st20", "st40", "st60", "qrsppk")
_MILLISECONDS = ("print", "prseg", "qtint", "rrint", "vat", "qonset", "tonset", "qtcb", "qtcf", "meanqtc")


def measurements(root: "Element", used: list["Element"]) -> tuple[DeviceMeasurement, ...]:
    """Return the global measurements, then those of each lead; `used` gains the elements that were read.

    A value of the last interpretation comes before the program's internal one: it may have been edited.
    """
    found: dict[tuple[str, str], DeviceMeasurement] = {}
    interpretations = list(every(root, "interpretations/interpretation"))
    for interpretation in reversed(interpretations):
        for group in ("globalmeasurements", "interpretationmeasurements"):
            for block in every(interpretation, group):
                _take(block, "", found, used)
    for internal in _internal(root):
        for group in ("crossleadmeasurements", "globalmeasurements"):
            for block in every(internal, group):
                _take([one for one in block if name(one) in _NAMES], "", found, used)
        for block in every(internal, "leadmeasurements/leadmeasurement"):
            lead = canonical_name(block.get("leadname", ""))
            if lead:
                _take(block, lead, found, used)
    return tuple(found.values())


def statements(root: "Element", used: list["Element"]) -> tuple[DeviceStatement, ...]:
    """Return the statements and the severity; `used` gains the elements that were read.

    A statement is a reader's where the file says that it was edited or that a clinician confirmed it.
    """
    found: list[DeviceStatement] = []
    for interpretation in every(root, "interpretations/interpretation"):
        confirmed = root.get("status") == "Confirmed" or _confirmed(interpretation)
        for one in every(interpretation, "statement"):
            left, right, code = (
                find(one, key) for key in ("leftstatement", "rightstatement", "statementcode")
            )
            said = _joined(text(left), text(right))
            if said:
                edited = confirmed or one.get("editedflag") == "True"
                found.append(DeviceStatement(said, text(code), "reader" if edited else "machine"))
            used.extend(part for part in (left, right, code) if part is not None)
        severity = find(interpretation, "severity")
        if severity is not None and text(severity):
            by = "reader" if confirmed else "machine"
            found.append(DeviceStatement(text(severity), severity.get("code", ""), by))
            used.append(severity)
    return tuple(found)


def number(found: str) -> float | None:
    """Return a finite number; None for "Failed", "Invalid", "" and whatever else is none."""
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None


def _internal(root: "Element") -> Iterator["Element"]:
    yield from every(root, "internalmeasurements")
    yield from every(root, "measurements")  # its name in schema 1.03


def _take(
    block: Iterable["Element"],
    lead: str,
    found: dict[tuple[str, str], DeviceMeasurement],
    used: list["Element"],
) -> None:
    for element in block:
        value = number(text(element))
        tag = name(element)
        if value is None or len(element) or len(tag) > 40:
            continue
        own = tag if tag != "qtco" else element.get("label", tag)
        key = own if lead else _NAMES.get(own, own)
        unit, per_unit = _unit(tag)
        if (key, lead) not in found:
            found[key, lead] = DeviceMeasurement(key, value / per_unit, unit, lead)
        used.append(element)


def _unit(tag: str) -> tuple[str, float]:
    if tag.endswith("amp") or tag in _MILLIVOLTS:
        return "mV", 1000.0
    if tag.endswith("dur") or tag in _MILLISECONDS or (tag in _NAMES and _NAMES[tag] in ("pr", "qrs", "qt")):
        return "ms", 1.0
    if tag.endswith("rate"):
        return "bpm", 1.0
    if tag.endswith("axis") or tag == "stslope":
        return "deg", 1.0
    return ("ms", 1.0) if tag == "qtco" else ("", 1.0)


def _confirmed(interpretation: "Element") -> bool:
    by = find(interpretation, "confirmingclinician")
    return by is not None and bool(text(by) or by.get("id", "").strip())


def _joined(left: str, right: str) -> str:
    return f"{left} ({right})" if left and right else left or right
