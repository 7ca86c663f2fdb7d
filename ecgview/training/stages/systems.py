"""Every stage of every training system by name, with its recipe and its trial of a minute."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecgview.errors import ModelError
from ecgview.models.networks import wav2vec_cmsc
from ecgview.progress import Progress
from ecgview.training.data import provenance
from ecgview.training.engine import classify, export
from ecgview.training.engine.recipe import with_values
from ecgview.training.stages import (
    ablate,
    finetune,
    finetune_task,
    identification,
    kernel_classifier,
    posttrain,
    pretrain,
    probe,
    wav2vec,
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a stage reads and writes; `start` is an earlier run's folder, `export` the finished model's."""

    data: Path
    out: Path
    cache: Path
    start: Path | None = None
    export: Path | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its recipe with the defaults, what `--smoke` makes of it, and how it is run."""

    recipe: Any
    smoke: Mapping[str, Any]
    run: Callable[[Any, Places, str, Progress], None]


def run(
    system: str,
    stage: str,
    places: Places,
    values: Mapping[str, Any],
    smoke: bool,
    device: str,
    progress: Progress,
) -> None:
    """Run one stage; ModelError where there is none of that name."""
    found = STAGES.get(system, {}).get(stage)
    if found is None:
        known = ", ".join(f"{name} {one}" for name, stages in STAGES.items() for one in stages)
        raise ModelError(f"there is no training stage {system} {stage}", expected=known)
    places.cache.mkdir(parents=True, exist_ok=True)
    recipe = with_values(found.recipe, {**(found.smoke if smoke else {}), **values})
    found.run(recipe, places, device, progress)


def _pretrain(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    objective = pretrain.run(recipe, places.data, places.out, places.cache, progress, device)
    if places.export is not None:
        export.autoencoder(objective, provenance.of_run(places.out), recipe, places.export)


def _finetune(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    if recipe.task != "all71":
        _finetune_task(recipe, places, device, progress)
        return
    tuned = finetune.run(recipe, places.data, places.out, places.cache, places.start, progress, device)
    if places.export is not None:
        export.classifier(tuned, recipe, places.export)


def _finetune_task(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    """Fine-tune on a task other than the 71 statements, from any known data set."""
    body, data, made = finetune_task.run(
        recipe, places.data, places.out, places.cache, places.start, progress, device
    )
    if places.export is not None:
        said = classify.answers(body.network, data.pack, data.validation, made.views)
        export.post_trained(body, said, data, recipe, places.export)


def _probe(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    tuned = probe.run(recipe, places.data, places.out, places.cache, places.start, progress, device)
    if places.export is not None:
        export.classifier(tuned, recipe, places.export)


def _ablate(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    ablate.run(recipe, places.data, places.out, places.cache, progress, device)


def _contrast(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    wav2vec.pretrain(recipe, places.data, places.out, places.cache, progress, device)


def _lead_set(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    network, data = wav2vec.finetune(
        recipe, places.data, places.out, places.cache, places.start, progress, device
    )
    if places.export is not None:
        views = wav2vec.inputs(recipe.leads, 0.0).views
        export.any_classifier(
            network,
            data.wanted[data.validation],
            classify.answers(network, data.pack, data.validation, views),
            places.export,
            name=f"Lead-agnostic network, fine-tuned on {recipe.leads} leads",
            network_id="wav2vec-cmsc",
            input_spec=asdict(wav2vec_cmsc.INPUT),
            config=wav2vec_cmsc.sizes(network),
            recipe=recipe,
            learnt=data.learnt,
            task=data.task,
            notes=(
                "The window shows its answer on the first 5 s; thresholds are for the mean of two 5 s halves.",
            ),
        )


def _identify(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    network, pack = identification.run(
        recipe, places.data, places.out, places.cache, places.start, progress, device
    )
    if places.export is not None:
        identification.export(network, pack, provenance.of_run(places.out), recipe, places.export)


def _posttrain(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    body, data, made = posttrain.run(
        recipe, places.data, places.out, places.cache, places.start, progress, device
    )
    if places.export is not None:
        said = classify.answers(body.network, data.pack, data.validation, made.views)
        export.post_trained(body, said, data, recipe, places.export)


def _kernels(recipe: Any, places: Places, device: str, progress: Progress) -> None:
    fitted = kernel_classifier.run(recipe, places.data, places.out, places.cache, progress, device)
    if places.export is not None:
        kernel_classifier.write(fitted, recipe, places.export)


_SMALL = {"conv_width": 32, "width": 48, "depth": 1, "hidden": 64, "code_width": 32}

STAGES: dict[str, dict[str, Stage]] = {
    "mtecg": {
        "pretrain": Stage(
            pretrain.PretrainRecipe(),
            {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2},
            _pretrain,
        ),
        "finetune": Stage(
            finetune.FinetuneRecipe(),
            {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2, "teacher": False},
            _finetune,
        ),
        "ablate": Stage(
            ablate.AblateRecipe(),
            {
                "pretrain_epochs": 1,
                "finetune_epochs": 1,
                "depth": 1,
                "most_records": 32,
                "vary": ["mask_ratio", "drop_path"],
                "mask_ratio": [0.25, 0.75],
                "drop_path": [0.0, 0.2],
            },
            _ablate,
        ),
        "probe": Stage(probe.ProbeRecipe(), {"epochs": 2, "most_records": 64, "depth": 2}, _probe),
    },
    "wav2vec": {
        "pretrain": Stage(
            wav2vec.ContrastRecipe(),
            {"epochs": 1, "most_records": 64, "batch": 16, "sizes": _SMALL},
            _contrast,
        ),
        "finetune": Stage(
            wav2vec.LeadSetRecipe(),
            {"epochs": 1, "most_records": 64, "batch": 16, "sizes": _SMALL},
            _lead_set,
        ),
        "identify": Stage(
            identification.IdentifyRecipe(),
            {"epochs": 1, "most_records": 64, "batch": 16, "sizes": _SMALL},
            _identify,
        ),
    },
    "posttrain": {
        "ptbxl": Stage(
            posttrain.PostTrainRecipe(),
            {
                "epochs": 1,
                "preview_epochs": 2,
                "most_records": 48,
                "batch": 16,
                "small": True,
                "seen": 0.25,
            },
            _posttrain,
        ),
    },
    "kernels": {
        "ptbxl": Stage(
            kernel_classifier.KernelRecipe(),
            {"n_kernels": 100, "strengths": [1e-3], "most_records": 64},
            _kernels,
        ),
    },
}
