"""The CSV that a watch's health app exports: one lead below a head of names and values, in any language.

The head's words are translated and its dates and numbers written as the phone's language has them, so that it is known
by its shape: the sampling rate is the value "512 hertz", the unit the value that is one of voltage, the lead the value
that names one; the others by their places. Known from published examples. There is no writer.
"""

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.ages import age_note
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.person import age_on
from ecgview.formats.kit.quantities import assumed_gain, millivolts_per
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.table_time import start_time
from ecgview.formats.kit.text import encoding_of
from ecgview.leads import KNOWN, canonical_name
from ecgview.record import Acquisition, DeviceReading, DeviceStatement, EcgRecord, ImportNote, Patient

NAME = "Watch CSV"
EXTENSIONS: tuple[str, ...] = (".csv",)
FACTS = Facts(
    known_from="published examples of a watch's health app",
    real_files="1",
    note="one lead below a head in any language",
)
LARGEST_FILE = 50_000_000
MOST_LINES = 40  # of the head
_PLACES = ("name", "birth", "recorded", "classification", "symptoms", "software", "device")  # then the rate
_RATE = re.compile(r"(\d{2,5}(?:[.,]\d+)?)\s*[^\W\d_]{2,12}\.?")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?")
_UNITS = {"мкв": "uV", "мв": "mV", "微伏": "uV", "毫伏": "mV", "マイクロボルト": "uV", "마이크로볼트": "uV"}
_BIRTH = (
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%Y年%m月%d日",
    "%Y/%m/%d",
)


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a file: its values by place, what is told by their shape, and where the samples begin."""

    values: tuple[tuple[str, str], ...]
    fs_hz: float
    lead: str
    unit: str
    first: int  # index of the first line of samples

    @property
    def told(self) -> dict[str, str]:
        """The values by ecgview's names where they stand at the places that are known."""
        place = next(i for i, (_, value) in enumerate(self.values) if _RATE.fullmatch(value))
        if place != len(_PLACES):
            return {}
        return {name: value for name, (_, value) in zip(_PLACES, self.values, strict=False)}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is such an export: a head of names and values, then bare numbers."""
    if path.suffix.lower() not in EXTENSIONS or (
        b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        return 0
    try:
        text = head.decode(encoding_of(path), errors="replace")
        return 0 if _head(text.splitlines(), path) is None else 80
    except FormatError:
        return 0


def peek(path: Path) -> RecordSummary:
    """Return what the head says; the duration needs the whole file and stays unknown."""
    with open(path, encoding=encoding_of(path), errors="replace") as file:
        lines = [line for line, _ in zip(file, range(MOST_LINES + 2), strict=False)]
    head = _required(lines, path)
    patient = _patient(head)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        patient,
        start_time(head.told.get("recorded", "")),
        1,
        head.fs_hz,
        None,
        False,
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the line that is no number."""
    if path.stat().st_size > LARGEST_FILE:
        raise FormatError(
            "file too large", where=str(path), expected="under 50 MB, as a watch records seconds"
        )
    lines = path.read_text(encoding=encoding_of(path), errors="replace").splitlines()
    head = _required(lines, path)
    values = []
    for number, line in enumerate(lines[head.first :], start=head.first + 1):
        text = line.strip().strip('";').strip()
        if not text:
            continue
        if not _NUMBER.fullmatch(text):
            raise FormatError("not a number", where=f"{path}: line {number}", found=text[:40])
        values.append(_number(text, f"{path}: line {number}"))
    scale = millivolts_per(head.unit) if head.unit else None
    notes: list[ImportNote] = [] if scale is not None else [assumed_gain([head.lead], "uV")]
    told, patient = head.told, _patient(head)
    classified = told.get("classification", "")
    return assemble(
        (np.array([values]) * (1e-3 if scale is None else scale)).astype(np.float32),
        [head.lead],
        head.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=Acquisition(
            start_time(told.get("recorded", "")),
            " ".join(part for part in ("watch", told.get("device", "")) if part),
            extra=_extra(head),
        ),
        device_reading=DeviceReading(statements=(DeviceStatement(classified),) if classified else ()),
        notes=[*notes, *age_note(patient, start_time(told.get("recorded", "")))],
    )


def _required(lines: list[str], path: Path) -> _Head:
    head = _head(lines, path)
    if head is None:
        raise FormatError(
            "no head of a watch's export",
            where=f"{path}: line 1",
            expected="names and values, one of them as '512 hertz'",
        )
    return head


def _head(lines: list[str], path: Path) -> _Head | None:
    """Return the head of an export; None where the lines are none."""
    pairs: list[tuple[str, str]] = []
    for place, line in enumerate(lines[:MOST_LINES]):
        text = line.strip()
        if not text:
            continue
        if _NUMBER.fullmatch(text.strip('";').strip()):
            return _described(pairs, place, path)
        try:
            cells = next(csv.reader([text], delimiter=";" if ";" in text and "," not in text else ","))
        except csv.Error:
            return None
        if len(cells) < 2:
            return None
        pairs.append((cells[0].strip(), ",".join(cells[1:]).strip()))
    return None


def _described(pairs: list[tuple[str, str]], first: int, path: Path) -> _Head | None:
    rate = next((match for _, value in pairs if (match := _RATE.fullmatch(value))), None)
    if rate is None or len(pairs) < 3:
        return None
    units = [_UNITS.get(value.lower(), value) for _, value in pairs]
    unit = next((one for one in units if millivolts_per(one) is not None), "")
    names = [canonical_name(value) for _, value in pairs]
    lead = next((name for name in names if name in KNOWN), "")
    if not (unit or lead):
        return None
    return _Head(tuple(pairs), _number(rate[1], f"{path}: sampling rate"), lead or "ECG", unit, first)


def _extra(head: _Head) -> dict[str, str]:
    """Return the fields of the head that have no place of their own, by the file's names."""
    kept = head.values[2:] if head.told else head.values  # name and date of birth are the patient's
    return {name: value for name, value in kept if value}


def _patient(head: _Head) -> Patient:
    told = head.told
    birth = _date(told.get("birth", ""))
    age = age_on(start_time(told.get("recorded", "")), birth) if birth else None
    return Patient(name=told.get("name", ""), age_years=age, birth_date=birth)


def _date(text: str) -> str:
    """Return a date of birth, ISO 8601; empty where it may be read in two ways, or is none."""
    for form in _BIRTH:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return ""


def _number(text: str, where: str) -> float:
    """Return a number written with a point or a comma; the last of both is the decimal one."""
    if "," in text and text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise FormatError("not a number", where=where, found=text[:40]) from None
