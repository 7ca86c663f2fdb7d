"""What the 12SL program and its readers wrote into MUSE XML: measurements, beats, statements.

Values in RestingECGMeasurements are those in force, perhaps edited by a reader; OriginalRestingECGMeasurements are the
cart's. A printed line of a diagnosis is cut into statements; ENDSLINE marks its last, USERINSERT what a person typed.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from ecgview.formats.kit.xml import every, find, text
from ecgview.leads import canonical_name
from ecgview.record import DeviceMeasurement, DeviceStatement, ImportNote

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_GLOBAL = {
    "VentricularRate": ("heart_rate", "bpm"),
    "AtrialRate": ("AtrialRate", "bpm"),
    "RRInterval": ("rr", "ms"),
    "PDuration": ("p_duration", "ms"),
    "PRInterval": ("pr", "ms"),
    "QRSDuration": ("qrs", "ms"),
    "QTInterval": ("qt", "ms"),
    "QTCorrected": ("qtc", "ms"),
    "QTcFrederica": ("qtcf", "ms"),
    "QTcFridericia": ("qtcf", "ms"),
    "QTcFramingham": ("QTcFramingham", "ms"),
    "QTcBazett": ("qtcb", "ms"),
    "PAxis": ("p_axis", "deg"),
    "RAxis": ("qrs_axis", "deg"),
    "TAxis": ("t_axis", "deg"),
}
MOST_BEATS = 100_000
MOST_AMPLITUDES = 5000
FARTHEST = math.log(1.5)  # of a unit of time that explains the heart rate


def measurements(
    root: "Element", used: list["Element"], notes: list[ImportNote]
) -> tuple[DeviceMeasurement, ...]:
    """Return the global values in force, then amplitudes of waves by lead; `used` gains what was read."""
    current, original = find(root, "RestingECGMeasurements"), find(root, "OriginalRestingECGMeasurements")
    found: dict[str, DeviceMeasurement] = {}
    edited = []
    for block in (current, original):
        if block is None:
            continue
        for field, (name, unit) in _GLOBAL.items():
            element = find(block, field)
            value = _number(text(element))
            if element is None or value is None or (unit != "deg" and value <= 0) or abs(value) > 1e5:
                continue
            if name not in found:
                found[name] = DeviceMeasurement(name, value, unit)
            elif block is original and found[name].value != value:
                edited.append(f"{name} {found[name].value:g} ({value:g})")
                continue
            used.append(element)
    if edited:
        notes.append(ImportNote("edited", f"measurements differ from the cart's own: {', '.join(edited)}"))
    return (*found.values(), *_amplitudes(root))


def amplitude_fields(root: "Element") -> dict[str, str]:
    """Return all of each amplitude measurement as one line, by lead, wave and beat."""
    found = {}
    for one in list(every(root, "AmplitudeMeasurements/MeasuredAmplitude"))[:MOST_AMPLITUDES]:
        lead, wave, beat = (text(one, f"AmplitudeMeasurement{key}")[:20] for key in _AMPLITUDE_KEYS)
        rest = (f"{key} {text(one, f'AmplitudeMeasurement{key}')}" for key in _AMPLITUDE_VALUES)
        found[f"AmplitudeMeasurements/{lead}/{wave}/{beat}"] = ", ".join(rest)
    return found


_AMPLITUDE_KEYS = ("LeadID", "WaveID", "BeatID")
_AMPLITUDE_VALUES = ("Peak", "Start", "Duration", "Area")


def _amplitudes(root: "Element") -> list[DeviceMeasurement]:
    """Return the peaks, microvolts in the file (whole steps of 4.88 uV, cut to integers, in real ones)."""
    found = []
    for one in list(every(root, "AmplitudeMeasurements/MeasuredAmplitude"))[:MOST_AMPLITUDES]:
        lead, wave, beat = (text(one, f"AmplitudeMeasurement{key}")[:20] for key in _AMPLITUDE_KEYS)
        peak = _number(text(one, "AmplitudeMeasurementPeak"))
        if lead and wave and peak is not None and abs(peak) < 1e5:
            label = f"{wave} beat {beat}" if beat else wave
            found.append(DeviceMeasurement(label, peak / 1000.0, "mV", canonical_name(lead)))
    return found


def statements(root: "Element", used: list["Element"]) -> tuple[DeviceStatement, ...]:
    """Return the printed lines: the cart's own, then those that a person typed or confirmed.

    All of Diagnosis is a reader's once the test is confirmed; before that, only what was typed in.
    """
    confirmed = _is_confirmed(root)
    own = _lines(find(root, "OriginalDiagnosis"), used)
    current = _lines(find(root, "Diagnosis"), used)
    found = [DeviceStatement(line, "", "machine") for line, _ in own]
    machine = {line for line, _ in own}
    for line, typed in current:
        by = "reader" if confirmed or typed else "machine"
        if by == "reader" or line not in machine:
            found.append(DeviceStatement(line, "", by))
    return tuple(found)


def beats(
    root: "Element", fs_hz: float, seconds: float, used: list["Element"], notes: list[ImportNote]
) -> tuple[tuple[float, ...], float | None]:
    """Return times of the beats in s and the mean RR in ms, () and None where their unit cannot be told.

    Times are ms in files of 500 Hz and samples in older ones of 240 Hz; no field says which. What fits the heart
    rate is taken: GlobalRR, or the median step, against VentricularRate.
    """
    block = find(root, "QRSTimesTypes")
    if block is None:
        return (), None
    times = [element for element in every(block, "QRS/Time")][:MOST_BEATS]
    values = [_number(text(element)) for element in times]
    known = sorted(value for value in values if value is not None and value >= 0)
    if not known:
        return (), None
    overall = _number(text(block, "GlobalRR"))
    step = overall if overall is not None and overall > 0 else _median_step(known)
    per_s = _counts_per_second(step, _heart_rate(root), fs_hz, known[-1], seconds)
    if per_s is None:
        notes.append(
            ImportNote("header", "QRSTimesTypes: the unit of its times cannot be told; beats left out")
        )
        return (), None
    used.extend([*times, *every(block, "GlobalRR")])
    inside = tuple(value / per_s for value in known if value / per_s <= seconds)
    return inside, (overall / per_s * 1000.0 if overall is not None and overall > 0 else None)


def _counts_per_second(
    step: float | None, heart_rate: float | None, fs_hz: float, last: float, seconds: float
) -> float | None:
    """Return milliseconds or samples per second, whichever fits the rate, or else the duration."""
    candidates = (1000.0, fs_hz)
    if step and heart_rate:
        apart = {one: abs(math.log(step / one * heart_rate / 60.0)) for one in candidates}
        found = min(candidates, key=apart.__getitem__)
        if apart[found] < FARTHEST:
            return found
    inside = {one for one in candidates if seconds - 3.0 <= last / one <= seconds}
    return inside.pop() if len(inside) == 1 else None


def _median_step(times: list[float]) -> float | None:
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    found = steps[len(steps) // 2] if steps else 0.0
    return found if found > 0 else None


def _heart_rate(root: "Element") -> float | None:
    for block in ("RestingECGMeasurements", "OriginalRestingECGMeasurements"):
        value = _number(text(root, f"{block}/VentricularRate"))
        if value is not None and 5 <= value <= 500:
            return value
    return None


def _lines(diagnosis: "Element | None", used: list["Element"]) -> list[tuple[str, bool]]:
    """Return each printed line with whether a person typed a part of it."""
    if diagnosis is None:
        return []
    found: list[tuple[str, bool]] = []
    line, typed = "", False
    for statement in every(diagnosis, "DiagnosisStatement"):
        said, flags = find(statement, "StmtText"), list(every(statement, "StmtFlag"))
        part = " ".join(text(said).split())
        line = f"{line}{part}" if part.startswith((",", ".", ";")) else f"{line} {part}".strip()
        marks = {text(flag).upper() for flag in flags}
        typed = typed or "USERINSERT" in marks
        used.extend(flag for flag in flags if text(flag).upper() in ("ENDSLINE", "USERINSERT"))
        if said is not None:
            used.append(said)
        if "ENDSLINE" in marks:
            found += [(line, typed)] if line else []
            line, typed = "", False
    return [*found, (line, typed)] if line else found


def _is_confirmed(root: "Element") -> bool:
    said = [text(root, f"TestDemographics/{key}").upper() for key in ("Status", "EditListStatus")]
    return "CONFIRMED" in said


def _number(found: str) -> float | None:
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
