"""The window never tells of two records: every part of it is read at every turn of the event loop."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import model_words
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot
from sampler import Sampler, name_of

from ecgview.desktop.canvas.paper_view import PaperView
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.worklist.table import RecordTable
from ecgview.desktop.state import inference
from ecgview.desktop.views import VIEWS
from ecgview.desktop.work import tasks
from ecgview.errors import FormatError, SignalError
from ecgview.explain.reconstruction import ErrorOverTime
from ecgview.formats import wfdb
from ecgview.overlay import Overlay
from ecgview.paper import layout
from ecgview.paper.page import Page
from ecgview.paper.settings import PaperSettings
from ecgview.progress import Progress, silent
from ecgview.record import Acquisition, EcgRecord, Patient
from ecgview.results import LabelScore, LefResult, ModelFacts, Prediction
from ecgview.review.history import SetComment
from ecgview.review.session import ReadingSession
from ecgview.signal.filters import CHOICES
from ecgview.signal.measurements import Measurement

N_RECORDS, N_STEPS = 8, 200
SEED = 9


class Slow:
    """Holds up what runs in workers until the reader's steps let some of it through; lets it fail now and then."""

    def __init__(self) -> None:
        self._random = random.Random(SEED)
        self._moved = threading.Condition()
        self._holds, self._may_pass = False, 0
        self.fails = True

    def hold(self) -> None:
        """Stop all work from here on."""
        with self._moved:
            self._holds, self._may_pass = True, 0

    def let(self, n: int) -> None:
        """Let so many pieces of work go on."""
        with self._moved:
            self._may_pass += n
            self._moved.notify_all()

    def go_on(self) -> None:
        """Hold nothing up."""
        with self._moved:
            self._holds = False
            self._moved.notify_all()

    def wait(self) -> None:
        """Wait to be let through; the window itself is never held up."""
        if threading.current_thread() is threading.main_thread():
            return
        with self._moved:
            assert self._moved.wait_for(lambda: not self._holds or self._may_pass > 0, 60)
            self._may_pass = max(0, self._may_pass - 1)

    def fail(self, error: Exception) -> None:
        """Raise one time in ten."""
        if self.fails and self._random.random() < 0.1:
            raise error


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Slow down reading, laying out, measuring and every model; whatever they say names its record."""
    made = Slow()
    read, compose = tasks.read, layout.compose

    def slow_read(path: Path, progress: Progress = silent) -> EcgRecord:
        made.wait()
        made.fail(FormatError("planted", where=str(path)))
        record, name = read(path, progress), path.stem
        patient, acquisition = Patient(patient_id=f"P {name}"), Acquisition(device=f"cart of {name}")
        return replace(record, patient=patient, acquisition=acquisition)

    def slow_compose(record: EcgRecord, paper: PaperSettings) -> Page:
        made.wait()
        made.fail(SignalError("planted"))
        return compose(record, paper)

    def measure(record: EcgRecord, progress: Progress = silent) -> tuple[Measurement, ...]:
        made.wait()
        return (Measurement(f"rate of {name_of(record)}", 60.0, "bpm"),)

    def facts(record: EcgRecord) -> ModelFacts:
        return ModelFacts("m", "M", "1", "0" * 64, "none", "not calibrated", f"asked of {name_of(record)}")

    def classify(record: EcgRecord) -> Prediction:
        made.wait()
        scores = (LabelScore("AFIB", f"finding of {name_of(record)}", 0.9, 0.5),)
        warned = (f"warning of {name_of(record)}",)
        return Prediction(facts(record), record.source.sha256, "cpu", 1.0, scores, warned)

    def lef(record: EcgRecord) -> LefResult:
        made.wait()
        reason = f"no index of {name_of(record)}"
        return LefResult(facts(record), record.source.sha256, "index", None, None, 0.5, "", reason)

    def reconstruct(record: EcgRecord, *_: object, progress: Progress = silent) -> object:
        made.wait()
        raise SignalError(f"no reconstruction of {name_of(record)}")

    def error_strip(record: EcgRecord, *_: object, progress: Progress = silent) -> object:
        made.wait()
        found = ErrorOverTime(np.ones(200, np.float32), np.full(200, np.nan), 1)
        return found, Overlay(legend=f"errors of {name_of(record)}")

    monkeypatch.setattr(tasks, "read", slow_read)
    monkeypatch.setattr(layout, "compose", slow_compose)
    monkeypatch.setattr(tasks, "measure", measure)
    for name, answer in (
        ("ask", model_words.answering(classify, lef)),
        ("reconstruct", reconstruct),
        ("error_strip", error_strip),
    ):
        monkeypatch.setattr(inference, name, answer)
    yield made
    made.go_on()


@pytest.fixture
def files(tmp_path: Path, window: MainWindow, pulse_record: EcgRecord) -> list[Path]:
    """Return records of which each has a locked and revealed read that names it."""
    folder = tmp_path / "named"
    folder.mkdir()
    paths = []
    for n in range(N_RECORDS):
        record = replace(pulse_record, signal=pulse_record.signal * np.float32(0.3 + 0.1 * n))
        path = Path(wfdb.write(record, folder / f"ecg-{n:02d}"))
        session = ReadingSession(window.workspace.reading.store, tasks.read(path), "Reader One")
        session.apply(SetComment(f"read of {path.stem}"))
        session.commit_first_read()
        session.reveal()
        paths.append(path)
    return paths


@pytest.fixture
def sampler(window: MainWindow) -> Iterator[Sampler]:
    """Return the sampler, which looks until the end of the test."""
    window.resize(1100, 700)
    made = Sampler(window)
    yield made
    made.stop()


@pytest.fixture
def listed(window: MainWindow, files: list[Path], slow: Slow, qtbot: QtBot) -> MainWindow:
    """Return the window with the records listed and the first one open."""
    slow.fails = False
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([files[0].parent])
    qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)
    slow.fails = True
    return window


def _steps(window: MainWindow, dice: random.Random) -> list[Callable[[], object]]:
    """Return what a restless reader does."""
    workspace = window.workspace
    box = window.left.findChild(QLineEdit)
    rows = window.left.findChild(RecordTable)
    assert box is not None
    assert rows is not None

    def paper(**changes: object) -> None:
        workspace.paper.choose(replace(workspace.paper.settings, **changes))  # type: ignore[arg-type]

    def mask() -> None:
        hidden = np.zeros_like(workspace.answers.mask)
        hidden[: dice.randrange(1, 20)] = True
        workspace.answers.set_mask(hidden)

    def click() -> None:
        area = rows.viewport()
        QTest.mouseClick(area, Qt.MouseButton.LeftButton, pos=QPoint(40, dice.randrange(20, area.height())))

    return [
        *[click] * 2,
        *[workspace.walk.next] * 4,
        *[workspace.walk.previous] * 3,
        workspace.walk.next_unread,
        lambda: paper(display_filter=dice.choice(CHOICES)),
        lambda: paper(gain_mm_per_mv=dice.choice((5.0, 10.0, 20.0))),
        lambda: paper(layout=dice.choice(("3x4", "3x4+1R", "6x2", "12x1"))),
        lambda: workspace.paper.set_theme(dice.choice(("light", "dark"))),
        *[lambda: workspace.paper.set_view(dice.choice(VIEWS))] * 2,
        lambda: box.setText(dice.choice(("", "ecg", "1", "0"))),
        mask,
        workspace.answers.request_error_strip,
        lambda: window.resize(dice.choice((1100, 1180)), 700),
        workspace.ecg.stop,
        # a record that takes longer than this leaves a blank paper; both ways are gone
        lambda: workspace.ecg.opening.set_blink_ms(dice.choice((0, 5, 60_000))),
    ]


def _walk(window: MainWindow, n_steps: int, slow: Slow, qtbot: QtBot) -> None:
    """Take steps, most of them before the step before has come to its end."""
    dice = random.Random(SEED)
    steps = _steps(window, dice)
    for _ in range(n_steps):
        slow.hold()
        dice.choice(steps)()
        for _ in range(dice.randrange(6)):
            slow.let(dice.randrange(3))
            QCoreApplication.processEvents()
        if dice.random() < 0.25:
            slow.go_on()
            qtbot.waitUntil(lambda: not window.workspace.reading.is_held)
        elif dice.random() < 0.1:
            slow.go_on()
            qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)


def test_never_two_records_in_200_random_steps(
    listed: MainWindow, sampler: Sampler, slow: Slow, qtbot: QtBot
) -> None:
    _walk(listed, N_STEPS, slow, qtbot)
    slow.go_on()
    qtbot.waitUntil(lambda: listed.workspace.jobs.n_alive == 0)
    assert sampler.mixes == []
    assert sampler.n_looks > N_STEPS
    for part in ("trace", "title", "row", "chosen row", "QLabel", "measurements", "statements", "diagnosis"):
        assert len(sampler.told[part]) > 2, part  # it was not blank all the time
    assert len(sampler.told["lef"]) > 1
    assert "" in sampler.painted
    assert len(set(sampler.painted)) > N_RECORDS / 2


def test_the_sampler_sees_the_old_order(
    listed: MainWindow, sampler: Sampler, slow: Slow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old page stays until the new one is laid out, while the rest of the window has switched."""
    slow.fails = False
    page, composed = listed.canvas.page, listed.canvas.composed

    def take_late(canvas: PaperView, record: EcgRecord) -> None:
        canvas._composed = None
        canvas._compose()

    assert page is not None
    assert composed is not None
    listed.workspace.ecg.opened.disconnect(listed.canvas._take)
    listed.workspace.ecg.opened.connect(lambda record: take_late(listed.canvas, record))
    listed.workspace.ecg.opening.set_blink_ms(60_000)
    with qtbot.waitSignal(listed.workspace.ecg.opened):
        listed.workspace.walk.next()
    qtbot.waitUntil(lambda: listed.workspace.jobs.n_alive == 0)
    assert {(mix["trace"], mix["title"]) for mix in sampler.mixes} == {("ecg-00", "ecg-01")}


@pytest.mark.parametrize("part", ["header", "title", "row", "measurement", "comment"])
def test_the_sampler_sees_a_part_that_is_left_behind(part: str, listed: MainWindow, sampler: Sampler) -> None:
    assert name_of(listed.workspace.ecg.record) == "ecg-00"
    sampler.look()
    assert sampler.mixes == []
    if part == "header":
        listed.header.name.setText("ecg-03")
    elif part == "title":
        listed.setWindowTitle("ecg-03 - ecgview")
    elif part == "row":
        sampler._list.selectRow(3)
    elif part == "measurement":
        listed.workspace.ecg._measurements = (Measurement("rate of ecg-03", 60.0, "bpm"),)
        listed.workspace.ecg.measured.emit(listed.workspace.ecg.measurements)
    else:
        box = listed.section("statements").findChild(QPlainTextEdit)  # type: ignore[union-attr]
        box.setPlainText("read of ecg-03")
    sampler.look()
    assert [set(mix.values()) for mix in sampler.mixes] == [{"ecg-00", "ecg-03"}]
