"""What a draft costs: an edit is written as what it changes, however much has been said before."""

import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.review import _rows, plain_json
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation
from ecgview.review.merging import DraftVersion
from ecgview.review.read import Certainty, Draft, ReadStatement, Told
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Edit as EdgeEdit

SHA256 = "a" * 64  # as long as a record's really is
READER = "Dr Example of the Reading Room"
ROOM_BYTES = 5_000_000
PAGE_BYTES = 4096


def mark(number: int) -> Annotation:
    return Annotation(("II", "V5"), number / 4, number / 4 + 0.125, "PVC", "", "ptbxl71", "1.0")


def of(n: int) -> Draft:
    return Draft(annotations=tuple(map(mark, range(n))))


def long_record(record: EcgRecord) -> EcgRecord:
    return replace(record, source=replace(record.source, sha256=SHA256))


def drafted(store: Store, record: EcgRecord, n: int) -> DraftVersion:
    """Save a draft of n marks, one by one."""
    store.add_record(record)
    version = DraftVersion(0, 0, Draft())
    for number in range(1, n + 1):
        content = replace(version.content, annotations=(*version.content.annotations, mark(number - 1)))
        version = store.save_draft(SHA256, READER, content, after_number=0, follows=version.number)
    return version


def test_ten_thousand_marks_fit_in_five_megabytes(
    store: Store, database: Path, pulse_record: EcgRecord
) -> None:
    drafted(store, long_record(pulse_record), 10_000)
    files = [database, database.with_name("ecgview.db-wal")]
    assert sum(path.stat().st_size for path in files) < ROOM_BYTES
    store.close()
    with Store(database) as again:
        assert again.draft_version(SHA256, READER).content == of(10_000)


@pytest.mark.parametrize("kind", ["add", "remove", "comment", "certainty"])
def test_what_an_edit_writes_does_not_grow_with_what_was_said(
    store: Store, database: Path, pulse_record: EcgRecord, kind: str
) -> None:
    """Counted in bytes of rows, and in pages of SQLite's log."""
    store.add_record(long_record(pulse_record))
    stated = ReadStatement("AFIB", Certainty.DEFINITE, "ptbxl71", "1.0")
    costs, pages = [], []
    for n in (20, 4000):
        before = replace(of(n), comment="c" * n, statements=(stated,))
        after = {
            "add": replace(before, annotations=(*before.annotations, mark(n))),
            "remove": replace(before, annotations=before.annotations[1:]),
            "comment": replace(before, comment=before.comment[: n // 2] + "x" + before.comment[n // 2 :]),
            "certainty": replace(before, statements=(replace(stated, certainty=Certainty.POSSIBLE),)),
        }[kind]
        reader = f"{READER} {n:04}"
        version = store.save_draft(SHA256, reader, before, after_number=0, follows=0)
        raw = sqlite3.connect(database)
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.save_draft(SHA256, reader, after, after_number=0, follows=version.number)
        pages.append(database.with_name("ecgview.db-wal").stat().st_size // PAGE_BYTES)
        (cost,) = raw.execute("SELECT length(content) FROM draft_edits ORDER BY id DESC").fetchone()
        costs.append(cost)
        assert raw.execute("SELECT count(*) FROM drafts WHERE reader = ?", (reader,)).fetchone() == (1,)
        raw.close()
        with Store(database) as again:
            assert again.draft_version(SHA256, reader).content == after
    assert costs[1] - costs[0] <= 8  # places have more digits
    assert costs[1] < 200
    assert pages[1] - pages[0] <= 2


def test_an_amendment_of_a_long_read_writes_what_it_amends(
    store: Store, database: Path, pulse_record: EcgRecord
) -> None:
    """Committing keeps the whole for good; the draft that follows begins from there."""
    record = long_record(pulse_record)
    version = drafted(store, record, 300)
    session = ReadingSession(store, record, READER)
    assert session.draft == version.content
    session.sign()
    session.amend("one more")
    session.add_annotation(mark(300))
    raw = sqlite3.connect(database)
    rows = raw.execute("SELECT content, of_committed FROM drafts WHERE after_number = 2").fetchall()
    assert rows == [("{}", 1)]
    raw.close()
    with Store(database) as again:
        kept = again.draft_version(SHA256, READER)
        assert (kept.content, kept.reason) == (of(301), "one more")
        assert again.verify() == []


def test_a_draft_is_kept_whole_again_before_too_many_edits_lead_to_it(
    store: Store, database: Path, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "EDITS_IN_A_ROW", 5)
    store.add_record(long_record(pulse_record))
    version, said = DraftVersion(0, 0, Draft()), []
    for number in range(30):
        content = replace(version.content, comment=f"as of {number}")
        version = store.save_draft(SHA256, READER, content, after_number=0, follows=version.number)
        said.append((version.number, content))
    raw = sqlite3.connect(database)
    assert raw.execute("SELECT count(*), max(follows) FROM drafts").fetchone() == (5, 24)
    assert raw.execute("SELECT max(position) FROM draft_edits").fetchone() == (5,)
    raw.close()
    for number, content in said:  # every earlier version is at hand still
        with Store(database) as again:
            assert again._version(SHA256, READER, 0, number).content == content
    with Store(database) as again:
        assert again.verify() == []


def test_two_windows_join_whatever_lies_between_their_versions(
    store: Store, database: Path, pulse_record: EcgRecord
) -> None:
    record = long_record(pulse_record)
    first = ReadingSession(store, record, READER)
    first.add_annotation(mark(0))
    with Store(database) as other:
        second = ReadingSession(other, record, READER)
        for number in range(1, 40):
            first.add_annotation(mark(number))
        second.set_comment("from the other window")
        second.add_annotation(mark(100))
        first.toggle_statement("AFIB")
        assert len(first.draft.annotations) == 41
        assert first.draft.comment == "from the other window"
    with Store(database) as again:
        assert again.draft_version(SHA256, READER).content == first.draft
        assert again.verify() == []


def test_a_damaged_edit_is_told(store: Store, database: Path, pulse_record: EcgRecord) -> None:
    drafted(store, long_record(pulse_record), 3)
    raw = sqlite3.connect(database)
    raw.execute("DROP TRIGGER draft_edits_is_never_updated")
    for content in (
        "[]",
        '{"annotations":[9,0,[]]}',
        '{"other":[0,0,""]}',
        '{"comment":[0,-1,""]}',
        "{",
        '{"comment":3}',
    ):
        raw.execute("UPDATE draft_edits SET content = ? WHERE position = 2", (content,))
        raw.commit()
        with Store(database) as again, pytest.raises(StoreError, match="damaged entry"):
            again.draft_version(SHA256, READER)
    raw.close()


def _some(chance: random.Random) -> Draft:
    def several(made: list[object]) -> tuple[object, ...]:
        return tuple(chance.sample(made, chance.randint(0, len(made))))

    statements = [ReadStatement(code, Certainty.PROBABLE, "ptbxl71", "1.0", ("old",)) for code in "ABC"]
    edges = [EdgeEdit("T offset", 0.4, beat, "A", "2026-01-02T03:04:05Z") for beat in (None, 1, 2)]
    told = [Told("STE", name, "Dr Li", "2026-01-02T03:04:05Z") for name in "xy"]
    return Draft(
        several(list(statements)),  # type: ignore[arg-type]
        several(list(map(mark, range(5)))),  # type: ignore[arg-type]
        "".join(chance.choices("ab心\n", k=chance.randint(0, 6))),
        several(list(edges)),  # type: ignore[arg-type]
        several(list(told)),  # type: ignore[arg-type]
    )


def test_changes_lead_from_any_draft_to_any_other() -> None:
    chance = random.Random(14)
    before = start = Draft()
    changes = []
    for _ in range(400):
        after = _some(chance)
        changes.append(plain_json.dump_change(before, after))
        assert plain_json.load_changed(before, [changes[-1]]) == after
        before = after
    assert plain_json.load_changed(start, changes) == before
    assert plain_json.dump_change(before, before) == "{}"


def test_undoing_and_redoing_among_many_marks_writes_one_mark(
    session: ReadingSession, database: Path
) -> None:
    for number in range(50):
        session.apply(AddAnnotation(mark(number)))
    session.undo()
    session.redo()
    raw = sqlite3.connect(database)
    longest, n_edits = raw.execute("SELECT max(length(content)), count(*) FROM draft_edits").fetchone()
    raw.close()
    assert n_edits == 51
    assert longest < 200
