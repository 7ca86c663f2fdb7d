"""The SQLite file under the store: a connection per thread, one writer, errors that say what to do."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from ecgview.errors import StoreError
from ecgview.review import migrations

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


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the surroundings do to us (full, locked, read-only, damaged) into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        family = "_".join(name.split("_")[:2])  # SQLITE_READONLY_DIRECTORY -> SQLITE_READONLY
        if family not in _TOLD:
            raise  # our own mistake
        raise StoreError(_TOLD[family], where=str(path), found=str(error)) from error


class Database:
    """One SQLite file; any thread may ask for its connection, one at a time may write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.RLock()
        self._connections: list[sqlite3.Connection] = []
        self._is_ready = False
        self._is_closed = False

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, the file brought up to date before the first one."""
        if self._is_closed:
            raise StoreError("the database is closed", where=str(self.path))
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._lock, told(self.path):
                if not self._is_ready:
                    self._prepare()
                connection = self._connect()
                self._connections.append(connection)
            self._local.connection = connection
        return connection

    @contextlib.contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a transaction that is whole or nothing; waits for another thread's.

        Args:
            durable: return only when the disk has it, so that a power cut loses nothing (drafts
                survive the end of the program without it).
        """
        with self._lock, told(self.path):
            connection = self.connection()
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections of every thread; the database is not used after it."""
        with self._lock:
            self._is_closed = True
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _connect(self) -> sqlite3.Connection:
        # isolation_level None: transactions begin where `writing` says and nowhere else
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        for pragma in ("foreign_keys = ON", "recursive_triggers = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                "the folder of the database cannot be made", where=str(self.path.parent), found=error.strerror
            ) from error
        connection = self._connect()
        try:
            version = self._check(connection)
            if version < migrations.LATEST:
                self._migrate(connection)
        finally:
            connection.close()
        self._is_ready = True

    def _check(self, connection: sqlite3.Connection) -> int:
        """Return the version of the schema; StoreError if this is not a store that we can read."""
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not is_empty and application != migrations.APPLICATION_ID:
            raise StoreError("the database belongs to another program", where=str(self.path))
        if version > migrations.LATEST:
            raise StoreError(
                "the database was written by a newer ecgview; update ecgview to open it",
                where=str(self.path),
                expected=f"schema {migrations.LATEST} or older",
                found=f"schema {version}",
            )
        return version

    def _migrate(self, connection: sqlite3.Connection) -> None:
        from sqlite_utils import Database as SqliteUtils

        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        connection.row_factory = None  # sqlite_utils reads plain tuples
        connection.execute("BEGIN IMMEDIATE")  # of two programs that start together one waits here
        try:
            migrations.steps().apply(SqliteUtils(connection))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
