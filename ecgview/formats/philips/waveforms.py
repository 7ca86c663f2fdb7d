"""Waveforms of Philips XML: the rhythm with its calibration pulse cut off, and the representative beat."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.digits import LARGEST, samples
from ecgview.formats.kit.xml import every, find, text
from ecgview.formats.philips import xli
from ecgview.leads import STANDARD_12, canonical_name
from ecgview.record import ImportNote, MedianBeat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_LEADS = 32
MOST_SAMPLES = 1_000_000  # of one lead
PADDING = 32767  # behind representative beats that are shorter than their place
_TWELVE_LEAD_SETS = ("STD-12", "10-WIRE", "MIDA", "EASI")  # 1.03 names the set, not the leads


@dataclass(frozen=True, slots=True)
class Layout:
    """What the file says of its rhythm before a sample is decoded."""

    names: tuple[str, ...]
    fs_hz: float
    step_uv: float
    offset: float
    compression: str  # "XLI" or ""
    encoding: str  # "base64", "hex" or "plain"
    dtype: str
    stated_ms: float | None


def layout(root: "Element", path: Path) -> Layout:
    """Return how the rhythm is stored; FormatError names the field that is missing or wrong."""
    waves = find(root, "waveforms/parsedwaveforms")
    if waves is None:
        raise FormatError("holds no rhythm", where=f"{path}: waveforms/parsedwaveforms")
    signal = find(root, "dataacquisition/signalcharacteristics")
    get = _Stated(waves, signal, path)
    fs_hz = get.number("samplespersecond", "samplingrate")
    step_uv = get.number("resolution", "resolution", "signalresolution")
    if fs_hz is None or not 1 <= fs_hz <= 100_000:
        raise FormatError(
            "no usable sampling rate",
            where=f"{path}: samplespersecond",
            expected="1 to 100,000 Hz",
            found=f"{fs_hz}",
        )
    if step_uv is None or not 1e-4 <= step_uv <= 1e5:
        raise FormatError(
            "no usable resolution", where=f"{path}: resolution", expected="µV per step", found=f"{step_uv}"
        )
    compression = get.text("compression") or get.text("compressmethod")
    if get.text("compressflag") == "False" or compression.lower() in ("none", "uncompressed"):
        compression = ""
    if compression not in ("", "XLI"):
        raise FormatError(
            "unknown compression",
            where=f"{path}: parsedwaveforms@compression",
            expected="XLI or none",
            found=compression[:40],
        )
    return Layout(
        _names(waves, signal, path),
        fs_hz,
        step_uv,
        get.number("signaloffset", "signaloffset") or 0.0,
        compression,
        get.text("dataencoding").lower() or "base64",
        get.sample_type(),
        get.number("durationperchannel"),
    )


def rhythm(
    root: "Element", how: Layout, path: Path
) -> tuple[NDArray[np.float32], tuple[str, ...], list[ImportNote]]:
    """Return (leads, samples) mV, one name per row, and what was noticed."""
    stored = _stored(text(root, "waveforms/parsedwaveforms"), how, path)
    # The Cabrera order of some carts stores -aVR.
    signs = [-1 if label.startswith("-") else 1 for label in how.names]
    values = (stored - how.offset) * np.array(signs)[:, None]
    values, notes = _without_calibration(values, how)
    held_ms = 1000.0 * stored.shape[1] / how.fs_hz
    if how.stated_ms and abs(held_ms - how.stated_ms) > 1000.0 / how.fs_hz + 0.5:
        notes.append(
            ImportNote(
                "header", f"{held_ms:.0f} ms per lead are stored; the file says {how.stated_ms:.0f} ms"
            )
        )
    names = tuple(label.removeprefix("-") for label in how.names)
    return (values * (how.step_uv / 1000.0)).astype(np.float32), names, notes


def representative_beat(root: "Element", path: Path) -> MedianBeat | None:
    """Return the device's averaged beat in mV, None where there is none or its scale is not stated."""
    beats = find(root, "waveforms/repbeats")
    if beats is None or beats.get("compression"):
        return None
    fs_hz, step_uv = (_float(beats.get(key, "")) for key in ("samplespersec", "resolution"))
    if not fs_hz or not step_uv or not 1 <= fs_hz <= 100_000 or not 1e-4 <= step_uv <= 1e5:
        return None
    rows: dict[str, NDArray[np.float64]] = {}
    for beat in every(beats, "repbeat"):
        wave = find(beat, "waveform")
        row = _values(
            text(beat if wave is None else wave),
            beats.get("dataencoding", "").lower(),
            "<i2",
            path,
            "repbeat",
        )
        label = canonical_name(beat.get("leadname", ""))
        if label in rows or not label or len(rows) >= MOST_LEADS or not 0 < len(row) <= MOST_SAMPLES:
            raise FormatError("a beat without a lead of its own", where=f"{path}: repbeat", found=label[:40])
        rows[label] = np.where(row == PADDING, np.nan, row)
    length = min((len(row) for row in rows.values()), default=0)
    if not length:
        return None
    beat_mv = np.stack([row[:length] for row in rows.values()]) * (step_uv / 1000.0)
    held = np.flatnonzero(np.isfinite(beat_mv).any(axis=0))
    if not len(held):
        return None
    return MedianBeat(beat_mv[:, : held[-1] + 1].astype(np.float32), tuple(rows), fs_hz)


class _Stated:
    """Attributes of the waveforms, or else what was said of the acquisition."""

    def __init__(self, waves: "Element", signal: "Element | None", path: Path) -> None:
        self._waves = waves
        self._signal = signal
        self._path = path

    def text(self, attribute: str, *elements: str) -> str:
        found = self._waves.get(attribute, "").strip()
        for element in elements:
            found = found or text(self._signal, element)
        return found

    def number(self, attribute: str, *elements: str) -> float | None:
        found = self.text(attribute, *elements)
        value = _float(found)
        if found and (value is None or abs(value) > LARGEST):
            raise FormatError("not a usable number", where=f"{self._path}: {attribute}", found=found[:40])
        return value

    def sample_type(self) -> str:
        bits = self.text("bitspersample", "bitspersample") or self.text("nbitspersample") or "16"
        signed = self.text("signalsigned", "signalsigned") != "False"
        if bits not in ("8", "16", "32"):
            raise FormatError(
                "unknown sample size",
                where=f"{self._path}: bitspersample",
                expected="8, 16 or 32",
                found=bits[:20],
            )
        return f"<{'i' if signed else 'u'}{int(bits) // 8}"


def _names(waves: "Element", signal: "Element | None", path: Path) -> tuple[str, ...]:
    labels = waves.get("leadlabels", "").split()
    if not labels:
        kind = text(signal, "leadset") or text(signal, "acquisitiontype")
        if not kind.startswith(_TWELVE_LEAD_SETS) or text(signal, "numberchannelsallocated") != "12":
            raise FormatError(
                "the leads are not named",
                where=f"{path}: leadlabels",
                expected="labels, or 12 channels of a 12-lead set",
                found=kind[:40],
            )
        return STANDARD_12
    names = tuple(
        f"-{canonical_name(label[1:])}" if label[0] == "-" else canonical_name(label) for label in labels
    )
    if len(names) > MOST_LEADS:
        raise FormatError(
            "too many leads",
            where=f"{path}: leadlabels",
            expected=f"at most {MOST_LEADS}",
            found=str(len(names)),
        )
    count = waves.get("numberofleads", "").strip()
    if count and count != str(len(names)):
        raise FormatError(
            "the number of leads does not fit their names",
            where=f"{path}: numberofleads",
            expected=str(len(names)),
            found=count[:20],
        )
    return names


def _stored(data: str, how: Layout, path: Path) -> NDArray[np.float64]:
    """Return (leads, samples) in steps; the file holds all samples of the first lead, then those of the next."""
    if how.compression:
        return _decompressed(_bytes(data, how.encoding, path, "parsedwaveforms"), how, path)
    values = _values(data, how.encoding, how.dtype, path, "parsedwaveforms")
    each, left = divmod(len(values), len(how.names))
    if left or not 0 < each <= MOST_SAMPLES:
        raise FormatError(
            "samples do not fill the leads evenly",
            where=f"{path}: parsedwaveforms",
            expected=f"a multiple of {len(how.names)}",
            found=str(len(values)),
        )
    return values.reshape(len(how.names), each)


def _decompressed(raw: bytes, how: Layout, path: Path) -> NDArray[np.float64]:
    if "-aVR" in how.names:
        raise FormatError(
            "inverted leads in compressed data are not known", where=f"{path}: leadlabels", found="-aVR"
        )
    if len(set(how.names)) < len(how.names):
        raise FormatError(
            "a lead occurs twice in compressed data",
            where=f"{path}: leadlabels",
            found=" ".join(how.names)[:80],
        )
    rows = xli.decode(raw, len(how.names), MOST_SAMPLES, path)
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise FormatError(
            "leads of different length",
            where=f"{path}: parsedwaveforms",
            found=", ".join(str(length) for length in sorted(lengths)[:6]),
        )
    by_name = dict(zip(how.names, rows, strict=True))
    xli.restore_limb_leads(by_name, path)
    return np.stack(list(by_name.values())).astype(np.float64)


def _values(data: str, encoding: str, dtype: str, path: Path, field: str) -> NDArray[np.float64]:
    if encoding == "plain":
        return samples(data, MOST_LEADS * MOST_SAMPLES, f"{path}: {field}")
    raw = _bytes(data, encoding, path, field)
    size = np.dtype(dtype).itemsize
    if len(raw) % size:
        raise FormatError(
            "cut within a sample",
            where=f"{path}: {field}",
            expected=f"a multiple of {size} bytes",
            found=str(len(raw)),
        )
    return np.frombuffer(raw, dtype=dtype).astype(np.float64)


def _bytes(data: str, encoding: str, path: Path, field: str) -> bytes:
    try:
        if encoding == "base64":
            return base64.b64decode("".join(data.split()), validate=True)
        if encoding == "hex":
            return bytes.fromhex(data)
    except (binascii.Error, ValueError):
        raise FormatError(f"not {encoding} data", where=f"{path}: {field}", found=data[:20]) from None
    raise FormatError(
        "unknown encoding",
        where=f"{path}: {field}@dataencoding",
        expected="Base64, Hex or Plain",
        found=encoding[:20],
    )


def _without_calibration(
    values: NDArray[np.float64], how: Layout
) -> tuple[NDArray[np.float64], list[ImportNote]]:
    """Cut off the calibration pulse that cardiographs append to every lead: zero, one height, zero, in all alike."""
    unlike = np.flatnonzero((values != values[0]).any(axis=0))
    if not len(unlike):
        return values, []
    start = int(unlike[-1]) + 1
    tail = values[0, start:]
    edges = np.flatnonzero(np.diff(tail))
    if len(edges) < 2 or tail[edges[-2]] != 0 or tail[-1] != 0:
        return values, []
    if len(edges) > 2:  # the last samples of the ECG happen to be alike
        start += int(edges[-3]) + 1
    pulse_mv = tail[edges[-1]] * how.step_uv / 1000.0
    seconds = (values.shape[1] - start) / how.fs_hz
    said = f"a calibration pulse of {pulse_mv:g} mV ({seconds:.2f} s) behind the ECG is left out"
    if abs(pulse_mv - 1.0) > 0.01:
        return values[:, :start], [ImportNote("units", f"{said}; 1 mV was expected: check the amplitudes")]
    return values[:, :start], [ImportNote("calibration", said)]


def _float(found: str) -> float | None:
    try:
        value = float(found)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
