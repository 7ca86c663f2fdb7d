"""Small files of formats that ecgview reads and does not write, and of all that it writes, with known content.

`SAMPLES[name](folder, rows, who)` writes an ECG: `rows` (12, samples) in whole steps of 5 uV at `RATE[name]` Hz, `who`
in every field that has room for a text of that length and tells of a person, a place or a device.
"""

import base64
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import formats
from ecgview.leads import STANDARD_12
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)

Rows = NDArray[np.int16]
Builder = Callable[[Path, Rows, str], Path]
STEP_MV = 0.005
STORED_8 = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def record(rows: Rows, who: str, rate: float = 500.0) -> EcgRecord:
    """Return the record of rows, with `who` wherever a text can stand."""
    return EcgRecord(
        (rows * STEP_MV).astype(np.float32),
        STANDARD_12,
        rate,
        Patient(who, who, "female", 93.0, "1931-04-05"),
        Acquisition(
            "2024-02-29T08:09:10", who, 0.05, 150.0, 50.0, step_uv=5.0, extra={"Site": who, who: "room 5"}
        ),
        device_reading=DeviceReading(
            (DeviceMeasurement("heart_rate", 60.0, "bpm"), DeviceMeasurement("qt", 400.0, "ms")),
            (DeviceStatement(f"Sinus rhythm, seen by {who}", "SR"), DeviceStatement(who, who, "reader")),
        ),
    )


def _written(suffix: str) -> Builder:
    def build(folder: Path, rows: Rows, who: str) -> Path:
        return formats.writers()[suffix].write(record(rows, who), folder / f"sample{suffix}")

    return build


def _b64(values: NDArray[np.int16]) -> str:
    return base64.b64encode(values.astype("<i2").tobytes()).decode()


def muse(folder: Path, rows: Rows, who: str) -> Path:
    """Write GE MUSE XML: eight leads of 5 uV per bit."""
    leads = "".join(
        f"<LeadData><LeadByteCountTotal>{rows.shape[1] * 2}</LeadByteCountTotal>"
        f"<LeadSampleCountTotal>{rows.shape[1]}</LeadSampleCountTotal>"
        "<LeadAmplitudeUnitsPerBit>5</LeadAmplitudeUnitsPerBit>"
        "<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadOffsetFirstSample>0</LeadOffsetFirstSample>"
        f"<LeadSampleSize>2</LeadSampleSize><LeadID>{name}</LeadID>"
        f"<WaveFormData>{_b64(rows[STANDARD_12.index(name)])}</WaveFormData></LeadData>"
        for name in STORED_8
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG>'
        f"<MuseInfo><MuseVersion>9</MuseVersion></MuseInfo><PatientDemographics><PatientID>{who}</PatientID>"
        f"<PatientLastName>{who}</PatientLastName><PatientFirstName>{who}</PatientFirstName>"
        "<PatientAge>93</PatientAge><AgeUnits>YEARS</AgeUnits><DateofBirth>04-05-1931</DateofBirth>"
        "<Gender>FEMALE</Gender></PatientDemographics><TestDemographics><DataType>RESTING</DataType>"
        f"<SiteName>{who}</SiteName><LocationName>{who}</LocationName><AcquisitionDevice>{who}</AcquisitionDevice>"
        f"<AcquisitionTechLastName>{who}</AcquisitionTechLastName><OverreaderLastName>{who}</OverreaderLastName>"
        "<AcquisitionTime>08:09:10</AcquisitionTime><AcquisitionDate>02-29-2024</AcquisitionDate>"
        "</TestDemographics><RestingECGMeasurements><VentricularRate>60</VentricularRate>"
        "<QTInterval>400</QTInterval></RestingECGMeasurements><Diagnosis><DiagnosisStatement>"
        f"<StmtFlag>ENDSLINE</StmtFlag><StmtText>Sinus rhythm, seen by {who}</StmtText></DiagnosisStatement>"
        "</Diagnosis><Waveform><WaveformType>Rhythm</WaveformType><NumberofLeads>8</NumberofLeads>"
        "<SampleType>CONTINUOUS_SAMPLES</SampleType><SampleBase>500</SampleBase>"
        f"<SampleExponent>0</SampleExponent>{leads}</Waveform></RestingECG>"
    )
    return _text(folder / "sample_muse.xml", text)


def philips(folder: Path, rows: Rows, who: str) -> Path:
    """Write Philips XML 1.04 without compression."""
    text = (
        '<?xml version="1.0"?><restingecgdata xmlns="http://www3.medical.philips.com" status="New">'
        "<documentinfo><documentversion>1.04</documentversion></documentinfo>"
        f'<dataacquisition date="2024-02-29" time="08:09:10"><machine detaildescription="{who}">{who}</machine>'
        f"<acquirer><operatorid>{who}</operatorid><institutionname>{who}</institutionname></acquirer>"
        f"</dataacquisition><patient><generalpatientdata><patientid>{who}</patientid><name><lastname>{who}"
        f"</lastname><firstname>{who}</firstname></name><age><dateofbirth>1931-04-05</dateofbirth></age>"
        "<sex>Female</sex></generalpatientdata></patient><interpretations><interpretation><statement>"
        f"<statementcode>SR</statementcode><leftstatement>Sinus rhythm, seen by {who}</leftstatement>"
        '</statement></interpretation></interpretations><waveforms><parsedwaveforms dataencoding="Base64" '
        'leadlabels="I II III aVR aVL aVF V1 V2 V3 V4 V5 V6" numberofleads="12" samplespersecond="500" '
        f'resolution="5">{_b64(rows)}</parsedwaveforms></waveforms></restingecgdata>'
    )
    return _text(folder / "sample_philips.xml", text)


def cardiosoft(folder: Path, rows: Rows, who: str) -> Path:
    """Write CardioSoft XML with one strip."""
    waves = "".join(
        f'<WaveformData lead="{lead}">{",".join(map(str, row))}</WaveformData>'
        for lead, row in zip(STANDARD_12, rows, strict=True)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><CardiologyXML><ObservationType>RestECG</ObservationType>'
        "<ObservationDateTime><Hour>8</Hour><Minute>9</Minute><Second>10</Second><Day>29</Day><Month>2</Month>"
        f"<Year>2024</Year></ObservationDateTime><UID>{who}</UID><ClinicalInfo><ReasonForStudy>{who}"
        f"</ReasonForStudy><DeviceInfo><Desc>{who}</Desc></DeviceInfo></ClinicalInfo><PatientVisit>"
        f"<AssignedPatientLocation><Facility>{who}</Facility></AssignedPatientLocation></PatientVisit>"
        f"<PatientInfo><PID>{who}</PID><Name><FamilyName>{who}</FamilyName><GivenName>{who}</GivenName></Name>"
        f'<Age units="years">93</Age><Gender>FEMALE</Gender></PatientInfo><Interpretation><Diagnosis>'
        f"<DiagnosisText>Sinus rhythm, seen by {who}</DiagnosisText></Diagnosis></Interpretation>"
        '<StripData><NumberOfLeads>12</NumberOfLeads><SampleRate units="Hz">500</SampleRate>'
        f"<ChannelSampleCountTotal>{rows.shape[1]}</ChannelSampleCountTotal>"
        f'<Resolution units="uVperLsb">5</Resolution>{waves}</StripData></CardiologyXML>'
    )
    return _text(folder / "sample_cardiosoft.xml", text)


def contec(folder: Path, rows: Rows, who: str) -> Path:
    """Write Contec's .ECG, 800 Hz: II, III and V1 to V6 about 2048; a name has room for eight bytes."""
    stored = [rows[STANDARD_12.index(name)] for name in ("II", "III", "V1", "V2", "V3", "V4", "V5", "V6")]
    words = (np.stack(stored, axis=1).astype(np.int32) + 2048).astype("<u2")
    name = who.encode("gb18030")[:8].ljust(8, b"\0")
    header = b"0000011\0\0\0" + b"2024-02-29 08:09:10" + b"\0\0\0" + name
    path = folder / "0000011.ECG"
    path.write_bytes(header + struct.pack("BBB", 0, 61, 58) + words.tobytes() + bytes(37))
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


SAMPLES: dict[str, Builder] = {
    **{writer.NAME: _written(suffix) for suffix, writer in formats.writers().items()},
    "MUSE XML": muse,
    "Philips XML": philips,
    "CardioSoft XML": cardiosoft,
    "Contec ECG": contec,
}
RATE = {name: 800.0 if name == "Contec ECG" else 500.0 for name in SAMPLES}


def limb(rows: Rows) -> Rows:
    """Return rows whose computed limb leads follow from I and II, as carts store them."""
    made = rows.astype(np.int32)
    one, two = made[0], made[1]
    made[2], made[3], made[4], made[5] = two - one, -(one + two) // 2, one - two // 2, two - one // 2
    return made.astype(np.int16)


def told(path: Path, who: str) -> EcgRecord:
    """Return the record of a sample with `who` in its path, too."""
    found = formats.read(path)
    return replace(found, source=replace(found.source, path=f"/ward/{who}/{path.name}"))
