"""What is measured, in the real window: lines and letters on the trace, moved by keys, closed by a study."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from ecgview import api, resources
from ecgview.about import VERSION
from ecgview.desktop.canvas import paper_menu
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.kit.measured_value import MeasuredTable, MeasuredValue
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.measuring import CLOSED
from ecgview.desktop.work import tasks
from ecgview.progress import Progress, silent
from ecgview.record import DeviceMeasurement, DeviceReading, EcgRecord
from ecgview.review.history import PutEdges
from ecgview.signal.measure.measured import Edge, Measured
from ecgview.signal.measure.measured import Edit as EdgeEdit
from ecgview.signal.measurements import Measurement, NormalRange

ALT, SHIFT, CTRL = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
Rest = Callable[[], None]


def _measured(window: MainWindow) -> Measured:
    found = window.workspace.measuring.measured
    assert found is not None
    return found


def _value(window: MainWindow, name: str) -> Measurement:
    return next(one for one in window.workspace.ecg.measurements or () if one.name == name)


def _edges(window: MainWindow) -> tuple[EdgeItem, ...]:
    return window.canvas.items_on_paper.edges.items


def test_lines_and_letters_are_switched_by_keys_and_stand_on_every_beat(
    shown: MainWindow, qtbot: QtBot
) -> None:
    measured, items = _measured(shown), shown.canvas.items_on_paper
    assert (_edges(shown), items.letters.letters) == ((), "")
    qtbot.keyClick(shown.canvas, Qt.Key.Key_I)
    beats = {item.line.beat for item in _edges(shown)}
    assert beats == set(range(len(measured.beats)))
    for item in _edges(shown):
        kind, end = item.line.edge.split()
        wave = measured.beats[item.line.beat or 0].overall[kind]  # type: ignore[index]
        assert wave is not None
        assert item.seconds == (wave.onset_s if end == "onset" else wave.offset_s)
    qtbot.keyClick(shown.canvas, Qt.Key.Key_I, SHIFT)
    assert items.letters.letters == "N" * len(measured.beats)
    qtbot.keyClick(shown.canvas, Qt.Key.Key_I)
    qtbot.keyClick(shown.canvas, Qt.Key.Key_I, SHIFT)
    assert (_edges(shown), items.letters.letters) == ((), "")


def test_a_line_is_chosen_and_moved_by_keys_and_a_wave_taken_away(
    shown: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    canvas, workspace = shown.canvas, shown.workspace
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    rest()
    order = []
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_Right, ALT)
        chosen = canvas.items_on_paper.focused
        assert isinstance(chosen, EdgeItem)
        order.append(chosen.line.edge)
    assert order == ["P onset", "P offset", "QRS onset", "QRS offset", "T offset"]
    qtbot.keyClick(canvas, Qt.Key.Key_Left, ALT)
    item = canvas.items_on_paper.focused
    assert isinstance(item, EdgeItem)
    assert item.line.edge == "QRS offset"
    rate = _measured(shown).median.sampling_rate_hz  # type: ignore[union-attr]
    was, width = item.seconds, _value(shown, "QRS duration")
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    one = item.seconds
    assert one == pytest.approx(was + 1 / rate, abs=0.51 / rate)  # on a sample from now on (C4)
    assert one * rate == pytest.approx(round(one * rate))
    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    rest()
    assert item.seconds == pytest.approx(one + 0.010)
    session = workspace.reading.session
    assert session is not None
    assert [edge.edge for edge in session.draft.edges] == ["QRS offset"]  # each key is one edit, of one edge
    now = _value(shown, "QRS duration")
    assert now.before == width.value
    assert (now.value or 0) > (width.value or 0) + 9
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    rest()
    assert _value(shown, "QRS duration") == width
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Left, ALT)
    assert canvas.items_on_paper.focused.line.edge == "P onset"  # type: ignore[union-attr]
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    rest()
    assert _value(shown, "PR").value is None
    assert {item.line.edge for item in _edges(shown)} == {"QRS onset", "QRS offset", "T offset"}
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    rest()
    assert _value(shown, "PR").value is not None


def test_a_qrs_complex_is_not_taken_away_and_an_edge_goes_back_by_the_menu(
    shown: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    canvas, measuring = shown.canvas, shown.workspace.measuring
    before = _value(shown, "QT")
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    rest()
    measuring.take_away("QRS onset", None)
    assert shown.workspace.reading.session.draft.edges == ()  # type: ignore[union-attr]
    assert "cannot be taken away" in shown.messages.text.text()
    offset = _measured(shown).median.overall["T"].offset_s  # type: ignore[union-attr]
    measuring.put("T offset", None, offset + 0.02)
    rest()
    assert _value(shown, "QT").source == "edited"
    item = next(one for one in _edges(shown) if one.line.edge == "T offset")
    rows = {row.text: row for row in paper_menu.rows(canvas, item, None)}
    back = rows["Back to where it was computed"]
    assert back.enabled
    assert back.run is not None
    back.run()
    rest()
    assert _value(shown, "QT") == before


@pytest.mark.parametrize(
    ("edge", "beat", "by_s", "room_s"),
    [
        ("P onset", None, 2.0, 0.030),
        ("P offset", None, -2.0, 0.030),
        ("QRS onset", 3, 2.0, 0.030),
        ("QRS offset", 3, -2.0, 0.030),
        ("T offset", None, -2.0, 0.060),
        ("P onset", 3, -9.0, None),
        ("T offset", 3, 9.0, None),
    ],
)
def test_the_hand_cannot_take_an_edge_where_it_cannot_be(
    shown: MainWindow,
    rest: Rest,
    qtbot: QtBot,
    edge: Edge,
    beat: int | None,
    by_s: float,
    room_s: float | None,
) -> None:
    """It stops a shortest wave before the other edge, and before the neighbour's QRS: what it lets go of is taken."""
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Q if beat is None else Qt.Key.Key_I)
    rest()
    item = next(one for one in _edges(shown) if (one.line.edge, one.line.beat) == (edge, beat))
    was = item.seconds
    item._move(was + by_s)
    item.let_go()
    rest()
    session = shown.workspace.reading.session
    assert session is not None
    (edit,) = session.draft.edges
    assert (edit.edge, edit.beat) == (edge, beat)
    found = _measured(shown)
    assert found.edits == (edit,)
    waves = found.median.overall if beat is None else found.beats[beat].overall  # type: ignore[union-attr]
    kind = edge.split()[0]
    wave, qrs = waves[kind], waves["QRS"]  # type: ignore[index]
    assert wave is not None
    assert qrs is not None
    if room_s is None:
        others = [found.beats[k].overall["QRS"] for k in (2, 4)]
        assert others[0] is not None
        assert others[1] is not None
        assert others[0].offset_s <= edit.to_s <= others[1].onset_s
        assert abs(edit.to_s - was) < abs(by_s) / 2
    else:
        length = wave.offset_s - (qrs.offset_s if kind == "T" else wave.onset_s)
        assert room_s <= length < room_s + 2 / item._rate


def test_edges_that_would_not_go_together_are_refused_before_they_are_in_the_read(
    shown: MainWindow, rest: Rest
) -> None:
    """P moved as a whole, then its offset let back alone: it would end before it begins."""
    measuring = shown.workspace.measuring
    p = _measured(shown).median.overall["P"]  # type: ignore[union-attr]
    assert p is not None
    qrs = _measured(shown).median.overall["QRS"]  # type: ignore[union-attr]
    assert qrs is not None
    measuring.put("P offset", None, qrs.onset_s)
    rest()
    measuring.put("P onset", None, p.offset_s - 0.02)
    rest()
    before, pr = _measured(shown).edits, _value(shown, "PR")
    measuring.restore("P offset", None)
    rest()
    session = shown.workspace.reading.session
    assert session is not None
    assert session.draft.edges == before
    assert len(before) == 2
    assert shown.messages.text.text() == "P onset of the median beat cannot be there."
    assert "(30 ms before P offset)" in shown.messages.details.text()
    assert _value(shown, "PR") == pr


def test_an_edge_of_a_read_that_does_not_fit_this_record_is_told_and_left_out(
    shown: MainWindow, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a read from before another network found other beats: the others are laid on, the report says so, too."""
    from ecgview.desktop.dialogs import report
    from ecgview.report import json_report

    session = shown.workspace.reading.session
    assert session is not None
    t = _measured(shown).median.overall["T"]  # type: ignore[union-attr]
    assert t is not None
    fits, alien = EdgeEdit("T offset", t.offset_s + 0.02), EdgeEdit("P onset", 3.0, 77)
    shown.workspace.steps.apply(PutEdges((fits, alien)))
    rest()
    assert _measured(shown).edits == (fits,)
    assert _value(shown, "QT").source == "edited"
    said = "An edge put elsewhere by hand is not laid on: P onset: no such beat; expected 0 to"
    assert said in shown.messages.text.text()
    assert any(text.startswith(said) for text in _measured(shown).warnings)
    shown.workspace.measuring.put(
        "T offset", None, t.offset_s + 0.03
    )  # what does not fit stops no other edit
    rest()
    assert {one.to_s for one in session.draft.edges} == {t.offset_s + 0.03, 3.0}
    session.commit_first_read()
    rest()
    content = report.content(shown.workspace)
    assert any(said in text for text in json_report.as_dict(content)["measured"]["warnings"])


def test_a_signed_read_takes_no_edit_of_an_edge(shown: MainWindow, qtbot: QtBot, rest: Rest) -> None:
    qtbot.keyClick(shown.canvas, Qt.Key.Key_N)
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Return, CTRL | SHIFT)
    rest()
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Q)
    rest()
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Right, ALT)
    item = shown.canvas.items_on_paper.focused
    assert isinstance(item, EdgeItem)
    was = item.seconds
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Right)
    assert item.seconds == was
    assert not shown.canvas.items_on_paper.may_move(item)


def test_marks_and_masks_are_not_laid_on_the_median_beat_and_calipers_have_their_own(
    shown: MainWindow, qtbot: QtBot, rest: Rest
) -> None:
    from ecgview.desktop.canvas.caliper import Caliper

    canvas, items = shown.canvas, shown.canvas.items_on_paper
    shown.workspace.steps.add_annotation(("II",), 0.2, 0.6)
    own = Caliper("II", (100, 300))
    canvas.set_caliper(own)
    assert len(items.marks.items) == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    rest()
    assert (items.marks.items, canvas.calipers) == ((), ())
    canvas.set_caliper(Caliper("V2", (10, 20)))
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    rest()
    assert canvas.calipers == (own,)
    assert len(items.marks.items) == 1


def test_the_next_record_begins_with_its_rhythm(shown: MainWindow, qtbot: QtBot, rest: Rest) -> None:
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Q)
    rest()
    other = next(iter(resources.path("demo").rglob("lbbb.hea")))
    shown.workspace.ecg.open(other)
    rest()
    assert shown.canvas.page is not None
    assert not shown.canvas.page.is_of_median
    assert _edges(shown) == ()


def test_what_is_measured_of_another_record_is_dropped(
    shown: MainWindow, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job of the record before may end last: its numbers must not stand beside this trace."""
    measuring, first = shown.workspace.measuring, shown.workspace.ecg.record
    late = replace(_measured(shown), reason="of the record before")
    shown.workspace.ecg.open(next(iter(resources.path("demo").rglob("lbbb.hea"))))
    rest()
    assert first is not shown.workspace.ecg.record
    mine = _measured(shown)
    assert first is not None
    measuring._take_computed(first, late)
    measuring._take_again(first, late, ())
    assert measuring.measured is mine


def test_a_study_closes_measurements_until_the_first_read_is_locked(
    window: MainWindow, settings: Settings, demo: Path, rest: Rest, qtbot: QtBot
) -> None:
    settings.set("study.measurements", False)
    window.workspace.ecg.open_paths([demo])
    rest()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_I)
    qtbot.keyClick(window.canvas, Qt.Key.Key_I, SHIFT)
    assert window.workspace.measuring.measured is None
    assert (_edges(window), window.canvas.items_on_paper.letters.letters) == ((), "")
    assert window.measured.text == "Measurements are closed"
    for panel in ("glance", "measurements"):
        section = window.side.section(panel)
        assert section is not None
        assert CLOSED in [one.text() for one in section.content.findChildren(Text)]
        assert not any(one.isVisible() for one in section.content.findChildren(MeasuredValue))
    qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    rest()
    assert window.canvas.page is not None
    head = [text.text for text in window.canvas.page.texts if text.role == "header"]
    assert head == ["No median beat: measurements stay closed until your first read is locked"]
    qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    qtbot.keyClick(window.canvas, Qt.Key.Key_N)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return, CTRL)
    rest()
    assert window.workspace.measuring.measured is not None
    assert _edges(window)
    assert "QT" in window.measured.text


def test_a_value_out_of_range_is_told_by_arrow_and_word_and_the_files_own_beside_it_after_the_reveal(
    window: MainWindow, rest: Rest, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecgview.desktop.work import tasks

    read = tasks.read

    def with_device(path: Path, *more: object, **others: object) -> EcgRecord:
        device = DeviceReading(
            (DeviceMeasurement("qrs", 300.0, "ms"), DeviceMeasurement("heart_rate", 60.0, "bpm"))
        )
        return replace(read(path, *more, **others), device_reading=device)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "read", with_device)
    window.workspace.ecg.open_paths([demo])
    rest()
    section = window.side.section("measurements")
    assert section is not None
    (table,) = section.content.findChildren(MeasuredTable)

    def beside(name: str) -> str:
        return next(row[3].text() for row in table._rows if row[0].text() == name)

    assert "file" not in beside("QRS duration")  # closed while the read is blind (W2)
    item = replace(_value(window, "QRS duration"), value=135.0)
    rest_of = tuple(one for one in window.workspace.ecg.measurements or () if one.name != "QRS duration")
    window.workspace.ecg.take_measurements((*rest_of, item))
    assert beside("QRS duration") == "above 110 ms"
    assert "QRS 135 ms ↑ high" in window.measured.text
    window.workspace.steps.set_blind(False)
    rest()
    (table,) = section.content.findChildren(MeasuredTable)
    assert beside("QRS duration") == "file 300, differs, above 110 ms"


def test_values_that_ecgview_wrote_into_the_file_are_no_devices_and_open_as_computed_ones_are(
    window: MainWindow, rest: Rest, demo: Path, tmp_path: Path
) -> None:
    (row,) = api.convert([demo], tmp_path / "own.dcm", measurements=True)
    window.workspace.ecg.open_paths([Path(row.target)])
    rest()
    assert not window.workspace.reading.may_show_ai()
    section = window.side.section("measurements")
    assert section is not None
    (table,) = section.content.findChildren(MeasuredTable)
    beside = {line[0].text(): line[3].text() for line in table._rows}
    assert beside["QRS duration"].startswith(f"ecgview {VERSION} in the file ")
    window.workspace.steps.set_blind(False)
    rest()
    section = window.side.section("device")
    assert section is not None
    told = [one.text() for one in section.content.findChildren(Text)]
    assert f"Measurements of ecgview {VERSION}, in the file: no device's." in told
    assert f"ecgview {VERSION}" in told
    assert not {"Device", "Statements of the device"} & set(told)


def test_what_a_readers_hand_left_in_a_file_stays_closed_to_a_blind_reader(
    window: MainWindow, rest: Rest, demo: Path, tmp_path: Path
) -> None:
    median = api.measured(demo).median
    assert median is not None
    assert median.overall["T"] is not None
    edit = EdgeEdit("T offset", median.overall["T"].offset_s + 0.05, by="Dr Li")
    (row,) = api.convert([demo], tmp_path / "own.dcm", deidentify=False, measurements=True, edits=[edit])
    window.workspace.ecg.open_paths([Path(row.target)])
    rest()
    section = window.side.section("measurements")
    assert section is not None
    (table,) = section.content.findChildren(MeasuredTable)
    assert not any("in the file" in line[3].text() for line in table._rows)


def test_an_export_from_the_window_has_the_reads_edits_and_says_by_whom(
    shown: MainWindow, rest: Rest, demo: Path, tmp_path: Path
) -> None:
    from ecgview import formats
    from ecgview.desktop.dialogs import share

    computed = _value(shown, "QT").value
    t = _measured(shown).median.overall["T"]  # type: ignore[union-attr]
    assert t is not None
    assert computed is not None
    shown.workspace.measuring.put("T offset", None, t.offset_s + 0.04)
    rest()
    share.write(shown, demo, tmp_path / "own.dcm", False, overwrite=False, measurements=True)
    rest()
    found = formats.read(tmp_path / "own.dcm").device_reading
    assert found.edited
    assert found.value("qt") == _value(shown, "QT").value != computed
    assert any("edited by hand by Reader One: QT" in one.text for one in found.statements)
    share.write(shown, demo, tmp_path / "as_it_is.dcm", False, overwrite=False)
    rest()
    assert not formats.read(tmp_path / "as_it_is.dcm").device_reading.ecgview


def test_a_click_on_a_value_goes_to_its_lead_and_its_time(shown: MainWindow, rest: Rest) -> None:
    canvas = shown.canvas
    item = next(one for one in _measured(shown).lead_values if one.lead == "V3" and one.where_s is not None)
    shown.workspace.measuring.point_at(item)
    rest()
    assert canvas.caliper is not None
    assert canvas.record is not None
    assert item.where_s is not None
    assert canvas.caliper.lead == "V3"
    assert canvas.caliper.seconds(canvas.record) == pytest.approx(item.where_s, abs=0.002)
    (drawn,) = canvas.items_on_paper.calipers.items
    assert drawn.is_shown
    seen = canvas.seen_mm
    assert any(seen.contains(QPointF(plate.center())) for plate in drawn.plates)


def test_a_long_record_is_measured_by_the_minute_and_no_edge_of_it_is_moved(
    window: MainWindow, pulse_record: EcgRecord, rest: Rest, tmp_path: Path, qtbot: QtBot
) -> None:
    import numpy as np

    from ecgview.formats import wfdb

    long = replace(pulse_record, signal=np.tile(pulse_record.signal, 13))
    wfdb.write(long, tmp_path / "long")
    window.workspace.ecg.open_paths([tmp_path / "long.hea"])
    rest()
    window.canvas.setFocus()
    measured = _measured(window)
    assert measured.trend
    assert window.workspace.measuring.is_fixed
    window.workspace.measuring.put("QRS onset", None, -0.2)
    rest()
    session = window.workspace.reading.session
    assert session is not None
    assert session.draft.edges == ()
    assert "minute by minute" in window.messages.text.text()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    rest()
    edges = _edges(window)
    assert edges
    assert not any(window.canvas.items_on_paper.may_move(item) for item in edges)
    window.workspace.measuring.point_at(_value(window, "Heart rate"))
    rest()
    assert "which no page shows as one" in window.messages.text.text()


def test_the_longest_value_widens_no_panel_and_none_is_cut(shown: MainWindow, rest: Rest) -> None:
    """At the least width of the panel: out of range, uncertain and edited at once, three digits each."""
    shown.resize(1280, 800)
    shown.set_sides(1280)
    rest()
    before = shown.right.width(), shown.side.minimumSizeHint().width()
    limits = NormalRange(100, 200, "test")
    changes = {"value": 488.0, "range": limits, "confidence": "low", "source": "edited", "by": "Reader One"}
    values = tuple(
        replace(one, **changes) if one.value is not None else one  # type: ignore[arg-type]
        for one in shown.workspace.ecg.measurements or ()
    )
    shown.workspace.ecg.take_measurements(values)
    rest()
    assert (shown.right.width(), shown.side.minimumSizeHint().width()) == before
    section = shown.side.section("glance")
    assert section is not None
    for value in section.content.findChildren(MeasuredValue):
        assert value.width() >= value.fontMetrics().horizontalAdvance(value.text())
    said = [one.text() for one in section.content.findChildren(Text) if one.isVisible()]
    assert said.count("high, uncertain, edited") == 5


def test_quick_measurements_that_come_late_take_nothing_away(
    shown: MainWindow, qtbot: QtBot, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a record that was measured a moment ago all values may be there before the rate alone is."""
    workspace, quick, measured = shown.workspace, tasks.measure, threading.Event()
    path = workspace.ecg.path
    assert path is not None

    def late(record: EcgRecord, progress: Progress = silent) -> tuple[Measurement, ...]:
        assert measured.wait(30)
        return quick(record, progress)

    monkeypatch.setattr(tasks, "measure", late)
    before = [one.name for one in workspace.ecg.measurements or ()]
    workspace.ecg.open(path)
    qtbot.waitUntil(lambda: workspace.measuring.measured is not None)
    measured.set()
    rest()
    assert "QT" in before
    assert [one.name for one in workspace.ecg.measurements or ()] == before
