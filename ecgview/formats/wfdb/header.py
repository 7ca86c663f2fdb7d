"""WFDB headers: repaired where old tools wrote them loosely, checked before anything is opened."""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.kit import metadata, person
from ecgview.formats.kit.quantities import millivolts_per
from ecgview.formats.kit.text import decode
from ecgview.record import Acquisition, DeviceReading, Patient

LARGEST_HEADER = 1_000_000
FASTEST_HZ = 100_000
LONGEST_NAME = 200
MOST_SIGNALS = 256  # the library takes milliseconds for each
USUAL_GAIN = 200.0  # steps per mV where a header states none (header(5), DEFGAIN)
_GAINS = (1e-9, 1e12)  # steps per unit, whatever that is: far beyond any converter
_STORED = re.compile(r"(16|212)(x\d{1,6})?(\+\d{1,12})?", re.ASCII)  # no ":skew"
_PLAIN_GAIN = re.compile(
    r"-?\d{1,15}(\.\d{0,15})?(e[+-]?\d{1,2})?(\((?P<baseline>-?\d{1,10})\))?(/.*)?", re.ASCII
)
_WHOLE = re.compile(r"-?\d{1,10}", re.ASCII)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AGE = re.compile(
    r"<?\bage\b>?\s*(?:\([^)\n]{0,20}\))?\s*[:=]?\s*(\d+(?:\.\d+)?)[ \t-]*(y\w*|months?|mo|weeks?|wk|days?|d)?\b",
    re.IGNORECASE,
)
_NUMBER_OF_AGE = re.compile(
    r"<?\bage(?:_years)?\b>?\s*(?:\([^)\n]{0,20}\))?\s*[:=]\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE
)
_SEX = re.compile(r"<?\b(?:sex|gender)\b>?\s*[:=]?\s*(male|female|man|woman|m|f|w)\b", re.IGNORECASE)
_MIT = re.compile(r"(\d{1,3})\s*([MF])(?:\s+[\d-]|\s*$)")
_PERIODS = {"y": "years", "m": "months", "w": "weeks", "d": "days"}
_MONTHS = {name: i + 1 for i, name in enumerate(_MONTH_NAMES)}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a signal's steps become its unit: (step - baseline) / gain."""

    gain: float
    baseline: int


@dataclass(frozen=True, slots=True)
class SignalLine:
    """What one line of a header says of its signal."""

    file_name: str
    storage: str  # the number of the storage format
    per_frame: int  # samples of this signal per frame
    offset: int  # bytes before the first sample of its file
    gain: float | None  # steps per unit; None where none is stated
    unit: str  # as the header has it; "" is the mV of the standard
    name: str  # "" where the line has none
    scale: Scale | None  # of a line in plain format 16 or 212; other lines are the library's


@dataclass(frozen=True, slots=True)
class Header:
    """The parts of a header that are needed before the samples are read."""

    record_name: str
    n_segments: int
    n_signals: int
    fs_hz: float
    n_samples: int | None
    start_time: str  # ISO 8601 or ""
    file_names: tuple[str, ...]  # signal files, or names of segments
    signals: tuple[SignalLine, ...]  # of a single segment
    comments: tuple[str, ...]
    text: str  # with the first line in the form that every reader understands
    repaired: bool  # whether `text` differs from the file in what the library looks at


def read_header(path: Path) -> Header:
    """Return the header; FormatError names the line and what was expected there."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    if len(raw) > LARGEST_HEADER:
        raise FormatError(
            "header too large", where=str(path), expected="under 1 MB", found=f"{len(raw)} bytes"
        )
    text = decode(raw)
    lines = [line.strip() for line in text.splitlines()]
    body = [line for line in lines if line and not line.startswith("#")]
    comments = tuple(line.lstrip("# ").strip() for line in lines if line.startswith("#"))
    if not body:
        raise FormatError("the header has no record line", where=str(path))
    name, n_segments, n_signals, fs_hz, n_samples, start, first_line = _record_line(body[0], path)
    listed = n_segments or n_signals
    if len(body) - 1 < listed:
        raise FormatError(
            "the header is cut short",
            where=f"{path}: signal lines",
            expected=str(listed),
            found=str(len(body) - 1),
        )
    entries = [line.split(None, 8) for line in body[1 : 1 + listed]]
    named = [entry[0] for entry in entries]
    files = tuple(_plain_file(entry[0], path) for entry in entries)
    _refuse_outside(files, path)
    entries = [[file, *entry[1:]] for file, entry in zip(files, entries, strict=True)]
    return Header(
        name,
        n_segments,
        n_signals,
        fs_hz,
        n_samples,
        start,
        files,
        () if n_segments else tuple(_signal_line(entry, path) for entry in entries),
        comments,
        "\n".join([first_line, *map(" ".join, entries), *(f"# {line}" for line in comments)]) + "\n",
        first_line != " ".join(body[0].split()) or list(files) != named or not text.isascii(),
    )


def _record_line(line: str, path: Path) -> tuple[str, int, int, float, int | None, str, str]:
    parts = line.split()
    where = f"{path}: record line"
    if len(parts) < 2:
        raise FormatError(
            "incomplete record line", where=where, expected="name signals [rate [samples]]", found=line
        )
    name, _, segments = parts[0].partition("/")
    if segments and not segments.isdecimal():  # a path from a set's root: only its last part is the name
        folders, _, name = parts[0].rpartition("/")
        segments = ""
        if ".." in folders.split("/"):
            raise FormatError("not a record name", where=where, found=parts[0][:60])
    if not re.fullmatch(r"[\w.-]{1,100}", name):
        raise FormatError("not a record name", where=where, found=parts[0][:60])
    try:
        n_segments = int(segments) if segments else 0
        n_signals = int(parts[1])
        fs_hz = float(re.split(r"[/(]", parts[2])[0]) if len(parts) > 2 else 250.0
        n_samples = int(parts[3]) if len(parts) > 3 else None
    except ValueError:
        raise FormatError(
            "not a number", where=where, expected="name signals rate samples", found=line[:80]
        ) from None
    n_samples = n_samples or None  # 0 says no more than nothing: what is in the file counts
    if n_samples is not None and n_samples < 0:
        raise FormatError("impossible number of samples", where=where, found=parts[3])
    if not 0 < fs_hz <= FASTEST_HZ:
        raise FormatError(
            "impossible sampling rate", where=where, expected=f"above 0, to {FASTEST_HZ:,} Hz", found=parts[2]
        )
    if not 0 <= n_signals <= MOST_SIGNALS or n_segments < 0 or n_segments > 100_000:
        raise FormatError("impossible number of signals", where=where, found=parts[1])
    if n_signals == 0:
        raise FormatError("the record holds no signal", where=where)
    start = _start_time(parts[4:])
    name = name.partition(".")[0]  # some challenge headers carry the signal file's extension here
    clean = [f"{name}/{segments}" if segments else name, parts[1], parts[2] if len(parts) > 2 else "250"]
    if n_samples is not None:
        clean.append(str(n_samples))
    return name, n_segments, n_signals, fs_hz, n_samples, start, " ".join(clean)


def _start_time(parts: list[str]) -> str:
    """Return ISO time from "HH:MM:SS dd/mm/yyyy", or the older "dd-Mon-yyyy HH:MM:SS"."""
    clock = next((p for p in parts if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?", p)), "")
    day = next((p for p in parts if re.fullmatch(r"\d{1,2}[/-](\d{1,2}|[A-Za-z]{3})[/-]\d{4}", p)), "")
    iso = next((p for p in parts if re.fullmatch(r"\d{4}-\d{2}-\d{2}", p)), "")
    if not day and not iso:
        return clock
    year, month, date = iso.split("-") if iso else reversed(re.split(r"[/-]", day))
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
    if not 1 <= number <= 12 or not 1 <= int(date) <= 31:
        return clock
    iso = f"{year}-{number:02d}-{int(date):02d}"
    return f"{iso}T{clock.zfill(8) if clock.count(':') == 2 else clock}" if clock else iso


def _signal_line(entry: list[str], path: Path) -> SignalLine:
    code = entry[1] if len(entry) > 1 else ""
    frames, jump = re.search(r"x(\d{1,6})", code, re.ASCII), re.search(r"\+(\d{1,12})", code, re.ASCII)
    gain, unit = _gain_field(entry, path)
    return SignalLine(
        entry[0],
        re.split(r"[x:+]", code)[0],
        max(1, int(frames[1])) if frames else 1,
        int(jump[1]) if jump else 0,
        gain,
        unit,
        entry[8].strip() if len(entry) > 8 else "",
        _plain_scale(entry),
    )


def _plain_scale(entry: list[str]) -> Scale | None:
    """Return the scale of a line in plain format 16 or 212; None where it asks for more than `steps` reads."""
    if len(entry) < 2 or not _STORED.fullmatch(entry[1]):
        return None
    found = _PLAIN_GAIN.fullmatch(entry[2]) if len(entry) > 2 else None
    if len(entry) > 2 and found is None:
        return None
    if any(not _WHOLE.fullmatch(part) for part in entry[3:5]):
        return None
    gain = float(re.split(r"[(/]", entry[2])[0]) if found else 0.0
    stated = found["baseline"] if found else None
    # Without a baseline the zero of the converter is the zero of the unit (header(5)).
    baseline = int(stated) if stated else int(entry[4]) if len(entry) > 4 else 0
    return Scale(gain or USUAL_GAIN, baseline)


def _gain_field(entry: list[str], path: Path) -> tuple[float | None, str]:
    """Return (gain per unit, unit) of a signal line; a missing gain or unit is None or ""."""
    if len(entry) < 3:
        return None, ""
    number, _, unit = entry[2].partition("/")
    try:
        gain = float(number.split("(")[0])
    except ValueError:
        raise FormatError("not a number", where=f"{path}: gain of {entry[-1]}", found=entry[2][:40]) from None
    is_endless = math.isinf(gain) and any(
        map(str.isdigit, number)
    )  # 1e999; the word "inf" is no number at all
    if not gain or (not math.isfinite(gain) and not is_endless):
        is_voltage = millivolts_per(unit) is not None  # of which WFDB's usual steps are of the mV
        return None, "" if is_voltage else unit
    if not _GAINS[0] <= abs(gain) <= _GAINS[1]:  # every sample would be 0, or none a number
        raise FormatError(
            "no converter has such a gain",
            where=f"{path}: gain of {entry[-1]}",
            expected=f"{_GAINS[0]:g} to {_GAINS[1]:g}",
            found=entry[2][:40],
        )
    return gain, unit


def _plain_file(name: str, path: Path) -> str:
    """Return the file's own name of "records100/00001_hr.dat": PhysioNet writes paths from a set's root.

    Only the record's own folder is ever looked into; what leads upwards or is absolute is refused as it stands.
    """
    parts = re.split(r"[/\\]", name)
    is_path = len(parts) > 1 and len(name) <= LONGEST_NAME and all(parts) and parts[-1] != "."
    return name if not is_path or {"..", "~"} & set(parts) or ":" in name else parts[-1]


def _refuse_outside(names: tuple[str, ...], path: Path) -> None:
    """Raise FormatError when a header names a file outside its own folder."""
    folder = path.parent.resolve()
    for name in dict.fromkeys(names):
        if name == "~":
            continue  # a gap between segments
        odd = (
            len(name) > LONGEST_NAME
            or not name.isprintable()
            or any(sign in name for sign in "/\\:")
            or name in ("..", "-")
        )
        if odd or (folder / name).resolve().parent != folder:
            raise FormatError(
                "names a file outside the record's folder",
                where=f"{path}: file name",
                expected="a plain file name",
                found=name[:80],
            )
        if (folder / name).is_fifo():  # who opens one waits until somebody writes
            raise FormatError(
                "names a pipe", where=f"{path}: file name", expected="a plain file", found=name[:80]
            )


def described(header: Header) -> tuple[Patient, Acquisition, DeviceReading]:
    """Return what the comments say: ecgview's own lines where there are some, else "Age: 63", "Sex: Male" and the rest.

    The gain is the step where all leads share one and its unit is the mV.
    """
    told = metadata.told(header.comments)
    own = Acquisition(start_time=header.start_time, step_uv=_step_uv(header))
    if not told.found:
        return _patient(header), replace(own, extra=_fields(header)), DeviceReading()
    acquisition = told.acquisition
    return (
        told.patient,
        replace(
            acquisition,
            start_time=acquisition.start_time or own.start_time,
            step_uv=acquisition.step_uv or own.step_uv,
        ),
        told.device_reading,
    )


def _step_uv(header: Header) -> float | None:
    """Return microvolts per step; a missing gain is WFDB's 200 steps per mV, which says nothing."""
    leads = [one for one in header.signals if one.unit.lower() in ("mv", "")]
    gains = {one.gain for one in leads}
    if len(gains) != 1 or None in gains:
        return None
    gain = float(gains.pop() or 0.0)
    return round(1000.0 / gain, 9) if gain > 0 else None


def stated_age(header: Header) -> str:
    """Return the age as a comment has it, "" where none states a number."""
    found = _NUMBER_OF_AGE.search("\n".join(header.comments))
    return found[1] if found else ""


def _patient(header: Header) -> Patient:
    """Return sex and age from "Age: 63" / "Sex: Male" comments, "<age>: 63 <sex>: M", or MIT's "69 M 1085 1629 x1"."""
    text = "\n".join(header.comments)
    age, sex = _AGE.search(text), _SEX.search(text)
    oldest = next((found for comment in header.comments if (found := _MIT.match(comment))), None)
    years = person.age_in_years(float(age[1]), _PERIODS[(age[2] or "y")[0].lower()]) if age else None
    if oldest and not age:
        years = float(oldest[1])
    letter = sex[1] if sex else oldest[2] if oldest else ""
    return Patient(
        patient_id=header.record_name,
        sex={"m": "male", "f": "female", "w": "female"}.get(letter[:1].lower(), ""),
        age_years=years if years is not None and 0 <= years <= 125 else None,
    )


def _fields(header: Header) -> dict[str, str]:
    """Return every "Name: value" comment as it stands."""
    pairs = (comment.partition(":") for comment in header.comments)
    return {key.strip().strip("<>"): value.strip() for key, colon, value in pairs if colon and key.strip()}
