"""P, QRS and T of every beat in every lead, as the network that learnt them from experts sees them.

What is not an ECG gets no waves and a reason, never numbers. The network saw whole 12-lead records of 10 s at 500 Hz;
what else is asked is answered with a warning that says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, loaded
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import FILTERS
from ecgview.record import EcgRecord, Signal
from ecgview.results import ModelFacts
from ecgview.signal import beats as rules
from ecgview.signal.gaps import LONGEST_GAP_S, bridged, too_long
from ecgview.signal.judgement import judged
from ecgview.signal.measure import waves
from ecgview.signal.measure.waves import Beat
from ecgview.signal.resampling import resample

if TYPE_CHECKING:
    import torch

SHORTEST_S, LONGEST_S = (
    2.0,
    120.0,
)  # ours: two beats at least; the longest record on which it was tried has 115 s
LEAST_MV = 0.02  # a lead that changes less is an electrode off
SAME_BEAT_S = 0.15  # EC57's window
FEWEST_ALIKE = 2 / 3  # of the beats that network and rules must both find


@dataclass(frozen=True, slots=True)
class Delineation:
    """The beats of a record, or why there are none.

    `leads` were used, in the record's order; `left_out` says of the others why. `warnings` is what a reader of the
    numbers must know.
    """

    model: ModelFacts
    leads: tuple[str, ...]
    left_out: Mapping[str, str]
    beats: tuple[Beat, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()


def delineate(record: EcgRecord, model_id: str | None = None, device: str = "cpu") -> Delineation:
    """Return onset, peak and offset of P, QRS and T of each beat, per lead and over all leads, in seconds.

    A wave that is not there is not in the answer. The processor is the default device: a record takes tens of
    milliseconds there.

    Raises:
        ModelError: no such model, one of another kind, or its weights are not here.
    """
    card = cards.default("delineator") if model_id is None else cards.get(model_id)
    if card.kind != "delineator":
        raise ModelError(f"{card.id} does not delineate", expected="a delineator", found=card.kind)
    condition = judged(record)
    unused = left_out(record, condition.faults)
    names = tuple(name for name in record.lead_names if name not in unused)
    if reason := condition.reason or _unfit(record, names):
        return Delineation(card.facts, names, unused, reason=reason)
    kept = np.stack([record.lead(name) for name in names])
    signal = prepared(kept, record.sampling_rate_hz, card)
    found = waves.beats(probabilities(card, signal, device), signal, card.input.sampling_rate_hz, names)
    reason = _not_beats(found, kept, record.sampling_rate_hz)
    if reason:
        return Delineation(card.facts, names, unused, reason=reason)
    warnings = (*condition.warnings, *_untried(record, names))
    return Delineation(card.facts, names, unused, found, warnings=warnings)


def prepared(signal: Signal, fs_hz: float, card: ModelCard) -> Signal:
    """Return (leads, samples) mV at the card's rate, filtered as it says; gaps are bridged."""
    spec = card.input
    at_rate = resample(bridged(signal)[0].astype(np.float32), fs_hz, spec.sampling_rate_hz)
    return FILTERS[spec.filter](at_rate, spec.sampling_rate_hz)


def rows(signal: Signal) -> NDArray[np.float32]:
    """Return (leads, 2, samples): each lead over its standard deviation, and the RMS over leads over its own."""
    own = signal / (signal.std(1, keepdims=True) + 1e-6)
    together = np.sqrt(np.square(signal).mean(0))
    together /= together.std() + 1e-6
    return np.stack([own, np.broadcast_to(together, own.shape)], 1).astype(np.float32)


def probabilities(card: ModelCard, signal: Signal, device: str = "cpu") -> NDArray[np.float32]:
    """Return (leads, 4, samples) of prepared leads: no wave, P, QRS, T.

    bf16 is used wherever the processor multiplies in it: half the time, and on the 150 records of LUDB 95 of 100
    intervals moved by less than 0.4 ms.
    """
    device = loaded.resolve_device(device)
    net: Any = loaded.network(card, device, precision(device))
    with loaded.threads(device, 1):
        return said_by(net, signal, device)


def said_by(net: "torch.nn.Module", signal: Signal, device: str = "cpu") -> NDArray[np.float32]:
    """Return the same of any network that takes these rows and gives logits."""
    import torch

    with torch.inference_mode():
        said: NDArray[np.float32] = (
            torch.softmax(net(torch.from_numpy(rows(signal)).to(device)), 1).cpu().numpy()
        )
    return said


@cache
def precision(device: str) -> str:
    """Return what the network is computed in: bf16 on a processor that has instructions for it, fp32 elsewhere."""
    if device != "cpu":
        return "fp32"
    from ecgview.models.networks.kit.bf16 import processor_multiplies_bf16

    return "bf16" if processor_multiplies_bf16() else "fp32"


def left_out(record: EcgRecord, faults: Mapping[str, str]) -> dict[str, str]:
    """Return the leads that say nothing; the faults are those of the first ten seconds."""
    out = dict(faults)
    for name, row in zip(record.lead_names, record.signal, strict=True):
        if name in out:
            continue
        if not np.isfinite(row).any():
            out[name] = "no signal"
        elif too_long(row, record.sampling_rate_hz):
            out[name] = f"a gap over {LONGEST_GAP_S:g} s"
        elif np.nanmax(row) - np.nanmin(row) < LEAST_MV:
            out[name] = "flat"
    return out


def _unfit(record: EcgRecord, names: tuple[str, ...]) -> str:
    if not names:
        return "no lead with a signal"
    if not SHORTEST_S <= record.seconds <= LONGEST_S:
        return f"{record.seconds:.0f} s long; {SHORTEST_S:g} to {LONGEST_S:g} s are delineated"
    return ""


def _not_beats(found: tuple[Beat, ...], signal: Signal, fs_hz: float) -> str:
    """Return why what was found is not believed: what has no beats by the rules of the heart rate has no waves."""
    by_rules = rules.peaks(signal, fs_hz) / fs_hz
    if len(found) < 2 or len(by_rules) < 2:
        return "fewer than two QRS complexes found"
    times = np.array([beat.time_s for beat in found])
    alike = sum(bool(np.abs(times - time).min() <= SAME_BEAT_S) for time in by_rules)
    if alike < FEWEST_ALIKE * max(len(times), len(by_rules)):
        return (
            f"network and rules do not find the same beats ({len(times)} and {len(by_rules)}, {alike} alike)"
        )
    return ""


def _untried(record: EcgRecord, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the network was not trained on, of this record."""
    said = []
    if len(names) < 12:
        said.append(f"found in {len(names)} of 12 leads: less sure than from all 12")
    if record.sampling_rate_hz < 250:
        said.append(
            f"{record.sampling_rate_hz:g} Hz: edges are no finer than {1000 / record.sampling_rate_hz:.0f} ms"
        )
    if record.seconds > 15:
        said.append(f"{record.seconds:.0f} s long: the network was checked on 10 s")
    return tuple(said)
