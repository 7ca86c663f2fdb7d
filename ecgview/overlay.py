"""What an explanation draws on the trace: roles over (lead, seconds), never colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Role = Literal[
    "masked",
    "reconstructed",
    "positive",
    "negative",
    "signed",
    "stretch",
    "annotation",
    "judgement",
    "caliper",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A shaded stretch of time; `leads` empty = all leads. With the role "stretch" a fine bracket stands around it."""

    start_s: float
    end_s: float
    role: Role
    leads: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A second trace over a lead: (samples,) mV from `start_s`; NaN breaks the line."""

    lead: str
    start_s: float
    sampling_rate_hz: float
    signal: NDArray[np.float32]
    role: Role


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """A thin strip beneath the traces: (n,) values over equal stretches of time, `lead` empty = all.

    Values lie in 0..1 in the colour of the role. With the role "signed" they lie in -1..1: what raises and what lowers
    a number, in two colours that everybody tells apart. `failed` strips are hatched: they must not be read.
    """

    lead: str
    start_s: float
    end_s: float
    values: NDArray[np.float32]
    role: Role
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Overlay:
    """Everything one explanation draws, with the sentence of its legend."""

    spans: tuple[Span, ...] = ()
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bar, ...] = ()
    legend: str = ""


def joined(layers: Sequence[Overlay]) -> Overlay:
    """Return several overlays as one."""
    return Overlay(
        spans=tuple(span for layer in layers for span in layer.spans),
        curves=tuple(curve for layer in layers for curve in layer.curves),
        bars=tuple(bar for layer in layers for bar in layer.bars),
        legend="  ".join(layer.legend for layer in layers if layer.legend),
    )
