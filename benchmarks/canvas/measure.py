"""Frames of one contestant, in a process of its own at one device pixel ratio; prints JSON.

python measure.py ecgview|plain ECG NEXT

Each frame is timed from its input to the picture on the screen, with the queue of Qt in between. A hand moves 60
times a second: what a canvas does meanwhile counts where it makes the next frame late.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, Protocol

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import numpy as np  # noqa: E402
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer  # noqa: E402
from PySide6.QtGui import QMouseEvent, QWheelEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

SIZE = (1600, 1000)
PX_PER_MM = 14.25  # of the zoom in which the page is crossed
TICK_S = 1 / 60
STEP_PX, WAVES_PX = 20, 4  # onto unseen paper; to and fro on seen paper
ZOOM_NOTCH, ZOOM_FRAMES = 12, 40  # a tenth of a wheel's step each
PATIENCE_S = 60.0
WAKE_S = 0.004
N_MARKS, N_SWITCHES, N_OPENED = 100, 16, 8
Spent = tuple[float, float]  # ms on the clock, ms of the processor that the window's thread took
Times = dict[str, list[Spent]]


class Contestant(Protocol):
    """What is timed: a widget, and what a hand does to it."""

    widget: Any
    share: int  # every so many frames are timed

    def pan(self, dx: float, dy: float) -> None:
        """Move the paper by so many px."""

    def stay(self) -> None:
        """Let go of the paper."""

    def caliper(self, dx: float) -> None:
        """Move the end that is held."""

    def zoom(self, notch: float) -> None:
        """Turn a wheel by so many eighths of a degree."""

    def overlay(self, number: int) -> None:
        """Lay the map of another statement on the trace."""

    def mask(self, number: int) -> None:
        """Hide another stretch, and show what was put there."""

    def next(self, path: Path) -> None:
        """Ask for another record."""

    def is_open(self, path: Path) -> bool:
        """Return whether this record is on the screen."""

    def is_whole(self) -> bool:
        """Return whether nothing is still to be drawn."""

    def extent_px(self) -> tuple[float, float]:
        """Return how far the paper can be moved."""


def timed(kind: type[QWidget]) -> type[QWidget]:
    """Return a top-level widget that notes when its picture was last brought to the screen."""

    def event(self: Any, given: QEvent) -> bool:
        done = kind.event(self, given)
        if given.type() == QEvent.Type.UpdateRequest:
            self.n_done, self.done_at, self.cpu_at = self.n_done + 1, perf_counter(), thread_time()
        return bool(done)

    return type("Timed", (kind,), {"event": event, "n_done": 0, "done_at": 0.0, "cpu_at": 0.0})


class Hand:
    """Does one thing after another, sixty times a second, and notes how long each took to be seen."""

    def __init__(self, contestant: Contestant) -> None:
        self.it = contestant
        self.qt = QApplication.instance()
        self._wakes = QTimer(interval=2)  # a wait must not take the processor, nor sleep past its end
        self._wakes.start()
        self._due = perf_counter()

    def frame(self, act: Callable[[], None], *, until_whole: bool = False) -> Spent:
        """Return the time from the moment at which the hand moved to the picture that shows it."""
        while perf_counter() < self._due - WAKE_S:
            self._turn()
        while (
            perf_counter() < self._due
        ):  # a timer would wake up to two milliseconds late, and they would count
            self.qt.processEvents()
        due, widget, busy = self._due, self.it.widget, thread_time()
        n = widget.n_done
        act()
        self._wait(lambda: widget.n_done > n and (not until_whole or self.it.is_whole()))
        if until_whole:
            self._show()
        self._due = max(due + TICK_S, widget.done_at)
        return self._since(due, busy)

    def rest(self) -> Spent:
        """Return the time until everything is drawn as it stays, from now on."""
        began, busy = perf_counter(), thread_time()
        self._wait(self.it.is_whole)
        self._show()
        spent = self._since(began, busy)
        self.pause()
        return spent

    def open(self, path: Path) -> Spent:
        """Return the time until another record is on the screen."""
        began, busy, n = perf_counter(), thread_time(), self.it.widget.n_done
        self.it.next(path)
        self._wait(lambda: self.it.is_open(path) and self.it.widget.n_done > n)
        spent = self._since(began, busy)
        self.pause(0.5)
        return spent

    def _since(self, began: float, busy: float) -> Spent:
        widget = self.it.widget
        return max(widget.done_at - began, 0.0) * 1000, max(widget.cpu_at - busy, 0.0) * 1000

    def pause(self, seconds: float = 0.3) -> None:
        """Let everything come to rest."""
        until = perf_counter() + seconds
        while perf_counter() < until or not self.it.is_whole():
            self._turn()
        self._due = perf_counter()

    def _turn(self) -> None:
        self.qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _show(self) -> None:
        """Bring to the screen what has been drawn by now."""
        for _ in range(4):
            self.qt.processEvents()

    def _wait(self, done: Callable[[], bool]) -> None:
        until = perf_counter() + PATIENCE_S
        while not done():
            self._turn()
            if perf_counter() > until:
                raise SystemExit("nothing was painted")


class Trace:
    """The canvas of ecgview over a workspace of its own: marks, an overlay, a caliper."""

    share = 1

    def __init__(self, kind: type[QWidget], home: Path, ecg: Path) -> None:
        from ecgview.desktop import theme
        from ecgview.desktop.settings import Settings
        from ecgview.desktop.state.workspace import Workspace
        from ecgview.review.annotation import Annotation
        from ecgview.review.history import AddAnnotation

        settings = Settings(None)
        settings.set("reader.name", "Benchmark")
        theme.apply(QApplication.instance(), "light")
        self.workspace = Workspace(settings=settings, store_path=home / "store.db")
        self.widget: Any = kind(self.workspace)
        self.widget.resize(*SIZE)
        self.widget.show()
        self._at = QPointF(0, 0)
        self._drags_from: QPointF | None = None
        self.next(ecg)
        self._settle(lambda: self.is_open(ecg) and self.workspace.reading.session is not None)
        record = self.workspace.ecg.record
        for number in range(N_MARKS):
            lead, start_s = record.lead_names[number % len(record.lead_names)], 0.09 * number
            self.workspace.steps.apply(AddAnnotation(Annotation((lead,), start_s, start_s + 0.06)))
        self._masks, self._maps = zip(*(explained(record, start_s) for start_s in (1.0, 3.0)), strict=True)
        self.overlay(0)
        self.mask(0)
        self.widget.zoom_by(PX_PER_MM / self.widget.px_per_mm)
        self.widget.settle()
        self.widget.toggle_caliper()
        self._settle(self.is_whole)
        self._make_caliper()
        self._settle(self.is_whole)

    def _settle(self, done: Callable[[], bool]) -> None:
        until = perf_counter() + PATIENCE_S
        calm = 0
        while calm < 50:
            QApplication.instance().processEvents()
            calm = calm + 1 if done() and self.workspace.jobs.n_alive == 0 else 0
            if perf_counter() > until:
                raise SystemExit("the canvas does not come to rest")

    def _mouse(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        port = self.widget.viewport()
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        which = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        where = QPointF(port.mapToGlobal(at.toPoint()))
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(port, QMouseEvent(kind, at, where, which, held, none))

    def _make_caliper(self) -> None:
        """Draw a caliper from the first sample of the middle of the screen that lies on a trace."""
        width, height = SIZE
        for y in range(height // 2, height, 10):
            if self.widget.locate(QPointF(width / 2, y)) is not None:
                self._at = QPointF(width / 2, y)
                break
        self._mouse(QEvent.Type.MouseButtonPress, self._at - QPointF(300, 0), Qt.MouseButton.LeftButton)
        self._mouse(QEvent.Type.MouseMove, self._at, Qt.MouseButton.LeftButton)
        self._mouse(QEvent.Type.MouseButtonRelease, self._at, Qt.MouseButton.LeftButton)

    def grip(self) -> None:
        """Take the end of the caliper."""
        self._mouse(QEvent.Type.MouseButtonPress, self._at, Qt.MouseButton.LeftButton)

    def caliper(self, dx: float) -> None:
        """Move the end that is held."""
        self._at += QPointF(dx, 0)
        self._mouse(QEvent.Type.MouseMove, self._at, Qt.MouseButton.LeftButton)

    def let_go(self) -> None:
        """Let it go."""
        self._mouse(QEvent.Type.MouseButtonRelease, self._at, Qt.MouseButton.LeftButton)

    def pan(self, dx: float, dy: float) -> None:
        """Drag the paper with the middle button, which stays down until something else is done."""
        if self._drags_from is None:
            self._drags_from = QPointF(SIZE[0] / 2, SIZE[1] / 2)
            self._mouse(QEvent.Type.MouseButtonPress, self._drags_from, Qt.MouseButton.MiddleButton)
        self._drags_from += QPointF(dx, dy)
        self._mouse(QEvent.Type.MouseMove, self._drags_from, Qt.MouseButton.MiddleButton)

    def stay(self) -> None:
        """Let go of the paper."""
        if self._drags_from is not None:
            at, self._drags_from = self._drags_from, None
            self._mouse(QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.MiddleButton)

    def zoom(self, notch: float) -> None:
        """Turn the wheel with Ctrl."""
        at = QPointF(SIZE[0] / 2, SIZE[1] / 2)
        turn = QWheelEvent(
            at, QPointF(self.widget.viewport().mapToGlobal(at.toPoint())), QPoint(), QPoint(0, round(notch)),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.widget.viewport(), turn)

    def overlay(self, number: int) -> None:
        """Lay the map of another statement on the trace."""
        self.workspace.paper.lay("map", self._maps[number % 2])

    def mask(self, number: int) -> None:
        """Hide another stretch, and show what was put there."""
        self.workspace.paper.lay("mask", self._masks[number % 2])

    def next(self, path: Path) -> None:
        """Ask for another record; what lay over this one goes with it, as in the window."""
        for part in ("map", "mask"):
            self.workspace.paper.lay(part, None)
        self.workspace.ecg.open(path)

    def is_open(self, path: Path) -> bool:
        """Return whether it is on the screen."""
        painted = self.widget.painted
        return painted is not None and painted.source.path == str(path)

    def is_whole(self) -> bool:
        """Return whether what is seen is drawn as it stays; what is painted ahead does not count."""
        return bool(self.widget.paper.is_sharp)

    def extent_px(self) -> tuple[float, float]:
        """Return how far the paper can be moved."""
        page, scale = self.widget.page, self.widget.px_per_mm
        return page.width_mm * scale - SIZE[0], page.height_mm * scale - SIZE[1]


class Plain:
    """pyqtgraph as it comes: twelve curves, a region for each mark, two lines for the caliper; no paper, no words."""

    share = 8  # of the frames one is enough: each takes as long as the one before

    def __init__(self, home: Path, ecg: Path) -> None:
        import pyqtgraph as pg

        self._pg = pg
        self.widget = timed(pg.PlotWidget)(background="w")
        self.widget.setAntialiasing(True)
        self.widget.resize(*SIZE)
        self._curves = [pg.PlotCurveItem(pen=pg.mkPen("k", width=1.5)) for _ in range(12)]
        for curve in self._curves:
            self.widget.addItem(curve)
        for number in range(N_MARKS):
            mark = pg.LinearRegionItem((0.09 * number, 0.09 * number + 0.06), movable=False)
            self.widget.addItem(mark)
        self._shade = pg.LinearRegionItem((1.0, 2.0), movable=False)
        self._ends = [pg.InfiniteLine(place) for place in (4.0, 4.8)]
        for item in (self._shade, *self._ends):
            self.widget.addItem(item)
        self._open: Path | None = None
        self.next(ecg)
        self.widget.show()
        self._x, self._y = 0.0, -11.0
        self._seconds, self._millivolts = SIZE[0] / PX_PER_MM / 25, SIZE[1] / PX_PER_MM / 10
        self._place()

    def _place(self) -> None:
        self.widget.setRange(
            xRange=(self._x, self._x + self._seconds), yRange=(self._y, self._y + self._millivolts), padding=0
        )

    def pan(self, dx: float, dy: float) -> None:
        """Move the range."""
        x, y = self._x - dx * self._seconds / SIZE[0], self._y + dy * self._millivolts / SIZE[1]
        self._x = min(max(x, 0.0), 10.0 - self._seconds)
        self._y = min(max(y, -12.0), 1.0 - self._millivolts)
        self._place()

    def caliper(self, dx: float) -> None:
        """Move one line."""
        self._ends[1].setValue(self._ends[1].value() + dx * self._seconds / SIZE[0])

    def grip(self) -> None:
        """Nothing has to be taken up."""

    let_go = stay = grip

    def zoom(self, notch: float) -> None:
        """Change the range."""
        factor = 1.25 ** (-notch / 120)
        self._seconds, self._millivolts = self._seconds * factor, self._millivolts * factor
        self._place()

    def overlay(self, number: int) -> None:
        """Shade another stretch."""
        self._shade.setRegion((1.0 + 2 * (number % 2), 2.0 + 2 * (number % 2)))

    def mask(self, number: int) -> None:
        """Shade yet another one."""
        self._shade.setRegion((5.0 + 2 * (number % 2), 6.0 + 2 * (number % 2)))

    def next(self, path: Path) -> None:
        """Read another record and give it to the curves."""
        from ecgview import formats

        record = formats.read(path)
        x = np.arange(record.n_samples) / record.sampling_rate_hz
        for row, curve in enumerate(self._curves):
            curve.setData(x, record.signal[row] - 1.0 * row)
        self._open = path

    def is_open(self, path: Path) -> bool:
        """Return whether it was read."""
        return self._open == path

    def is_whole(self) -> bool:
        """Return whether nothing is still to be drawn: it draws all at once."""
        return True

    def extent_px(self) -> tuple[float, float]:
        """Return how far there is something to see."""
        return 10.0 * 25 * PX_PER_MM - SIZE[0], 13.0 * 10 * PX_PER_MM - SIZE[1]


def explained(record: Any, start_s: float) -> tuple[Any, Any]:
    """Return a stretch hidden in all leads with what was put there, and a map: a signed bar beneath each lead."""
    from ecgview.overlay import Bar, Curve, Overlay, Span

    rate = record.sampling_rate_hz
    part = slice(round(start_s * rate), round((start_s + 1.5) * rate))
    curves = tuple(
        Curve(lead, start_s, rate, (0.9 * row[part]).astype(np.float32), "reconstructed")
        for lead, row in zip(record.lead_names, record.signal, strict=True)
    )
    values = np.sin(np.arange(200) / 7 + start_s).astype(np.float32)
    bars = tuple(Bar(lead, 0.0, 10.0, values, "signed") for lead in record.lead_names)
    return Overlay((Span(start_s, start_s + 1.5, "masked"),), curves), Overlay(bars=bars)


def cross(hand: Hand, times: Times) -> None:
    """Cross the whole page onto paper that was not seen before, row by row."""
    width, height = hand.it.extent_px()
    hand.it.pan(1e4, 1e4)
    hand.pause()
    rows, columns = max(1, round(height / (SIZE[1] * 0.8))) + 1, int(width / STEP_PX / hand.it.share)
    for row in range(rows):
        for _ in range(columns):
            way = -STEP_PX if row % 2 == 0 else STEP_PX
            times["pan onto unseen paper"].append(hand.frame(lambda way=way: hand.it.pan(way, 0)))
        if row + 1 < rows:
            for _ in range(int(height / (rows - 1) / STEP_PX / hand.it.share)):
                times["pan onto unseen paper"].append(hand.frame(lambda: hand.it.pan(0, -STEP_PX)))


def run(hand: Hand, ecgs: list[Path]) -> Times:
    """Do everything once; returns the times of each kind of frame, ms."""
    it, times = hand.it, {name: [] for name in NAMES}
    hand.pause()
    cross(hand, times)
    it.stay()
    it.pan(1e4, 1e4)
    it.pan(-700, -300)  # away from every edge
    hand.pause()
    for number in range(80 // it.share):
        way = WAVES_PX if number % 40 < 20 else -WAVES_PX
        times["pan on seen paper"].append(hand.frame(lambda way=way: it.pan(way, 0)))
    it.stay()
    hand.pause()
    for notch in (-ZOOM_NOTCH, ZOOM_NOTCH):
        for _ in range(ZOOM_FRAMES // it.share):
            times["zoom frame"].append(hand.frame(lambda notch=notch: it.zoom(notch)))
        times["sharp at a new scale" if notch < 0 else "sharp at a scale of before"].append(hand.rest())
    for number in range(N_SWITCHES):
        times["map changed"].append(hand.frame(lambda n=number: it.overlay(n + 1), until_whole=True))
        hand.pause(0.05)
        times["mask changed"].append(hand.frame(lambda n=number: it.mask(n + 1), until_whole=True))
        hand.pause(0.05)
    it.grip()
    hand.pause()
    for number in range(60 // it.share):
        way = 3.0 if number % 30 < 15 else -3.0
        times["caliper end"].append(hand.frame(lambda way=way: it.caliper(way)))
    it.let_go()
    hand.pause()
    for number in range(N_OPENED):
        times["first paint of the next record"].append(hand.open(ecgs[(number + 1) % len(ecgs)]))
    return times


NAMES = (
    "pan on seen paper",
    "pan onto unseen paper",
    "zoom frame",
    "sharp at a new scale",
    "sharp at a scale of before",
    "caliper end",
    "map changed",
    "mask changed",
    "first paint of the next record",
)


def main() -> None:
    """Time one contestant and print its figures."""
    kind, *ecgs = sys.argv[1:]
    paths = [Path(ecg) for ecg in ecgs]
    with tempfile.TemporaryDirectory(prefix="ecgview-benchmark-") as folder:
        os.environ.update(HOME=folder, XDG_DATA_HOME=folder, XDG_CONFIG_HOME=folder)
        qt = QApplication(["benchmark"])
        if kind == "plain":
            contestant: Any = Plain(Path(folder), paths[0])
        else:
            from ecgview.desktop.canvas.trace_canvas import TraceCanvas

            contestant = Trace(timed(TraceCanvas), Path(folder), paths[0])
        times = run(Hand(contestant), paths)
        figures = {
            name: {
                "median": statistics.median(wall for wall, _ in found),
                "p95": float(np.percentile([wall for wall, _ in found], 95)),
                "busy_median": statistics.median(busy for _, busy in found),
                "busy_p95": float(np.percentile([busy for _, busy in found], 95)),
                "n": len(found),
            }
            for name, found in times.items()
        }
        found = {
            "ratio": contestant.widget.devicePixelRatioF(),
            "platform": qt.platformName(),
            "figures": figures,
        }
        print(json.dumps(found, allow_nan=False))
        sys.stdout.flush()
        os._exit(0)  # workers and windows have nothing to say any more


if __name__ == "__main__":
    main()
