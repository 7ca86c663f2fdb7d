"""What a device or a person annotated in an HL7 annotated ECG: measurements, beats, statements.

An annotation has a code, a value and sometimes a region of time and lead that it stands for, and may hold others: a
beat holds its waves and intervals. Codes are those of ISO/IEEE 11073-10102 ("MDC_ECG_..."); makers add their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecgview.formats.aecg.series import all_series, code, in_seconds, is_beat, lead_name, number_of
from ecgview.formats.aecg.time import iso, seconds_between
from ecgview.formats.kit.xml import every, find, text
from ecgview.record import DeviceMeasurement, DeviceStatement

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAMES = {
    "MDC_ECG_HEART_RATE": "heart_rate",
    "MDC_ECG_TIME_PD_RR": "rr",
    "MDC_ECG_TIME_PD_P": "p_duration",
    "MDC_ECG_TIME_PD_PR": "pr",
    "MDC_ECG_TIME_PD_QRS": "qrs",
    "MDC_ECG_TIME_PD_QT": "qt",
    "MDC_ECG_TIME_PD_QTC": "qtc",
    "MDC_ECG_TIME_PD_QTCB": "qtcb",
    "MDC_ECG_TIME_PD_QTCF": "qtcf",
    "MDC_ECG_ANGLE_P_FRONT": "p_axis",
    "MDC_ECG_ANGLE_QRS_FRONT": "qrs_axis",
    "MDC_ECG_ANGLE_T_FRONT": "t_axis",
}
STATEMENT = "MDC_ECG_INTERPRETATION_STATEMENT"
MOST = 5000  # annotations
_DEEPEST = 12
_SAID = ("MDC_ECG_INTERPRETATION", "MDC_ECG_RHY")
_RATES = {
    "bpm": 1.0,
    "bmp": 1.0,
    "/min": 1.0,
    "1/min": 1.0,
    "{beats}/min": 1.0,
    "{beat}/min": 1.0,
    "hz": 60.0,
}
_MILLIVOLTS = {"nv": 1e-6, "uv": 1e-3, "\u00b5v": 1e-3, "\u03bcv": 1e-3, "mv": 1.0, "v": 1e3}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation with what is around it."""

    element: "Element"
    path: tuple[str, ...]  # codes from the outermost to its own
    by: str  # "machine" or "reader"
    derived: bool  # of a representative beat
    of_rhythm: bool  # of the series that was opened
    in_beat: bool  # inside a beat of the rhythm
    lead: str

    @property
    def code(self) -> str:
        """Return its own code."""
        return self.path[-1]


def annotations(root: "Element", rhythm: "Element") -> list[Annotation]:
    """Return all annotations, those that hold others first, in the file's order."""
    found: list[Annotation] = []
    for series in all_series(root):
        for group in every(series, "subjectOf/annotationSet"):
            person = find(group, "author/assignedEntity/assignedAuthorType/assignedPerson")
            by = "machine" if person is None else "reader"
            for one in every(group, "component/annotation"):
                outer = Annotation(one, (), by, is_beat(series), series is rhythm, False, "")
                found.extend(_walk(one, outer, MOST - len(found)))
    return found


def measurements(found: list[Annotation]) -> tuple[tuple[DeviceMeasurement, ...], set[int]]:
    """Return measurements and the ids of the elements that they came from.

    A global one is what stands for the whole rhythm, else for the representative beat, else what all beats share.
    """
    used: set[int] = set()
    kept: dict[tuple[str, str], DeviceMeasurement] = {}
    by_beat: dict[str, list[tuple[Annotation, DeviceMeasurement]]] = {}
    for one in sorted(found, key=lambda one: one.derived):
        measured = _measured(one)
        if measured is None or not (one.of_rhythm or one.derived):
            continue
        key = measured.name, measured.lead
        if one.in_beat:
            by_beat.setdefault(measured.name, []).append((one, measured))
        elif key not in kept:
            kept[key] = measured
            used.add(id(one.element))
    for name, values in by_beat.items():
        if name in NAMES.values() and (name, "") not in kept and len({one.value for _, one in values}) == 1:
            kept[name, ""] = values[0][1]
    return tuple(kept.values()), used


def statements(found: list[Annotation]) -> tuple[tuple[DeviceStatement, ...], set[int]]:
    """Return statements and the ids of the elements that they came from."""
    used: set[int] = set()
    said = []
    for one in found:
        value = find(one.element, "value")
        if value is None or not one.code.upper().startswith(_SAID) or one.in_beat:
            continue
        label = (text(value) or value.get("displayName", "")).strip()
        own = value.get("code", "").strip()
        if not label and not own:
            continue
        named = "" if one.code.upper() in (STATEMENT, "MDC_ECG_INTERPRETATION") else one.code
        said.append(DeviceStatement(label or own, own or named, one.by))
        used.add(id(one.element))
    return tuple(said), used


def beats(found: list[Annotation], head: str) -> tuple[float, ...]:
    """Return when the device found a QRS, in s: at a beat's own point, or else in the middle of its QRS wave."""
    points, middles = [], []
    for one in found:
        if one.by != "machine" or not one.of_rhythm or one.lead:
            continue
        kind = _value_code(one)
        times = [time for time in _times(one.element, head) if 0 <= time <= 1e6]
        if one.code.upper() == "MDC_ECG_BEAT" and len(times) == 1:
            points.append(times[0])
        elif kind.endswith("WAVC_QRSWAVE") and len(times) == 2:
            middles.append(round(sum(times) / 2, 6))
    return tuple(sorted(points or middles))


def annotation_fields(found: list[Annotation], used: set[int]) -> dict[str, str]:
    """Return annotations without another place as one line each: codes -> value, time and lead."""
    lines: dict[str, str] = {}
    for number, one in enumerate(found, start=1):
        if id(one.element) in used:
            continue
        value = find(one.element, "value")
        parts = [_shown(value)] if value is not None else []
        for boundary in _boundaries(one.element):
            parts += [_shown(inner) for inner in [find(boundary, "value")] if inner is not None]
            parts += [code(boundary)] if lead_name(code(boundary)) != code(boundary) else []
        said = "; ".join(part for part in parts if part)
        if said:
            lines[f"annotation {number} {one.by}/{'/'.join(step[:60] for step in one.path)}"] = said
    return lines


def _walk(element: "Element", outer: Annotation, left: int) -> Iterator[Annotation]:
    if left <= 0 or len(outer.path) >= _DEEPEST:
        return
    path = (*outer.path, code(element)[:60])
    one = Annotation(
        element, path, outer.by, outer.derived, outer.of_rhythm, outer.in_beat, _lead(element) or outer.lead
    )
    yield one
    beat = outer.in_beat or (path[-1].upper() == "MDC_ECG_BEAT" and not outer.derived)
    inside = Annotation(element, path, one.by, one.derived, one.of_rhythm, beat, one.lead)
    left -= 1
    for inner in every(element, "component/annotation"):
        for found in _walk(inner, inside, left):
            left -= 1
            yield found


def _measured(one: Annotation) -> DeviceMeasurement | None:
    value = find(one.element, "value")
    number = number_of(value.get("value")) if value is not None else None
    if value is None or number is None or not one.code:
        return None
    own = one.code.upper().removesuffix("_GL")
    name = NAMES.get(own, "") if not one.lead else ""
    unit = value.get("unit", "").strip()
    for_time = own.startswith("MDC_ECG_TIME_PD_")
    seconds = in_seconds(str(number), unit)
    label = name or one.code.removeprefix("MDC_ECG_")
    if unit.lower() in _RATES or name == "heart_rate":
        return DeviceMeasurement(label, number * _RATES.get(unit.lower(), 1.0), "bpm", one.lead)
    if seconds is not None and unit.lower() != "min":
        return DeviceMeasurement(label, number if unit == "ms" else round(seconds * 1000, 6), "ms", one.lead)
    if unit.lower() in _MILLIVOLTS:
        return DeviceMeasurement(label, number * _MILLIVOLTS[unit.lower()], "mV", one.lead)
    if name.endswith("axis"):
        return DeviceMeasurement(label, number, "deg", one.lead)
    return DeviceMeasurement(label, number, "ms" if for_time and not unit else unit, one.lead)


def _value_code(one: Annotation) -> str:
    value = find(one.element, "value")
    return value.get("code", "").strip().upper() if value is not None else ""


def _boundaries(element: "Element") -> Iterator["Element"]:
    return every(element, "support/supportingROI/component/boundary")


def _lead(element: "Element") -> str:
    found = (code(boundary) for boundary in _boundaries(element))
    return next((lead_name(one)[:20] for one in found if lead_name(one) != one), "")


def _times(element: "Element", head: str) -> list[float]:
    """Return the one or two times of an annotation's region, in s from the first sample."""
    found = []
    for boundary in _boundaries(element):
        absolute = code(boundary).upper() == "TIME_ABSOLUTE"
        value = find(boundary, "value")
        if value is None or not code(boundary).upper().startswith("TIME_"):
            continue
        ends = [value] if value.get("value") is not None else [find(value, "low"), find(value, "high")]
        for end in ends:
            if end is None:
                continue
            if absolute:
                time = seconds_between(head, end.get("value", "")) if iso(end.get("value", "")) else None
            else:
                time = in_seconds(end.get("value", ""), end.get("unit", ""))
                start = number_of(head) if not iso(head) else None
                time = time - start if time is not None and start else time
            found += [] if time is None else [time]
    return found


def _shown(value: "Element") -> str:
    """Return a value of any type as text: a code, a number with its unit, an interval, words."""
    low, high = find(value, "low"), find(value, "high")
    if low is not None or high is not None:
        ends = [
            f"{end.get('value', '')} {end.get('unit', '')}".strip() if end is not None else "?"
            for end in (low, high)
        ]
        return " to ".join(ends)
    parts = (
        value.get("value", ""),
        value.get("unit", ""),
        value.get("code", ""),
        value.get("displayName", ""),
    )
    return " ".join(" ".join(part for part in (*parts, text(value)) if part).split())
