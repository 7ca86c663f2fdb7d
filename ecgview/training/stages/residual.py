"""Residual networks and random kernels on PTB-XL's 71 statements: cross-validated, for figures, and for use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import lead_sets, unusual
from ecgview.models.cards import sha256_of
from ecgview.models.networks import residual
from ecgview.models.networks.residual import Residual, ResidualConfig
from ecgview.training.data import inputs, kernels, labels, material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.material import Data
from ecgview.training.data.pack import lead_matrix
from ecgview.training.engine import export as exporting
from ecgview.training.engine import out_of_fold
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision, Schedule
from ecgview.training.engine.out_of_fold import OutOfFold, Stack
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.evaluation import baselines
from ecgview.training.evaluation.baselines import Regressions
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective
from ecgview.training.places import Places

Array = NDArray[np.float32]
FOR_FIGURES = "-18"  # after the name of the model: the one of folds 1-8
FIGURES, USE = tuple(range(1, 9)), tuple(range(1, 10))  # folds of PTB-XL
PARTS = ("cross", "figures", "use")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of each network; defaults of ours."""

    stem: tuple[int, ...] = (32, 64)
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 2)
    kernel: int = 7


@dataclass(frozen=True, slots=True)
class ResidualRecipe:
    """Every value is a choice of ours, made on folds 1 and 2 as networks answered that had learnt from folds 3 to 8."""

    parts: tuple[str, ...] = PARTS  # what is trained; processes may share a run, each a part
    epochs: int = 30
    batch: int = 64
    learning_rate: float = 2e-3
    warmup_epochs: float = 3.0
    schedule: Schedule = "cosine"
    weight_decay: float = 0.05
    drop_path: float = 0.1
    dropout: float = 0.3  # before the head
    ema_decay: float = 0.995
    mixup: float = 0.2  # both parameters of the beta distribution; 0 = none
    statement_weight: float = 5.0
    superclass_weight: float = 1.0
    seeds: tuple[int, ...] = (0, 1, 2)  # networks side by side; the first one is cross-validated
    n_kernels: int = 2000  # beside them; 0 = none
    kernel_strength: float = 1e-3  # inverse penalty of the regressions on their features
    others: bool = True  # records of other hospitals in what is for use
    sizes: Sizes = field(default_factory=Sizes)
    most_records: int = 0  # of each training set
    precision: Precision = "bf16"
    save_minutes: float = 5.0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(
            shift=False,
            gain=0.15,
            lead_gain=0.05,
            noise_mv=0.03,
            mask_leads=0.05,
            wander_mv=0.08,
            hidden=0.25,
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What the networks learn from: `signal` (records, 8, samples at 100 Hz) mV, in the order of the rows."""

    data: Data
    signal: NDArray[np.float16]
    ptbxl: Mapping[int, share.Index]  # rows by fold, in the order of their numbers
    others: share.Index  # labelled, of other hospitals
    features: Array | None  # of kernels, (records, 3 * kernels)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What came of it: answers out of fold, and the networks for figures and for use, as far as they were asked for."""

    material: Material
    held_out: OutOfFold | None
    figures: "Model | None"
    use: "Model | None"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Networks side by side, and regressions on the features of kernels, both of the same records."""

    network: Residual
    regressions: Regressions | None


RECIPE = ResidualRecipe()
SMOKE = {
    "epochs": 1,
    "most_records": 32,
    "batch": 16,
    "seeds": [0],
    "n_kernels": 50,
    "sizes": {"stem": [8, 8], "widths": [8, 16], "blocks": [1, 1]},
}


def run(recipe: ResidualRecipe, places: Places) -> Made:
    """Train the parts that the recipe names, each network in a folder of its own below `places.out`; each is resumed.

    `cross` are four networks, two of folds 1 to 8 held out from each, and `out-of-fold.npz` with what they say there;
    `figures` learn from folds 1 to 8, `use` from all folds and from other hospitals.

    Raises:
        ModelError: a part that is none, or a patient who stands in two of them.
    """
    if unknown := set(recipe.parts) - set(PARTS):
        found = ", ".join(sorted(unknown))
        raise ModelError("no such part of the run", expected=", ".join(PARTS), found=found)
    known = _material(recipe, places)
    held_out = figures = use = None
    if "cross" in recipe.parts:
        held_out = _cross_validated(recipe, known, places)
        out_of_fold.write(held_out, out_of_fold.stack(held_out, _sources(recipe)), places.out)
    if "figures" in recipe.parts:
        figures = _model(recipe, known, _rows(known, FIGURES, recipe), recipe.seeds, places, "figures")
    if "use" in recipe.parts:
        use = _model(recipe, known, _rows(known, USE, recipe), recipe.seeds, places, "use")
    return Made(known, held_out, figures, use)


def export(made: Made, recipe: ResidualRecipe, folder: Path) -> Path:
    """Write the model for use, in `folder`, and the one for figures beside it, as far as there are. Return a card.

    Weights, lines and cuts are those of the answers out of fold, the same for both.

    Raises:
        ModelError: the run has no answers out of fold, or no model.
    """
    if made.held_out is None or (made.figures is None and made.use is None):
        raise ModelError("the run is not whole", expected='"cross" and "figures" or "use" among its parts')
    stack = out_of_fold.stack(made.held_out, _sources(recipe))
    path = folder
    for model, own, folds in (
        (made.figures, folder.with_name(folder.name + FOR_FIGURES), FIGURES),
        (made.use, folder, USE),
    ):
        if model is not None:
            path = _write(model, own, folds, made, stack, recipe)
    return path


def _sources(recipe: ResidualRecipe) -> tuple[str, ...]:
    """Return whose logits are weighed."""
    return (out_of_fold.WHOLE, out_of_fold.KERNELS) if recipe.n_kernels else (out_of_fold.WHOLE,)


def _material(recipe: ResidualRecipe, places: Places) -> Material:
    # The input of every network here that begins at 0.5 and ends at 40 Hz: one pack for all of them.
    data = material.of_task(
        places.data,
        places.cache,
        inputs.MTECG,
        "all71",
        places.progress,
        per_fold=places.per_fold,
        others=True,
    )
    provenance.keep(data.learnt, places.out)
    rows = data.pack.rows

    # In the order of their numbers, not of folders: the same records make the same batches wherever they lie.
    def ordered(index: share.Index) -> share.Index:
        return np.array(
            sorted(index.tolist(), key=lambda i: (rows[i].source, rows[i].record_id.zfill(12), i)), np.int64
        )

    ptbxl = {fold: ordered(data.pack.where(folds=[fold], source=material.PTBXL)) for fold in USE}
    labelled = np.isfinite(data.wanted).any(1) & np.array([row.source != material.PTBXL for row in rows])
    features = None
    if recipe.n_kernels:
        first = np.concatenate([ptbxl[fold] for fold in FIGURES])
        drawing = kernels.Drawing(n_kernels=recipe.n_kernels)
        features = kernels.cached_soft(data.pack, first, places.cache, drawing, places.progress)
    return Material(data, low_rate(data), ptbxl, ordered(np.flatnonzero(labelled)), features)


def low_rate(data: Data) -> NDArray[np.float16]:
    """Return (records, 8, samples at 100 Hz) mV of the kept leads."""
    packed, every = data.pack.microvolts, ResidualConfig().every
    kept = np.empty((len(packed), packed.shape[1], packed.shape[2] // every), dtype=np.float16)
    for begin in range(0, len(packed), 256):
        part = packed[begin : begin + 256].astype(np.float32)
        kept[begin : begin + 256] = part.reshape(*kept[begin : begin + 256].shape, every).mean(-1) / 1000
    return kept


def _cross_validated(recipe: ResidualRecipe, known: Material, places: Places) -> OutOfFold:
    said = []
    sets = {out_of_fold.WHOLE: STANDARD_12, **(lead_sets.LISTED if recipe.augmentation.few_leads else {})}
    distances = []
    for number, folds in enumerate(splits.cross_validation(known.data.pack), 1):
        rest = np.concatenate([known.ptbxl[fold] for fold in sorted(folds["train"])])
        held = np.concatenate([known.ptbxl[fold] for fold in sorted(folds["validation"])])
        one = _model(recipe, known, rest, recipe.seeds[:1], places, f"cross-{number}")
        answers = out_of_fold.by_leads(one.network, known.signal, held, sets)
        if one.regressions is not None and known.features is not None:
            answers[out_of_fold.KERNELS] = _logits(one.regressions, known.features[held])
        said.append((held, answers))
        learnt, own = (out_of_fold.features(one.network, known.signal, index) for index in (rest, held))
        distances.append(unusual.fitted(learnt, own, "held out").distance(own))
    data = known.data
    found = out_of_fold.gathered(data.pack.rows, data.wanted, data.task.codes, said)
    order = np.argsort(np.concatenate([held for held, _ in said]))
    return replace(found, distances=np.concatenate(distances)[order])


def _model(
    recipe: ResidualRecipe,
    known: Material,
    rows: share.Index,
    seeds: Sequence[int],
    places: Places,
    name: str,
) -> Model:
    """Train one network for each seed on these rows and the regressions beside them."""
    if recipe.most_records:
        rows = rows[:: max(1, len(rows) // recipe.most_records)][: recipe.most_records]
    networks = [_network(recipe, known, rows, seed, places, f"{name}-{seed}") for seed in seeds]
    regressions = None
    if known.features is not None:
        wanted = known.data.wanted[rows]
        whole = np.isfinite(wanted).all(1)  # a regression takes what is known of all statements
        places.progress(0.0, f"{name}: regressions on random kernels")
        regressions = baselines.fit_logistic(
            known.features[rows[whole]], wanted[whole], recipe.kernel_strength
        )
    return Model(residual.joined(networks), regressions)


def _network(
    recipe: ResidualRecipe, known: Material, rows: share.Index, seed: int, places: Places, name: str
) -> Residual:
    """Train one network, or take it from its folder; no epoch is chosen, the last one counts."""
    torch.manual_seed(seed)
    sizes: dict[str, Any] = asdict(recipe.sizes)
    network = Residual(ResidualConfig(n_classes=len(known.data.task), drop_path=recipe.drop_path, **sizes))
    objective = SupervisedObjective(
        network,
        network.of_low_rate,
        dropout=recipe.dropout,
        statement_weight=recipe.statement_weight,
        superclass_weight=recipe.superclass_weight,
    )
    wanted = torch.from_numpy(known.data.wanted)
    above = torch.from_numpy(labels.known_superclasses(known.data.wanted))
    part = share.this_process(places.device)

    def batches(epoch: int, first: int) -> Iterator[LabelledBatch]:
        for own, _, generator in part.batches(rows, recipe.batch, seed * 7919 + epoch, first):
            kept = torch.from_numpy(known.signal[own]).float()
            twelve = torch.einsum("lk,bkt->blt", lead_matrix(), kept)
            shown = recipe.augmentation(twelve, generator, part)
            yield _mixed(shown, wanted[own], above[own], recipe.mixup, generator)

    settings = loop_settings(recipe, len(rows), places.device, seed=seed, betas=(0.9, 0.999))
    fit(objective, batches, settings, places.out / name, device=places.device, progress=places.progress)
    return network.eval()


def _mixed(
    signal: Tensor, wanted: Tensor, above: Tensor, strength: float, generator: torch.Generator
) -> LabelledBatch:
    """Return a batch in which each record is mixed with another, and its labels alike (Zhang et al., ICLR 2018).

    The larger part is the record's own. What is not known of one of the two is not known of the mixture.
    """
    if not strength:
        return LabelledBatch(signal, wanted, superclasses=above)
    seed = int(torch.randint(2**31, (), generator=generator))
    own = float(np.random.default_rng(seed).beta(strength, strength))
    own = max(own, 1 - own)
    other = torch.randperm(len(signal), generator=generator)
    mixed = [own * value + (1 - own) * value[other] for value in (signal, wanted, above)]
    return LabelledBatch(mixed[0], mixed[1], superclasses=mixed[2])


def _logits(found: Regressions, features: Array) -> Array:
    return np.asarray(features @ found.weight.T + found.bias, dtype=np.float32)


def _write(
    model: Model, folder: Path, folds: tuple[int, ...], made: Made, stack: Stack, recipe: ResidualRecipe
) -> Path:
    """Write one model: the stack's slopes and offsets go into its linear layer."""
    assert made.held_out is not None
    rows = _rows(made.material, folds, recipe)
    network = residual.weighed(
        model.network, torch.from_numpy(stack.slopes[0]), torch.from_numpy(stack.offsets)
    )
    if model.regressions is not None:
        network = _with_kernels(network, model.regressions, stack.slopes[1], made.material, recipe)
    any_leads = recipe.augmentation.few_leads > 0
    notes = _notes(recipe)
    if folds == USE:
        notes.append(
            f"It learnt from fold 9 as well: its figures are those of {folder.name}{FOR_FIGURES}, the same recipe on "
            "folds 1-8."
        )
    card = exporting.any_classifier(
        network,
        made.held_out.wanted,
        stack.said(made.held_out),
        folder,
        name=residual.ANY_LEADS if any_leads else residual.NAME,
        network_id="residual",
        input_spec=asdict(replace(residual.INPUT, lead_agnostic=any_leads)),
        config=residual.sizes(network),
        recipe=recipe,
        learnt=_learnt(made.material, folds, rows),
        whole=("kernels.thresholds", "kernels.steps", "head.bias"),
        tolerance=5e-3,
        fields={
            "calibrated": out_of_fold.in_words(made.held_out, stack),
            **({"figures_of": folder.name + FOR_FIGURES} if folds == USE else {}),
        },
        chosen=f"answers out of fold on PTB-XL {splits.folds_in_words(FIGURES)}",
        notes=notes,
    )
    _write_usual(network, folder, rows, made)
    return card


def _notes(recipe: ResidualRecipe) -> list[str]:
    """Return what is said of the model's parts, and of how its weights came to take few leads."""
    n, few = len(recipe.seeds), recipe.augmentation.few_leads
    parts = "One network" if n == 1 else f"{n} networks from other random starts side by side"
    kernels_too = (
        f" and logistic regressions on {recipe.n_kernels} random kernels" if recipe.n_kernels else ""
    )
    is_one = n == 1 and not recipe.n_kernels
    fitted = "its logit of each statement on a line fitted to" if is_one else "weighed for each statement by"
    notes = [f"{parts}{kernels_too}, {fitted} answers out of fold."]
    if few:
        notes.append(f"In training {few:.0%} of the records were shown with some of their leads alone.")
    return notes


def _write_usual(network: Residual, folder: Path, rows: share.Index, made: Made) -> None:
    """Write what is usual beside the weights: features of what was learnt from, distances of what was held out."""
    held = made.held_out
    assert held is not None
    assert held.distances is not None
    learnt = out_of_fold.features(network, made.material.signal, rows)
    words = (
        f"{len(held.rows):,} ECGs of PTB-XL {splits.folds_in_words(FIGURES)}, each from what a network of the same "
        "recipe had learnt without it"
    )
    found = unusual.fitted(learnt, learnt[:1], words)
    points = np.quantile(held.distances, np.linspace(0, 1, unusual.POINTS))
    unusual.write(folder, replace(found, distances=points), sha256_of(folder / "weights.safetensors"))


def _with_kernels(
    network: Residual, found: Regressions, slopes: Array, known: Material, recipe: ResidualRecipe
) -> Residual:
    """Return the network with kernels beside it, a slope on each of their logits."""
    assert known.features is not None
    first = np.concatenate([known.ptbxl[fold] for fold in FIGURES])
    drawn = kernels.Drawing(n_kernels=recipe.n_kernels).draw_soft(known.data.pack, first)
    weight = slopes[:, None] * found.weight
    # Weights are kept in half precision: what that does to an average record is taken back by the bias.
    kept = weight.astype(np.float16).astype(np.float64)
    bias = slopes * found.bias + (weight - kept) @ known.features[first].mean(0, dtype=np.float64)
    return residual.with_kernels(
        network, drawn, torch.from_numpy(kept).float(), torch.from_numpy(bias).float()
    )


def _rows(known: Material, folds: tuple[int, ...], recipe: ResidualRecipe) -> share.Index:
    """Return what a model of these folds learns from; with fold 9 other hospitals, too, where the recipe has them."""
    others = known.others if recipe.others and folds == USE else known.others[:0]
    return np.concatenate([*(known.ptbxl[fold] for fold in folds), others])


def _learnt(known: Material, folds: tuple[int, ...], index: share.Index) -> provenance.Learnt:
    """Return in words what a model learnt from; nothing was chosen on a fold of its own."""
    rows = [known.data.pack.rows[i] for i in index]
    test = (9,) if folds == FIGURES else (10,)
    n = len({(row.source, row.record_id) for row in rows})
    words = f"{n} labelled records: {provenance.described(rows)}; never {splits.folds_in_words(test)}"
    return provenance.Learnt(n, words, {"train": folds, "validation": (), "test": test})
