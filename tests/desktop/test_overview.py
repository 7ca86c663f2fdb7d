"""The strip under the paper of a long record: the whole of it, and what the paper shows, each moving the other."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sampler import Sampler, name_of

from ecgview.desktop.canvas import overview as overviews
from ecgview.desktop.canvas.envelope import BINS, Envelope, envelope
from ecgview.desktop.canvas.time_strip import TimeStrip
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.state import paper_choices
from ecgview.errors import Cancelled
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.paper import time_span
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation

Rest = Callable[[], None]
Opens = Callable[..., MainWindow]


def _long(
    pulse: EcgRecord, seconds: float, leads: Sequence[str] = STANDARD_12, fs_hz: float = 500.0
) -> EcgRecord:
    """Return a record of so many seconds, a beat each second, and one of 3 mV in its last second."""
    n = round(seconds * fs_hz)
    beat = pulse.signal[1][: round(fs_hz)]
    row = np.tile(beat, -(-n // beat.size))[:n].copy()
    row[-beat.size :] *= 3.0
    return replace(
        pulse,
        signal=np.stack([np.float32(1.0 + 0.02 * k) * row for k in range(len(leads))]),
        lead_names=tuple(leads),
        sampling_rate_hz=fs_hz,
    )


@pytest.fixture
def opens(window: MainWindow, qtbot: QtBot, rest: Rest, tmp_path: Path, pulse_record: EcgRecord) -> Opens:
    """Return a function that opens a synthetic record of so many seconds."""

    def opened(seconds: float, leads: Sequence[str] = STANDARD_12, fs_hz: float = 500.0) -> MainWindow:
        path = wfdb.write(_long(pulse_record, seconds, leads, fs_hz), tmp_path / f"ecg{seconds:g}")
        with qtbot.waitSignal(window.workspace.ecg.measured, timeout=20000):
            window.workspace.ecg.open(path)
        rest()
        return window

    return opened


def _strip(window: MainWindow) -> TimeStrip:
    assert window.overview.isVisible()
    assert window.overview.strip is not None
    return window.overview.strip


def _x(strip: TimeStrip, seconds: float) -> QPoint:
    return QPoint(strip.mapFromScene(strip.box.mapViewToScene(QPointF(seconds, 0.0))).x(), 20)


def test_a_record_that_its_page_shows_whole_has_no_strip(opened: MainWindow) -> None:
    assert not opened.overview.isVisible()
    assert opened.overview.record is None
    assert opened.overview.strip is None, "nothing is made before the first long record"


def test_the_strip_says_the_whole_length_and_draws_the_rhythm_lead(opens: Opens) -> None:
    window = opens(37.0)
    strip = _strip(window)
    assert window.overview.length.text() == "37 s"
    assert window.overview.stretch.text() == "shown 0.0 to 10.0 s"
    assert window.overview.lead.text() == "II"
    assert strip.box.viewRange()[0] == pytest.approx([0.0, 37.0])
    made, record = strip.envelope, window.workspace.ecg.record
    assert made is not None
    assert record is not None
    row = record.signal[record.lead_names.index("II")]
    assert np.nanmax(made.millivolts) == pytest.approx(row.max())
    assert made.times_s[np.nanargmax(made.millivolts)] == pytest.approx(row.argmax() / 500.0, abs=37.0 / BINS)
    assert "recorded 37 s, shown 0 to 10 s" in window.status.scale_line.text()


def test_another_layout_draws_its_own_rhythm_lead(opens: Opens, rest: Rest) -> None:
    window = opens(37.0)
    paper_choices.change(window.workspace, layout="3x4+3R")
    rest()
    assert window.overview.lead.text() == "V1"
    assert window.overview.strip is not None
    assert window.overview.strip.envelope is not None
    assert window.overview.strip.envelope.lead == "V1"


@pytest.mark.parametrize(
    ("leads", "drawn"), [(("ECG1", "ECG2"), "ECG1"), (("V5", "V1"), "V1"), (("I", "-aVR", "II"), "II")]
)
def test_without_a_rhythm_lead_the_strip_draws_ii_else_v1_else_the_first(
    opens: Opens, leads: tuple[str, ...], drawn: str
) -> None:
    assert opens(25.0, leads).overview.lead.text() == drawn


def test_a_lead_without_any_signal_gives_way_to_the_next(pulse_record: EcgRecord) -> None:
    record = _long(pulse_record, 20.0, ("II", "V1"))
    signal = record.signal.copy()
    signal[0] = np.nan
    assert envelope(replace(record, signal=signal), ("II", "V1")).lead == "V1"


def test_a_gap_stays_a_gap(pulse_record: EcgRecord) -> None:
    record = _long(pulse_record, 20.0, ("II",))
    signal = record.signal.copy()
    signal[0, 2500:5000] = np.nan
    made = envelope(replace(record, signal=signal), ("II",))
    inside = (made.times_s > 5.1) & (made.times_s < 9.9)
    assert np.isnan(made.millivolts[inside]).all()
    assert np.isfinite(made.millivolts[(made.times_s < 4.9) | (made.times_s > 10.1)]).all()


def test_a_click_brings_the_paper_there(opens: Opens, rest: Rest) -> None:
    window = opens(37.0)
    strip = _strip(window)
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=_x(strip, 20.0))
    rest()
    assert window.workspace.paper.settings.start_s == pytest.approx(15.0, abs=0.1)
    assert strip.region.getRegion() == pytest.approx((15.0, 25.0), abs=0.1)
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=_x(strip, 36.5))
    rest()
    assert window.workspace.paper.settings.start_s == pytest.approx(
        27.0
    )  # the last page ends where the record does
    assert window.overview.stretch.text() == "shown 27.0 to 37.0 s"


def test_the_region_is_taken_up_where_it_is_pressed_and_follows_the_hand(opens: Opens, rest: Rest) -> None:
    window = opens(60.0)
    strip = _strip(window)
    QTest.mousePress(strip.viewport(), Qt.MouseButton.LeftButton, pos=_x(strip, 8.0))
    for seconds in (12.0, 20.0, 31.0, 28.0):
        QTest.mouseMove(strip.viewport(), _x(strip, seconds))
        assert strip.region.getRegion()[0] == pytest.approx(seconds - 8.0, abs=0.2), (
            "before its page is there"
        )
    QTest.mouseRelease(strip.viewport(), Qt.MouseButton.LeftButton, pos=_x(strip, 28.0))
    rest()
    assert window.canvas.composed is not None
    assert window.canvas.composed.start_s == pytest.approx(20.0, abs=0.2), "the last place that was asked for"
    assert strip.region.getRegion() == pytest.approx((20.0, 30.0), abs=0.2)


def test_within_its_page_the_paper_is_moved_without_another_page(opens: Opens, rest: Rest) -> None:
    window = opens(37.0)
    for _ in range(5):
        window.canvas.zoom_in()
    rest()
    low, high = window.overview.seen_s
    assert high - low < 6.0, "only a part of the page is seen"
    page = window.canvas.page
    window.overview.show_from(3.0)
    rest()
    assert window.canvas.page is page
    assert window.overview.seen_s == pytest.approx((3.0, 3.0 + high - low), abs=0.2)
    assert window.overview.region_s == window.overview.seen_s
    window.overview.show_from(20.0)
    rest()
    assert window.canvas.page is not page
    assert window.overview.seen_s[0] == pytest.approx(20.0, abs=0.2)
    window.overview.show_from(18.5)
    rest()
    assert window.overview.seen_s[0] == pytest.approx(18.5, abs=0.2), "backwards, too"


def test_moving_the_paper_moves_the_region(opens: Opens, rest: Rest) -> None:
    window = opens(37.0)
    strip = _strip(window)
    window.menus["view.later"].trigger()
    rest()
    assert strip.region.getRegion() == pytest.approx((10.0, 20.0))
    for _ in range(5):
        window.canvas.zoom_in()
    rest()
    before = strip.region.getRegion()
    assert before[1] - before[0] < 6.0
    window.canvas.show_from_mm(0.0)
    assert strip.region.getRegion()[0] == pytest.approx(10.0)
    assert strip.region.getRegion() != before


def test_the_keys_move_the_paper_while_the_strip_has_them(opens: Opens, rest: Rest) -> None:
    window = opens(60.0)
    strip = _strip(window)
    strip.setFocus()
    assert strip.hasFocus()
    name, seen = window.workspace.ecg.path, []
    for key in (
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Right,
        Qt.Key.Key_Left,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_End,
        Qt.Key.Key_Home,
    ):
        QTest.keyClick(strip, key)
        rest()
        seen.append(round(window.overview.seen_s[0], 3))
    assert seen == pytest.approx([10.0, 12.0, 10.0, 0.0, 50.0, 0.0])
    assert window.workspace.ecg.path == name, "Page Down does not go to the next record from here"


def test_keys_pressed_quickly_add_up_although_one_page_is_made_at_a_time(opens: Opens, rest: Rest) -> None:
    window = opens(60.0)
    strip = _strip(window)
    for _ in range(3):
        QTest.keyClick(strip, Qt.Key.Key_PageDown)
    rest()
    assert window.overview.seen_s == pytest.approx((30.0, 40.0))


def test_a_whole_day_is_drawn_from_few_points_and_told_in_words(opens: Opens, rest: Rest) -> None:
    window = opens(24 * 3600.0 + 180.0, ("II",), 100.0)
    strip = _strip(window)
    assert window.overview.length.text() == "24 h 3 min"
    made = strip.envelope
    assert made is not None
    assert made.times_s.size == 2 * BINS
    assert strip.axis.tickStrings([0.0, 5400.0], 1.0, 5400.0) == ["0 s", "1 h 30 min"]
    window.overview.show_from(13 * 3600.0 + 130.0)
    rest()
    assert window.overview.stretch.text() == "shown 13 h 2 min 10 s\nto 13 h 2 min 20 s"
    assert window.overview.stretch.sizeHint().width() <= window.overview.stretch.width()


def test_the_envelope_reports_and_stops_when_nobody_waits(pulse_record: EcgRecord) -> None:
    record = _long(pulse_record, 3600.0, ("II",), 1000.0)
    told: list[float] = []

    def stop(fraction: float, _text: str = "") -> None:
        told.append(fraction)
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        envelope(record, ("II",), stop)
    assert told == sorted(told)
    assert 0.0 == told[0] < told[-1] < 1.0
    assert len(told) > 1


def test_an_envelope_of_the_record_before_is_dropped(
    window: MainWindow,
    qtbot: QtBot,
    rest: Rest,
    tmp_path: Path,
    pulse_record: EcgRecord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached, let_go = threading.Event(), threading.Event()

    def slow(record: EcgRecord, leads: Sequence[str], progress: Progress = silent) -> Envelope:
        if record.seconds < 30.0:
            reached.set()
            assert let_go.wait(20)
        return envelope(record, leads, silent)  # hears of no cancel

    monkeypatch.setattr(overviews, "envelope", slow)
    first, second = (wfdb.write(_long(pulse_record, s), tmp_path / f"ecg{s:g}") for s in (25.0, 45.0))
    window.workspace.ecg.open(first)
    qtbot.waitUntil(reached.is_set)
    window.workspace.ecg.open(second)

    def is_drawn() -> bool:
        made = window.overview.strip
        return made is not None and made.envelope is not None

    qtbot.waitUntil(is_drawn)
    strip = _strip(window)
    drawn = strip.envelope
    let_go.set()
    rest()
    assert strip.envelope is drawn
    assert drawn is not None
    assert drawn.times_s[-1] == pytest.approx(45.0, abs=0.1)


def test_marks_stand_where_they_begin(opens: Opens, rest: Rest) -> None:
    window = opens(37.0)
    window.workspace.steps.apply(AddAnnotation(Annotation(("II",), 12.0, 14.0)))
    x, _ = _strip(window).marks.getData()
    assert list(x) == [12.0, 12.0]


def test_words_for_a_length_and_for_a_place() -> None:
    assert [time_span.words(s) for s in (37.0, 10.24, 115.0, 1806.0, 86580.0)] == [
        "37 s", "10.24 s", "115 s", "30 min 6 s", "24 h 3 min",
    ]  # fmt: skip
    assert time_span.words(0.0, whole=True) == "0 s"
    assert time_span.words(90.4, whole=True) == "1 min 30 s"


def test_the_strip_never_tells_of_the_record_before(
    window: MainWindow, qtbot: QtBot, rest: Rest, tmp_path: Path, pulse_record: EcgRecord
) -> None:
    paths = [
        wfdb.write(_long(pulse_record, seconds), tmp_path / f"ecg-{number:02d}")
        for number, seconds in enumerate((37.0, 61.0, 10.0, 45.0))
    ]
    window.workspace.ecg.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.workspace.ecg.record is not None)
    rest()
    sampler = Sampler(window)
    for number in (1, 0, 3, 2, 1, 2, 3):
        window.workspace.ecg.open(paths[number])
        qtbot.waitUntil(lambda n=number: name_of(window.workspace.ecg.record) == f"ecg-{n:02d}")
        window.overview.show_from(12.0)
        rest()
    sampler.stop()
    assert sampler.mixes == []
    assert {"ecg-00", "ecg-01", "ecg-03"} <= sampler.told["overview"]
    assert {"ecg-00", "ecg-01", "ecg-03"} <= sampler.told["overview drawn"]
    assert "ecg-02" not in sampler.told["overview"]
