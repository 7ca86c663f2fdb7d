"""What somebody can do to a store with SQLite alone, past every trigger: each is found, and said in words."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.results import Prediction
from ecgview.review import _rows, backups, kept_head, verifying
from ecgview.review.annotation import Annotation
from ecgview.review.audit import AuditEntry
from ecgview.review.history import AddTold, PutEdges
from ecgview.review.judgement import Judged, Opinion, Verdict
from ecgview.review.moment import Moment, now
from ecgview.review.read import Certainty, Told
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.review.verifying import Evidence
from ecgview.signal.measure.measured import Edit as EdgeEdit

Tamper = Callable[[sqlite3.Connection, Path], object]


def fill(store: Store, record: EcgRecord, prediction: Prediction) -> None:
    """Put something into every table."""
    record = replace(record, source=replace(record.source, stamp="pulse.hea 1 2 3"))
    session = ReadingSession(store, record, "Reader A")
    session.toggle_statement("AFIB", Certainty.PROBABLE)
    session.add_annotation(Annotation(("II",), 1.0, 1.25, "PVC", "", "ptbxl71", "1.0"))
    session.apply(PutEdges((EdgeEdit("T offset", 0.412, None, "Reader A", "2026-01-02T03:04:05Z"),)))
    session.apply(AddTold(Told("STE", "ST elevation", "Dr Li", "2026-01-02T03:04:05Z", "Reader A")))
    session.set_comment("as it was")
    session.commit_first_read()
    session.reveal()
    judged = Judged("map", "AFIB", "m", "1.0", "f" * 64, "integrated gradients")
    session.judge(Opinion(Verdict.AGREE, ("II",), 0.5, 1.0, judged))
    session.sign()
    session.amend("typing error")
    session.set_comment("as it is")
    session.sign()
    store.add_result(prediction, "asked")
    store.add_exposure("pulse", "classify", "m")
    store.add_run("score", "a table", ["pulse"])
    ReadingSession(store, record, "Reader B").set_comment("half way")


@pytest.fixture
def full(store: Store, pulse_record: EcgRecord, prediction: Prediction) -> Store:
    fill(store, pulse_record, prediction)
    assert store.verify() == []
    return store


def without_triggers(raw: sqlite3.Connection, act: Callable[[], object]) -> None:
    """Do something that the triggers refuse, and put them back as they were: the schema tells nothing."""
    triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        raw.execute(f"DROP TRIGGER {name}")
    act()
    for _, sql in triggers:
        raw.execute(sql)


def sql(statement: str) -> Tamper:
    def tamper(raw: sqlite3.Connection, _path: Path) -> None:
        def act() -> None:
            assert raw.execute(statement).rowcount > 0

        without_triggers(raw, act)

    return tamper


def cut_tail(raw: sqlite3.Connection, _path: Path) -> None:
    """Take the amendment away with all that followed it, in every table and in both chains."""
    raw.execute("PRAGMA foreign_keys = OFF")
    (entry,) = raw.execute("SELECT number FROM audit WHERE action = 'amendment_opened'").fetchone()
    (read,) = raw.execute("SELECT id FROM reads WHERE kind = 'amendment'").fetchone()
    (rows,) = raw.execute("SELECT rows_head FROM audit WHERE number = ?", (entry - 1,)).fetchone()

    def act() -> None:
        raw.execute("DELETE FROM audit WHERE number >= ?", (entry,))
        raw.execute("DELETE FROM links WHERE number > ?", (int(rows.split(":")[0]),))
        raw.execute("DELETE FROM reads WHERE id = ?", (read,))
        for table in ("read_statements", "annotations", "read_edges", "read_told"):
            raw.execute(f"DELETE FROM {table} WHERE read_id = ?", (read,))
        raw.execute("DELETE FROM drafts WHERE after_number >= 2 OR reader = 'Reader B'")
        raw.execute("DELETE FROM draft_edits WHERE draft NOT IN (SELECT id FROM drafts)")
        for table in ("results", "exposures", "runs"):
            raw.execute(f"DELETE FROM {table}")

    without_triggers(raw, act)


def made_anew(raw: sqlite3.Connection, _path: Path) -> None:
    """Change what was signed, and compute every hash of both chains again, as anybody can without the key."""
    raw.row_factory = sqlite3.Row

    def act() -> None:
        raw.execute("UPDATE reads SET comment = 'never said' WHERE kind = 'signed'")
        digests = {"signed": read_digest(raw, "signed")}
        relink(raw)
        rechain(raw, digests)

    without_triggers(raw, act)


def read_digest(raw: sqlite3.Connection, kind: str) -> str:
    row = raw.execute("SELECT * FROM reads WHERE kind = ?", (kind,)).fetchone()
    tables = ("read_statements", "annotations", "read_edges", "read_told")
    parts = (
        raw.execute(f"SELECT * FROM {table} WHERE read_id = ?", (row["id"],)).fetchall() for table in tables
    )
    return _rows.read_digest(_rows.to_read(row, *parts))


def relink(raw: sqlite3.Connection) -> None:
    links = raw.execute("SELECT number, of FROM links ORDER BY number").fetchall()
    found: dict[str, list[bytes]] = {}
    for table, row_digest, _ in _rows.linked_rows(raw):
        found.setdefault(table, []).append(row_digest)
    before = bytes(32)
    for number, table in links:
        row_digest = found[table].pop(0)
        before = _rows.next_hash(before, table, row_digest)
        raw.execute("UPDATE links SET digest = ?, hash = ? WHERE number = ?", (row_digest, before, number))


def rechain(raw: sqlite3.Connection, digests: dict[str, str]) -> None:
    previous = "0" * 64
    rows = {number: link_hash.hex() for number, link_hash in raw.execute("SELECT number, hash FROM links")}
    for row in raw.execute("SELECT * FROM audit ORDER BY number").fetchall():
        entry = _rows.to_entry(row)
        at = int(entry.rows_head.split(":")[0])
        content = digests.get(entry.action, entry.content_sha256)
        made = replace(
            entry, content_sha256=content, previous_hash=previous, rows_head=f"{at}:{rows.get(at, '0' * 64)}"
        ).sealed()
        raw.execute(
            "UPDATE audit SET content_sha256 = ?, previous_hash = ?, hash = ?, rows_head = ? WHERE number = ?",
            (made.content_sha256, made.previous_hash, made.hash, made.rows_head, made.number),
        )
        previous = made.hash


def forged_entry(raw: sqlite3.Connection, _path: Path) -> None:
    """Add an entry at the end that follows rightly: "revealed" for a reader who reads blind."""
    raw.row_factory = sqlite3.Row
    last = _rows.to_entry(raw.execute("SELECT * FROM audit ORDER BY number DESC LIMIT 1").fetchone())
    moment = now()
    values = (None, "pulse", "Reader B", "revealed", moment.utc, moment.offset_minutes)
    _rows.insert(raw, "reveals", values)
    _rows.append(raw, moment, "Reader B", "revealed", "pulse")
    assert last.number + 1 == raw.execute("SELECT max(number) FROM audit").fetchone()[0]


def turned_back(raw: sqlite3.Connection, _path: Path) -> None:
    """Date an entry and its read earlier than what was before it, hashes made anew."""
    raw.row_factory = sqlite3.Row
    early = "2020-01-01T00:00:00.000Z"

    def act() -> None:
        raw.execute("UPDATE reads SET committed_utc = ? WHERE kind = 'amendment'", (early,))
        raw.execute("UPDATE audit SET utc = ? WHERE action = 'amended'", (early,))
        relink(raw)
        rechain(raw, {"amended": read_digest(raw, "amendment")})

    without_triggers(raw, act)


def hide_trigger(raw: sqlite3.Connection, name: str) -> None:
    """Let drafts be thrown away as they are saved, under a name that nobody may give."""
    said = f"CREATE TRIGGER {name} BEFORE INSERT ON drafts BEGIN SELECT RAISE(IGNORE); END"
    (version,) = raw.execute("PRAGMA schema_version").fetchone()
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute("INSERT INTO sqlite_master VALUES ('trigger', ?, 'drafts', 0, ?)", (name, said))
    raw.execute(f"PRAGMA schema_version = {version + 1}")


AN_INDEX = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name LIMIT 1"
TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "a committed read is changed": (
        sql("UPDATE reads SET comment = 'else' WHERE kind = 'signed'"),
        "is not as logged",
    ),
    "the time of a committed read is changed": (
        sql("UPDATE reads SET committed_utc = '2020-01-01T00:00:00.000Z' WHERE number = 2"),
        "is not as logged",
    ),
    "a statement is changed": (sql("UPDATE read_statements SET code = 'SR'"), "a row of read_statements"),
    "a mark is deleted": (sql("DELETE FROM annotations"), "a row of annotations"),
    "an edge of a wave is moved": (sql("UPDATE read_edges SET to_s = 0.5"), "a row of read_edges"),
    "whom the reader told is changed": (sql("UPDATE read_told SET person = 'x'"), "a row of read_told"),
    "that AI was opened is deleted": (sql("DELETE FROM reveals"), "the store does not"),
    "when AI was opened is changed": (
        sql("UPDATE reveals SET utc = '2030-01-01T00:00:00.000Z'"),
        "is not in the log",
    ),
    "a draft is changed": (
        sql("UPDATE drafts SET content = replace(content, 'half', 'all') WHERE reader = 'Reader B'"),
        "a row of drafts",
    ),
    "a draft is deleted": (sql("DELETE FROM drafts WHERE reader = 'Reader B'"), "a row of drafts"),
    "an edit of a draft is changed": (
        sql("UPDATE draft_edits SET content = replace(content, 'as it was', 'never')"),
        "a row of draft_edits",
    ),
    "an edit of a draft is deleted": (
        sql("DELETE FROM draft_edits WHERE id = (SELECT max(id) FROM draft_edits)"),
        "a row of draft_edits",
    ),
    "what a draft changes of a signed read is changed": (
        sql("UPDATE drafts SET of_committed = 0 WHERE reason = 'typing error'"),
        "a row of drafts",
    ),
    "a path is changed": (sql("UPDATE record_paths SET path = 'another.hea'"), "a row of record_paths"),
    "a file's size and time are deleted": (sql("DELETE FROM record_files"), "a row of record_files"),
    "a record is changed": (sql("UPDATE records SET fs_hz = 250"), "a row of records"),
    "an answer of a model is changed": (
        sql("UPDATE results SET content = replace(content, '0.75', '0.25')"),
        "a row of results",
    ),
    "an exposure is deleted": (sql("DELETE FROM exposures"), "the exposure logged"),
    "a run's manifest is changed": (sql("UPDATE runs SET records = zeroblob(32)"), "a row of runs"),
    "a judgement is changed": (sql("UPDATE judgements SET verdict = 'disagree'"), "the judgement logged"),
    "an entry of the log is changed": (
        sql("UPDATE audit SET details = 'else' WHERE action = 'signed'"),
        "was changed after it was written",
    ),
    "an entry of the log is deleted": (sql("DELETE FROM audit WHERE number = 2"), "entry 2 is missing"),
    "a link of the rows is deleted": (
        sql("DELETE FROM links WHERE number = 3"),
        "link 3 of the rows is missing",
    ),
    "the last entries, links and rows are cut": (cut_tail, "the log is cut"),
    "both chains are computed anew": (made_anew, "was made anew"),
    "an entry that follows rightly is added": (forged_entry, "stand after the last that ecgview wrote"),
    "a read is dated back, chains made anew": (turned_back, "no clock was marked as set back"),
    "a trigger is dropped": (
        lambda raw, _: raw.execute("DROP TRIGGER drafts_is_never_updated"),
        "drafts_is_never_updated is missing",
    ),
    "a trigger is put in the place of another": (
        lambda raw, _: raw.executescript(
            "DROP TRIGGER reads_is_never_deleted; CREATE TRIGGER reads_is_never_deleted "
            "BEFORE DELETE ON reads WHEN 0 BEGIN SELECT RAISE(ABORT, 'never'); END;"
        ),
        "reads_is_never_deleted is not as ecgview made it",
    ),
    "a trigger of somebody's own is added": (
        lambda raw, _: raw.execute("CREATE TRIGGER mine AFTER INSERT ON reads BEGIN DELETE FROM links; END"),
        "mine is not of ecgview",
    ),
    "a trigger of somebody's own is hidden under a name of SQLite": (
        lambda raw, _: hide_trigger(raw, "sqlite_e1"),
        "sqlite_e1 is not of ecgview",
    ),
    "a trigger of somebody's own is hidden under the name of a table": (
        lambda raw, _: hide_trigger(raw, "runs"),
        "trigger runs is not of ecgview",
    ),
    "a text is turned into bytes that are none": (
        sql("UPDATE reads SET comment = CAST(x'ff41' AS TEXT) WHERE number = 2"),
        "row 2 of reads holds a text that is not UTF-8, in its comment",
    ),
    "the version of the schema is changed": (
        lambda raw, _: raw.execute("PRAGMA user_version = 7"),
        "user_version is not as ecgview made it",
    ),
    "a note of a step of the schema is deleted": (
        lambda raw, _: raw.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0003%'"),
        "step 0003_versions_of_drafts_and_exposures is missing",
    ),
    "a table is dropped": (lambda raw, _: raw.execute("DROP TABLE runs"), "runs is missing"),
    "a table is put in the place of another": (
        lambda raw, _: raw.executescript(
            "ALTER TABLE links RENAME TO old; CREATE TABLE links AS SELECT * FROM old"
        ),
        "links is not as ecgview made it",
    ),
    "an index is dropped": (
        lambda raw, _: raw.execute(f"DROP INDEX {raw.execute(AN_INDEX).fetchone()[0]}"),
        "is missing: somebody took it away",
    ),
    "a text is turned into bytes of the same digits": (
        sql("UPDATE results SET model_sha256 = x'" + "ff" * 32 + "'"),
        "a row of results",
    ),
    "a row is written past ecgview": (
        sql("INSERT INTO exposures VALUES (99, 'pulse', 'x', '', '', '2026-01-01T00:00:00.000Z', 0, 'x')"),
        "ecgview did not write it",
    ),
    "the kept head is deleted": (
        lambda _, path: kept_head.KeptHead(path).path.unlink(),
        kept_head.MISSING,
    ),
    "the kept head is written without its key": (
        lambda _, path: kept_head.KeptHead(path).path.write_text(
            kept_head.KeptHead(path).path.read_text().replace('"entry": 1', '"entry": 2')
        ),
        "was not written with its key",
    ),
    "the identity of the store is changed": (
        sql("UPDATE identity SET from_schema = 3"),
        "a row of identity",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found(full: Store, database: Path, name: str) -> None:
    tamper, said = TAMPERINGS[name]
    raw = sqlite3.connect(database)
    tamper(raw, database)
    raw.commit()
    raw.close()
    problems = full.verify()
    assert any(said in one for one in problems), problems


def test_the_documentation_has_the_same_table() -> None:
    assert len(TAMPERINGS) >= 16
    text = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    lines = text.partition("| tampering | found by |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert lines == [f"| {name} | {said} |" for name, (_, said) in TAMPERINGS.items()]


@pytest.mark.parametrize("table", [*_rows.LINKED, "audit", "links"])
def test_no_row_of_any_table_can_be_changed_or_deleted(full: Store, database: Path, table: str) -> None:
    raw = sqlite3.connect(database)
    raw.execute("PRAGMA recursive_triggers = ON")  # as ecgview has it: REPLACE deletes, too
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    assert before
    column = raw.execute(f"SELECT * FROM {table}").description[-1][0]
    for change in (
        f"UPDATE {table} SET {column} = 'x'",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(change)
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before
    raw.close()


def test_every_table_is_covered(full: Store) -> None:
    names = {
        row[0]
        for row in full._database.connection().execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    assert names - set(_rows.LINKED) == {"audit", "links", "_sqlite_migrations"}
    for table in _rows.LINKED:
        assert full._database.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0], table


@pytest.mark.parametrize(
    "name", ["the last entries, links and rows are cut", "both chains are computed anew"]
)
def test_what_is_written_after_a_tampering_does_not_hide_it(full: Store, database: Path, name: str) -> None:
    """The next writing marks it in the log before it keeps another head."""
    raw = sqlite3.connect(database)
    TAMPERINGS[name][0](raw, database)
    raw.commit()
    raw.close()
    full.log("pulse", "Reader A", "looked")
    full.log("pulse", "Reader A", "looked")
    entries = [entry for entry in full.audit() if entry.action == _rows.HEAD_DIFFERED]
    assert len(entries) == 1
    assert any(entries[0].details in one for one in full.verify())


def test_a_printed_head_shows_a_chain_that_was_made_anew_with_its_key(full: Store, database: Path) -> None:
    """The same user can forge the kept head too: a head on paper, or in somebody else's hands, tells."""
    head = full.check().head
    assert full.check([head.text]).problems == ()
    assert full.check([head.text[:30].upper()]).problems == ()
    raw = sqlite3.connect(database)
    made_anew(raw, database)
    raw.commit()
    forged = _rows.head(raw)
    raw.close()
    (store_id,) = sqlite3.connect(database).execute("SELECT store FROM identity").fetchone()
    full._kept.keep(store_id, (forged, forged), durable=False)
    assert full.check().problems == ()  # as the documentation says
    (problem,) = full.check([head.text]).problems
    assert "made anew" in problem
    assert "is cut" in full.check([f"9999:{head.entry_hash}"]).problems[0]
    assert "is no head" in full.check(["12"]).problems[0]


def test_a_clock_that_goes_back_is_marked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(utc: str) -> None:
        monkeypatch.setattr("ecgview.review.store.now", lambda: Moment(utc, 60))

    at("2026-03-01T12:00:00.000Z")
    store.log("pulse", "Reader A", "looked")
    at("2026-03-01T11:59:58.000Z")  # two programs, one of which waited its turn
    store.log("pulse", "Reader A", "looked")
    at("2026-03-01T10:00:00.000Z")
    store.log("pulse", "Reader A", "looked")
    store.log("pulse", "Reader A", "looked")
    actions = [entry.action for entry in store.audit()]
    assert actions == ["looked", "looked", "clock_set_back", "looked", "looked"]
    found = store.check()
    assert found.problems == ()
    assert any("the clock was set back before entry 3, by 7198 s" in note for note in found.notes)


def test_a_killed_program_leaves_a_head_that_holds(full: Store, database: Path) -> None:
    """Between the head and the end of its transaction the store is at the one or at the other."""
    before = database.read_bytes()
    store_id = full._select("SELECT store FROM identity")[0]["store"]
    now_at = full.check().head
    full._kept.keep(
        store_id, (now_at, replace(now_at, entry=now_at.entry + 1, entry_hash="a" * 64)), durable=True
    )
    assert database.read_bytes() == before  # the program ended before its transaction did
    assert full.verify() == []
    full.log("pulse", "Reader A", "looked")
    assert full.verify() == []
    assert _rows.HEAD_DIFFERED not in {entry.action for entry in full.audit()}


def test_another_store_in_the_place_of_this_one_is_told(
    full: Store, database: Path, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    full.close()
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    with Store(database) as fresh:
        assert any("another store lay here before" in one for one in fresh.verify())
        ReadingSession(fresh, pulse_record, "Reader A").set_comment("x")
        assert any("another store lay here before" in one for one in fresh.verify())


def test_an_older_copy_in_the_place_of_the_store_is_told(full: Store, database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with sqlite3.connect(database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    full.log("pulse", "Reader A", "looked")  # one transaction is enough
    full.close()
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, database)
    with Store(database) as again:
        found = again.check()
        assert any("an older copy of the store lies here" in one for one in found.problems)
        assert not any("the head is the one that ecgview kept" in one for one in found.notes)


@pytest.mark.parametrize(
    ("is_waited_for", "said"),
    [
        (False, "or the power failed before the disk had it"),
        (True, "a power cut takes nothing that was there"),
    ],
)
def test_the_check_says_whether_a_power_cut_can_be_why(
    full: Store, database: Path, tmp_path: Path, is_waited_for: bool, said: str
) -> None:
    """What edits write may go with the power; what the disk was waited for, and all before it, may not."""
    copy = tmp_path / "copy.db"
    for _ in range(2):  # and again, after the first loss was logged
        with Store(database) as store:
            store.log("pulse", "Reader A", "looked")
            copy.unlink(missing_ok=True)
            store.back_up(copy)
            if is_waited_for:
                store.add_exposure("pulse", "classify")
            store.log("pulse", "Reader A", "looked")
        full.close()
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, database)
        with Store(database) as again:
            (found,) = [one for one in again.verify() if one.startswith("the log is cut")]
            assert said in found
            again.log("pulse", "Reader A", "looked")


def test_a_head_that_was_torn_while_it_was_written_leaves_the_one_before(full: Store) -> None:
    """Of two places one is written at a time; what the other says still holds where the transaction did not end."""
    raw = bytearray(full._kept.stamp())
    numbers = [json.loads(raw[at : at + 1024])["number"] for at in (0, 1024)]
    newest = numbers.index(max(numbers))
    raw[newest * 1024 + 300 : newest * 1024 + 400] = bytes(100)
    full._kept.path.write_bytes(raw)
    assert full.verify() == []
    full.log("pulse", "Reader A", "looked")
    assert full.verify() == []


def put_back(copy: Path, database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, database)


def write_while_somebody_reads(database: Path) -> None:
    """Write without a log of SQLite, so that the transaction ends only once nobody reads."""
    with Store(database) as store, contextlib.closing(sqlite3.connect(database, isolation_level=None)) as raw:
        assert raw.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete"
        with store._writing():
            raw.execute("BEGIN")
            raw.execute("SELECT count(*) FROM reads").fetchone()
            store._database.connection().execute("PRAGMA busy_timeout = 0")


@pytest.mark.parametrize("is_another", [False, True])
def test_a_writing_that_does_not_end_does_not_endorse_what_was_put_here(
    full: Store, database: Path, tmp_path: Path, pulse_record: EcgRecord, is_another: bool
) -> None:
    """The entry that says what was found is gone with its transaction: what was found must not be."""
    copy = tmp_path / "copy.db"
    if is_another:
        with Store(tmp_path / "other.db") as other:
            ReadingSession(other, pulse_record, "Reader A").set_comment("of another")
            other.back_up(copy)
    else:
        full.back_up(copy)
    full.log("pulse", "Reader A", "looked")
    full.close()
    put_back(copy, database)
    said = "another store lay here before" if is_another else "the log is cut"
    for _ in range(3):
        with pytest.raises(StoreError, match="locked by another program"):
            write_while_somebody_reads(database)
        with Store(database) as store:
            assert any(said in one for one in store.verify()), store.verify()
    with Store(database) as store:
        store.log("pulse", "Reader A", "looked")
        store.log("pulse", "Reader A", "looked")
        assert any("ecgview found: " + said in one for one in store.verify())
        assert [one.action for one in store.audit()].count(_rows.HEAD_DIFFERED) == 1


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("reads", "comment"),
        ("reads", "changes"),
        ("audit", "details"),
        ("audit", "utc"),
        ("record_paths", "path"),
        ("drafts", "content"),
        ("identity", "store"),
        ("links", "of"),
        ("runs", "utc"),
    ],
)
def test_a_text_that_is_none_is_damage_to_every_way_out(
    full: Store, database: Path, tmp_path: Path, table: str, column: str
) -> None:
    backup = tmp_path / "sound.db"
    full.back_up(backup)
    for path in (database, backup):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
            statement = f"UPDATE {table} SET {column} = CAST(x'ff41' AS TEXT) WHERE rowid = 1"
            without_triggers(raw, lambda raw=raw, statement=statement: raw.execute(statement))  # type: ignore[misc]
    said = f"row 1 of {table} holds a text that is not UTF-8, in its {column}"
    found = full.check()
    assert f"the file is damaged: {said}" in found.problems
    assert said in found.damage
    with pytest.raises(StoreError, match="is damaged") as told:
        full.back_up(tmp_path / "copy.db")
    assert told.value.found == said
    with pytest.raises(StoreError, match="is damaged") as told:
        backups.restore(backup, tmp_path / "elsewhere.db")
    assert told.value.found == said
    assert not (tmp_path / "elsewhere.db").exists()
    if table == "audit":
        with pytest.raises(StoreError, match="cannot be read; restore it from a backup"):
            full.export_audit(tmp_path / "log.jsonl")


def test_a_version_turned_back_links_no_row_again(full: Store, database: Path) -> None:
    n_links = len(full._select("SELECT number FROM links"))
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as raw:
        raw.execute("PRAGMA user_version = 7")
    with Store(database) as again:
        assert len(again._select("SELECT number FROM links")) == n_links
        (problem,) = again.verify()
        assert "user_version" in problem
    assert not list(database.parent.glob("*.bak"))


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_store_made_anew_elsewhere_has_no_head_there_whatever_it_says_of_itself(
    full: Store, database: Path, tmp_path: Path, is_linked: bool
) -> None:
    """It claims to be just made, its identity the last row that was linked; or it is put here by a link."""
    full.close()
    forged = tmp_path / "elsewhere" / "forged.db"
    forged.parent.mkdir()
    shutil.copyfile(database, forged)
    raw = sqlite3.connect(forged, isolation_level=None)
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA foreign_keys = OFF")

    def act() -> None:
        (n_entries,) = raw.execute("SELECT count(*) FROM audit").fetchone()
        raw.execute("UPDATE identity SET n_entries = ?", (n_entries,))
        raw.execute("UPDATE reads SET comment = 'never said' WHERE kind = 'signed'")
        order = raw.execute("SELECT of FROM links ORDER BY of = 'identity', number").fetchall()
        for number, (table,) in enumerate(order, 1):
            raw.execute("UPDATE links SET of = ? WHERE number = ?", (table, number))
        digests = {"signed": read_digest(raw, "signed")}
        relink(raw)
        rechain(raw, digests)

    without_triggers(raw, act)
    raw.close()
    path = forged
    if is_linked:
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.rename(database.with_name("moved.db"))
        try:
            database.symlink_to(forged)
        except OSError:
            pytest.skip("no links here")
        path = database
    said = "was made anew" if is_linked else kept_head.MISSING
    for _ in range(2):
        with Store(path) as store:
            assert any(said in one for one in store.verify()), store.verify()
            store.log("pulse", "Reader A", "looked")
            assert [one.action for one in store.audit()].count(_rows.HEAD_DIFFERED) == 1


def test_a_link_to_the_store_that_was_moved_is_that_store(
    full: Store, database: Path, tmp_path: Path
) -> None:
    full.close()
    moved = tmp_path / "moved.db"
    shutil.move(database, moved)
    try:
        database.symlink_to(moved)
    except OSError:
        pytest.skip("no links here")
    for path in (database, moved, database):
        with Store(path) as store:
            assert store.verify() == []
            store.log("pulse", "Reader A", "looked")
            assert store.verify() == []


def test_without_the_key_the_check_says_so(full: Store, isolated_home: Path) -> None:
    (key,) = isolated_home.rglob("*.key")
    if os.name == "posix":
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700
        assert full._kept.path.stat().st_mode & 0o777 == 0o600
    key.unlink()
    assert any("the key of the kept head is not here" in one for one in full.verify())


def test_the_exported_log_is_checked_against_a_head(full: Store, tmp_path: Path) -> None:
    from ecgview.review import verifying
    from ecgview.review.audit import from_json_lines

    full.export_audit(tmp_path / "log.jsonl")
    entries = from_json_lines((tmp_path / "log.jsonl").read_text(encoding="utf-8"))
    head = full.check().head.text
    assert list(verifying.anchors(entries, [head])) == []
    (said,) = verifying.anchors(entries[:-1], [head])
    assert "is cut" in said


def test_entries_of_before_links_keep_their_hash() -> None:
    entry = AuditEntry(1, Moment("2026-01-01T00:00:00.000Z"), "A", "ecgview 0.1.0", "looked", "x")
    fields = {
        "number": 1,
        "moment": {"utc": "2026-01-01T00:00:00.000Z", "offset_minutes": 0},
        "reader": "A",
        "application": "ecgview 0.1.0",
        "action": "looked",
        "record_sha256": "x",
        "details": "",
        "content_sha256": "",
        "previous_hash": "0" * 64,
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert entry.computed_hash() == hashlib.sha256(text.encode()).hexdigest()
    assert replace(entry, rows_head="1:a").computed_hash() != entry.computed_hash()


def _reveal_before_all(of: Evidence) -> Evidence:
    (opened,) = (entry for entry in of.entries if entry.action == "revealed")
    others = [entry for entry in of.entries if entry is not opened]
    return replace(of, entries=[replace(opened, number=0), *others])


def _logged_the_other_way_round(of: Evidence) -> Evidence:
    """Let the entries of the first and the second version change places."""
    at = [entry.number for entry in of.entries if entry.action in _rows.ACTION.values()][:2]
    swapped = dict(zip(at, reversed(at), strict=True))
    return replace(
        of, entries=[replace(entry, number=swapped.get(entry.number, entry.number)) for entry in of.entries]
    )


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (lambda of: replace(of, reads=[of.reads[0], of.reads[2]]), "does not have all of its versions"),
        (lambda of: replace(of, reads=of.reads[1:]), "does not begin with a first read"),
        (_logged_the_other_way_round, "were not logged in their order"),
        (_reveal_before_all, "is called blind, and AI was opened before"),
        (
            lambda of: replace(
                of,
                entries=[
                    replace(entry, action="amended") if entry.action == "signed" else entry
                    for entry in of.entries
                ],
            ),
            "version 2 was logged as something else",
        ),
    ],
)
def test_versions_that_cannot_have_followed_each_other_are_told(
    full: Store, monkeypatch: pytest.MonkeyPatch, forged: Callable[[Evidence], Evidence], said: str
) -> None:
    """Whoever makes both chains anew, with the key, has still to make them tell what can have been."""
    held: list[Evidence] = []
    verify = verifying.verify
    monkeypatch.setattr(verifying, "verify", lambda of, heads: held.append(of) or verify(of, heads))
    assert full.verify() == []
    assert any(said in one for one in verify(forged(held[0])).problems)


def test_a_log_of_sqlite_of_another_store_beside_this_one_is_found(
    store: Store, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    """SQLite takes it for this file's own, and the other's reads would be told as read here."""
    mine = tmp_path / "mine.db"
    with Store(mine) as own:
        ReadingSession(own, pulse_record, "Reader A").set_comment("mine")
    ReadingSession(store, pulse_record, "Reader B").set_comment("of another")
    shutil.copyfile(f"{store.path}-wal", f"{mine}-wal")
    with Store(mine) as own:
        assert any("a row of identity" in one for one in own.verify())
