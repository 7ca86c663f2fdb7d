"""What a reader did is kept, or the reader is told and asked; and an ECG is seen whatever the store does."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import model_words
import pytest
from pytestqt.qtbot import QtBot
from waiting import kept

from ecgview.desktop.app import open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import elsewhere
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.panels import statements
from ecgview.desktop.settings import Settings
from ecgview.desktop.state import inference
from ecgview.record import EcgRecord
from ecgview.review import _database
from ecgview.review.history import SetComment
from ecgview.review.read import Certainty, Draft, ReadState, ReadStatement
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

HOLDER = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""

# another program of the same reader on the same record: marks of its own, told once they are kept
OTHER = """
import sys
from ecgview import formats
from ecgview.review import _database
from ecgview.review.annotation import Annotation
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
_database._BUSY_MS = 60_000  # it waits its turn on any machine
session = ReadingSession(Store(sys.argv[1]), formats.read(sys.argv[2]), "Reader One")
print("open", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    session.add_annotation(Annotation(("V1",), 0.1 * number, 0.1 * number + 0.05, "PVC"))
    print("kept", number, flush=True)
"""


class Child:
    """A process that waits for a line before it goes on."""

    def __init__(self, code: str, *args: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() in ("held\n", "open\n")

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def said(self) -> list[str]:
        return self.process.communicate(timeout=60)[0].splitlines()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a locked file than a reader would."""
    monkeypatch.setattr(_database, "_BUSY_MS", 50)
    monkeypatch.setattr("ecgview.desktop.state.keeping.RETRY_MS", 50)


@pytest.fixture
def in_ui_thread(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what was written into the store by the thread of the window: it would stand still for it."""
    found: list[str] = []

    def watched(name: str) -> None:
        inner = getattr(Store, name)

        def outer(self: Store, *args: object, **kwargs: object) -> object:
            if threading.current_thread() is threading.main_thread():
                found.append(name)
            return inner(self, *args, **kwargs)

        monkeypatch.setattr(Store, name, outer)

    for name in (
        "save_draft",
        "commit_read",
        "add_record",
        "reveal",
        "add_result",
        "result",
        "draft_version",
        "reads",
    ):
        watched(name)
    return found


@pytest.fixture
def locked(opened: MainWindow) -> Iterator[Callable[[], None]]:
    """Let another process hold the store of the window; returns what lets go of it."""
    kept_first = opened.workspace.reading.store.path
    holder = Child(HOLDER, kept_first)
    let_go = [holder]

    def release() -> None:
        for one in let_go:
            one.go()
            one.said()
        let_go.clear()

    yield release
    release()


def comment_kept(window: MainWindow) -> str:
    session = window.workspace.reading.session
    assert session is not None
    with Store(window.workspace.reading.store.path) as store:
        return store.draft_version(session.record_sha256, session.reader).content.comment


def sheet_of(window: MainWindow) -> Sheet:
    (sheet,) = [one for one in window.findChildren(Sheet) if one.isVisible()]
    return sheet


def press(sheet: Sheet, text: str) -> None:
    next(button for button in sheet.buttons.buttons() if button.text() == text).click()


def test_everything_is_written_and_looked_up_off_the_windows_thread(
    in_ui_thread: list[str],
    opened: MainWindow,
    rest: Callable[[], None],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = opened.workspace
    answering = model_words.answering(
        lambda record: model_words.prediction(record.source.sha256),
        lambda record: model_words.lef(record.source.sha256),
    )
    monkeypatch.setattr(inference, "ask", answering)
    workspace.steps.toggle_statement("NORM")
    workspace.steps.apply(SetComment("x"))
    workspace.steps.undo()
    workspace.walk.lock_and_next()
    kept(qtbot, workspace)
    rest()
    workspace.steps.set_blind(False)
    kept(qtbot, workspace)
    workspace.steps.toggle_statement("AFIB")
    workspace.steps.sign()
    workspace.steps.amend("second look")
    workspace.steps.discard_amendment()
    kept(qtbot, workspace)
    assert workspace.reading.session is not None
    assert workspace.reading.session.state is ReadState.CONFIRMED
    assert in_ui_thread == []


def test_an_edit_under_a_locked_store_is_seen_at_once_and_saved_by_itself_later(
    opened: MainWindow, locked: Callable[[], None], qtbot: QtBot, in_ui_thread: list[str]
) -> None:
    workspace, keeping = opened.workspace, opened.workspace.reading.keeping
    heard: list[bool] = []
    edits = [f"word {number}" for number in range(6)]
    for edit in edits:
        workspace.steps.apply(SetComment(edit), heard.append)
        assert workspace.reading.session is not None
        assert workspace.reading.session.draft.comment == edit  # before anything was written
    assert in_ui_thread == []
    assert opened.status.kept.text() == "Saving …"
    qtbot.waitUntil(lambda: keeping.state == "not saved")
    assert opened.status.kept.text() == "Not saved"
    assert "locked" in opened.status.kept.toolTip()
    assert (heard, comment_kept(opened)) == ([], "")
    in_ui_thread.clear()  # this test looked itself
    locked()
    qtbot.waitUntil(lambda: keeping.state == "saved")
    assert in_ui_thread == []
    assert heard == [True] * len(edits)
    assert comment_kept(opened) == edits[-1]
    assert opened.status.kept.text() == "Saved"


def test_leaving_a_record_with_an_unsaved_edit_asks(
    opened: MainWindow,
    locked: Callable[[], None],
    record_files: list[Path],
    rest: Callable[[], None],
    qtbot: QtBot,
) -> None:
    workspace = opened.workspace
    workspace.steps.apply(SetComment("not yet on the disk"))
    for _ in range(2):
        workspace.walk.next()
        qtbot.waitUntil(lambda: opened.watch.sheet is not None)
        assert workspace.ecg.path == record_files[0]  # nothing of another record is shown
        press(sheet_of(opened), "Stay here")
        assert not workspace.reading.is_held
        assert workspace.reading.session is not None
        assert workspace.reading.session.draft.comment == "not yet on the disk"
    workspace.walk.next()
    qtbot.waitUntil(lambda: opened.watch.sheet is not None)
    locked()
    press(sheet_of(opened), "Try again")
    qtbot.waitUntil(lambda: workspace.ecg.path == record_files[1])
    rest()
    workspace.walk.previous()
    rest()
    assert workspace.reading.session is not None
    assert workspace.reading.session.draft.comment == "not yet on the disk"


def test_discarded_edits_are_in_no_draft(
    opened: MainWindow,
    locked: Callable[[], None],
    record_files: list[Path],
    rest: Callable[[], None],
    qtbot: QtBot,
) -> None:
    workspace = opened.workspace
    workspace.steps.apply(SetComment("away with it"))
    workspace.walk.next()
    qtbot.waitUntil(lambda: opened.watch.sheet is not None)
    press(sheet_of(opened), "Discard the edits")
    qtbot.waitUntil(lambda: workspace.ecg.path == record_files[1])
    locked()
    rest()
    workspace.walk.previous()
    rest()
    assert workspace.reading.session is not None
    assert workspace.reading.session.draft.is_empty


def test_closing_the_window_with_an_unsaved_edit_asks(
    opened: MainWindow, locked: Callable[[], None], qtbot: QtBot
) -> None:
    opened.workspace.steps.apply(SetComment("last word"))
    assert not opened.close()
    qtbot.waitUntil(lambda: opened.watch.sheet is not None)
    press(sheet_of(opened), "Stay here")
    assert opened.isVisible()
    locked()
    opened.close()
    qtbot.waitUntil(opened.isHidden)
    with Store(opened.workspace.reading.store.path) as store:
        (draft,) = [
            store.draft_version(entry.record_sha256, "Reader One").content
            for entry in store.audit()
            if entry.action == "reading_started"
        ]
    assert draft.comment == "last word"


def test_locking_a_read_goes_on_to_the_next_record_only_once_it_is_on_the_disk(
    opened: MainWindow,
    locked: Callable[[], None],
    record_files: list[Path],
    rest: Callable[[], None],
    qtbot: QtBot,
) -> None:
    workspace = opened.workspace
    workspace.steps.toggle_statement("NORM")
    workspace.walk.lock_and_next()
    workspace.steps.toggle_statement("AFIB")  # pressed for the next record, which is not there: refused
    qtbot.waitUntil(lambda: workspace.reading.keeping.state == "not saved")
    assert workspace.ecg.path == record_files[0]
    assert workspace.reading.session is not None
    assert workspace.reading.session.state is ReadState.IN_READING
    assert [item.code for item in workspace.reading.session.draft.statements] == ["NORM"]
    locked()
    kept(qtbot, workspace)
    workspace.walk.lock_and_next()
    qtbot.waitUntil(lambda: workspace.ecg.path == record_files[1])
    rest()
    assert workspace.worklist.items[0].state == "read"


def test_what_else_is_logged_under_a_locked_store_keeps_nobody_and_is_there_in_the_end(
    opened: MainWindow, locked: Callable[[], None], record_files: list[Path], qtbot: QtBot
) -> None:
    workspace = opened.workspace
    store, keeping = workspace.reading.store, workspace.reading.keeping
    assert workspace.reading.session is not None
    sha256 = workspace.reading.session.record_sha256
    workspace.reading.write(store.add_exposure, sha256, "report", "with its record")
    workspace.reading.begin(None)  # the record goes while that is being written
    workspace.reading.write(store.add_exposure, sha256, "report", "without one")
    left: list[bool] = []
    workspace.reading.leave(left.append)
    qtbot.waitUntil(lambda: left == [True])
    assert store.exposures(sha256) == ()
    workspace.ecg.open(record_files[1])
    qtbot.waitUntil(lambda: workspace.ecg.path == record_files[1])
    locked()
    qtbot.waitUntil(lambda: keeping.is_kept)
    assert sorted(one.details for one in store.exposures(sha256)) == ["with its record", "without one"]
    assert store.verify() == []


def test_a_window_closes_though_what_it_logs_cannot_be_written(
    opened: MainWindow, locked: Callable[[], None], qtbot: QtBot
) -> None:
    workspace = opened.workspace
    workspace.reading.write(workspace.reading.store.add_exposure, "a record", "report")
    opened.close()
    qtbot.waitUntil(opened.isHidden)


# ---- another window ---------------------------------------------------------------------------------


@pytest.fixture
def second(
    opened: MainWindow, settings: Settings, record_files: list[Path], qtbot: QtBot
) -> Iterator[MainWindow]:
    """Return a second window on the record that is open in the first."""
    made = open_window(settings=settings, store_path=opened.workspace.reading.store.path)
    said: list[str] = []
    made.workspace.telling.posted.connect(lambda message: said.append(message.text))
    with qtbot.waitSignal(made.workspace.ecg.measured):
        made.workspace.ecg.open(record_files[0])
    made.show()
    assert any("another window" in text and str(os.getpid()) in text for text in said)
    yield made
    made.close()
    qtbot.waitUntil(made.isHidden)
    made.deleteLater()


def test_a_record_that_is_opened_anew_is_not_open_in_another_window(
    opened: MainWindow, record_files: list[Path], rest: Callable[[], None]
) -> None:
    said: list[str] = []
    opened.workspace.telling.posted.connect(lambda message: said.append(message.text))
    for _ in range(2):
        opened.workspace.ecg.open(record_files[0])
        rest()
    assert opened.workspace.reading.session is not None
    assert [text for text in said if "another window" in text] == []


def test_edits_of_two_windows_are_joined_and_the_same_item_is_shown_twice(
    opened: MainWindow, second: MainWindow, qtbot: QtBot
) -> None:
    one, two = opened.workspace, second.workspace
    one.steps.apply(SetComment("sinus rhythm"))
    kept(qtbot, one)
    two.steps.toggle_statement("AFIB")
    kept(qtbot, two)
    assert two.reading.session is not None
    assert two.reading.session.draft.comment == "sinus rhythm"  # came in with the save
    one.steps.apply(SetComment("atrial fibrillation"))
    kept(qtbot, one)
    two.steps.apply(SetComment("flutter"))
    qtbot.waitUntil(lambda: second.watch.sheet is not None)
    assert comment_kept(second) == "atrial fibrillation"
    said = " ".join(label.text() for label in sheet_of(second).findChildren(type(second.status.kept)))
    assert "flutter" in said
    assert "atrial fibrillation" in said
    press(sheet_of(second), "Keep mine")
    kept(qtbot, two)
    assert comment_kept(second) == "flutter"
    one.steps.apply(SetComment("third"))
    qtbot.waitUntil(lambda: opened.watch.sheet is not None)
    press(sheet_of(opened), "Keep the other")
    kept(qtbot, one)
    assert one.reading.session is not None
    assert one.reading.session.draft == two.reading.session.draft


def test_an_edit_after_the_other_windows_lock_is_offered_again(
    opened: MainWindow, second: MainWindow, qtbot: QtBot
) -> None:
    one, two = opened.workspace, second.workspace
    one.steps.toggle_statement("NORM")
    one.steps.commit_first_read()
    kept(qtbot, one)
    heard: list[bool] = []
    two.steps.apply(SetComment("too late"), heard.append)
    qtbot.waitUntil(lambda: second.watch.sheet is not None)
    assert heard == [False]
    assert comment_kept(second) == ""
    assert two.reading.session is not None
    assert two.reading.session.state is ReadState.READ
    press(sheet_of(second), "Make this edit again")
    kept(qtbot, two)
    assert comment_kept(second) == "too late"
    assert [item.code for item in two.reading.session.draft.statements] == ["NORM"]


def test_a_window_and_another_process_keep_every_acknowledged_edit(
    opened: MainWindow, record_files: list[Path], qtbot: QtBot
) -> None:
    workspace, edits = opened.workspace, 30
    kept(qtbot, workspace)
    other = Child(OTHER, workspace.reading.store.path, record_files[0], edits)
    heard: list[bool] = []
    other.go()
    for number in range(edits):
        mark = ("II",), 0.1 * number, 0.1 * number + 0.05
        workspace.steps.add_annotation(*mark)
        workspace.steps.apply(SetComment(f"{number}"), heard.append)
        qtbot.wait(0)
    kept(qtbot, workspace)
    said = other.said()
    assert heard == [True] * edits
    assert len(said) == edits
    assert workspace.reading.session is not None
    with Store(workspace.reading.store.path) as store:
        draft = store.draft_version(workspace.reading.session.record_sha256, "Reader One").content
        assert store.verify() == []
    leads = [mark.leads for mark in draft.annotations]
    assert (leads.count(("V1",)), leads.count(("II",))) == (len(said), len(heard))
    assert draft.comment == str(edits - 1)


# ---- a store that cannot be used ----------------------------------------------------------------------


def damaged(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 300)


def newer(path: Path) -> None:
    Store(path).open().close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()


def a_folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize(
    ("spoil", "words"), [(damaged, "damaged"), (newer, "newer"), (a_folder, "cannot be"), (empty, "empty")]
)
def test_an_ecg_is_seen_though_the_store_cannot_be_used(
    tmp_path: Path,
    settings: Settings,
    record_files: list[Path],
    qtbot: QtBot,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    path = tmp_path / "window.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    window = open_window(settings=settings, store_path=path)
    qtbot.addWidget(window)
    window.show()
    workspace = window.workspace
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([record_files[0].parent])
    qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert workspace.ecg.record is not None
    assert window.canvas.page is not None
    assert window.watch.strip.isVisible()
    assert words in window.watch.strip.text.text()
    state = window.side.findChild(statements.StatementsPanel)
    assert state is not None
    assert state.state.text() == "View only"
    assert [item.problem for item in workspace.worklist.items if item.problem] == []
    assert not workspace.reading.may_show_ai()
    workspace.steps.toggle_statement("NORM")  # nothing takes it, and nothing breaks
    assert workspace.reading.session is None
    assert (path.read_bytes() if path.is_file() else None) == before
    assert window.watch.strip.anew.isVisible() == (spoil is empty)
    if spoil is empty:
        window.watch.strip.anew.click()
        qtbot.waitUntil(lambda: workspace.reading.session is not None)
        assert not window.watch.strip.isVisible()
        workspace.steps.toggle_statement("NORM")
        kept(qtbot, workspace)
        with Store(path) as store:
            assert [entry.action for entry in store.audit()] == ["reading_started"]
    window.close()


@pytest.mark.skipif(sys.platform != "linux", reason="mounting a small file system is a matter of Linux")
def test_a_read_only_store_shows_what_was_read(
    tmp_path: Path, settings: Settings, record_files: list[Path], pulse_record: EcgRecord, qtbot: QtBot
) -> None:
    from ecgview import formats

    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        with Store(place / "window.db") as store:
            session = ReadingSession(store, formats.read(record_files[0]), "Reader One")
            session.toggle_statement("AFIB")
            session.sign()
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        window = open_window(settings=settings, store_path=place / "window.db")
        qtbot.addWidget(window)
        window.show()
        workspace = window.workspace
        with qtbot.waitSignal(workspace.ecg.measured):
            workspace.ecg.open(record_files[0])
        assert window.watch.strip.isVisible()
        assert "read-only" in window.watch.strip.text.text()
        assert workspace.reading.session is not None
        assert [item.code for item in workspace.reading.session.draft.statements] == ["AFIB"]
        assert not workspace.reading.session.is_editable
        workspace.steps.amend("a reason")
        qtbot.waitUntil(lambda: workspace.reading.keeping.is_idle)
        assert not workspace.reading.session.is_amending
        window.close()
        qtbot.waitUntil(window.isHidden)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_two_versions_are_told_apart_by_every_word_of_a_statement() -> None:
    plain = ReadStatement("IMI", Certainty.DEFINITE, "ptbxl71", "1.0")
    versions = {
        elsewhere.in_words(Draft(statements=(one,)))
        for one in (
            plain,
            replace(plain, certainty=Certainty.POSSIBLE),
            replace(plain, modifiers=("old",)),
            replace(plain, code="AMI"),
        )
    }
    assert len(versions) == 4
    assert "old inferior myocardial infarction (definite) [IMI]" in versions
