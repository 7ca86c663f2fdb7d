"""Keys and clicks while a record is being opened: nothing is written into the wrong read, no step is lost."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.messages import Message
from ecgview.desktop.panels.worklist.table import RecordTable
from ecgview.desktop.state.walking import LAST, NONE_UNREAD
from ecgview.desktop.work import tasks
from ecgview.errors import SignalError
from ecgview.formats import wfdb
from ecgview.paper import layout
from ecgview.paper.page import Page
from ecgview.paper.settings import PaperSettings
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.review.read import ReadState
from ecgview.review.store import Store

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier
N_RECORDS = 14
READER = "Reader One"


class Gate:
    """Holds up the reading of files until it is opened."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self._random = random.Random(3)

    def wait(self) -> None:
        """Wait for the gate."""
        assert self.go_on.wait(60)

    def turn(self) -> bool:
        """Close the gate or open it, by chance; returns whether the next record is to be waited for."""
        closed = self._random.random() < 0.5
        (self.go_on.clear if closed else self.go_on.set)()
        return not closed and self._random.random() < 0.5


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Put a gate before every file that is opened."""
    made, read = Gate(), tasks.read

    def held(path: Path, progress: Progress = silent) -> EcgRecord:
        made.wait()
        return read(path, progress)

    monkeypatch.setattr(tasks, "read", held)
    yield made
    made.go_on.set()


@pytest.fixture
def many(window: MainWindow, tmp_path: Path, pulse_record: EcgRecord, gate: Gate, qtbot: QtBot) -> list[Path]:
    """Return the files of a longer worklist, of which the first is open."""
    folder = tmp_path / "many"
    folder.mkdir()
    window.resize(1000, 700)
    paths = [
        Path(wfdb.write(replace(pulse_record, signal=pulse_record.signal * np.float32(gain)), folder / name))
        for gain, name in zip(
            np.linspace(0.4, 1.2, N_RECORDS), (f"r{n:02d}" for n in range(N_RECORDS)), strict=True
        )
    ]
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([folder])
    _settle(window, qtbot)
    return paths


@pytest.fixture
def said(window: MainWindow) -> list[Message]:
    """Return every message there was."""
    kept: list[Message] = []
    window.workspace.telling.posted.connect(kept.append)
    return kept


def _settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: (
            window.workspace.jobs.n_alive == 0
            and not window.workspace.reading.is_held
            and window.workspace.reading.keeping.is_idle
        ),
    )


def _press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEY) -> None:
    QTest.keyClick(window.canvas, key, modifier)


def _is_open(window: MainWindow) -> Path | None:
    return None if window.workspace.reading.is_held else window.workspace.ecg.path


def _kept(window: MainWindow, paths: list[Path]) -> dict[Path, tuple[list[list[str]], list[str]]]:
    """Return, for each record, the codes of every locked read and those of the draft."""
    found = {}
    with_store: Store = window.workspace.reading.store
    for path in paths:
        sha256 = tasks.read(path).source.sha256
        reads = with_store.reads(sha256, READER)
        draft = with_store.draft(sha256, READER)
        found[path] = (
            [[item.code for item in read.statements] for read in reads],
            [item.code for item in draft[0].statements] if draft is not None else [],
        )
    return found


# ---- fast keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blink_ms", [0, 60_000])
def test_twelve_fast_normal_lock_next_touch_only_what_was_open(
    blink_ms: int, window: MainWindow, many: list[Path], gate: Gate, said: list[Message], qtbot: QtBot
) -> None:
    window.workspace.ecg.opening.set_blink_ms(blink_ms)
    expected: dict[Path, list[str]] = {path: [] for path in many}
    locked: dict[Path, list[list[str]]] = {path: [] for path in many}
    n_refused = 0
    for _ in range(12):
        if gate.turn():
            _settle(window, qtbot)
        for key, modifier in (
            (Qt.Key.Key_N, NO_KEY),
            (Qt.Key.Key_Return, CONTROL),
            (Qt.Key.Key_PageDown, NO_KEY),
        ):
            path = _is_open(window)
            if path is not None and key == Qt.Key.Key_N:
                expected[path] = [] if expected[path] else ["NORM"]
            elif path is not None and key == Qt.Key.Key_Return and expected[path]:
                locked[path].append(expected[path])
            n_refused += path is None and key != Qt.Key.Key_PageDown
            _press(window, key, modifier)
            QCoreApplication.processEvents()
    gate.go_on.set()
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[12]
    for path, (reads, draft) in _kept(window, many).items():
        assert reads == locked[path], path
        assert draft == ([] if reads else expected[path]), path
        assert [] not in reads
    assert n_refused > 0
    assert sum(message.text.startswith("Not applied") for message in said) == n_refused
    assert window.workspace.reading.store.verify() == []


def test_lock_and_next_goes_on_only_from_what_was_locked(
    window: MainWindow, many: list[Path], gate: Gate, said: list[Message], qtbot: QtBot
) -> None:
    n_locked = 0
    for _ in range(12):
        if gate.turn():
            _settle(window, qtbot)
        for key, modifier in ((Qt.Key.Key_N, NO_KEY), (Qt.Key.Key_PageDown, CONTROL)):
            # while the lock before is still being written, both keys are refused
            may_lock = _is_open(window) is not None and not window.workspace.reading.goes_on
            n_locked += may_lock and key == Qt.Key.Key_PageDown
            _press(window, key, modifier)
        _ = [QCoreApplication.processEvents() for _ in range(3)]
    gate.go_on.set()
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[n_locked]
    kept = _kept(window, many)
    assert [reads for reads, _ in kept.values()] == [[["NORM"]]] * n_locked + [[]] * (N_RECORDS - n_locked)


def test_lock_and_next_and_sign_and_next_stay_where_there_is_nothing_to_lock(
    window: MainWindow, many: list[Path], said: list[Message], qtbot: QtBot
) -> None:
    for modifier in (CONTROL, CONTROL | SHIFT):
        _press(window, Qt.Key.Key_PageDown, modifier)
        _settle(window, qtbot)
        assert window.workspace.ecg.path == many[0]
        assert said[-1].level == "error"
        assert said[-1].about == many[0]
    _press(window, Qt.Key.Key_N)
    _press(window, Qt.Key.Key_PageDown, CONTROL | SHIFT)
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[1]
    assert window.workspace.worklist.items[0].state == ReadState.CONFIRMED.value
    assert "Read signed." in [message.text for message in said]


# ---- steps are queued ----------------------------------------------------------------------------------


def test_steps_while_a_record_is_opened_land_on_the_row_that_was_asked_for(
    window: MainWindow, many: list[Path], gate: Gate, said: list[Message], qtbot: QtBot
) -> None:
    opened: list[EcgRecord] = []
    window.workspace.ecg.opened.connect(opened.append)
    gate.go_on.clear()
    for key in (Qt.Key.Key_PageDown,) * 6 + (Qt.Key.Key_PageUp,) * 2 + (Qt.Key.Key_PageDown,):
        _press(window, key)
    gate.go_on.set()
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[5]
    assert len(opened) == 1  # those between were not asked for
    gate.go_on.clear()
    for _ in range(20):
        _press(window, Qt.Key.Key_PageDown)
    gate.go_on.set()
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[-1]
    assert said[-1].text == LAST


def test_a_click_counts_as_the_row_it_was_on_and_moves_nothing_by_itself(
    window: MainWindow, many: list[Path], gate: Gate, qtbot: QtBot
) -> None:
    rows = window.left.findChild(RecordTable)
    assert rows is not None
    window.workspace.ecg.opening.set_blink_ms(60_000)
    gate.go_on.clear()
    at = rows.visualRect(rows.model().index(3, 0)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert rows.currentIndex().row() == 0
    assert [index.row() for index in rows.selectionModel().selectedRows()] == [0]
    _press(window, Qt.Key.Key_PageDown)
    gate.go_on.set()
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[4]
    assert [index.row() for index in rows.selectionModel().selectedRows()] == [4]


def test_next_unread_skips_what_this_reader_has_locked_and_starts_again_at_the_top(
    window: MainWindow, many: list[Path], said: list[Message], qtbot: QtBot
) -> None:
    worklist = window.workspace.worklist
    worklist.set_states(dict.fromkeys(many, "read"))
    worklist.set_states({many[2]: "in_reading", many[7]: ""})
    worklist.set_problem(many[4], "broken")
    for place in (2, 7, 2):
        _press(window, Qt.Key.Key_U)
        _settle(window, qtbot)
        assert window.workspace.ecg.path == many[place]
        worklist.set_states({many[2]: "in_reading", many[7]: ""})
    worklist.set_states({many[7]: "confirmed"})
    _press(window, Qt.Key.Key_U)
    _settle(window, qtbot)
    assert window.workspace.ecg.path == many[2]
    assert said[-1].text == NONE_UNREAD


# ---- what is typed, said and asked belongs to its record -----------------------------------------------


def test_a_comment_that_is_being_typed_stays_with_its_record(
    window: MainWindow, many: list[Path], gate: Gate, said: list[Message], qtbot: QtBot
) -> None:
    section = window.section("statements")
    assert section is not None
    box, field = section.findChild(QPlainTextEdit), section.findChild(QLineEdit)
    assert box is not None
    assert field is not None
    field.setText("half a statem")
    box.setFocus()
    qtbot.keyClicks(box, "seen by eye")
    gate.go_on.clear()
    window.workspace.walk.next()  # as by a click on the arrow of the tool bar
    qtbot.keyClicks(box, " xyz")
    assert [message.text[:11] for message in said] == ["Not applied"] * 4
    gate.go_on.set()
    _settle(window, qtbot)
    assert (box.toPlainText(), field.text()) == ("", "")
    first, second = (tasks.read(path).source.sha256 for path in many[:2])
    draft = window.workspace.reading.store.draft(first, READER)
    assert draft is not None
    assert draft[0].comment == "seen by eye"
    assert window.workspace.reading.store.draft(second, READER) is None


def test_a_comment_is_part_of_the_read_that_is_locked_while_it_is_typed(
    window: MainWindow, many: list[Path], qtbot: QtBot
) -> None:
    section = window.section("statements")
    assert section is not None
    box = section.findChild(QPlainTextEdit)
    assert box is not None
    box.setFocus()
    qtbot.keyClicks(box, "sinus rhythm")
    QTest.keyClick(box, Qt.Key.Key_Return, CONTROL)
    _settle(window, qtbot)
    (read,) = window.workspace.reading.store.reads(tasks.read(many[0]).source.sha256, READER)
    assert read.content.comment == "sinus rhythm"


def test_a_message_leaves_with_its_record_and_one_about_none_stays(
    window: MainWindow, many: list[Path], qtbot: QtBot
) -> None:
    workspace, strip = window.workspace, window.messages
    workspace.telling.post("About the first one.", "warning", about=many[0])
    assert strip.isVisible()
    workspace.walk.next()
    _settle(window, qtbot)
    assert not strip.isVisible()
    assert strip.text.text() == ""
    workspace.telling.post("The disk is almost full.", "warning")
    workspace.walk.next()
    _settle(window, qtbot)
    assert strip.isVisible()


@pytest.mark.parametrize(
    "action", ["file.about", "file.share", "file.export_report", "read.log", "read.amend", "read.blind"]
)
def test_a_sheet_about_a_record_leaves_with_it(
    action: str, window: MainWindow, many: list[Path], gate: Gate, qtbot: QtBot
) -> None:
    if action == "read.amend":
        window.workspace.steps.toggle_statement("NORM")
        window.workspace.steps.sign()
        _settle(window, qtbot)
    window.menus[action].trigger()
    assert [sheet.isVisible() for sheet in window.findChildren(Sheet)] == [True]
    window.workspace.walk.next()
    _settle(window, qtbot)
    assert [sheet for sheet in window.findChildren(Sheet) if sheet.isVisible()] == []
    assert window.workspace.reading.session is not None
    assert not window.workspace.reading.session.may_show_ai


def test_a_drag_that_was_begun_on_another_record_marks_nothing(
    window: MainWindow, many: list[Path], gate: Gate, qtbot: QtBot
) -> None:
    window.workspace.paper.set_view("annotate")
    _settle(window, qtbot)
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position("II", 2.0, 0.0)[-1]
    at = canvas.page_corner + QPoint(round(x_mm * canvas.px_per_mm), round(y_mm * canvas.px_per_mm))
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, NO_KEY, at)
    QTest.mouseMove(canvas.viewport(), at + QPoint(60, 0))
    window.workspace.walk.next()
    _settle(window, qtbot)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, NO_KEY, at + QPoint(60, 0))
    assert window.workspace.reading.session is not None
    assert window.workspace.reading.session.draft.is_empty


# ---- what cannot be shown ------------------------------------------------------------------------------


def test_a_first_file_that_cannot_be_read_leaves_the_rest_of_the_worklist_open(
    window: MainWindow, tmp_path: Path, record_files: list[Path], qtbot: QtBot
) -> None:
    record_files[0].with_suffix(".dat").write_bytes(b"\0" * 11)
    with qtbot.waitSignal(window.workspace.ecg.failed):
        window.workspace.ecg.open_paths([record_files[0].parent])
    _settle(window, qtbot)
    assert window.windowTitle() == "Record 1, not shown - ecgview"
    assert window.header.name.text() == "Record 1"
    assert window.workspace.worklist.items[0].problem
    assert window.canvas.painted is None
    assert window.messages.isVisible()
    for path in record_files[1:]:
        _press(window, Qt.Key.Key_PageDown)
        _settle(window, qtbot)
        assert window.workspace.ecg.path == path
        assert not window.messages.isVisible()
    for path in (record_files[1], record_files[0]):
        _press(window, Qt.Key.Key_PageUp)
        _settle(window, qtbot)
        assert window.workspace.ecg.shown.path == path
    assert window.workspace.ecg.record is None


def test_a_record_that_cannot_be_laid_out_is_blank_until_other_paper_is_chosen(
    window: MainWindow, many: list[Path], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    compose = layout.compose

    def fail(record: EcgRecord, paper: PaperSettings) -> Page:
        if paper.layout == "6x2":
            raise SignalError("planted: no room")
        return compose(record, paper)

    monkeypatch.setattr(layout, "compose", fail)
    workspace = window.workspace
    paper = workspace.paper.settings
    workspace.steps.toggle_statement("NORM")
    workspace.paper.choose(replace(paper, layout="6x2"))  # fails for the record that is open
    qtbot.waitUntil(lambda: workspace.ecg.shown.kind == "failed")
    for path in many[:2]:
        _settle(window, qtbot)
        assert (workspace.ecg.record, workspace.reading.session, window.canvas.page) == (None, None, None)
        assert workspace.ecg.shown.path == path
        assert "Planted" in window.messages.text.text()
        assert window.header.name.text() == f"Record {many.index(path) + 1}"
        workspace.walk.next()  # and for the next one
    workspace.walk.previous()
    _settle(window, qtbot)
    workspace.paper.choose(replace(paper, layout="12x1"))
    _settle(window, qtbot)
    assert workspace.ecg.path == many[1]
    assert window.canvas.painted is workspace.ecg.record
    assert not window.messages.isVisible()
    workspace.walk.previous()
    _settle(window, qtbot)
    assert workspace.reading.session is not None
    assert [item.code for item in workspace.reading.session.draft.statements] == ["NORM"]


def test_a_page_is_shown_with_the_paper_that_was_chosen_while_it_was_made(
    window: MainWindow, many: list[Path], gate: Gate, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    compose, composed, choose = layout.compose, list[PaperSettings](), threading.Event()

    def held(record: EcgRecord, paper: PaperSettings) -> Page:
        composed.append(paper)
        assert choose.wait(60)
        return compose(record, paper)

    monkeypatch.setattr(layout, "compose", held)
    workspace, painted = window.workspace, list[float]()
    workspace.ecg.opened.connect(lambda _record: painted.append(window.canvas.composed.gain_mm_per_mv))  # type: ignore[union-attr]
    workspace.walk.next()
    qtbot.waitUntil(lambda: bool(composed))
    workspace.paper.choose(replace(workspace.paper.settings, gain_mm_per_mv=20.0))
    workspace.paper.set_theme("dark")
    choose.set()
    _settle(window, qtbot)
    assert painted == [20.0]
    assert "20 mm/mV" in window.status.scale_line.text()
    picture = window.canvas.viewport().grab().toImage()
    assert picture.pixelColor(picture.rect().center()).lightness() < 128


def test_stopping_leaves_the_record_before_or_a_blank_paper_that_says_so(
    window: MainWindow, many: list[Path], gate: Gate, qtbot: QtBot
) -> None:
    workspace = window.workspace
    record = workspace.ecg.record
    gate.go_on.clear()
    workspace.ecg.opening.set_blink_ms(60_000)
    workspace.walk.next()
    workspace.ecg.stop()
    assert workspace.ecg.record is record
    assert workspace.reading.session is not None
    workspace.steps.toggle_statement("NORM")
    assert not workspace.reading.session.draft.is_empty
    workspace.ecg.opening.set_blink_ms(0)
    workspace.walk.next()
    qtbot.waitUntil(lambda: workspace.ecg.shown.kind == "opening")
    assert window.windowTitle() == "Record 2, opening … - ecgview"
    assert window.canvas.painted is None
    workspace.ecg.stop()
    assert (workspace.ecg.shown.kind, workspace.ecg.shown.path, workspace.ecg.record) == (
        "failed",
        many[1],
        None,
    )
    gate.go_on.set()
    workspace.walk.next()
    _settle(window, qtbot)
    assert workspace.ecg.path == many[2]


def test_a_report_is_not_written_of_another_record_than_was_asked_for(
    window: MainWindow,
    many: list[Path],
    said: list[Message],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    target = tmp_path / "first.pdf"

    def choose(*_: object) -> tuple[str, str]:
        window.workspace.walk.next()
        _settle(window, qtbot)
        return str(target), ""

    monkeypatch.setattr(report.QFileDialog, "getSaveFileName", choose)
    sheet = report.show(window)
    assert sheet is not None
    (choose_place,) = [button for button in sheet.buttons.buttons() if button.text().startswith("Choose")]
    choose_place.click()
    _settle(window, qtbot)
    assert not target.exists()
    assert "no report was written" in said[-1].text


Press = Callable[[MainWindow], object]
EDITS: dict[str, Press] = {
    "statement": lambda w: w.workspace.steps.toggle_statement("AFIB"),
    "lock": lambda w: w.workspace.steps.commit_first_read(),
    "sign": lambda w: w.workspace.steps.sign(),
    "reveal": lambda w: w.workspace.steps.reveal(),
    "undo": lambda w: w.workspace.steps.undo(),
    "amend": lambda w: w.workspace.steps.amend("why"),
    "mark": lambda w: w.workspace.steps.add_annotation(("II",), 1.0, 2.0),
    "mask": lambda w: w.workspace.answers.set_mask(np.ones_like(w.workspace.answers.mask)),
    "blind": lambda w: w.workspace.steps.set_blind(False),
    "key N": lambda w: _press(w, Qt.Key.Key_N),
    "key R": lambda w: _press(w, Qt.Key.Key_R),
    "key B": lambda w: _press(w, Qt.Key.Key_B),
    "key Shift+M": lambda w: _press(w, Qt.Key.Key_M, SHIFT),
    "button": lambda w: w.section("statements").content.step.button.click(),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("blink_ms", [0, 60_000])
def test_every_edit_is_refused_while_a_record_is_opened(
    blink_ms: int, window: MainWindow, many: list[Path], gate: Gate, said: list[Message], qtbot: QtBot
) -> None:
    workspace = window.workspace
    workspace.ecg.opening.set_blink_ms(blink_ms)
    workspace.steps.toggle_statement("NORM")
    _settle(window, qtbot)
    before = _kept(window, many)
    gate.go_on.clear()
    workspace.walk.next()
    if not blink_ms:
        qtbot.waitUntil(lambda: workspace.ecg.record is None)
    for name, edit in EDITS.items():
        if name == "button" and not blink_ms:
            continue  # there is none on a blank window
        said.clear()
        edit(window)
        assert [message.text for message in said] == ["Not applied: Record 2 was still being opened."], name
        assert window.findChildren(Sheet) == []
    gate.go_on.set()
    _settle(window, qtbot)
    assert _kept(window, many) == before
    assert workspace.reader.blind
    assert not workspace.answers.mask.any()
