"""The worklist: many records, filter, keyboard, states, and nothing of a model in it."""

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from panel_words import reveal, words_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ecgview.desktop.panels import worklist
from ecgview.desktop.panels.worklist.search import matches, searched, words
from ecgview.desktop.panels.worklist.words import sentence, what, who
from ecgview.desktop.state import worklist as listing
from ecgview.desktop.state.worklist import WorklistItem
from ecgview.desktop.state.workspace import Workspace
from ecgview.formats import csv_table, wfdb
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.places import listing as folders
from ecgview.record import Acquisition, EcgRecord, Patient


def _item(name: str, **summary: object) -> WorklistItem:
    path = f"/ecgs/{name}.hea"
    return WorklistItem(Path(path), RecordSummary(path=path, name=name, format="WFDB", **summary))  # type: ignore[arg-type]


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> worklist.WorklistPanel:
    made = worklist.PANEL.make(workspace)
    qtbot.addWidget(made)
    made.resize(260, 600)
    made.show()
    return made


def test_an_empty_worklist_says_what_to_do(panel: worklist.WorklistPanel) -> None:
    assert "No records yet. Open files or a folder." in words_of(panel)


def test_twenty_thousand_rows_are_looked_at_only_where_they_are_seen(
    panel: worklist.WorklistPanel, workspace: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[int] = set()
    original = type(panel.model).data

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        asked.add(index.row())
        return original(self, index, role)

    monkeypatch.setattr(type(panel.model), "data", data)
    workspace.worklist.take([(Path(f"/ecgs/{i:05d}.hea"), "") for i in range(20_000)])
    panel.list.scrollToBottom()
    panel.repaint()
    assert panel.model.rowCount() == 20_000
    assert "20,000 records" in words_of(panel.count)
    assert 19_999 in asked
    assert len(asked) < 200
    panel.filter.setText("0123")
    assert panel.model.rowCount() == 1  # Record 10123
    workspace.steps.set_blind(False)
    assert panel.model.rowCount() == 10 + 3  # 01230-01239, 00123, 10123 and Record 10123


def _written(folder: Path, record: EcgRecord, n: int) -> list[Path]:
    folder.mkdir()
    sexes = ("male", "female")
    return [
        csv_table.write(
            replace(
                record,
                signal=record.signal[:, :500],
                patient=Patient(f"id-{i}", f"Name{i} 王", sexes[i % 2], 30.0 + i),
                acquisition=Acquisition(start_time=f"2021-03-{i + 1:02d}T10:00:00"),
            ),
            folder / f"r{i:02d}.csv",
        )
        for i in range(n)
    ]


def test_filling_in_metadata_keeps_the_chosen_row(
    panel: worklist.WorklistPanel, workspace: Workspace, tmp_path: Path, pulse_record: EcgRecord, qtbot: QtBot
) -> None:
    paths = _written(tmp_path / "many", pulse_record, 12)
    workspace.worklist.take([(path, "") for path in paths])
    panel.list.setCurrentIndex(panel.model.index(7, 0))
    qtbot.waitUntil(lambda: all(item.summary is not None for item in workspace.worklist.items))
    assert panel.list.currentIndex().row() == 7
    assert "Name7 王, M 37" not in panel.model.index(7, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Name7 王, F 37" in panel.model.index(7, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_rows_that_fit_a_filter_come_in_as_their_headers_are_read(
    panel: worklist.WorklistPanel, workspace: Workspace, tmp_path: Path, pulse_record: EcgRecord, qtbot: QtBot
) -> None:
    """The filter stands before anything is known of the records, and no file is looked into for it."""
    workspace.steps.set_blind(False)
    panel.filter.setText("FEMALE 2021-03")
    workspace.worklist.add([tmp_path / "many" for _ in _written(tmp_path / "many", pulse_record, 12)[:1]])
    qtbot.waitUntil(lambda: len(workspace.worklist) == 12)
    qtbot.waitUntil(lambda: all(item.summary is not None for item in workspace.worklist.items))
    assert [panel.model.index(row, 0).data() for row in range(panel.model.rowCount())] == [
        f"r{i:02d}" for i in range(1, 12, 2)
    ]
    assert "6 of 12 records" in words_of(panel.count)
    shutil.rmtree(tmp_path / "many")
    panel.filter.setText("male age:34")
    assert [panel.model.index(row, 0).data() for row in range(panel.model.rowCount())] == ["r04"]
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert panel.filter.text() == ""
    assert panel.model.rowCount() == 12


@pytest.fixture
def slow_files(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what sets how long each file takes, in shares of the time of a slice: a clock that files move."""
    looks = threading.local()  # a slice begins and ends in one worker

    def take(share: float) -> None:
        def monotonic() -> float:
            looks.n = getattr(looks, "n", 0) + 1
            return float(looks.n * share * listing.SLICE_S)

        monkeypatch.setattr(listing, "time", SimpleNamespace(monotonic=monotonic))

    return take


def test_the_first_rows_stand_before_the_last_folder_was_looked_into(
    panel: worklist.WorklistPanel,
    workspace: Workspace,
    slow_files: Callable[[float], None],
    tmp_path: Path,
    pulse_record: EcgRecord,
    qtbot: QtBot,
) -> None:
    """The rows come in the order of their paths, a slice at a time; what is not there is told at its turn."""
    slow_files(0.0)
    paths = _written(tmp_path / "b", pulse_record, 20) + _written(tmp_path / "c", pulse_record, 20)
    added: list[tuple[int, int]] = []
    failed: list[Exception] = []
    workspace.worklist.rows_added.connect(lambda first, end: added.append((first, end)))
    workspace.worklist.failed.connect(failed.append)
    workspace.worklist.add([tmp_path / "b", tmp_path / "c", tmp_path / "nowhere"])
    qtbot.waitUntil(lambda: bool(failed))
    assert added == [(0, 32), (32, 40)]
    assert [item.path for item in workspace.worklist.items] == paths
    assert "no such file" in str(failed[0])


def test_of_a_large_folder_a_turn_of_the_window_takes_in_a_slice(
    workspace: Workspace,
    tmp_path: Path,
    pulse_record: EcgRecord,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No turn may take long, however many files there are: 32 are looked at before the first row, 200 are taken in."""
    (path,) = _written(tmp_path / "large", pulse_record, 1)
    for k in range(1, 700):
        os.link(path, path.with_stem(f"r{k:03d}"))
    opened: list[Path] = []
    turns: list[tuple[int, int]] = []  # rows that one turn took in, tables that were opened until then
    headers: list[int] = []
    asked = folders._names_leads

    def names_leads(table: Path, knows: folders.Knows) -> bool:
        opened.append(table)
        return asked(table, knows)

    monkeypatch.setattr(folders, "_names_leads", names_leads)
    workspace.worklist.rows_added.connect(lambda first, end: turns.append((end - first, len(opened))))
    workspace.worklist.rows_changed.connect(lambda places: headers.append(len(places)))
    workspace.worklist.add([tmp_path / "large"])
    qtbot.waitUntil(lambda: sum(headers) == 700)
    rows = [count for count, _ in turns]
    assert sum(rows) == 700
    assert rows[0] <= listing.FIRST_SLICE
    assert max(rows) <= listing.LIST_SLICE
    assert turns[0][1] <= listing.FIRST_SLICE + listing.LIST_SLICE  # the next slice may be under way
    assert max(headers) <= listing.PEEK_SLICE


def test_a_slice_of_slow_files_ends_with_its_time_and_shows_what_it_has(
    workspace: Workspace,
    slow_files: Callable[[float], None],
    tmp_path: Path,
    pulse_record: EcgRecord,
    qtbot: QtBot,
) -> None:
    slow_files(0.7)  # the second file ends a slice
    paths = _written(tmp_path / "slow", pulse_record, 5)
    added: list[tuple[int, int]] = []
    read: list[list[int]] = []
    workspace.worklist.rows_added.connect(lambda first, end: added.append((first, end)))
    workspace.worklist.rows_changed.connect(read.append)
    workspace.worklist.add([tmp_path / "slow"])
    qtbot.waitUntil(lambda: sum(map(len, read)) == 5)
    assert added == [(0, 2), (2, 4), (4, 5)]
    assert read == [[0, 1], [2, 3], [4]]
    assert [item.path for item in workspace.worklist.items] == paths


def test_the_rows_on_the_screen_are_looked_into_first(
    workspace: Workspace, tmp_path: Path, pulse_record: EcgRecord, qtbot: QtBot
) -> None:
    (path,) = _written(tmp_path / "one", pulse_record, 1)
    read: list[int] = []
    workspace.worklist.rows_changed.connect(read.extend)
    workspace.worklist.prefer(range(300, 303))
    workspace.worklist.take([(path.with_stem(f"r{i:03d}"), "") for i in range(400)])
    qtbot.waitUntil(lambda: len(read) == 400)
    assert read[:3] == [300, 301, 302]
    assert sorted(read) == list(range(400))


def test_words_of_a_filter_are_looked_for_in_every_field() -> None:
    item = _item(
        "a1",
        patient=Patient("17", "Wang Xiaoming", "female", 63.0),
        start_time="2020-11-30T08:15:00",
        n_leads=8,
        synthetic=True,
    )
    text = searched(item)
    for query in (
        "wang 63",
        "f",
        "sex:f",
        "age:63",
        "leads:8",
        "8 leads",
        "2020-11",
        "wfdb",
        "a1.hea",
        "new",
        "17",
    ):
        assert matches(text, words(query)), query
    for query in ("male", "m", "age:6", "sex:m", "leads:12", "wang 64", "ecgs"):
        assert not matches(text, words(query)), query
    assert matches(searched(WorklistItem(Path("/x/all.zip#in/b.hea"))), words("all.zip b.hea"))


def test_a_row_says_who_what_and_that_it_is_synthetic() -> None:
    item = _item(
        "a1",
        patient=Patient("17", "王小明", "male", 63.0),
        duration_s=1800.0,
        fs_hz=250.0,
        n_leads=2,
        synthetic=True,
    )
    assert who(item) == "王小明, M 63"
    assert what(item) == "30 min · 250 Hz · 2 leads"
    assert what(_item("a1", n_leads=1)) == "1 lead"
    assert matches(searched(_item("a1", n_leads=1)), words("1 lead"))
    assert "1 leads" not in searched(_item("a1", n_leads=1))
    assert "synthetic" in sentence(item)
    assert "new" in sentence(item)
    assert what(WorklistItem(Path("x.hea"), problem="the file is empty")) == "cannot be read"


def test_the_keyboard_filters_walks_and_opens(
    panel: worklist.WorklistPanel, workspace: Workspace, record_file: Path, pulse_record, qtbot: QtBot
) -> None:
    wfdb.write(pulse_record, record_file.parent / "second")
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([record_file.parent])
    assert panel.model.rowCount() == 2
    assert panel.list.currentIndex().row() == 0
    panel.filter.setFocus()
    qtbot.keyClick(panel.filter, Qt.Key.Key_Down)
    assert panel.list.currentIndex().row() == 1
    with qtbot.waitSignal(workspace.ecg.opened):
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert workspace.ecg.path == record_file.parent / "second.hea"
    qtbot.keyClicks(panel.filter, "record:1")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: workspace.ecg.path == record_file)


def test_w2_the_row_shows_the_readers_own_state_and_stays_in_place(
    panel: worklist.WorklistPanel, workspace: Workspace, record_file: Path, answers, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([record_file])
    reveal(workspace, qtbot)
    words = words_of(panel)
    assert "read" in panel.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert "Testnet" not in words
    assert "fibrillation" not in words
