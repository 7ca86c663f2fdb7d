"""The lead-agnostic network in training: its sizes, its 5 s crops of a lead set, its encoder (methods D)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import architectures, cards
from ecgview.models.networks.wav2vec_cmsc import Wav2vecConfig
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.inputs import LEAD_SETS
from ecgview.training.engine import classify, run_state

SAMPLES = 2500  # 5 s at 500 Hz, as published
SMALL = {"conv_width": 32, "width": 48, "depth": 1, "hidden": 64, "code_width": 32}  # for a trial of a minute


@dataclass(frozen=True, slots=True)
class Sizes:
    """A small variant that trains on two processor cores; defaults of ours. `Wav2vecConfig()` is the published one."""

    conv_width: int = 64
    width: int = 192
    depth: int = 4
    n_heads: int = 4
    hidden: int = 768
    code_width: int = 64

    def config(
        self, *, n_classes: int = 0, conv_gradient: float = 0.1, dropout: float = 0.1
    ) -> Wav2vecConfig:
        """Return the network's configuration, for pre-training where `n_classes` is 0."""
        return Wav2vecConfig(
            conv_width=self.conv_width,
            width=self.width,
            depth=self.depth,
            n_heads=self.n_heads,
            hidden=self.hidden,
            code_width=self.code_width,
            conv_gradient=conv_gradient,
            dropout=dropout,
            attention_dropout=dropout,
            activation_dropout=0.0 if n_classes == 0 else 0.1,
            pretraining_heads=n_classes == 0,
            n_classes=n_classes,
        )


def halves(signal: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two 5 s segments of (..., samples)."""
    return signal[..., :SAMPLES], signal[..., SAMPLES : 2 * SAMPLES]


def lead_mask(leads: str | Sequence[str]) -> Tensor:
    """Return (12, 1) of 0 and 1: which leads a set has.

    Args:
        leads: "12", "6", "3", "2", "1", or names, in a list or separated by commas.

    Raises:
        ModelError: a name that is no standard lead, or none at all.
    """
    names = LEAD_SETS.get(leads) if isinstance(leads, str) else tuple(leads)
    if names is None:
        names = tuple(part.strip() for part in str(leads).split(",") if part.strip())
    unknown = [name for name in names if name not in STANDARD_12]
    if unknown or not names:
        raise ModelError(
            "no such lead set",
            expected=", ".join([*LEAD_SETS, *STANDARD_12]),
            found=", ".join(unknown) or "none",
        )
    return torch.tensor([[float(name in names)] for name in STANDARD_12])


def inputs(leads: str | Sequence[str], mask_leads: float) -> classify.Inputs:
    """Return how packed millivolts become 5 s crops of a lead set: a random one in training, two in evaluation."""
    present = lead_mask(leads)

    def crop(signal: Tensor, generator: torch.Generator) -> Tensor:
        start = int(torch.randint(signal.shape[-1] - SAMPLES + 1, (), generator=generator))
        return signal[..., start : start + SAMPLES] * present

    def both(signal: Tensor) -> list[Tensor]:
        return [half * present for half in halves(signal)]

    augmentation = Augmentation(shift=False, gain=0.05, lead_gain=0.0, noise_mv=0.0, mask_leads=mask_leads)
    return classify.Inputs(crop, both, augmentation)


def load_encoder(network: nn.Module, start: Path) -> None:
    """Put a contrastive run's encoder, or that of a catalogue model, into the network.

    Raises:
        ModelError: there is neither, or it is of another size.
    """
    own = network.state_dict()
    if start.is_dir():
        state = run_state.last_weights(start)
        encoder = {k.removeprefix("network."): v for k, v in state.items() if k.startswith("network.")}
    else:
        encoder = architectures.load(cards.get(str(start))).state_dict()
    kept = {name: value for name, value in encoder.items() if name in own and not name.startswith("proj.")}
    wrong = [name for name in own if not name.startswith("proj.") and name not in kept]
    wrong += [name for name, value in kept.items() if value.shape != own[name].shape]
    if wrong:
        raise ModelError("the pre-trained weights do not fit", where=str(start), found=", ".join(wrong[:5]))
    network.load_state_dict(kept, strict=False)


def sizes_at(start: Path | None, sizes: Sizes) -> Sizes:
    """Return the sizes of a catalogue model that is started from, or those of the recipe."""
    if start is None or start.is_dir():
        return sizes
    config = cards.get(str(start)).config
    return Sizes(**{f.name: config.get(f.name, getattr(sizes, f.name)) for f in fields(Sizes)})
