"""Objects of the review room as rows of the store and back, and the link that each of them adds to the chain."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict

from ecgview.about import VERSION
from ecgview.results import LefResult, Prediction
from ecgview.review import plain_json
from ecgview.review.annotation import Annotation
from ecgview.review.audit import FIRST_LINK, AuditEntry, digest
from ecgview.review.exposure import Exposure
from ecgview.review.judgement import Judged, Judgement, Opinion, Verdict
from ecgview.review.merging import DraftVersion
from ecgview.review.moment import Moment
from ecgview.review.read import Certainty, Draft, Read, ReadKind, ReadState, ReadStatement, Told
from ecgview.signal.measure.measured import Edit as EdgeEdit

Row = sqlite3.Row
Values = tuple[object, ...]
_MANY = 500  # values in one IN (...): SQLite before 3.32 allows 999
APPLICATION = f"ecgview {VERSION}"

ACTION = {
    ReadKind.FIRST: "first_read_committed",
    ReadKind.SIGNED: "signed",
    ReadKind.AMENDMENT: "amended",
}
EXPOSED = "exposed"
JUDGED, WITHDRAWN = "judged", "judgement_withdrawn"
# what an entry of the log keeps the hash of, where that is no read
LOGGED = {EXPOSED: "exposure", JUDGED: "judgement", WITHDRAWN: "judgement"}
RESULTS: dict[type, str] = {Prediction: "prediction", LefResult: "lef"}


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
        read.exposed,
    )


def statement_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `read_statements`."""
    return [
        (
            read_id,
            position,
            item.code,
            item.certainty.value,
            item.label_set,
            item.version,
            json.dumps(item.modifiers),
        )
        for position, item in enumerate(content.statements)
    ]


def annotation_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `annotations`; leads as a JSON list."""
    return [
        (read_id, position, json.dumps(a.leads), a.start_s, a.end_s, a.code, a.text, a.label_set, a.version)
        for position, a in enumerate(content.annotations)
    ]


def edge_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `read_edges`."""
    return [
        (read_id, position, one.edge, one.beat, one.to_s, one.by, one.at)
        for position, one in enumerate(content.edges)
    ]


def told_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `read_told`."""
    return [
        (read_id, position, one.code, one.name, one.person, one.at, one.by)
        for position, one in enumerate(content.told)
    ]


def to_read(
    row: Row,
    statements: Iterable[Row],
    annotations: Iterable[Row],
    edges: Iterable[Row],
    told: Iterable[Row],
) -> Read:
    """Return a committed read from its rows."""
    content = Draft(
        statements=tuple(
            ReadStatement(
                item["code"],
                Certainty(item["certainty"]),
                item["label_set"],
                item["version"],
                tuple(json.loads(item["modifiers"])),
            )
            for item in statements
        ),
        annotations=tuple(_annotation(item) for item in annotations),
        comment=row["comment"],
        edges=tuple(
            EdgeEdit(item["edge"], item["to_s"], item["beat"], item["by"], item["at"]) for item in edges
        ),
        told=tuple(Told(item["code"], item["name"], item["person"], item["at"], item["by"]) for item in told),
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
        exposed=row["exposed"],
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
    fields = asdict(read)
    if not read.exposed:  # as reads were hashed before schema 3 knew of exposures
        del fields["exposed"]
    for statement in fields["content"]["statements"]:
        if not statement["modifiers"]:  # nor of modifiers
            del statement["modifiers"]
    if not read.edges:  # nor schema 6 of edges
        del fields["content"]["edges"]
    if not read.told:  # nor schema 7 of who was told
        del fields["content"]["told"]
    return digest(fields)


def read_details(read: Read) -> str:
    """Return what the log says of a commit, in words."""
    said = (
        ", ".join(f"{item.words(item.code)} ({item.certainty.words})" for item in read.statements)
        or "no statement"
    )
    parts = [f"version {read.number}: {said}", "blind" if read.blind else "not blind"]
    parts += [one.words for one in read.edges]
    parts += [one.words for one in read.told]
    if read.exposed:
        parts.append(f"not blind on this workstation: {read.exposed}")
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


def exposure_values(exposure: Exposure) -> Values:
    """Return the row of table `exposures` without its id."""
    return (
        exposure.record_sha256,
        exposure.kind,
        exposure.details,
        exposure.reader,
        exposure.moment.utc,
        exposure.moment.offset_minutes,
        exposure.application,
    )


def result_values(result: Prediction | LefResult, question: str, moment: Moment) -> Values:
    """Return the row of table `results` without its id."""
    return (
        result.record_sha256,
        result.model.sha256,
        RESULTS[type(result)],
        plain_json.dump(result),
        moment.utc,
        question,
    )


def is_blinded(connection: sqlite3.Connection, record_sha256: str, reader: str | None) -> bool:
    """Return whether a reader may not see model results of a record yet; for None, whether anybody who reads it."""
    if reader is not None:
        seen = "SELECT 1 FROM reveals WHERE record_sha256 = ? AND reader = ?"
        return connection.execute(seen, (record_sha256, reader)).fetchone() is None
    still = """SELECT reader FROM drafts WHERE record_sha256 = ?
        UNION SELECT reader FROM reads WHERE record_sha256 = ?
        EXCEPT SELECT reader FROM reveals WHERE record_sha256 = ?"""
    return connection.execute(still, (record_sha256,) * 3).fetchone() is not None


def to_exposure(row: Row) -> Exposure:
    """Return an exposure from its row."""
    return Exposure(
        record_sha256=row["record_sha256"],
        kind=row["kind"],
        details=row["details"],
        reader=row["reader"],
        moment=Moment(row["utc"], row["utc_offset_minutes"]),
        application=row["application"],
    )


def exposure_digest(exposure: Exposure) -> str:
    """Return what the audit chain keeps of an exposure: the hash of all of it."""
    return digest(asdict(exposure))


def judgement_values(kept: Judgement) -> Values:
    """Return the row of table `judgements` without its id; leads as a JSON list."""
    opinion, judged = kept.opinion, kept.opinion.judged
    return (
        kept.record_sha256,
        kept.reader,
        kept.number,
        kept.withdraws,
        opinion.verdict.value,
        json.dumps(opinion.leads),
        opinion.start_s,
        opinion.end_s,
        judged.kind,
        judged.target,
        judged.model_id,
        judged.version,
        judged.sha256,
        judged.method,
        judged.stamp,
        judged.shown,
        judged.shown_target,
        opinion.text,
        kept.read_number,
        kept.moment.utc,
        kept.moment.offset_minutes,
        kept.application,
    )


def to_judgement(row: Row) -> Judgement:
    """Return a judgement from its row."""
    judged = Judged(
        kind=row["kind"],
        target=row["target"],
        model_id=row["model_id"],
        version=row["model_version"],
        sha256=row["model_sha256"],
        method=row["method"],
        stamp=row["stamp"],
        shown=row["shown"],
        shown_target=row["shown_target"],
    )
    leads = tuple(json.loads(row["leads"]))
    return Judgement(
        record_sha256=row["record_sha256"],
        reader=row["reader"],
        number=row["number"],
        opinion=Opinion(Verdict(row["verdict"]), leads, row["start_s"], row["end_s"], judged, row["text"]),
        read_number=row["read_number"],
        moment=Moment(row["utc"], row["utc_offset_minutes"]),
        application=row["application"],
        withdraws=row["withdraws"],
    )


def judgement_digest(kept: Judgement) -> str:
    """Return what the audit chain keeps of a judgement: the hash of all of it."""
    return digest(asdict(kept))


def statuses(
    connection: sqlite3.Connection, sha256s: Iterable[str], reader: str | None
) -> dict[str, ReadState]:
    """Return where the reading of each record stands, of one reader or, for None, of the furthest one."""
    wanted = list(dict.fromkeys(sha256s))
    states = dict.fromkeys(wanted, ReadState.NEW)
    of_reader = "" if reader is None else " AND reader = ?"
    more = () if reader is None else (reader,)
    for chunk in _chunks(wanted):
        holes = ",".join("?" * len(chunk))
        for row in connection.execute(
            f"SELECT DISTINCT record_sha256 FROM drafts WHERE record_sha256 IN ({holes}){of_reader}",
            (*chunk, *more),
        ):
            states[row["record_sha256"]] = ReadState.IN_READING
        # a later kind is the further one: first < signed < amendment
        for row in connection.execute(
            f"""SELECT record_sha256,
            max(CASE kind WHEN 'first' THEN 1 WHEN 'signed' THEN 2 ELSE 3 END) AS step
            FROM reads WHERE record_sha256 IN ({holes}){of_reader} GROUP BY record_sha256""",
            (*chunk, *more),
        ):
            states[row["record_sha256"]] = tuple(ReadKind)[row["step"] - 1].state
    return states


def fingerprints(connection: sqlite3.Connection, paths: list[str]) -> dict[str, str]:
    """Return the fingerprint of the record last opened from each path; other paths are left out."""
    found: dict[str, str] = {}
    for chunk in _chunks(paths):
        holes = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"""SELECT path, record_sha256 FROM record_paths WHERE path IN ({holes})
            ORDER BY first_seen_utc""",
            chunk,
        )
        found.update((row["path"], row["record_sha256"]) for row in rows)
    return found


def _chunks(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def draft_row(
    connection: sqlite3.Connection, record_sha256: str, reader: str, after: int, number: int | None
) -> Row | None:
    """Return a version of the draft that follows committed version `after`: of a number, or the newest."""
    only = "" if number is None else " AND id = ?"
    more = () if number is None else (number,)
    row: Row | None = connection.execute(
        f"""SELECT id, content, reason FROM drafts
        WHERE record_sha256 = ? AND reader = ? AND after_number = ?{only} ORDER BY id DESC LIMIT 1""",
        (record_sha256, reader, after, *more),
    ).fetchone()
    return row


def insert_draft(
    connection: sqlite3.Connection,
    record_sha256: str,
    reader: str,
    version: DraftVersion,
    follows: int,
    moment: Moment,
) -> int:
    """Add a version of a draft, and return its number."""
    cursor = connection.execute(
        """INSERT INTO drafts (record_sha256, reader, after_number, reason, content, saved_utc,
        utc_offset_minutes, application, follows) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            record_sha256,
            reader,
            version.after_number,
            version.reason,
            plain_json.dump(version.content),
            moment.utc,
            moment.offset_minutes,
            APPLICATION,
            follows,
        ),
    )
    return cursor.lastrowid or 0


def append(
    connection: sqlite3.Connection,
    moment: Moment,
    reader: str,
    action: str,
    record_sha256: str,
    details: str = "",
    content_sha256: str = "",
) -> None:
    """Add a link to the audit chain, inside the transaction of what it logs."""
    head = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    entry = AuditEntry(
        number=head["number"] + 1 if head else 1,
        moment=moment,
        reader=reader,
        application=APPLICATION,
        action=action,
        record_sha256=record_sha256,
        details=details,
        content_sha256=content_sha256,
        previous_hash=head["hash"] if head else FIRST_LINK,
    ).sealed()
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry_values(entry))
