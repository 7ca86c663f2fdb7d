"""Objects of the review room as rows of the store and back, and the link that each of them adds to the chain."""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping

from ecgview.about import VERSION
from ecgview.errors import StoreError
from ecgview.results import LefResult, Prediction
from ecgview.review import plain_json
from ecgview.review.annotation import Annotation
from ecgview.review.audit import FIRST_LINK, AuditEntry, digest
from ecgview.review.exposure import Exposure, Run
from ecgview.review.judgement import Judged, Judgement, Opinion, Verdict
from ecgview.review.kept_head import Head
from ecgview.review.merging import DraftVersion
from ecgview.review.moment import Moment, now
from ecgview.review.read import Certainty, Draft, Read, ReadKind, ReadState, ReadStatement, Told
from ecgview.review.signed_with import SignedWith
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
EDITS_IN_A_ROW, EDITS_PER_ITEM = 500, 4
EXPOSED = "exposed"
JUDGED, WITHDRAWN = "judged", "judgement_withdrawn"
RAN = "ran"
# entries whose words, or that they are there at all, tell what a reader makes of a record
TELLING = frozenset(
    {
        *ACTION.values(),
        JUDGED,
        WITHDRAWN,
        "changed_after_reveal",
        "measurement_edited",
        "critical_finding_told",
        "conflict_resolved",
        "amendment_opened",
        "amendment_discarded",
    }
)
HEAD_DIFFERED = "head_differed"
CLOCK_SET_BACK = "clock_set_back"
CLOCK_TOLERANCE_S = 5.0  # a moment is taken before a program waits its turn to write, two seconds at most
# every table whose rows the chain of links holds: all but `audit`, a chain of its own, and `links`
LINKED = (
    "records",
    "record_paths",
    "record_files",
    "reads",
    "read_statements",
    "annotations",
    "read_edges",
    "read_told",
    "drafts",
    "draft_edits",
    "reveals",
    "results",
    "exposures",
    "judgements",
    "runs",
    "identity",
)
_BYTES = ("runs", "records")  # the only column of bytes
RESULTS: dict[type, str] = {Prediction: "prediction", LefResult: "lef"}


READ_COLUMNS = (
    "record_sha256",
    "reader",
    "number",
    "kind",
    "comment",
    "committed_utc",
    "utc_offset_minutes",
    "application",
    "blind",
    "revealed_utc",
    "revealed_offset_minutes",
    "reason",
    "changes",
    "exposed",
    "signed_with",
)


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
        json.dumps(read.changes, ensure_ascii=False, allow_nan=False),
        read.exposed,
        plain_json.dump(read.signed_with) if read.signed_with else "",
    )


def _list(texts: tuple[str, ...]) -> str:
    return json.dumps(texts, allow_nan=False)


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
            _list(item.modifiers),
        )
        for position, item in enumerate(content.statements)
    ]


def annotation_values(read_id: int, content: Draft) -> list[Values]:
    """Return the rows of table `annotations`; leads as a JSON list."""
    return [
        (read_id, position, _list(a.leads), a.start_s, a.end_s, a.code, a.text, a.label_set, a.version)
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
        signed_with=plain_json.load(SignedWith, row["signed_with"]) if row["signed_with"] else None,
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
    fields = plain_json.typed(read)
    if not read.exposed:  # as reads were hashed before schema 3 knew of exposures
        del fields["exposed"]
    if read.signed_with is None:  # nor schema 8 of the patient and the acquisition
        del fields["signed_with"]
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
        entry.rows_head,
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
        rows_head=row["rows_head"],
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
    return digest(plain_json.typed(exposure))


def run_values(run: Run) -> Values:
    """Return the row of table `runs` without its id; the manifest as 32 bytes a record."""
    joined = b"".join(map(manifest_key, run.records))
    moment = run.moment
    return (run.kind, run.details, joined, moment.utc, moment.offset_minutes, run.application)


def manifest_key(record_sha256: str) -> bytes:
    """Return a fingerprint as it stands in a manifest; the SHA-256 of one that is none itself."""
    try:
        key = bytes.fromhex(record_sha256)
    except ValueError:
        key = b""
    return key if len(key) == 32 else hashlib.sha256(record_sha256.encode()).digest()


def manifest(record_sha256s: Iterable[str]) -> tuple[str, ...]:
    """Return the fingerprints of a run as they are kept, each once, in ascending order."""
    return tuple(key.hex() for key in sorted(set(map(manifest_key, record_sha256s))))


def to_run(row: Row) -> Run:
    """Return a run from its row."""
    joined = row["records"]
    return Run(
        kind=row["kind"],
        details=row["details"],
        records=tuple(joined[at : at + 32].hex() for at in range(0, len(joined), 32)),
        moment=Moment(row["utc"], row["utc_offset_minutes"]),
        application=row["application"],
    )


def run_digest(run: Run) -> str:
    """Return what the audit chain keeps of a run: the hash of all of it."""
    return digest(plain_json.typed(run))


def judgement_values(kept: Judgement) -> Values:
    """Return the row of table `judgements` without its id; leads as a JSON list."""
    opinion, judged = kept.opinion, kept.opinion.judged
    return (
        kept.record_sha256,
        kept.reader,
        kept.number,
        kept.withdraws,
        opinion.verdict.value,
        _list(opinion.leads),
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
    return digest(plain_json.typed(kept))


def readers(connection: sqlite3.Connection) -> list[str]:
    """Return everybody who drafted, read, judged or was shown something, as first spelt; each by an index alone."""
    tables = ("reads", "drafts", "reveals", "judgements")
    names = " UNION ".join(f"SELECT reader FROM {table}" for table in tables)
    return [row[0] for row in connection.execute(f"{names} ORDER BY 1")]


def first_read_open(connection: sqlite3.Connection, record_sha256: str) -> frozenset[str]:
    """Return who began a first read of a record and has not locked it."""
    rows = connection.execute(
        """SELECT reader FROM drafts WHERE record_sha256 = ?
        EXCEPT SELECT reader FROM reads WHERE record_sha256 = ?""",
        (record_sha256, record_sha256),
    )
    return frozenset(row[0] for row in rows)


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


def seen_files(connection: sqlite3.Connection, paths: list[str]) -> dict[str, tuple[str, str]]:
    """Return the fingerprint of the record last opened from each path, and its stamp; others are left out."""
    found: dict[str, tuple[str, str]] = {}
    for chunk in _chunks(paths):
        holes = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"""SELECT path, record_sha256 FROM record_paths WHERE path IN ({holes})
            ORDER BY first_seen_utc""",
            chunk,
        )
        found.update((row["path"], (row["record_sha256"], "")) for row in rows)
        rows = connection.execute(
            f"SELECT path, record_sha256, stamp FROM record_files WHERE path IN ({holes}) ORDER BY id", chunk
        )
        found.update((row["path"], (row["record_sha256"], row["stamp"])) for row in rows)
    return found


def _chunks(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def newest_draft(
    connection: sqlite3.Connection, record_sha256: str, reader: str, after: int
) -> tuple[int, int]:
    """Return number and position of the newest version of the draft that follows committed version `after`.

    The position counts the edits since the draft was last kept whole. Both are 0 where nothing was saved.
    """
    row = connection.execute(
        """SELECT id FROM drafts WHERE record_sha256 = ? AND reader = ? AND after_number = ?
        ORDER BY id DESC LIMIT 1""",
        (record_sha256, reader, after),
    ).fetchone()
    if row is None:
        return 0, 0
    edit = connection.execute(
        "SELECT id, position FROM draft_edits WHERE draft = ? ORDER BY position DESC LIMIT 1", (row["id"],)
    ).fetchone()
    return (edit["id"], edit["position"]) if edit else (row["id"], 0)


def draft_rows(
    connection: sqlite3.Connection, record_sha256: str, reader: str, after: int, number: int
) -> tuple[Row, list[str]] | None:
    """Return of a version of a draft the row that it begins from, and the edits from there on."""
    row: Row | None = connection.execute(
        """SELECT id, content, reason, of_committed FROM drafts
        WHERE record_sha256 = ? AND reader = ? AND after_number = ? AND id <= ? ORDER BY id DESC LIMIT 1""",
        (record_sha256, reader, after, number),
    ).fetchone()
    if row is None:
        return None
    edits = connection.execute(
        "SELECT id, content FROM draft_edits WHERE draft = ? AND id <= ? ORDER BY position",
        (row["id"], number),
    ).fetchall()
    if number != (edits[-1]["id"] if edits else row["id"]):
        return None
    return row, [edit["content"] for edit in edits]


def insert_draft(
    connection: sqlite3.Connection,
    record_sha256: str,
    reader: str,
    version: DraftVersion,
    before: DraftVersion,
    position: int,
    moment: Moment,
) -> int:
    """Add a version of a draft, and return its number.

    Args:
        connection: in its transaction.
        record_sha256: fingerprint of the record.
        reader: who writes.
        version: what is kept.
        before: the newest version until now; number 0 where none was saved since the committed one.
        position: how many edits it is from the last version that was kept whole.
        moment: when.
    """
    ids = "SELECT max(coalesce((SELECT max(id) FROM drafts), 0), coalesce((SELECT max(id) FROM draft_edits), 0))"
    number = int(connection.execute(ids).fetchone()[0]) + 1
    said = (moment.utc, moment.offset_minutes, APPLICATION)
    changed = plain_json.dump_change(before.content, version.content)
    if before.number and before.reason == version.reason and position < _longest_row(version.content):
        draft = before.number
        if position:
            edited = "SELECT draft FROM draft_edits WHERE id = ?"
            draft = connection.execute(edited, (before.number,)).fetchone()[0]
        return insert(connection, "draft_edits", (number, draft, position + 1, changed, *said))
    of_committed = before.number == 0 and version.after_number > 0
    content = changed if of_committed else plain_json.dump(version.content)
    values = {
        "id": number,
        "record_sha256": record_sha256,
        "reader": reader,
        "after_number": version.after_number,
        "reason": version.reason,
        "content": content,
        "saved_utc": moment.utc,
        "utc_offset_minutes": moment.offset_minutes,
        "application": APPLICATION,
        "follows": before.number,
        "of_committed": of_committed,
    }
    return insert(connection, "drafts", tuple(values.values()), tuple(values))


def _longest_row(content: Draft) -> int:
    """Return after how many edits a draft is kept whole again.

    Opening it takes them all; each then pays for a fraction of the whole only, however long that is.
    """
    items = (content.statements, content.annotations, content.edges, content.told)
    return EDITS_IN_A_ROW + EDITS_PER_ITEM * (sum(map(len, items)) + len(content.comment) // 100)


def append(
    connection: sqlite3.Connection,
    moment: Moment,
    reader: str,
    action: str,
    record_sha256: str,
    details: str = "",
    content_sha256: str = "",
) -> None:
    """Add a link to the audit chain, in the transaction of what it logs; a clock that went back is marked first."""
    last = connection.execute("SELECT number, utc, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    back_s = moment.seconds_before(last["utc"]) if last else 0.0
    if back_s > CLOCK_TOLERANCE_S and action != CLOCK_SET_BACK:
        said = f"by {back_s:.0f} s or more: the entry before is of {last['utc']}"
        append(connection, moment, "", CLOCK_SET_BACK, "", said)
        append(connection, moment, reader, action, record_sha256, details, content_sha256)
        return
    row = _last_link(connection)
    entry = AuditEntry(
        number=last["number"] + 1 if last else 1,
        moment=moment,
        reader=reader,
        application=APPLICATION,
        action=action,
        record_sha256=record_sha256,
        details=details,
        content_sha256=content_sha256,
        previous_hash=last["hash"] if last else FIRST_LINK,
        rows_head=f"{row[0]}:{row[1].hex()}",
    ).sealed()
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry_values(entry))


def insert(
    connection: sqlite3.Connection,
    table: str,
    values: Values,
    columns: tuple[str, ...] = (),
    *,
    unless_there: bool = False,
) -> int:
    """Add a row with its link, and return its id; 0 where it was there and `unless_there` lets it be."""
    named = f" ({', '.join(columns)})" if columns else ""
    lenient = " ON CONFLICT DO NOTHING" if unless_there else ""
    holes = ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO {table}{named} VALUES ({holes}){lenient}", values)
    if cursor.rowcount < 1:
        return 0
    row = connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (cursor.lastrowid,)).fetchone()
    _link(connection, table, row_digest(table, row, _defaults(connection, table)))
    return cursor.lastrowid or 0


def insert_exposure(connection: sqlite3.Connection, exposure: Exposure, moment: Moment) -> None:
    """Add an exposure with its entry, which is of this moment."""
    insert(connection, "exposures", (None, *exposure_values(exposure)))
    said = ": ".join(filter(None, (exposure.kind, exposure.details)))
    digest_of = exposure_digest(exposure)
    append(connection, moment, exposure.reader, EXPOSED, exposure.record_sha256, said, digest_of)


def insert_run(connection: sqlite3.Connection, run: Run, moment: Moment) -> None:
    """Add a run with its entry, which is of this moment."""
    insert(connection, "runs", (None, *run_values(run)))
    said = f"{run.kind} of {len(run.records)} records: {run.details}"
    append(connection, moment, "", RAN, "", said, run_digest(run))


def row_digest(table: str, row: Row, defaults: Mapping[str, object]) -> bytes:
    """Return the SHA-256 of a row; columns at their default are left out, so that later ones change no older row."""
    fields = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row is a sequence of values
    said = {name: one for name, one in fields.items() if name not in defaults or one != defaults[name]}
    for name, one in said.items():
        if isinstance(one, bytes):  # where a text belongs, one of the same digits must not pass for it
            said[name] = one.hex() if (table, name) == _BYTES else {"bytes": one.hex()}
        elif (table, name) == _BYTES:
            said[name] = {"no bytes": one}
    return bytes.fromhex(digest([table, said]))


def _defaults(connection: sqlite3.Connection, table: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for column in connection.execute(f"PRAGMA table_info({table})"):
        name, said = column[1], column[4]
        if said is not None:
            found[name] = said[1:-1] if said.startswith("'") else int(said)
    return found


def _last_link(connection: sqlite3.Connection) -> tuple[int, bytes]:
    row = connection.execute("SELECT number, hash FROM links ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        return 0, bytes.fromhex(FIRST_LINK)
    if not isinstance(row[1], bytes):  # a torn page
        raise StoreError(
            "the database is damaged; restore it from a backup", found=f"link {row[0]} has no hash"
        )
    return row[0], row[1]


def next_hash(before: bytes, table: str, row: bytes) -> bytes:
    """Return the hash of a link: of the link before, and of a row's digest with its table's name."""
    return hashlib.sha256(before + row + table.encode()).digest()


def _link(connection: sqlite3.Connection, table: str, row: bytes) -> None:
    number, before = _last_link(connection)
    values = (number + 1, table, row, next_hash(before, table, row))
    connection.execute("INSERT INTO links VALUES (?, ?, ?, ?)", values)


def link_all(connection: sqlite3.Connection, from_schema: int) -> str:
    """Link every row as it is found, and return the identity that the store gets; once, as it is made or updated."""
    for table, row, _ in list(linked_rows(connection)):
        _link(connection, table, row)
    n_entries = connection.execute("SELECT count(*) FROM audit").fetchone()[0]
    store = uuid.uuid4().hex
    insert(connection, "identity", (store, from_schema, n_entries, now().utc))
    return store


def linked_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes, Row]]:
    """Yield every row that the chain of links is to hold: its table, its digest and itself."""
    for table in LINKED:
        defaults = _defaults(connection, table)
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            yield table, row_digest(table, row, defaults), row


def head(connection: sqlite3.Connection) -> Head:
    """Return where the log stands."""
    last = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    row, row_hash = _last_link(connection)
    number, entry_hash = (last[0], last[1]) if last else (0, FIRST_LINK)
    return Head(number, entry_hash, row, row_hash.hex())


def hashes(connection: sqlite3.Connection, table: str, number: int) -> dict[int, str]:
    """Return the hash of an entry of `audit` or of a link of `links` by its number; nothing where it is not there."""
    rows = connection.execute(f"SELECT number, hash FROM {table} WHERE number = ?", (number,))
    return {row[0]: row[1].hex() if isinstance(row[1], bytes) else row[1] for row in rows}


def named(table: str, row: Row) -> str:
    """Return in words which row it is, for people who look for what was changed."""
    names = row.keys()
    parts = [f"a row of {table}"]
    if "id" in names:
        parts.append(f"number {row['id']}")
    if "read_id" in names:
        parts.append(f"of read {row['read_id']}")
    sha256 = row["record_sha256"] if "record_sha256" in names else row["sha256"] if "sha256" in names else ""
    if sha256:
        parts.append(f"of record {str(sha256)[:12]}")
    if "reader" in names and row["reader"]:
        parts.append(f"by {row['reader']}")
    return " ".join(parts)
