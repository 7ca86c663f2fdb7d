"""The tiles of the paper: the whole page, within a bound, stretched under a gesture, sharp at rest, of one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from ecgview.desktop.canvas import drawn, paper_item
from ecgview.desktop.canvas.tile_set import Lying, TileSet
from ecgview.desktop.chrome.window import MainWindow
from ecgview.overlay import Curve, Overlay, Span
from ecgview.paper import layout, painter
from ecgview.paper.page import Page
from ecgview.paper.palette import PALETTES
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

RED = PALETTES["red"]
II = Span(1.0, 1.5, "annotation", ("II",))


@pytest.fixture
def page(pulse_record: EcgRecord, window: MainWindow) -> Page:
    """Return a page, with an application to paint it."""
    return layout.compose(pulse_record, PaperSettings())


def _lying(page: Page, overlay: Overlay | None = None) -> Lying:
    return Lying.on(page, overlay or Overlay())


def _lay(tiles: TileSet, before: Overlay, after: Overlay, *, at_leisure: bool) -> None:
    changed = _lying(tiles.page, drawn.difference(before, after))
    tiles.lay_over(_lying(tiles.page, after), changed, at_leisure=at_leisure)


def _joined(tiles: TileSet) -> QImage:
    image = QImage(tiles.sheet.size(), QImage.Format.Format_RGB32)
    with QPainter(image) as brush:
        for place in tiles.over(tiles.sheet):
            brush.drawImage(place[0] * tiles.side, place[1] * tiles.side, tiles.tile(place))
    return image


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_the_tiles_are_the_page_at_every_device_ratio(page: Page, ratio: float) -> None:
    scale = 4.31 * ratio
    tiles = TileSet(page, RED, scale, ratio, _lying(page))
    whole = drawn.draw(page, RED, tiles.sheet, scale, ratio, painter.Ink(scale))
    assert len(tiles.over(tiles.sheet)) > 4
    assert _joined(tiles) == whole


def test_the_tiles_cut_from_a_worker_s_picture_are_those_painted_one_by_one(page: Page) -> None:
    made = drawn.draw_page(page, RED, 4.31, 1.0, (700, 300))
    assert made.sharp.size() != tile_sheet(page).size(), "only what is seen first is painted by the worker"
    assert _joined(TileSet.of(made, _lying(page))) == _joined(TileSet(page, RED, 4.31, 1.0, _lying(page)))


def tile_sheet(page: Page) -> QRect:
    """Return the page's rectangle at the scale of these tests."""
    return QRect(0, 0, drawn.page_size(page, 4.31).width(), drawn.page_size(page, 4.31).height())


def _widths_of_lines(image: QImage) -> list[int]:
    """Return how wide each heavy line across the top row of the grid is, px."""
    row = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[2, :, :3]
    heavy = tuple(int(RED.heavy.lstrip("#")[k : k + 2], 16) for k in (4, 2, 0))
    is_heavy = np.concatenate([[0], (row == heavy).all(axis=1).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(is_heavy)).reshape(-1, 2)
    return (edges[:, 1] - edges[:, 0]).tolist()


@pytest.mark.parametrize("scale", [4.31, 5.75, 8.62, 11.5])
def test_every_heavy_line_of_the_grid_is_as_wide_as_the_next(page: Page, scale: float) -> None:
    paper, grid = replace(page, traces=(), ticks=(), texts=(), pulses=()), page.grid
    area = QRect(0, round((grid.y_mm + 1.5) * scale), round(page.width_mm * scale), 4)
    widths = _widths_of_lines(drawn.draw(paper, RED, area, scale, 1.0, painter.Ink(scale)))
    assert len(widths) > 40
    assert set(widths) == {max(1, round(painter.HEAVY_MM * scale))}


def test_another_overlay_renews_only_the_tiles_that_it_touches(page: Page) -> None:
    tiles = TileSet(page, RED, 4.31, 1.0, _lying(page))
    before = {place: tiles.tile(place) for place in tiles.over(tiles.sheet)}
    mark = Overlay(spans=(II,))
    _lay(tiles, Overlay(), mark, at_leisure=False)
    renewed = [place for place, image in before.items() if tiles.tile(place) is not image]
    assert 0 < len(renewed) < len(before) / 2
    assert _joined(tiles) == _joined(TileSet(page, RED, 4.31, 1.0, _lying(page, mark)))
    _lay(tiles, mark, Overlay(), at_leisure=False)
    assert _joined(tiles) == _joined(TileSet(page, RED, 4.31, 1.0, _lying(page)))


def test_a_curve_comes_in_one_step_when_all_its_tiles_are_made(page: Page, pulse_record: EcgRecord) -> None:
    tiles = TileSet(page, RED, 4.31, 1.0, _lying(page))
    bare = _joined(tiles)
    signal = pulse_record.signal[1] * 0.8
    curve = Overlay(curves=(Curve("II", 0.0, pulse_record.sampling_rate_hz, signal, "reconstructed"),))
    _lay(tiles, Overlay(), curve, at_leisure=True)
    due = [place for place in tiles.over(tiles.sheet) if tiles.is_due(place)]
    for place in due:
        assert _joined(tiles) == bare
        tiles.make(place)
    tiles.catch_up()
    assert not tiles.is_behind
    assert _joined(tiles) == _joined(TileSet(page, RED, 4.31, 1.0, _lying(page, curve)))
    assert _joined(tiles) != bare


def test_the_tiles_stay_within_their_bound_and_what_is_seen_stays(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = opened.canvas
    bound = 24 << 20
    monkeypatch.setattr(paper_item, "KEPT_BYTES", bound)
    canvas.zoom_by(8.0)
    canvas.settle()
    largest = 0
    for share in np.linspace(0, 1, 15):
        for bar in (canvas.horizontalScrollBar(), canvas.verticalScrollBar()):
            bar.setValue(round(bar.maximum() * share))
            canvas.viewport().repaint()
            largest = max(largest, canvas.paper.n_bytes)
    assert bound / 2 < largest <= bound


def test_a_gesture_stretches_and_its_rest_is_sharp(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = opened.canvas
    canvas.settle()
    canvas.viewport().repaint()
    assert canvas.paper.is_sharp
    canvas.zoom_by(1.5)
    stretched = canvas.viewport().grab().toImage()
    assert not canvas.paper.is_sharp
    qtbot.waitUntil(lambda: canvas.paper.is_sharp and not canvas.paper.is_working)
    sharp = canvas.viewport().grab().toImage()
    assert sharp != stretched
    canvas.settle()
    assert canvas.viewport().grab().toImage() == sharp


def test_a_scale_that_is_set_is_sharp_in_its_first_frame(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = opened.canvas
    canvas.true_size()
    first = canvas.viewport().grab().toImage()
    assert canvas.paper.is_sharp
    qtbot.waitUntil(lambda: not canvas.has_missing)
    assert canvas.viewport().grab().toImage() == first


def test_zooming_back_is_sharp_at_once_and_paints_nothing(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = opened.canvas
    canvas.settle()
    before = canvas.viewport().grab().toImage()
    canvas.zoom_by(1.25)
    canvas.viewport().repaint()
    monkeypatch.setattr(painter, "paint_page", None)  # would be called in vain
    canvas.zoom_by(1 / 1.25)
    canvas.horizontalScrollBar().setValue(0)
    assert canvas.viewport().grab().toImage().size() == before.size()
    assert canvas.paper.is_sharp


def test_the_last_bits_of_the_scale_are_no_other_scale(opened: MainWindow) -> None:
    canvas = opened.canvas
    canvas.zoom_by(2.0)
    canvas.settle()
    canvas.viewport().repaint()
    for step in range(40):
        canvas.move_by(QPointF(-3.0 - step % 5, 0))
        canvas.viewport().repaint()
        assert canvas.paper.is_sharp


def test_nothing_of_a_record_is_painted_after_another_is_shown(
    opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    """What comes of a record after a zoom under way on another is what comes of it alone."""
    canvas, workspace = opened.canvas, opened.workspace
    with qtbot.waitSignal(workspace.ecg.opened):
        workspace.walk.next()
    rest()
    alone = canvas.viewport().grab().toImage()
    workspace.walk.previous()
    rest()
    canvas.viewport().repaint()
    canvas.zoom_by(1.5)
    canvas.viewport().repaint()
    assert not canvas.paper.is_sharp
    with qtbot.waitSignal(workspace.ecg.opened):
        workspace.walk.next()
    canvas.viewport().repaint()
    assert canvas.paper.is_sharp
    rest()
    assert canvas.viewport().grab().toImage() == alone


def test_another_theme_comes_in_one_step(opened: MainWindow, rest: Callable[[], None]) -> None:
    canvas = opened.canvas
    canvas.settle()
    light = canvas.viewport().grab().toImage()
    opened.workspace.paper.set_theme("dark")
    canvas.settle()
    dark = canvas.viewport().grab().toImage()
    canvas.zoom_by(1.25)
    canvas.settle()
    canvas.viewport().grab()
    canvas.fit_width()
    canvas.settle()
    assert canvas.viewport().grab().toImage() == dark, "no tile of the theme before comes back"
    opened.workspace.paper.set_theme("light")
    canvas.settle()
    assert dark != light
    assert canvas.viewport().grab().toImage() == light


def test_equal_spans_are_no_change() -> None:
    one, other = Overlay(spans=(II,)), Overlay(spans=(replace(II),))
    assert drawn.difference(one, other) == Overlay()
