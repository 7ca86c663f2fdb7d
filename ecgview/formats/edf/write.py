"""Writing EDF+C by way of edfio: one step for all leads, limits that eight characters hold exactly."""

import math
import os
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit import metadata
from ecgview.formats.kit.quantise import Steps, quantise
from ecgview.record import EcgRecord

LARGEST_RECORD = 61_440  # bytes of a data record that the specification recommends as the most
MOST_UV = 1e7  # seven digits and a sign
_USUAL = (
    32767,
    32760,
    32700,
    32500,
    32000,
    30000,
    25000,
    20000,
    16384,
    10000,
    8192,
    5000,
    4096,
    2048,
    1024,
    1000,
)


def write(record: EcgRecord, target: Path) -> Path:
    """Write an EDF+C file and return its path.

    Raises:
        FormatError: the record has gaps, or the file cannot be written.
    """
    target = target if target.suffix.lower() == ".edf" else target.with_name(f"{target.name}.edf")
    steps = quantise(record, str(target), may_have_gaps=False)
    if steps.step_uv * 32767 >= MOST_UV:
        raise FormatError("the amplitudes are too large for EDF", where=str(target), expected="under 10 V")
    try:
        made = _made(record, steps)
        _replace(target, made)
    except (ValueError, OSError) as error:
        raise FormatError(f"cannot be written ({error})", where=str(target)) from None
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    steps = quantise(record, "", may_have_gaps=False)
    limit, text = _limits(steps)
    off = abs(float(Decimal(text) / limit) - steps.step_uv) * limit
    return (
        steps.stated
        if off < 1e-6
        else f"{steps.stated}; the range has eight characters: at most {off:.3g} µV more"
    )


def _made(record: EcgRecord, steps: Steps) -> Any:
    """Return edfio's object for a record."""
    import edfio

    limit, text = _limits(steps)
    duration_s, fs_hz = _duration(record.n_samples, record.sampling_rate_hz, len(record.lead_names))
    signals = [
        edfio.EdfSignal.from_digital(
            np.ascontiguousarray(row),
            fs_hz,
            label=name[:16] if name.isascii() else f"lead {k + 1}",
            physical_dimension="uV",
            physical_range=(-_plain(text), _plain(text)),
            digital_range=(-limit, limit),
            prefiltering=_prefilter(record),
        )
        for k, (name, row) in enumerate(zip(record.lead_names, steps.values, strict=True))
    ]
    moment = _moment(record.acquisition.start_time)
    return edfio.Edf(
        signals,
        patient=_patient(record),
        recording=_recording(record, moment),
        starttime=moment.time() if moment else time(),
        data_record_duration=duration_s,
        annotations=[edfio.EdfAnnotation(0, None, text) for text in _annotations(record)],
    )


def _limits(steps: Steps) -> tuple[int, str]:
    """Return the largest step that the header names, and its microvolts: exact in eight characters if that can be."""
    peak = max(1, int(np.abs(steps.values.astype(np.int32)).max()))
    exact = Decimal(repr(steps.step_uv))
    for limit in (*_USUAL, *range(32767, peak - 1, -1)):
        text = format((exact * limit).normalize(), "f")
        if limit >= peak and len(text) <= 7:
            return limit, text
    return 32767, f"{steps.step_uv * 32767:.{max(0, 6 - len(str(int(steps.step_uv * 32767))))}f}"[:7].rstrip(
        "."
    )


def _plain(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _duration(n_samples: int, fs_hz: float, n_leads: int) -> tuple[float, float]:
    """Return the seconds of a data record and the rate that they stand for.

    Whole seconds where they fit, else what gives the rate exactly, else the nearest that eight characters hold.
    """
    most = max(1, LARGEST_RECORD // (2 * n_leads))
    divisors = [k for k in range(1, math.isqrt(n_samples) + 1) if n_samples % k == 0]
    sizes = sorted({*divisors, *(n_samples // k for k in divisors)}, key=lambda size: (size > most, -size))
    told = [(size, size / fs_hz) for size in sizes]
    whole = [seconds for size, seconds in told if size <= most and seconds.is_integer()]
    exact = [seconds for size, seconds in told if _fits(seconds, size, fs_hz)]
    if whole or exact:
        return (whole or exact)[0], fs_hz
    seconds = n_samples / fs_hz
    near = round(seconds, 7 - len(str(int(seconds))))
    return near, n_samples / near


def _fits(seconds: float, size: int, fs_hz: float) -> bool:
    return len(repr(seconds)) <= 8 and size / seconds == fs_hz and size * 100 > fs_hz


def _prefilter(record: EcgRecord) -> str:
    kept = record.acquisition
    values = (("HP", kept.highpass_hz), ("LP", kept.lowpass_hz), ("N", kept.notch_hz))
    return " ".join(f"{name}:{value:g}Hz" for name, value in values if value is not None)


def _annotations(record: EcgRecord) -> list[str]:
    """Return the lines that no field holds, as one annotation so that their order stays."""
    lines = metadata.lines(record)
    lines += ["synthetic: no patient was recorded"] if record.synthetic else []
    return ["\n".join(_allowed(line) for line in lines)] if lines else []


def _allowed(line: str) -> str:
    """Return a line without the control characters that divide annotations."""
    return "".join(char if char >= " " or char == "\t" else " " for char in line)


def _patient(record: EcgRecord) -> Any:
    """Return the patient's fields; text that ASCII does not hold is X, the exact one stands in an annotation."""
    import edfio

    told = record.patient
    code, name = _word(told.patient_id, 24), _word(told.name, 36)
    try:
        born = date.fromisoformat(told.birth_date) if told.birth_date else None
    except ValueError:
        born = None
    return edfio.Patient(
        code=code, sex={"male": "M", "female": "F"}.get(told.sex, "X"), birthdate=born, name=name
    )


def _recording(record: EcgRecord, moment: datetime | None) -> Any:
    import edfio

    return edfio.Recording(
        startdate=moment.date() if moment else None,
        equipment_code=_word(record.acquisition.device, 36),
        additional=("synthetic",) if record.synthetic else (),
    )


def _word(text: str, longest: int) -> str:
    word = "_".join(text.split())[:longest]
    return word if word and word.isascii() and word.isprintable() else "X"


def _moment(start_time: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(start_time).replace(tzinfo=None) if "T" in start_time else None
    except ValueError:
        return None
    return moment if moment and 1985 <= moment.year <= 2084 else None


def _replace(target: Path, made: Any) -> None:
    """Write beside the target and rename, so that nobody sees half a file."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        made.write(scratch)
        os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)
