"""Mini-traces: what they show, for which rows they are read, and how many are kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.worklist import WorklistPanel
from ecgview.desktop.settings import Settings
from ecgview.desktop.state import thumbnails
from ecgview.desktop.state.thumbnails import trace_of
from ecgview.desktop.state.worklist import WorklistItem
from ecgview.desktop.state.workspace import Workspace
from ecgview.formats import wfdb
from ecgview.formats.kit.summary import RecordSummary
from ecgview.record import EcgRecord


@pytest.fixture
def workspace(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Workspace]:
    made = Workspace(store_path=tmp_path / "store.db", settings=settings)
    yield made
    assert made.close()


def _items(paths: list[Path], **said: object) -> list[WorklistItem]:
    return [WorklistItem(p, RecordSummary(path=str(p), name=p.stem, format="WFDB", **said)) for p in paths]  # type: ignore[arg-type]


def _panel(window: MainWindow) -> WorklistPanel:
    found = window.left.findChild(WorklistPanel)
    assert isinstance(found, WorklistPanel)
    return found


def test_lead_ii_keeps_its_height_and_its_time(pulse_record: EcgRecord) -> None:
    trace = trace_of(pulse_record)
    assert trace.lead == "II"
    (points,) = trace.stretches
    assert len(points) < 2.1 * thumbnails.COLUMNS_PER_S * thumbnails.SECONDS
    assert points[:, 1].max() == pytest.approx(pulse_record.lead("II").max())
    assert points[points[:, 1].argmax(), 0] % 1.0 == pytest.approx(0.4, abs=0.01)
    assert (np.diff(points[:, 0]) >= 0).all()
    assert points[-1, 0] <= thumbnails.SECONDS


def test_a_gap_stays_a_gap_and_without_lead_ii_the_first_lead_is_named(pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal[6:8].copy()
    signal[0, 500:1000] = np.nan
    trace = trace_of(replace(pulse_record, signal=signal, lead_names=("V1", "V2"), synthetic=True))
    assert (trace.lead, trace.synthetic) == ("V1", True)
    assert [(round(p[0, 0], 1), round(p[-1, 0], 1)) for p in trace.stretches] == [(0.0, 1.0), (2.0, 5.0)]
    signal[:] = np.nan
    nothing = trace_of(replace(pulse_record, signal=signal, lead_names=("V1", "V2")))
    assert nothing.stretches == ()
    assert "no signal" in nothing.reason


def test_a_tall_wave_is_cut_and_the_baseline_stays_in_the_picture(pulse_record: EcgRecord) -> None:
    up = trace_of(pulse_record.with_signal(pulse_record.signal * 4))
    down = trace_of(pulse_record.with_signal(pulse_record.signal * -4))
    assert abs(up.middle_mv) < 1 > abs(down.middle_mv)
    assert up.middle_mv > 0 > down.middle_mv


def test_only_what_is_wanted_last_is_read_and_no_more_is_kept_than_there_is_room(
    workspace: Workspace,
    record_files: list[Path],
    pulse_record: EcgRecord,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = record_files[0].parent
    many = [Path(wfdb.write(pulse_record, folder / f"m{i:02d}")) for i in range(24)]
    monkeypatch.setattr(thumbnails, "MOST", 5)
    made = workspace.thumbnails
    for first in range(0, 24, 3):
        made.want(_items(many[first : first + 3]))
    qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert [path for path in many if made.of(path)][-3:] == many[-3:]
    for path in many:
        made.want(_items([path]))
        qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert len(made) == 5
    assert [path for path in many if made.of(path)] == many[-5:]


def test_long_and_broken_records_say_why_there_is_no_picture(
    workspace: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    long, broken, good = record_files
    broken.with_suffix(".dat").write_bytes(b"\0" * 11)
    made = workspace.thumbnails
    made.want([*_items([long], duration_s=86400.0, fs_hz=250.0, n_leads=12), *_items([broken, good])])
    qtbot.waitUntil(lambda: len(made) == 3)
    found = {path: made.of(path) for path in record_files}
    assert [bool(f and f.trace.reason) for f in found.values()] == [True, True, False]
    assert "long" in found[long].trace.reason  # type: ignore[union-attr]


def _ink(panel: WorklistPanel) -> int:
    """Return the dark pixels in the strip of the first row where a trace may stand."""
    image: QImage = panel.list.viewport().grab().toImage()
    rows, columns = range(28, 62), range(40, image.width() - 12)
    return sum(image.pixelColor(x, y).lightness() < 110 for y in rows for x in columns)


def test_the_rows_show_traces_that_can_be_switched_off(
    opened: MainWindow, rest: Callable[[], None], qtbot: QtBot
) -> None:
    panel, made = _panel(opened), opened.workspace.thumbnails
    qtbot.waitUntil(lambda: len(made) == 3)
    tall = panel.list.rowHeight(0)
    assert _ink(panel) > 40
    opened.menus["view.thumbnails"].trigger()
    assert not opened.menus["view.thumbnails"].isChecked()
    assert panel.list.rowHeight(0) < tall
    assert len(made) == 0
    panel.list.looked_at.emit(panel.list.rows_seen())
    rest()
    assert len(made) == 0
    opened.menus["view.thumbnails"].trigger()
    qtbot.waitUntil(lambda: len(made) == 3)
    assert panel.list.rowHeight(0) == tall


def test_of_many_records_only_the_rows_on_the_screen_are_read(
    opened: MainWindow, pulse_record: EcgRecord, rest: Callable[[], None], qtbot: QtBot
) -> None:
    workspace, panel = opened.workspace, _panel(opened)
    folder = workspace.worklist[0].path.parent
    short = pulse_record.with_signal(pulse_record.signal[:, :1000])
    for i in range(60):
        wfdb.write(short, folder / f"n{i:02d}")
    workspace.worklist.add([folder])
    qtbot.waitUntil(lambda: len(workspace.worklist) == 63)
    qtbot.waitUntil(lambda: all(item.summary is not None for item in workspace.worklist.items))
    panel.list.scrollToBottom()
    last = workspace.worklist[62].path
    qtbot.waitUntil(lambda: workspace.thumbnails.of(last) is not None)
    rest()
    assert workspace.thumbnails.of(workspace.worklist[30].path) is None
