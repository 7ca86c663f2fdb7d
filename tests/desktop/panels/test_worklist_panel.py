"""The worklist: many records, filter, keyboard, states, and nothing of a model in it."""

from pathlib import Path

import pytest
from panel_words import reveal, words_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ecgview.desktop.panels import worklist
from ecgview.desktop.panels._worklist_model import sentence, what, who
from ecgview.desktop.worklist import WorklistItem
from ecgview.desktop.workspace import Workspace
from ecgview.formats import wfdb_record
from ecgview.formats._summary import RecordSummary
from ecgview.record import Patient


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
    items = [WorklistItem(Path(f"/ecgs/{i:05d}.hea")) for i in range(20_000)]
    workspace.worklist_changed.emit(items)
    panel.list.scrollToBottom()
    panel.repaint()
    assert panel.model.rowCount() == 20_000
    assert "20,000 records" in words_of(panel.count)
    assert 19_999 in asked
    assert len(asked) < 200
    panel.filter.setText("0123")
    assert panel.model.rowCount() == 10 + 2  # 01230-01239, 00123 and 10123


def test_filling_in_metadata_keeps_the_chosen_row(
    panel: worklist.WorklistPanel, workspace: Workspace
) -> None:
    items = [WorklistItem(Path(f"/ecgs/{i}.hea")) for i in range(50)]
    workspace.worklist_changed.emit(items)
    panel.list.setCurrentIndex(panel.model.index(7, 0))
    items = [_item(str(i), duration_s=10.0, fs_hz=500.0, n_leads=12) for i in range(50)]
    workspace.worklist_changed.emit(items)
    assert panel.list.currentIndex().row() == 7
    assert "10 s · 500 Hz" in panel.model.index(7, 0).data(Qt.ItemDataRole.ToolTipRole)


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
    assert "synthetic" in sentence(item)
    assert "new" in sentence(item)
    assert what(WorklistItem(Path("x.hea"), problem="the file is empty")) == "cannot be read"


def test_the_keyboard_filters_walks_and_opens(
    panel: worklist.WorklistPanel, workspace: Workspace, record_file: Path, pulse_record, qtbot: QtBot
) -> None:
    wfdb_record.write(pulse_record, record_file.parent / "second")
    with qtbot.waitSignal(workspace.measurements_ready, timeout=10_000):
        workspace.open_paths([record_file.parent])
    assert panel.model.rowCount() == 2
    assert panel.list.currentIndex().row() == 0
    panel.filter.setFocus()
    qtbot.keyClick(panel.filter, Qt.Key.Key_Down)
    assert panel.list.currentIndex().row() == 1
    with qtbot.waitSignal(workspace.record_opened, timeout=10_000):
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert workspace.record_path == record_file.parent / "second.hea"
    qtbot.keyClicks(panel.filter, "first")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: workspace.record_path == record_file, timeout=10_000)


def test_w2_the_row_shows_the_readers_own_state_and_stays_in_place(
    panel: worklist.WorklistPanel, workspace: Workspace, record_file: Path, answers, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(workspace.measurements_ready, timeout=10_000):
        workspace.open_paths([record_file])
    reveal(workspace, qtbot)
    words = words_of(panel)
    assert "read" in panel.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert "Testnet" not in words
    assert "fibrillation" not in words
