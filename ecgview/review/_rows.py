"""Objects of the review room as rows of the store and back; no SQL here."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict

from ecgview.review.annotation import Annotation
from ecgview.review.audit import AuditEntry, digest
from ecgview.review.moment import Moment
from ecgview.review.read import Certainty, Draft, Read, ReadKind, ReadStatement

Row = sqlite3.Row
Values = tuple[object, ...]

ACTION = {
    ReadKind.FIRST: "first_read_committed",
    ReadKind.SIGNED: "signed",
    ReadKind.AMENDMENT: "amended",
}


def read_values(read: Read) -> Values:
    """Return the row of table `reads` without its id."""
    revealed = read.revealed_at
    return (
        read.record_sha256,
        read.reader,
        read.number,
        read.kind.value,
        read.comment,
        read.committed_at.utc,
        read.committed_at.offset_minutes,
        read.application,
        read.blind,
        revealed.utc if revealed else None,
        revealed.offset_minutes if revealed else None,
        read.reason,
        json.dumps(read.changes, ensure_ascii=False),
    )


def statement_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `read_statements`."""
    return [
        (read_id, position, item.code, item.certainty.value, item.label_set, item.version)
        for position, item in enumerate(content.statements)
    ]


def annotation_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `annotations`; leads as a JSON list."""
    return [
        (read_id, position, json.dumps(a.leads), a.start_s, a.end_s, a.code, a.text, a.label_set, a.version)
        for position, a in enumerate(content.annotations)
    ]


def to_read(row: Row, statements: Iterable[Row], annotations: Iterable[Row]) -> Read:
    """Return a committed read from its rows."""
    content = Draft(
        statements=tuple(
            ReadStatement(item["code"], Certainty(item["certainty"]), item["label_set"], item["version"])
            for item in statements
        ),
        annotations=tuple(_annotation(item) for item in annotations),
        comment=row["comment"],
    )
    revealed = row["revealed_utc"]
    return Read(
        record_sha256=row["record_sha256"],
        reader=row["reader"],
        number=row["number"],
        kind=ReadKind(row["kind"]),
        content=content,
        committed_at=Moment(row["committed_utc"], row["utc_offset_minutes"]),
        application=row["application"],
        blind=bool(row["blind"]),
        revealed_at=Moment(revealed, row["revealed_offset_minutes"]) if revealed else None,
        reason=row["reason"],
        changes=tuple(json.loads(row["changes"])),
    )


def _annotation(row: Row) -> Annotation:
    return Annotation(
        tuple(json.loads(row["leads"])),
        row["start_s"],
        row["end_s"],
        row["code"],
        row["text"],
        row["label_set"],
        row["version"],
    )


def read_digest(read: Read) -> str:
    """Return what the audit chain keeps of a committed read: the hash of all of it."""
    return digest(asdict(read))


def read_details(read: Read) -> str:
    """Return what the log says of a commit, in words."""
    said = ", ".join(f"{item.code} ({item.certainty.words})" for item in read.statements) or "no statement"
    parts = [f"version {read.number}: {said}", "blind" if read.blind else "not blind"]
    if read.reason:
        parts.append(f"reason: {read.reason}")
    return "; ".join(parts)


def entry_values(entry: AuditEntry) -> Values:
    """Return the row of table `audit`."""
    return (
        entry.number,
        entry.moment.utc,
        entry.moment.offset_minutes,
        entry.reader,
        entry.application,
        entry.action,
        entry.record_sha256,
        entry.details,
        entry.content_sha256,
        entry.previous_hash,
        entry.hash,
    )


def to_entry(row: Row) -> AuditEntry:
    """Return an entry of the audit chain from its row."""
    return AuditEntry(
        number=row["number"],
        moment=Moment(row["utc"], row["utc_offset_minutes"]),
        reader=row["reader"],
        application=row["application"],
        action=row["action"],
        record_sha256=row["record_sha256"],
        details=row["details"],
        content_sha256=row["content_sha256"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )
