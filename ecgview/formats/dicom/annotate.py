"""The Waveform Annotation Sequence of a file that is written: statements, measurements, times of the QRS complexes."""

import hashlib
import math
from typing import Any

from ecgview.formats.dicom.codes import BEAT_CODE, OWN_SCHEME, UCUM_OF, WRITTEN
from ecgview.formats.dicom.values import code, decimal
from ecgview.record import DeviceMeasurement, EcgRecord

STATEMENTS, MEASUREMENTS, BEATS = 0, 1, 2  # Annotation Group Numbers
LONGEST_TEXT = 1024
MOST_BEATS = 16_000  # one element of explicit length holds no more


def annotations(record: EcgRecord) -> list[Any]:
    """Return the items for what a device or reader made of the record; [] where it made nothing."""
    reading = record.device_reading
    items = [_statement(one.text) for one in reading.statements if one.text.strip()]
    items += [_measurement(one, record) for one in reading.measurements if math.isfinite(one.value)]
    positions = [
        round(second * record.sampling_rate_hz) + 1  # sample positions count from 1
        for second in reading.qrs_s
        if math.isfinite(second) and 0 <= second < record.seconds
    ]
    if positions:
        items.append(_beats(positions[:MOST_BEATS]))
    return items


def _item(group: int, channel: int = 0) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    # Group and channel from 1; channel 0 means all of the group (C.10.10.1).
    item.ReferencedWaveformChannels = [1, channel]
    item.AnnotationGroupNumber = group
    return item


def _statement(text: str) -> Any:
    item = _item(STATEMENTS)
    # ST allows line breaks as CR LF only (PS3.5 6.2).
    kept = "".join(char if char.isprintable() or char in "\n\r" else " " for char in text)
    item.UnformattedTextValue = kept.replace("\r\n", "\n").replace("\n", "\r\n")[:LONGEST_TEXT]
    return item


def _measurement(one: DeviceMeasurement, record: EcgRecord) -> Any:
    lead = record.lead_names.index(one.lead) + 1 if one.lead in record.lead_names else 0
    item = _item(MEASUREMENTS, lead)
    if one.name in WRITTEN:
        scheme, value, meaning, unit, unit_meaning = WRITTEN[one.name]
    else:
        scheme, meaning = OWN_SCHEME, one.name
        value = hashlib.sha256(one.name.encode()).hexdigest()[:12]
        unit, unit_meaning = UCUM_OF.get(one.unit, (one.unit or "1", one.unit or "no units"))
    item.ConceptNameCodeSequence = code(value, scheme, meaning)
    item.MeasurementUnitsCodeSequence = code(unit, "UCUM", unit_meaning)
    item.NumericValue = decimal(one.value)
    return item


def _beats(positions: list[int]) -> Any:
    item = _item(BEATS)
    value, scheme, meaning = BEAT_CODE
    item.ConceptNameCodeSequence = code(value, scheme, meaning)
    item.TemporalRangeType = "MULTIPOINT" if len(positions) > 1 else "POINT"
    item.ReferencedSamplePositions = positions
    return item
