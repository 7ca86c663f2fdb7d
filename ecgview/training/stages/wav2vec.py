"""The lead-agnostic system: contrastive pre-training with random lead masking, then any lead set (methods D)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import architectures, cards
from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc, Wav2vecConfig
from ecgview.progress import Progress, silent
from ecgview.training.data import material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.inputs import LEAD_AGNOSTIC, LEAD_SETS
from ecgview.training.data.pack import Pack
from ecgview.training.engine import classify, run_state
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.wav2vec_cmsc import ContrastObjective, ContrastSettings, PairBatch, span_mask

SAMPLES = 2500  # 5 s at 500 Hz, as published


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


@dataclass(frozen=True, slots=True)
class ContrastRecipe:
    """Pre-training. Masks, temperatures, weights and lead masking are published (methods D.3-D.6).

    Published but for size and length: Adam 5e-5 without warm-up, betas .9/.98, eps 1e-6, decay .01, 512 recordings
    a step, 200 epochs, float32. Rate, batch, warm-up and epochs here are defaults of ours for the small variant.
    """

    epochs: int = 20
    batch: int = 32  # recordings; each gives two segments
    learning_rate: float = 5e-4
    warmup_epochs: float = 2.0
    schedule: Schedule = "cosine"
    weight_decay: float = 0.01
    mask_leads: float = 0.5  # random lead masking: each lead of each segment zeroed with this probability
    sizes: Sizes = field(default_factory=Sizes)
    contrast: ContrastSettings = field(default_factory=ContrastSettings)
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0


@dataclass(frozen=True, slots=True)
class LeadSetRecipe:
    """Fine-tuning on PTB-XL's statements with a set of leads; the others are rows of zeros.

    Published: convolutions frozen, dropout 0, activation dropout .1, Adam 5e-5, batch 128, up to 100 epochs.
    Rate, batch and epochs here are defaults of ours for the small variant.
    """

    task: str = "all71"  # the paper's is cinc26, the challenge's 26 classes
    leads: str = "12"  # 12, 6, 3, 2, 1, or names separated by commas
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 5e-4
    warmup_epochs: float = 1.0
    schedule: Schedule = "cosine"
    weight_decay: float = 0.01
    mask_leads: float = 0.0
    sizes: Sizes = field(default_factory=Sizes)
    share_of_data: float = 1.0
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0


def open_pack(data: Path, cache: Path, progress: Progress = silent) -> Pack:
    """Return the pack of every record below `data`, unfiltered as published."""
    return material.open_pack(data, cache, LEAD_AGNOSTIC, progress)


def pretrain(
    recipe: ContrastRecipe,
    data: Path,
    out: Path,
    cache: Path,
    progress: Progress = silent,
    device: str = "auto",
) -> ContrastObjective:
    """Pre-train on every record outside the test fold; weights and log in `out`, resumed if it exists."""
    pack = open_pack(data, cache, progress)
    index = splits.unlabelled(pack)
    if recipe.most_records:
        index = index[: recipe.most_records]
    provenance.keep(provenance.of_unlabelled(pack, index), out)
    torch.manual_seed(recipe.seed)
    objective = ContrastObjective(recipe.sizes.config(), recipe.contrast)
    part = share.this_process(device)
    steps = part.steps(recipe.batch, len(index))
    settings = loop_settings(
        recipe,
        len(index),
        device,
        betas=(0.9, 0.98),
        eps=1e-6,
    )
    augmentation = Augmentation(
        shift=False, gain=0.0, lead_gain=0.0, noise_mv=0.0, mask_leads=recipe.mask_leads
    )
    tokens = objective.network.config.tokens(SAMPLES)

    def batches(epoch: int, first: int) -> Iterator[PairBatch]:
        seed = recipe.seed * 7919 + epoch
        for count, (rows, size, generator) in enumerate(
            part.batches(index, recipe.batch, seed, first), first
        ):
            signal = pack.millivolts(rows)
            halves = [augmentation(half, generator, part) for half in _halves(signal)]
            mask = span_mask(2 * size * part.count, tokens, recipe.contrast, generator)
            mine = mask.reshape(part.count, 2 * size, tokens)[part.rank]
            owner = torch.arange(size)
            yield PairBatch(halves[0], halves[1], owner, mine, torch.tensor(epoch * steps + count))

    fit(objective, batches, settings, out, device=device, progress=progress)
    return objective


def _halves(signal: Tensor) -> tuple[Tensor, Tensor]:
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

    def halves(signal: Tensor) -> list[Tensor]:
        return [half * present for half in _halves(signal)]

    augmentation = Augmentation(shift=False, gain=0.05, lead_gain=0.0, noise_mv=0.0, mask_leads=mask_leads)
    return classify.Inputs(crop, halves, augmentation)


def finetune(
    recipe: LeadSetRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> tuple[Wav2vecCmsc, material.Data]:
    """Fine-tune on a lead set; return the network at its best validation epoch, and the data it was made of."""
    found = material.of_task(
        data,
        cache,
        LEAD_AGNOSTIC,
        recipe.task,
        progress,
        share=recipe.share_of_data,
        seed=recipe.seed,
        most_records=recipe.most_records,
        start=start,
    )
    provenance.keep(found.learnt, out)
    torch.manual_seed(recipe.seed)
    config = sizes_at(start, recipe.sizes).config(
        n_classes=len(found.task), conv_gradient=0.0 if start is not None else 1.0, dropout=0.0
    )
    network = Wav2vecCmsc(config)
    if start is not None:
        load_encoder(network, start)
    settings = loop_settings(
        recipe,
        len(found.train),
        device,
        betas=(0.9, 0.98),
        select="super_auroc" if recipe.task == "all71" else "auroc",
    )
    objective = classify.StatementObjective(network)
    made = inputs(recipe.leads, recipe.mask_leads)
    classify.train(objective, found, made, settings, recipe.batch, out, device=device, progress=progress)
    return network.eval(), found


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
