"""Onset, peak and offset of P, QRS and T, learnt from the marks of the experts of LUDB."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12
from ecgview.models import delineation, preprocessing
from ecgview.models.networks import wave_unet
from ecgview.models.networks.kit.bf16 import InBf16, processor_multiplies_bf16
from ecgview.models.networks.wave_unet import INPUT, WaveUnet, WaveUnetConfig, WaveUnets
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.signal.measure.waves import KINDS
from ecgview.signal.resampling import resample
from ecgview.training.data import crops, delineated, share, unmarked
from ecgview.training.data.crops import CropBatch, LeadChanges
from ecgview.training.data.delineated import Marked
from ecgview.training.data.unmarked import Unmarked
from ecgview.training.engine import export as exporting
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.waves import WaveObjective
from ecgview.training.places import Places

TRAINING_DATA = (
    "LUDB 1.0.1 (Kalyakulina et al. 2020, ODC-BY): {n} twelve-lead records of 10 s at 500 Hz, P, QRS and T marked by "
    "experts in every lead.{more} Not trained on one lead alone, long records, other rates, or children"
)
MORE_DATA = (
    " Then {n} unmarked records of PTB-XL 1.0.3 (Wagner et al. 2020, CC BY 4.0; folds 1-7: paced, atrial fibrillation, "
    "blocks, others) with the network's own marks, and no P waves where the statement is atrial fibrillation or flutter"
    "."
)


@dataclass(frozen=True, slots=True)
class FurtherRecipe:
    """A second pass from the first one's weights, over marked records and unmarked ones with the first one's marks."""

    epochs: int = 3  # 0 leaves the pass out
    learning_rate: float = 2e-3
    seeds: tuple[int, ...] = (100,)  # passes from the same weights, whose weights are averaged
    unmarked: int = 300  # records of PTB-XL, where it lies beside LUDB
    of_unmarked: float = 0.35  # of the crops
    soft: int = 2  # samples to each side of a border that are shared by two classes
    stretch: float = 0.1  # of time, either way


@dataclass(frozen=True, slots=True)
class DelineateRecipe:
    """How the network learns. Every value is a default of ours, chosen by five-fold cross-validation on LUDB."""

    epochs: int = 18
    steps: int = 100  # of an epoch
    batch: int = 32
    crop: int = 1280  # samples at 250 Hz: a little over 5 s, and a multiple of what the network halves
    learning_rate: float = 4e-3
    warmup_epochs: float = 0.6
    weight_decay: float = 0.02
    ema_decay: float = 0.995
    seeds: tuple[int, ...] = (0,)  # a network each
    left_out: int = -1  # one fold of five for testing; -1 learns from all records
    widths: tuple[int, ...] = (16, 24, 32, 48, 64, 64)
    kernel: int = 7
    most_records: int = 0  # 0 = all; a smaller number for a quick trial
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    further: FurtherRecipe = field(default_factory=FurtherRecipe)
    changes: LeadChanges = field(default_factory=LeadChanges)


RECIPE = DelineateRecipe()
SMOKE = {
    "epochs": 1,
    "steps": 4,
    "batch": 8,
    "widths": [8, 8, 8],
    "most_records": 8,
    "further": {"epochs": 1, "seeds": [100], "unmarked": 8},
}


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """The networks, one per seed, in evaluation mode, and how many records they learnt from, marked and not."""

    networks: tuple[WaveUnet, ...]
    n_train: int
    n_unmarked: int = 0


def run(recipe: DelineateRecipe, places: Places) -> Learnt:
    """Train a network per seed; weights and log in `seed-N` of `places.out`, each resumed if it exists.

    PTB-XL is learnt from, too, where it lies at `places.data` or one level below.

    Raises:
        FormatError: there is no LUDB at `places.data` or one level below.
    """
    marked = delineated.read(places.data)
    more = unmarked.read(places.data, recipe.further.unmarked if recipe.further.epochs else 0)
    return learn(recipe, marked, places.out, more, places.progress, places.device)


def learn(
    recipe: DelineateRecipe,
    marked: Sequence[Marked],
    out: Path,
    more: Sequence[Unmarked] = (),
    progress: Progress = silent,
    device: str = "auto",
) -> Learnt:
    """Do the same from records that are read already."""
    fold = delineated.folds(marked)
    kept = [one for one, number in zip(marked, fold, strict=True) if number != recipe.left_out]
    kept = kept[: recipe.most_records or None]
    ready = [prepared(one) for one in kept]
    further = recipe.further.seeds if recipe.further.epochs else ()
    networks = []
    for count, seed in enumerate(recipe.seeds):
        told = _part(progress, count, len(recipe.seeds), f"seed {seed}: ")
        first = _part(told, 0, 1 + len(further), "")
        network = _one(recipe, ready, seed, out / f"seed-{seed}", first, device)
        if further:
            softer = [prepared(one, recipe.further.soft) for one in kept]
            taught = cache(partial(_taught, network, more))  # not asked for where every pass is done already
            passes = []
            for number, own in enumerate(further, 1):
                told_of = _part(told, number, 1 + len(further), f"pass {number}: ")
                folder = out / f"seed-{seed}-further-{own}"
                passes.append(_further(recipe, network, softer, taught, own, folder, told_of, device))
            network = averaged(passes)
        networks.append(network)
    return Learnt(tuple(networks), len(kept), len(more) if further else 0)


def _part(progress: Progress, number: int, count: int, before: str) -> Progress:
    """Return what tells of one of several runs as a part of the whole."""

    def told(fraction: float, text: str = "") -> None:
        progress((number + fraction) / count, before + text)

    return told


def prepared(one: Marked, soft: int = 0) -> crops.Lead12:
    """Return a record as the network takes it, with the share of each class in each sample."""
    signal = _signal(one.record)
    rate = INPUT.sampling_rate_hz
    wanted = [delineated.classes(one.marks[name], signal.shape[1], rate) for name in STANDARD_12]
    return crops.Lead12(signal, crops.shares_of(np.stack(wanted), len(KINDS) + 1, soft))


def _signal(record: EcgRecord) -> NDArray[np.float32]:
    rate = INPUT.sampling_rate_hz
    at_rate = resample(record.signal, record.sampling_rate_hz, rate)
    return preprocessing.FILTERS[INPUT.filter](at_rate, rate)


def _taught(teacher: WaveUnet, more: Sequence[Unmarked]) -> list[crops.Lead12]:
    """Return records with the teacher's marks."""
    network: Any = joined([teacher])
    if processor_multiplies_bf16():  # marks that are smoothed need no more digits
        network = InBf16(network)
    out = []
    place = KINDS.index("P") + 1
    for one in more:
        signal = _signal(one.record)
        said = delineation.said_by(network, signal)
        if one.no_p:
            said[:, 0] += said[:, place]
            said[:, place] = 0
        out.append(crops.Lead12(signal, said.astype(np.float16)))
    return out


def _one(
    recipe: DelineateRecipe,
    ready: Sequence[crops.Lead12],
    seed: int,
    out: Path,
    progress: Progress,
    device: str,
) -> WaveUnet:
    torch.manual_seed(seed)
    network = WaveUnet(WaveUnetConfig(widths=recipe.widths, kernel=recipe.kernel))
    return _fitted(recipe, network, ready, tuple, seed, out, progress, device)


def _further(
    recipe: DelineateRecipe,
    start: WaveUnet,
    ready: Sequence[crops.Lead12],
    taught: Callable[[], Sequence[crops.Lead12]],
    seed: int,
    out: Path,
    progress: Progress,
    device: str,
) -> WaveUnet:
    own = replace(
        recipe,
        epochs=recipe.further.epochs,
        learning_rate=recipe.further.learning_rate,
        changes=replace(recipe.changes, stretch=recipe.further.stretch),
    )
    return _fitted(own, deepcopy(start), ready, taught, seed, out, progress, device)


def _fitted(
    recipe: DelineateRecipe,
    network: WaveUnet,
    ready: Sequence[crops.Lead12],
    taught: Callable[[], Sequence[crops.Lead12]],
    seed: int,
    out: Path,
    progress: Progress,
    device: str,
) -> WaveUnet:
    objective = WaveObjective(network)
    part = share.this_process(device)
    drawn = recipe.steps * recipe.batch * part.count  # crops are drawn anew: an epoch is a number of steps
    settings = loop_settings(recipe, drawn, device, betas=(0.9, 0.999), seed=seed)

    def batches(epoch: int, first: int) -> Iterator[CropBatch]:
        seeds = ((seed, epoch, step, part.rank) for step in range(first, recipe.steps))
        size, rate, of_taught = recipe.crop, INPUT.sampling_rate_hz, recipe.further.of_unmarked
        return crops.batches(ready, recipe.changes, rate, size, recipe.batch, seeds, taught(), of_taught)

    fit(objective, batches, settings, out, device=device, progress=progress)
    return objective.network.eval()


def averaged(networks: Sequence[WaveUnet]) -> WaveUnet:
    """Return one network with the mean of the weights of several that began at the same ones."""
    out = deepcopy(networks[0])
    states = [network.state_dict() for network in networks]
    for name, value in out.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.stack([state[name] for state in states]).mean(0))
    return out.eval()


def joined(networks: Sequence[WaveUnet]) -> WaveUnets:
    """Return several networks as one that answers with their mean, the norms folded in."""
    folded = [network.folded() for network in networks]
    out = WaveUnets(WaveUnetConfig(**{**asdict(folded[0].config), "members": len(folded)}))
    out.members = torch.nn.ModuleList(folded)
    return out.eval()


def export(learnt: Learnt, recipe: DelineateRecipe, folder: Path) -> Path:
    """Write weights and card of the delineator into a folder. Return the card."""
    network = joined(learnt.networks)
    more = MORE_DATA.format(n=learnt.n_unmarked) if learnt.n_unmarked else ""
    card = {
        "id": folder.name,
        "name": "Waves of LUDB",
        "version": "1.2",
        "kind": "delineator",
        "network": "wave-unet",
        "licence": "MIT",
        "training_data": TRAINING_DATA.format(n=learnt.n_train, more=more),
        "calibrated": "not calibrated",
        "intended_use": "Onset, peak and offset of P, QRS and T of every beat of an adult's 12-lead ECG of 10 s, "
        "for a reader to check",
        "out_of_scope": "Not for diagnosis or treatment. Few records with pacing, atrial fibrillation or blocks were "
        "there to learn from: flutter and fibrillation waves may be taken for P waves, and edges of paced beats are "
        "less sure. One lead, long records, rates below 250 Hz and children were not tried by experts' marks",
        "input": asdict(INPUT),
        "config": wave_unet.sizes(network),
        "recipe": asdict(recipe),
    }
    return exporting.write(network, card, folder)
