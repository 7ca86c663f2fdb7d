"""File > Export report: de-identified and newly named unless the reader chooses otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QFileDialog, QRadioButton

from ecgview import resources
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.settings import Settings
from ecgview.report import pdf
from ecgview.report.content import MedianBeats, ReportContent


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the names that the file dialog was opened with; what it is given lands in `tmp_path`."""
    names: list[str] = []

    def choose(parent: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        names.append(name)
        return str(tmp_path / f"out-{len(names)}"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.chdir(tmp_path)
    return names


def _export(window: MainWindow, rest: Callable[[], None], *, identified: bool, suffix: str) -> None:
    window.menus["file.export_report"].trigger()
    sheet = next(one for one in window.findChildren(Sheet) if one.isVisible())
    form = sheet.findChild(QComboBox, "form")
    form.setCurrentIndex(form.findData(suffix))
    chosen = sheet.findChild(QRadioButton, "identified")
    assert not chosen.isChecked()
    chosen.setChecked(identified)
    sheet.findChild(QComboBox, "layout").setCurrentText("6x2")
    next(one for one in sheet.buttons.buttons() if one.text().startswith("Choose")).click()
    rest()


def test_the_default_tells_nobody_and_has_a_new_name(
    opened: MainWindow, rest: Callable[[], None], asked: list[str], tmp_path: Path
) -> None:
    (tmp_path / "ecg-00004.pdf").write_bytes(b"")
    _export(opened, rest, identified=False, suffix=".json")
    _export(opened, rest, identified=True, suffix=".json")
    assert asked == ["ecg-00005.json", "record-1.json"], "blind, no file name is told"
    first, second = ((tmp_path / f"out-{n}.json").read_text(encoding="utf-8") for n in (1, 2))
    assert '"identified": false' in first
    assert '"file": ""' in first
    assert '"patient_id": "out-1"' in first
    assert '"identified": true' in second
    assert '"file": "a.hea"' in second
    assert all('"layout": "6x2"' in one for one in (first, second))


def test_another_record_opened_meanwhile_is_not_reported(
    opened: MainWindow, rest: Callable[[], None], asked: list[str], tmp_path: Path
) -> None:
    opened.menus["file.export_report"].trigger()
    assert [one for one in opened.findChildren(Sheet) if one.isVisible()]
    opened.workspace.walk.next()
    rest()
    assert not [one for one in opened.findChildren(Sheet) if one.isVisible()]  # it leaves with its record
    assert asked == []
    assert list(tmp_path.glob("out-*")) == []


def test_a_page_of_median_beats_is_chosen_in_the_sheet_and_closed_where_measurements_are(
    window: MainWindow,
    settings: Settings,
    rest: Callable[[], None],
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The choice stands at the page that is on the screen; before a study's first read is locked there is none."""
    from ecgview.desktop.state import exporting

    written: list[ReportContent] = []

    def keep(content: ReportContent, path: Path, *_more: object, **_others: object) -> Path:
        written.append(content)
        return path

    monkeypatch.setattr(exporting, "write", keep)
    settings.set("study.measurements", False)
    window.workspace.ecg.open_paths([next(iter(resources.path("demo").rglob("normal.hea")))])
    rest()

    def export() -> bool:
        window.menus["file.export_report"].trigger()
        sheet = next(one for one in window.findChildren(Sheet) if one.isVisible())
        box = sheet.findChild(QComboBox, "median")
        assert isinstance(box, QComboBox)
        is_offered = box.isEnabled()
        next(one for one in sheet.buttons.buttons() if one.text().startswith("Choose")).click()
        rest()
        return is_offered

    window.menus["view.median_superimposed"].trigger()
    rest()
    assert not export()
    assert written[-1].measured is None
    assert len(pdf.sheets(written[-1])) == 1
    window.workspace.steps.toggle_statement("NORM")
    window.workspace.steps.commit_first_read()
    rest()
    assert export()
    assert written[-1].median_beats == MedianBeats("median superimposed", 25.0)
    found = pdf.sheets(written[-1])
    assert [sheet.page.is_of_median for sheet in found if sheet.page is not None] == [False, True]
