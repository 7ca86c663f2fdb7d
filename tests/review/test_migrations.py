"""Every older store is brought up to date with nothing lost; a step that fails leaves the file as it was."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from ecgview.record import EcgRecord
from ecgview.results import Prediction
from ecgview.review import migrations
from ecgview.review.moment import now
from ecgview.review.read import ReadKind, ReadState
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

VERSION_1 = Path(__file__).with_name("store_version_1.sql")


@pytest.fixture
def version_1(database: Path) -> Path:
    """Return a store as the first version wrote it: a read signed and amended, a draft, their log."""
    database.parent.mkdir()
    raw = sqlite3.connect(database)
    raw.executescript(VERSION_1.read_text(encoding="utf-8"))
    raw.close()
    return database


def names() -> list[str]:
    return [step.name for step in migrations.steps().pending(Database(memory=True))]


def test_steps_are_numbered_without_gaps_and_each_has_its_test_here() -> None:
    assert [name.split("_")[0] for name in names()] == [f"{n:04}" for n in range(1, migrations.LATEST + 1)]
    for name in names():
        assert f"test_{name}" in globals(), f"write test_{name}"


def test_0001_reads_drafts_and_audit(version_1: Path) -> None:
    """What version 1 kept is read by this version, and verifies."""
    with Store(version_1) as store:
        first, signed, amended = store.reads("a1", "Reader A")
        assert [read.kind for read in (first, signed, amended)] == list(ReadKind)
        assert [(s.code, s.certainty, s.version) for s in first.statements] == [("AFIB", "probable", "1.0")]
        assert (first.annotations[0].leads, first.annotations[0].text) == (("II",), "早搏")
        assert (first.comment, signed.comment, amended.comment) == ("", "无P波", "无P波。")
        assert amended.reason == "typing error"
        assert store.draft("b2", "Reader A")[0].comment == "half way"  # type: ignore[index]
        assert store.statuses(["a1", "b2"]) == {"a1": ReadState.AMENDED, "b2": ReadState.IN_READING}
        assert store.verify() == []


def test_0002_results_of_models(version_1: Path, prediction: Prediction, pulse_record: EcgRecord) -> None:
    """From version 1 on, results can be kept, and are append-only like the rest."""
    with Store(version_1) as store:
        ReadingSession(store, pulse_record, "Reader A")
        store.add_result(prediction)
        store.reveal("pulse", "Reader A", "blind_off", now())
        assert store.prediction("pulse", prediction.model.sha256, reader="Reader A") == prediction
    raw = sqlite3.connect(version_1)
    assert raw.execute("PRAGMA user_version").fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM results")
    raw.close()


def test_an_upgraded_store_has_the_schema_of_a_new_one(version_1: Path, tmp_path: Path) -> None:
    def schema(path: Path) -> set[tuple[str, str]]:
        Store(path).open().close()
        raw = sqlite3.connect(path)
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%sqlite%'").fetchall()
        raw.close()
        return {(name, " ".join(sql.split())) for name, sql in found}

    assert schema(version_1) == schema(tmp_path / "new.db")


def test_a_step_that_fails_leaves_the_store_as_it_was(
    version_1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = migrations.steps

    def with_a_broken_one() -> Migrations:
        all_steps = steps()

        @all_steps(name="9999_broken")
        def _broken(db: Database) -> None:
            db.conn.execute("CREATE TABLE half (x)")
            db.conn.execute("DROP TABLE no_such_table")

        return all_steps

    raw = sqlite3.connect(version_1)
    before = list(raw.iterdump())
    monkeypatch.setattr(migrations, "steps", with_a_broken_one)
    with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
        Store(version_1).open()
    assert list(raw.iterdump()) == before
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()
    monkeypatch.undo()
    with Store(version_1) as store:
        assert len(store.reads("a1")) == 3
