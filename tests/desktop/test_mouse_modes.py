"""Which mouse mode is on, and that other parts of the window add modes and menu rows of their own."""

import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.state.mouse import MenuRow, Mouse, SpanMode, Spot


@pytest.fixture
def mouse(opened: MainWindow) -> Mouse:
    """Return the mouse of a window with an open record."""
    return opened.workspace.mouse


def test_the_view_says_the_mode_until_one_is_chosen(opened: MainWindow, mouse: Mouse, qtbot: QtBot) -> None:
    paper, answers = opened.workspace.paper, opened.workspace.answers
    assert mouse.mode == "pan"
    with qtbot.waitSignal(mouse.changed):
        paper.set_view("annotate")
    assert mouse.mode == "mark"
    mouse.choose("pan")
    assert mouse.mode == "pan"
    assert mouse.leave()
    assert mouse.mode == "mark"
    paper.set_view("reconstruct")
    answers.set_mask_mode(False)
    assert mouse.mode == "pan"
    mouse.choose("mask")
    assert mouse.mode == "mask"
    assert answers.mask_mode
    assert not mouse.leave()


def test_zoom_gives_the_mode_before_it_back_and_a_view_lets_go_of_all_but_the_caliper(
    opened: MainWindow, mouse: Mouse
) -> None:
    mouse.choose("caliper")
    mouse.choose("zoom")
    assert mouse.mode == "zoom"
    mouse.leave()
    assert mouse.mode == "caliper"
    mouse.choose("zoom")
    opened.workspace.paper.set_view("annotate")
    assert mouse.mode == "caliper"
    mouse.choose("mark")
    assert mouse.mode == "mark"


def test_a_mode_of_another_part_is_offered_chosen_and_left_when_it_may_not_be_any_more(mouse: Mouse) -> None:
    may = [True]
    mouse.add(SpanMode("judge", "Judge", "", lambda *_span: None, offered_when=lambda: may[0]))
    assert [mode.id for mode in mouse.added] == ["judge"]
    mouse.choose("judge")
    assert mouse.mode == "judge"
    may[0] = False
    mouse.refresh()
    assert mouse.mode == "pan"
    assert mouse.added == ()


def test_menu_rows_of_other_parts_stand_below_a_line_each(mouse: Mouse) -> None:
    mouse.offer(lambda spot: [MenuRow(f"Hide {spot.lead}"), MenuRow("Hide all")] if spot else [])
    mouse.offer(lambda _spot: [MenuRow("Agree")])
    rows = mouse.rows(Spot("V2", 1.0, 0.1))
    assert [(row.text, row.is_first) for row in rows] == [
        ("Hide V2", True),
        ("Hide all", False),
        ("Agree", True),
    ]
    assert [row.text for row in mouse.rows(None)] == ["Agree"]
