"""Help > Verify tells in plain words what the check found; a new reader is asked about; other data are warned of."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from panel_words import words_of
from pytestqt.qtbot import QtBot

from ecgview import formats
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import new_reader
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.errors import StoreError
from ecgview.formats import wfdb
from ecgview.record import EcgRecord, Patient
from ecgview.review.moment import Moment
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


def the_sheet(window: MainWindow, qtbot: QtBot, title: str) -> Sheet:
    def found() -> list[Sheet]:
        return [one for one in window.findChildren(Sheet) if one.windowTitle() == title and one.isVisible()]

    qtbot.waitUntil(lambda: bool(found()))
    return found()[0]


def sign(window: MainWindow, record: EcgRecord, reader: str) -> None:
    with Store(window.workspace.reading.store.path) as store:
        session = ReadingSession(store, record, reader)
        session.toggle_statement("SR")
        session.sign()


def test_the_check_is_told_in_plain_words(window: MainWindow, qtbot: QtBot, pulse_record: EcgRecord) -> None:
    sign(window, pulse_record, "Reader One")
    window.menus["help.verify"].trigger()
    sheet = the_sheet(window, qtbot, "The log of reads")
    assert "No sign of tampering" in words_of(sheet)
    assert window.workspace.reading.store.head().text in words_of(sheet)
    sheet.close()
    raw = sqlite3.connect(window.workspace.reading.store.path)
    raw.execute("DROP TRIGGER reads_is_never_updated")
    raw.execute("UPDATE reads SET comment = 'else'")
    raw.commit()
    raw.close()
    window.menus["help.verify"].trigger()
    qtbot.waitUntil(lambda: "signs of tampering" in words_of(the_sheet(window, qtbot, "The log of reads")))
    said = words_of(the_sheet(window, qtbot, "The log of reads"))
    assert "In the schema, reads_is_never_updated is missing" in said
    assert "is not as logged" in said


def test_a_clock_that_went_back_is_told_as_a_note(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(window.workspace.reading.store.path) as store:
        for utc in ("2026-03-01T12:00:00.000Z", "2026-03-01T10:00:00.000Z"):
            with monkeypatch.context() as patched:
                patched.setattr("ecgview.review.store.now", lambda utc=utc: Moment(utc))
                store.log("", "", "looked")
    window.menus["help.verify"].trigger()
    said = words_of(the_sheet(window, qtbot, "The log of reads"))
    assert "No sign of tampering" in said
    assert "The clock was set back before entry 2, by 7200 s" in said


def test_a_new_reader_is_asked_about(window: MainWindow, qtbot: QtBot, pulse_record: EcgRecord) -> None:
    reader = window.workspace.reader
    sign(window, pulse_record, "Reader One")
    new_reader.take(window, " reader ONE")
    qtbot.waitUntil(lambda: not window.workspace.jobs.is_running("reader"))
    assert reader.name == "Reader One"
    new_reader.take(window, "Reader Oen")
    sheet = the_sheet(window, qtbot, "A new reader?")
    assert "Reads of before are by Reader One" in words_of(sheet)
    sheet.reject()
    assert reader.name == "Reader One"
    new_reader.take(window, "Reader Two")
    the_sheet(window, qtbot, "A new reader?").accept()
    qtbot.waitUntil(lambda: reader.name == "Reader Two")


def test_the_same_samples_under_another_name_open_with_a_warning(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    named = replace(pulse_record, patient=Patient("7", "Wang Anna", "female", 63.0))
    sign(window, formats.read(wfdb.write(named, tmp_path / "one")), "Reader One")
    other = replace(named, patient=Patient("8", "Wang Anna", "female", 36.0))
    path = wfdb.write(other, tmp_path / "two")
    said: list[str] = []
    window.workspace.telling.posted.connect(lambda message, *_: said.append(message.text))
    window.workspace.ecg.open_paths([path])
    qtbot.waitUntil(lambda: window.workspace.reading.session is not None)
    qtbot.waitUntil(lambda: any("Is this the right patient?" in text for text in said))
    (text,) = [text for text in said if "right patient" in text]
    assert "age 63 when it was signed, 36 now" in text


def test_an_export_while_the_store_is_read_only_is_logged_once_it_can_be(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    pulse_record: EcgRecord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = window.workspace
    path = wfdb.write(pulse_record, tmp_path / "one")
    workspace.ecg.open_paths([path])
    qtbot.waitUntil(lambda: workspace.reading.session is not None)
    monkeypatch.setattr(
        type(workspace.reading), "write", lambda *_: None
    )  # what waits here goes with the window
    workspace.reading.problem = StoreError("the database is read-only")
    workspace.exposures.exported("report")
    with Store(workspace.reading.store.path) as store:  # the window may be closed now, and nothing is lost
        session = ReadingSession(store, formats.read(path), "Reader One")
        session.toggle_statement("SR")
        assert "export with all that the file says: report" in session.commit_first_read().exposed
        assert store.verify() == []
