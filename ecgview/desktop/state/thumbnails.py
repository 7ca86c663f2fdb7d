"""Mini-traces of the worklist: read off the UI thread for the rows on the screen, kept while there is room.

Only the traces as they stand in the file, in the proportions of paper at 25 mm/s and 10 mm/mV; nothing is
filtered, and nothing that a model or a device said is part of them.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QPolygonF

from ecgview.desktop.settings import Settings
from ecgview.desktop.state.worklist import WorklistItem
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.runs import runs

SETTING = "worklist.thumbnails"
MOST = 500  # pictures kept, about 13 kB each
SECONDS = 5.0
COLUMNS_PER_S = 80  # of each the lowest and the highest sample are drawn
MOST_SAMPLES = 4_000_000  # of all leads: a longer record takes too long to read for a picture of 5 s
MOST_BYTES = 8_000_000  # of a file that does not tell its length
SLICE = 4  # records per background job
SLICE_S = 0.1
_KEY = "thumbnails"

Points = NDArray[np.float64]  # (points, 2): s, mV


@dataclass(frozen=True, slots=True)
class Trace:
    """A few seconds of one lead as stretches of points without a gap; `reason` says why there is none."""

    lead: str = ""
    stretches: tuple[Points, ...] = ()
    middle_mv: float = 0.0  # what stands halfway up the picture
    synthetic: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A trace as it is drawn: x in s, y in mV."""

    trace: Trace
    lines: tuple[QPolygonF, ...]


class Thumbnails(QObject):
    """The pictures of one window's worklist.

    Signals:
        ready: after more pictures came.
        switched: bool, whether pictures are shown.
        failed: Exception.
    """

    ready = Signal()
    switched = Signal(bool)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._settings = settings
        self._kept: OrderedDict[Path, Thumbnail] = OrderedDict()
        self._wanted: list[WorklistItem] = []
        self._being_read: frozenset[Path] = frozenset()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def is_on(self) -> bool:
        """Whether pictures are shown."""
        return self._settings.flag(SETTING)

    def switch(self, on: bool) -> None:
        """Show pictures, or none; none are read while they are off."""
        try:
            self._settings.set(SETTING, on)
        except EcgviewError as error:
            self.failed.emit(error)
        if not on:
            self._stop()
            self._kept.clear()
        self.switched.emit(on)

    def of(self, path: Path) -> Thumbnail | None:
        """Return the picture of a record; None until it is there."""
        return self._kept.get(path)

    def want(self, items: Iterable[WorklistItem]) -> None:
        """Make the pictures of these records next, and no longer those that were wanted before."""
        if not self.is_on:
            return
        self._wanted = []
        for item in items:
            if item.path in self._kept:
                self._kept.move_to_end(item.path)
            elif item.summary is not None and not item.problem:
                self._wanted.append(item)
        if self._being_read.isdisjoint(item.path for item in self._wanted):
            self._stop()
        self._go_on()

    def take(self, path: Path, trace: Trace) -> None:
        """Keep the picture of a record that was just read: nobody needs to read it again for that."""
        if self.is_on and path not in self._kept:
            self._wanted = [item for item in self._wanted if item.path != path]
            self._put(path, trace)
            self.ready.emit()

    def _put(self, path: Path, trace: Trace) -> None:
        lines = tuple(QPolygonF([QPointF(x, y) for x, y in part]) for part in trace.stretches)
        self._kept[path] = Thumbnail(trace, lines)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def _stop(self) -> None:
        self._jobs.cancel(_KEY)
        self._being_read = frozenset()

    def _go_on(self) -> None:
        if self._being_read or not self._wanted:
            return
        now = self._wanted[:SLICE]
        self._being_read = frozenset(item.path for item in now)
        self._jobs.start(
            _traces,
            now,
            title="Drawing the worklist",
            is_light=True,
            on_done=self._keep,
            on_failed=self._give_up,
            key=_KEY,
        )

    def _keep(self, found: list[tuple[Path, Trace]]) -> None:
        for path, trace in found:
            self._put(path, trace)
        self._being_read = frozenset()
        self._wanted = [item for item in self._wanted if item.path not in self._kept]
        self._go_on()
        self.ready.emit()

    def _give_up(self, error: Exception) -> None:
        self._wanted = [item for item in self._wanted if item.path not in self._being_read]
        self._being_read = frozenset()
        self._go_on()
        self.failed.emit(error)


def _traces(items: list[WorklistItem], progress: Progress = silent) -> list[tuple[Path, Trace]]:
    """Return the traces of records, as far as the time of a slice goes; never none."""
    from ecgview import formats

    found: list[tuple[Path, Trace]] = []
    began = time.monotonic()
    for item in items:
        progress(len(found) / len(items), item.name)
        if _is_long(item):
            trace = Trace(reason="long recording: no mini-trace")
        else:
            try:
                trace = trace_of(formats.read(item.path))
            except EcgviewError:
                trace = Trace(reason="cannot be read")  # why is told when the record is opened
        found.append((item.path, trace))
        if time.monotonic() - began > SLICE_S:
            break
    return found


def _is_long(item: WorklistItem) -> bool:
    got = item.summary
    if got is not None and got.duration_s and got.fs_hz and got.n_leads:
        return got.duration_s * got.fs_hz * got.n_leads > MOST_SAMPLES
    try:
        return os.path.getsize(item.path) > MOST_BYTES
    except OSError:
        return False  # inside an archive, or gone: reading it says which


def trace_of(record: EcgRecord) -> Trace:
    """Return the first seconds of lead II, or of the first lead that has a signal there."""
    rate = record.sampling_rate_hz
    shown = record.signal[:, : max(2, round(SECONDS * rate))]
    names = record.lead_names
    order = sorted(range(len(names)), key=lambda row: names[row] != "II")
    row = next((row for row in order if np.isfinite(shown[row]).any()), order[0])
    lead, signal = names[row], shown[row].astype(np.float64)
    known = np.isfinite(signal)
    if not known.any():
        return Trace(lead, synthetic=record.synthetic, reason=f"{lead}: no signal in the first {SECONDS:g} s")
    stretches = tuple(_thinned(signal[a:b], a, rate) for a, b in runs(known) if b - a > 1)
    return Trace(lead, stretches, _middle(signal[known]), record.synthetic)


def _thinned(signal: NDArray[np.float64], first: int, rate: float) -> Points:
    """Return at most two points per column, its lowest and its highest sample in the order of time."""
    width = int(rate // COLUMNS_PER_S)
    index = np.arange(len(signal))
    if width > 2:
        whole = len(signal) // width
        columns = signal[: whole * width].reshape(whole, width)
        ends = np.sort(np.stack([columns.argmin(axis=1), columns.argmax(axis=1)], axis=1), axis=1)
        kept = (ends + np.arange(whole)[:, None] * width).ravel()
        index = np.concatenate([kept, np.arange(whole * width, len(signal))])
    return np.column_stack([(first + index) / rate, signal[index]])


def _middle(known: NDArray[np.float64], height_mv: float = 2.0) -> float:
    """Return what stands halfway up: the whole trace where it fits, else the baseline with the larger waves."""
    low, high, baseline = float(known.min()), float(known.max()), float(np.median(known))
    if high - low <= height_mv:
        return (low + high) / 2
    lift = height_mv / 4
    return baseline + (lift if high - baseline > baseline - low else -lift)
