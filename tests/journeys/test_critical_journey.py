"""What must not be missed, through the real window: banner, panel, who was told, read and report (W6)."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.criteria import CriteriaPanel
from ecgview.desktop.panels.kit.criterion_row import CriterionRow
from ecgview.desktop.panels.kit.widgets import Choice
from ecgview.desktop.settings import Settings
from ecgview.review.history import SetComment
from ecgview.review.store import Store

LEFT = Qt.MouseButton.LeftButton
BLOCK, NORMAL, LBBB = (
    resources.path("demo", f"{name}.hea") for name in ("complete_av_block", "normal", "lbbb")
)


@pytest.fixture
def settings() -> Settings:
    made = Settings(None)
    made.set("reader.name", "Reader A")
    return made


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow) -> Callable[[Path], None]:
    """Open a record and wait until its criteria are there."""

    def rest() -> None:
        for _ in range(2):
            qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0)
            window.canvas.settle()
        qtbot.waitUntil(lambda: window.workspace.reading.keeping.is_kept)

    def open_it(path: Path) -> None:
        window.workspace.ecg.open(path)
        qtbot.waitUntil(lambda: window.workspace.criteria._found is not None)
        rest()

    return open_it


def panel(window: MainWindow) -> CriteriaPanel:
    section = window.side.section("criteria")
    assert section is not None
    assert isinstance(section.content, CriteriaPanel)
    return section.content


def rows(window: MainWindow) -> dict[str, CriterionRow]:
    return {row._one.code: row for row in panel(window).findChildren(CriterionRow)}


def words(window: MainWindow) -> str:
    return "\n".join(label.text() for label in panel(window).findChildren(QLabel))


def button(window: MainWindow, text: str) -> QPushButton:
    return next(one for one in panel(window).findChildren(QPushButton) if one.text() == text)


def picture(window: MainWindow, name: str) -> None:
    """Keep a picture where a person asked for one."""
    if folder := os.environ.get("ECGVIEW_PICTURES"):
        for _ in range(3):
            QApplication.processEvents()
        window.grab().save(str(Path(folder) / f"{name}.png"))


def test_w6_the_banner_leads_to_the_panel_and_who_was_told_is_kept(
    qtbot: QtBot, window: MainWindow, opened: Callable[[Path], None], tmp_path: Path
) -> None:
    opened(BLOCK)
    assert window.critical.isVisible()
    assert "P waves independent of the QRS" in window.critical.text.text()
    assert "Nobody is recorded as told" in window.critical.text.text()
    QTest.mouseClick(window.critical.who, LEFT)
    qtbot.waitUntil(lambda: not panel(window).visibleRegion().isEmpty())
    picture(window, "critical")
    person = panel(window).findChild(QLineEdit)
    assert person is not None
    QTest.keyClicks(person, "Dr Li, ward 3")
    QTest.mouseClick(button(window, "Told now"), LEFT)
    qtbot.waitUntil(lambda: len(window.workspace.criteria.told) == 1)
    assert "Dr Li, ward 3 told of P waves independent of the QRS" in window.critical.text.text()
    assert "Nobody is recorded" not in words(window)
    workspace = window.workspace
    workspace.steps.apply(SetComment("rate 38"))
    qtbot.waitUntil(lambda: workspace.reading.keeping.is_kept)
    workspace.steps.commit_first_read()
    qtbot.waitUntil(lambda: bool(workspace.reading.session and workspace.reading.session.reads))
    workspace.steps.sign()
    qtbot.waitUntil(lambda: not workspace.criteria.may_tell)
    assert panel(window).findChild(QLineEdit) is None  # a signed read takes no edits
    report_sheet.write(workspace, tmp_path / "r.json")
    qtbot.waitUntil(lambda: (tmp_path / "r.json").is_file() and workspace.jobs.n_alive == 0)
    made = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert made["critical"] == ["AVB3"]
    assert made["read"]["content"]["told"][0]["person"] == "Dr Li, ward 3"
    window.close()
    with Store(tmp_path / "reads.db") as store:
        logged = [one.details for one in store.audit() if one.action == "critical_finding_told"]
        assert len(logged) == 1
        assert store.verify() == []


def test_nothing_critical_no_banner_and_all_states_on_request(
    qtbot: QtBot, window: MainWindow, opened: Callable[[Path], None]
) -> None:
    opened(NORMAL)
    assert not window.critical.isVisible()
    found = window.workspace.criteria.found
    assert found is not None
    met = {one.code for one in found if one.state == "met"}
    assert not {one.code for one in found if one.critical} & met
    assert set(rows(window)) == met
    assert ("None is met." in words(window)) == (not met)
    button(window, f"Show all {len(found)}").click()
    assert set(rows(window)) == {one.code for one in found}
    head = rows(window)["1AVB"].head
    head.click()
    said = words(window)
    assert "PR over 200 ms" in said
    assert "Circulation 2019" in said
    assert "exclud" not in said.lower().replace("excludes nothing", "")


def test_a_definition_is_chosen_in_the_panel_and_kept(
    qtbot: QtBot, window: MainWindow, opened: Callable[[Path], None], settings: Settings
) -> None:
    opened(LBBB)
    rows(window)["CLBBB"].head.click()
    picture(window, "lbbb")
    box = next(one for one in panel(window).findChildren(Choice) if "Left bundle" in one.accessibleName())
    assert box.currentText() == "Strauss"
    box.setCurrentText("AHA")
    qtbot.waitUntil(
        lambda: any(
            (one.code, one.choice) == ("CLBBB", "AHA") for one in window.workspace.criteria.found or ()
        )
    )
    assert settings.text("criteria.choices") == "CLBBB=AHA"
    assert "QRS of 120 ms or more" in words(window)


def test_a_study_may_close_criteria_until_the_first_read_is_locked(
    qtbot: QtBot, window: MainWindow, opened: Callable[[Path], None], settings: Settings
) -> None:
    settings.set("study.measurements", False)
    opened_before = window.workspace.measuring.is_open
    assert not opened_before
    window.workspace.ecg.open(BLOCK)
    qtbot.waitUntil(lambda: window.workspace.ecg.record is not None and window.workspace.jobs.n_alive == 0)
    assert window.workspace.criteria.found is None
    assert not window.critical.isVisible()
    assert "closed until you lock" in words(window)
