"""The values of each lead below the trace: by key and by click, copied, with edits, closed by a study."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.measuring import CLOSED
from ecgview.signal.measure import lead_table
from ecgview.signal.measure.measured import Measured

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Rest = Callable[[], None]


@pytest.fixture
def shown(window: MainWindow, demo: Path, rest: Rest, qtbot: QtBot) -> MainWindow:
    """Return the window with that record open and the table below it, by its key."""
    window.workspace.ecg.open_paths([demo])
    rest()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_K)
    assert window.lead_values.isVisible()
    return window


def _measured(window: MainWindow) -> Measured:
    found = window.workspace.measuring.measured
    assert found is not None
    return found


def _cell(window: MainWindow, name: str, lead: str) -> QModelIndex:
    table = window.lead_values.model.table
    row = next(k for k, row in enumerate(table.rows) if row.name == name)
    return window.lead_values.model.index(row, table.leads.index(lead))


def _said(window: MainWindow, name: str, lead: str) -> str:
    return str(window.lead_values.model.data(_cell(window, name, lead)))


def _click(window: MainWindow, qtbot: QtBot, name: str, lead: str) -> None:
    view, index = window.lead_values.view, _cell(window, name, lead)
    view.scrollTo(index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def test_it_shows_every_value_of_every_lead_and_gives_the_keys_back(shown: MainWindow, qtbot: QtBot) -> None:
    measured, values = _measured(shown), shown.lead_values
    for item in measured.lead_values:
        if item.confidence == "high":
            assert _said(shown, item.name, item.lead) == lead_table.number(item)
    model = values.model
    headers = {
        model.headerData(k, Qt.Orientation.Vertical): model.table.rows[k] for k in range(model.rowCount())
    }
    assert headers["T amplitude (mV)"].unit == "mV"
    assert headers["QRS duration (ms)"].unit == "ms"
    assert values.view.hasFocus()
    assert f"median of {measured.median.n_beats} beats" in values.said.text()  # type: ignore[union-attr]
    qtbot.keyClick(values.view, Qt.Key.Key_Escape)
    assert shown.canvas.hasFocus()
    qtbot.keyClick(shown.canvas, Qt.Key.Key_K)
    assert values.isHidden()


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("layout", ["3x4+1R", "12x1", "6x2"])
def test_a_cell_brings_the_trace_to_its_lead_with_the_caliper_set(
    shown: MainWindow, qtbot: QtBot, rest: Rest, layout: str, *, by_key: bool
) -> None:
    from ecgview.desktop.state import paper_choices

    paper_choices.change(shown.workspace, layout=layout)
    rest()
    measured, canvas, view = _measured(shown), shown.canvas, shown.lead_values.view
    item = next(one for one in measured.lead_values if (one.name, one.lead) == ("T amplitude", "V3"))
    if by_key:
        view.setFocus()
        view.setCurrentIndex(_cell(shown, "T amplitude", "V3"))
        qtbot.keyClick(view, Qt.Key.Key_Return)
    else:
        _click(shown, qtbot, "T amplitude", "V3")
    rest()
    assert canvas.caliper is not None
    assert canvas.record is not None
    assert canvas.caliper.lead == "V3"
    where = lead_table.on_the_record(measured, item)
    assert canvas.caliper.seconds(canvas.record) == pytest.approx(where, abs=0.002)
    (drawn,) = canvas.items_on_paper.calipers.items
    assert drawn.is_shown


@pytest.mark.parametrize("key", [Qt.KeyboardModifier.NoModifier, SHIFT])  # apart, and over each other
def test_on_the_median_page_the_caliper_is_set_there(
    shown: MainWindow, qtbot: QtBot, rest: Rest, key: Qt.KeyboardModifier
) -> None:
    canvas, median = shown.canvas, _measured(shown).median
    assert median is not None
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Q, key)
    rest()
    _click(shown, qtbot, "QRS duration", "V5")
    rest()
    assert canvas.page is not None
    assert canvas.page.is_of_median
    assert canvas.caliper is not None
    assert canvas.drawn is not None
    assert canvas.caliper.lead == "V5"
    start, end = canvas.caliper.seconds(canvas.drawn)
    wave, peak = median.leads["V5"]["QRS"], median.peak / median.sampling_rate_hz
    assert (start, end) == pytest.approx((peak + wave.onset_s, peak + wave.offset_s), abs=0.003)


def test_it_follows_an_edge_that_is_put_elsewhere_and_says_by_whom(
    shown: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    before = _said(shown, "QT, tangent", "II"), _said(shown, "J", "V2"), _said(shown, "J+60", "V2")
    offset = _measured(shown).median.overall["QRS"].offset_s  # type: ignore[union-attr]
    shown.workspace.measuring.put("QRS offset", None, offset - 0.02)
    rest()
    after = _said(shown, "QT, tangent", "II"), _said(shown, "J", "V2"), _said(shown, "J+60", "V2")
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert after[1].endswith("*")
    assert "* edited by Reader One" in shown.lead_values.said.text()
    shown.canvas.setFocus()
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Z, CTRL)
    rest()
    assert (_said(shown, "J", "V2"), _said(shown, "J+60", "V2")) == before[1:]
    assert "edited" not in shown.lead_values.said.text()


def test_it_is_copied_as_text_by_button_key_and_menu(shown: MainWindow, qtbot: QtBot) -> None:
    text = lead_table.of(_measured(shown)).text
    clipboard = QGuiApplication.clipboard()
    ways: list[Callable[[], object]] = [
        lambda: qtbot.mouseClick(shown.lead_values.copy_button, Qt.MouseButton.LeftButton),
        lambda: qtbot.keyClick(shown.lead_values.view, Qt.Key.Key_C, CTRL),
        lambda: shown.menus["view.copy_lead_values"].trigger(),
    ]
    for way in ways:
        clipboard.setText("")
        way()
        assert clipboard.text().endswith(f"research use only\n{text}")


def test_a_lead_of_poor_quality_is_marked_and_says_why(shown: MainWindow) -> None:
    from dataclasses import replace

    model = shown.lead_values.model
    doubted = replace(_measured(shown), lead_notes={"V2": "noisy"}, left_out={"V9": "flat"})
    model.show_table(lead_table.of(doubted))
    heads = {lead: k for k, lead in enumerate(model.table.leads)}
    assert model.headerData(heads["V2"], Qt.Orientation.Horizontal) == "V2 !"
    assert model.headerData(heads["V3"], Qt.Orientation.Horizontal) == "V3"
    tip = Qt.ItemDataRole.ToolTipRole
    assert model.headerData(heads["V2"], Qt.Orientation.Horizontal, tip) == "V2: noisy"
    assert model.headerData(heads["V9"], Qt.Orientation.Horizontal, tip) == "V9: left out: flat"


def test_a_study_keeps_it_closed_until_the_first_read_is_locked(
    window: MainWindow, settings: Settings, demo: Path, rest: Rest, qtbot: QtBot
) -> None:
    settings.set("study.measurements", False)
    window.workspace.ecg.open_paths([demo])
    rest()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_K)
    values, clipboard = window.lead_values, QGuiApplication.clipboard()
    assert values.said.text() == CLOSED
    assert values.model.rowCount() == 0
    assert not window.menus["view.copy_lead_values"].isEnabled()
    clipboard.setText("as before")
    values.copy()
    assert clipboard.text() == "as before"
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_N)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return, CTRL)
    rest()
    assert values.model.rowCount() > 10
    assert window.menus["view.copy_lead_values"].isEnabled()
