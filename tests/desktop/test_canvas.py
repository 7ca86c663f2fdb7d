"""The canvas: what the mouse and the keys measure, mark and mask; pictures are kept, not painted again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview.desktop.canvas import gestures
from ecgview.desktop.canvas.caliper import Caliper
from ecgview.desktop.canvas.view_port import Zoom, with_room
from ecgview.desktop.chrome.window import MainWindow
from ecgview.paper import painter
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.review.history import SetComment


def _place(window: MainWindow, lead: str, seconds: float, millivolts: float = 0.0) -> QPoint:
    """Return where a moment of a lead lies in the viewport, in its last drawing (a rhythm strip)."""
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position(lead, seconds, millivolts)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()


def _drag(window: MainWindow, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier) -> None:
    area = window.canvas.viewport()
    QTest.mousePress(area, Qt.MouseButton.LeftButton, keys, start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(area, start + (end - start) * share)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, keys, end)


NO_KEY = Qt.KeyboardModifier.NoModifier


def test_the_place_under_the_mouse_is_the_place_on_the_paper(opened: MainWindow) -> None:
    found = opened.canvas.locate(QPointF(_place(opened, "II", 4.2, 0.5)))
    assert found is not None
    assert found.lead == "II"
    assert found.seconds == pytest.approx(4.2, abs=0.5 / 25 / opened.canvas.px_per_mm * 1.1)
    assert found.millivolts == pytest.approx(0.5, abs=0.1 / opened.canvas.px_per_mm * 1.1)


def test_the_cursor_is_read_out_with_units(opened: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(opened.canvas.cursor_moved):
        QTest.mouseMove(opened.canvas.viewport(), _place(opened, "II", 4.25))
    assert opened.status.cursor_read.text().startswith("II  4.2")
    assert opened.status.cursor_read.text().endswith(" mV")


def test_t1_the_caliper_measures_between_samples(opened: MainWindow) -> None:
    """Two beats of the record are one second apart; the R peak of II is 1 mV above the baseline."""
    canvas, record = opened.canvas, opened.canvas.record
    assert record is not None
    opened.menus["view.caliper"].trigger()
    _drag(opened, _place(opened, "II", 3.4), _place(opened, "II", 4.4), NO_KEY)
    assert canvas.caliper is not None
    ms, bpm, mv = canvas.caliper.readings(record)
    assert ms == pytest.approx(1000, abs=2 * 40 / canvas.px_per_mm)
    step_ms = 1000 / record.sampling_rate_hz
    assert ms % step_ms == pytest.approx(0, abs=1e-6)
    canvas.set_caliper(Caliper("II", (1700, 2200)))
    assert canvas.caliper.readings(record)[:2] == (1000, 60)
    canvas.set_caliper(Caliper("II", (1500, 1700)))
    assert canvas.caliper.readings(record)[2] == pytest.approx(1.0, abs=0.03)
    assert canvas.caliper.text(record) == "400 ms · 150 bpm · +1.00 mV"
    assert (bpm, mv) != (0, 0)


def test_t1_arrows_move_one_sample_and_shift_ten_milliseconds(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = opened.canvas
    canvas.toggle_caliper()
    canvas.set_caliper(Caliper("II", (1000, 1200)))
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.caliper is not None
    assert canvas.caliper.ends == (1000, 1201)
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.caliper.ends == (1000, 1196)
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.caliper.ends == (1001, 1196)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.caliper is None


def test_f4_a_display_filter_does_not_change_a_reading(opened: MainWindow, rest: Callable[[], None]) -> None:
    canvas, record = opened.canvas, opened.canvas.record
    assert record is not None
    canvas.set_caliper(Caliper("V5", (700, 900)))
    before = canvas.caliper.text(record) if canvas.caliper else ""
    for _ in range(6):
        opened.menus["view.next_filter"].trigger()
        rest()
        assert canvas.caliper is not None
        assert canvas.caliper.text(record) == before


def test_a_drag_in_the_annotate_view_marks_one_lead_and_with_shift_all(opened: MainWindow) -> None:
    workspace = opened.workspace
    workspace.paper.set_view("annotate")
    _drag(opened, _place(opened, "II", 5.0), _place(opened, "II", 5.6), NO_KEY)
    _drag(opened, _place(opened, "II", 6.0), _place(opened, "II", 6.5), Qt.KeyboardModifier.ShiftModifier)
    assert workspace.reading.session is not None
    first, second = workspace.reading.session.draft.annotations
    assert first.leads == ("II",)
    assert first.start_s == pytest.approx(5.0, abs=0.03)
    assert first.end_s == pytest.approx(5.6, abs=0.03)
    assert second.leads == ()


def test_a_click_in_the_annotate_view_marks_nothing(opened: MainWindow) -> None:
    opened.workspace.paper.set_view("annotate")
    QTest.mouseClick(opened.canvas.viewport(), Qt.MouseButton.LeftButton, NO_KEY, _place(opened, "II", 5.0))
    assert opened.workspace.reading.session is not None
    assert opened.workspace.reading.session.draft.is_empty


def test_a_drag_in_the_reconstruct_view_hides_the_segments_under_it(opened: MainWindow) -> None:
    workspace = opened.workspace
    workspace.paper.set_view("reconstruct")
    _drag(opened, _place(opened, "II", 4.01), _place(opened, "II", 5.02), NO_KEY)
    assert np.flatnonzero(workspace.answers.mask).tolist() == list(range(80, 101))
    _drag(opened, _place(opened, "II", 4.52), _place(opened, "II", 4.58), Qt.KeyboardModifier.ShiftModifier)
    assert not workspace.answers.mask[90:92].any()
    assert gestures.spans(workspace.answers.mask, 0.05) == [
        (4.0, 4.5),
        (pytest.approx(4.6), pytest.approx(5.05)),
    ]


def test_panning_paints_no_trace_again(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Panning is a blit: once the squares over the page are made, moving the paper paints nothing."""
    canvas, painted = opened.canvas, [0]
    real = painter.paint_page

    def counted(*args: object, **named: object) -> None:
        painted[0] += 1
        real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(painter, "paint_page", counted)
    for _ in range(5):
        canvas.zoom_in()
    canvas.settle()
    bars = (canvas.horizontalScrollBar(), canvas.verticalScrollBar())
    assert all(bar.maximum() > 100 for bar in bars)

    def walk() -> None:
        for share in np.linspace(0, 1, 12):
            for bar in bars:
                bar.setValue(round(bar.maximum() * share))
            canvas.viewport().repaint()
            qtbot.waitUntil(lambda: not canvas.has_missing)

    walk()
    walk()
    before = painted[0]
    assert before > 0
    walk()
    assert painted[0] == before


def test_zoom_keeps_the_place_under_the_mouse(opened: MainWindow) -> None:
    at = QPointF(_place(opened, "II", 5.0))
    before = opened.canvas.locate(at)
    opened.canvas.zoom_by(1.5, at)
    after = opened.canvas.locate(at)
    assert before is not None
    assert after is not None
    assert after.lead == before.lead
    assert after.seconds == pytest.approx(before.seconds, abs=0.02)


def test_the_page_changes_with_the_record_and_is_painted_before_anything_else(
    opened: MainWindow, qtbot: QtBot
) -> None:
    canvas, workspace = opened.canvas, opened.workspace
    painted: list[bool] = []
    workspace.ecg.switched.connect(lambda: painted.append(canvas.painted is workspace.ecg.record))
    with qtbot.waitSignal(workspace.ecg.opened):
        workspace.walk.next()
    assert canvas.record is workspace.ecg.record
    assert canvas.record is not None
    assert set(painted) == {True}
    assert _ink(opened) > 0


def test_the_reconstruction_view_shades_the_mask_and_another_view_does_not(opened: MainWindow) -> None:
    workspace, canvas = opened.workspace, opened.canvas
    bare = _picture(opened)
    workspace.paper.set_view("reconstruct")
    workspace.answers.set_mask(
        gestures.masked(workspace.answers.mask, gestures.Drag("mask", "II", 2.0, 3.0), 0.05)
    )
    shaded = _picture(opened)
    inside, outside = _place(opened, "II", 2.5, -0.7), _place(opened, "II", 4.5, -0.7)
    assert shaded.pixelColor(inside) != bare.pixelColor(inside)
    assert shaded.pixelColor(outside) == bare.pixelColor(outside)
    workspace.paper.set_view("read")
    assert _picture(opened).pixelColor(inside) == bare.pixelColor(inside)
    assert canvas.page is not None


def test_l3_a_faster_paper_is_wider_and_never_squeezed(opened: MainWindow, rest: Callable[[], None]) -> None:
    scale = opened.canvas.px_per_mm
    assert not opened.canvas.is_scrollable
    opened.menus["view.next_speed"].trigger()
    rest()
    assert opened.workspace.paper.settings.speed_mm_per_s == 50
    assert opened.canvas.px_per_mm == pytest.approx(scale, rel=0.1)
    assert opened.canvas.horizontalScrollBar().maximum() > 400


def test_rows_use_the_room_there_is_and_never_come_closer_than_their_layout() -> None:
    paper = PaperSettings()
    assert with_room(paper, (1000, 300)) == paper
    tall = with_room(paper, (1000, 900))
    assert tall.row_mm is not None
    assert tall.row_mm > 25
    assert replace(tall, row_mm=None) == paper
    asked = replace(paper, row_mm=30.0)
    assert with_room(asked, (1000, 900)) == asked


def test_the_zoom_follows_the_window_until_a_hand_takes_over() -> None:
    page = (270.0, 190.0)
    wide = Zoom().fitted(page, (1024, 800))
    assert wide.px_per_mm == pytest.approx(1000 / 270)
    assert Zoom(fit="page").fitted(page, (1024, 400)).px_per_mm == pytest.approx(376 / 190)
    assert wide.times(1.5).fitted(page, (500, 500)).px_per_mm == pytest.approx(1.5 * 1000 / 270)


def test_marks_are_drawn_in_every_view(opened: MainWindow) -> None:
    bare = _picture(opened)
    opened.workspace.steps.add_annotation(("II",), 2.0, 3.0)
    opened.workspace.steps.apply(SetComment("x"))
    place = _place(opened, "II", 2.5, -0.7)
    assert _picture(opened).pixelColor(place) != bare.pixelColor(place)


def test_a_gap_in_the_samples_is_told_by_the_caliper(pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[:, 100:200] = np.nan
    assert Caliper("I", (50, 150)).text(pulse_record.with_signal(signal)) == "200 ms · 300 bpm · no sample"


def _picture(window: MainWindow) -> QImage:
    return window.canvas.viewport().grab().toImage()


def _ink(window: MainWindow) -> int:
    """Return how many dark pixels are on the trace."""
    image = _picture(window).convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return int((grey < 60).sum())


def test_rows_follow_the_height_of_the_window(
    opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    canvas = opened.canvas
    opened.resize(1500, 950)
    rest()
    assert canvas.composed is not None
    tall = canvas.composed.row_mm
    opened.resize(1500, 760)  # the scale follows the width alone
    qtbot.waitUntil(lambda: canvas.composed is not None and canvas.composed.row_mm != tall)
    rest()
    assert not canvas.verticalScrollBar().maximum()
