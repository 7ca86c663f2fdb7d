"""The window backs the reads up in a job when it opens, if a backup is due."""

import sqlite3
from pathlib import Path

import pytest

from ecgview.desktop import app
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
