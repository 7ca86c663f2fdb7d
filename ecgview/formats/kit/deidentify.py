"""A record that can be shared: what says who, where or when is gone; what the ECG needs to be read stays.

Kept: samples, leads, rate, filters, sex, age (90 and over as 90), device measurements that are numbers, median beat.
Dropped: names, identifiers, birth date, recording time, device, site, operator, statements and other free text, every
field that ecgview does not know, the path (P1, P2 of the conventions; HIPAA Safe Harbor's list of identifiers).
"""

import re
from dataclasses import replace

from ecgview.formats.kit.scp_leads import NAMES
from ecgview.leads import EXTRA, STANDARD_12
from ecgview.record import (
    DEVICE_MEASUREMENTS,
    EDITED_BY_HAND,
    GAIN,
    GAIN_DOUBT,
    GAIN_FIELD,
    MEASURED_BY,
    WHAT_IF,
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    ImportNote,
    Patient,
    Source,
)

OLDEST = 90.0
LEADS = frozenset((*STANDARD_12, *EXTRA, *NAMES.values(), "A", "ECG", "EKG", "FECG"))
_NUMBERED = re.compile(
    r"(?:(?:ECG|EKG|FECG|lead|signal|channel|bipolar|SCP lead) ?|(?P<lead>[\w-]{1,6}) )\d{1,2}"
)
_GAIN = f"{GAIN_DOUBT}; amplitudes may be wrong"  # which calibration was taken may name anything
_SAYS = {
    GAIN: _GAIN,
    "header": "the header of the file was not as expected",
    "units": "signals of other units or quantities, or amplitudes to be checked",
    "rates": "signals of another rate were left out",
    "missing-lead": "leads were left out or not recorded",
    "lead-names": "leads of one name were numbered",
    "age": "an age that is no person's was not used",
    "subjects": "age or sex not from the file",
    "duration": "not all of the recording is shown",
    "part": "not all of the recording is shown",
    "derived": "limb leads computed",
    "einthoven": "the limb leads do not agree with each other",
    "clipping": "samples at the limit of the recorder",
    "flat": "a flat lead",
    "nan": "gaps in the signal",
    "synthetic": "synthetic",
}
UNITS = frozenset(("ms", "s", "bpm", "deg", "mV", "uV", "Hz", ""))


def deidentified(record: EcgRecord, study_id: str = "") -> EcgRecord:
    """Return the record without what identifies a person; `study_id` takes the place of the patient's."""
    record = _named_by_list(record)
    age = record.patient.age_years
    kept = record.acquisition
    reading = record.device_reading
    return replace(
        record,
        patient=Patient(
            patient_id=study_id,
            sex=record.patient.sex if record.patient.sex in ("male", "female") else "",
            age_years=None if age is None else min(float(int(age)), OLDEST),
        ),
        acquisition=Acquisition(
            highpass_hz=kept.highpass_hz,
            lowpass_hz=kept.lowpass_hz,
            notch_hz=kept.notch_hz,
            derived_leads=kept.derived_leads,
            step_uv=kept.step_uv,
            extra={GAIN_FIELD: _GAIN} if record.gain_doubt else {},
        ),
        source=Source("", record.source.format, record.source.sha256),
        notes=_notes(record),
        device_reading=DeviceReading(
            tuple(one for one in reading.measurements if _is_plain(one)),
            _whose(reading),
            reading.median,
            reading.qrs_s,
        ),
    )


def _whose(reading: DeviceReading) -> tuple[DeviceStatement, ...]:
    """Return that ecgview made it, in words of ours: without them its values would be taken for a device's."""
    if not reading.ecgview:
        return ()
    edited = f" Some values are {EDITED_BY_HAND}." if reading.edited else ""
    return (DeviceStatement(f"{MEASURED_BY.format(reading.ecgview)}{edited}"),)


def _notes(record: EcgRecord) -> tuple[ImportNote, ...]:
    """Return each kind of note once in words of ours; that it is a what-if is said in such words already (T7)."""
    kinds = dict.fromkeys(note.kind for note in record.notes if note.kind != WHAT_IF)
    what_if = (ImportNote(WHAT_IF, note.text) for note in record.notes if note.kind == WHAT_IF)
    return (*(ImportNote(kind, _said(kind)) for kind in kinds), *what_if)


def _said(kind: str) -> str:
    """Return what a note of a kind says once the words of the file are gone."""
    return _SAYS.get(kind, f"a note on the file ({kind})")


def _is_plain(one: DeviceMeasurement) -> bool:
    """Return whether name, unit and lead are words of ours, none of which can tell of a person."""
    return one.name in DEVICE_MEASUREMENTS and one.unit in UNITS and (not one.lead or _is_lead(one.lead))


def _named_by_list(record: EcgRecord) -> EcgRecord:
    """Return the record with numbers in place of lead names that ecgview does not know: they may be anything."""
    names = _names(record.lead_names)
    median = record.device_reading.median
    reading = record.device_reading
    if median is not None:
        reading = replace(reading, median=replace(median, lead_names=_names(median.lead_names)))
    derived = tuple(name for name in record.acquisition.derived_leads if _is_lead(name))
    acquisition = replace(record.acquisition, derived_leads=derived)
    return replace(record, lead_names=names, device_reading=reading, acquisition=acquisition)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    kept = {name for name in names if _is_lead(name)}
    free = (one for number in range(1, 2 * len(names) + 1) if (one := f"lead {number}") not in kept)
    made = [name if name in kept else next(free) for name in names]
    return tuple(made)


def _is_lead(name: str) -> bool:
    """Return whether a name is a lead's, or a number behind one ("ECG1", "signal 3", "II 2")."""
    numbered = _NUMBERED.fullmatch(name)
    return name in LEADS or bool(numbered and numbered["lead"] in (None, *LEADS))
