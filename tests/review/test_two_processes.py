"""Two processes, a locked file, a disk that fills, a place that cannot be written: what was acknowledged is kept.

Every count is of edits whose call returned, as the process that made them said.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.errors import EmptyStoreError, ReviewError, StoreError
from ecgview.record import EcgRecord
from ecgview.review import _rows, migrations
from ecgview.review.annotation import Annotation
from ecgview.review.kept_head import KeptHead
from ecgview.review.presence import Presence
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

EDITS = 40

# edits one record under the name of one reader; says what was kept, once the call has returned
WINDOW = """
import sys
import numpy as np
from ecgview.errors import StoreError
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Source
from ecgview.review import _database
from ecgview.review.annotation import Annotation
from ecgview.review.merging import ConflictError, SupersededError
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

_database._BUSY_MS = 60_000  # each waits its turn on any machine
path, name, edits, commits = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
record = EcgRecord(np.zeros((12, 10), np.float32), STANDARD_12, 500.0, source=Source("x.hea", "wfdb", "pulse"))
session = ReadingSession(Store(path), record, "Reader A")

def say(*words):
    print(*words, flush=True)

say("open")
sys.stdin.readline()
for number in range(edits):
    mark = Annotation(("II",), 2.0 * number, 2.0 * number + 0.5, name)
    try:
        session.add_annotation(mark)
    except SupersededError:
        say("late", number)
        session.apply(session.offer)
    say("kept", number)
    if commits and number == edits // 2:
        while not session.reads:
            try:
                session.commit_first_read()
            except ConflictError:
                say("seen", number)
say("end")
"""

HOLDER = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def started(code: str, *args: object) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() in ("open\n", "held\n")
    return child


def go(*children: subprocess.Popen[str]) -> list[list[list[str]]]:
    """Let them all edit at once, and return what each said."""
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    said = [child.communicate()[0] for child in children]
    return [[line.split() for line in lines.splitlines()] for lines in said]


def titles(store: Store) -> set[tuple[str, float]]:
    marks = store.draft_version("pulse", "Reader A").content.annotations
    assert len(marks) == len(set(marks))
    return {(mark.code, mark.start_s) for mark in marks}


@pytest.mark.parametrize("commits", [0, 1])
def test_of_two_processes_on_one_read_every_acknowledged_edit_is_kept(database: Path, commits: int) -> None:
    Store(database).open().close()
    both = [
        started(WINDOW, database, name, EDITS, commits if name == "one" else 0) for name in ("one", "two")
    ]
    said = go(*both)
    acknowledged = {
        (name, 2.0 * int(words[1]))
        for name, lines in zip(("one", "two"), said, strict=True)
        for words in lines
        if words[0] == "kept"
    }
    assert [lines[-1] for lines in said] == [["end"]] * 2
    assert len(acknowledged) == 2 * EDITS
    with Store(database) as store:
        assert titles(store) == acknowledged
        assert len(store.reads("pulse")) == commits
        assert store.verify() == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a matter of POSIX")
def test_a_window_that_is_killed_leaves_the_other_everything_it_acknowledged(database: Path) -> None:
    Store(database).open().close()
    first, second = (started(WINDOW, database, name, 100_000, 0) for name in ("one", "two"))
    for child in (first, second):
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    assert first.stdout is not None
    before = [first.stdout.readline() for _ in range(20)]
    first.send_signal(signal.SIGKILL)
    rest = first.communicate()[0]
    second.send_signal(signal.SIGKILL)
    others = second.communicate()[0]
    with Store(database) as store:
        kept = titles(store)
        for name, text in (("one", "".join(before) + rest), ("two", others)):
            lines = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
            acknowledged = {(name, 2.0 * int(line.split()[1])) for line in lines}
            assert acknowledged <= kept
        assert store.verify() == []


def test_a_file_that_another_process_holds_keeps_the_edits_waiting(
    session: ReadingSession, database: Path
) -> None:
    session.store._database.connection().execute("PRAGMA busy_timeout = 20")
    session.toggle_statement("SR")
    holder = started(HOLDER, database)
    refused = 0
    for number in range(5):
        with pytest.raises(StoreError, match="locked by another program"):
            session.add_annotation(Annotation(("II",), number, number + 0.5))
        refused += 1
    with Store(database) as elsewhere:  # reading goes on
        assert elsewhere.draft_version("pulse", "Reader A").content.annotations == ()
    go(holder)
    session.save()
    assert len(session.store.draft_version("pulse", "Reader A").content.annotations) == refused


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """Return a file system of 1 MB and what changes how it is mounted."""
    place = tmp_path / "small"
    place.mkdir()

    def mount(options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip("no file system can be mounted here")

    if sys.platform != "linux":
        pytest.skip("mounting a small file system is a matter of Linux")
    mount("size=1m")
    yield place, mount
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_on_a_disk_that_fills_what_was_acknowledged_is_kept_and_the_rest_is_kept_waiting(
    small_disk: tuple[Path, Callable[[str], None]], pulse_record: EcgRecord
) -> None:
    place, _mount = small_disk
    with Store(place / "reads.db") as store:
        session = ReadingSession(store, pulse_record, "Reader A")
        acknowledged, refused, told = 0, 0, set[str]()
        while refused < 3:
            try:
                session.add_annotation(Annotation(("II",), acknowledged + refused, 1e6, text="x" * 5000))
            except StoreError as error:
                told.add(error.message)
                refused += 1
            else:
                assert refused == 0
                acknowledged += 1
        assert acknowledged > 3
        assert told <= {"the disk is full; nothing was written", "the database cannot be read or written"}
        raw = sqlite3.connect(place / "reads.db")
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()
        assert len(store.draft_version("pulse", "Reader A").content.annotations) == acknowledged
        assert len(session.draft.annotations) == acknowledged + refused  # on the screen still
        subprocess.run(["mount", "-o", "remount,size=8m", str(place)], check=True)
        session.save()
        assert len(store.draft_version("pulse", "Reader A").content.annotations) == acknowledged + refused
        assert store.verify() == []


@pytest.mark.parametrize("version", range(1, migrations.LATEST + 1))
def test_a_read_only_place_shows_earlier_reads_and_takes_none(
    small_disk: tuple[Path, Callable[[str], None]], pulse_record: EcgRecord, version: int
) -> None:
    place, _mount = small_disk
    path = place / "reads.db"
    if version < migrations.LATEST:  # an older schema is read too, and stays as it is
        raw = sqlite3.connect(path)
        raw.executescript(
            Path(__file__).with_name(f"store_version_{version}.sql").read_text(encoding="utf-8")
        )
        if version >= migrations.LINKED_SINCE:  # its head was kept on the computer where it was written
            (identity,) = raw.execute("SELECT store FROM identity").fetchone()
            KeptHead(path).keep(identity, (_rows.head(raw),), durable=False)
        raw.close()
        sha256 = "a1"
    else:
        with Store(path) as store:
            made = ReadingSession(store, pulse_record, "Reader A")
            made.toggle_statement("AFIB")
            made.commit_first_read()
        sha256 = "pulse"
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with Store(path) as store:
        record = replace(pulse_record, source=replace(pulse_record.source, sha256=sha256))
        session = ReadingSession(store, record, "Reader A")
        assert session.reads[0].statements[0].code == "AFIB"
        assert "read-only" in session.view_only
        assert not session.is_editable
        with pytest.raises(ReviewError, match="read-only"):
            session.set_comment("x")
        with pytest.raises(StoreError, match="read-only"):
            store.add_exposure(sha256, "classify")
        assert store.verify() == []
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        assert path.read_bytes() == before
        store.try_again()  # it can be written now
        assert ReadingSession(store, record, "Reader A").view_only == ""


def test_an_empty_file_is_told_and_not_written_over_without_a_word(
    database: Path, pulse_record: EcgRecord
) -> None:
    database.parent.mkdir()
    database.touch()
    store = Store(database)
    for _ in range(2):
        with pytest.raises(EmptyStoreError, match="empty"):
            ReadingSession(store, pulse_record, "Reader A")
    with pytest.raises(EmptyStoreError):
        store.log("a", "b", "c")
    assert database.stat().st_size == 0
    store.start_anew()
    ReadingSession(store, pulse_record, "Reader A").toggle_statement("SR")
    assert store.draft("pulse", "Reader A") is not None
    store.start_anew()  # never a file that holds something
    assert store.draft("pulse", "Reader A") is not None
    store.close()


STARTED = """
import sys
from ecgview.review import _database
from ecgview.review.store import Store
_database._BUSY_MS = 60_000  # each waits its turn on any machine
Store(sys.argv[1]).log("a", "b", sys.argv[2])
"""


def test_many_processes_that_start_together_make_one_store(database: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", STARTED, str(database), str(number)]) for number in range(4)
    ]
    assert [child.wait() for child in children] == [0] * 4
    with Store(database) as store:
        assert sorted(entry.action for entry in store.audit()) == ["0", "1", "2", "3"]
        assert store.verify() == []
    assert [path.name for path in database.parent.iterdir()] == [database.name]


PRESENT = """
import sys
from pathlib import Path
from ecgview.review.presence import Presence
here = Presence(Path(sys.argv[1]), "pulse", "Reader A")
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_second_window_on_a_record_is_told_of_the_first_and_of_no_dead_one(database: Path) -> None:
    database.parent.mkdir()
    first = started(PRESENT, database)
    mine = Presence(database, "pulse", "Reader A")
    assert [other.process for other in mine.others] == [first.pid]
    assert mine.others[0].since.utc.endswith("Z")
    assert Presence(database, "pulse", "Reader B").others == ()  # another reader has a read of their own
    assert Presence(database, "other", "Reader A").others == ()
    first.kill()
    first.communicate()
    again = Presence(database, "pulse", "Reader A")  # the dead one is forgotten, this process is told of
    assert [other.process for other in again.others] == [os.getpid()]
    one = Presence(database, "pulse", "Reader C", "w1")
    assert Presence(database, "pulse", "Reader C", "w1").others == ()  # the same window, opening it anew
    assert len(Presence(database, "pulse", "Reader C", "w2").others) >= 1
    one.leave()
    mine.leave()
    again.leave()
    again.leave()
    assert Presence(database, "pulse", "Reader A").others == ()
    assert Presence(database.parent / "no" / "such" / "place.db", "pulse", "Reader A").others == ()
