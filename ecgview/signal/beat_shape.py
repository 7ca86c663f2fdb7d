"""The shape of a heart's QRS complex, as it is compared between recordings: what stays of one patient for years.

Method of ours on an old finding: a normalised 12-lead QRS tells people apart. The median beat of each lead is cut
around the QRS, moved so that the vector magnitude of the leads fits the population's, brought to one size, and the
population's mean is taken off, since most of what two hearts have in common all hearts have. Two shapes are compared by
their correlation. Rate moves P and T, electrodes and posture move the amplitude: neither is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12, derive_limb
from ecgview.signal.measure.measured import Median

Row = NDArray[np.float64]

RATE_HZ = 500.0  # that every median beat has at least (`measure.engine`)
BEFORE_S, AFTER_S = 0.04, 0.06  # of the QRS peak, compared
FIT_BEFORE_S, FIT_AFTER_S = 0.10, 0.14  # in which the vector magnitude is fitted: all of a wide QRS
ROOM_S = 0.04  # how far a beat is moved: the peak of a notched QRS is now its first top, now its second
LEVEL_S = 0.016  # before QRS onset, as `measure.representative` takes it
COMPARED = round(BEFORE_S * RATE_HZ) + round(AFTER_S * RATE_HZ) + 1  # samples of `Population.mean`
FITTED = round(FIT_BEFORE_S * RATE_HZ) + round(FIT_AFTER_S * RATE_HZ) + 1  # of `Population.magnitude`


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The stretch of a median beat that is compared, with room to move it.

    `signal` is (leads, samples) mV at RATE_HZ less the level before QRS, from FIT_BEFORE_S + ROOM_S before its peak.
    """

    leads: tuple[str, ...]
    signal: Row

    def of(self, leads: Sequence[str]) -> Row:
        """Return these leads, (leads, samples); each must be there."""
        found: Row = self.signal[[self.leads.index(name) for name in leads]]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """What all hearts have in common in some leads: `magnitude` (samples), `mean` (leads, samples) of unit size."""

    leads: tuple[str, ...]
    magnitude: Row
    mean: Row


def of(beat: Median) -> Shape:
    """Return the shape of a median beat that has a QRS; limb leads that follow from two others are computed."""
    qrs = beat.overall["QRS"]
    assert qrs is not None  # a median beat is made of QRS complexes
    first, past = beat.level_samples(qrs.onset_s, LEVEL_S)
    level = beat.signal[:, first:past].mean(1, keepdims=True)
    rows = (beat.signal - level).astype(np.float64)
    step = beat.sampling_rate_hz / RATE_HZ
    at = beat.peak + step * np.arange(-_samples(FIT_BEFORE_S + ROOM_S), _samples(FIT_AFTER_S + ROOM_S) + 1)
    # A median beat of a fast rhythm ends early: beyond it the heart is taken to be at rest.
    places = np.arange(rows.shape[1])
    cut = {
        name: np.interp(at, places, row, left=0.0, right=0.0).astype(np.float32)
        for name, row in zip(beat.lead_names, rows, strict=True)
        if name in STANDARD_12
    }
    cut |= derive_limb(cut)
    names = tuple(name for name in STANDARD_12 if name in cut)
    return Shape(
        names, np.stack([cut[name] for name in names]).astype(np.float64) if names else np.zeros((0, 0))
    )


def population(shapes: Sequence[Shape], leads: Sequence[str]) -> Population:
    """Return what these shapes have in common; each must have the leads."""
    beats = np.stack([one.of(leads) for one in shapes])
    magnitude = _magnitude(beats)[:, _fitted(0)].mean(0)
    for _ in range(3):  # the mean of aligned beats is sharper than that of unaligned ones
        magnitude = _moved_magnitude(beats, magnitude).mean(0)
    moved = _unit_size(_moved(beats, magnitude))
    return Population(tuple(leads), magnitude, moved.mean(0))


def compared(shapes: Sequence[Shape], of_all: Population) -> Row:
    """Return (shapes, n) vectors of unit length without a mean: the correlation of two shapes is their product."""
    beats = np.stack([one.of(of_all.leads) for one in shapes])
    own = (_unit_size(_moved(beats, of_all.magnitude)) - of_all.mean).reshape(len(beats), -1)
    own = own - own.mean(1, keepdims=True)
    found: Row = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)
    return found


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def _fitted(shift: int) -> slice:
    first = _samples(ROOM_S) + shift
    return slice(first, first + FITTED)


def _magnitude(beats: Row) -> Row:
    """Return (beats, samples): the length of the vector whose parts are the leads."""
    found: Row = np.sqrt((beats**2).sum(1))
    return found


def _shifts(beats: Row, magnitude: Row) -> NDArray[np.int64]:
    """Return by how many samples each beat's magnitude fits the population's best."""
    own = _magnitude(beats)
    wanted = magnitude - magnitude.mean()
    room = _samples(ROOM_S)
    fits = np.empty((len(beats), 2 * room + 1))
    for k in range(2 * room + 1):
        part = own[:, _fitted(k - room)]
        part = part - part.mean(1, keepdims=True)
        fits[:, k] = part @ wanted / np.maximum(np.linalg.norm(part, axis=1), 1e-12)
    found: NDArray[np.int64] = fits.argmax(1) - room
    return found


def _moved_magnitude(beats: Row, magnitude: Row) -> Row:
    """Return (beats, samples) magnitudes, fitted and of one size."""
    own = _magnitude(beats)
    rows = np.stack([row[_fitted(int(k))] for row, k in zip(own, _shifts(beats, magnitude), strict=True)])
    found: Row = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return found


def _moved(beats: Row, magnitude: Row) -> Row:
    """Return (beats, leads, samples) around the fitted QRS."""
    first = _samples(ROOM_S) + _samples(FIT_BEFORE_S) - _samples(BEFORE_S)
    return np.stack(
        [
            beat[:, first + k : first + k + COMPARED]
            for beat, k in zip(beats, _shifts(beats, magnitude), strict=True)
        ]
    )


def _unit_size(beats: Row) -> Row:
    """Return the beats, each over all its leads of root mean square 1: a gain says nothing of the patient."""
    size = np.sqrt((beats**2).mean((1, 2), keepdims=True))
    found: Row = beats / np.maximum(size, 1e-12)
    return found
