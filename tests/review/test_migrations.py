"""Every older store is brought up to date with nothing lost; a step that fails leaves the file as it was."""

import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.results import Prediction
from ecgview.review import _database, _rows, migrations
from ecgview.review.history import AddTold, PutEdges
from ecgview.review.judgement import Judged, Opinion, Verdict
from ecgview.review.kept_head import KeptHead
from ecgview.review.moment import now
from ecgview.review.read import ReadKind, ReadState, Told
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Edit as EdgeEdit

OF_PULSE = "read_id IN (SELECT id FROM reads WHERE record_sha256 = 'pulse')"
SHIPPED = tuple(range(1, migrations.LATEST))  # versions of the schema before today's
UNLINKED = tuple(range(1, migrations.LINKED_SINCE))


def as_written(version: int, database: Path) -> Path:
    """Return a store as a version wrote it: a read signed and amended, a draft, their log."""
    database.parent.mkdir()
    raw = sqlite3.connect(database)
    raw.executescript(Path(__file__).with_name(f"store_version_{version}.sql").read_text(encoding="utf-8"))
    assert raw.execute("PRAGMA user_version").fetchone() == (version,)
    if version >= migrations.LINKED_SINCE:  # its head was kept on the computer where it was written
        (identity,) = raw.execute("SELECT store FROM identity").fetchone()
        KeptHead(database).keep(identity, (_rows.head(raw),), durable=False)
    raw.close()
    return database


@pytest.fixture
def version_1(database: Path) -> Path:
    return as_written(1, database)


@pytest.fixture(params=SHIPPED)
def shipped(request: pytest.FixtureRequest, database: Path) -> Path:
    return as_written(request.param, database)


def of_contents(store: Store) -> list[str]:
    """Return what the check says of contents against the log: triggers and links are told besides."""
    found = [one for one in store.verify() if "logged" in one]
    assert found
    return found


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
        store.add_result(prediction, "asked")
        store.reveal("pulse", "Reader A", "blind_off", now())
        assert store.result(Prediction, "asked", "pulse", "Reader A") == prediction
    raw = sqlite3.connect(version_1)
    assert raw.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM results")
    raw.close()


def test_0003_versions_of_drafts_and_exposures(shipped: Path, pulse_record: EcgRecord) -> None:
    """Reads of before count as not exposed; an exposure is kept of a record nobody opened, for good."""
    with Store(shipped) as store:
        assert {read.exposed for read in store.reads("a1")} == {""}
        store.add_exposure("never-opened", "classify", "model X was asked", "Reader A")
        store.add_exposure("never-opened", "screenshot")
        first, second = store.exposures("never-opened")
        assert (first.kind, first.details, first.reader) == ("classify", "model X was asked", "Reader A")
        assert (second.kind, second.details, second.reader) == ("screenshot", "", "")
        assert store.exposures("a1") == ()
        assert [entry.details for entry in store.audit("never-opened")] == [
            "classify: model X was asked",
            "screenshot",
        ]
        session = ReadingSession(store, pulse_record, "Reader A")
        session.set_comment("x")
        read = replace(session.commit_first_read(), number=2, kind=ReadKind.SIGNED, exposed="classify")
        store.commit_read(read, follows=0)
        assert store.reads("pulse")[-1] == read
        assert store.verify() == []
    raw = sqlite3.connect(shipped)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM exposures")
    for name in ("exposures_is_never_deleted", "exposures_is_never_updated", "reads_is_never_updated"):
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE reads SET exposed = '' WHERE exposed <> ''")
    raw.execute("DELETE FROM exposures WHERE kind = 'screenshot'")
    raw.commit()
    raw.close()
    with Store(shipped) as store:
        problems = of_contents(store)
        assert len(problems) == 3  # the read is not as logged, its entry has none, one exposure is gone


def test_reads_of_every_shipped_version_verify_after_the_upgrade(shipped: Path) -> None:
    raw = sqlite3.connect(shipped)
    before = raw.execute("SELECT number, content_sha256, hash FROM audit ORDER BY number").fetchall()
    raw.close()
    with Store(shipped) as store:
        reads = store.reads("a1", "Reader A")
        assert [read.kind for read in reads] == list(ReadKind)
        assert [read.comment for read in reads] == ["", "无P波", "无P波。"]
        assert reads[-1].reason == "typing error"
        assert store.draft("b2", "Reader A")[0].comment == "half way"  # type: ignore[index]
        after = [(entry.number, entry.content_sha256, entry.hash) for entry in store.audit()]
        assert after == before
        assert {_rows.read_digest(read) for read in reads} <= {content for _, content, _ in after}
        assert store.verify() == []
    raw = sqlite3.connect(shipped)
    assert raw.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    raw.close()


def test_0005_judgements_of_reasons(shipped: Path) -> None:
    """A store of before has none; from now on they are kept for good, beside reads that stand as they were."""
    with Store(shipped) as store:
        before = store.reads("a1", "Reader A")
        assert store.judgements("a1") == ()
        judged = Judged("reconstruction", "16 segments", "mae", "1.0", "e" * 64, "masked autoencoder")
        opinion = Opinion(Verdict.ARTEFACT, (), 0.0, 0.5, judged)
        store.reveal("a1", "Reader A", "revealed", now())
        kept = store.add_judgement("a1", "Reader A", opinion)
        assert (kept.number, kept.read_number) == (1, len(before))
        assert store.judgements("a1", "Reader A") == (kept,)
        assert store.reads("a1", "Reader A") == before
        assert store.verify() == []
    raw = sqlite3.connect(shipped)
    assert raw.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE judgements SET verdict = 'agree'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM judgements")
    raw.close()


def test_0004_questions_of_results(shipped: Path, prediction: Prediction) -> None:
    """A result of before answers no question, and stays to the letter; a new one answers its own."""
    raw = sqlite3.connect(shipped)
    kept = "SELECT id, record_sha256, model_sha256, kind, content, stored_utc FROM results"
    has_results = raw.execute("PRAGMA user_version").fetchone() >= (2,)
    before = raw.execute(kept).fetchall() if has_results else []
    assert len(before) == (2 if has_results else 0)
    with Store(shipped) as store:
        for record, reader in (("a1", "Reader A"), ("b2", "Reader A")):
            store.reveal(record, reader, "blind_off", now())
            assert store.result(Prediction, "", record, reader) is None
            assert store.result(Prediction, "f" * 64, record, reader) is None
        assert raw.execute(kept).fetchall() == before
        assert {row[0] for row in raw.execute("SELECT question FROM results")} <= {""}
        store.add_result(prediction, "asked")
        store.add_result(replace(prediction, device="mps"))
        assert store.result(Prediction, "asked", "a1", "Reader A") == prediction  # of whatever record
        assert store.verify() == []
    assert raw.execute(kept).fetchall()[: len(before)] == before
    raw.close()


def test_an_upgraded_store_has_the_schema_of_a_new_one(shipped: Path, tmp_path: Path) -> None:
    def schema(path: Path) -> set[tuple[str, str]]:
        Store(path).open().close()
        raw = sqlite3.connect(path)
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%sqlite%'").fetchall()
        raw.close()
        return {(name, " ".join(sql.split())) for name, sql in found}

    assert schema(shipped) == schema(tmp_path / "new.db")


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
    with pytest.raises(StoreError, match="no_such_table"):
        Store(version_1).open()
    assert list(raw.iterdump()) == before
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()
    monkeypatch.undo()
    with Store(version_1) as store:
        assert len(store.reads("a1")) == 3


def test_0006_edges_of_waves(shipped: Path, pulse_record: EcgRecord) -> None:
    """Reads of before put no edge elsewhere and stand as they were; from now on such edits are kept for good."""
    put = (
        EdgeEdit("T offset", 0.412, None, "Reader A", "2026-01-02T03:04:05Z"),
        EdgeEdit("P onset", None, 3),
    )
    with Store(shipped) as store:
        assert {read.edges for read in store.reads("a1")} == {()}
        session = ReadingSession(store, pulse_record, "Reader A")
        session.apply(PutEdges(put))
        session.sign()
    with Store(shipped) as store:
        assert [read.edges for read in store.reads("pulse")] == [put, put]
        assert store.verify() == []
    raw = sqlite3.connect(shipped)
    assert raw.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM read_edges")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE read_edges SET to_s = 0.5")
    raw.execute("DROP TRIGGER read_edges_is_never_updated")
    raw.execute(f"UPDATE read_edges SET to_s = 0.5 WHERE edge = 'T offset' AND {OF_PULSE}")
    raw.commit()
    raw.close()
    with Store(shipped) as store:
        assert len(of_contents(store)) == 4  # neither version is as logged, nor has its entry


def test_0007_who_was_told(shipped: Path, pulse_record: EcgRecord) -> None:
    """Reads of before told nobody and stand as they were; from now on who was told, and when, is kept for good (W6)."""
    told = Told("STE", "ST elevation", "Dr Li (ward 3)", "2026-01-02T03:04:05Z", "Reader A")
    with Store(shipped) as store:
        assert {read.told for read in store.reads("a1")} == {()}
        session = ReadingSession(store, pulse_record, "Reader A")
        session.apply(AddTold(told))
        logged = [one.details for one in store.audit("pulse") if one.action == "critical_finding_told"]
        assert logged == [
            "Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC"
        ]  # before anything is signed
        session.sign()
    with Store(shipped) as store:
        assert [read.told for read in store.reads("pulse")] == [(told,), (told,)]
        assert store.verify() == []
    raw = sqlite3.connect(shipped)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM read_told")
    raw.execute("DROP TRIGGER read_told_is_never_updated")
    raw.execute(f"UPDATE read_told SET person = 'nobody' WHERE {OF_PULSE}")
    raw.commit()
    raw.close()
    with Store(shipped) as store:
        assert len(of_contents(store)) == 4  # neither version is as logged, nor has its entry


@pytest.mark.parametrize("shipped", UNLINKED, indirect=True)
def test_0008_links_of_every_row(shipped: Path, pulse_record: EcgRecord) -> None:
    """What lay there is linked as it was found, and said to be covered no further back; new rows from now on."""
    raw = sqlite3.connect(shipped)
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    (n_entries,) = raw.execute("SELECT count(*) FROM audit").fetchone()
    before = list(raw.iterdump())
    raw.close()
    with Store(shipped) as store:
        found = store.check()
        assert found.problems == ()
        (note,) = found.notes
        assert f"from version {version} of its schema after entry {n_entries}" in note
        assert note.endswith("from before version 8: not covered")
        session = ReadingSession(store, pulse_record, "Reader A")
        session.set_comment("x")
        session.sign()
        assert store.verify() == []
        assert {entry.rows_head for entry in store.audit()[:n_entries]} == {""}
        assert all(entry.rows_head for entry in store.audit()[n_entries:])
    kept = sqlite3.connect(shipped.with_name(f"{shipped.name}.schema-{version}.bak"))
    assert list(kept.iterdump()) == before
    assert kept.execute("PRAGMA user_version").fetchone() == (version,)
    kept.close()
    raw = sqlite3.connect(shipped)
    for table in ("links", "identity", "record_files", "runs"):
        triggers = raw.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        )
        assert triggers.fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM links")
    raw.close()


@pytest.mark.parametrize("shipped", UNLINKED[-1:], indirect=True)
def test_the_head_is_kept_as_a_store_is_brought_up_to_date(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not anything is written after; an update that was killed before its end has kept none."""
    real = KeptHead.keep

    def keep_and_end(self: KeptHead, *args: object, **named: object) -> None:
        real(self, *args, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(KeptHead, "keep", keep_and_end)
    with pytest.raises(KeyboardInterrupt), Store(shipped):
        pass
    monkeypatch.setattr(KeptHead, "keep", real)
    with Store(shipped) as store:
        assert store.verify() == []
    with Store(shipped) as again:
        assert again.verify() == []
    KeptHead(shipped).path.unlink()
    with Store(shipped) as again:
        assert any("no head of the log is kept here" in one for one in again.verify())


def test_0009_edits_of_drafts(shipped: Path, pulse_record: EcgRecord) -> None:
    """A draft of before goes on where it stood, its row to the letter; what is written now is the edit alone."""
    raw = sqlite3.connect(shipped)
    whole = "SELECT id, record_sha256, reader, after_number, reason, content FROM drafts ORDER BY id"
    before = raw.execute(whole).fetchall()
    record = replace(pulse_record, source=replace(pulse_record.source, sha256="b2"))
    with Store(shipped) as store:
        session = ReadingSession(store, record, "Reader A")
        assert session.draft.comment == "half way"
        session.set_comment("half way there")
        session.toggle_statement("AFIB")
    with Store(shipped) as store:
        content, _ = store.draft("b2", "Reader A")  # type: ignore[misc]
        assert (content.comment, [one.code for one in content.statements]) == ("half way there", ["AFIB"])
        assert store.verify() == []
        ReadingSession(store, record, "Reader A").sign()
        assert store.verify() == []
    assert raw.execute(whole).fetchall() == before
    edits = [row[0] for row in raw.execute("SELECT content FROM draft_edits ORDER BY id")]
    assert edits[0] == '{"comment":[8,0," there"]}'
    assert "half" not in edits[1]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE draft_edits SET content = '{}'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM draft_edits")
    raw.close()


@pytest.mark.skipif(os.name != "posix", reason="a matter of POSIX")
def test_the_copy_of_before_is_for_its_user_alone(version_1: Path) -> None:
    Store(version_1).open().close()
    copy = version_1.with_name(f"{version_1.name}.schema-1.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in version_1.parent.iterdir() if path.name.startswith(".")] == []


def test_where_no_copy_can_be_made_the_store_stays_as_it_was(
    version_1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = version_1.read_bytes()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_database, "copy_whole", no_room)
    with pytest.raises(StoreError, match="cannot be copied"):
        Store(version_1).open()
    raw = sqlite3.connect(version_1)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()
    assert len(version_1.read_bytes()) == len(before)
