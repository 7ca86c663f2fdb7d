"""A record that can be shared: what says who, where or when is gone; what the ECG needs to be read stays.

Kept: samples, leads, rate, filters, sex, age (90 and over as 90), device measurements that are numbers, median beat.
Dropped: names, identifiers, birth date, recording time, device, site, operator, statements and other free text, every
field that ecgview does not know, the path (P1, P2 of the conventions; HIPAA Safe Harbor's list of identifiers).
"""

from dataclasses import replace

from ecgview.record import (
    DEVICE_MEASUREMENTS,
    Acquisition,
    DeviceReading,
    EcgRecord,
    ImportNote,
    Patient,
    Source,
)

OLDEST = 90.0


def deidentified(record: EcgRecord, study_id: str = "") -> EcgRecord:
    """Return the record without what identifies a person; `study_id` takes the place of the patient's."""
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
        ),
        source=Source("", record.source.format, record.source.sha256),
        notes=tuple(ImportNote(note.kind, note.kind, note.leads) for note in record.notes),
        device_reading=DeviceReading(
            tuple(one for one in reading.measurements if one.name in DEVICE_MEASUREMENTS),
            (),
            reading.median,
            reading.qrs_s,
        ),
    )
