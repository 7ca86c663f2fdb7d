"""Measuring through the real window: a QT offset dragged by the mouse, numbers, criteria and report follow, undo, sign.

On a demonstration record everywhere, and on an ECG that experts delineated where it is on the machine.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview import api, resources
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.kit.measured_value import MeasuredValue
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
LATER_S = 0.12  # that the T offset is dragged by: QTc is too long wherever it was usual
READER = "Journey Reader"


@pytest.fixture(params=["demonstration", "ludb"])
def ecg(request: pytest.FixtureRequest) -> Path:
    """Return a record: synthetic, and real where there is one."""
    if request.param == "demonstration":
        return next(iter(resources.path("demo").rglob("normal.hea")))
    folder = request.getfixturevalue("shared_data") / "ludb" / "data"
    assert isinstance(folder, Path)
    return folder / "100.hea"


def _measured(window: MainWindow) -> Measured:
    found = window.workspace.measuring.measured
    assert found is not None
    assert found.reason == ""
    return found


def _of(window: MainWindow, name: str) -> Measurement:
    """Return a measurement as every panel gets it."""
    return next(one for one in window.workspace.ecg.measurements or () if one.name == name)


def _edge(window: MainWindow, edge: str) -> EdgeItem:
    items = window.canvas.items_on_paper.edges.items
    return next(one for one in items if (one.line.edge, one.line.beat) == (edge, None))


def _in_view(window: MainWindow, lead: str, seconds: float) -> QPoint:
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position(lead, seconds)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()


def _exported(window: MainWindow, path: Path, rest: Callable[[], None]) -> dict[str, Any]:
    report_sheet.write(window.workspace, path)
    rest()
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _named(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in report["measurements"] if item["name"] == name)


def _states(window: MainWindow) -> dict[str, str]:
    """Return the state of every criterion, by the measurements that the window shows."""
    record = window.workspace.ecg.record
    assert record is not None
    return {one.code: one.state for one in api.criteria(record, measured_as=_measured(window))}


def test_a_t_offset_is_dragged_the_numbers_follow_and_it_is_undone_and_signed(
    window: MainWindow, ecg: Path, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    workspace, canvas = window.workspace, window.canvas
    with qtbot.waitSignal(workspace.measuring.changed):
        workspace.ecg.open_paths([ecg])
    rest()

    # The block stands above the trace and at the head of the read, open to a blind reader.
    usual = {name: _of(window, name).value for name in ("Heart rate", "PR", "QT", "QTcF")}
    assert None not in usual.values()
    assert not workspace.reading.may_show_ai()
    assert f"{usual['QT']:.0f}/{usual['QTcF']:.0f}" in window.measured.text
    before, report, states = _of(window, "QT"), _exported(window, tmp_path / "a.json", rest), _states(window)
    assert _named(report, "QT")["source"] == "computed"

    # The page of the median beat says what it is, and has the lines.
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    rest()
    assert canvas.page is not None
    assert canvas.page.is_of_median
    n_beats = _measured(window).median.n_beats  # type: ignore[union-attr]
    assert f"Median of {n_beats} beats, not a rhythm strip" in [text.text for text in canvas.page.texts]

    # The T offset is dragged: the numbers follow the hand before it lets go, and nothing is written yet.
    line = _edge(window, "T offset").line
    start, end = (_in_view(window, "V6", at) for at in (line.seconds, line.seconds + LATER_S))
    area = canvas.viewport()
    QTest.mousePress(area, LEFT, NO_KEY, start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(area, start + (end - start) * share)
    qtbot.waitUntil(lambda: (_of(window, "QT").value or 0) > (before.value or 0) + 800 * LATER_S)
    session = workspace.reading.session
    assert session is not None
    assert session.draft.edges == ()
    QTest.mouseRelease(area, LEFT, NO_KEY, end)
    rest()

    # One edit of the read: every value that hangs on it has another number, and keeps the one of before.
    (edit,) = session.draft.edges
    assert (edit.edge, edit.beat, edit.by) == ("T offset", None, READER)
    after = _of(window, "QT")
    assert after.value == pytest.approx((before.value or 0) + 1000 * LATER_S, abs=6)
    assert (after.source, after.before, after.by) == ("edited", before.value, READER)
    assert _of(window, "QTcF").before == usual["QTcF"]
    assert _of(window, "PR").source == "computed"
    assert "edited" in window.measured.text
    assert _edge(window, "T offset").line.is_edited
    now = _states(window)
    assert {code for code in now if now[code] != states.get(code)}, "no criterion changed with QT"
    report = _exported(window, tmp_path / "b.json", rest)
    assert _named(report, "QT")["value"] == after.value
    assert _named(report, "QT")["before"] == before.value
    assert _named(report, "QT")["by"] == READER
    assert next(one for one in report["block"] if "QT" in one["names"])["marks"][-1] == "edited"

    # Undo and redo are those of every edit.
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    rest()
    assert session.draft.edges == ()
    assert _of(window, "QT") == before
    assert _states(window) == states
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL | SHIFT)
    rest()
    assert _of(window, "QT") == after

    # A value is clicked: the trace is there, on its own page, the caliper set.
    section = window.side.section("glance")
    assert section is not None
    value = next(one for one in section.findChildren(MeasuredValue) if "PR:" in one.toolTip())
    qtbot.mouseClick(value, LEFT)
    rest()
    assert not canvas.page.is_of_median
    where, caliper, record = _of(window, "PR").where_s, canvas.caliper, workspace.ecg.record
    assert where is not None
    assert caliper is not None
    assert record is not None
    assert caliper.seconds(record) == pytest.approx(where, abs=1 / record.sampling_rate_hz)
    (item,) = canvas.items_on_paper.calipers.items
    assert item.is_shown
    assert any(canvas.seen_mm.contains(plate) for plate in item.plates)

    # The read is signed with the edit; the log tells of it, nothing was tampered with.
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    qtbot.keyClick(canvas, Qt.Key.Key_Return, CONTROL | SHIFT)
    rest()
    report = _exported(window, tmp_path / "c.json", rest)
    assert _named(report, "QT")["value"] == after.value
    assert [one["edge"] for one in report["read"]["content"]["edges"]] == ["T offset"]
    window.close()
    with Store(tmp_path / "reads.db") as store:
        sha256 = session.record_sha256
        assert [read.edges for read in store.reads(sha256)] == [(edit,), (edit,)]
        told = [entry.details for entry in store.audit(sha256) if entry.action == "measurement_edited"]
        assert [text.startswith("undo: ") for text in told] == [False, True, False]
        assert store.verify() == []
