"""The main job through the real window: open, read, reveal, explain, reconstruct, annotate, sign, report.

On a demonstration record everywhere, and on a real ECG of PTB-XL where it is on the machine. Steps are
done as a reader does them: by keys and by the mouse; what is seen and what is on disk is checked.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview import RESEARCH_USE_ONLY, resources
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.review.read import ReadState
from ecgview.review.store import Store

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture(params=["demonstration", "ptbxl"])
def ecg(request: pytest.FixtureRequest) -> Path:
    """Return a record: synthetic, and real where there is one."""
    if request.param == "demonstration":
        return sorted(resources.path("demo").rglob("*.hea"))[0]
    folder = request.getfixturevalue("shared_data") / "ptbxl" / "records500"
    assert isinstance(folder, Path)
    return sorted(folder.rglob("*_hr.hea"))[0]


def test_the_main_job_from_opening_to_the_signed_report(
    window: MainWindow, ecg: Path, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    workspace, canvas = window.workspace, window.canvas

    # The ECG is opened; its trace is on the screen, its measurements beside it.
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([ecg])
    rest()
    assert canvas.page is not None
    assert {trace.lead for trace in canvas.page.traces} == set(workspace.ecg.record.lead_names)  # type: ignore[union-attr]
    assert workspace.ecg.measurements
    assert window.header.synthetic.isVisible() == workspace.ecg.record.synthetic  # type: ignore[union-attr]

    # Blind: nothing of a model is there.
    assert (workspace.answers.prediction, workspace.answers.lef) == (None, None)

    # A first read is written and saved by keys.
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    qtbot.keyClick(canvas, Qt.Key.Key_Return, CONTROL)
    assert workspace.reading.session is not None
    rest()
    assert workspace.reading.session.state is ReadState.READ

    # The results are revealed: diagnoses, LEF and the contributions, which add up.
    with qtbot.waitSignals([workspace.answers.prediction_ready, workspace.answers.lef_ready]):
        qtbot.keyClick(canvas, Qt.Key.Key_R)
    rest()
    assert workspace.answers.prediction is not None
    assert len(workspace.answers.prediction.scores) > 1
    assert workspace.answers.lef is not None
    assert workspace.answers.lef.analysed
    shares = workspace.answers.lef.contributions
    assert shares is not None
    assert abs(shares.residual) <= 1e-6
    qtbot.keyClick(canvas, Qt.Key.Key_2)
    assert workspace.paper.view == "explain"
    assert _shown(window, "lef").count(workspace.answers.lef.model.version)
    assert "probability" not in workspace.answers.lef.result or workspace.answers.lef.kind == "probability"

    # A stretch is hidden by dragging over it; the model fills it in.
    qtbot.keyClick(canvas, Qt.Key.Key_3)
    with qtbot.waitSignal(workspace.answers.reconstruction_ready):
        _drag(window, 4.0, 5.0)
    rest()
    assert workspace.answers.reconstruction is not None
    answer, overlay = workspace.answers.reconstruction
    assert 18 <= answer.mask.sum() <= 23
    assert np.isfinite(answer.error_uv[:, answer.mask]).all()
    assert np.isnan(answer.error_uv[:, ~answer.mask]).all()
    assert overlay.curves
    assert workspace.paper.overlay is not None

    # A mark is drawn, taken back, and drawn again.
    qtbot.keyClick(canvas, Qt.Key.Key_4)
    _drag(window, 2.0, 2.6)
    assert len(workspace.reading.session.draft.annotations) == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    assert workspace.reading.session.draft.annotations == ()
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL | SHIFT)

    # The read is signed.
    qtbot.keyClick(canvas, Qt.Key.Key_Return, CONTROL | SHIFT)
    rest()
    assert workspace.reading.session.state is ReadState.CONFIRMED

    # The report is written in every form.
    for name in ("report.pdf", "report.json"):
        report_sheet.write(workspace, tmp_path / name)
        rest()
        assert (tmp_path / name).stat().st_size > 1000, window.messages.text.text()
    _check_pdf(tmp_path / "report.pdf", synthetic=workspace.ecg.record.synthetic)  # type: ignore[union-attr]
    said = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "NORM" in json.dumps(said)

    # On disk: two committed versions, blind, nothing tampered with.
    sha256 = workspace.reading.session.record_sha256
    window.close()
    with Store(tmp_path / "reads.db") as store:
        first, signed = store.reads(sha256)
        assert first.blind
        assert signed.annotations[0].leads
        assert store.verify() == []


def _drag(window: MainWindow, start_s: float, end_s: float) -> None:
    """Drag over the rhythm strip from one time to another."""
    canvas = window.canvas
    area, start, end = canvas.viewport(), _place(window, start_s), _place(window, end_s)
    QTest.mousePress(area, Qt.MouseButton.LeftButton, NO_KEY, start)
    for share in (0.25, 0.5, 0.75, 1.0):
        QTest.mouseMove(area, start + (end - start) * share)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, NO_KEY, end)


def _place(window: MainWindow, seconds: float) -> QPoint:
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position("II", seconds)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()


def _shown(window: MainWindow, panel_id: str) -> str:
    from PySide6.QtWidgets import QLabel

    section = window.section(panel_id)
    assert section is not None
    assert section.isVisible()
    return "\n".join(label.text() + label.toolTip() for label in section.findChildren(QLabel))


def _check_pdf(path: Path, *, synthetic: bool) -> None:
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        text = "\n".join(page.extract_text() for page in pdf.pages)
    assert RESEARCH_USE_ONLY in text
    assert "Journey Reader" in text
    assert ("synthetic" in text) == synthetic
