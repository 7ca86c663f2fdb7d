"""SCP-ECG records made by hand for the tests, section by section, and the names of the real ones.

`two_leads` gives the sections of a small sound record; `read_made` writes sections to a file and reads it.
"""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.record import EcgRecord

EXAMPLE = "formats/scp/ecgtoolkit_example.scp"
DEMO = "formats/scp/demo_8lead_1000hz.scp"
HEALFORCE = "formats/malformed/healforce_62.scp"


def crc(data: bytes) -> int:
    """Return the CRC-CCITT bit by bit, as the standard words it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1 & 0xFFFF
    return value


def scp_file(parts: dict[int, bytes], protocol: int = 13) -> bytes:
    """Return a record around hand-made sections."""
    at, pointers, bodies = 6 + 16 + 120, struct.pack("<HII", 0, 136, 7), b""
    for number in range(1, 12):
        data = parts.get(number, b"")
        length = 16 + len(data) if data else 0
        pointers += struct.pack("<HII", number, length, at + 1 if data else 0)
        if data:
            body = struct.pack("<HIBB6x", number, length, protocol, protocol) + data
            bodies += struct.pack("<H", crc(body)) + body
        at += length
    head = struct.pack("<HIBB", 0, 136, protocol, protocol) + b"SCPECG" + pointers
    sized = struct.pack("<I", at) + struct.pack("<H", crc(head)) + head + bodies
    return struct.pack("<H", crc(sized)) + sized


def tags(*pairs: tuple[int, bytes]) -> bytes:
    """Return section 1 of (tag, value), closed by its last tag."""
    return b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in pairs) + b"\xff\0\0"


def lead_layout(count: int, numbers: tuple[int, ...] = (1, 2), flags: int = 0x14) -> bytes:
    """Return section 3 of leads that all run from sample 1 to `count`."""
    return bytes([len(numbers), flags]) + b"".join(struct.pack("<IIB", 1, count, n) for n in numbers)


def plain_rhythm(rows: np.ndarray, nanovolts: int = 5000, interval: int = 2000, order: int = 0) -> bytes:
    """Return section 6 (or 5) of rows without compression."""
    coded = [row.astype("<i2").tobytes() for row in rows]
    head = struct.pack("<HHBB", nanovolts, interval, order, 0)
    return head + struct.pack(f"<{len(coded)}H", *map(len, coded)) + b"".join(coded)


def two_leads(**more: bytes) -> dict[int, bytes]:
    """Return the sections of a sound record of leads I and II, with `more` by name (`s6=...`) in their place."""
    rows = np.stack([np.arange(500) % 90, -np.arange(500) % 70]) * 3
    named = {int(name.removeprefix("s")): data for name, data in more.items()}
    return {1: tags((2, b"7\0")), 3: lead_layout(500), 6: plain_rhythm(rows)} | named


def read_made(tmp_path: Path, parts: dict[int, bytes]) -> EcgRecord:
    """Write sections to a file and return the record that is read from it."""
    path = tmp_path / "made.scp"
    path.write_bytes(scp_file(parts))
    return formats.read(path)


def biosig_rows(path: Path, folder: Path) -> dict[str, np.ndarray]:
    """Return label -> microvolts as biosig's converter writes them, one text file per lead."""
    tool = shutil.which("save2gdf")
    if tool is None:
        pytest.skip("biosig is not on this machine")
    target = folder / "biosig.txt"
    subprocess.run([tool, "-f=ASCII", str(path), str(target)], capture_output=True, check=False, timeout=60)
    told = target.read_text(encoding="latin-1")
    labels = re.findall(r"^Label\s*= (.*)$", told, re.MULTILINE)
    return {label: np.loadtxt(folder / f"biosig.a{k:02d}") for k, label in enumerate(labels, start=1)}
