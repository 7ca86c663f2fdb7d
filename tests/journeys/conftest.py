"""The window that a journey goes through, and a wait until it rests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.app import open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """Return settings in which a reader has given a name."""
    made = Settings(None)
    made.set("reader.name", "Journey Reader")
    return made


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[MainWindow]:
    """Return the window of a large screen over a store of its own."""
    made = open_window(settings=settings, store_path=tmp_path / "reads.db")
    made.resize(1600, 1000)
    made.set_sides(1600)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def rest(qtbot: QtBot, window: MainWindow) -> Callable[[], None]:
    """Return a wait until no job runs, the paper is drawn sharply and all is kept."""

    def wait() -> None:
        for _ in range(3):
            qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)
            qtbot.waitUntil(lambda: window.workspace.reading.keeping.is_kept)
            window.canvas.settle()
        qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)

    return wait
