"""Copies of the store: whole and sound, made when due, brought back without losing what lay there."""

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.review import _database, backups, migrations
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def written(store: Store, pulse_record: EcgRecord) -> Store:
    session = ReadingSession(store, pulse_record, "Reader A")
    session.toggle_statement("AFIB")
    session.sign()
    return store


def contents(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        return list(raw.iterdump())


def comment(store: Store, record: EcgRecord, text: str) -> None:
    ReadingSession(store, record, "Reader B").set_comment(text)


def test_a_backup_holds_what_windows_hold_that_still_write(
    written: Store, database: Path, pulse_record: EcgRecord
) -> None:
    with Store(database) as other:
        comment(other, pulse_record, "in the log of SQLite only")
        done = backups.make(written, at=NOON)
        comment(other, pulse_record, "later")
    assert done.path == database.parent / "ecgview.db.backups" / "20260301T120000Z.db"
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]  # one file, no half one
    with Store(done.path) as copy:
        assert copy.draft("pulse", "Reader B")[0].comment == "in the log of SQLite only"  # type: ignore[index]
        assert copy.reads("pulse", "Reader A") == written.reads("pulse", "Reader A")
        assert copy.head() == done.head
    if os.name == "posix":
        assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(done.path.parent.stat().st_mode) == 0o700


def test_a_backup_takes_no_file_s_place(written: Store, database: Path, tmp_path: Path) -> None:
    there = tmp_path / "mine.db"
    there.write_text("mine")
    for target in (there, database):
        with pytest.raises(StoreError, match="never replaces"):
            backups.make(written, target)
    assert there.read_text() == "mine"
    with pytest.raises(StoreError, match="cannot be written"):
        backups.make(written, tmp_path / "nowhere" / "x.db")


def test_a_damaged_store_makes_no_backup_and_drops_none(
    written: Store, database: Path, pulse_record: EcgRecord
) -> None:
    for number in range(300):
        written.log("pulse", "Reader A", "looked", "x" * number)
    good = backups.make(written, at=NOON - 3 * DAY)
    written.log("pulse", "Reader A", "looked")
    written.close()
    raw = bytearray(database.read_bytes())
    middle = len(raw) // 4096 // 2 * 4096
    raw[middle : middle + 4096] = b"\x5a" * 4096
    database.write_bytes(raw)
    with Store(database) as damaged, pytest.raises(StoreError, match="damaged"):
        backups.make_if_due(damaged, DAY, 1, at=NOON)
    assert [path for _, path in backups.kept(database)] == [good.path]
    assert [path.name for path in good.path.parent.iterdir()] == [good.path.name]


def test_backups_are_made_when_due_and_the_last_ones_stay(
    written: Store, database: Path, pulse_record: EcgRecord
) -> None:
    made = [backups.make_if_due(written, DAY, 3, at=NOON)]
    assert made[0] is not None
    written.log("pulse", "Reader A", "looked")
    assert backups.make_if_due(written, DAY, 3, at=NOON + 0.9 * DAY) is None  # the last one is young
    for day in range(1, 6):
        written.log("pulse", "Reader A", "looked")
        made.append(backups.make_if_due(written, DAY, 3, at=NOON + day * DAY))
    assert backups.make_if_due(written, DAY, 3, at=NOON + 30 * DAY) is None  # nothing is new
    mine = backups.folder(database) / "mine.db"
    mine.write_text("mine")
    written.log("pulse", "Reader A", "looked")
    assert backups.make_if_due(written, DAY, 3, at=NOON + 31 * DAY) is not None
    assert [when for when, _ in backups.kept(database)] == [NOON + n * DAY for n in (4, 5, 31)]
    assert mine.read_text() == "mine"


def test_where_nothing_was_read_there_is_nothing_to_back_up(database: Path) -> None:
    assert backups.make_if_due(Store(database), DAY, 3) is None
    assert not database.exists()


def test_a_backup_of_before_an_update_is_compared_as_it_lies(written: Store, database: Path) -> None:
    done = backups.make(written, at=NOON)
    raw = sqlite3.connect(done.path)
    raw.execute(f"PRAGMA user_version = {migrations.LATEST - 1}")
    raw.close()
    before = done.path.read_bytes()
    written.log("pulse", "Reader A", "looked")
    assert backups.make_if_due(written, DAY, 3, at=NOON + DAY) is not None
    assert done.path.read_bytes() == before


def test_what_lay_there_is_kept_aside_whole(written: Store, database: Path, pulse_record: EcgRecord) -> None:
    done = backups.make(written)
    comment(written, pulse_record, "after the backup")
    written.close()
    before = contents(database)
    restored = backups.restore(done.path, database, at=NOON)
    assert restored.head == done.head
    assert restored.aside == database.with_name("ecgview.db.before-restore-20260301T120000Z.bak")
    assert contents(restored.aside) == before
    assert done.path.is_file()
    with Store(database) as store:
        assert store.draft("pulse", "Reader B") is None
        assert len(store.reads("pulse", "Reader A")) == 2
        entry = store.audit()[-1]
        assert entry.action == "store_restored"
        assert restored.aside.name in entry.details
        assert any(
            "is cut" in text for text in store.verify()
        )  # a store that was turned back says so for good
        assert store._database.connection().execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    again = backups.restore(done.path, database, at=NOON)
    assert again.aside is not None
    assert again.aside != restored.aside
    assert contents(restored.aside) == before


def test_a_damaged_store_is_kept_aside_with_its_log(written: Store, database: Path) -> None:
    done = backups.make(written)
    written.close()
    wal = database.with_name("ecgview.db-wal")
    database.write_bytes(b"\x5a" * 9000)
    wal.write_bytes(b"\x37\x7f\x06\x82" + bytes(5000))
    restored = backups.restore(done.path, database)
    assert restored.aside is not None
    assert restored.aside.read_bytes() == b"\x5a" * 9000
    assert restored.aside.with_name(restored.aside.name + "-wal").stat().st_size == 5004
    with Store(database) as store:
        assert len(store.reads("pulse", "Reader A")) == 2


def test_a_store_that_is_gone_is_brought_back(written: Store, database: Path) -> None:
    done = backups.make(written)
    written.close()
    for path in (database, *database.parent.glob("ecgview.db-*")):
        path.unlink(missing_ok=True)
    assert backups.restore(done.path, database).aside is None
    with Store(database) as store:
        assert len(store.reads("pulse", "Reader A")) == 2


def test_while_a_window_has_the_store_open_nothing_is_restored(written: Store, database: Path) -> None:
    done = backups.make(written)
    listed = {path.name for path in database.parent.iterdir()}
    with pytest.raises(StoreError, match="has the store open"):
        backups.restore(done.path, database)
    assert {path.name for path in database.parent.iterdir()} == listed
    written.log("pulse", "Reader A", "looked")
    assert written.verify() == []


# opens the store, says so, and writes once it is let
WRITER = """
import sqlite3, sys
from ecgview.errors import StoreError
from ecgview.review import _database
from ecgview.review.store import Store

_database._BUSY_MS = 60_000
real = sqlite3.connect

def connect(*args, **options):
    made = real(*args, **options)
    print("connected", flush=True)
    return made

sqlite3.connect = connect
try:
    Store(sys.argv[1]).log("", "", "looked", "written meanwhile")
    print("kept")
except StoreError as error:
    print(error.message)
"""


def test_who_opens_the_store_while_it_is_restored_writes_to_no_file_that_is_gone(
    written: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = backups.make(written)
    written.close()
    real, children = _database._keep_aside, []

    def keep_aside(path: Path, aside: Path) -> None:
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "connected\n"
        children.append(child)
        real(path, aside)

    monkeypatch.setattr(_database, "_keep_aside", keep_aside)
    backups.restore(done.path, database)
    said = children[0].communicate()[0].splitlines()[-1]
    with Store(database) as store:
        is_there = any(entry.details == "written meanwhile" for entry in store.audit())
        assert (said == "kept") is is_there, said
        assert "is cut" not in " ".join(store.verify())
        assert len(store.reads("pulse", "Reader A")) == 2


def test_a_file_put_in_the_place_of_an_open_store_is_seen_before_anything_is_written(
    written: Store, database: Path, tmp_path: Path
) -> None:
    shutil.copyfile(backups.make(written).path, tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(database)
    with pytest.raises(StoreError, match="another file was put in the place"):
        written.log("", "", "looked")
    written.close()
    assert database.with_name("ecgview.db-wal").stat().st_size  # of the file that lay there
    with Store(database) as store:
        assert store._database.connection().execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        store.log("", "", "looked")
        assert store.check().damage == ()


@pytest.mark.parametrize("version", range(1, migrations.LATEST))
def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    version: int, database: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "old.db"
    raw = sqlite3.connect(backup)
    raw.executescript(Path(__file__).with_name(f"store_version_{version}.sql").read_text(encoding="utf-8"))
    raw.close()
    before = backup.read_bytes()
    backups.restore(backup, database)
    assert backup.read_bytes() == before
    with Store(database) as store:
        assert len(store.reads("a1", "Reader A")) == 3


def _other(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE mine (x)")
    raw.close()


def _newer(path: Path) -> None:
    Store(path).open().close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {migrations.LATEST + 1}")
    raw.close()


def _bare(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 0")
    raw.execute("VACUUM")
    raw.close()


def _torn(path: Path) -> None:
    with Store(path) as store:
        for number in range(200):
            store.log("", "", "looked", "x" * number)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 4096 // 2 * 4096
    raw[middle : middle + 4096] = b"\x5a" * 4096
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_other, "another program"),
        (_newer, "newer ecgview"),
        (_bare, "holds no reads"),
        (_torn, "damaged"),
        (lambda path: path.write_text("only some text " * 500), "not a database"),
        (lambda path: path.touch(), "empty file"),
        (lambda path: path.mkdir(), "no such backup"),
        (lambda path: None, "no such backup"),
    ],
)
def test_what_is_no_backup_is_refused_and_the_store_stays(
    make: object, said: str, written: Store, database: Path, tmp_path: Path
) -> None:
    written.close()
    before, listed = database.read_bytes(), {path.name for path in database.parent.iterdir()}
    backup = tmp_path / "backup.db"
    make(backup)  # type: ignore[operator]
    with pytest.raises(StoreError, match=said):
        backups.restore(backup, database)
    assert database.read_bytes() == before
    assert {path.name for path in database.parent.iterdir()} == listed
    with pytest.raises(StoreError, match="the store itself"):
        backups.restore(database, database)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_store_is_not_waited_for(written: Store, tmp_path: Path) -> None:
    done = backups.make(written)
    os.mkfifo(tmp_path / "pipe.db")
    with pytest.raises(StoreError, match="no store"):
        backups.restore(done.path, tmp_path / "pipe.db")
    with pytest.raises(StoreError, match="no such backup"):
        backups.restore(tmp_path / "pipe.db", written.path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_pipe_where_sqlite_keeps_its_files_is_told(suffix: str, written: Store, tmp_path: Path) -> None:
    """SQLite would wait in opening it for somebody who writes, and nothing could end that wait."""
    path = tmp_path / "elsewhere" / "s.db"
    path.parent.mkdir()
    path.write_bytes(backups.make(written).path.read_bytes())
    pipe = path.with_name(path.name + suffix)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="a pipe lies here") as caught, Store(path):
        pass
    assert caught.value.where == str(pipe)


def raw_copy(store: Store, target: Path, *suffixes: str) -> None:
    """Copy a store that is open by its files, as a user would."""
    for suffix in suffixes:
        shutil.copyfile(
            store.path.with_name(store.path.name + suffix), target.with_name(target.name + suffix)
        )


@pytest.mark.parametrize("n_later", [0, 1, 3, 10, 60])
def test_a_log_left_of_an_older_copy_takes_nothing_from_a_backup(
    n_later: int, written: Store, database: Path, tmp_path: Path
) -> None:
    target = tmp_path / "usb.db"
    raw_copy(written, target, "", "-wal")
    old = target.with_name("usb.db-wal").read_bytes()
    for number in range(n_later):
        written.log("", "", "looked", str(number))
    target.unlink()
    done = backups.make(written, target)
    assert target.with_name("usb.db-wal.not-of-this-file.bak").read_bytes() == old  # nothing is lost
    assert not target.with_name("usb.db-wal").exists()
    written.close()
    target.with_name("usb.db-wal").write_bytes(old)  # and by hand, later
    found: list[backups.Contents] = []
    elsewhere = tmp_path / "new" / "ecgview.db"
    restored = backups.restore(target, elsewhere, found=found.append)
    assert restored.head == done.head
    assert found == [restored.contents]
    assert restored.contents.entry == done.head.entry
    assert restored.contents.left_out == (target.with_name("usb.db-wal"),)
    assert restored.problems == ()
    with Store(database) as before, Store(elsewhere) as after:
        assert after.audit()[: done.head.entry] == before.audit()[: done.head.entry]
        assert restored.contents.utc == before.audit()[done.head.entry - 1].moment.utc


def test_a_log_of_another_store_takes_no_part_in_a_restore(
    written: Store, database: Path, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    with Store(tmp_path / "other" / "ecgview.db") as other:
        comment(other, pulse_record, "of another store")
        raw_copy(other, tmp_path / "other.db", "-wal")
    written.log("", "", "looked")
    head = written.head()
    written.close()  # its log is taken over; the file says still that it may have one
    backup = tmp_path / "mine.db"
    shutil.copyfile(database, backup)
    (tmp_path / "other.db-wal").replace(tmp_path / "mine.db-wal")
    before = backup.read_bytes()
    restored = backups.restore(backup, tmp_path / "new.db")
    assert restored.head == head
    assert restored.contents.left_out == (tmp_path / "mine.db-wal",)
    assert restored.problems == ()
    assert backup.read_bytes() == before
    assert (tmp_path / "mine.db-wal").is_file()


def test_an_older_log_of_the_same_store_takes_no_part_in_a_restore(
    written: Store, database: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "mine.db"
    raw_copy(written, backup, "-wal")
    for number in range(20):
        written.log("", "", "looked", str(number))
    head = written.head()
    written.close()
    shutil.copyfile(database, backup)
    restored = backups.restore(backup, tmp_path / "new.db")
    assert (restored.head, restored.problems) == (head, ())
    assert restored.contents.left_out == (tmp_path / "mine.db-wal",)


def test_the_log_that_goes_on_from_a_copy_is_restored_with_it(written: Store, tmp_path: Path) -> None:
    written.log("", "", "looked", "in the log of SQLite only")
    backup = tmp_path / "copy.db"
    raw_copy(written, backup, "", "-wal")
    assert backup.with_name("copy.db-wal").stat().st_size
    restored = backups.restore(backup, tmp_path / "new.db")
    assert (restored.head, restored.problems) == (written.head(), ())
    assert restored.contents.left_out == ()


def test_backups_of_a_time_to_come_cost_no_new_one(written: Store, database: Path) -> None:
    ahead = [backups.make(written, at=NOON + (1000 + day) * DAY).path for day in range(3)]
    for day in range(5):
        written.log("pulse", "Reader A", "looked")
        done = backups.make_if_due(written, DAY, 3, at=NOON + day * DAY)
        assert done is not None
        assert done.path.is_file()
    assert [when for when, _ in backups.kept(database) if when <= NOON + 4 * DAY] == [
        NOON + n * DAY for n in (2, 3, 4)
    ]
    assert backups.dated_later(database, NOON + 4 * DAY) == ahead
    written.log("pulse", "Reader A", "looked")
    assert backups.make_if_due(written, DAY, 3, at=NOON + 4.5 * DAY) is None  # the last one is young


def test_the_copy_of_before_an_update_is_never_replaced(database: Path, tmp_path: Path) -> None:
    database.parent.mkdir(parents=True)
    script = Path(__file__).with_name("store_version_7.sql").read_text(encoding="utf-8")
    for path in (database, tmp_path / "old.db"):
        raw = sqlite3.connect(path)
        raw.executescript(script)
        raw.close()
    raw = sqlite3.connect(database)
    raw.execute("PRAGMA user_version = 7")
    raw.execute("CREATE TABLE only_here (x)")
    raw.close()
    Store(database).open().close()
    kept = database.with_name("ecgview.db.schema-7.bak")
    before = kept.read_bytes()
    for _ in range(2):
        backups.restore(tmp_path / "old.db", database)
    assert kept.read_bytes() == before
    copies = {path.name for path in database.parent.glob("ecgview.db.schema-7*.bak")}
    assert copies == {kept.name, "ecgview.db.schema-7-2.bak"}  # the same one is kept once


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_store_behind_a_link_is_restored_where_it_lies(
    written: Store, database: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    done = backups.make(written)
    written.close()
    restored = backups.restore(done.path, link)
    assert link.is_symlink()
    assert link.resolve() == database.resolve()
    assert restored.aside is not None
    assert restored.aside.parent == database.parent
    with Store(link) as store:
        assert store.audit()[-1].action == "store_restored"


def test_what_is_wrong_with_a_backup_is_said_as_it_is_restored(
    written: Store, database: Path, tmp_path: Path
) -> None:
    done = backups.make(written, tmp_path / "copy.db")
    written.log("pulse", "Reader A", "looked")  # the restored log is shorter, which is no fault of the backup
    written.close()
    assert backups.restore(done.path, database).problems == ()
    raw = sqlite3.connect(done.path)
    triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE reads SET comment = 'another'")
    for _, sql in triggers:
        raw.execute(sql)
    raw.commit()
    raw.close()
    problems = backups.restore(done.path, database).problems
    assert any("was changed after it was written" in text for text in problems)
    assert not any("is cut" in text for text in problems)


@pytest.mark.skipif(sys.platform == "win32", reason="there the age alone tells what was left")
def test_what_a_killed_program_left_is_gone_after_the_next_one(written: Store, database: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder, reads = backups.make(written, at=NOON).path.parent, database.parent
    names = [
        (folder, ".20260301T110000Z.db."),
        (reads, ".ecgview.db."),
        (reads, ".ecgview.db.schema-7.bak."),
        (reads, ".ecgview.db.schema-7-2.bak."),
    ]
    left = [
        place / f"{name}{ended.pid}-140{suffix}"
        for place, name in names
        for suffix in ("", "-wal", "-shm", "-journal")
    ]
    at_work = [place / f"{name}{os.getpid()}-140" for place, name in names]
    others = [
        reads / name.format(ended.pid)
        for name in (
            ".ecgview.db.{}",
            ".ecgview.db.{}-140.txt",
            "ecgview.db.{}-140",
            ".ecgview.db.mine.{}-140",
            ".ecgview.db.schema-7.{}-140",
            ".ecgview.db.99999999999999-140",
            ".other.db.{}-140",
        )
    ]
    for path in (*left, *at_work, *others):
        path.write_text("a copy")
    os.utime(at_work[0], (0, 0))  # the number of that process is another's now
    written.close()
    with Store(database).open() as store:
        assert [path for path in left if path.parent == reads and path.exists()] == []
        backups.make(store, at=NOON + DAY)
    assert [path for path in left if path.exists()] == []
    assert [path for path in at_work if path.exists()] == at_work[1:]
    assert [path for path in others if path.exists()] == others


def test_what_a_killed_backup_elsewhere_left_is_gone_after_the_next_one(
    written: Store, tmp_path: Path
) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom ecgview.review import _database, backups\n"
        "from ecgview.review.store import Store\n_database._to_disk = lambda _path: os._exit(9)\n"
        "backups.make(Store(sys.argv[1]), Path(sys.argv[2]))"
    )
    usb = tmp_path / "usb"
    usb.mkdir()
    killed = subprocess.run([sys.executable, "-c", program, str(written.path), str(usb / "x.db")])
    assert killed.returncode == 9
    (left,) = usb.iterdir()
    os.utime(left, (0, 0))
    backups.make(written, usb / "x.db")
    assert [path.name for path in usb.iterdir()] == ["x.db"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_the_log_of_a_linked_copy_is_looked_for_where_the_copy_lies(
    written: Store, database: Path, tmp_path: Path
) -> None:
    written.log("", "", "looked", "in the log of SQLite only")
    raw_copy(written, tmp_path / "copy.db", "", "-wal")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "link.db"
    link.symlink_to(tmp_path / "copy.db")
    assert backups.restore(link, tmp_path / "new.db").head == written.head()
    stray = (tmp_path / "copy.db-wal").read_bytes()
    (tmp_path / "copy.db").unlink()
    (tmp_path / "copy.db-wal").unlink()
    written.log("", "", "looked")
    done = backups.make(written, tmp_path / "copy.db")
    (tmp_path / "copy.db-wal").write_bytes(stray)
    with Store(link) as store:  # opened by hand, not restored
        assert store.head() == done.head
    assert (tmp_path / "copy.db-wal.not-of-this-file.bak").read_bytes() == stray


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as raw:
        return list(raw.iterdump())


class Killed(BaseException):
    """Ends a restore at a place where a kill may."""


@pytest.mark.parametrize("at", ["_keep_aside", "_to_disk", "after"])
@pytest.mark.parametrize("is_another", [False, True])
def test_a_restore_that_is_killed_leaves_one_store_or_the_other_with_its_entry(
    written: Store, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, is_another: bool
) -> None:
    """Nothing is ever laid at somebody's door, and no restored store lies there that does not say so."""
    backup = tmp_path / "backup.db"
    if is_another:
        with Store(tmp_path / "other.db") as other:
            other.log("", "", "looked")
            other.back_up(backup)
    else:
        written.back_up(backup)
    written.log("", "", "looked")
    before = written.head()
    written.close()

    def end(*_: object) -> None:
        raise Killed

    real = _database._to_disk
    where = {
        "_keep_aside": (_database, "_keep_aside", end),
        "_to_disk": (_database, "_to_disk", lambda path: end() if path.is_dir() else real(path)),
        "after": (Store, "settle", end),
    }[at]
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(*where)  # type: ignore[arg-type]
            with pytest.raises(Killed):
                backups.restore(backup, database)
        with Store(database) as store:
            found, entries = store.verify(), store.audit()
            if at == "_keep_aside":  # not yet in its place
                assert found == []
                assert store.head() == before
            else:
                assert entries[-1].action == "store_restored"
                assert entries[-2].action == "head_differed"
                assert [one for one in found if not one.startswith("before entry")] == []
    backups.restore(backup, database)
    with Store(database) as store:
        store.log("", "", "looked")
        assert [one for one in store.verify() if not one.startswith("before entry")] == []


def test_a_backup_that_no_entry_can_be_written_to_takes_no_place(
    written: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: what is said to have failed has not been done."""
    done = backups.make(written)
    written.log("", "", "looked")
    written.close()
    before, listed = dump(database), {path.name for path in database.parent.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full; nothing was written")

    monkeypatch.setattr(Store, "log", full)
    with pytest.raises(StoreError, match="the store was not changed") as told:
        backups.restore(done.path, database)
    assert told.value.found == "the disk is full; nothing was written"
    assert dump(database) == before
    assert {path.name for path in database.parent.iterdir()} == listed


@pytest.mark.parametrize("name", [b"application TEXT", b"judgements_are_withdrawn_once ON judgements("])
def test_a_name_of_the_schema_that_is_no_text_is_damage(written: Store, tmp_path: Path, name: bytes) -> None:
    backup = backups.make(written).path
    raw = backup.read_bytes()
    assert name in raw
    backup.write_bytes(
        raw.replace(name, name[:-4] + b"\xa0" + name[-3:]).replace(name[:3], b"\xa0" + name[1:3])
    )
    with pytest.raises(StoreError, match="damaged"):
        backups.restore(backup, tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="damaged"), Store(backup) as store:
        store.check()
