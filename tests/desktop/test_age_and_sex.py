"""Age and sex that the file does not say: entered by hand, kept with the record, shown as entered."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import age_and_sex
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.record import EcgRecord
from ecgview.review import subject
from ecgview.review.store import Store
from ecgview.review.subject import Subject


def _enter(window: MainWindow, years: float, sex: str, qtbot: QtBot, rest: Callable[[], None]) -> None:
    window.menus["read.subject"].trigger()
    sheet = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Sheet) and w.isVisible())
    sheet.findChild(QDoubleSpinBox).setValue(years)
    sheet.findChild(QComboBox).setCurrentText(sex)
    sheet.buttons.accepted.emit()
    qtbot.waitUntil(
        lambda: window.workspace.ecg.record is not None and window.workspace.ecg.record.patient.sex == sex,
    )
    rest()


def test_what_is_entered_is_shown_kept_and_of_this_record_alone(
    opened: MainWindow, record_files: list[Path], qtbot: QtBot, rest: Callable[[], None]
) -> None:
    assert opened.menus["read.subject"].isEnabled()
    _enter(opened, 63, "female", qtbot, rest)
    record = opened.workspace.ecg.record
    assert record is not None
    assert record.patient.age_years == 63
    assert any("entered by Reader One" in note.text for note in record.notes)
    assert "63 years" in opened.header.details.text()
    assert not opened.menus["read.subject"].isEnabled()  # nothing is missing any more
    opened.workspace.walk.next()
    qtbot.waitUntil(
        lambda: opened.workspace.ecg.record is not record and opened.workspace.ecg.record is not None
    )
    rest()
    assert opened.workspace.ecg.record is not None
    assert opened.workspace.ecg.record.patient.age_years is None
    opened.workspace.walk.previous()
    qtbot.waitUntil(
        lambda: (
            opened.workspace.ecg.record is not None and opened.workspace.ecg.record.patient.age_years == 63
        )
    )
    rest()
    assert opened.workspace.reading.store.verify() == []


def test_nothing_can_be_kept_before_something_was_entered(opened: MainWindow) -> None:
    age_and_sex.show(opened)
    sheet = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Sheet) and w.isVisible())
    button = next(b for b in sheet.buttons.buttons() if b.text() == "Keep")
    assert not button.isEnabled()
    sheet.findChild(QDoubleSpinBox).setValue(0)  # a newborn
    assert button.isEnabled()
    sheet.reject()


def test_the_newest_entry_holds_and_the_file_comes_first(tmp_path: Path, pulse_record: EcgRecord) -> None:
    with Store(tmp_path / "store.db") as store:
        store.add_record(pulse_record)
        sha256 = pulse_record.source.sha256
        subject.enter(store, sha256, Subject(50, "male", "A"))
        subject.enter(store, sha256, Subject(51, "", "B"))
        done = subject.completed(store, pulse_record)
        assert (done.patient.age_years, done.patient.sex) == (51, "")
        assert subject.completed(store, done).patient.age_years == 51
        assert store.verify() == []
