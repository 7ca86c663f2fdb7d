"""The Waveform Annotation Sequence (PS3.3 C.10.10): measurements, statements and the times of the QRS complexes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.formats.dicom.codes import FIDUCIAL, ONSET, house_unit, measurement_of
from ecgview.formats.dicom.elements import Code, Elements
from ecgview.formats.dicom.groups import Group
from ecgview.record import DeviceMeasurement, DeviceStatement, ImportNote

MOST_ANNOTATIONS = 20_000
MOST_EXTRA = 400
_AXES = ("p_axis", "qrs_axis", "t_axis")
_INTERVALS = ("heart_rate", "rr", "p_duration", "pr", "qrs", "qt", "qtc", "qtcb", "qtcf")


@dataclass(frozen=True, slots=True)
class Said:
    """What the annotations say; `rest` is what has no place among them, as text."""

    measurements: tuple[DeviceMeasurement, ...]
    statements: tuple[DeviceStatement, ...]
    qrs_s: tuple[float, ...]
    rest: str
    notes: tuple[ImportNote, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    concept: str
    position: float  # from 1
    series: float | None  # Annotation Group Number: one beat each in files of carts


def said(dataset: Elements, shown: Group, middle: Group | None, names: dict[tuple[int, int], str]) -> Said:
    """Return what the annotations say.

    Args:
        dataset: of the file.
        shown: the group that is the rhythm.
        middle: the group that is the median beat.
        names: (group, channel), both from 1 -> lead.
    """
    measurements, statements, marks, rest, notes = [], [], [], [], []
    for item in dataset.items("WaveformAnnotationSequence")[:MOST_ANNOTATIONS]:
        text = item.text("UnformattedTextValue").replace("\r\n", "\n")
        concept = item.code("ConceptNameCodeSequence")
        value = item.code("ConceptCodeSequence")
        numbers = item.numbers("NumericValue")
        positions = item.numbers("ReferencedSamplePositions")
        if text and not positions:
            statements.append(DeviceStatement(text))
        elif len(numbers) == 1 and concept.value:
            one, note = _measurement(item, concept, numbers[0], names)
            notes += [note] if note else []
            if one:
                measurements.append(one)
            else:
                rest.append(f"{concept.meaning or concept.value}: {numbers[0]:g}")
        elif value.value or (concept.value and not positions and not numbers):
            coded = value if value.value else concept
            statements.append(DeviceStatement(coded.meaning or coded.value, coded.value))
        elif positions and _group(item) in (0, shown.number) and concept.value:
            series = item.number("AnnotationGroupNumber")
            marks += [_Mark(_concept(concept), position, series) for position in positions]
            rest.append(f"{concept.meaning or concept.value} at {_list(positions)}")
        elif text or concept.value:
            rest.append(f"{text or concept.meaning or concept.value} at {_list(positions)}")
    return Said(
        tuple(measurements),
        tuple(statements),
        _qrs(marks, shown, middle),
        "; ".join(rest[:MOST_EXTRA]),
        tuple(dict.fromkeys(notes)),
    )


def _measurement(
    item: Elements, concept: Code, value: float, names: dict[tuple[int, int], str]
) -> tuple[DeviceMeasurement | None, ImportNote | None]:
    """Return a measurement; an interval or rate of 0 is one that was not measured."""
    name = measurement_of(concept.value, concept.meaning)
    code = item.code("MeasurementUnitsCodeSequence")
    unit, factor = house_unit(code.value, code.meaning)
    note = None
    if name in _AXES and unit != "deg":
        note = ImportNote("units", f"{concept.meaning}: unit {unit!r} in the file; degrees taken")
        unit, factor = "deg", 1.0
    if not value and (name in _INTERVALS or "interval" in concept.meaning.lower()):
        return None, note
    channels = item.numbers("ReferencedWaveformChannels")
    lead = ""
    if len(channels) == 2 and channels[1] > 0:
        lead = names.get((int(channels[0]), int(channels[1])), "")
    return DeviceMeasurement(name or concept.meaning or concept.value, value * factor, unit, lead), note


def _qrs(marks: Sequence[_Mark], shown: Group, middle: Group | None) -> tuple[float, ...]:
    """Return the times of the QRS complexes: of their fiducial points, else of their onsets.

    Carts refer to the first group even where a mark is of the median beat (seen in real files). Such marks are known
    by the trigger position of that group, or by being the only beat of a long rhythm.
    """
    trigger = middle.item.number("TriggerSamplePosition") if middle else None
    own = {
        mark.series
        for mark in marks
        if trigger and mark.series is not None and mark.concept in FIDUCIAL and mark.position == trigger
    }
    for concepts in (FIDUCIAL, ONSET):
        places = [mark.position for mark in marks if mark.concept in concepts and mark.series not in own]
        if middle and len(places) == 1 and shown.seconds > 3.0:
            continue
        if places:
            inside = sorted({place for place in places if 1 <= place <= shown.n_samples})
            return tuple((place - 1) / shown.fs_hz for place in inside)
    return ()


def _group(item: Elements) -> int:
    channels = item.numbers("ReferencedWaveformChannels")
    return int(channels[0]) if channels else 0


def _concept(code: Code) -> str:
    return code.meaning.strip().lower()


def _list(positions: Sequence[float]) -> str:
    return ", ".join(f"{position:g}" for position in positions[:50])
