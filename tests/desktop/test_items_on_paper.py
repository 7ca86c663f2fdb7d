"""Calipers, marks and hidden stretches are items of the scene: found, focused, moved by mouse and keys, undone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from ecgview.desktop.canvas.caliper import Caliper, peak_near
from ecgview.desktop.canvas.caliper_item import CaliperItem
from ecgview.desktop.canvas.mark_item import MarkItem
from ecgview.desktop.canvas.mask_item import MaskItem
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.state.mouse import MenuRow, SpanMode
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation, SetComment

NO_KEY = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def place(window: MainWindow, lead: str, seconds: float, millivolts: float = 0.0) -> QPoint:
    """Return where a moment of a lead lies in the viewport, in its last drawing (a rhythm strip)."""
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position(lead, seconds, millivolts)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()


def drag(window: MainWindow, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Drag with the left button through the viewport."""
    area = window.canvas.viewport()
    QTest.mousePress(area, Qt.MouseButton.LeftButton, keys, start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(area, start + (end - start) * share)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, keys, end)


def click(window: MainWindow, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Click with the left button."""
    QTest.mouseClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, keys, at)


def under(window: MainWindow, at: QPoint, kind: type) -> list[object]:
    """Return the items of a kind that the scene finds at a place of the viewport."""
    canvas = window.canvas
    return [item for item in canvas.scene().items(canvas.mapToScene(at)) if isinstance(item, kind)]


def row(window: MainWindow, at: QPoint, text: str) -> MenuRow:
    """Return a row of the menu at a place, in its submenus too."""

    def search(rows: list[MenuRow]) -> MenuRow | None:
        for one in rows:
            found = one if one.text.startswith(text) else search(list(one.rows))
            if found is not None:
                return found
        return None

    found = search(window.canvas.menu_rows(QPointF(at)))
    assert found is not None, text
    return found


def run(found: MenuRow) -> None:
    """Do what a row of a menu does."""
    assert found.enabled
    assert found.run is not None
    found.run()


def marks(window: MainWindow) -> tuple[Annotation, ...]:
    """Return the marks of the draft."""
    session = window.workspace.reading.session
    assert session is not None
    return session.draft.annotations


@pytest.fixture
def measuring(opened: MainWindow) -> MainWindow:
    """Return the window with the caliper taken out and the keys on the trace."""
    opened.canvas.setFocus()
    opened.menus["view.caliper"].trigger()
    return opened


@pytest.fixture
def marking(opened: MainWindow) -> MainWindow:
    """Return the window in the annotate view, with one mark on II from 4 to 5 s."""
    opened.canvas.setFocus()
    opened.workspace.paper.set_view("annotate")
    opened.workspace.steps.apply(AddAnnotation(Annotation(("II",), 4.0, 5.0)))
    return opened


# ---- calipers --------------------------------------------------------------------------------------------


def test_t1_any_number_of_calipers_are_drawn_found_and_moved_by_an_end_or_whole(
    measuring: MainWindow,
) -> None:
    canvas = measuring.canvas
    drag(measuring, place(measuring, "II", 2.0), place(measuring, "II", 3.0))
    drag(measuring, place(measuring, "II", 5.0), place(measuring, "II", 6.0))
    first, second = canvas.calipers
    assert canvas.caliper == second
    assert len(under(measuring, place(measuring, "II", 2.0), CaliperItem)) == 1
    assert under(measuring, place(measuring, "II", 4.0), CaliperItem) == []
    drag(measuring, place(measuring, "II", 3.0), place(measuring, "II", 3.5))
    assert canvas.caliper == canvas.calipers[0]
    assert canvas.calipers[0].ends[0] == first.ends[0]
    assert canvas.calipers[0].ends[1] == pytest.approx(1750, abs=6)
    item = canvas.items_on_paper.calipers.items[1]
    bar = canvas.mapFromScene(item.mapToScene(item._plates[-1].center()))
    drag(measuring, bar, bar + QPoint(40, 0))
    moved = canvas.calipers[1]
    assert moved.ends[1] - moved.ends[0] == second.ends[1] - second.ends[0]
    assert moved.ends[0] - second.ends[0] == pytest.approx(40 / canvas.px_per_mm / 25 * 500, abs=2)


def test_a_click_measures_nothing(measuring: MainWindow) -> None:
    click(measuring, place(measuring, "II", 2.0))
    assert measuring.canvas.calipers == ()


def test_t1_alt_holds_an_end_at_the_peak_of_the_wave_there(measuring: MainWindow) -> None:
    canvas, record = measuring.canvas, measuring.canvas.record
    assert record is not None
    trace = record.lead("II")
    peak = int(np.argmax(trace[1400:1900])) + 1400
    near_s = (peak + 12) / record.sampling_rate_hz
    area = canvas.viewport()
    QTest.mousePress(area, Qt.MouseButton.LeftButton, ALT, place(measuring, "II", 2.4))
    end = place(measuring, "II", near_s)
    move = canvas.mapToGlobal(end)
    assert move is not None
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(end), QPointF(area.mapToGlobal(end)),
        Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, ALT,
    )  # fmt: skip
    QGuiApplication.sendEvent(area, event)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, ALT, end)
    assert canvas.caliper is not None
    assert canvas.caliper.ends[1] == peak


def test_the_peak_of_a_negative_wave_is_its_lowest_sample(pulse_record: EcgRecord) -> None:
    record = pulse_record.with_signal(-pulse_record.signal)
    trace = record.lead("II")
    lowest = int(np.argmin(trace[1400:1900])) + 1400
    assert peak_near(record, "II", lowest - 10) == lowest
    gap = record.signal.copy()
    gap[:, lowest - 60 : lowest + 60] = np.nan
    assert peak_near(record.with_signal(gap), "II", lowest) == lowest


def test_undo_takes_back_the_last_move_of_the_caliper_in_focus_and_else_the_last_edit(
    measuring: MainWindow, qtbot: QtBot
) -> None:
    canvas = measuring.canvas
    measuring.workspace.steps.apply(SetComment("kept"))
    drag(measuring, place(measuring, "II", 2.0), place(measuring, "II", 3.0))
    drawn = canvas.caliper
    assert drawn is not None
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    assert canvas.caliper is not None
    assert canvas.caliper.ends[1] == drawn.ends[1] + 6
    for expected in (drawn.ends[1] + 1, drawn.ends[1]):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
        assert canvas.caliper is not None
        assert canvas.caliper.ends[1] == expected
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    assert canvas.caliper.ends[1] == drawn.ends[1] + 1
    session = measuring.workspace.reading.session
    assert session is not None
    assert session.draft.comment == "kept"
    measuring.workspace.steps.apply(SetComment("later"))  # what was done last is taken back first
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert session.draft.comment == "kept"
    assert canvas.caliper.ends[1] == drawn.ends[1] + 1
    canvas.items_on_paper.give_focus(None)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert session.draft.comment == ""


def test_delete_takes_one_caliper_off_and_undo_lays_it_back(measuring: MainWindow, qtbot: QtBot) -> None:
    canvas = measuring.canvas
    drag(measuring, place(measuring, "II", 2.0), place(measuring, "II", 3.0))
    drag(measuring, place(measuring, "II", 5.0), place(measuring, "II", 6.0))
    both = canvas.calipers
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.calipers == both[:1]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert [one.ends for one in canvas.calipers] == [one.ends for one in both]


def test_calipers_put_away_come_out_again_and_none_goes_with_another_record(
    measuring: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    canvas = measuring.canvas
    drag(measuring, place(measuring, "II", 2.0), place(measuring, "II", 3.0))
    drawn = canvas.calipers
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.calipers == ()
    measuring.menus["view.caliper"].trigger()
    assert canvas.calipers == drawn
    with qtbot.waitSignal(measuring.workspace.ecg.opened):
        measuring.workspace.walk.next()
    rest()
    assert canvas.calipers == ()
    measuring.menus["view.caliper"].trigger()
    measuring.menus["view.caliper"].trigger()
    assert canvas.calipers == ()


def test_the_plate_of_a_caliper_keeps_its_size_and_lies_on_the_paper_that_is_seen(
    measuring: MainWindow,
) -> None:
    canvas = measuring.canvas
    canvas.set_caliper(Caliper("II", (0, 20)))  # at the paper's left edge
    item = canvas.items_on_paper.calipers.items[0]
    assert canvas.page is not None
    sizes = []
    for _ in range(4):
        for plate in item._plates:
            assert QRectF(0, 0, canvas.page.width_mm, canvas.page.height_mm).contains(plate)
        sizes.append(item._plates[-1].width() * canvas.px_per_mm)
        canvas.zoom_by(1.4, QPointF(place(measuring, "II", 0.02)))
        assert canvas.seen_mm.contains(item._plates[-1])
    assert sizes == pytest.approx([sizes[0]] * 4)


def test_readings_stand_beside_their_own_caliper_clear_of_each_other_and_of_the_names_of_leads(
    measuring: MainWindow,
) -> None:
    canvas = measuring.canvas
    for start_s, end_s in ((0.1, 0.3), (0.5, 0.9), (1.1, 1.5)):
        drag(measuring, place(measuring, "II", start_s), place(measuring, "II", end_s))
    items = canvas.items_on_paper.calipers.items
    plates = [plate for item in items for plate in item.plates]
    assert len(plates) == 6, canvas.calipers  # each in the column of II and in its rhythm strip
    for index, plate in enumerate(plates):
        assert not any(plate.intersects(other) for other in plates[index + 1 :])
    assert canvas.page is not None
    names = [
        QRectF(text.x_mm, text.y_mm - 0.7 * text.size_mm, 1.0, 0.7 * text.size_mm)
        for text in canvas.page.texts
        if text.role == "lead"
    ]
    assert not any(plate.intersects(name) for plate in items[0].plates for name in names)
    for item in items:
        middle = canvas.page.position("II", sum(item.caliper.ends) / 2 / 500)[-1][0]
        assert item.plates[-1].left() <= middle <= item.plates[-1].right()


def test_the_ring_of_a_plate_leaves_the_name_of_a_lead_of_the_first_row_free(measuring: MainWindow) -> None:
    canvas = measuring.canvas
    drag(measuring, place(measuring, "I", 0.05), place(measuring, "I", 0.3))
    assert canvas.page is not None
    (name,) = [text for text in canvas.page.texts if text.text == "I"]
    more = 3.0 / canvas.px_per_mm
    (plate,) = canvas.items_on_paper.calipers.items[0].plates
    height = 0.72 * name.size_mm
    written = QRectF(name.x_mm, name.y_mm - height, 0.5 * name.size_mm, height)
    assert not plate.adjusted(-more, -more, more, more).intersects(written)


# ---- marks -----------------------------------------------------------------------------------------------


def test_an_edge_of_a_mark_is_dragged_as_one_edit_on_a_sample(marking: MainWindow, qtbot: QtBot) -> None:
    assert len(under(marking, place(marking, "II", 4.5, -0.4), MarkItem)) == 1
    drag(marking, place(marking, "II", 5.0), place(marking, "II", 5.5))
    (mark,) = marks(marking)
    assert mark.start_s == 4.0
    assert mark.end_s == pytest.approx(5.5, abs=0.02)
    assert mark.end_s * 500 == pytest.approx(round(mark.end_s * 500), abs=1e-9)
    drag(marking, place(marking, "II", 4.0), place(marking, "II", 4.25))
    assert marks(marking)[0].start_s == pytest.approx(4.25, abs=0.02)
    marking.workspace.steps.undo()
    marking.workspace.steps.undo()
    assert marks(marking) == (Annotation(("II",), 4.0, 5.0),)


@pytest.mark.parametrize(("edge", "to_s", "kept"), [(4.0, 5.6, (4.98, 5.0)), (5.0, 3.2, (4.0, 4.02))])
def test_an_edge_dragged_past_the_other_leaves_a_mark_that_can_be_seen(
    edge: float, to_s: float, kept: tuple[float, float], marking: MainWindow, qtbot: QtBot
) -> None:
    drag(marking, place(marking, "II", edge), place(marking, "II", to_s))
    (mark,) = marks(marking)
    assert (mark.start_s, mark.end_s) == pytest.approx(kept)
    inward = Qt.Key.Key_Right if edge == 4.0 else Qt.Key.Key_Left
    for _ in range(3):  # nor do the keys go on
        qtbot.keyClick(marking.canvas, inward, SHIFT)
    assert (marks(marking)[0].start_s, marks(marking)[0].end_s) == pytest.approx(kept)


def test_a_mark_is_moved_by_its_middle_and_never_out_of_the_record(marking: MainWindow) -> None:
    drag(marking, place(marking, "II", 4.5), place(marking, "II", 7.0))
    (mark,) = marks(marking)
    assert mark.start_s == pytest.approx(6.5, abs=0.02)
    assert mark.end_s - mark.start_s == pytest.approx(1.0)
    drag(marking, place(marking, "II", 7.0), place(marking, "II", 9.95))
    (mark,) = marks(marking)
    record = marking.canvas.record
    assert record is not None
    assert mark.end_s <= record.seconds
    assert mark.end_s - mark.start_s == pytest.approx(1.0)


def test_a_mark_under_the_hand_is_shown_where_it_would_be_and_written_when_it_is_let_go(
    marking: MainWindow,
) -> None:
    canvas, area = marking.canvas, marking.canvas.viewport()
    inside, outside = place(marking, "II", 6.8, -0.6), place(marking, "II", 4.3, -0.6)
    before = area.grab().toImage()
    start, end = place(marking, "II", 4.5), place(marking, "II", 6.8)
    QTest.mousePress(area, Qt.MouseButton.LeftButton, NO_KEY, start)
    QTest.mouseMove(area, end)
    during = area.grab().toImage()
    assert marks(marking) == (Annotation(("II",), 4.0, 5.0),)
    assert during.pixelColor(inside) != before.pixelColor(inside)
    assert during.pixelColor(outside) != before.pixelColor(outside)  # the overlay draws it no more
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)  # never mind
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, NO_KEY, end)
    assert marks(marking) == (Annotation(("II",), 4.0, 5.0),)
    assert canvas.live_marks() == ()


def test_arrow_keys_move_the_edge_of_a_mark_by_a_sample_and_with_shift_by_ten_milliseconds(
    marking: MainWindow, qtbot: QtBot
) -> None:
    canvas = marking.canvas
    click(marking, place(marking, "II", 5.0))  # its end
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert marks(marking)[0].end_s == pytest.approx(5.002)
    qtbot.keyClick(canvas, Qt.Key.Key_Left, SHIFT)
    assert marks(marking)[0].end_s == pytest.approx(4.992)
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)  # the whole mark
    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    assert (marks(marking)[0].start_s, marks(marking)[0].end_s) == (pytest.approx(4.01), pytest.approx(5.002))
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)  # the read's history: each key was one edit
    assert marks(marking) == (Annotation(("II",), 4.0, 5.0),)
    assert canvas.items_on_paper.focused is not None  # the item is still that of the mark
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert marks(marking) == ()


def test_a_mark_is_not_moved_by_a_hand_that_moves_the_paper_unless_it_has_the_focus(
    marking: MainWindow,
) -> None:
    marking.workspace.paper.set_view("read")
    drag(marking, place(marking, "II", 4.5), place(marking, "II", 5.5))
    assert marks(marking)[0].start_s == 4.0
    click(marking, place(marking, "II", 4.5))
    drag(marking, place(marking, "II", 4.5), place(marking, "II", 5.5))
    assert marks(marking)[0].start_s == pytest.approx(5.0, abs=0.02)


def test_ctrl_draws_a_new_mark_inside_another(marking: MainWindow) -> None:
    drag(marking, place(marking, "II", 4.3), place(marking, "II", 4.7), CTRL)
    first, second = marks(marking)
    assert first == Annotation(("II",), 4.0, 5.0)
    assert second.start_s == pytest.approx(4.3, abs=0.02)
    shorter = under(marking, place(marking, "II", 4.5), MarkItem)[0]
    assert isinstance(shorter, MarkItem)
    assert shorter.mark == second


def test_the_menu_of_a_mark_changes_its_code_and_leads_and_deletes_it(marking: MainWindow) -> None:
    at = place(marking, "II", 4.5)
    marking.workspace.steps.toggle_statement("AFIB")
    run(row(marking, at, "All leads"))
    assert marks(marking)[0].leads == ()
    run(row(marking, place(marking, "II", 4.5), "Only II"))
    assert marks(marking)[0].leads == ("II",)
    session = marking.workspace.reading.session
    assert session is not None
    name = next(one.text for one in row(marking, at, "Statement").rows if one.text != "no code")
    run(row(marking, at, name))
    assert marks(marking)[0].code == "AFIB"
    assert marks(marking)[0].label_set == session.label_set.id
    scale = marking.canvas.px_per_mm
    run(row(marking, at, "Zoom to this mark"))
    assert marking.canvas.px_per_mm > 1.2 * scale
    run(row(marking, place(marking, "II", 4.5), "Delete this mark"))
    assert marks(marking) == ()


def test_marks_of_a_signed_read_only_show(marking: MainWindow, qtbot: QtBot) -> None:
    workspace = marking.workspace
    workspace.steps.toggle_statement("NORM")
    workspace.steps.sign()
    qtbot.waitUntil(
        lambda: workspace.reading.session is not None and not workspace.reading.session.is_editable
    )
    drag(marking, place(marking, "II", 4.5), place(marking, "II", 5.5))
    click(marking, place(marking, "II", 4.5))
    qtbot.keyClick(marking.canvas, Qt.Key.Key_Right)
    qtbot.keyClick(marking.canvas, Qt.Key.Key_Delete)
    assert marks(marking)[0] == Annotation(("II",), 4.0, 5.0)
    assert not row(marking, place(marking, "II", 4.5), "Delete this mark").enabled
    assert not row(marking, place(marking, "II", 4.5), "Statement").enabled


def test_no_item_of_a_record_lies_on_the_page_of_another(
    marking: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    canvas, workspace = marking.canvas, marking.workspace
    canvas.set_caliper(Caliper("II", (1000, 1200)))
    left: list[int] = []
    canvas.page_changed.connect(lambda: left.append(len(canvas.items_on_paper.in_order())))
    with qtbot.waitSignal(workspace.ecg.opened):
        workspace.walk.next()
    rest()
    assert set(left) == {0}
    with qtbot.waitSignal(workspace.ecg.opened):
        workspace.walk.previous()
    rest()
    assert [item.name.partition(",")[0] for item in canvas.items_on_paper.in_order()] == [
        "Mark without code on II"
    ]


# ---- the mask --------------------------------------------------------------------------------------------


@pytest.fixture
def masking(opened: MainWindow) -> MainWindow:
    """Return the window in the reconstruct view, with 4 to 5 s hidden."""
    opened.canvas.setFocus()
    opened.workspace.mouse.choose("mask")
    drag(opened, place(opened, "II", 4.01), place(opened, "II", 4.99))
    return opened


def hidden(window: MainWindow) -> list[int]:
    """Return the segments that are hidden."""
    found: list[int] = np.flatnonzero(window.workspace.answers.mask).tolist()
    return found


def test_a_hidden_stretch_is_found_moved_by_mouse_and_keys_and_shown_again_by_a_click(
    masking: MainWindow, qtbot: QtBot
) -> None:
    assert hidden(masking) == list(range(80, 100))
    at = place(masking, "II", 4.5)
    assert len(under(masking, at, MaskItem)) == 1
    drag(masking, at, place(masking, "II", 6.5))
    assert hidden(masking) == list(range(120, 140))
    qtbot.keyClick(masking.canvas, Qt.Key.Key_Left)
    assert hidden(masking) == list(range(119, 139))
    click(masking, place(masking, "II", 6.5))
    assert hidden(masking) == []
    qtbot.keyClick(masking.canvas, Qt.Key.Key_Z, CTRL)
    assert hidden(masking) == list(range(119, 139))
    run(row(masking, place(masking, "II", 6.5), "Show again"))
    assert hidden(masking) == []


def test_a_stretch_that_is_moved_over_another_leaves_it_as_it_was(masking: MainWindow) -> None:
    drag(masking, place(masking, "II", 6.01), place(masking, "II", 6.49))
    area = masking.canvas.viewport()
    QTest.mousePress(area, Qt.MouseButton.LeftButton, NO_KEY, place(masking, "II", 4.5))
    for seconds in (5.0, 6.0, 6.5, 7.5):
        QTest.mouseMove(area, place(masking, "II", seconds))
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, NO_KEY, place(masking, "II", 7.5))
    assert hidden(masking) == [*range(120, 130), *range(140, 160)]
    assert len(masking.canvas.items_on_paper.masks.items) == 2


# ---- modes, zoom, menu -----------------------------------------------------------------------------------


def test_a_dragged_rectangle_fills_the_view_once(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = opened.canvas
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Z)
    assert opened.workspace.mouse.mode == "zoom"
    start, end = place(opened, "II", 4.0, 0.8), place(opened, "II", 6.0, -0.8)
    before = canvas.px_per_mm
    drag(opened, start, end)
    assert opened.workspace.mouse.mode == "pan"
    seen = canvas.seen_mm
    wide = (end.x() - start.x()) / before
    tall = abs(end.y() - start.y()) / before
    assert min(seen.width() / wide, seen.height() / tall) == pytest.approx(1, abs=0.05)
    middle = canvas.locate(QPointF(canvas.viewport().rect().center()))
    assert middle is not None
    assert middle.seconds == pytest.approx(5.0, abs=0.05)


def test_a_double_click_lets_a_lead_fill_the_view_and_another_goes_back(opened: MainWindow) -> None:
    canvas, area = opened.canvas, opened.canvas.viewport()
    before, corner = canvas.px_per_mm, QPointF(canvas.page_corner)
    QTest.mouseDClick(area, Qt.MouseButton.LeftButton, NO_KEY, place(opened, "V5", 8.5))
    assert canvas.px_per_mm > 1.5 * before
    assert canvas.page is not None
    cell = next(trace for trace in canvas.page.traces if trace.lead == "V5")
    assert canvas.seen_mm.adjusted(-0.5, -0.5, 0.5, 0.5).contains(
        QRectF(cell.x0_mm, cell.baseline_mm - cell.row_mm / 2, cell.x1_mm - cell.x0_mm, cell.row_mm)
    )
    QTest.mouseDClick(area, Qt.MouseButton.LeftButton, NO_KEY, area.rect().center())
    assert canvas.px_per_mm == pytest.approx(before)
    assert (QPointF(canvas.page_corner) - corner).manhattanLength() < 1.5


@pytest.mark.parametrize("layout", ["12x1", "6x2"])
def test_a_lead_that_fills_the_view_fills_it_in_another_layout_too(
    layout: str, opened: MainWindow, rest: Callable[[], None]
) -> None:
    canvas, area, paper = opened.canvas, opened.canvas.viewport(), opened.workspace.paper
    QTest.mouseDClick(area, Qt.MouseButton.LeftButton, NO_KEY, place(opened, "V5", 8.5))
    paper.choose(replace(paper.settings, layout=layout))
    rest()
    assert canvas.is_zoomed_to_lead
    assert canvas.page is not None
    (cell,) = [trace for trace in canvas.page.traces if trace.lead == "V5"]
    seen = canvas.seen_mm
    assert seen.adjusted(-0.5, -0.5, 0.5, 0.5).contains(
        QRectF(cell.x0_mm, cell.baseline_mm - cell.row_mm / 2, cell.x1_mm - cell.x0_mm, cell.row_mm)
    )
    wide, tall = seen.width() / (cell.x1_mm - cell.x0_mm), seen.height() / cell.row_mm
    assert min(wide, tall) == pytest.approx(1, abs=0.15)
    QTest.mouseDClick(area, Qt.MouseButton.LeftButton, NO_KEY, area.rect().center())
    assert not canvas.is_zoomed_to_lead
    assert canvas.look().zoom.fit == "width"


def test_without_that_lead_another_layout_is_seen_as_before(
    opened: MainWindow, rest: Callable[[], None]
) -> None:
    canvas, area, paper = opened.canvas, opened.canvas.viewport(), opened.workspace.paper
    QTest.mouseDClick(area, Qt.MouseButton.LeftButton, NO_KEY, place(opened, "V5", 8.5))
    paper.choose(replace(paper.settings, layout="single", single_lead="aVL"))
    rest()
    assert not canvas.is_zoomed_to_lead
    assert canvas.look().zoom.fit == "width"
    assert canvas.horizontalScrollBar().value() == 0


def test_a_mode_of_another_part_gets_the_stretch_and_the_click(opened: MainWindow, qtbot: QtBot) -> None:
    got: list[tuple[object, ...]] = []
    mouse, canvas = opened.workspace.mouse, opened.canvas
    mouse.add(SpanMode("ask", "Ask", "", lambda *span: got.append(span), lambda *at: got.append(at)))
    mouse.choose("ask")
    drag(opened, place(opened, "II", 6.0), place(opened, "II", 5.0))
    drag(opened, place(opened, "II", 2.0), place(opened, "II", 2.5), SHIFT)
    click(opened, place(opened, "V1", 6.0))
    one = 1 / canvas.px_per_mm / 25
    assert got == [
        ("ask", "II", pytest.approx(5.0, abs=one), pytest.approx(6.0, abs=one)),
        ("ask", "", pytest.approx(2.0, abs=one), pytest.approx(2.5, abs=one)),
        ("ask", "V1", pytest.approx(6.0, abs=one)),
    ]
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert mouse.mode == "pan"


def test_the_menu_of_a_place_measures_marks_and_copies_what_is_there(opened: MainWindow) -> None:
    canvas, at = opened.canvas, place(opened, "II", 3.0, 0.2)
    opened.workspace.mouse.offer(lambda spot: [MenuRow(f"Ask of {spot.lead}")] if spot else [])
    assert row(opened, at, "Ask of II").is_first
    run(row(opened, at, "Caliper here"))
    assert canvas.caliper is not None
    assert canvas.caliper.lead == "II"
    assert canvas.caliper.ends[1] - canvas.caliper.ends[0] == 100
    run(row(opened, at, "Mark here"))
    assert marks(opened)[0].leads == ("II",)
    assert marks(opened)[0].end_s - marks(opened)[0].start_s == pytest.approx(0.2)
    run(row(opened, at, "Copy II"))
    assert QGuiApplication.clipboard().text().startswith("II  3.0")
    scale = canvas.px_per_mm
    run(row(opened, at, "Zoom to II"))
    assert canvas.px_per_mm > scale


def test_alt_and_arrows_give_the_keys_to_the_next_thing_and_the_canvas_says_which(
    marking: MainWindow, qtbot: QtBot
) -> None:
    canvas = marking.canvas
    marking.workspace.steps.apply(AddAnnotation(Annotation(("II",), 7.0, 8.0, "PVC")))
    qtbot.keyClick(canvas, Qt.Key.Key_Right, ALT)
    assert canvas.accessibleDescription().startswith("Mark without code on II, 4.000 s to 5.000 s")
    qtbot.keyClick(canvas, Qt.Key.Key_Right, ALT)
    assert canvas.accessibleDescription().startswith("Mark PVC on II, 7.000 s")
    item = canvas.items_on_paper.focused
    assert item is not None
    assert item.toolTip() == item.name
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.items_on_paper.focused is None


def test_the_tool_bar_shows_and_chooses_what_a_drag_does(opened: MainWindow, qtbot: QtBot) -> None:
    box, mouse = opened.tools.mode, opened.workspace.mouse
    assert box.currentText() == "Move"
    opened.menus["view.caliper"].trigger()
    assert box.currentText() == "Caliper"
    box.setCurrentIndex(box.findData("mark"))
    box.activated.emit(box.currentIndex())
    assert opened.workspace.paper.view == "annotate"
    assert mouse.mode == "mark"
    mouse.add(SpanMode("judge", "Judge", "judges a map", lambda *_span: None))
    assert box.findText("Judge") >= 0
    assert box.currentText() == "Mark"


def test_nothing_of_a_record_stays_after_its_menu_was_open(
    opened: MainWindow, record_files: list[Path], qtbot: QtBot, rest: Callable[[], None]
) -> None:
    canvas, at = opened.canvas, place(opened, "II", 3.5)
    opened.workspace.mouse.choose("caliper")
    drag(opened, place(opened, "II", 3.0), place(opened, "II", 4.0))
    where = canvas.viewport().mapToGlobal(at)
    for _ in range(2):
        QApplication.sendEvent(
            canvas.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, where)
        )
        menu = canvas.findChild(QMenu)
        assert menu is not None
        menu.close()
        qtbot.waitUntil(lambda: canvas.findChild(QMenu) is None)
    assert canvas.calipers
    opened.workspace.ecg.open(record_files[1])
    rest()
    assert canvas.record is opened.workspace.ecg.record
    assert canvas.record.source.path == str(record_files[1])
    assert not canvas.calipers


def test_a_caliper_does_not_leap_where_columns_show_the_same_seconds(
    opened: MainWindow, rest: Callable[[], None]
) -> None:
    workspace, canvas = opened.workspace, opened.canvas
    workspace.paper.choose(replace(workspace.paper.settings, layout="3x4+3R", sequential=False))
    rest()
    assert canvas.page is not None
    column, strip = [row for row in canvas.page.traces if row.lead == "V1"]
    assert (column.start_s, strip.start_s) == (0.0, 0.0)

    def at(x_mm: float, y_mm: float) -> QPoint:
        return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()

    workspace.mouse.choose("caliper")
    x0, x1 = column.x0_mm + 10.0, column.x0_mm + 30.0
    drag(opened, at(x0, column.baseline_mm), at(x1, strip.baseline_mm))
    assert canvas.caliper is not None
    ends = canvas.caliper.seconds(canvas.record)
    assert ends == pytest.approx((0.4, 1.2), abs=0.02), "not the 6 s of the strip beneath"


def test_a_stretch_that_was_hidden_by_a_drag_is_shown_again_by_undo(
    masking: MainWindow, qtbot: QtBot
) -> None:
    canvas, before = masking.canvas, hidden(masking)
    drag(masking, place(masking, "II", 7.0), place(masking, "II", 8.0))
    after = hidden(masking)
    assert len(after) >= len(before) + 20
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert hidden(masking) == before
    qtbot.keyClick(canvas, Qt.Key.Key_Y, CTRL)
    assert hidden(masking) == after
