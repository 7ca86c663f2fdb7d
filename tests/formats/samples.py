"""Small files of formats that ecgview reads and does not write, and of all that it writes, with known content.

`SAMPLES[name](folder, rows, who)` writes an ECG: `rows` (12, samples) in whole steps of 5 uV at `RATE[name]` Hz, `who`
in every field that has room for a text of that length and tells of a person, a place or a device.
"""

import base64
import binascii
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

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
from ecgview.signal import echonext_scaling

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


def ishne(folder: Path, rows: Rows, who: str) -> Path:
    """Write an ISHNE Holter file of eight leads; names have room for 40 bytes."""
    stored = np.stack([rows[STANDARD_12.index(name)] for name in STORED_8], axis=1)
    name = who.encode("gb18030")

    def twelve(values: tuple[int, ...]) -> bytes:
        return struct.pack("<12h", *(values + (-9,) * 12)[:12])

    head = struct.pack("<iiiih", len(name), stored.shape[0], 522, 522 + len(name), 1)
    head += name.ljust(40, b"\0") * 2 + name[:20].ljust(20, b"\0")
    head += struct.pack("<2h3h3h", 2, 3, 5, 4, 1931, 29, 2, 2024) + struct.pack(
        "<3h3h", 29, 2, 2024, 8, 9, 10
    )
    head += struct.pack("<h", 8) + twelve((5, 6, 11, 12, 13, 14, 15, 16)) + twelve((1,) * 8)
    head += twelve((5000,) * 8) + struct.pack("<h", 5) + name.ljust(40, b"\0") + struct.pack("<h", 500)
    head += name.ljust(80, b"\0") * 2 + bytes(88)
    checksum = binascii.crc_hqx(head + name, 0xFFFF)
    path = folder / "sample_ishne.ecg"
    path.write_bytes(b"ISHNE1.0" + struct.pack("<H", checksum) + head + name + stored.astype("<i2").tobytes())
    return path


def mfer(folder: Path, rows: Rows, who: str) -> Path:
    """Write an MFER file of eight leads, big-endian, one block of each lead."""

    def tag(number: int, value: bytes, lead: bytes = b"") -> bytes:
        size = bytes([len(value)]) if len(value) < 128 else b"\x84" + struct.pack(">I", len(value))
        return bytes([number]) + lead + size + value

    stored = np.stack([rows[STANDARD_12.index(name)] for name in STORED_8])
    name = who.encode()
    raw = tag(0x40, b"MFR Standard 12 leads ECG".ljust(32)) + tag(0x01, b"\0") + tag(0x03, b"UTF-8")
    raw += tag(0x08, struct.pack(">H", 1)) + tag(0x0B, b"\x00\x00\x01\xf4") + tag(0x0C, b"\x00\xfa\x00\x05")
    raw += tag(0x04, struct.pack(">I", stored.shape[1])) + tag(0x05, struct.pack(">I", 8))
    raw += tag(0x06, struct.pack(">I", 1)) + tag(0x81, name) + tag(0x82, name)
    raw += tag(0x83, bytes([93]) + struct.pack(">HHBB", 90, 1931, 4, 5)) + tag(0x84, b"\x02")
    raw += (
        tag(0x85, struct.pack(">HBBBBBHH", 2024, 2, 29, 8, 9, 10, 0, 0)) + tag(0x17, name) + tag(0x16, name)
    )
    for number, code in enumerate((1, 2, 3, 4, 5, 6, 7, 8)):
        raw += tag(0x3F, tag(0x09, struct.pack(">H", code)), bytes([number]))
    raw += tag(0x1E, stored.astype(">i2").tobytes()) + b"\x80"
    path = folder / "sample.mwf"
    path.write_bytes(raw)
    return path


def matlab(folder: Path, rows: Rows, who: str) -> Path:
    """Write a MATLAB 5 file with rate, leads, units; only a comment can tell who."""
    path = folder / "sample.mat"
    told = {
        "val": rows * 5.0,
        "fs": 500.0,
        "units": "uV",
        "age": 93.0,
        "sex": "F",
        "name": who,
        "comment": who,
    }
    savemat(path, told)
    return path


def code15(folder: Path, rows: Rows, who: str) -> Path:
    """Write a CODE-15 part of one exam with its table; the published identifiers are numbers, here they are not."""
    path = folder / "exams_part0.hdf5"
    tracings = np.zeros((1, 4096, 12), dtype=np.float32)
    tracings[0, 48 : 48 + rows.shape[1]] = (rows * STEP_MV).T
    with h5py.File(path, "w") as file:
        file["tracings"], file["exam_id"] = tracings, np.array([1169160])
    table = f"exam_id,age,is_male,patient_id,trace_file\n1169160,93,False,{who},exams_part0.hdf5\n"
    (folder / "exams.csv").write_text(table, encoding="utf-8")
    return path


def echonext(folder: Path, rows: Rows, who: str) -> Path:
    """Write an EchoNext array of one ECG, always ten seconds, with its table."""
    path = folder / "EchoNext_val_waveforms.npy"
    whole = np.resize(rows.T, (2500, 12)) * STEP_MV
    np.save(path, echonext_scaling.normalised(whole[None])[:, None])
    table = f"patient_key,split,sex,age_at_ecg,location_setting\n{who},val,0,93,{who}\n"
    (folder / "EchoNext_metadata_100k.csv").write_text(table, encoding="utf-8")
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
    "ISHNE Holter": ishne,
    "MFER": mfer,
    "MATLAB": matlab,
    "CODE-15": code15,
    "EchoNext": echonext,
}
RATE = dict.fromkeys(SAMPLES, 500.0) | {"Contec ECG": 800.0, "CODE-15": 400.0, "EchoNext": 250.0}


def limb(rows: Rows) -> Rows:
    """Return rows whose computed limb leads follow from I and II, as carts store them."""
    made = rows.astype(np.int32)
    one, two = made[0], made[1]
    made[2], made[3], made[4], made[5] = two - one, -(one + two) // 2, one - two // 2, two - one // 2
    return made.astype(np.int16)
