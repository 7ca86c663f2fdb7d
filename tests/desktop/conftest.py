"""A real window over a real store, records on disk, and a check that nothing is left behind."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.desktop.app import open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings
from ecgview.formats import wfdb
from ecgview.record import EcgRecord


@pytest.fixture(scope="session")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the records stay of which every test gets a copy."""
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def record_files(tmp_path: Path, written_once: Path, pulse_record: EcgRecord) -> list[Path]:
    """Return three records on disk, each with other samples."""
    gains = {"a": 1.0, "b": 0.5, "c": 0.8}
    if not list(written_once.iterdir()):
        for name, gain in gains.items():
            wfdb.write(replace(pulse_record, signal=pulse_record.signal * gain), written_once / name)
    folder = shutil.copytree(written_once, tmp_path / "ecgs")
    return [folder / f"{name}.hea" for name in gains]


@pytest.fixture
def settings() -> Settings:
    """Return settings in memory, with a named reader."""
    made = Settings(None)
    made.set("reader.name", "Reader One")
    return made


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[MainWindow]:
    """Return the real window on the screen; it must close in time and leave no worker behind."""
    made = open_window(settings=settings, store_path=tmp_path / "window.db")
    made.resize(1600, 1000)
    made.set_sides(1600)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    qtbot.waitUntil(made.isHidden)  # the last edit is saved first
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("job")] == []
    made.deleteLater()
    qtbot.wait(0)


@pytest.fixture
def rest(qtbot: QtBot, window: MainWindow) -> Callable[[], None]:
    """Return a wait until no job runs and the paper is drawn sharply."""

    def wait() -> None:
        for _ in range(2):
            qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)
            window.canvas.settle()
        qtbot.waitUntil(lambda: window.workspace.reading.keeping.is_idle)
        qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)

    return wait


@pytest.fixture
def opened(
    window: MainWindow, record_files: list[Path], qtbot: QtBot, rest: Callable[[], None]
) -> MainWindow:
    """Return the window with the three records listed and the first one open."""
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([record_files[0].parent])
    rest()
    return window


@pytest.fixture
def demo() -> Path:
    """Return a synthetic record with sinus rhythm."""
    return resources.path("demo", "normal.hea")


@pytest.fixture
def shown(window: MainWindow, demo: Path, rest: Callable[[], None]) -> MainWindow:
    """Return the window with that record open and measured."""
    window.workspace.ecg.open_paths([demo])
    rest()
    window.canvas.setFocus()
    return window
