"""Fine-tuning of MTECG-T on PTB-XL's 71 statements: recipe, data, run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgview.models.networks import mtecg
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.progress import Progress, silent
from ecgview.training.data import inputs, kernels, labels, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.pack import Pack
from ecgview.training.data.provenance import Learnt
from ecgview.training.engine import bodies, run_state
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.evaluation.metrics import macro_auroc, with_at_least
from ecgview.training.objectives import teacher
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective
from ecgview.training.stages.pretrain import open_pack

AUXILIARY = 256


@dataclass(frozen=True, slots=True)
class FinetuneRecipe:
    """Fine-tuning. Values are defaults of ours; the paper's are unpublished (methods A.3)."""

    task: str = "all71"  # another one (super5, cinc26, own, ...) is learnt by cross-entropy alone
    epochs: int = 24
    batch: int = 64
    learning_rate: float = 6e-4
    warmup_epochs: float = 2.0
    weight_decay: float = 0.1
    layer_decay: float = 0.75
    drop_path: float = 0.1
    seen: float = 0.5  # share of the segments that the encoder sees in training
    mean_pool: bool = True
    ema_decay: float = 0.99
    superclass_weight: float = 1.0
    teacher: bool = True  # distil out-of-fold answers of the random-kernel regression
    teacher_weight: float = 1.0
    teacher_strength: float = 1e-3
    auxiliary_weight: float = 0.3
    smoothing: float = 0.0
    unlabelled: bool = True  # records without labels learn from the teacher alone
    distil_from: str = ""  # folder of a fine-tuned run that teaches all statements: 0.7 KD + 0.3 BCE (A.6)
    depth: int = 12
    seed: int = 0
    most_records: int = 0
    share_of_data: float = 1.0  # of the labelled training records, for sample-efficiency curves
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(gain=0.1, lead_gain=0.05, mask_leads=0.05)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A fine-tuned classifier with its answers on the validation fold, (n, 71) each."""

    network: Mtecg
    validation_targets: NDArray[np.float32]
    validation_probability: NDArray[np.float32]
    learnt: Learnt


def run(
    recipe: FinetuneRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> Tuned:
    """Fine-tune on the training folds, choose the epoch on the validation fold; resumed if `out` exists.

    Args:
        recipe: how.
        data: folder with PTB-XL.
        out: weights and log.
        cache: packed ECGs.
        start: folder of a pre-training run; None trains from scratch.
        progress: told per step.
        device: cpu, cuda or mps.
    """
    pack = open_pack(data, cache, progress)
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    train = splits.part_of(train, recipe.share_of_data, recipe.seed)
    if recipe.most_records:
        train = train[: recipe.most_records]
    learnt = provenance.of_supervised(pack, train, start)
    provenance.keep(learnt, out)
    free = np.array([i for i, row in enumerate(pack.rows) if row.fold == 0], dtype=np.int64)
    # Fold 0 stands for records without labels: other collections beside PTB-XL.
    free = free if recipe.unlabelled and recipe.teacher else free[:0]
    soft, auxiliary = None, None
    if (
        recipe.teacher and run_state.epochs_done(out) < recipe.epochs
    ):  # minutes, and nothing to teach once all is done
        soft = teacher.superclass_logits(pack, train, free, cache, recipe.teacher_strength)
        auxiliary = kernels.cached_targets(pack, splits.unlabelled(pack), AUXILIARY, cache)
    torch.manual_seed(recipe.seed)
    components = min(AUXILIARY, len(splits.unlabelled(pack))) if recipe.teacher else 0
    objective = _objective(recipe, start, components)
    index = np.concatenate([train, free])
    earlier = _answers_of_earlier(recipe, objective.network.config, pack, index)
    part = share.this_process(device)
    settings = loop_settings(recipe, len(index), device, betas=(0.9, 0.999), select="super_auroc")
    wanted = labels.targets(pack, np.arange(len(pack)))
    wanted[free] = np.nan  # no label is not "absent"

    targets = (wanted, soft, auxiliary, earlier)

    def batches(epoch: int, first: int) -> Iterator[LabelledBatch]:
        for rows, _, generator in part.batches(index, recipe.batch, recipe.seed * 7919 + epoch, first):
            signal = recipe.augmentation(pack.millivolts(rows), generator, part) * inputs.MTECG_SCALE
            chosen = [None if values is None else torch.from_numpy(values[rows]) for values in targets]
            yield LabelledBatch(signal, *chosen)  # type: ignore[arg-type]

    def validate(model: nn.Module) -> Mapping[str, float]:
        said = answers(model.network, pack, validation)  # type: ignore[arg-type]
        # An AUROC over fewer positives than five jumps with every record and would choose the epoch.
        columns = with_at_least(wanted[validation], 5)
        supers = labels.superclass_targets(wanted[validation])
        return {
            "super_auroc": macro_auroc(supers, labels.superclass_probability(said)),
            "statement_auroc": macro_auroc(wanted[validation], said, columns),
        }

    fit(objective, batches, settings, out, validate=validate, device=device, progress=progress)
    objective.load_state_dict(run_state.best_weights(out))
    network = objective.network.eval()
    return Tuned(network, wanted[validation], answers(network, pack, validation), learnt)


def _answers_of_earlier(
    recipe: FinetuneRecipe, config: MtecgConfig, pack: Pack, index: share.Index
) -> NDArray[np.float32] | None:
    """Return (records, 71) logits of the run that teaches, NaN outside `index`; None without one."""
    if not recipe.distil_from:
        return None
    network = Mtecg(config)
    weights = run_state.best_weights(Path(recipe.distil_from))
    own = {k.removeprefix("network."): v for k, v in weights.items() if k.startswith("network.")}
    network.load_state_dict(own)
    said = answers(network, pack, index).astype(np.float64).clip(1e-7, 1 - 1e-7)
    logits = np.full((len(pack), said.shape[1]), np.nan, dtype=np.float32)
    logits[index] = np.log(said / (1 - said))
    return logits


def _objective(recipe: FinetuneRecipe, start: Path | None, components: int) -> SupervisedObjective:
    config = MtecgConfig(
        n_classes=len(labels.statement_codes()),
        depth=recipe.depth,
        drop_path=recipe.drop_path,
        mean_pool=recipe.mean_pool,
    )
    network = Mtecg(config)
    mtecg.begin(network, recipe.seed)
    auxiliary = nn.Linear(config.width, components) if components and recipe.auxiliary_weight else None
    if start is not None:
        state = load_encoder(network, start)
        known = state.get("auxiliary.weight")
        # A start on fewer records has fewer components; its head then says nothing of these.
        if auxiliary is not None and known is not None and known.shape == auxiliary.weight.shape:
            auxiliary.load_state_dict({"weight": state["auxiliary.weight"], "bias": state["auxiliary.bias"]})
    return SupervisedObjective(
        network,
        auxiliary=auxiliary,
        seen=recipe.seen,
        superclass_weight=recipe.superclass_weight,
        teacher_weight=recipe.teacher_weight if recipe.teacher else 0.0,
        auxiliary_weight=recipe.auxiliary_weight,
        smoothing=recipe.smoothing,
    )


def load_encoder(network: Mtecg, start: Path) -> dict[str, Tensor]:
    """Put a pre-trained encoder into the network; return all weights of the run that it came with, if it is one.

    Args:
        network: what to fill; its head stays.
        start: folder of a pre-training run, or the id of an autoencoder of the catalogue.

    Raises:
        ModelError: there is neither, or it is of another size.
    """
    bodies.fill(network, "mtecg", bodies.weights_at(start, "mtecg"), str(start))
    return run_state.last_weights(start) if start.is_dir() else {}


def answers(network: Mtecg, pack: Pack, index: share.Index) -> NDArray[np.float32]:
    """Return (n, 71) probabilities of packed records, float32, evaluation mode."""
    network.eval()
    device = network.cls_token.device
    rows = []
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            logits = network((pack.millivolts(index[begin : begin + 64]) * inputs.MTECG_SCALE).to(device))
            rows.append(torch.sigmoid(logits.float()).cpu().numpy())
    return np.concatenate(rows)
