"""The window backs the reads up in a job when it opens, if a backup is due."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from ecgview.desktop import app
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import backups as sheet_of_backups
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.work import backing_up
from ecgview.record import EcgRecord
from ecgview.review import backups
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


@pytest.fixture
def written(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    path = tmp_path / "reads" / "ecgview.db"
    with Store(path) as store:
        ReadingSession(store, pulse_record, "Reader A").set_comment("x")
    return path


def backed_up(qtbot: object, path: Path, settings: Settings | None = None) -> tuple[list[Path], list[str]]:
    """Start it as the window does, and return the backups there are then, and what was told."""
    workspace = Workspace(settings=settings or Settings(), store_path=path)
    told: list[str] = []
    workspace.telling.posted.connect(lambda message, *_: told.append(message.text))
    backing_up.start(workspace)
    qtbot.waitUntil(lambda: not workspace.jobs._alive)  # type: ignore[attr-defined]
    assert workspace.close()
    return [file for _, file in backups.kept(path)], told


def test_a_window_that_opens_backs_the_reads_up_once(qtbot: object, written: Path) -> None:
    (first,), told = backed_up(qtbot, written)
    assert told == []
    with Store(first) as copy:
        assert copy.draft("pulse", "Reader A")[0].comment == "x"  # type: ignore[index]
    assert backed_up(qtbot, written) == ([first], [])


def test_none_is_made_where_it_is_not_wanted_or_nothing_lies_there(
    qtbot: object, written: Path, tmp_path: Path
) -> None:
    never = Settings()
    never.set("backups.every", "never")
    assert backed_up(qtbot, written, never) == ([], [])
    none = tmp_path / "none" / "ecgview.db"
    assert backed_up(qtbot, none) == ([], [])
    assert not none.exists()


def test_that_no_backup_can_be_made_is_told(qtbot: object, written: Path) -> None:
    raw = sqlite3.connect(written)
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("DROP TRIGGER records_is_never_deleted")
    raw.execute("DELETE FROM records")
    raw.commit()
    raw.close()
    found, told = backed_up(qtbot, written)
    assert found == []
    assert told == ["The reads could not be backed up: the store is damaged; restore it from a backup."]


def test_the_first_trace_comes_before_it(qtbot: object, written: Path, record_files: list[Path]) -> None:
    window = app.open_window(settings=Settings(None), store_path=written)
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    window.show()
    backing_up.start_after_first_trace(window.workspace)
    assert window.workspace.jobs.n_alive == 0
    for path in record_files[:2]:
        with qtbot.waitSignal(window.workspace.ecg.measured):  # type: ignore[attr-defined]
            window.workspace.ecg.open(path)
    qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)  # type: ignore[attr-defined]
    assert len(backups.kept(written)) == 1
    window.close()


@pytest.fixture
def window(qtbot: object, written: Path) -> MainWindow:
    made = app.open_window(settings=Settings(None), store_path=written)
    qtbot.addWidget(made)  # type: ignore[attr-defined]
    made.show()
    return made


def the_sheet(qtbot: object, window: MainWindow) -> Sheet:
    window.menus["help.backups"].trigger()
    qtbot.waitUntil(lambda: window.findChild(Sheet, "backups") is not None)  # type: ignore[attr-defined]
    sheet = window.findChild(Sheet, "backups")
    assert isinstance(sheet, Sheet)
    return sheet


def words_of(sheet: Sheet) -> str:
    return "\n".join(label.text() for label in sheet.findChildren(QLabel))


def press(sheet: Sheet, text: str) -> None:
    (button,) = [one for one in sheet.findChildren(QPushButton) if one.text() == text]
    button.click()


def test_the_menu_tells_of_backups_and_makes_one(
    qtbot: object, window: MainWindow, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            threads.append(threading.current_thread() is threading.main_thread())
            return real(*args, **options)

        return call

    for name in ("kept", "make"):
        monkeypatch.setattr(backups, name, watched(getattr(backups, name)))
    told: list[str] = []
    window.workspace.telling.posted.connect(lambda message, *_: told.append(message.text))
    sheet = the_sheet(qtbot, window)
    assert "There is no backup of the reads yet." in words_of(sheet)
    assert str(backups.folder(written)) in words_of(sheet)
    press(sheet, "Back up now")
    qtbot.waitUntil(lambda: any("whole and sound" in text for text in told))  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.findChild(Sheet, "backups") is None)  # type: ignore[attr-defined]
    said = words_of(the_sheet(qtbot, window))
    assert len(threads) >= 3
    assert not any(threads)  # never in the thread of the window
    ((_, path),) = backups.kept(written)
    assert "The last backup is of " in said
    assert path.name in said
    assert f"ecgview store restore {path} --store {written}" in said


def test_one_is_made_elsewhere_and_replaces_nothing(
    qtbot: object, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    window.workspace.telling.posted.connect(lambda message, *_: told.append(message.text))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "mine"), ""))
    press(the_sheet(qtbot, window), "Back up elsewhere …")
    qtbot.waitUntil(lambda: any("whole and sound" in text for text in told))  # type: ignore[attr-defined]
    with Store(tmp_path / "mine.db") as copy:
        assert copy.draft("pulse", "Reader A") is not None
    qtbot.waitUntil(lambda: window.findChild(Sheet, "backups") is None)  # type: ignore[attr-defined]
    press(the_sheet(qtbot, window), "Back up elsewhere …")
    qtbot.waitUntil(lambda: any("never replaces" in text for text in told))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=40), "40 days ago"),
        (timedelta(days=-1), "later than the clock of this computer"),
    ],
)
def test_the_age_of_the_last_one_is_told(age: timedelta, words: str) -> None:
    made = datetime(2026, 3, 1, 12, tzinfo=UTC)
    lying = sheet_of_backups.Lying(Path(), ((made, Path("a.db"), 1),))
    assert sheet_of_backups.last_in_words(lying, made + age).endswith(f", {words}.")


def test_a_backup_dated_later_is_not_called_the_last() -> None:
    made = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ahead = (datetime(2099, 1, 1, tzinfo=UTC), Path("b.db"), 1)
    lying = sheet_of_backups.Lying(Path(), ((made, Path("a.db"), 1), ahead))
    said = sheet_of_backups.last_in_words(lying, made + timedelta(hours=2))
    assert "2 hours ago. 1 backup dated later than this clock" in said
