"""What could be misread is said in words: a closed report, changes since a version, whose values were copied."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ecgview.desktop import screenshot
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.chrome.measured_strip import MeasuredStrip
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.panels.statements import read_step
from ecgview.desktop.settings import MEASUREMENTS_OPEN, Settings, settings_path
from ecgview.desktop.state import paper_choices
from ecgview.report import _head, pdf

CTRL = Qt.KeyboardModifier.ControlModifier
Rest = Callable[[], None]


def _lock(window: MainWindow, qtbot: QtBot, rest: Rest) -> None:
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_N)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return, CTRL)
    rest()


def test_a_report_of_a_closed_study_says_why_nothing_stands_under_measurements(
    window: MainWindow, settings: Settings, demo: Path, rest: Rest, qtbot: QtBot, tmp_path: Path
) -> None:
    settings.set(MEASUREMENTS_OPEN, False)
    window.workspace.ecg.open_paths([demo])
    rest()
    made = report.content(window.workspace)
    assert made.measurements == ()
    assert made.why_unmeasured == report.STAY_CLOSED
    assert [run.text for run in _head.measurements(made)][:2] == ["MEASUREMENTS", report.STAY_CLOSED]
    assert "Closed: this study keeps" in _words(pdf.write(made, tmp_path / "closed.pdf"))
    _lock(window, qtbot, rest)
    assert report.content(window.workspace).why_unmeasured == ""
    assert report.content(window.workspace).measurements


def _words(path: Path) -> str:
    import pdfplumber

    with pdfplumber.open(path) as document:
        return document.pages[0].extract_text() or ""


def _hint(window: MainWindow) -> str:
    session = window.workspace.reading.session
    assert session is not None
    return read_step.next_step(session, may_show_ai=False).hint


def test_changes_since_the_locked_version_are_told_by_panel_sheet_and_report(
    shown: MainWindow, rest: Rest, qtbot: QtBot, tmp_path: Path
) -> None:
    _lock(shown, qtbot, rest)
    assert read_step.BEYOND not in _hint(shown)
    assert report.content(shown.workspace).later == ""
    measured = shown.workspace.measuring.measured
    assert measured is not None
    assert measured.median is not None
    end = measured.median.overall["T"]
    assert end is not None
    shown.workspace.measuring.put("T offset", None, end.offset_s + 0.04)
    rest()
    assert read_step.BEYOND in _hint(shown)
    assert any(read_step.BEYOND in one.text() for one in shown.side.findChildren(QLabel) if one.isVisible())
    sheet = report.show(shown)
    assert isinstance(sheet, Sheet)
    assert any(one.text() == report.ELSEWHERE for one in sheet.findChildren(QLabel))
    sheet.close()
    made = report.content(shown.workspace)
    assert made.later == report.LATER
    qt = {one.name: one.value for one in made.measurements if not one.lead}["QT"]
    now = shown.workspace.measuring.measured
    assert now is not None
    assert now.value("QT") != qt, "the window shows the draft, the report the locked version"
    from ecgview.report import json_report

    assert json.loads(json_report.write(made, tmp_path / "r.json").read_text())["later"] == report.LATER
    shown.workspace.steps.undo()
    rest()
    assert read_step.BEYOND not in _hint(shown)
    assert report.content(shown.workspace).later == ""


def test_copied_values_say_of_what_record_and_what_they_are(
    shown: MainWindow, rest: Rest, qtbot: QtBot
) -> None:
    shown.lead_values.show_or_hide(True)
    assert _copied(shown)[:3] == [
        "record\tRecord 1",
        f"values\t{shown.lead_values.said.text()}",
        "\tecgview, for research use only",
    ]
    assert _copied(shown)[3].startswith("\tunit\tI\t")
    assert "normal" not in QGuiApplication.clipboard().text(), "blind, no file name is told"
    _lock(shown, qtbot, rest)
    assert _copied(shown)[0] == "record\tnormal"


def test_marks_of_copied_values_stay_with_them(shown: MainWindow, rest: Rest) -> None:
    from dataclasses import replace

    from ecgview.signal.measure import lead_table

    measured = shown.workspace.measuring.measured
    assert measured is not None
    values = tuple(
        replace(one, confidence="low", source="edited", value=-0.12)
        if (one.name, one.lead) == ("J", "V1")
        else one
        for one in measured.lead_values
    )
    lines = lead_table.of(replace(measured, lead_values=values, lead_notes={"V2": "noisy"})).text.split("\n")
    heads = lines[0].split("\t")
    assert "V2 !" in heads
    row = next(line.split("\t") for line in lines if line.startswith("J\t"))
    assert row[heads.index("V1")] == "−0.12?*"
    assert not row[heads.index("V3")].endswith(("?", "*"))


def _copied(window: MainWindow) -> list[str]:
    window.lead_values.copy()
    return QGuiApplication.clipboard().text().split("\n")


@pytest.mark.parametrize("layout", ["median superimposed", "median 3x4"])
def test_lines_of_edges_begin_below_the_names_of_the_median_beat(
    shown: MainWindow, rest: Rest, layout: str
) -> None:
    paper_choices.change(shown.workspace, layout=layout)
    rest()
    page = shown.canvas.page
    assert page is not None
    names = [one for one in page.texts if one.role == "lead"]
    assert names
    items: tuple[EdgeItem, ...] = shown.canvas.items_on_paper.edges.items
    assert items
    for item in items:
        for x, top, bottom in item.segments:
            for name in names:
                wide = 0.7 * name.size_mm * len(name.text)
                crosses = name.x_mm < x < name.x_mm + wide and top < name.y_mm < bottom
                assert not crosses, f"{item.name} through {name.text}"


def test_no_letter_of_a_beat_stands_on_the_name_of_its_row(shown: MainWindow, rest: Rest) -> None:
    measuring, page = shown.workspace.measuring, shown.canvas.page
    measuring.switch_letters()
    rest()
    page = shown.canvas.page
    assert page is not None
    names = [one for one in page.texts if one.role == "lead"]
    half = 8 / shown.canvas.px_per_mm
    places = shown.canvas.items_on_paper.letters.places
    assert len(places) > 5
    for x, y, stands in places:
        bottom = y if stands else y + half
        for name in names:
            meets_x = name.x_mm - 1 < x < name.x_mm + 0.7 * name.size_mm * len(name.text) + 1
            meets_y = bottom > name.y_mm - name.size_mm + 1e-6 and bottom - 2 * half < name.y_mm
            assert not (meets_x and meets_y), name.text


def test_a_picture_obeys_a_study_that_closes_measurements(
    record_files: list[Path], tmp_path: Path, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    real = MeasuredStrip.paintEvent

    def painted(self: MeasuredStrip, event: object) -> None:
        said.append(self.text)
        real(self, event)  # type: ignore[arg-type]

    monkeypatch.setattr(MeasuredStrip, "paintEvent", painted)
    assert isolated_home in settings_path().parents
    screenshot.take(record_files[0], tmp_path / "open.png")
    assert said[-1].startswith("Rate ")
    Settings(settings_path()).set(MEASUREMENTS_OPEN, False)
    said.clear()
    screenshot.take(record_files[0], tmp_path / "closed.png")
    assert said[-1] == "Measurements are closed"
    assert not any("Rate" in one for one in said)
    assert Settings(settings_path()).flag(MEASUREMENTS_OPEN) is False
