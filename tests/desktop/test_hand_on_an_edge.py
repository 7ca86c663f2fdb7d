"""While the hand has an edge: numbers follow it, no panel is built anew, and the page stays where it is."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.criteria import CriteriaPanel
from ecgview.desktop.panels.kit import widgets
from ecgview.desktop.panels.kit.criterion_row import CriterionRow
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.signal.measurements import Measurement

QT = Measurement("QT", 400.0, "ms")
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Rest = Callable[[], None]


@pytest.fixture
def shown(window: MainWindow, rest: Rest, qtbot: QtBot) -> MainWindow:
    """Return the window with the median page of a synthetic record and the values of each lead."""
    window.workspace.ecg.open_paths([next(iter(resources.path("demo").rglob("normal.hea")))])
    rest()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    rest()
    qtbot.keyClick(window.canvas, Qt.Key.Key_K)
    rest()
    return window


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the widgets of panels that are made from now on, by kind."""
    made: list[str] = []
    for kind in (Text, CriterionRow, widgets.Notice, widgets.Facts):
        real = kind.__init__

        def noted(self: QWidget, *args: object, _real: object = real, **named: object) -> None:
            made.append(type(self).__name__)
            _real(self, *args, **named)  # type: ignore[operator]

        monkeypatch.setattr(kind, "__init__", noted)
    return made


def _end_of_t(window: MainWindow) -> EdgeItem:
    return next(one for one in window.canvas.items_on_paper.edges.items if one.line.edge == "T offset")


def _place(window: MainWindow, seconds: float) -> QPoint:
    canvas = window.canvas
    assert canvas.page is not None
    x, y = canvas.page.position("V2", seconds)[-1]
    return (QPointF(canvas.page_corner) + QPointF(x, y) * canvas.px_per_mm).toPoint()


def _qt(window: MainWindow) -> float | None:
    measured = window.workspace.measuring.measured
    assert measured is not None
    return measured.value("QT")


def test_a_step_of_a_drag_builds_no_widget_and_judges_nothing(
    shown: MainWindow, built: list[str], rest: Rest, qtbot: QtBot
) -> None:
    area, item = shown.canvas.viewport(), _end_of_t(shown)
    start, jobs = _place(shown, item.seconds), list[str]()
    real = shown.workspace.jobs.start

    def started(run: Callable[..., object], *args: object, **named: object) -> None:
        jobs.append(str(named.get("key")))
        real(run, *args, **named)  # type: ignore[arg-type]

    shown.workspace.jobs.start = started  # type: ignore[method-assign,assignment]
    qtbot.mousePress(area, LEFT, NONE, start)
    before, told, resets = _qt(shown), list[object](), list[object]()
    cells = list[tuple[int, int]]()
    shown.workspace.measuring.changed.connect(told.append)
    model = shown.lead_values.model
    model.modelReset.connect(lambda: resets.append(1))

    def changed(first: QModelIndex, last: QModelIndex) -> None:
        cells.append((first.row(), last.row()))

    model.dataChanged.connect(changed)
    qtbot.mouseMove(area, start + QPoint(3, 0))
    qtbot.waitUntil(lambda: len(told) > 0)
    built.clear()  # the mark "edited" came with the first step
    jobs.clear()
    told.clear()
    cells.clear()
    for step in range(2, 6):
        seen = len(told)
        qtbot.mouseMove(area, start + QPoint(3 * step, 0))
        qtbot.waitUntil(lambda seen=seen: len(told) > seen)  # type: ignore[misc]
    assert _qt(shown) != before, "the numbers follow the hand"
    assert built == []
    assert resets == []
    assert len(told) == len(jobs) == 4
    assert set(jobs) == {"measure_again"}
    names = [row.name for row in model.table.rows]
    touched = {names[row] for first, last in cells for row in range(first, last + 1)}
    assert not any(name.startswith(("P ", "Q ", "R ", "S ")) for name in touched), touched
    qtbot.mouseRelease(area, LEFT, NONE, start + QPoint(15, 0))
    rest()
    assert "criteria" in jobs, "they are judged once the hand lets go"


def test_criteria_are_judged_once_a_hand_that_still_holds_rests(shown: MainWindow, qtbot: QtBot) -> None:
    criteria, item = shown.workspace.criteria, _end_of_t(shown)
    area, start = shown.canvas.viewport(), _place(shown, item.seconds)
    qtbot.mousePress(area, LEFT, NONE, start)
    with qtbot.waitSignal(criteria.changed):
        qtbot.mouseMove(area, start + QPoint(60, 0))
    assert shown.workspace.measuring.is_held
    qtbot.mouseRelease(area, LEFT, NONE, start + QPoint(60, 0))


def test_no_strip_moves_the_page_while_the_hand_holds_it(shown: MainWindow, rest: Rest, qtbot: QtBot) -> None:
    workspace, area, item = shown.workspace, shown.canvas.viewport(), _end_of_t(shown)
    found = workspace.criteria.found
    assert found is not None
    assert not shown.critical.isVisible()
    start = _place(shown, item.seconds)
    qtbot.mousePress(area, LEFT, NONE, start)
    top = shown.canvas.mapTo(shown, QPoint(0, 0))
    met = tuple(replace(one, state="met") if one.critical else one for one in found)
    workspace.criteria._show(met)
    workspace.telling.post("Something went wrong meanwhile.", "warning")
    qtbot.wait(0)
    assert workspace.criteria.critical
    assert not shown.critical.isVisible()
    assert not shown.messages.isVisible()
    assert shown.canvas.mapTo(shown, QPoint(0, 0)) == top
    qtbot.mouseRelease(area, LEFT, NONE, start)
    assert shown.critical.isVisible()
    assert shown.messages.isVisible()
    assert shown.messages.text.text() == "Something went wrong meanwhile."
    rest()


def test_criteria_whose_numbers_alone_change_keep_their_rows(
    shown: MainWindow, built: list[str], rest: Rest
) -> None:
    criteria, panel = shown.workspace.criteria, shown.side.findChild(CriteriaPanel)
    assert isinstance(panel, CriteriaPanel)
    found = criteria.found
    assert found is not None
    met = tuple(replace(one, state="met", used=(QT,)) for one in found)
    criteria._show(met)
    rows = panel.findChildren(CriterionRow)
    built.clear()
    criteria._show(tuple(replace(one, used=(replace(QT, value=404.0),)) for one in met))
    assert built == []
    assert panel.findChildren(CriterionRow) == rows
    said = [one.text() for one in panel.findChildren(Text)]
    assert "QT 404 ms" in said
    assert not any("400 ms" in text for text in said), "the flag of critical ones follows, too"


def test_the_names_of_criteria_are_never_cut(shown: MainWindow, rest: Rest) -> None:
    criteria, panel = shown.workspace.criteria, shown.side.findChild(CriteriaPanel)
    assert isinstance(panel, CriteriaPanel)
    found = criteria.found
    assert found is not None
    long = "A criterion whose name is far too long for one line beside its state in a panel"
    criteria._show(tuple(replace(one, state="met", name=long) for one in found))
    rest()
    heads = [row.head for row in panel.findChildren(CriterionRow)]
    assert heads
    for head in heads:
        assert head.sizePolicy().hasHeightForWidth()
        assert head.heightForWidth(240) > 1.8 * head.fontMetrics().height()
        assert head.heightForWidth(2000) < 1.8 * head.fontMetrics().height()


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800)])
def test_the_table_leaves_most_of_the_height_to_a_page_that_is_whole(
    window: MainWindow, rest: Rest, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.set_sides(size[0])
    window.workspace.ecg.open_paths([next(iter(resources.path("demo").rglob("normal.hea")))])
    rest()
    window.canvas.fit_width()
    rest()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_K)
    rest()
    assert window.lead_values.isVisible()
    both = window.canvas.height() + window.lead_values.height()
    assert window.canvas.height() >= 0.6 * both
    page = window.canvas.page
    assert page is not None
    assert page.height_mm * window.canvas.px_per_mm <= window.canvas.viewport().height() + 1
    assert window.lead_values.view.verticalScrollBar().maximum() > 0, "the table scrolls"
