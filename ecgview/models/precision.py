"""Which arithmetic a network runs in: fp32, or bf16 where the processor has it and the answers hold.

bf16 is asked for by name. It is used only after both forms of the network have answered the shipped records and agreed;
where it is not used, the answer is that of fp32 and says why. So an answer's `precision` is always what was run.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview import resources
from ecgview.errors import EcgviewError, ModelError
from ecgview.models import runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.record import Signal

Precision = Literal["fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
# Of a probability on the shipped records. MTECG-T moves by 0.0016 on them and by 0.004 on 500 real ones; 8-bit weights
# move it by 0.018, too far beside thresholds that are given to two digits.
LIMIT = 0.005


_tried: dict[tuple[object, ...], "Chosen"] = {}


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the answers in bf16 lie from those in fp32: `flips` are calls that fall on the other side of a cut."""

    n_records: int
    n_calls: int
    largest: float  # difference of a probability
    flips: int

    @property
    def sentence(self) -> str:
        """The figures in words."""
        of = "record" if self.n_records == 1 else "records"
        return (
            f"bf16 differs from fp32 by at most {self.largest:.4f} on {self.n_records} {of}, "
            f"{self.flips} of {self.n_calls} calls flipped"
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a network will be run in, and why, where it is not what was asked for."""

    precision: Precision = "fp32"
    why_not: str = ""
    parity: Parity | None = None


def choose(card: ModelCard, device: str, wanted: str) -> Chosen:
    """Return what a classifier is run in on a device that is there; bf16 is tried on the shipped records first.

    Raises:
        ModelError: there is no such precision, or the weights are missing, altered or do not fit.
    """
    if wanted not in PRECISIONS:
        raise ModelError(f"there is no precision {wanted!r}", expected=" or ".join(PRECISIONS))
    if wanted == "fp32":
        return Chosen()
    if device != "cpu":
        return Chosen(why_not=f"bf16 was not used: it is for the processor, and this ran on {device}")
    question = (card.sha256, card.thresholds, card.input)
    if question not in _tried:  # once per process: the processor and the weights stay
        _tried[question] = _try(card)
    return _tried[question]


def _try(card: ModelCard) -> Chosen:
    from ecgview.models.networks.kit import bf16

    if not bf16.processor_multiplies_bf16():
        return Chosen(why_not="bf16 was not used: this processor has no instructions for it")
    found = measured(card, shipped_inputs(card))
    if found is None:
        return Chosen(why_not="bf16 was not used: no shipped record fits this model to try it on")
    if not found.largest <= LIMIT:  # NaN is none the better
        return Chosen(why_not=f"bf16 was not used: {found.sentence}; allowed {LIMIT:g}", parity=found)
    return Chosen("bf16", parity=found)


def shipped_inputs(card: ModelCard) -> list[Signal]:
    """Return the network input of every shipped record that a model takes, (leads, samples) each."""
    from ecgview import formats

    inputs = []
    for path in sorted(resources.path("demo").glob("*.hea")):
        try:
            inputs.append(prepare(formats.read(path), card.input))
        except EcgviewError:  # another set of leads or another length than this model's
            continue
    return inputs


def measured(card: ModelCard, inputs: list[Signal]) -> Parity | None:
    """Return the parity of a classifier on network inputs, (leads, samples) each; None without any."""
    if not inputs:
        return None
    said = []
    for precision in PRECISIONS:
        module = runtime.network_to_ask(card, "cpu", precision)
        said.append(np.concatenate([runtime.probabilities(module, one[None], "cpu") for one in inputs]))
    return compared(said[0], said[1], cuts(card))


def cuts(card: ModelCard) -> NDArray[np.float64]:
    """Return what a call of each statement is made at: its threshold, or 0.5 where the card has none."""
    return np.array([0.5 if cut is None else cut for cut in card.thresholds], dtype=np.float64)


def compared(fp32: NDArray[np.float32], bf16: NDArray[np.float32], cut: NDArray[np.float64]) -> Parity:
    """Return how far two tables of probabilities, (records, statements), lie apart."""
    flips = int(((fp32 >= cut) != (bf16 >= cut)).sum())
    return Parity(len(fp32), fp32.size, float(np.abs(fp32 - bf16).max()), flips)
