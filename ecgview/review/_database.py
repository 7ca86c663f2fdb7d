"""The SQLite file under the store: a connection per thread, one writer, errors that say what to do."""

import contextlib
import errno
import filecmp
import glob
import itertools
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ecgview import loading, private
from ecgview.errors import EmptyStoreError, StoreError
from ecgview.review import _rows, migrations
from ecgview.review.kept_head import Head, KeptHead

_MAGIC = b"SQLite format 3\0"
_WITHOUT_WAL = b"\1\1"  # its versions of writing and reading; with a log both are 2
_WAL_PAGES = 300  # 1.2 MB: after as much SQLite's log is taken over into the file, and begins anew
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file
_LEFT_AFTER_S = 3600  # what nobody wrote for as long is no copy that is still being made
_SHOWN = 20  # texts that are none; each is damage enough
_BUSY_MS = 2000  # how long another program may hold the file before we say so

_TOLD = {
    "SQLITE_FULL": "the disk is full; nothing was written",
    "SQLITE_BUSY": "the database is locked by another program; nothing was written",
    "SQLITE_LOCKED": "the database is locked by another program; nothing was written",
    "SQLITE_READONLY": "the database is read-only; nothing can be written",
    "SQLITE_PERM": "the database may not be opened by this user",
    "SQLITE_CANTOPEN": "the database cannot be opened",
    "SQLITE_CORRUPT": "the database is damaged; restore it from a backup",
    "SQLITE_NOTADB": "the file is not a database, or it is damaged",
    "SQLITE_IOERR": "the database cannot be read or written",
}
_NOT_THERE = (
    "no such table",
    "no such column",
    "table ",
    "no such index",
)  # "table reads has 14 columns but ..."
# what SQLite says when it may not write, or has no room to, what it needs for reading
_NOT_WRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PERM")


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the surroundings do to us (full, locked, read-only, damaged) into StoreError."""
    try:
        yield
    except UnicodeDecodeError as error:  # a name in the schema, which SQLite's own message quotes
        raise StoreError(_TOLD["SQLITE_CORRUPT"], where=str(path), found="a name that is no text") from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        family = "_".join(name.split("_")[:2])  # SQLITE_READONLY_DIRECTORY -> SQLITE_READONLY
        if name == "SQLITE_ERROR" and str(error).startswith(_NOT_THERE):
            raise StoreError(
                "a part of the database was taken away; restore it from a backup",
                where=str(path),
                found=str(error)[:80],
            ) from error
        if not name and str(error).startswith("Could not decode"):  # of Python, which reads what SQLite keeps
            raise StoreError(
                "the database holds a text that cannot be read; restore it from a backup", where=str(path)
            ) from error
        if family not in _TOLD:
            raise  # our own mistake
        raise StoreError(_TOLD[family], where=str(path), found=str(error)) from error


def _is_writable(connection: sqlite3.Connection) -> bool:
    """Whether a transaction can begin, or could if nobody else held the file."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return not (getattr(error, "sqlite_errorname", None) or "").startswith("SQLITE_READONLY")
    return True


def _place(path: Path) -> tuple[int, int]:
    """Return which file has a name; (0, 0) where none has."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _require_place(path: Path, place: tuple[int, int]) -> None:
    """Raise StoreError where a file has another's name now: what is written to the one that is open would be lost."""
    if _place(path) != place:
        raise StoreError(
            "another file was put in the place of the database; nothing was written, close ecgview and open it again",
            where=str(path),
        )


# Files that this program has open, by place. Such a one is opened by SQLite alone: where a program closes a file that
# it opened itself, POSIX takes back all locks that it has on that file, those of SQLite's connections as well, and
# another program, or another connection that is closed, then takes the log away from under them.
_open_places: Counter[tuple[int, int]] = Counter()
_opening_one = threading.Lock()


class Database:
    """One SQLite file; any thread may ask for its connection, one at a time may write.

    A file that cannot be written is read all the same: as it is, or, where SQLite needs to write for
    that (its log beside the file, an older schema), from a copy of it that goes with this object.
    """

    def __init__(self, path: Path, *, instead_of: Path | None = None) -> None:
        self.path = path
        self._instead_of = instead_of  # whose place this file takes once it is ready
        self.is_read_only = False
        self._why = "SQLITE_READONLY"
        self.linked_at: Head | None = None  # where the log stood once it was made or brought up to date here
        self._file = path  # what is really opened: `path`, or a copy of it
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._local = threading.local()
        self._opening = threading.RLock()
        self._writing = threading.RLock()  # its own: who waits for a locked file keeps nobody from reading
        self._connections: list[sqlite3.Connection] = []
        self._places: list[tuple[int, int]] = []  # that were counted as open
        self._round = 0  # of looking at the file; connections of an older one are used no more
        self._is_ready = False
        self._is_closed = False

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, the file brought up to date before the first one."""
        if self._is_closed:
            raise StoreError("the database is closed", where=str(self.path))
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None or self._local.round != self._round:
            with self._opening, told(self.path):
                if not self._is_ready:
                    self._prepare()
                self._local.place = _place(
                    self._file
                )  # before: what comes between is seen when it is written
                connection = self._connect(self._file)
                self._connections.append(connection)
                self._local.round = self._round
            self._local.connection = connection
        return connection

    @property
    def problem(self) -> StoreError | None:
        """Why nothing can be written, once the file was opened."""
        return StoreError(_TOLD[self._why], where=str(self.path)) if self.is_read_only else None

    def try_again(self) -> None:
        """Look anew at a file that could not be written; what was wrong may be mended."""
        with self._opening:
            if self.is_read_only:
                self._is_ready, self.is_read_only, self._file = False, False, self.path
                self._round += 1

    def start_anew(self) -> None:
        """Make a fresh database where an empty file lies; the user said so."""
        with self._opening:
            if self.path.exists() and self.path.stat().st_size == 0:
                self.path.unlink()

    @contextlib.contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a transaction that is whole or nothing; waits for another thread's.

        Args:
            durable: return only when the disk has it, so that a power cut loses nothing (drafts
                survive the end of the program without it).
        """
        with self._writing, told(self.path):
            connection = self.connection()
            if self.problem is not None:
                raise self.problem
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                _require_place(self._file, self._local.place)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def when_free(self, act: Callable[[sqlite3.Connection], object]) -> None:
        """Do something while nobody else may write; nothing where somebody writes just now."""
        with self._writing, told(self.path):
            connection = self.connection()
            (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return
            finally:
                connection.execute(f"PRAGMA busy_timeout = {patience}")
            try:
                act(connection)
            finally:
                connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connections of every thread; the database is not used after it."""
        with self._writing, self._opening:
            self._is_closed = True
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            with _opening_one:
                _open_places.subtract(self._places)
                self._places.clear()
            if self._copy is not None:
                self._copy.cleanup()

    def _connect(self, path: Path) -> sqlite3.Connection:
        # isolation_level None: transactions begin where `writing` says and nowhere else
        connection = sqlite3.connect(
            path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        for pragma in (
            "foreign_keys = ON",
            "recursive_triggers = ON",
            "trusted_schema = OFF",
            f"wal_autocheckpoint = {_WAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _prepare(self) -> None:
        try:
            private.make_folder(self.path.parent)
            for suffix in ("", *_BESIDE):
                if (part := _lies_at(self.path, suffix)).is_fifo():
                    raise StoreError(
                        "a pipe lies here, which would be waited for", where=str(part), expected="a file"
                    )
            is_there = self.path.exists()
            if is_there and self.path.stat().st_size == 0:
                raise EmptyStoreError(
                    "the file is empty where a database of reads is expected; nothing is written over it",
                    where=str(self.path),
                )
        except OSError as error:
            raise StoreError(
                "the folder of the database cannot be made or read",
                where=str(self.path.parent),
                found=error.strerror,
            ) from error
        if not is_there:
            self._make()
        with _opening_one:
            place = _place(self.path)
            if not _open_places[place]:
                _set_stray_log_aside(self.path)
            _open_places[place] += 1
            self._places.append(place)
        # Made before they were the user's alone; SQLite makes new ones beside as the first is.
        for suffix in ("", "-wal", "-shm"):
            private.close(_lies_at(self.path, suffix))
        try:
            self._bring_up_to_date(self.path)
            self._why = "SQLITE_READONLY"
        except sqlite3.OperationalError as error:
            name = getattr(error, "sqlite_errorname", None) or ""
            if not name.startswith(_NOT_WRITABLE) or not self.path.is_file():
                raise
            self._why = "SQLITE_FULL" if name.startswith("SQLITE_FULL") else "SQLITE_READONLY"
            self._read_a_copy()
        if not self.is_read_only:
            for path in {self.path, _lies_at(self.path, "")}:  # copies are made beside both
                clear_left(path.parent, rf"{re.escape(path.name)}(?:\.schema-\d+(?:-\d+)?\.bak)?")
        self._is_ready = True

    def _make(self) -> None:
        """Make the file whole before it has its name, so that no half-made one is ever found there."""
        made = _part_of(self.path)
        try:
            private.make_file(made)
            self._bring_up_to_date(made, is_kept=False)
            try:
                os.link(made, self.path)  # where two programs start together, one of them is first
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                if not self.path.exists():
                    made.replace(self.path)
        finally:
            _remove_part(made)

    def _bring_up_to_date(self, path: Path, *, is_kept: bool = True) -> None:
        """Migrate what is older; where `is_kept`, a copy of what lay there stays beside it."""
        place = _place(path)
        connection = self._connect(path)
        try:
            version = check_kind(connection, self.path)
            if version < migrations.LATEST and not migrations.has(connection, migrations.NEWEST):
                _require_place(path, place)
                self._migrate(connection, path if is_kept and version else None)
            self.is_read_only = not _is_writable(connection)
            if not self.is_read_only and connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                _require_place(path, place)
                with contextlib.suppress(sqlite3.OperationalError):  # others are at it, who open it so
                    connection.execute("PRAGMA journal_mode = WAL")  # a backup that was put here by hand
        finally:
            connection.close()

    def _read_a_copy(self) -> None:
        self._copy = tempfile.TemporaryDirectory(prefix="ecgview-")
        self._file = Path(self._copy.name) / self.path.name
        try:
            for suffix in ("", "-wal"):  # the log holds what was saved last
                part = _lies_at(self.path, suffix)
                if part.exists():
                    shutil.copyfile(part, self._file.with_name(self._file.name + suffix))
        except OSError as error:
            raise StoreError(
                "the database cannot be read", where=str(self.path), found=error.strerror
            ) from error
        self._bring_up_to_date(self._file, is_kept=False)
        self.is_read_only = True

    def _migrate(self, connection: sqlite3.Connection, kept: Path | None) -> None:
        with loading.without("pandas"):  # half a second, for tables that are never given here
            from sqlite_utils import Database as SqliteUtils

        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        rows, connection.row_factory = connection.row_factory, None  # sqlite_utils reads plain tuples
        connection.execute("BEGIN IMMEDIATE")  # of two programs that start together one waits here
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if kept is not None and version < migrations.LATEST:
                self._back_up(kept, version)
            is_linked = migrations.has(connection, "links")
            migrations.steps().apply(SqliteUtils(connection))
            connection.row_factory = rows
            first: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
            if version < migrations.LINKED_SINCE and not is_linked:
                store = _rows.link_all(connection, version)
                self.linked_at = _rows.head(connection)
                if kept is not None and self._instead_of is None:
                    first = KeptHead(self.path).kept_first(store, self.linked_at)
            with first:
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _back_up(self, path: Path, version: int) -> None:
        """Copy a store as it is, with what its log of SQLite holds, to a file beside it."""
        beside = self._instead_of or path
        copy = free_name(beside.with_name(f"{beside.name}.schema-{version}"))
        try:
            with contextlib.closing(sqlite3.connect(path)) as source:
                copy_whole(source, copy)
            # an update that fails is tried at each opening: the same copy is kept once
            earlier = beside.parent.glob(f"{glob.escape(beside.name)}.schema-{version}*.bak")
            if any(
                one != copy and one.is_file() and filecmp.cmp(one, copy, shallow=False) for one in earlier
            ):
                copy.unlink()
        except OSError as error:
            raise StoreError(
                "the database cannot be copied before it is brought up to date; nothing was changed",
                where=str(copy),
                found=error.strerror,
            ) from error


def _set_stray_log_aside(path: Path) -> None:
    """Rename a log of SQLite that lies beside a file which has none: a backup was put here by hand, without `restore`.

    SQLite would write what that log holds of another file into this one.
    """
    log = _lies_at(path, "-wal")
    with contextlib.suppress(OSError):
        if _has_no_log(path) and log.stat().st_size:
            log.replace(free_name(log.with_name(f"{log.name}.not-of-this-file")))


def _lies_at(path: Path, suffix: str) -> Path:
    """Return where SQLite keeps what is beside a file: where the file itself lies, not a link to it."""
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + suffix)


def _has_no_log(path: Path) -> bool:
    with path.open("rb") as file:
        begins = file.read(20)
    return begins[: len(_MAGIC)] == _MAGIC and begins[18:] == _WITHOUT_WAL


def free_name(path: Path) -> Path:
    """Return a name that no file has: `path` with ".bak", or with a number before that."""
    number = 1
    while True:
        named = path.with_name(f"{path.name}{f'-{number}' if number > 1 else ''}.bak")
        if not os.path.lexists(named):
            return named
        number += 1


def _part_of(path: Path) -> Path:
    """Return the name under which a file is made before it has its own."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")


def _remove_part(part: Path) -> None:
    for suffix in ("", *_BESIDE):
        with contextlib.suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def clear_left(folder: Path, names: str) -> None:
    """Remove what was left of files that a program was making as it was killed: whole copies of reads, for good.

    Args:
        folder: where they lie.
        names: a pattern of the names that those files were to have.
    """
    ours = re.compile(rf"\.(?:{names})\.(\d+)-\d+(?:{'|'.join(_BESIDE)})?", re.ASCII)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (named := ours.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    if not _runs(int(named[1])) or time.time() - entry.stat().st_mtime > _LEFT_AFTER_S:
                        os.unlink(entry)


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 is Ctrl+C there; the age alone tells
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's; a number that no process has
        return True
    return True


def set_logs_aside(path: Path) -> None:
    """Rename the logs of SQLite that lie where a file is to be made: they are of one that lay there before.

    Raises:
        OSError: one cannot be renamed.
    """
    for suffix in _BESIDE:
        log = path.with_name(path.name + suffix)
        if os.path.lexists(log):
            log.replace(free_name(log.with_name(f"{log.name}.not-of-this-file")))


def copy_whole(
    source: sqlite3.Connection, target: Path, verify: Callable[[sqlite3.Connection], None] | None = None
) -> None:
    """Copy a database, with what its log holds and while others use it, to one file that only its user may read.

    Args:
        source: where it is read, at one instant.
        target: named only once it is whole and the disk has it.
        verify: looks at the copy before it is named, and raises where it is not as it should be.

    Raises:
        OSError: it cannot be written.
    """
    part = _part_of(target)
    clear_left(target.parent, re.escape(target.name))
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with contextlib.closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            if verify is not None:
                verify(copy)
        _to_disk(part)
        part.replace(target)
        _to_disk(target.parent)
    finally:
        _remove_part(part)


def damage_of(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite says of the file, which rows have lost what they belong to, and which texts are none."""
    with any_text(connection):
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        lost = connection.execute("PRAGMA foreign_key_check").fetchall()
    damage += [f"a row of {row[0]} has lost what it belongs to" for row in lost]
    return damage or list(itertools.islice(_no_texts(connection), _SHOWN))


@contextlib.contextmanager
def any_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Let a text that is not UTF-8 be read as something, so that a check comes to its end."""
    before = connection.text_factory
    connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        connection.text_factory = before


def _no_texts(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield where a text is not UTF-8: SQLite keeps any bytes and says nothing of them."""
    before, none = connection.text_factory, object()

    def read(raw: bytes) -> object:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return none

    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name"
    connection.text_factory = read
    try:
        for (table,) in connection.execute(tables).fetchall():
            try:
                rows = connection.execute(f"""SELECT rowid, * FROM "{str(table).replace('"', '""')}\"""")
            except sqlite3.OperationalError:  # a table of somebody's own, of another kind
                continue
            for row in rows:
                for (column, *_), value in zip(rows.description, row, strict=True):
                    if value is none:
                        yield f"row {row[0]} of {table} holds a text that is not UTF-8, in its {column}"
    finally:
        connection.text_factory = before


def head_of_copy(path: Path) -> Head | None:
    """Return where the log of a copy ends, which is neither changed nor brought up to date; None if it is no use."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            return _rows.head(copy)
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def put_in_place(
    backup: Path,
    path: Path,
    aside: Path,
    found: Callable[[int, str, tuple[Path, ...]], object],
    log: Callable[[Path, bool], object],
) -> bool:
    """Put a copy of a backup where a store lies, what lies there being kept aside first.

    Args:
        backup: a store, with its log of SQLite where there is one; it is not changed.
        path: the store.
        aside: what the present one is called from then on.
        found: called before anything is changed with the number of the backup's last entry, that one's time as
            written, and the logs of SQLite beside it that are of another file.
        log: called with the copy, and whether there is a store to be kept aside, while nobody else writes: what the
            copy's log says of it is there before the copy is.

    Returns:
        Whether there was one to be kept aside.

    Raises:
        StoreError: the backup is no sound store of this ecgview or an older one, or another program has the store
            open; nothing is changed.
        OSError: a file cannot be read or written; the store is there still.
    """
    part = _part_of(path)
    clear_left(path.parent, re.escape(path.name))
    try:
        private.make_file(part)
        left_out = _copy_with_its_log(backup, part)
        with told(backup), contextlib.closing(sqlite3.connect(part)) as copy:
            if check_kind(copy, backup) == 0:
                raise StoreError("holds no reads of ecgview", where=str(backup))
            if damage := damage_of(copy):
                raise StoreError(
                    "the backup is damaged; nothing was changed", where=str(backup), found=damage[0]
                )
            entry, utc = _last_entry(copy)
            copy.execute("PRAGMA journal_mode = WAL")
        _to_disk(part)
        found(entry, utc, left_out)
        was_there = path.exists()
        with _alone(path) if was_there else contextlib.nullcontext():
            log(part, was_there)
            rest = part.with_name(part.name + "-wal")
            if rest.exists() and rest.stat().st_size:  # the disk has no room to take it over
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            _to_disk(part)
            if was_there:
                _keep_aside(path, aside)
            part.replace(path)
            _to_disk(path.parent)
        return was_there
    finally:
        _remove_part(part)


def _copy_with_its_log(backup: Path, part: Path) -> tuple[Path, ...]:
    """Copy a store, and the log of SQLite beside it if that goes on from it; return the logs that are of another file.

    SQLite takes any log that lies there under the right name, one that was left of an older file too: what it holds
    would take the place of what was backed up.
    """
    shutil.copyfile(backup, part)
    log, journal = (_lies_at(backup, suffix) for suffix in ("-wal", "-journal"))
    beside = tuple(path for path in (log, journal) if path.is_file() and path.stat().st_size)
    if log not in beside or _has_no_log(backup):  # as each backup of ours is written
        return beside
    alone = _end(part, "?mode=ro&immutable=1")  # without its log
    part_log, part_index = (part.with_name(part.name + suffix) for suffix in ("-wal", "-shm"))
    private.make_file(part_log)
    shutil.copyfile(log, part_log)
    if alone is None or _goes_on(part, alone):
        return tuple(path for path in beside if path != log)
    for path in (part_log, part_index):
        path.unlink(missing_ok=True)
    shutil.copyfile(backup, part)  # a part of that log may have been taken over
    return beside


def _end(path: Path, how: str = "") -> tuple[str, int, str, int, str] | None:
    """Return identity, last entry and last link of a store; None where it is damaged or holds none."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}{how}", uri=True)) as copy:
            if damage_of(copy):
                return None
            at = _rows.head(copy)
            (store,) = copy.execute("SELECT store FROM identity").fetchone() or ("",)
    except (sqlite3.Error, UnicodeDecodeError):
        return None  # of a schema without links, too: there is nothing to compare by
    return str(store), at.entry, at.entry_hash, at.row, at.row_hash


def _goes_on(path: Path, alone: tuple[str, int, str, int, str]) -> bool:
    """Whether a store, with its log, holds the end that it had without."""
    store, entry, entry_hash, row, row_hash = alone
    whole = _end(path)
    if whole is None or whole[0] != store:
        return False
    with contextlib.closing(sqlite3.connect(path)) as copy:
        entries, links = _rows.hashes(copy, "audit", entry), _rows.hashes(copy, "links", row)
    return entries.get(entry, entry_hash if entry == 0 else "") == entry_hash and (
        links.get(row, row_hash if row == 0 else "") == row_hash
    )


def _last_entry(connection: sqlite3.Connection) -> tuple[int, str]:
    last = connection.execute("SELECT number, CAST(utc AS BLOB) FROM audit ORDER BY number DESC LIMIT 1")
    number, utc = last.fetchone() or (0, b"")
    return int(number), (utc or b"").decode("utf-8", "replace")


def check_kind(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the schema; StoreError if this is not a store that we can read."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not is_empty and application != migrations.APPLICATION_ID:
        raise StoreError("the database belongs to another program", where=str(path))
    if version > migrations.LATEST:
        raise StoreError(
            "the database was written by a newer ecgview; update ecgview to open it",
            where=str(path),
            expected=f"schema {migrations.LATEST} or older",
            found=f"schema {version}",
        )
    return version


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep every other program from a store until another file is in its place; StoreError while one has it open.

    It would go on writing to the one kept aside. Who waits for the lock meanwhile finds that it has the old file
    (`Database.writing`), which has no log of SQLite any more: the names of that log are the new one's now.
    """
    with _opening_one:
        is_store = _open_places[_place(path)] > 0
        if not is_store:
            with path.open("rb") as file:
                is_store = file.read(len(_MAGIC)) == _MAGIC
    if not is_store:  # SQLite would take the log beside a file that is none for a stray one, and delete it
        yield
        return
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as present:
        try:
            present.execute("PRAGMA locking_mode = EXCLUSIVE")
            present.execute("BEGIN EXCLUSIVE")
            present.execute("COMMIT")
            present.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.DatabaseError as error:
            if (getattr(error, "sqlite_errorname", None) or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise StoreError(
                    "another program has the store open; close it first, nothing was changed",
                    where=str(path),
                ) from error
            present.close()  # damaged: it is kept as it lies, and nothing of it is touched once it has another name
        if sys.platform == "win32":
            present.close()  # there no file can be replaced that is open, by whomever
        else:
            with contextlib.suppress(FileNotFoundError):  # emptied, and kept for the next transaction
                path.with_name(path.name + "-journal").unlink()
        yield


def _keep_aside(path: Path, aside: Path) -> None:
    try:
        os.link(path, aside)
    except OSError:  # a file system without links
        private.make_file(aside)
        shutil.copyfile(path, aside)
        _to_disk(aside)
    # what a damaged one left beside itself must not be taken for the log of the one that comes
    for suffix in ("-wal", "-shm"):
        if (beside := path.with_name(path.name + suffix)).exists():
            beside.replace(aside.with_name(aside.name + suffix))


def _to_disk(path: Path) -> None:
    """Have the disk take a file, or the names in a folder."""
    if path.is_dir() and sys.platform == "win32":
        return  # folders cannot be opened there
    opened = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
