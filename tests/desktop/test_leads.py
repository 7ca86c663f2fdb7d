"""Every recorded lead can be seen in the window, measured and marked; a single lead is chosen by menu, box and key."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview.desktop.canvas.caliper import Caliper
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.state import paper_choices
from ecgview.desktop.state.thumbnails import trace_of
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.paper.plan import LAYOUTS
from ecgview.record import EcgRecord

FURTHER = ("V4R", "V7", "V8", "V9", "X", "Y", "Z")
Rest = Callable[[], None]
Opens = Callable[[tuple[str, ...]], MainWindow]


@pytest.fixture
def opens(window: MainWindow, qtbot: QtBot, rest: Rest, tmp_path: Path, pulse_record: EcgRecord) -> Opens:
    """Return a function that opens a synthetic record of these leads, 25 s long."""

    def opened(leads: tuple[str, ...]) -> MainWindow:
        gains = np.linspace(0.4, 1.2, len(leads), dtype=np.float32)[:, None]
        signal = gains * np.tile(pulse_record.signal[1], 3)[None, :12500]
        path = wfdb.write(replace(pulse_record, signal=signal, lead_names=leads), tmp_path / "ecg")
        with qtbot.waitSignal(window.workspace.ecg.measured):
            window.workspace.ecg.open(path)
        rest()
        return window

    return opened


def _shown(window: MainWindow) -> list[str]:
    assert window.canvas.page is not None
    return [trace.lead for trace in window.canvas.page.traces]


@pytest.mark.parametrize(
    "leads",
    [("ECG1", "ECG2"), ("MCL1",), ("V3R", "V4R", "V5R"), ("X", "Y", "Z"), (*STANDARD_12, *FURTHER)],
    ids=lambda leads: leads[0],
)
def test_the_record_painted_last_has_its_leads_on_the_screen(opens: Opens, leads: tuple[str, ...]) -> None:
    window = opens(leads)
    assert window.canvas.painted is window.workspace.ecg.record
    assert set(_shown(window)) == set(leads)
    assert not window.canvas.verticalScrollBar().maximum(), "the rows use the room there is"


@pytest.mark.parametrize("case", ["extra_leads_unseen/w30_18lead.hea", "nonstandard_leads_blank/w31_holter.hea",
                                  "nonstandard_leads_blank/holter_cm5.ecg"])  # fmt: skip
def test_the_cases_of_trouble_are_seen(
    case: str, shared_data: Path, window: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open(shared_data / "cases" / case)
    rest()
    record = window.canvas.painted
    assert record is not None
    assert set(_shown(window)) == set(record.lead_names)


def test_every_layout_of_the_paper_is_in_the_menu_and_the_tool_bar(opens: Opens, rest: Rest) -> None:
    window = opens((*STANDARD_12, *FURTHER))
    box = window.tools.layout_box
    assert [box.itemData(index) for index in range(box.count())] == list(LAYOUTS)
    for name in LAYOUTS:
        window.menus[f"view.layout.{name}"].trigger()
        rest()
        assert window.workspace.paper.settings.layout == name
        assert window.canvas.composed is not None
        assert window.canvas.composed.layout == name
        assert _shown(window)


def test_layouts_that_make_no_sense_are_grey_and_one_kept_from_before_is_not_blank(opens: Opens) -> None:
    window = opens(("ECG1", "ECG2"))
    offered = {name for name in LAYOUTS if window.menus[f"view.layout.{name}"].isEnabled()}
    assert offered == {"Nx1", "single", "median 3x4", "median superimposed"}
    window.menus["view.next_layout"].trigger()
    assert window.workspace.paper.settings.layout == "Nx1"


def test_a_single_lead_is_chosen_by_key_menu_and_box(opens: Opens, qtbot: QtBot, rest: Rest) -> None:
    window = opens((*STANDARD_12, "V7", "V8"))
    canvas = window.canvas
    canvas.setFocus()
    shift = Qt.KeyboardModifier.ShiftModifier
    for lead in ("II", "III", "aVR"):
        QTest.keyClick(canvas, Qt.Key.Key_L, shift)
        rest()
        assert _shown(window) == [lead]
    QTest.keyClick(canvas, Qt.Key.Key_L, shift | Qt.KeyboardModifier.ControlModifier)
    rest()
    assert _shown(window) == ["III"]
    window.leads.fill()
    rows = {action.text(): action for action in window.leads.menu.actions()}
    assert list(rows) == [*STANDARD_12, "V7", "V8"]
    assert [text for text, action in rows.items() if action.isChecked()] == ["III"]
    rows["V8"].trigger()
    rest()
    assert _shown(window) == ["V8"]
    QTest.keyClick(canvas, Qt.Key.Key_L, shift)
    rest()
    assert _shown(window) == ["I"], "after the last comes the first"


def test_caliper_marks_and_cursor_work_on_further_leads(opens: Opens, qtbot: QtBot, rest: Rest) -> None:
    window = opens((*STANDARD_12, *FURTHER))
    canvas, record = window.canvas, window.canvas.record
    assert record is not None
    assert canvas.page is not None
    trace = next(trace for trace in canvas.page.traces if trace.lead == "V8")
    seconds = (trace.start_s + trace.end_s) / 2
    x_mm, y_mm = canvas.page.position("V8", seconds, 0.3)[0]
    place = (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()
    with qtbot.waitSignal(canvas.cursor_moved):
        QTest.mouseMove(canvas.viewport(), place)
    assert window.status.cursor_read.text().startswith("V8  ")
    canvas.set_caliper(Caliper("V8", (2000, 2200)))
    assert canvas.caliper is not None
    assert canvas.caliper.text(record).startswith("400 ms · 150 bpm")
    window.workspace.steps.add_annotation(("V8",), seconds, seconds + 0.2)
    session = window.workspace.reading.session
    assert session is not None
    assert [mark.leads for mark in session.draft.annotations] == [("V8",)]


def test_more_leads_than_a_page_holds_are_turned_to(opens: Opens, rest: Rest) -> None:
    names = tuple(f"S{number}" for number in range(1, 31))
    window = opens(names)
    assert _shown(window) == list(names[:15])
    window.menus["view.leads_on"].trigger()
    rest()
    assert _shown(window) == list(names[15:])
    window.menus["view.leads_on"].trigger()
    window.menus["view.leads_back"].trigger()
    rest()
    assert _shown(window) == list(names[:15])
    paper_choices.turn_page(window.workspace, 1)
    opens(("ECG1", "ECG2"))
    assert window.workspace.paper.settings.part == 0


def test_the_last_page_in_time_ends_where_the_recording_does(opens: Opens, rest: Rest) -> None:
    window = opens(STANDARD_12)
    for _ in range(4):
        window.menus["view.later"].trigger()
    rest()
    assert window.workspace.paper.settings.start_s == pytest.approx(15.0)
    assert "recorded 25 s, shown 15 to 25 s" in window.status.scale_line.text()
    window.menus["view.earlier"].trigger()
    assert window.workspace.paper.settings.start_s == pytest.approx(5.0)


def test_a_mini_trace_takes_a_lead_that_has_a_signal(pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal[:2].copy()
    signal[0] = np.nan
    made = trace_of(replace(pulse_record, signal=signal, lead_names=("ECG1", "ECG2")))
    assert (made.lead, len(made.stretches), made.reason) == ("ECG2", 1, "")
