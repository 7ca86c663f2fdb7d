"""WFDB records (PhysioNet): a text header with signal files in any storage format that wfdb reads."""

import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats import _metadata
from ecgview.formats._assemble import assemble
from ecgview.formats._quantise import quantise
from ecgview.formats._summary import RecordSummary
from ecgview.formats._wfdb_header import Header, described, read_header
from ecgview.record import EcgRecord, ImportNote, Signal

NAME = "WFDB"
EXTENSIONS: tuple[str, ...] = (".hea",)
WRITES = ".hea"
MOST_SAMPLES = 60_000_000  # over all leads: 240 MB as float32; longer records open at their beginning

_TO_MV = {
    "mv": 1.0,
    "millivolt": 1.0,
    "millivolts": 1.0,
    "uv": 1e-3,
    "µv": 1e-3,
    "μv": 1e-3,
    "nv": 1e-6,
    "v": 1e3,
}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a WFDB header."""
    if path.suffix.lower() != ".hea":
        return 0
    return 90 if b"\0" not in head else 5


def peek(path: Path) -> RecordSummary:
    """Return what the header says."""
    header = read_header(path)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        described(header)[0],
        described(header)[1].start_time,
        header.n_signals,
        header.fs_hz,
        None if header.n_samples is None else header.n_samples / header.fs_hz,
        _is_synthetic(header),
    )


def read(path: Path) -> EcgRecord:
    """Return the record behind a header; FormatError names the file and field that is wrong."""
    header = read_header(path)
    notes: list[ImportNote] = []
    limit = MOST_SAMPLES // header.n_signals
    stop = None
    if header.n_samples is not None and header.n_samples > limit:
        stop = limit
        notes.append(
            ImportNote(
                "duration",
                f"{header.n_samples / header.fs_hz / 3600:.1f} h recorded; the first "
                f"{stop / header.fs_hz / 60:.0f} min are open",
            )
        )
    signal, names, units, fs_hz = _samples(path, header, stop)
    signal, kept, unit_notes = _to_millivolts(signal, names, units, path)
    synthetic = _is_synthetic(header)
    patient, acquisition, reading = described(header)
    if synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    return assemble(
        signal,
        kept,
        fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=acquisition,
        notes=[*notes, *unit_notes],
        synthetic=synthetic,
        device_reading=reading,
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write `target`.hea and `target`.dat, 16 bit in the file's own step or 1 uV; return the header's path.

    Raises:
        FormatError: the name is not one that WFDB allows, or the file cannot be written.
    """
    import wfdb

    target = target.with_suffix("") if target.suffix in (".hea", ".dat") else target
    target = target.with_name(re.sub(r"[^A-Za-z0-9_-]+", "_", target.name))  # what a record name may hold
    comments = _comments(record)
    steps = quantise(record, str(target), may_have_gaps=True)
    n_leads = len(record.lead_names)
    try:
        wfdb.wrsamp(
            target.name,
            fs=record.sampling_rate_hz,
            units=["mV"] * n_leads,
            sig_name=list(record.lead_names),
            d_signal=steps.values.T,
            fmt=["16"] * n_leads,
            adc_gain=[1000.0 / steps.step_uv] * n_leads,
            baseline=[0] * n_leads,
            comments=comments,
            base_datetime=_moment(record.acquisition.start_time),
            write_dir=str(target.parent),
        )
    except Exception as error:  # wfdb raises what its parts raise; the user is told which file
        raise FormatError(f"cannot be written ({error})", where=str(target)) from None
    return target.with_suffix(".hea")


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return quantise(record, "", may_have_gaps=True).stated


def _comments(record: EcgRecord) -> list[str]:
    """Return age and sex as PhysioNet's own sets write them, then everything in ecgview's lines."""
    years, sex = record.patient.age_years, record.patient.sex
    comments = [f"Age: {years:g}"] if years is not None else []
    comments += [f"Sex: {sex.capitalize()}"] if sex else []
    comments += _metadata.lines(record)
    return [*comments, "synthetic: no patient was recorded"] if record.synthetic else comments


def _moment(start_time: str) -> datetime | None:
    """Return the time of a header's first line, which has no time zone; the exact text is in the comments."""
    try:
        return datetime.fromisoformat(start_time).replace(tzinfo=None) if "T" in start_time else None
    except ValueError:
        return None


def _is_synthetic(header: Header) -> bool:
    return any("synthetic" in comment.lower() for comment in header.comments)


def _samples(path: Path, header: Header, stop: int | None) -> tuple[Signal, list[str], list[str], float]:
    """Return (leads, samples) in the file's units, by way of wfdb on a checked copy of the header."""
    import wfdb

    folder = path.parent.resolve()
    _check_sizes(folder, header, path)
    with tempfile.TemporaryDirectory(prefix="ecgview-") as scratch:
        name = _stage(folder, header, path, Path(scratch))
        try:
            with np.errstate(all="ignore"):  # absurd gains overflow to what `assemble` takes as gaps
                read = wfdb.rdrecord(os.path.join(scratch, name), sampto=stop, m2s=True, smooth_frames=True)
        except FormatError:
            raise
        except Exception as error:  # wfdb raises what its parts raise; the user is told which file
            raise FormatError(f"the WFDB record cannot be decoded ({error})", where=str(path)) from None
    if read.p_signal is None or not read.p_signal.size:
        raise FormatError("holds no samples", where=str(path))
    with np.errstate(over="ignore"):
        signal = read.p_signal.T.astype(np.float32)
    names = [name or f"signal {number}" for number, name in enumerate(read.sig_name, 1)]
    return signal, names, list(read.units), float(read.fs)


def _stage(folder: Path, header: Header, path: Path, scratch: Path) -> str:
    """Put the repaired header and links to the files it names into a folder of our own; return the record's name there.

    Names with other letters than ASCII are replaced: the library does not find such files.
    """
    record_name = header.record_name if header.record_name.isascii() else "record"
    aliases = {
        name: name if name.isascii() else f"signal{number}{Path(name).suffix}"
        for number, name in enumerate(dict.fromkeys(header.file_names))
    }
    text = header.text
    if not header.n_segments:
        first, *lines = text.split("\n")
        lines = [_renamed(line, aliases) for line in lines]
        text = "\n".join([first.replace(header.record_name, record_name, 1), *lines])
    (scratch / f"{record_name}.hea").write_text(text, encoding="utf-8")
    for name, alias in aliases.items():
        if name == "~":
            continue
        if not header.n_segments:
            _link(folder / name, scratch / alias)
            continue
        inner = read_header(folder / f"{name}.hea") if (folder / f"{name}.hea").exists() else None
        if inner is None:
            raise FormatError("a segment is missing", where=f"{path}: segments", expected=f"{name}.hea")
        (scratch / f"{name}.hea").write_text(inner.text, encoding="utf-8")
        for part in dict.fromkeys(inner.file_names):
            if part != "~":
                _link(folder / part, scratch / part)
    return record_name


def _renamed(line: str, aliases: dict[str, str]) -> str:
    """Return a signal line with its file's other name; a comment stays."""
    name, space, rest = line.partition(" ")
    return f"{aliases.get(name, name)}{space}{rest}"


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        os.symlink(source, target)
    except OSError:
        import shutil

        shutil.copyfile(source, target)


def _check_sizes(folder: Path, header: Header, path: Path) -> None:
    """Raise FormatError when a signal file is missing or shorter than the header says."""
    if header.n_segments:
        return
    text_lines = [line.split() for line in header.text.splitlines()[1 : 1 + header.n_signals]]
    for name in dict.fromkeys(header.file_names):
        file = folder / name
        if not file.is_file():
            raise FormatError(
                "the signal file is missing", where=f"{path}: file name", expected=str(file.name)
            )
        size = file.stat().st_size
        if size == 0:
            raise FormatError("the signal file is empty", where=str(file))
        lines = [line for line in text_lines if line[0] == name]
        needed = _bytes_needed(lines, header.n_samples)
        if needed is not None and size < needed:
            raise FormatError(
                "the signal file is cut short",
                where=str(file),
                expected=f"{needed} bytes",
                found=f"{size} bytes",
            )


def _bytes_needed(lines: list[list[str]], n_samples: int | None) -> int | None:
    """Return the least size of a signal file; None where the storage format has no fixed size."""
    widths = {
        "80": 1.0,
        "212": 1.5,
        "16": 2.0,
        "61": 2.0,
        "160": 2.0,
        "24": 3.0,
        "32": 4.0,
        "310": 4 / 3,
        "311": 4 / 3,
    }
    if n_samples is None or not lines:
        return None
    total, offset = 0.0, 0
    for line in lines:
        code = line[1] if len(line) > 1 else ""
        base = code.split("x")[0].split(":")[0].split("+")[0]
        if base not in widths:
            return None
        frames, jump = re.search(r"x(\d{1,6})", code, re.ASCII), re.search(r"\+(\d{1,12})", code, re.ASCII)
        offset = int(jump[1]) if jump else offset
        total += widths[base] * (int(frames[1]) if frames else 1) * n_samples
    return int(total) + offset


def _to_millivolts(
    signal: Signal, names: list[str], units: list[str], path: Path
) -> tuple[Signal, list[str], list[ImportNote]]:
    """Return the leads in mV; signals of other quantities (pressure, respiration) are left out with a note."""
    rows, kept, notes = [], [], []
    for row, name, unit in zip(signal, names, units, strict=True):
        factor = _TO_MV.get((unit or "mV").strip().lower())
        if factor is None:
            notes.append(ImportNote("units", f"signal {name} left out: its unit {unit!r} is no voltage"))
            continue
        rows.append(row * np.float32(factor))
        kept.append(name)
    if not rows:
        raise FormatError("holds no lead in volts", where=f"{path}: units", found=", ".join(units)[:80])
    return np.stack(rows), kept, notes
