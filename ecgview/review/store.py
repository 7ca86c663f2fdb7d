"""The store: every read, draft, annotation and model result, append-only, in one SQLite file.

Beside the schema (migrations.py) the only file with SQL. Nothing is overwritten: triggers refuse it,
and every commit is a link of the audit chain. A blinded read gets no model result from here, whoever
asks. Calls are small (a draft is saved in about a millisecond, a commit waits for the disk), so the
window may make them from its own thread; any other thread may call too and gets its own connection.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import platformdirs

from ecgview.errors import BlindedError, StoreError
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import _rows, audit, plain_json
from ecgview.review._database import Database, told
from ecgview.review._rows import APPLICATION, append
from ecgview.review.audit import AuditEntry
from ecgview.review.exposure import Exposure
from ecgview.review.judgement import Judgement, Opinion, standing
from ecgview.review.merging import DraftVersion, join, require_current, require_same
from ecgview.review.moment import Moment, now
from ecgview.review.read import Draft, Read, ReadState
from ecgview.signal.measure.hands import require_sound

_T = TypeVar("_T")
_Result = TypeVar("_Result", Prediction, LefResult)


def default_path() -> Path:
    """Return where the store lies unless another place is named."""
    return Path(platformdirs.user_data_dir("ecgview", appauthor=False)) / "ecgview.db"


class Store:
    """Opens the file when first used; see `open`. Every method may raise StoreError."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path) if path is not None else default_path()
        self._database = Database(self.path)

    def open(self) -> "Store":
        """Open the file now, make or migrate it if needed, and return this store."""
        self._database.connection()
        return self

    @property
    def problem(self) -> StoreError | None:
        """Why nothing can be written though reads are shown: a read-only file, folder or file system."""
        return self.open()._database.problem

    def try_again(self) -> None:
        """Look anew at a store that could not be written; what was wrong may be mended."""
        self._database.try_again()

    def start_anew(self) -> None:
        """Let an empty file be replaced by a fresh database; EmptyStoreError says when to ask for it."""
        self._database.start_anew()

    def close(self) -> None:
        """Close the file; the store is not used after it."""
        self._database.close()

    def __enter__(self) -> "Store":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_record(self, record: EcgRecord) -> None:
        """Remember a record by its fingerprint, and the path where it was seen."""
        sha256 = record.source.sha256
        if not sha256:
            raise StoreError("the record has no fingerprint", where=record.source.path or None)
        utc = now().utc
        row = (
            sha256,
            record.source.format,
            len(record.lead_names),
            record.sampling_rate_hz,
            record.seconds,
            record.synthetic,
            utc,
        )
        with self._database.writing() as connection:
            connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            connection.execute(
                "INSERT INTO record_paths VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (sha256, record.source.path, utc),
            )

    def statuses(self, sha256s: Iterable[str], reader: str | None = None) -> dict[str, ReadState]:
        """Return where the reading of each record stands; NEW for one that was never seen.

        Args:
            sha256s: fingerprints of records.
            reader: count this reader's work only; of every reader, the furthest one where None.
        """
        with told(self.path):
            return _rows.statuses(self._database.connection(), sha256s, reader)

    def statuses_by_path(self, paths: Iterable[str], reader: str | None = None) -> dict[str, ReadState]:
        """Return the same for paths, as far as records were opened from there; the worklist knows no more."""
        wanted = list(dict.fromkeys(paths))
        with told(self.path):
            sha256_of = _rows.fingerprints(self._database.connection(), wanted)
        states = self.statuses(sha256_of.values(), reader)
        return {path: states[sha256_of[path]] if path in sha256_of else ReadState.NEW for path in wanted}

    def draft(self, record_sha256: str, reader: str) -> tuple[Draft, str] | None:
        """Return the draft that is open, and its reason if it amends; None if nothing is open."""
        version = self.draft_version(record_sha256, reader)
        return (version.content, version.reason) if version.number else None

    def draft_version(self, record_sha256: str, reader: str) -> DraftVersion:
        """Return the newest version of the draft that is open; number 0 if nothing is open."""
        return self._version(record_sha256, reader, self._last_number(record_sha256, reader), None)

    def save_draft(
        self,
        record_sha256: str,
        reader: str,
        draft: Draft,
        *,
        after_number: int,
        follows: int,
        reason: str = "",
        log: Sequence[tuple[str, str]] = (),
    ) -> DraftVersion:
        """Keep one more version of a draft, joined with what others saved meanwhile; earlier ones stay.

        Args:
            record_sha256: fingerprint of a record added before.
            reader: who writes.
            draft: all of it.
            after_number: number of the committed version that it follows, 0 before the first.
            follows: number of the draft version that it was made from, 0 if none was open.
            reason: why a signed read is amended.
            log: (action, details) to be logged in the same transaction.

        Returns:
            What is kept now: `draft`, with the edits of others since `follows`.

        Raises:
            ConflictError: others changed the same item; nothing is written.
            SupersededError: the read was committed meanwhile; nothing is written.
            SignalError: an edge of a wave was put where none can be, whatever the record; nothing is written.
        """
        require_sound(draft.edges)
        moment = now()
        with self._database.writing() as connection:
            theirs = self.draft_version(record_sha256, reader)
            require_current(theirs, after_number, str(self.path))
            ours = DraftVersion(0, after_number, draft, reason)
            if theirs.number != follows:
                base = self._version(record_sha256, reader, after_number, follows)
                ours = join(base, ours, theirs, str(self.path))
            number = _rows.insert_draft(connection, record_sha256, reader, ours, theirs.number, moment)
            for action, details in log:
                append(connection, moment, reader, action, record_sha256, details)
        return replace(ours, number=number)

    def commit_read(self, read: Read, *, follows: int) -> None:
        """Keep a version of a read for good, with its link in the audit chain; waits for the disk.

        Args:
            read: all of it.
            follows: number of the draft version that it was made from, 0 if none was open.

        Raises:
            ConflictError: the draft was changed elsewhere after `follows`; nothing is written.
            SupersededError: the read was committed meanwhile; nothing is written.
            SignalError: an edge of a wave was put where none can be, whatever the record; nothing is written.
        """
        require_sound(read.edges)
        with self._database.writing(durable=True) as connection:
            theirs = self.draft_version(read.record_sha256, read.reader)
            require_current(theirs, read.number - 1, str(self.path))
            if theirs.number != follows:
                require_same(read.content, read.reason, theirs, str(self.path))
            cursor = connection.execute(
                """INSERT INTO reads (record_sha256, reader, number, kind, comment, committed_utc,
                utc_offset_minutes, application, blind, revealed_utc, revealed_offset_minutes, reason,
                changes, exposed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                _rows.read_values(read),
            )
            read_id = cursor.lastrowid or 0
            connection.executemany(
                "INSERT INTO read_statements VALUES (?, ?, ?, ?, ?, ?, ?)",
                _rows.statement_values(read_id, read.content),
            )
            connection.executemany(
                "INSERT INTO annotations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _rows.annotation_values(read_id, read.content),
            )
            connection.executemany(
                "INSERT INTO read_edges VALUES (?, ?, ?, ?, ?, ?, ?)",
                _rows.edge_values(read_id, read.content),
            )
            connection.executemany(
                "INSERT INTO read_told VALUES (?, ?, ?, ?, ?, ?, ?)",
                _rows.told_values(read_id, read.content),
            )
            append(
                connection,
                read.committed_at,
                read.reader,
                _rows.ACTION[read.kind],
                read.record_sha256,
                _rows.read_details(read),
                _rows.read_digest(read),
            )

    def reads(self, record_sha256: str, reader: str | None = None) -> tuple[Read, ...]:
        """Return the committed versions of a record, oldest first: of one reader, or of all."""
        of_reader = "" if reader is None else " AND reader = ?"
        more = () if reader is None else (reader,)
        rows = self._select(
            f"SELECT * FROM reads WHERE record_sha256 = ?{of_reader} ORDER BY id", record_sha256, *more
        )
        return tuple(self._read(row) for row in rows)

    def signed(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return (fingerprint, paths where it was seen, newest first) of every record with a signed read."""
        found: dict[str, list[str]] = {}
        for row in self._select(
            """SELECT record_sha256, path FROM record_paths WHERE record_sha256 IN
            (SELECT record_sha256 FROM reads WHERE kind <> 'first')
            ORDER BY record_sha256, first_seen_utc DESC"""
        ):
            found.setdefault(row["record_sha256"], []).append(row["path"])
        return [(sha256, tuple(paths)) for sha256, paths in found.items()]

    def reveal(self, record_sha256: str, reader: str, kind: str, moment: Moment) -> None:
        """Log that this reader may see model results of this record from now on.

        Args:
            record_sha256: fingerprint of a record added before.
            reader: who sees them.
            kind: "revealed" after a committed first read, "blind_off" where blind reading is switched off.
            moment: when.

        Raises:
            BlindedError: "revealed" without a committed first read.
        """
        with self._database.writing(durable=True) as connection:
            if kind == "revealed" and self._last_number(record_sha256, reader) == 0:
                raise BlindedError("commit the first read before model results are revealed")
            connection.execute(
                """INSERT INTO reveals (record_sha256, reader, kind, utc, utc_offset_minutes)
                VALUES (?, ?, ?, ?, ?)""",
                (record_sha256, reader, kind, moment.utc, moment.offset_minutes),
            )
            append(connection, moment, reader, kind, record_sha256)

    def revealed_at(self, record_sha256: str, reader: str) -> Moment | None:
        """Return since when this reader may see model results of this record; None while blinded."""
        rows = self._select(
            """SELECT utc, utc_offset_minutes FROM reveals WHERE record_sha256 = ? AND reader = ?
            ORDER BY id LIMIT 1""",
            record_sha256,
            reader,
        )
        return Moment(rows[0]["utc"], rows[0]["utc_offset_minutes"]) if rows else None

    def add_exposure(self, record_sha256: str, kind: str, details: str = "", reader: str = "") -> None:
        """Log that something showed what a blind reader must not know; the record may be unknown here.

        Args:
            record_sha256: fingerprint of a record.
            kind: a short stable word: what it was.
            details: more about it, in words.
            reader: who saw it, where that is known.
        """
        exposure = Exposure(record_sha256, kind, details, reader, now(), APPLICATION)
        with self._database.writing(durable=True) as connection:
            connection.execute(
                """INSERT INTO exposures (record_sha256, kind, details, reader, utc, utc_offset_minutes,
                application) VALUES (?, ?, ?, ?, ?, ?, ?)""",
                _rows.exposure_values(exposure),
            )
            said = ": ".join(filter(None, (kind, details)))
            append(
                connection,
                exposure.moment,
                reader,
                _rows.EXPOSED,
                record_sha256,
                said,
                _rows.exposure_digest(exposure),
            )

    def exposures(self, record_sha256: str) -> tuple[Exposure, ...]:
        """Return every exposure of a record, oldest first."""
        rows = self._select("SELECT * FROM exposures WHERE record_sha256 = ? ORDER BY id", record_sha256)
        return tuple(map(_rows.to_exposure, rows))

    def add_judgement(self, record_sha256: str, reader: str, opinion: Opinion) -> Judgement:
        """Keep what a reader says of a model's reason, with its link in the audit chain.

        Args:
            record_sha256: fingerprint of a record added before.
            reader: who judges.
            opinion: what is said of which stretch.

        Raises:
            BlindedError: this reader reads the record blind: nothing can have been shown that is judged.
        """
        return self._judge(record_sha256, reader, opinion, 0)

    def withdraw_judgement(self, record_sha256: str, reader: str, number: int) -> Judgement:
        """Take back one of a reader's judgements by a further row; the judgement itself stays.

        Raises:
            StoreError: there is no such judgement, or it was taken back before.
        """
        return self._judge(record_sha256, reader, None, number)

    def _judge(self, record_sha256: str, reader: str, opinion: Opinion | None, withdraws: int) -> Judgement:
        with self._database.writing(durable=True) as connection:
            if _rows.is_blinded(connection, record_sha256, reader):
                raise BlindedError("a model's reason is judged once the first read is committed and revealed")
            rows = self.judgements(record_sha256, reader)
            if opinion is None:
                known = {one.number: one.opinion for one in standing(rows)}
                if (opinion := known.get(withdraws)) is None:
                    raise StoreError(
                        "there is no such judgement to take back",
                        where=str(self.path),
                        found=f"number {withdraws}",
                    )
            number = len(rows) + 1
            read_number = self._last_number(record_sha256, reader)
            kept = Judgement(
                record_sha256, reader, number, opinion, read_number, now(), APPLICATION, withdraws
            )
            connection.execute(
                """INSERT INTO judgements (record_sha256, reader, number, withdraws, verdict, leads, start_s,
                end_s, kind, target, model_id, model_version, model_sha256, method, stamp, shown, shown_target,
                text, read_number, utc, utc_offset_minutes, application)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                _rows.judgement_values(kept),
            )
            append(
                connection,
                kept.moment,
                reader,
                _rows.WITHDRAWN if withdraws else _rows.JUDGED,
                record_sha256,
                f"{opinion.verdict.words} on {opinion.where}: {opinion.judged.words}",
                _rows.judgement_digest(kept),
            )
        return kept

    def judgements(
        self, record_sha256: str | None = None, reader: str | None = None
    ) -> tuple[Judgement, ...]:
        """Return every judgement with what withdraws it, oldest first: of a record and of a reader, or of all."""
        rows = self._select(
            """SELECT * FROM judgements WHERE (?1 IS NULL OR record_sha256 = ?1)
            AND (?2 IS NULL OR reader = ?2) ORDER BY id""",
            record_sha256,
            reader,
        )
        return tuple(map(_rows.to_judgement, rows))

    def add_result(self, result: Prediction | LefResult, question: str = "") -> None:
        """Keep what a model says of a record; allowed while blinded, since only reading it back is not.

        `question` is the fingerprint of what was asked; without one the result is kept and never recalled.
        """
        with self._database.writing() as connection:
            connection.execute(
                """INSERT INTO results (record_sha256, model_sha256, kind, content, stored_utc, question)
                VALUES (?, ?, ?, ?, ?, ?)""",
                _rows.result_values(result, question, now()),
            )

    def result(
        self, kind: type[_Result], question: str, record_sha256: str, reader: str | None
    ) -> _Result | None:
        """Return the newest answer to a question, of whatever record it was asked.

        It is asked about a record, by a reader or, on the command line, by nobody in particular.

        Raises:
            BlindedError: this reader, or for None anybody, reads the record blind at present.
        """
        with told(self.path):
            is_blinded = _rows.is_blinded(self._database.connection(), record_sha256, reader)
        if is_blinded:
            raise BlindedError("model results stay closed until the first read is committed and revealed")
        rows = self._select(
            """SELECT content FROM results WHERE question = ? AND question <> '' AND kind = ?
            ORDER BY id DESC LIMIT 1""",
            question,
            _rows.RESULTS[kind],
        )
        return self._decoded(kind, rows[0]["content"]) if rows else None

    def log(self, record_sha256: str, reader: str, action: str, details: str = "") -> None:
        """Append one event to the audit chain."""
        with self._database.writing() as connection:
            append(connection, now(), reader, action, record_sha256, details)

    def audit(self, record_sha256: str | None = None) -> list[AuditEntry]:
        """Return the audit chain, or the entries of one record out of it."""
        only = "" if record_sha256 is None else " WHERE record_sha256 = ?"
        more = () if record_sha256 is None else (record_sha256,)
        return [
            _rows.to_entry(row) for row in self._select(f"SELECT * FROM audit{only} ORDER BY number", *more)
        ]

    def verify(self) -> list[str]:
        """Return every sign of tampering: a broken chain, a read without its entry or unlike it."""
        entries = self.audit()
        problems = audit.verify(entries)
        reads = [self._read(row) for row in self._select("SELECT * FROM reads ORDER BY id")]
        kept = {
            _rows.read_digest(read): f"version {read.number} by {read.reader} of record "
            f"{read.record_sha256[:12]}"
            for read in reads
        }
        for row in self._select("SELECT * FROM exposures ORDER BY id"):
            exposure = _rows.to_exposure(row)
            kept[_rows.exposure_digest(exposure)] = f"an exposure of record {exposure.record_sha256[:12]}"
        for one in self.judgements():
            where = f"judgement {one.number} by {one.reader} of record {one.record_sha256[:12]}"
            kept[_rows.judgement_digest(one)] = where
        logged = {entry.content_sha256: entry for entry in entries if entry.content_sha256}
        problems += [f"{what} is not as logged" for digest, what in kept.items() if digest not in logged]
        problems += [
            f"the {_rows.LOGGED.get(entry.action, 'read')} logged in entry {entry.number} "
            "is missing or was changed"
            for digest, entry in logged.items()
            if digest not in kept
        ]
        return problems

    def export_audit(self, path: str | Path) -> None:
        """Write the audit chain as JSON lines, to be verified without this store."""
        try:
            Path(path).write_text(audit.to_json_lines(self.audit()), encoding="utf-8")
        except OSError as error:
            raise StoreError("the log cannot be written", where=str(path), found=error.strerror) from error

    def _select(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with told(self.path):
            return self._database.connection().execute(sql, values).fetchall()

    def _version(self, record_sha256: str, reader: str, after: int, number: int | None) -> DraftVersion:
        """Return one version of a draft (0: where it began), or the newest one (None)."""
        with told(self.path):
            row = _rows.draft_row(self._database.connection(), record_sha256, reader, after, number)
        if row is None:
            committed = self.reads(record_sha256, reader)
            return DraftVersion(0, after, committed[-1].content if committed else Draft())
        return DraftVersion(row["id"], after, self._decoded(Draft, row["content"]), row["reason"])

    def _last_number(self, record_sha256: str, reader: str) -> int:
        rows = self._select(
            "SELECT max(number) AS last FROM reads WHERE record_sha256 = ? AND reader = ?",
            record_sha256,
            reader,
        )
        return rows[0]["last"] or 0

    def _decoded(self, kind: type[_T], content: str) -> _T:
        try:
            return plain_json.load(kind, content)
        except ValueError as error:
            raise StoreError(
                "the database holds a damaged entry", where=str(self.path), found=str(error)
            ) from error

    def _read(self, row: sqlite3.Row) -> Read:
        return _rows.to_read(
            row,
            self._select("SELECT * FROM read_statements WHERE read_id = ? ORDER BY position", row["id"]),
            self._select("SELECT * FROM annotations WHERE read_id = ? ORDER BY position", row["id"]),
            self._select("SELECT * FROM read_edges WHERE read_id = ? ORDER BY position", row["id"]),
            self._select("SELECT * FROM read_told WHERE read_id = ? ORDER BY position", row["id"]),
        )
