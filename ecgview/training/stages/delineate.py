"""Onset, peak and offset of P, QRS and T, learnt from the marks of the experts of LUDB."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12
from ecgview.models import preprocessing
from ecgview.models.networks import wave_unet
from ecgview.models.networks.wave_unet import INPUT, WaveUnet, WaveUnetConfig, WaveUnets
from ecgview.progress import Progress, silent
from ecgview.signal.resampling import resample
from ecgview.training.data import crops, delineated, share
from ecgview.training.data.crops import CropBatch, LeadChanges
from ecgview.training.data.delineated import Marked
from ecgview.training.engine import export as exporting
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.waves import WaveObjective
from ecgview.training.places import Places

TRAINING_DATA = (
    "LUDB 1.0.1 (Kalyakulina et al. 2020, ODC-BY): {n} twelve-lead records of 10 s at 500 Hz, P, QRS and T marked by "
    "experts in every lead. Not trained on one lead alone, long records, other rates, or children"
)


@dataclass(frozen=True, slots=True)
class DelineateRecipe:
    """How the network learns. Every value is a default of ours, chosen by five-fold cross-validation on LUDB."""

    epochs: int = 9
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
    changes: LeadChanges = field(default_factory=LeadChanges)


RECIPE = DelineateRecipe()
SMOKE = {"epochs": 1, "steps": 4, "batch": 8, "widths": [8, 8, 8], "most_records": 8}


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """The networks, one per seed, in evaluation mode, and how many records they learnt from."""

    networks: tuple[WaveUnet, ...]
    n_train: int


def run(recipe: DelineateRecipe, places: Places) -> Learnt:
    """Train a network per seed; weights and log in `seed-N` of `places.out`, each resumed if it exists.

    Raises:
        FormatError: there is no LUDB at `places.data` or one level below.
    """
    return learn(recipe, delineated.read(places.data), places.out, places.progress, places.device)


def learn(
    recipe: DelineateRecipe,
    marked: Sequence[Marked],
    out: Path,
    progress: Progress = silent,
    device: str = "auto",
) -> Learnt:
    """Do the same from records that are read already."""
    fold = delineated.folds(marked)
    kept = [one for one, number in zip(marked, fold, strict=True) if number != recipe.left_out]
    kept = kept[: recipe.most_records or None]
    ready = [prepared(one) for one in kept]
    networks = []
    for count, seed in enumerate(recipe.seeds):
        told = _part(progress, count, len(recipe.seeds), f"seed {seed}: ")
        networks.append(_one(recipe, ready, seed, out / f"seed-{seed}", told, device))
    return Learnt(tuple(networks), len(kept))


def _part(progress: Progress, number: int, count: int, before: str) -> Progress:
    """Return what tells of one of several runs as a part of the whole."""

    def told(fraction: float, text: str = "") -> None:
        progress((number + fraction) / count, before + text)

    return told


def prepared(one: Marked) -> crops.Lead12:
    """Return a record as the network takes it, with the class of each sample."""
    rate = INPUT.sampling_rate_hz
    at_rate = resample(one.record.signal, one.record.sampling_rate_hz, rate)
    signal = preprocessing.FILTERS[INPUT.filter](at_rate, rate)
    wanted = [delineated.classes(one.marks[name], signal.shape[1], rate) for name in STANDARD_12]
    return crops.Lead12(signal, np.stack(wanted))


def _one(
    recipe: DelineateRecipe,
    ready: Sequence[crops.Lead12],
    seed: int,
    out: Path,
    progress: Progress,
    device: str,
) -> WaveUnet:
    torch.manual_seed(seed)
    objective = WaveObjective(WaveUnet(WaveUnetConfig(widths=recipe.widths, kernel=recipe.kernel)))
    part = share.this_process(device)
    drawn = recipe.steps * recipe.batch * part.count  # crops are drawn anew: an epoch is a number of steps
    settings = loop_settings(recipe, drawn, device, betas=(0.9, 0.999), seed=seed)

    def batches(epoch: int, first: int) -> Iterator[CropBatch]:
        seeds = ((seed, epoch, step, part.rank) for step in range(first, recipe.steps))
        return crops.batches(ready, recipe.changes, INPUT.sampling_rate_hz, recipe.crop, recipe.batch, seeds)

    fit(objective, batches, settings, out, device=device, progress=progress)
    return objective.network.eval()


def joined(networks: Sequence[WaveUnet]) -> WaveUnets:
    """Return several networks as one that answers with their mean, the norms folded in."""
    folded = [network.folded() for network in networks]
    out = WaveUnets(WaveUnetConfig(**{**asdict(folded[0].config), "members": len(folded)}))
    out.members = torch.nn.ModuleList(folded)
    return out.eval()


def probabilities(network: WaveUnets, signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (leads, 4, samples) of one prepared record: no wave, P, QRS, T."""
    from ecgview.models.delineation import rows

    with torch.inference_mode():
        said: NDArray[np.float32] = torch.softmax(network(torch.from_numpy(rows(signal))), 1).numpy()
    return said


def export(learnt: Learnt, recipe: DelineateRecipe, folder: Path) -> Path:
    """Write weights and card of the delineator into a folder. Return the card."""
    network = joined(learnt.networks)
    card = {
        "id": folder.name,
        "name": "Waves of LUDB",
        "version": "1.0",
        "kind": "delineator",
        "network": "wave-unet",
        "licence": "MIT",
        "training_data": TRAINING_DATA.format(n=learnt.n_train),
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
