"""A bug is told in one dialog, wherever it happened; nothing of it, above all no path, is printed."""

import threading
from collections.abc import Callable, Iterator

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPlainTextEdit
from pytestqt.qtbot import QtBot

from ecgview.desktop import app
from ecgview.desktop.chrome.window import SAME_BUG, MainWindow
from ecgview.desktop.dialogs import unexpected_error
from ecgview.progress import Progress, silent

PLANTED = "/home/planted/Zhang San Feng/ecg of Zhang.hea"


def _fail() -> None:
    raise RuntimeError(f"cannot go on with {PLANTED} now")


class Faulty(pg.GraphicsObject):
    """An item of a scene that fails where it is told to."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self.n_painted = 0

    def boundingRect(self) -> QRectF:
        """Return a place that is always seen."""
        return QRectF(0.0, 0.0, 1.0, 1.0)

    def paint(self, _painter: QPainter, _option: object, _widget: object = None) -> None:
        """Fail, or not."""
        self.n_painted += 1
        if self.place == "paint":
            _fail()

    def mouseDragEvent(self, event: object) -> None:
        """Fail while pyqtgraph hands the drag on."""
        if self.place == "drag":
            _fail()


@pytest.fixture
def hooked(window: MainWindow) -> Iterator[MainWindow]:
    """Return the window with the hooks that it has when it is run."""
    hooks = app.Hooks(window)
    yield window
    for view in window.findChildren(pg.GraphicsView):
        for item in view.scene().items():
            if isinstance(item, Faulty):
                item.place = ""
    hooks.remove()


@pytest.fixture
def scene(hooked: MainWindow, qtbot: QtBot) -> Callable[[str], tuple[pg.GraphicsView, Faulty]]:
    """Return a function that shows a scene of pyqtgraph with a faulty item."""

    def made(place: str) -> tuple[pg.GraphicsView, Faulty]:
        view, box, item = pg.GraphicsView(hooked), pg.ViewBox(enableMenu=False), Faulty(place)
        view.setCentralItem(box)
        box.addItem(item)
        box.setRange(QRectF(0.0, 0.0, 1.0, 1.0))
        view.resize(200, 200)
        view.show()
        qtbot.waitUntil(lambda: item.n_painted > 0)
        return view, item

    return made


def _dialogs(window: MainWindow) -> list[QDialog]:
    return [one for one in window.findChildren(QDialog) if one.findChildren(QPlainTextEdit)]


def _check(window: MainWindow, qtbot: QtBot, capfd: pytest.CaptureFixture[str]) -> None:
    qtbot.waitUntil(lambda: bool(_dialogs(window)))
    qtbot.wait(0)
    (dialog,) = _dialogs(window)
    text = dialog.findChildren(QPlainTextEdit)[0].toPlainText()
    assert "RuntimeError: " in text
    assert "cannot go on with <path> now" in text
    assert "test_unexpected_errors.py" in text
    printed = "".join(capfd.readouterr())
    for word in ("planted", "Zhang", "Feng", "hea"):
        assert word not in text
        assert word not in printed
    assert "Traceback" not in printed
    dialog.close()


def test_an_error_in_a_slot(hooked: MainWindow, qtbot: QtBot, capfd: pytest.CaptureFixture[str]) -> None:
    QTimer.singleShot(0, _fail)
    _check(hooked, qtbot, capfd)


@pytest.mark.parametrize("place", ["thread", "job"])
def test_an_error_in_a_worker(
    hooked: MainWindow, qtbot: QtBot, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    def work(progress: Progress = silent) -> None:
        _fail()

    if place == "thread":
        worker = threading.Thread(target=_fail)
        worker.start()
        worker.join()
    else:
        workspace = hooked.workspace
        workspace.jobs.start(
            work, title="Failing", on_done=lambda _done: None, on_failed=workspace.telling.fail
        )
    _check(hooked, qtbot, capfd)


def test_an_error_while_an_item_is_painted_is_told_once_however_often_it_is_painted(
    hooked: MainWindow,
    scene: Callable[[str], tuple[pg.GraphicsView, Faulty]],
    qtbot: QtBot,
    capfd: pytest.CaptureFixture[str],
) -> None:
    view, item = scene("paint")
    for n in range(5):
        view.viewport().update()
        qtbot.waitUntil(lambda n=n: item.n_painted > n)
    _check(hooked, qtbot, capfd)
    view.viewport().update()
    qtbot.waitUntil(lambda: hooked.messages.text.text() == SAME_BUG)
    assert len([one for one in _dialogs(hooked) if one.isVisible()]) == 0
    item.place = ""  # a paint that is still due comes after the hooks: there the error would end the test


def test_an_error_that_the_scene_catches_from_an_item(
    hooked: MainWindow,
    scene: Callable[[str], tuple[pg.GraphicsView, Faulty]],
    qtbot: QtBot,
    capfd: pytest.CaptureFixture[str],
) -> None:
    view, _ = scene("drag")
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    for x in (80, 100, 120):
        QTest.mouseMove(view.viewport(), QPoint(x, 100))
        qtbot.wait(30)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(120, 100))
    _check(hooked, qtbot, capfd)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (r"C:\Users\Li Si\ecg.dat is gone", "<path> is gone"),
        ("/data/Zhang San.hea and C:\\x\\y z.dat differ", "<path> and <path> differ"),
        ("records/Zhang.hea: 3 leads", "<path> 3 leads"),
        ("shape (12, 5000) of 'Zhang San' is wrong", "shape (12, 5000) of <text> is wrong"),
    ],
)
def test_paths_with_blanks_are_scrubbed_whole(text: str, told: str) -> None:
    assert unexpected_error.scrub(text) == told
