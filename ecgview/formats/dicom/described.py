"""Who was recorded, how and when, in a DICOM data set; every other element as text."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from ecgview.formats.dicom.elements import Elements
from ecgview.formats.dicom.groups import Group
from ecgview.formats.dicom.text import person
from ecgview.record import Acquisition, Patient

LONGEST_VALUE = 4096  # characters of one element's text
MOST_FIELDS = 600
DEEPEST = 5
UNKNOWN_DATE = "19000101"  # stands where DICOM demands a date and none is known
SYNTHETIC_TEXT = "Synthetic: no patient was recorded"
_SYNTHETIC = re.compile(r"synthetic(:|\s+(ecg|data|record|signal))|^\s*synthetic\s*$", re.IGNORECASE)
_SYNTHETIC_FIELDS = ("SeriesDescription", "StudyDescription", "PatientComments", "ImageComments")
_TOLD = (  # what has a place of its own
    "PatientID",
    "PatientSex",
    "ManufacturerModelName",
    "Manufacturer",
    "WaveformSequence",
    "WaveformAnnotationSequence",
)
_DATES = (
    ("AcquisitionDateTime", ""),
    ("AcquisitionDate", "AcquisitionTime"),
    ("ContentDate", "ContentTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)
_GROUP_TOLD = (
    "ChannelDefinitionSequence",
    "WaveformData",
    "NumberOfWaveformChannels",
    "NumberOfWaveformSamples",
    "SamplingFrequency",
)
_CHANNEL_TOLD = (
    "ChannelSourceSequence",
    "ChannelSensitivityUnitsSequence",
    "ChannelLabel",
    "WaveformChannelNumber",
)
_BINARY = ("OB", "OD", "OF", "OL", "OV", "OW")


def patient_of(dataset: Elements, *, reckon_age: bool = True) -> Patient:
    """Return the patient; the age is reckoned from birth and recording where the file states none."""
    birth = _date(dataset.text("PatientBirthDate"))
    age = years(dataset.text("PatientAge"))
    if age is None and reckon_age:
        age = _between(birth, start_of(dataset)[:10])
    sex = dataset.text("PatientSex").upper()[:1]
    return Patient(
        dataset.text("PatientID"),
        person(dataset.text("PatientName")),
        {"M": "male", "F": "female"}.get(sex, ""),
        age,
        birth,
    )


def acquisition_of(dataset: Elements, group: Group, step_uv: float | None) -> Acquisition:
    """Return how and when it was recorded; filters where all channels that state one agree."""
    names = (dataset.text("Manufacturer"), dataset.text("ManufacturerModelName"))
    channels = group.item.items("ChannelDefinitionSequence")[: group.n_channels]
    return Acquisition(
        start_time=start_of(dataset),
        device=" ".join(name for name in names if name and name.lower() != "unknown"),
        highpass_hz=_agreed(channels, "FilterLowFrequency"),
        lowpass_hz=_agreed(channels, "FilterHighFrequency"),
        notch_hz=_agreed(channels, "NotchFilterFrequency"),
        step_uv=step_uv,
        extra=fields(dataset, group, channels),
    )


def start_of(dataset: Elements) -> str:
    """Return when the recording began, ISO 8601, or ""."""
    for day, clock in _DATES:
        moment = _moment(dataset.text(day), dataset.text(clock) if clock else "")
        if moment:
            return moment
    return ""


def is_synthetic(dataset: Elements) -> bool:
    """Return whether the file says that no patient was recorded."""
    return any(_SYNTHETIC.search(dataset.text(keyword)) for keyword in _SYNTHETIC_FIELDS)


def years(text: str) -> float | None:
    """Return an age string ("063Y", "011M", "003W", "012D") in years; None where it is none."""
    # AS is three digits and a unit (PS3.5 6.2); bare numbers of some carts are years.
    found = re.fullmatch(r"(\d{1,3})\s*([YMWD]?)", text.strip().upper())
    if not found:
        return None
    count = int(found.group(1))
    per_year = {"Y": 1.0, "": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}[found.group(2)]
    return count / per_year if count / per_year <= 130 else None


def fields(dataset: Elements, group: Group, channels: Sequence[Elements]) -> dict[str, str]:
    """Return every element that has no place of its own, keyword -> text."""
    found: dict[str, str] = {}
    for key, text in _fields(dataset, group, channels):
        if len(found) >= MOST_FIELDS:
            break
        if text:
            found[key] = text[:LONGEST_VALUE]
    return found


def _fields(dataset: Elements, group: Group, channels: Sequence[Elements]) -> Iterator[tuple[str, str]]:
    for tag in dataset.tags():
        key = key_of(tag)
        if key not in _TOLD and not (key == "PatientName" and dataset.text(tag).isalnum()):
            yield key, shown(dataset, tag)
    for tag in group.item.tags():
        key = key_of(tag)
        if key not in _GROUP_TOLD:
            yield f"Waveform {group.number} {key}", shown(group.item, tag)
    keys = dict.fromkeys(tag for channel in channels for tag in channel.tags())
    for tag in keys:
        if key_of(tag) not in _CHANNEL_TOLD:
            values = [shown(channel, tag) if channel.has(tag) else "" for channel in channels]
            text = values[0] if len(set(values)) == 1 else ", ".join(values)
            yield f"Waveform {group.number} channels {key_of(tag)}", text


def key_of(tag: int) -> str:
    """Return the keyword of an element; its tag where it has none."""
    from pydicom.datadict import keyword_for_tag

    return str(keyword_for_tag(tag) or f"({tag >> 16:04x},{tag & 0xFFFF:04x})")


def shown(item: Elements, tag: int, depth: int = 0) -> str:
    """Return an element as text; binary values by their size, items in order between semicolons."""
    vr = item.vr(tag)
    if vr == "SQ":
        return _items(item, tag, depth)
    raw = item.raw(tag)
    if vr in _BINARY:
        return " ".join(f"{byte:02x}" for byte in raw) if len(raw) <= 8 else f"{len(raw)} bytes"
    if vr == "UN":
        text = item.text(tag)[:LONGEST_VALUE]
        return text if text.isprintable() else f"{len(raw)} bytes"
    if vr == "AT":
        return f"{len(raw) // 4} tags"
    if vr in ("US", "SS", "UL", "SL", "FL", "FD", "SV", "UV"):
        return "\\".join(f"{value:.10g}" for value in item.numbers(tag)[:500])
    return item.text(tag)


def _items(item: Elements, tag: int, depth: int) -> str:
    """Return the items of a sequence; a code by its meaning, a coded value as "name = meaning"."""
    if depth >= DEEPEST:
        return "..."
    parts = []
    for one in item.items(tag)[:100]:
        meaning = one.text("CodeMeaning")
        if meaning or one.text("CodeValue"):
            parts.append(f"{meaning} ({one.text('CodeValue')} {one.text('CodingSchemeDesignator')})")
            continue
        inner = []
        for inside in one.tags():
            text = shown(one, inside, depth + 1)
            if text:
                inner.append(f"{key_of(inside)} = {text[:500]}")
        parts.append(", ".join(inner[:100]))
    return "; ".join(part for part in parts if part)


def _agreed(channels: Sequence[Elements], keyword: str) -> float | None:
    """Return the value that all channels with one share; None where they differ, and for 0, which is "off"."""
    values = {value for channel in channels if (value := channel.number(keyword)) is not None}
    return (values.pop() or None) if len(values) == 1 else None


def _date(text: str) -> str:
    """Return a date "19710123" or "1971.01.23" as ISO 8601; "" where it is none."""
    found = re.fullmatch(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})", text.strip()[:10])
    if not found:
        return ""
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return ""


def _moment(day: str, clock: str) -> str:
    """Return date and time (DT, or DA and TM) as ISO 8601 as far as they go; "" without a whole date."""
    digits = re.match(r"(\d{4}[.\-/]?\d{2}[.\-/]?\d{2})(.*)", day.strip())
    # Whatever stands before this date of ecgview's own writing is no date of a recording.
    if not digits or digits.group(1).startswith(UNKNOWN_DATE):
        return ""
    iso = _date(digits.group(1))
    rest = clock.strip() or digits.group(2)
    parts = re.match(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?([+-]\d{4})?", rest)
    if not iso or not parts:
        return iso
    hour, minute, second, fraction, zone = parts.groups()
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 60:  # 60 is a leap second
        return iso
    time = f"{hour}:{minute or '00'}" + (f":{second}" if second else "")
    time += f".{fraction}" if fraction and second and int(fraction) else ""
    return f"{iso}T{time}" + (f"{zone[:3]}:{zone[3:]}" if zone else "")


def _between(birth: str, day: str) -> float | None:
    """Return the age in years: whole ones from two on, as ages are stated."""
    try:
        born, then = date.fromisoformat(birth), date.fromisoformat(day)
    except ValueError:
        return None
    age = (then - born).days / 365.25
    if not 0 <= age <= 130:
        return None
    whole = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return float(whole) if whole >= 2 else round(age, 3)
