"""XLI, the compression of Philips cardiographs: LZW of 10-bit codes over second differences, one chunk per lead.

Known from real files of three cardiographs and from public descriptions of the format by others; no standard describes
it. A chunk is a header of 8 bytes (length of what follows, an unknown word, the first correction), then LZW codes of
10 bits, most significant bit first. What they stand for is the high bytes of all 16-bit words, then their low bytes.
The first two words are samples; each later one corrects the straight line through the two samples before it.
The last four limb leads hold what is left after prediction from the others: see `restore_limb_leads`.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes

CODE_BITS = 10
LAST_ENTRY = (1 << CODE_BITS) - 2  # the code above it ends a chunk
ZERO_CORRECTION = 64
RESTORED = {"III", "aVR", "aVL", "aVF"}


def decode(raw: bytes, n_leads: int, most_samples: int, path: Path) -> list[NDArray[np.int16]]:
    """Return one row of samples per lead, as stored.

    Args:
        raw: all chunks, in the order of the leads.
        n_leads: chunks that are expected.
        most_samples: no lead may hold more.
        path: the file, named in errors.
    """
    data = Bytes(raw, path)
    rows = []
    for k in range(n_leads):
        field = f"parsedwaveforms, lead {k + 1}"
        size, _, first = struct.unpack("<IHh", data.take(8, field))
        if size > 3 * most_samples:  # two bytes per sample, at most one code of 10 bits for each
            raise FormatError("impossible length", where=f"{path}: {field}", found=f"{size} bytes")
        words = _words(_expand(data.take(size, field), 2 * most_samples, f"{path}: {field}"))
        if len(words) < 2:
            raise FormatError("holds no samples", where=f"{path}: {field}", found=f"{size} bytes")
        rows.append(_integrate(words, first))
    return rows


def restore_limb_leads(rows: dict[str, NDArray[np.int16]], path: Path) -> None:
    """Turn III, aVR, aVL and aVF from stored residuals into samples, in place; I and II are stored as they are.

    Raises:
        FormatError: residuals without leads I and II, from which alone they can be restored.
    """
    if not {"I", "II"} <= set(rows):
        if RESTORED & set(rows):
            raise FormatError(
                "limb leads cannot be restored without I and II",
                where=f"{path}: leadlabels",
                expected="I and II",
                found=", ".join(rows)[:80],
            )
        return
    one, two = (rows[name].astype(np.int32) for name in ("I", "II"))
    if "III" in rows:
        rows["III"] = (two - one - rows["III"]).astype(np.int16)
    # Each limb lead is predicted from those before it, by the halved sums of the device's integers: the
    # shift rounds down, as it does.
    three = rows["III"].astype(np.int32) if "III" in rows else two - one
    if "aVR" in rows:
        rows["aVR"] = (-((one + two) >> 1) - rows["aVR"]).astype(np.int16)
    if "aVL" in rows:
        rows["aVL"] = (((one - three) >> 1) - rows["aVL"]).astype(np.int16)
    if "aVF" in rows:
        rows["aVF"] = (((two + three) >> 1) - rows["aVF"]).astype(np.int16)


def _codes(chunk: bytes) -> NDArray[np.int64]:
    """Return the 10-bit codes of a chunk up to its end code."""
    count = len(chunk) * 8 // CODE_BITS
    padded = np.frombuffer(chunk + bytes(-len(chunk) % 5), dtype=np.uint8).reshape(-1, 5).astype(np.int64)
    a, b, c, d, e = padded.T
    four = np.stack(
        [a << 2 | b >> 6, (b & 63) << 4 | c >> 4, (c & 15) << 6 | d >> 2, (d & 3) << 8 | e], axis=1
    )
    codes = four.ravel()[:count]
    ends = np.flatnonzero(codes > LAST_ENTRY)
    return codes[: ends[0]] if len(ends) else codes


def _expand(chunk: bytes, most_bytes: int, where: str) -> bytes:
    """Return what LZW codes stand for."""
    codes = _codes(chunk)
    table = [bytes((k,)) for k in range(256)]
    parts: list[bytes] = []
    previous = b""
    growing = 1 + LAST_ENTRY + 1 - len(table)  # every code but the first adds an entry until all are given
    for code in codes[:growing].tolist():
        if code < len(table):
            entry = table[code]
        elif previous and code == len(table):
            # The one code that LZW may use before it is in the table: it can only be the entry now being
            # made.
            entry = previous + previous[:1]
        else:
            raise FormatError(
                "damaged XLI data", where=where, expected=f"a code below {len(table)}", found=str(code)
            )
        parts.append(entry)
        if previous and len(table) <= LAST_ENTRY:
            table.append(previous + entry[:1])
        previous = entry
    rest = codes[growing:]
    lengths = np.array([len(entry) for entry in table])
    total = sum(map(len, parts)) + (int(lengths[rest].sum()) if len(rest) else 0)
    if total > most_bytes:
        raise FormatError(
            "more samples than any resting ECG has",
            where=where,
            expected=f"at most {most_bytes // 2}",
            found=f"{total // 2}",
        )
    return b"".join(parts) + b"".join([table[code] for code in rest.tolist()])


def _words(data: bytes) -> NDArray[np.int64]:
    """Return 16-bit words of which first all high and then all low bytes are given."""
    half = (len(data) + 1) // 2
    split = np.frombuffer(data + bytes(len(data) % 2), dtype=np.uint8).astype(np.uint16)
    return (split[:half] << 8 | split[half:]).view(np.int16).astype(np.int64)


def _integrate(words: NDArray[np.int64], first: int) -> NDArray[np.int16]:
    """Return samples whose second differences are the corrections; modulo 2^16, as the device counts."""
    slope = np.empty(len(words) - 1, dtype=np.int64)
    slope[0] = words[1] - words[0]
    slope[1:2] = -first
    slope[2:] = ZERO_CORRECTION - words[2:-1]
    samples = np.empty(len(words), dtype=np.int64)
    samples[0] = words[0]
    samples[1:] = words[0] + np.cumsum(np.cumsum(slope))
    return samples.astype(np.int16)
