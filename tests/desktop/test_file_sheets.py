"""What a file says, the formats, and a file for others, in the real window; W2 for what stands in the file."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from ecgview import formats
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.formats import csv_table
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)
from ecgview.report import json_report, pdf
from ecgview.review.history import SetComment

SECRETS = ("zebra rhythm", "quagga block", "okapi code", "1234 ms", "137")


@pytest.fixture
def told(window: MainWindow, pulse_record: EcgRecord, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Return the window on a file in which a device and a reader have said something."""
    record = replace(
        pulse_record,
        patient=Patient("H-7", "王小明", "male", 61.0, "1963-01-02"),
        acquisition=Acquisition("2024-01-02T03:04:05", "Cart 5", 0.05, 150.0, extra={"Code": "okapi code"}),
        device_reading=DeviceReading(
            (DeviceMeasurement("heart_rate", 137.0, "bpm"), DeviceMeasurement("qt", 1234.0, "ms")),
            (DeviceStatement("zebra rhythm", "ZR"), DeviceStatement("quagga block", "", "reader")),
        ),
    )
    path = csv_table.write(record, tmp_path / "told.csv")
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([path])
    return window


def _texts(root: QWidget) -> Iterator[str]:
    for widget in [root, *root.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        for name in ("text", "toPlainText", "placeholderText"):
            if callable(getter := getattr(widget, name, None)):
                yield str(getter())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _cells(widget.model())


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    for row in range(model.rowCount()):
        yield from (str(model.index(row, column).data()) for column in range(model.columnCount()))


def _leaks(root: QWidget) -> list[str]:
    return [text for text in _texts(root) if any(word in text for word in SECRETS)]


def _reveal(window: MainWindow, rest: Callable[[], None]) -> None:
    window.workspace.steps.apply(SetComment("seen"))
    window.workspace.steps.commit_first_read()
    window.workspace.steps.reveal()
    rest()


def _sheet(window: MainWindow, title: str) -> Sheet:
    return next(one for one in window.findChildren(Sheet) if one.windowTitle() == title and one.isVisible())


def test_w2_nothing_that_stands_in_the_file_is_told_before_the_reveal(
    told: MainWindow, rest: Callable[[], None], tmp_path: Path
) -> None:
    rest()
    told.menus["file.about"].trigger()
    for view in ("explain", "reconstruct", "annotate", "read"):
        told.workspace.paper.set_view(view)
        assert _leaks(told) == []
    content = report_sheet.content(told.workspace)
    text = json_report.write(content, tmp_path / "blind.json").read_text(encoding="utf-8")
    assert [word for word in SECRETS if word in text] == []
    assert json_report.as_dict(content)["device"] is None
    assert b"zebra" not in pdf.write(content, tmp_path / "blind.pdf").read_bytes()


def test_after_the_reveal_it_stands_beside_ours_with_its_source(
    told: MainWindow, rest: Callable[[], None], tmp_path: Path
) -> None:
    _reveal(told, rest)
    section = told.section("device")
    assert section is not None
    texts = [label.text() for label in section.findChildren(QLabel)]
    assert "Statements of the device" in texts
    assert "zebra rhythm" in texts
    assert "Statements of a reader, in the file" in texts
    assert "137 bpm" in texts
    assert "60 differs" in texts  # the pulse is one a second
    report = json_report.as_dict(report_sheet.content(told.workspace))
    assert [item["text"] for item in report["device"]["statements"]] == ["zebra rhythm", "quagga block"]
    assert report["record"]["acquisition"]["extra"] == {"Code": "okapi code"}


def test_about_this_file_shows_searches_and_copies_everything(
    told: MainWindow, rest: Callable[[], None]
) -> None:
    _reveal(told, rest)
    told.menus["file.about"].trigger()
    sheet = _sheet(told, "About this file")
    table = sheet.findChild(QTableView)
    shown = list(_cells(table.model()))
    for text in (
        "王小明",
        "1963-01-02",
        "Cart 5",
        "CSV",
        "okapi code",
        "zebra rhythm [ZR]",
        "1234 ms",
        "10 s",
    ):
        assert text in shown
    sheet.findChild(QLineEdit).setText("ZEBRA")
    assert list(_cells(table.model())) == ["statement of the device", "zebra rhythm [ZR]"]
    next(button for button in sheet.findChildren(QPushButton) if button.text() == "Copy").click()
    assert QGuiApplication.clipboard().text() == "statement of the device\tzebra rhythm [ZR]"


def test_the_sheet_of_formats_is_the_table(window: MainWindow) -> None:
    window.menus["help.formats"].trigger()
    table = _sheet(window, "File formats").findChild(QTableWidget)
    expected = [row.format for row in formats.table()]
    assert [table.item(row, 0).text() for row in range(table.rowCount())] == expected
    dicom = expected.index("DICOM")
    shown = [table.item(dicom, column).text() for column in range(4)]
    assert shown == ["DICOM", ".dcm .dicom .dic", "yes", "yes"]
    assert "DICOM" in expected
    assert any("scans" in name for name in expected)


@pytest.mark.parametrize("suffix", sorted(formats.writers()))
def test_a_file_for_others_names_nobody(
    suffix: str, told: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    proposed: list[str] = []
    target = tmp_path / "shared" / f"ecg-00001{suffix}"

    def ask(parent: QWidget, title: str, name: str, kind: str) -> tuple[str, str]:
        proposed.append(name)
        return str(target), kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    told.menus["file.share"].trigger()
    sheet = _sheet(told, "Export for sharing")
    assert sheet.findChild(QCheckBox, "deidentify").isChecked()
    box = sheet.findChild(QComboBox, "format")
    box.setCurrentIndex(box.findData(suffix))
    accept = next(button for button in sheet.buttons.buttons() if button.text().startswith("Choose a place"))
    with qtbot.waitSignal(told.workspace.telling.posted) as message:
        accept.click()
    assert proposed == [f"ecg-00001{suffix}"]
    assert "Written" in message.args[0].text
    record = formats.read(target)
    assert (record.patient.name, record.patient.sex, record.patient.birth_date) == ("", "male", "")
    assert record.device_reading.statements == ()
    assert "王小明".encode() not in target.read_bytes()


def test_a_place_that_cannot_be_written_is_told(told: MainWindow, qtbot: QtBot) -> None:
    from ecgview.desktop.dialogs import share

    path = told.workspace.ecg.path
    assert path is not None
    with qtbot.waitSignal(told.workspace.telling.posted) as message:
        share.write(told, path, Path("/proc/nowhere/ecg.csv"), True, overwrite=False)
    assert message.args[0].level == "error"
