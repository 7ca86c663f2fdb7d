"""The file itself: append-only, versioned, and honest about trouble."""

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.results import Prediction
from ecgview.review import _database, migrations
from ecgview.review.annotation import Annotation
from ecgview.review.audit import from_json_lines, verify
from ecgview.review.history import PutEdges
from ecgview.review.judgement import Judged, Opinion, Verdict
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store, default_path
from ecgview.signal.measure.measured import Edit as EdgeEdit

APPEND_ONLY = (
    "records",
    "record_paths",
    "reads",
    "read_statements",
    "annotations",
    "drafts",
    "reveals",
    "results",
    "exposures",
    "audit",
)


def signed(session: ReadingSession) -> None:
    session.toggle_statement("AFIB")
    session.add_annotation(Annotation(("II",), 1.0, 2.0))
    session.commit_first_read()
    session.reveal()
    session.sign()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nothing_is_overwritten_or_deleted(
    session: ReadingSession, database: Path, table: str, prediction: Prediction
) -> None:
    signed(session)
    session.store.add_result(prediction)
    session.store.add_exposure("pulse", "report")
    raw = sqlite3.connect(database)
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    assert before
    column = raw.execute(f"SELECT * FROM {table}").description[-1][0]
    for change in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(change)
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before
    raw.close()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET reader = 'Reader B' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit WHERE action = 'signed'",  # the last link
        "UPDATE read_statements SET code = 'SR'",
        "UPDATE reads SET comment = 'else' WHERE number = 1",
        "UPDATE reads SET committed_utc = '2020-01-01T00:00:00.000Z' WHERE number = 2",
        "DELETE FROM annotations",
    ],
)
def test_tampering_past_the_triggers_is_found(
    session: ReadingSession, database: Path, tampering: str
) -> None:
    signed(session)
    assert session.store.verify() == []
    raw = sqlite3.connect(database)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    assert raw.execute(tampering).rowcount > 0
    raw.commit()
    raw.close()
    assert session.store.verify() != []


@pytest.mark.parametrize("number", [1, 1.0, -0.0, 0, np.float64(0.5)])
def test_a_number_is_hashed_as_the_store_gives_it_back(session: ReadingSession, number: float) -> None:
    """A mark, an edge and a judgement at a whole number, at minus zero, at what numpy computed."""
    session.add_annotation(Annotation(("II",), number, 2, "PVC"))
    session.apply(PutEdges((EdgeEdit("T offset", number, None), EdgeEdit("P onset", number, 3))))
    session.commit_first_read()
    session.reveal()
    session.judge(Opinion(Verdict.AGREE, (), number, 3, Judged("map", "AFIB", "m", "1.0", "f" * 64, "x")))
    session.sign()
    assert session.store.verify() == []


def test_the_exported_log_is_verified_without_the_store(session: ReadingSession, tmp_path: Path) -> None:
    signed(session)
    session.store.export_audit(tmp_path / "log.jsonl")
    text = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    entries = from_json_lines(text)
    assert entries == session.store.audit()
    assert verify(entries) == []
    assert verify(from_json_lines(text.replace("Reader A", "Reader C", 1)))
    assert verify(entries[:1] + entries[2:])


def test_a_schema_of_the_future_is_left_alone(database: Path) -> None:
    Store(database).open().close()
    raw = sqlite3.connect(database)
    raw.execute(f"PRAGMA user_version = {migrations.LATEST + 1}")
    raw.close()
    with pytest.raises(StoreError, match="newer ecgview") as told:
        Store(database).open()
    assert str(database) in str(told.value)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE mine (x)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store(path).open()
    assert path.read_bytes() == before


def test_damage_is_told(database: Path, session: ReadingSession) -> None:
    signed(session)
    session.store.close()
    content = bytearray(database.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as told:
        Store(database).open().reads("pulse")
    assert str(database) in str(told.value)
    database.write_text("this is not a database, only some text" * 40)
    with pytest.raises(StoreError, match="not a database"):
        Store(database).open()


def test_a_locked_database_is_told_and_nothing_is_lost(
    session: ReadingSession, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.toggle_statement("SR")
    session.store._database.connection().execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another program"):
        session.toggle_statement("PVC")
    other.execute("ROLLBACK")
    other.close()
    session.save()
    assert [s.code for s in session.store.draft("pulse", "Reader A")[0].statements] == ["SR", "PVC"]  # type: ignore[index]


def test_a_full_disk_is_told_and_the_commit_is_whole_or_nothing(session: ReadingSession) -> None:
    session.toggle_statement("SR")
    connection = session.store._database.connection()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        session.set_comment("x" * 100_000)
    with pytest.raises(StoreError, match="disk is full"):
        session.commit_first_read()
    assert session.store.reads("pulse") == ()
    connection.execute(f"PRAGMA max_page_count = {pages * 10 + 100}")
    session.commit_first_read()
    assert session.store.verify() == []


def test_a_read_only_database_is_told(
    database: Path, monkeypatch: pytest.MonkeyPatch, pulse_record: EcgRecord
) -> None:
    Store(database).open().close()
    connect = sqlite3.connect

    def read_only(path: Path, **how: object) -> sqlite3.Connection:
        return connect(f"file:{path}?mode=ro", uri=True, **how)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(_database.sqlite3, "connect", read_only)
    with pytest.raises(StoreError, match="read-only") as told:
        ReadingSession(Store(database), pulse_record, "Reader A")
    assert str(database) in str(told.value)


def test_a_place_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path).open()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder"):
        Store(tmp_path / "file" / "ecgview.db").open()


def test_threads_write_side_by_side(store: Store, session: ReadingSession) -> None:
    def log(name: str) -> None:
        for number in range(25):
            store.log("pulse", name, "noted", str(number))

    threads = [threading.Thread(target=log, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.audit()) == 100
    assert store.verify() == []


def test_the_store_lies_in_the_users_data_folder(isolated_home: Path) -> None:
    assert default_path().name == "ecgview.db"
    assert isolated_home in default_path().parents


def test_opening_an_up_to_date_store_does_not_import_sqlite_utils(database: Path) -> None:
    import subprocess
    import sys

    Store(database).open().close()
    code = (
        "import sys; from ecgview.review.store import Store; "
        f"Store({str(database)!r}).open().log('a', 'b', 'c'); print('sqlite_utils' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
