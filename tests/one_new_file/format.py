"""A format of text: "mine", the rate, then a line for each lead with its samples in whole microvolts."""

from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.record import EcgRecord

NAME = "Mine"
EXTENSIONS: tuple[str, ...] = (".mine",)
WRITES = ".mine"
FACTS = Facts(known_from="this test", real_files="0 (made here)", note="whole microvolts")


def sniff(head: bytes, path: Path) -> int:
    return 95 if head.startswith(b"mine ") else 0


def read(path: Path) -> EcgRecord:
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    if not rows:
        raise FormatError("no leads", where=str(path), expected="a line for each lead")
    names = [row.split(" ", 1)[0] for row in rows]
    signal = np.array([row.split(" ")[1:] for row in rows], dtype=np.float32) / 1000.0
    return assemble(signal, names, float(head.split()[1]), path=path, format_name=NAME)


def peek(path: Path) -> RecordSummary:
    return RecordSummary(str(path), path.stem, NAME)


def write(record: EcgRecord, target: Path) -> Path:
    rows = [
        f"{name} {' '.join(str(round(1000 * float(value))) for value in samples)}"
        for name, samples in zip(record.lead_names, record.signal, strict=True)
    ]
    target.write_text("\n".join([f"mine {record.sampling_rate_hz:g}", *rows]), encoding="utf-8")
    return target


def loss(record: EcgRecord) -> str:
    return "rounded to whole microvolts"
