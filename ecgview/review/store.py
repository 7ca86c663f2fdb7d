"""The store: every read, draft, annotation and model result, append-only, in one SQLite file.

Beside the schema (migrations.py) the only file with SQL. Nothing is overwritten: triggers refuse it,
and every commit is a link of the audit chain. A blinded read gets no model result from here, whoever
asks. Calls are small (a draft is saved in about a millisecond, a commit waits for the disk), so the
window may make them from its own thread; any other thread may call too and gets its own connection.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import platformdirs

from ecgview import loading
from ecgview.errors import BlindedError, StoreError
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import _rows, audit, kept_head, migrations, plain_json, reader_name
from ecgview.review._database import Database, any_text, copy_whole, damage_of, told
from ecgview.review._rows import APPLICATION, append, insert
from ecgview.review.audit import AuditEntry
from ecgview.review.exposure import Exposure, Run
from ecgview.review.judgement import Judgement, Opinion, standing
from ecgview.review.kept_head import Found, Head, KeptHead
from ecgview.review.merging import DraftVersion, join, require_current, require_same
from ecgview.review.moment import Moment, now
from ecgview.review.read import Draft, Read, ReadState
from ecgview.review.unlogged import Unlogged
from ecgview.signal.measure.hands import require_sound

if TYPE_CHECKING:
    from ecgview.review.verifying import Evidence, Verification

_T = TypeVar("_T")
_Result = TypeVar("_Result", Prediction, LefResult)

_AT_HAND = 8  # newest versions of drafts that are kept in memory
_TRIES = 20  # to look at the log and at its kept head between two writings of others


def default_path() -> Path:
    """Return where the store lies unless another place is named."""
    return Path(platformdirs.user_data_dir("ecgview", appauthor=False)) / "ecgview.db"


class Store:
    """Opens the file when first used; see `open`. Every method may raise StoreError."""

    def __init__(self, path: str | Path | None = None, *, instead_of: Path | None = None) -> None:
        """Args: path: where it lies; instead_of: the place that this file takes once it is ready, of a restored one."""
        self.path = Path(path) if path is not None else default_path()
        self._database = Database(self.path, instead_of=instead_of)
        self._is_in_place = instead_of is None
        self._kept = KeptHead(instead_of or self.path)
        self._readers: tuple[str, ...] = ()  # as far as they were asked for
        self._newest: dict[
            tuple[str, str], DraftVersion
        ] = {}  # of record and reader, as last read or saved here
        self._unlogged = Unlogged(self.path)

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
        """Remember a record by its fingerprint, the path where it was seen, and size and times of its files there."""
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
        with self._writing() as connection:
            insert(connection, "records", row, unless_there=True)
            path, stamp = record.source.path, record.source.stamp
            path = os.path.abspath(path) if path else ""
            target = os.path.realpath(path) if path else ""  # of a link: the file is then known by both names
            for named in dict.fromkeys((path, target)):
                insert(connection, "record_paths", (sha256, named, utc), unless_there=True)
            if stamp and _rows.seen_files(connection, [path]).get(path) != (sha256, stamp):
                insert(connection, "record_files", (None, sha256, path, stamp, utc))

    def statuses(self, sha256s: Iterable[str], reader: str | None = None) -> dict[str, ReadState]:
        """Return where the reading of each record stands; NEW for one that was never seen.

        Args:
            sha256s: fingerprints of records.
            reader: count this reader's work only; of every reader, the furthest one where None.
        """
        reader = None if reader is None else self.reader_named(reader)
        with told(self.path):
            return _rows.statuses(self._database.connection(), sha256s, reader)

    def seen_files(self, paths: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return of paths from where a record was opened its fingerprint and its files' stamp, the newest ones."""
        with told(self.path):
            return _rows.seen_files(self._database.connection(), list(dict.fromkeys(paths)))

    def draft(self, record_sha256: str, reader: str) -> tuple[Draft, str] | None:
        """Return the draft that is open, and its reason if it amends; None if nothing is open."""
        version = self.draft_version(record_sha256, reader)
        return (version.content, version.reason) if version.number else None

    def draft_version(self, record_sha256: str, reader: str) -> DraftVersion:
        """Return the newest version of the draft that is open; number 0 if nothing is open."""
        with told(self.path):
            after = self._last_number(record_sha256, reader)
            number, _ = _rows.newest_draft(self._database.connection(), record_sha256, reader, after)
        return self._version(record_sha256, reader, after, number)

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
        with self._writing() as connection:
            after = self._last_number(record_sha256, reader)
            last, position = _rows.newest_draft(connection, record_sha256, reader, after)
            theirs = self._version(record_sha256, reader, after, last)
            require_current(theirs, after_number, str(self.path))
            ours = DraftVersion(0, after_number, draft, reason)
            if theirs.number != follows:
                base = self._version(record_sha256, reader, after_number, follows)
                ours = join(base, ours, theirs, str(self.path))
            number = _rows.insert_draft(connection, record_sha256, reader, ours, theirs, position, moment)
            for action, details in log:
                append(connection, moment, reader, action, record_sha256, details)
        return self._at_hand(record_sha256, reader, replace(ours, number=number))

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
        with self._writing(durable=True) as connection:
            theirs = self.draft_version(read.record_sha256, read.reader)
            require_current(theirs, read.number - 1, str(self.path))
            if theirs.number != follows:
                require_same(read.content, read.reason, theirs, str(self.path))
            read_id = insert(connection, "reads", _rows.read_values(read), _rows.READ_COLUMNS)
            for table, rows in (
                ("read_statements", _rows.statement_values(read_id, read.content)),
                ("annotations", _rows.annotation_values(read_id, read.content)),
                ("read_edges", _rows.edge_values(read_id, read.content)),
                ("read_told", _rows.told_values(read_id, read.content)),
            ):
                for row in rows:
                    insert(connection, table, row)
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
        """Return the committed versions of a record, oldest first: of one reader, or of all.

        Raises:
            BlindedError: all are asked for, and somebody reads the record who has not locked the first read.
        """
        found = self._reads_of(record_sha256, reader)
        if reader is None and found:
            with told(self.path):
                begun = _rows.first_read_open(self._database.connection(), record_sha256)
            if begun:
                raise BlindedError(
                    "reads of this record stay closed until every first read that was begun is locked",
                    where=str(self.path),
                )
        return found

    def readers(self) -> tuple[str, ...]:
        """Return everybody who has read here."""
        with told(self.path):
            return tuple(_rows.readers(self._database.connection()))

    def reader_named(self, name: str) -> str:
        """Return how a reader's name is spelt here: as before, where one that looks alike has read here."""
        name, known = name.strip(), self._readers
        if name not in known and reader_name.key(name) not in map(reader_name.key, known):
            known = self._readers = self.readers()
        if name in known:
            return name
        alike = (one for one in known if reader_name.key(one) == reader_name.key(name))
        return next(alike, reader_name.clean(name))

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
        with self._writing(durable=True) as connection:
            if kind == "revealed" and self._last_number(record_sha256, reader) == 0:
                raise BlindedError("commit the first read before model results are revealed")
            values = (None, record_sha256, reader, kind, moment.utc, moment.offset_minutes)
            insert(connection, "reveals", values)
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
        with self._writing(durable=True) as connection:
            _rows.insert_exposure(connection, exposure, exposure.moment)

    def keep_unlogged(
        self,
        kind: str,
        details: str,
        record_sha256s: Iterable[str],
        reader: str = "",
        *,
        as_run: bool = False,
    ) -> None:
        """Keep outside of the store, which cannot be written, what is to be logged once it can.

        Raises:
            StoreError: there is no place for it either.
        """
        try:
            if as_run:
                manifest = _rows.manifest(record_sha256s)
                self._unlogged.keep(Run(kind, details, manifest, now(), APPLICATION))
                return
            for sha256 in record_sha256s:
                self._unlogged.keep(Exposure(sha256, kind, details, reader, now(), APPLICATION))
        except OSError as error:
            raise StoreError(
                "what was shown cannot be kept for the log", where=error.filename, found=error.strerror
            ) from error

    def add_run(self, kind: str, details: str, record_sha256s: Iterable[str]) -> Run:
        """Log in one entry that a command showed what a blind reader must not know of many records.

        Args:
            kind: a short stable word: which command.
            details: more about it, in words.
            record_sha256s: fingerprints of the records, its manifest.
        """
        run = Run(kind, details, _rows.manifest(record_sha256s), now(), APPLICATION)
        with self._writing(durable=True) as connection:
            _rows.insert_run(connection, run, run.moment)
        return run

    def runs(self, record_sha256: str) -> tuple[Run, ...]:
        """Return the runs whose manifest holds a record, oldest first."""
        rows = self._select(
            "SELECT * FROM runs WHERE instr(records, ?) > 0 ORDER BY id", _rows.manifest_key(record_sha256)
        )
        key = _rows.manifest_key(record_sha256).hex()
        waiting = (one for one in self._unlogged.waiting() if isinstance(one, Run) and key in one.records)
        return (*map(_rows.to_run, rows), *waiting)

    def exposures(self, record_sha256: str) -> tuple[Exposure, ...]:
        """Return every exposure of a record, oldest first, then those that the store could not take yet."""
        rows = self._select("SELECT * FROM exposures WHERE record_sha256 = ? ORDER BY id", record_sha256)
        waiting = (
            one
            for one in self._unlogged.waiting()
            if isinstance(one, Exposure) and one.record_sha256 == record_sha256
        )
        return (*map(_rows.to_exposure, rows), *waiting)

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
        with self._writing(durable=True) as connection:
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
            insert(connection, "judgements", (None, *_rows.judgement_values(kept)))
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
        with self._writing() as connection:
            insert(connection, "results", (None, *_rows.result_values(result, question, now())))

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

    def log(
        self, record_sha256: str, reader: str, action: str, details: str = "", *, durable: bool = False
    ) -> None:
        """Append one event to the audit chain; return only when the disk has it where it is `durable`."""
        with self._writing(durable=durable) as connection:
            append(connection, now(), reader, action, record_sha256, details)

    def audit(self, record_sha256: str | None = None, reader: str | None = None) -> list[AuditEntry]:
        """Return the audit chain, to be checked or exported, or what may be seen of one record's entries.

        A reader sees those of others once the first read is locked, but never what others judged of a model's
        reasons. Where no reader asks, what readers say is left out while another reads the record blind.
        """
        if record_sha256 is None:
            rows = self._select("SELECT * FROM audit ORDER BY number")
            with self._damage_told():
                return [_rows.to_entry(row) for row in rows]
        rows = self._select("SELECT * FROM audit WHERE record_sha256 = ? ORDER BY number", record_sha256)
        entries = [_rows.to_entry(row) for row in rows]
        if reader is not None:
            has_read = self._last_number(record_sha256, reader) > 0
            hidden = {_rows.JUDGED, _rows.WITHDRAWN}
            return [one for one in entries if one.reader == reader or (has_read and one.action not in hidden)]
        with told(self.path):
            begun = _rows.first_read_open(self._database.connection(), record_sha256)
        return [one for one in entries if one.action not in _rows.TELLING or begun <= {one.reader}]

    def verify(self) -> list[str]:
        """Return every sign of tampering, in words; see `check`."""
        return list(self.check().problems)

    def check(self, heads: Iterable[str] = (), progress: Progress = silent) -> "Verification":
        """Compare every table with the chains, the schema with ours, times with each other, the head with the one kept.

        Args:
            heads: heads of the log that were printed, "57:3f2a...", which the log must hold.
            progress: told how far it is.
        """
        from ecgview.review import verifying

        connection = self._database.connection()
        with told(self.path), any_text(connection):
            try:
                now_at = self._begin_at_head(connection)
                progress(0.1, "reading the store")
                evidence = self._evidence(connection, now_at)
            except verifying.DAMAGED as error:
                raise StoreError(
                    "the database holds rows that cannot be read; restore it from a backup",
                    where=str(self.path),
                    found=(damage_of(connection) or [str(error)])[0],
                ) from error
            except sqlite3.OperationalError as error:  # a table or a column that is not there any more
                with loading.without("pandas"):
                    expected = migrations.schema_expected()
                said = verifying.schema_problems(migrations.schema(connection), expected)
                if not said:
                    raise StoreError(
                        "the database is damaged; restore it from a backup",
                        where=str(self.path),
                        found=str(error),
                    ) from error
                return verifying.Verification(
                    (*said, f"nothing else can be compared: {error}"), (), Head(), 0, 0
                )
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        progress(0.6, "comparing")
        return verifying.verify(evidence, heads)

    def _begin_at_head(self, connection: sqlite3.Connection) -> Head:
        """Begin a transaction of reading at an instant at which the head that is kept is the log's own."""
        for _ in range(_TRIES):
            stamp = self._kept.stamp()
            connection.execute("BEGIN")
            now_at = _rows.head(connection)  # from here on what others write is not seen
            if self._kept.stamp() == stamp:
                return now_at
            connection.execute("ROLLBACK")
        raise StoreError("another program writes all the time; try again", where=str(self.path))

    def _evidence(self, connection: sqlite3.Connection, now_at: Head) -> "Evidence":
        from ecgview.review import verifying

        unreadable: list[str] = []

        def each(table: str, made: Callable[[sqlite3.Row], _T]) -> list[_T]:
            found = []
            for row in self._select(f"SELECT * FROM {table} ORDER BY id"):
                try:
                    found.append(made(row))
                except verifying.DAMAGED:
                    unreadable.append(f"row {row['id']} of {table} cannot be read any more")
            return found

        rows = [
            verifying.Row(table, digest, _rows.named(table, row))
            for table, digest, row in _rows.linked_rows(connection)
        ]
        links = [verifying.Link(*row) for row in self._select("SELECT * FROM links ORDER BY number")]
        identity = self._select("SELECT * FROM identity")
        n_before = identity[0]["n_entries"] if identity else 0
        store = identity[0]["store"] if identity else ""
        with loading.without("pandas"):
            expected = migrations.schema_expected()
        damage = damage_of(connection)
        return verifying.Evidence(
            entries=self.audit(),
            links=links,
            rows=rows,
            reads=each("reads", self._read),
            exposures=each("exposures", _rows.to_exposure),
            judgements=each("judgements", _rows.to_judgement),
            reveals=each(
                "reveals",
                lambda row: verifying.Reveal(
                    row["record_sha256"],
                    row["reader"],
                    row["kind"],
                    Moment(row["utc"], row["utc_offset_minutes"]),
                ),
            ),
            runs=each("runs", _rows.to_run),
            unreadable=unreadable,
            schema=migrations.schema(connection),
            schema_expected=expected,
            damage=damage if len(identity) == 1 else [*damage, f"the store has {len(identity)} identities"],
            kept=self._kept.look(store),
            head=now_at,
            is_begun=self._is_begun(now_at),
            from_schema=identity[0]["from_schema"] if identity else 0,
            n_entries_before=n_before,
        )

    def export_audit(self, path: str | Path) -> None:
        """Write the audit chain as JSON lines, to be verified without this store; FormatError if it cannot be."""
        from ecgview.formats.kit.replace import replace_file

        replace_file(Path(path), audit.to_json_lines(self.audit()).encode())

    def back_up(self, path: Path) -> Head:
        """Copy all of it, while others may write, to a file that only its user may read, and return where its log ends.

        Raises:
            StoreError: it is damaged, or the copy is, or cannot be written; no half one is left.
        """

        def verify(copy: sqlite3.Connection) -> None:
            if damage := damage_of(copy):
                raise StoreError(
                    "the store is damaged; restore it from a backup",
                    where=str(self.path),
                    found=damage[0],
                )
            if _rows.head(copy) != at:
                raise StoreError("the backup does not end where the store does", where=str(path))

        with told(self.path):
            connection = self._database.connection()
            connection.execute("BEGIN")
            try:
                at = _rows.head(connection)  # from here on what others write is not seen
                copy_whole(connection, path, verify)
            except OSError as error:
                raise StoreError(
                    "the backup cannot be written", where=str(path), found=error.strerror
                ) from error
            finally:
                connection.execute("ROLLBACK")
        return at

    def head(self) -> Head:
        """Return where the log stands: what a report prints, so that the log can be held against it."""
        with told(self.path):
            return _rows.head(self._database.connection())

    def first_reads_open(self) -> tuple[str, ...]:
        """Return the fingerprints of records of which somebody's first read is begun and not locked."""
        rows = self._select(
            """SELECT DISTINCT record_sha256 FROM drafts WHERE NOT EXISTS (SELECT 1 FROM reads
            WHERE reads.record_sha256 = drafts.record_sha256 AND reads.reader = drafts.reader)
            ORDER BY record_sha256"""
        )
        return tuple(row[0] for row in rows)

    @contextlib.contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a transaction; where the log then stands is kept outside of the store before it ends."""
        with self._database.writing(durable=durable) as connection:
            identity = connection.execute("SELECT store, n_entries FROM identity").fetchone()
            store = identity["store"] if identity else ""
            before = _rows.head(connection)
            found = self._kept.look(store)
            is_first = found.trouble == kept_head.MISSING and not self._is_begun(before)
            is_new_chain = before not in found.heads
            if is_new_chain and not is_first:
                self._mark(connection, found, before)
            waited = self._unlogged.take()
            for one in waited:
                if isinstance(one, Exposure):
                    _rows.insert_exposure(connection, one, now())
                else:
                    _rows.insert_run(connection, one, now())
            yield connection
            after = _rows.head(connection)
            heads: tuple[Head, ...] = (before, after)
            unsaid, on_disk = "", None
            if is_new_chain and not is_first:  # until its entry is there, the chain found is not one of ours
                unsaid = found.trouble
                heads = (after,) if unsaid else (*found.heads[:2], after)
            elif not self._is_in_place:  # what lies at its place stays if this is never put there
                heads = (*found.heads[:2], after)
            elif (before.entry, before.row) < found.on_disk:  # those of a chain that an entry says was left
                on_disk = (0, 0)
            self._kept.keep(store, heads, durable=durable, on_disk=on_disk, unsaid=unsaid)
        if waited:
            self._unlogged.done()
        if not self._is_in_place:
            return
        on_disk = (after.entry, after.row) if durable else (0, 0) if is_new_chain else None
        self._database.when_free(lambda connection: self._settle(connection, store, after, on_disk))

    def settle(self) -> None:
        """Keep that the log ends here, once this file was put in the place for which it was made ready."""

        def act(connection: sqlite3.Connection) -> None:
            store, at = connection.execute("SELECT store FROM identity").fetchone()[0], _rows.head(connection)
            if at in self._kept.look(store).heads:
                self._settle(connection, store, at, (at.entry, at.row))

        self._database.when_free(act)

    def _is_begun(self, at: Head) -> bool:
        """Whether anything was written, by which a head was kept; what the store says of itself proves nothing."""
        return (at.entry > 0 or at.row > 1) and at != self._database.linked_at

    def _settle(
        self, connection: sqlite3.Connection, store: str, at: Head, on_disk: tuple[int, int] | None
    ) -> None:
        """Keep where the log stands now: until then, what was written last could be cut unseen."""
        if _rows.head(connection) == at:
            with contextlib.suppress(StoreError):  # what it says already holds too
                self._kept.keep(store, (at,), on_disk=on_disk)

    def _mark(self, connection: sqlite3.Connection, found: Found, at: Head) -> None:
        """Log that the chain is not where ecgview left it: whatever is written next would hide it."""
        kept = found.heads[0] if found.heads else Head()
        entries = _rows.hashes(connection, "audit", kept.entry)
        rows = _rows.hashes(connection, "links", kept.row)
        said = kept_head.differs(found, at, entries, rows)
        append(connection, now(), "", _rows.HEAD_DIFFERED, "", said)

    def _select(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with told(self.path):
            return self._database.connection().execute(sql, values).fetchall()

    def _reads_of(self, record_sha256: str, reader: str | None = None) -> tuple[Read, ...]:
        of_reader = "" if reader is None else " AND reader = ?"
        more = () if reader is None else (reader,)
        rows = self._select(
            f"SELECT * FROM reads WHERE record_sha256 = ?{of_reader} ORDER BY id", record_sha256, *more
        )
        return tuple(self._read(row) for row in rows)

    def _version(self, record_sha256: str, reader: str, after: int, number: int) -> DraftVersion:
        """Return one version of a draft; 0: where it began. The newest one of this window is at hand."""
        at_hand = self._newest.get((record_sha256, reader))
        if number and at_hand is not None and (at_hand.number, at_hand.after_number) == (number, after):
            return at_hand
        with told(self.path):
            found = _rows.draft_rows(self._database.connection(), record_sha256, reader, after, number)
        if found is None:
            return DraftVersion(0, after, self._committed(record_sha256, reader, after))
        row, edits = found
        if row["of_committed"]:
            base, edits = self._committed(record_sha256, reader, after), [row["content"], *edits]
        else:
            base = self._decoded(Draft, row["content"])
        with self._damage_told():
            content = plain_json.load_changed(base, edits)
        return self._at_hand(record_sha256, reader, DraftVersion(number, after, content, row["reason"]))

    def _at_hand(self, record_sha256: str, reader: str, version: DraftVersion) -> DraftVersion:
        """Remember the newest version, against which the next is written, of the records looked at last."""
        self._newest.pop((record_sha256, reader), None)
        self._newest[record_sha256, reader] = version
        while len(self._newest) > _AT_HAND:
            self._newest.pop(next(iter(self._newest)), None)
        return version

    def _committed(self, record_sha256: str, reader: str, number: int) -> Draft:
        committed = self._reads_of(record_sha256, reader) if number else ()
        return next((read.content for read in committed if read.number == number), Draft())

    def _last_number(self, record_sha256: str, reader: str) -> int:
        rows = self._select(
            "SELECT max(number) AS last FROM reads WHERE record_sha256 = ? AND reader = ?",
            record_sha256,
            reader,
        )
        return rows[0]["last"] or 0

    def _decoded(self, kind: type[_T], content: str) -> _T:
        with self._damage_told():
            return plain_json.load(kind, content)

    @contextlib.contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, LookupError) as error:
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
