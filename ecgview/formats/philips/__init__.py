"""Philips XML ("restingecgdata", schemas 1.03, 1.04, 1.04.01) of PageWriter, IntelliSpace ECG and HeartStart MRx.

Known from the schemas, which other projects publish with their notes (resolution in uV, all samples of a lead together,
"Plain", "Base64" or "Hex"), from public descriptions of its compression (see `xli`), and from real files of
three devices. Uncompressed samples are taken as the leads' own, as the schema says; no real file has shown any.
Waveforms in other files (`unparsedwaveforms`) and vectorcardiograms are not read. There is no writer.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import FormatError
from ecgview.formats.kit import person as _person
from ecgview.formats.kit import xml
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.xml import every, find, text
from ecgview.formats.kit.xml_fields import fields
from ecgview.formats.philips.reading import measurements, number, statements
from ecgview.formats.philips.waveforms import layout, representative_beat, rhythm
from ecgview.leads import distinct_names, with_derived
from ecgview.record import Acquisition, DeviceReading, EcgRecord, ImportNote, Patient

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "Philips XML"
EXTENSIONS: tuple[str, ...] = (".xml",)
FACTS = Facts(
    known_from="published schemas; public descriptions of XLI; real files",
    real_files="3 (PageWriter TC, PageWriter Touch, HeartStart MRx)",
    note="schemas 1.03, 1.04, 1.04.01; XLI or uncompressed; the calibration pulse behind the ECG is cut off",
)
VERSIONS = ("1.03", "1.04", "1.04.01", "1.04.02")


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is Philips XML: by its root element."""
    return 95 if xml.root_name(head) == "restingecgdata" else 0


def peek(path: Path) -> RecordSummary:
    """Return what stands in the header; the duration is unknown until the calibration pulse is found."""
    root = _checked(xml.parse_head(path, "waveforms", "parsedwaveforms"), path)
    how = layout(root, path)
    acquired = find(root, "dataacquisition")
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        _patient(root, []),
        _start(acquired),
        len(with_derived(distinct_names([label.removeprefix("-") for label in how.names])[0])),
        how.fs_hz,
        None,
        _is_synthetic(root),
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file and the field that is wrong."""
    root = _checked(xml.parse(path), path)
    how = layout(root, path)
    signal, names, notes = rhythm(root, how, path)
    version = text(root, "documentinfo/documentversion")
    if version not in VERSIONS:
        notes.append(
            ImportNote("header", f"schema {version[:20] or 'unknown'}; known are {', '.join(VERSIONS)}")
        )
    used = [one for one in root.iter() if xml.name(one) in ("parsedwaveforms", "waveform")]
    used += every(root, "waveforms/repbeats/repbeat")
    used += every(root, "waveforms/leadwaveforms/leadwaveform")
    patient = _patient(root, used)
    reading = DeviceReading(measurements(root, used), statements(root, used), representative_beat(root, path))
    return assemble(
        signal,
        names,
        how.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=_acquisition(root, how.step_uv, used),
        notes=notes,
        synthetic=_is_synthetic(root),
        device_reading=reading,
    )


def _checked(root: "Element", path: Path) -> "Element":
    if xml.name(root) != "restingecgdata":
        raise FormatError(
            "not Philips XML", where=f"{path}: root", expected="restingecgdata", found=xml.name(root)[:40]
        )
    return root


def _is_synthetic(root: "Element") -> bool:
    said = [text(root, "documentinfo/comments"), text(root, "dataacquisition/machine")]
    return any("synthetic" in one.lower() for one in said)


def _patient(root: "Element", used: list["Element"]) -> Patient:
    person = find(root, "patient/generalpatientdata")
    if person is None:
        return Patient()
    parts = [find(person, f"name/{key}") for key in ("lastname", "firstname", "middlename")]
    number_, sex, born = (find(person, key) for key in ("patientid", "sex", "age/dateofbirth"))
    used.extend(one for one in (*parts, number_) if one is not None)
    birth_date = _person.iso_date(text(born))
    if birth_date and born is not None:
        used.append(born)
    known = {"male": "male", "female": "female"}.get(text(sex).lower(), "")
    if known and sex is not None:
        used.append(sex)
    return Patient(
        text(number_), _person.full_name(*map(text, parts)), known, _age(root, person, birth_date), birth_date
    )


def _age(root: "Element", person: "Element", birth_date: str) -> float | None:
    """Return the age as stated, or at the recording; the default that the analysis assumed is no age."""
    for unit in _person.PER_YEAR:
        stated = _person.age_in_years(number(text(person, f"age/{unit}")), unit)
        if stated is not None:
            return stated
    return _person.age_on(_start(find(root, "dataacquisition")), birth_date)


def _acquisition(root: "Element", step_uv: float, used: list["Element"]) -> Acquisition:
    acquired = find(root, "dataacquisition")
    waves = find(root, "waveforms/parsedwaveforms")
    signal = find(root, "dataacquisition/signalcharacteristics")
    band = re.fullmatch(r"\s*([\d.]+)\s*-\s*([\d.]+)\s*", text(signal, "signalbandwidth"))  # 1.03

    def stated(key: str) -> str:
        return (waves.get(key, "") if waves is not None else "") or text(signal, key)

    high, low = (
        number(stated(key) or (band[k] if band else "")) for k, key in ((1, "hipass"), (2, "lowpass"))
    )
    notch = (
        number((stated("notchfilterfreqs").split() or [""])[0]) if stated("notchfiltered") == "True" else None
    )
    machine = find(root, "dataacquisition/machine")
    if machine is not None and text(machine):
        used.append(machine)
    return Acquisition(
        _start(acquired),
        text(machine),
        high or None,
        low or None,
        notch or None,
        step_uv=step_uv,
        extra=fields(root, used, label="leadname"),
    )


def _start(acquired: "Element | None") -> str:
    if acquired is None:
        return ""
    day, clock = _person.iso_date(acquired.get("date", "")), acquired.get("time", "").strip()
    return f"{day}T{clock}" if day and re.fullmatch(r"\d{2}:\d{2}:\d{2}(\.\d+)?", clock) else day
