"""T7 in the window: an exchange is told of, shown as a what-if that says so on every page, and kept nowhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ecgview import api, resources
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.kit import gate_step
from ecgview.desktop.settings import Settings
from ecgview.formats import wfdb
from ecgview.report import pdf
from ecgview.report.content import MedianBeats
from ecgview.signal import limb_leads

ARMS = "right and left arm"
CTRL = Qt.KeyboardModifier.ControlModifier
SAID = "shown as if right and left arm had been exchanged"
Rest = Callable[[], None]


@pytest.fixture
def exchanged(tmp_path: Path) -> Path:
    """Return a record on disk that was recorded with the arms exchanged."""
    right = api.open_ecg(next(iter(resources.path("demo").rglob("normal.hea"))))
    wrong = replace(limb_leads.as_if(right, ARMS), notes=())
    (tmp_path / "ecgs").mkdir()
    wfdb.write(wrong, tmp_path / "ecgs" / "wrong")
    return tmp_path / "ecgs" / "wrong.hea"


@pytest.fixture
def opened_wrong(window: MainWindow, exchanged: Path, rest: Rest) -> MainWindow:
    """Return the window with it open and measured."""
    window.workspace.ecg.open_paths([exchanged])
    rest()
    return window


def _texts(window: MainWindow) -> str:
    assert window.canvas.page is not None
    return "\n".join(text.text for text in window.canvas.page.texts)


def test_an_exchange_is_told_of_and_shown_exchanged_back_and_again_as_recorded(
    opened_wrong: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    window, ecg = opened_wrong, opened_wrong.workspace.ecg
    recorded = ecg.record
    assert recorded is not None
    assert window.exchange.isVisible()
    assert ARMS in window.exchange.text.text()
    assert SAID not in _texts(window)
    axis = window.workspace.measuring.measured.value("QRS axis")  # type: ignore[union-attr]
    qtbot.mouseClick(window.exchange.button, Qt.MouseButton.LeftButton)
    rest()
    assert ecg.record is not recorded
    assert ecg.record is not None
    assert np.allclose(ecg.record.lead("I"), -recorded.lead("I"))
    assert window.workspace.measuring.measured.value("QRS axis") != axis  # type: ignore[union-attr]
    assert "NOT THE RECORDING" in window.exchange.text.text()
    for layout in ("3x4+1R", "12x1", "median 3x4", "median superimposed", "single"):
        from ecgview.desktop.state import paper_choices

        paper_choices.change(window.workspace, layout=layout)
        rest()
        assert SAID in _texts(window), layout
        assert "WHAT IF, not the recording" in _texts(window), layout
    assert window.menus["view.as_recorded"].isEnabled()
    window.menus["view.as_recorded"].trigger()
    rest()
    assert ecg.record is not None
    assert not ecg.record.what_if
    assert np.array_equal(ecg.record.signal, recorded.signal)
    assert SAID not in _texts(window)
    assert not window.menus["view.as_recorded"].isEnabled()


def test_a_what_if_is_not_read_kept_or_asked_about_and_the_read_goes_on_after_it(
    opened_wrong: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    workspace = opened_wrong.workspace
    workspace.steps.toggle_statement("NORM")
    rest()
    opened_wrong.menus[f"view.as_if.{ARMS}"].trigger()
    rest()
    assert workspace.ecg.record is not None
    assert workspace.ecg.record.what_if
    assert workspace.reading.session is None
    assert not workspace.reading.may_show_ai()
    assert (workspace.answers.prediction, workspace.answers.lef) == (None, None)
    assert not workspace.measuring.may_edit
    opened_wrong.canvas.setFocus()
    for key, held in ((Qt.Key.Key_N, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Return, CTRL)):
        qtbot.keyClick(opened_wrong.canvas, key, held)
    rest()
    assert workspace.reading.session is None
    step = gate_step.gate_step(workspace, opened_wrong)
    assert step is not None
    assert "not the recording" in step.text
    for action in ("file.share", "read.subject"):
        assert not opened_wrong.menus[action].isEnabled(), action
    workspace.ecg.show_recorded()
    rest()
    session = workspace.reading.session
    assert session is not None
    assert [one.code for one in session.draft.statements] == ["NORM"]
    assert session.reads == ()


def test_ai_that_is_open_is_closed_for_a_what_if(opened_wrong: MainWindow, rest: Rest) -> None:
    workspace = opened_wrong.workspace
    workspace.steps.set_blind(False)
    rest()
    assert workspace.reading.may_show_ai()
    workspace.ecg.show_as_if(ARMS)
    rest()
    assert not workspace.reading.may_show_ai()
    assert (workspace.answers.prediction, workspace.answers.lef) == (None, None)
    workspace.ecg.show_recorded()
    rest()
    assert workspace.reading.may_show_ai()


@pytest.mark.parametrize("identified", [False, True])
def test_what_is_written_of_it_says_on_every_page_what_it_is(
    opened_wrong: MainWindow, rest: Rest, tmp_path: Path, *, identified: bool
) -> None:
    workspace = opened_wrong.workspace
    workspace.ecg.show_as_if(ARMS)
    rest()
    content = report_sheet.content(workspace, identified=identified, study_name="x", median=MedianBeats())
    sheets = pdf.sheets(content)
    assert len(sheets) >= 3
    for sheet in sheets:
        said = " ".join(line.text for line in sheet.lines)
        assert "NOT THE RECORDING" in said
        if sheet.page is not None:
            assert any(SAID in text.text for text in sheet.page.texts)
    out = tmp_path / "what.json"
    report_sheet.write(workspace, out, identified=identified)
    rest()
    assert SAID in json.loads(out.read_text(encoding="utf-8"))["what_if"]


def test_a_study_that_closes_measurements_closes_the_doubt_and_the_what_if_until_the_lock(
    window: MainWindow, settings: Settings, exchanged: Path, rest: Rest
) -> None:
    settings.set("study.measurements", False)
    window.workspace.ecg.open_paths([exchanged])
    rest()
    assert window.exchange.isHidden()
    assert not window.menus[f"view.as_if.{ARMS}"].isEnabled()
    window.workspace.steps.toggle_statement("NORM")
    window.workspace.steps.commit_first_read()
    rest()
    assert window.exchange.isVisible()
    assert window.menus[f"view.as_if.{ARMS}"].isEnabled()
    window.workspace.ecg.show_as_if(ARMS)
    rest()
    assert window.workspace.measuring.measured is not None
    window.workspace.ecg.open(next(iter(resources.path("demo").rglob("lbbb.hea"))))
    rest()
    assert window.workspace.measuring.measured is None


def test_left_arm_and_left_leg_say_how_weakly_they_are_told(opened_wrong: MainWindow, rest: Rest) -> None:
    opened_wrong.menus["view.as_if.left arm and left leg"].trigger()
    rest()
    assert limb_leads.WEAK in opened_wrong.exchange.text.text()
