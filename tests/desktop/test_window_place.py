"""The window on real screens: within them, the trace foremost, sides and panels that fold, full-screen reading."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPushButton, QToolTip
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome import sides, window_place
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.worklist.table import RecordTable


@pytest.mark.parametrize(
    "screen",
    [QRect(0, 0, 1920, 1080), QRect(0, 25, 1280, 775), QRect(0, 0, 1024, 600), QRect(-1366, 0, 1366, 728)],
)
@pytest.mark.parametrize(
    "wanted", [QRect(100, 100, 1600, 1000), QRect(3000, 2000, 1200, 700), QRect(-900, -50, 960, 640)]
)
def test_the_window_lies_within_the_screen_with_its_title_bar(screen: QRect, wanted: QRect) -> None:
    place = window_place.within(wanted, screen)
    assert screen.contains(place.adjusted(0, -window_place.TITLE_BAR_PX, 0, 0))
    assert place.width() == min(wanted.width(), screen.width())


def test_a_window_too_large_for_the_screen_comes_up_maximised_and_can_be_made_small(
    window: MainWindow,
) -> None:
    available = window.screen().availableGeometry()
    window.restore_place()
    fits = available.width() >= window_place.USUAL.width() and available.height() >= 1040
    assert window.isMaximized() != fits
    assert window.minimumWidth() <= available.width()
    assert window.minimumHeight() <= available.height() - window_place.TITLE_BAR_PX


@pytest.mark.parametrize(("width", "share"), [(1600, 0.70), (1920, 0.70), (2560, 0.75)])
def test_the_trace_takes_most_of_the_width(
    window: MainWindow, rest: Callable[[], None], width: int, share: float
) -> None:
    window.resize(width, 1000)
    window.set_sides(width)
    rest()
    assert window.width() == width  # nothing inside needs more
    assert window.canvas.width() >= share * width


def test_a_rail_folds_its_side_away_and_back(opened: MainWindow, qtbot: QtBot) -> None:
    before = opened.canvas.width()
    rails = opened.findChildren(sides.FoldRail)
    for rail, side in zip(rails, (opened.left, opened.right), strict=True):
        qtbot.mouseClick(rail, Qt.MouseButton.LeftButton)
        assert side.isHidden()
    qtbot.waitUntil(lambda: opened.canvas.width() == opened.width() - 2 * sides.RAIL_PX)
    for rail in rails:
        qtbot.mouseClick(rail, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.canvas.width() == before)
    assert not opened.left.isHidden()
    assert not opened.right.isHidden()


def test_full_screen_reading_gives_the_trace_all_of_the_width_and_keys_work_on(
    opened: MainWindow, qtbot: QtBot
) -> None:
    opened.left.hide()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_F11)
    assert opened.isFullScreen()
    qtbot.waitUntil(lambda: opened.canvas.width() == opened.width() - 2 * sides.RAIL_PX)
    assert opened.menuBar().isHidden()
    assert opened.tools.isHidden()
    assert opened.header.isVisible()  # whose ECG it is, and what ecgview is not for
    assert opened.status.isVisible()  # the scale
    qtbot.keyClick(opened.canvas, Qt.Key.Key_C)
    assert opened.canvas.caliper_is_on
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)  # puts the caliper away first
    assert opened.isFullScreen()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_P)
    assert opened.right.isVisible()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert not opened.isFullScreen()
    assert opened.menuBar().isVisible()
    assert opened.tools.isVisible()
    assert opened.right.isVisible()
    assert opened.left.isHidden()  # as it was before


def test_what_was_folded_is_folded_at_the_next_start(window: MainWindow) -> None:
    window.restore_place()
    device = window.section("device")
    assert device is not None
    device.title.click()  # type: ignore[union-attr]
    assert device.is_folded
    window.left.hide()
    window_place.keep(window)
    window.left.show()
    device.fold(False)
    window.restore_place()
    assert window.left.isHidden()
    assert device.is_folded
    assert not window.right.isHidden()


def test_the_key_for_statements_unfolds_them(opened: MainWindow, qtbot: QtBot) -> None:
    section = opened.section("statements")
    assert section is not None
    section.fold(True)
    opened.right.hide()
    opened.menus["read.find_statement"].trigger()
    assert not section.is_folded
    assert opened.right.isVisible()


def test_prose_is_one_line_until_all_of_it_is_asked_for(qtbot: QtBot) -> None:
    prose = Prose("Trained on a hundred ECGs of one centre; " * 8)
    qtbot.addWidget(prose)
    prose.resize(240, 40)
    prose.show()
    assert prose.whole.isHidden()
    assert prose.line.height() < 2 * prose.line.fontMetrics().height()
    more = prose.findChild(QPushButton)
    assert more is not None
    more.click()
    assert prose.whole.isVisible()
    assert prose.line.isHidden()
    more.click()
    assert prose.whole.isHidden()


def test_f5_the_tool_bar_offers_what_the_open_file_can_show(opened: MainWindow) -> None:
    box = opened.tools.filter
    rows = box.model()
    assert isinstance(rows, QStandardItemModel)
    assert opened.workspace.ecg.record is not None
    rate = opened.workspace.ecg.record.sampling_rate_hz
    texts = [box.itemText(i) for i in range(box.count()) if rows.item(i).isEnabled()]
    assert len(texts) == len(set(texts))
    assert all(float(text.split("-")[1].split()[0]) <= rate / 2 for text in texts if "open" not in text)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_tooltip_of_any_list_has_the_ground_of_the_theme(opened: MainWindow, name: str) -> None:
    opened.workspace.paper.set_theme(name)
    lists = [found for found in opened.findChildren(QAbstractItemView) if found.parent() is not None]
    assert any(isinstance(found, RecordTable) for found in lists)
    for found in lists:
        QToolTip.showText(QPoint(50, 50), "Record 2", found)
        tip = next(top for top in QApplication.topLevelWidgets() if top.inherits("QTipLabel"))
        picture = tip.grab().toImage()
        assert picture.pixelColor(3, 3).name() == QColor(opened.workspace.paper.colours.base).name(), found
        QToolTip.hideText()
        tip.close()
        tip.deleteLater()
        QApplication.sendPostedEvents(tip, QEvent.Type.DeferredDelete)
