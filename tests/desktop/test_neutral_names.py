"""W2: names tell diagnoses. Until the first read is locked, nothing in the window says what a file is called."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.actions import file
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import about_file, log, report, share
from ecgview.desktop.panels.worklist.model import WorklistModel
from ecgview.desktop.state import neutral_names
from ecgview.formats import wfdb
from ecgview.record import EcgRecord, ImportNote, Patient
from ecgview.review.history import SetComment

PLANTED = "zzanteriormi"
TEXTS = (
    "text",
    "title",
    "toolTip",
    "statusTip",
    "whatsThis",
    "accessibleName",
    "accessibleDescription",
    "placeholderText",
    "windowTitle",
    "windowFilePath",
    "windowIconText",
    "toPlainText",
    "currentText",
    "objectName",
    "iconText",
)


def said(root: QWidget) -> Iterator[str]:
    """Yield everything a window could show or read out: texts, actions with their data, every role of every row."""
    for thing in (root, *root.findChildren(QObject)):
        for name in TEXTS:
            if callable(read := getattr(thing, name, None)):
                yield f"{type(thing).__name__}.{name}: {read()}"
        if isinstance(thing, QAction):
            yield f"{thing.objectName()}.data: {thing.data()}"
        if isinstance(thing, QComboBox):
            yield from (f"box: {thing.itemText(i)} {thing.itemData(i)}" for i in range(thing.count()))
        if isinstance(thing, QAbstractItemModel):
            yield from _cells(thing)


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    roles = [*range(40), *range(int(Qt.ItemDataRole.UserRole), int(Qt.ItemDataRole.UserRole) + 16)]
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index: QModelIndex = model.index(row, column)
            yield from (f"{type(model).__name__} role {role}: {index.data(role)}" for role in roles)


def leaks(root: QWidget) -> list[str]:
    return [text for text in said(root) if PLANTED in text.casefold()]


@pytest.fixture
def planted(tmp_path: Path, pulse_record: EcgRecord) -> list[Path]:
    """Return five records whose names, folder and repeated fields tell a diagnosis."""
    folder = tmp_path / f"{PLANTED}_cases"
    folder.mkdir()
    made = []
    for number, gain in enumerate((1.0, 0.5, 0.8, 0.9, 1.1)):
        name = f"{PLANTED}_{number}"
        scaled = replace(
            pulse_record, signal=pulse_record.signal * gain, patient=Patient(name, "", "male", 63)
        )
        made.append(Path(wfdb.write(scaled, folder / name)))
    made[4].with_suffix(".dat").write_bytes(b"\0" * 7)
    return made


@pytest.fixture
def blind(window: MainWindow, planted: list[Path], rest: Callable[[], None], qtbot: QtBot) -> MainWindow:
    """Return the window with the planted folder open, read blind."""
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([planted[0].parent])
    rest()
    return window


def _lock(window: MainWindow) -> None:
    window.workspace.steps.apply(SetComment("read"))
    window.workspace.steps.commit_first_read()
    for _ in range(6000):
        QTest.qWait(10)
        if window.workspace.reading.keeping.is_kept:
            return
    raise AssertionError("the read was not saved")


def test_no_word_of_the_window_tells_what_the_file_is_called_before_the_lock(
    blind: MainWindow, rest: Callable[[], None], planted: list[Path]
) -> None:
    assert blind.header.name.text() == "Record 1"
    assert blind.windowTitle() == "Record 1 - ecgview"
    blind.menus.submenus["Open recent"].aboutToShow.emit()
    rest()
    for view in ("explain", "reconstruct", "annotate", "read"):
        blind.workspace.paper.set_view(view)
        assert leaks(blind) == []
    _lock(blind)
    rest()
    assert blind.header.name.text() == planted[0].stem
    assert planted[0].stem in blind.windowTitle()
    found = leaks(blind)
    assert any("WorklistModel role 0" in text for text in found)
    assert any("WorklistModel role 3" in text for text in found)
    assert str(planted[0]) in blind.header.details.toolTip()
    assert not any(f"{PLANTED}_{number}" in text for text in found for number in (1, 2, 3, 4))


def test_every_step_of_a_sitting_keeps_the_names_closed(
    blind: MainWindow, rest: Callable[[], None], planted: list[Path], qtbot: QtBot
) -> None:
    """Opening, walking on, a file that cannot be opened, a file dropped, the sheets, the messages."""
    titles: list[str] = []
    blind.workspace.jobs.job_progressed.connect(lambda told: titles.append(" ".join(map(str, told))))
    blind.workspace.telling.posted.connect(lambda told: titles.append(f"{told.text} {told.details}"))
    for _ in range(4):
        blind.menus["file.next"].trigger()
        rest()
        assert leaks(blind) == []
    assert "Record 5" in blind.messages.text.text()  # it cannot be opened
    blind.workspace.ecg.open(planted[4])
    rest()
    blind.workspace.ecg.open_paths([planted[0].parent / f"{PLANTED}_not_there.csv"])
    rest()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(planted[0]))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    blind.dragEnterEvent(QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, left, none))
    assert PLANTED not in blind.drop_hint.text
    blind.workspace.ecg.open(planted[1])
    rest()
    for show in (about_file.show, share.show):
        sheet = show(blind)
        assert sheet is not None
        assert leaks(blind) == []
        sheet.close()
    assert log.show(blind, blind.workspace) is not None
    assert leaks(blind) == []
    assert [text for text in titles if PLANTED in text] == []


def test_a_number_is_the_place_in_the_list_and_stays(
    blind: MainWindow, rest: Callable[[], None], planted: list[Path]
) -> None:
    names = blind.workspace.names
    before = [names.of(path) for path in planted]
    assert before == [f"Record {number}" for number in range(1, 6)]
    more = planted[0].parent.parent / "aaa"
    more.mkdir()
    for path in (planted[0], planted[0].with_suffix(".dat")):
        shutil.copy(path, more / path.name)
    blind.workspace.ecg.open_paths([more])
    rest()
    assert [names.of(path) for path in planted] == before


def test_a_search_tells_nothing_of_a_closed_name(blind: MainWindow, rest: Callable[[], None]) -> None:
    box = blind.left.findChild(QLineEdit, "worklist_filter")
    model = blind.left.findChild(WorklistModel)
    assert box is not None
    assert model is not None
    for query in (PLANTED, f"{PLANTED}_2", "zz", ".hea", "cases"):
        box.setText(query)
        assert model.rowCount() == 0, query
    box.setText("record:3")
    assert [model.item(model.index(row, 0)).path.stem for row in range(model.rowCount())] == [f"{PLANTED}_2"]
    box.setText("")
    _lock(blind)
    box.setText(PLANTED)
    assert [model.item(model.index(row, 0)).path.stem for row in range(model.rowCount())] == [f"{PLANTED}_0"]
    blind.workspace.steps.set_blind(False)
    assert model.rowCount() == 5
    blind.workspace.steps.set_blind(True)
    assert model.rowCount() == 1


def test_another_reader_finds_the_names_closed_again(
    blind: MainWindow, rest: Callable[[], None], planted: list[Path]
) -> None:
    _lock(blind)
    blind.workspace.reading.set_reader("Reader Two")
    assert leaks(blind) == []
    rest()
    assert leaks(blind) == []
    blind.workspace.reading.set_reader("Reader One")
    rest()
    assert blind.header.name.text() == planted[0].stem


def test_without_blind_reading_every_record_has_its_name(
    blind: MainWindow, rest: Callable[[], None], planted: list[Path]
) -> None:
    blind.workspace.steps.set_blind(False)
    blind.workspace.jobs.cancel("ask")
    assert blind.header.name.text() == planted[0].stem
    assert {path.stem for path in planted} <= {blind.workspace.names.of(path) for path in planted}
    blind.workspace.steps.set_blind(True)
    rest()
    assert leaks(blind) == []


def test_files_that_are_written_are_not_named_after_a_closed_record(
    blind: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []

    def ask(_parent: object, _title: str, name: str, *_rest: object) -> tuple[str, str]:
        offered.append(name)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    for lock in (False, True):
        if lock:
            _lock(blind)
        sheet = report.show(blind)
        assert sheet is not None
        identified = sheet.findChild(QRadioButton, "identified")
        assert identified is not None
        identified.setChecked(True)
        next(one for one in sheet.findChildren(QPushButton) if one.text().startswith("Choose")).click()
        sheet.close()
    assert offered == ["record-1.pdf", f"{PLANTED}_0.pdf"]


def test_the_demonstration_is_read_by_number_too(
    window: MainWindow, rest: Callable[[], None], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.workspace.ecg.measured):
        file.open_demonstration(window)
    rest()
    words = "\n".join(said(window)).casefold()
    for name in ("anterior_mi", "complete_av_block", "lbbb.hea", "lvh.hea", "anterior myocardial"):
        assert name not in words
    assert window.header.name.text() == "Record 1"
    assert window.header.synthetic.isVisible()


# ---- the words --------------------------------------------------------------------------------------------


def test_texts_lose_closed_names_and_folders_alone(blind: MainWindow, planted: list[Path]) -> None:
    without = blind.workspace.names.without
    assert without(f"{planted[2]}: the header is short") == "Record 3: the header is short"
    assert (
        without(f"beside {planted[2].name.upper()} and {planted[3].stem}") == "beside Record 3 and Record 4"
    )
    assert PLANTED not in without(f"Written: {planted[0].parent}/record-3.dcm")
    assert without("Read signed.") == "Read signed."
    _lock(blind)
    assert without(planted[0].name) == planted[0].name


def test_a_patient_is_kept_unless_the_file_is_only_named_again(pulse_record: EcgRecord) -> None:
    path = Path("/cases/anterior_mi/inferior_mi_17.scp")
    nameless = neutral_names._nameless
    assert nameless(Patient("4711", "Mueller"), path) == Patient("4711", "Mueller")
    assert nameless(Patient("inferior_mi_17", "INFERIOR_MI_17.scp"), path) == Patient()
    assert nameless(Patient("12", "12 leads"), Path("/x/12.csv")) == Patient("", "12 leads")


def test_a_note_that_names_the_file_names_it_by_number(
    blind: MainWindow, planted: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = blind.workspace.ecg.record
    assert record is not None
    noted = replace(record, notes=(*record.notes, ImportNote("unit", f"{planted[0].name} states no unit")))
    monkeypatch.setattr(blind.workspace.ecg, "_record", noted)
    blind.workspace.measuring.opened_changed.emit()  # the panel is made anew, notes and all
    assert leaks(blind) == []
    assert "Record 1 states no unit" in "\n".join(said(blind))
