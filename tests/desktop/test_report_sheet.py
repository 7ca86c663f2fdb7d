"""File > Export report: de-identified and newly named unless the reader chooses otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QFileDialog, QRadioButton

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs.sheet import Sheet


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
