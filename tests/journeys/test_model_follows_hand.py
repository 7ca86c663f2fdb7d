"""A model that rests on measurements follows the hand through the real window: number, shares, report, undo.

The model is fitted by the command, on synthetic ECGs with invented ejection fractions, as its card says.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.cli import main
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.models import cards, runtime
from ecgview.results import LefResult
from ecgview.training.echonext import synthetic

MODEL = "lef-measured"
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def fitted(tmp_path: Path) -> str:
    """Return the name of a LEF model with measurements among its predictors."""
    data = synthetic.write(tmp_path / "echonext", 48, seed=4)
    out = cards.user_folder() / MODEL
    words = ["train", "lef", "fit", "--data", str(data), "--out", str(out), "--smoke", "--limit", "54"]
    assert main([*words, "--cache", str(tmp_path / "cache"), "--measured"]) == 0
    return MODEL


@pytest.fixture
def window(window: MainWindow, fitted: str) -> MainWindow:
    """Return the window with the fitted model chosen."""
    window.workspace.answers.choose(None, fitted)
    return window


def _lef(window: MainWindow) -> LefResult:
    found = window.workspace.answers.lef
    assert found is not None
    assert found.value is not None
    return found


def _said(window: MainWindow, panel: str) -> str:
    section = window.side.section(panel)
    assert section is not None
    return "\n".join(one.text() for one in section.content.findChildren(Text))


def _exported(window: MainWindow, path: Path, rest: Callable[[], None]) -> dict[str, Any]:
    report_sheet.write(window.workspace, path)
    rest()
    return dict(json.loads(path.read_text(encoding="utf-8"))["lef"])


def test_the_answer_follows_an_edge_keeps_the_one_of_before_and_goes_back_with_undo(
    window: MainWindow,
    rest: Callable[[], None],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = window.workspace
    workspace.ecg.open_paths([resources.path("demo", "lbbb.hea")])
    rest()
    workspace.steps.set_blind(False)
    rest()
    before = _lef(window)
    assert before.model.model_id == MODEL
    assert before.unedited is None
    assert "edited measurements" not in _said(window, "lef")
    monkeypatch.setattr(runtime, "answers", lambda *_a, **_o: pytest.fail("the network was asked again"))

    # Under the hand already the number follows; let go of, it is that of the read.
    measured = workspace.measuring.measured
    assert measured is not None
    assert measured.median is not None
    qrs = measured.median.overall["QRS"]
    assert qrs is not None
    workspace.measuring.hold("QRS offset", None, qrs.offset_s - 0.04)
    rest()
    held = _lef(window)
    assert held.value != before.value
    workspace.measuring.put("QRS offset", None, qrs.offset_s - 0.06)
    rest()
    after = _lef(window)
    assert after.unedited is before
    assert len({before.value, held.value, after.value}) == 3
    width = measured.value("QRS duration")
    assert width is not None
    told = f"With edited measurements, by Journey Reader: QRS duration, ms {width - 60:.4g} (computed {width:.4g})"
    assert told in _said(window, "lef")
    assert f"{before.value:.3f}" in _said(window, "lef")
    workspace.paper.set_view("explain")
    rest()
    assert "With edited measurements; the output of the computed ones is" in _said(window, "contributions")
    report = _exported(window, tmp_path / "unsigned.json", rest)
    assert (report["value"], report["unedited"]["value"]) == (after.value, before.value)
    assert report["warnings"][0].startswith("With edited measurements")

    # Undo and redo.
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, CONTROL)
    rest()
    assert _lef(window) is before
    assert "edited measurements" not in _said(window, "lef")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, CONTROL | SHIFT)
    rest()
    assert _lef(window).value == after.value

    # What is signed has its own answer, whatever an amendment does beside it.
    workspace.steps.toggle_statement("CLBBB")
    workspace.steps.sign()
    rest()
    workspace.steps.amend("another look")
    rest()
    workspace.measuring.restore("QRS offset", None)
    rest()
    assert _lef(window) is before
    report = _exported(window, tmp_path / "signed.json", rest)
    assert (report["value"], report["unedited"]["value"]) == (after.value, before.value)
