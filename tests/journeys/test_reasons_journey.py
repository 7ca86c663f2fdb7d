"""The reasons through the real window, with the shipped models: from the reveal to a judgement in an exported report.

Steps are done as a reader does them: by keys, by the mouse on the trace, by rows of the panels' state.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.desktop.app import open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.shams import Target
from ecgview.desktop.state.what_if import MODE
from ecgview.review.store import Store

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT, NO_KEY = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    settings = Settings(None)
    settings.set("reader.name", "Journey Reader")
    made = open_window(settings=settings, store_path=tmp_path / "reads.db")
    made.resize(1600, 1000)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def rest(qtbot: QtBot, window: MainWindow) -> Callable[[], None]:
    def wait() -> None:
        for _ in range(3):
            qtbot.waitUntil(lambda: window.workspace.jobs.n_alive == 0, timeout=150_000)
            window.canvas.settle()
        qtbot.waitUntil(lambda: window.workspace.reading.keeping.is_kept)

    return wait


def _place(window: MainWindow, seconds: float) -> QPoint:
    """Return where a moment of the rhythm strip lies in the viewport."""
    canvas = window.canvas
    assert canvas.page is not None
    x_mm, y_mm = canvas.page.position("II", seconds)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x_mm, y_mm) * canvas.px_per_mm).toPoint()


def _drag(window: MainWindow, start_s: float, end_s: float, keys: Qt.KeyboardModifier) -> None:
    area, start, end = window.canvas.viewport(), _place(window, start_s), _place(window, end_s)
    QTest.mousePress(area, Qt.MouseButton.LeftButton, keys, start)
    for share in (0.5, 1.0):
        QTest.mouseMove(area, start + (end - start) * share)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, keys, end)


def test_from_a_statement_to_its_place_a_what_if_and_an_exported_judgement(
    window: MainWindow, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    workspace, canvas = window.workspace, window.canvas
    maps, what_if = workspace.maps, workspace.what_if
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([resources.path("demo") / "lbbb.hea"])
    rest()

    # Nothing of a reason is there while the read is blind, whatever is asked for.
    maps.choose(Target("statement", "CLBBB"))
    what_if.hide_span("II", 1.0, 2.0)
    rest()
    assert (maps.target, maps.attribution, what_if.answer, workspace.paper.overlay) == (
        None,
        None,
        None,
        None,
    )

    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    qtbot.keyClick(canvas, Qt.Key.Key_Return, CONTROL)
    rest()
    with qtbot.waitSignals([workspace.answers.prediction_ready, workspace.answers.lef_ready]):
        qtbot.keyClick(canvas, Qt.Key.Key_R)
    rest()
    qtbot.keyClick(canvas, Qt.Key.Key_2)
    assert workspace.paper.view == "explain"

    # A statement: its strips lie beneath every lead, its checks follow, its sum is exact.
    maps.choose(Target("statement", "CLBBB"))
    rest()
    found, stamp = maps.attribution, maps.stamp
    assert found is not None
    assert stamp is not None
    assert float(found.cells.sum(dtype=float)) + found.remainder == pytest.approx(found.share, abs=1e-4)
    assert stamp.verdict == "no failure found" or stamp.verdict.startswith("failed: ")
    assert workspace.paper.overlay is not None
    assert {bar.lead for bar in workspace.paper.overlay.bars} == set(found.leads)

    # The strongest stretch is one key away, and is judged by another.
    qtbot.keyClick(canvas, Qt.Key.Key_J)
    rest()
    qtbot.keyClick(canvas, Qt.Key.Key_1, ALT)
    rest()
    (judgement,) = workspace.judging.standing
    assert judgement.opinion.judged.target == "CLBBB"
    qtbot.keyClick(canvas, Qt.Key.Key_J, SHIFT)
    rest()
    assert maps.target is None

    # A predictor of the LEF number: its exact share, from the same cells; all shares are the output.
    lef = workspace.answers.lef
    assert lef is not None
    assert lef.contributions is not None
    assert lef.model_output is not None
    assert abs(lef.contributions.residual) <= 1e-6
    first = lef.contributions.items[0]
    maps.choose(Target("predictor", first.predictor))
    rest()
    assert maps.attribution is not None
    assert maps.attribution.share == pytest.approx(first.contribution, abs=1e-6)
    assert float(maps.attribution.cells.sum(dtype=float)) + maps.attribution.remainder == pytest.approx(
        first.contribution, abs=1e-4
    )
    maps.choose(None)

    # A stretch is hidden by a drag: every number moves, and chance is beside it.
    workspace.mouse.choose(MODE)
    _drag(window, 2.0, 2.6, SHIFT)
    rest()
    assert what_if.answer is not None
    assert what_if.answer.statements
    workspace.mouse.leave()

    # The read is signed; the report holds the judgement, and nothing of the what-if.
    qtbot.keyClick(canvas, Qt.Key.Key_Return, CONTROL | SHIFT)
    rest()
    report_sheet.write(workspace, tmp_path / "report.json")
    rest()
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [one["verdict"] for one in told["judgements"]] == ["agree"]
    assert "mask_and_ask" not in json.dumps(told)
    assert workspace.reading.session is not None
    sha256 = workspace.reading.session.record_sha256
    window.close()
    with Store(tmp_path / "reads.db") as store:
        assert "mask_and_ask" in {entry.action for entry in store.audit(sha256)}
        assert store.verify() == []
