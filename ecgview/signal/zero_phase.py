"""Sections of digital filters, run forward and backward, in NumPy alone: the first page waits for no larger package.

Sections and answers are SciPy's (`butter`, `iirnotch`, `sosfiltfilt`) to rounding; tests hold them to it.
"""

from functools import lru_cache
from math import cos, pi, sqrt, tan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 64  # samples taken in one product: shorter ones cost more steps, longer ones more multiplications

Samples = NDArray[np.float64]


class Section(NamedTuple):
    """A filter of second order, (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


def highpass(edge_hz: float, fs_hz: float) -> Section:
    """Return a Butterworth high-pass of first order, 3 dB down at its edge in each direction."""
    k = tan(pi * edge_hz / fs_hz)  # the bilinear transform bends frequencies: the edge is bent beforehand
    return Section(1 / (1 + k), -1 / (1 + k), 0.0, (k - 1) / (k + 1), 0.0)


def lowpass(edge_hz: float, fs_hz: float) -> Section:
    """Return a Butterworth low-pass of second order, 3 dB down at its edge in each direction."""
    k = tan(pi * edge_hz / fs_hz)
    whole = 1 + sqrt(2) * k + k * k
    b0 = k * k / whole
    return Section(b0, 2 * b0, b0, 2 * (k * k - 1) / whole, (1 - sqrt(2) * k + k * k) / whole)


def notch(hz: float, quality: float, fs_hz: float) -> Section:
    """Return a notch, `hz / quality` wide between the points that are 3 dB down."""
    middle = 2 * pi * hz / fs_hz
    gain = 1 / (1 + tan(middle / quality / 2))
    return Section(gain, -2 * gain * cos(middle), gain, -2 * gain * cos(middle), 2 * gain - 1)


def forward_backward(section: Section, signal: Samples, padding: int) -> Samples:
    """Return (leads, samples) filtered in both directions, so that no phase is shifted.

    Either end is continued by `padding` samples of its mirror image (fewer than there are samples), and the filter
    starts as if the first of these had stood there for ever: a lead that does not begin at zero makes no step.
    """
    left = signal[:, padding:0:-1]
    right = signal[:, -2 : -(padding + 2) : -1] if padding else left
    padded = np.concatenate([left, signal, right], axis=1)
    for _ in range(2):
        padded = forward(section, padded)[:, ::-1]
    return padded[:, padding : padded.shape[1] - padding]


class _Blocks(NamedTuple):
    """What a section makes of a block: of its samples, and of the two numbers it remembers from those before."""

    from_samples: Samples  # (BLOCK, BLOCK + 2): the answer to a block alone, and what is remembered of it
    from_memory: Samples  # (2, BLOCK): how what is remembered fades within the block
    fading: Samples  # (2, 2): what is left of it after the block
    settled: Samples  # (2,): what is remembered of a signal that always was 1


@lru_cache(maxsize=64)
def _blocks(section: Section) -> _Blocks:
    step = np.array([[-section.a1, 1.0], [-section.a2, 0.0]])
    entry = np.array([section.b1 - section.a1 * section.b0, section.b2 - section.a2 * section.b0])
    powers = [np.eye(2)]
    for _ in range(BLOCK):
        powers.append(step @ powers[-1])
    reached = np.stack(
        [power @ entry for power in powers[:BLOCK]]
    )  # (BLOCK, 2): what is remembered of a 1, later
    response = np.concatenate([[section.b0], reached[:-1, 0]])
    lag = np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]  # (from, to)
    alone = np.where(lag >= 0, response[lag], 0.0)
    return _Blocks(
        np.concatenate([alone, reached[::-1]], axis=1),
        np.stack([power[0] for power in powers[:BLOCK]], axis=1),
        powers[BLOCK].T,
        np.linalg.solve(np.eye(2) - step, entry),
    )


def forward(section: Section, signal: Samples) -> Samples:
    """Return (leads, samples) filtered once, from a start at which the first sample had stood for ever."""
    made = _blocks(section)
    n_leads, n_samples = signal.shape
    n_blocks = -(-n_samples // BLOCK)
    blocks = np.zeros((n_leads, n_blocks * BLOCK))
    blocks[:, :n_samples] = signal
    answers = blocks.reshape(-1, BLOCK) @ made.from_samples
    answers = answers.reshape(n_leads, n_blocks, BLOCK + 2)
    remembered = np.empty((n_blocks, n_leads, 2))
    memory = signal[:, :1] * made.settled
    for number, left in enumerate(answers[:, :, BLOCK:].transpose(1, 0, 2)):
        remembered[number] = memory
        memory = memory @ made.fading + left
    filtered = answers[:, :, :BLOCK] + (remembered @ made.from_memory).transpose(1, 0, 2)
    return filtered.reshape(n_leads, -1)[:, :n_samples]
