"""From a training run to a model that the window can use: fp16 safetensors and a card."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from ecgview.models import reference_scores, thresholds
from ecgview.models.cards import sha256_of
from ecgview.models.networks import mtecg_mae
from ecgview.training.data import labels, splits
from ecgview.training.data.provenance import Learnt
from ecgview.training.data.tasks import Task
from ecgview.training.engine.classify import Trained
from ecgview.training.evaluation import judging
from ecgview.training.evaluation.metrics import best_f1_threshold
from ecgview.training.evaluation.plain import known
from ecgview.training.objectives.mae import MaeObjective

FEWEST_POSITIVES = 5  # of a statement in the validation fold, for a cut to be sought at all
OUT_OF_SCOPE = (
    "Not for diagnosis or treatment. Trained on {n_train} 10 s ECGs of few centres: not for paced rhythm, "
    "children, ambulatory recordings, {leads} or other devices without checking"
)


def any_classifier(
    network: nn.Module,
    wanted: NDArray[np.float32],
    said: NDArray[np.float32],
    folder: Path,
    *,
    name: str,
    network_id: str,
    input_spec: Mapping[str, Any],
    config: Mapping[str, Any],
    recipe: Any,
    learnt: Learnt,
    more: str = "",
    whole: Collection[str] = (),
    tolerance: float = 1e-4,
    notes: Sequence[str] = (),
    task: Task | None = None,
    chosen: str = "",
    fields: Mapping[str, Any] | None = None,
) -> Path:
    """Write weights and card of a classifier of the 71 statements, or of another task. Return the card.

    Args:
        network: in evaluation mode.
        wanted: (n, 71) validation targets; each threshold is the best F1 on them.
        said: (n, 71) the network's probabilities there.
        folder: of the new model; its name is the model's id.
        name: shown to people.
        network_id: as `architectures.build` knows it.
        input_spec: the card's `input`.
        config: the network's sizes.
        recipe: how it was trained.
        learnt: from which records, with which split.
        more: what else is to be said of the training.
        whole: names of weights that half precision would change too much.
        tolerance: how far the logits may lie from the recorded ones on another machine.
        notes: what a reader of the card must know.
        task: whose classes the outputs are; PTB-XL's 71 statements when None.
        chosen: on which records the cuts were, in words; the validation fold where nothing is said.
        fields: of the card, in place of what stands there otherwise: `calibrated`, `figures_of`.
    """
    chosen = chosen or chosen_on(learnt)
    codes = labels.statement_codes() if task is None else task.codes
    whole_task = task is None or task.name == "all71"
    cuts = _cuts(wanted, said)
    figures = judging.table(codes, cuts, wanted, said)
    card = {
        "id": folder.name,
        "name": name,
        "version": "1.0",
        "kind": "classifier",
        "network": network_id,
        "licence": "MIT",
        "training_data": learnt.words + (f". {more}" if more else ""),
        "folds": folds_of(learnt),
        "calibrated": "not calibrated",
        "intended_use": _intended(task, len(codes), input_spec),
        "out_of_scope": _out_of_scope(learnt, input_spec),
        "label_set": "ptbxl71" if whole_task else "",
        "labels": list(codes),
        "thresholds": judging.standing(codes, cuts, figures),
        "threshold_rule": thresholds.RULE,
        "threshold_figures": figures,
        "input": dict(input_spec),
        "config": dict(config),
        "recipe": asdict(recipe),
        "notes": [
            f"A cut is the best F1 on {chosen} and judges as a threshold where it was set on at least "
            f"{thresholds.FEWEST_POSITIVES} records with the statement.",
            *notes,
        ],
    }
    path = write(network, {**card, **(fields or {})}, folder, whole, tolerance)
    records = f"{chosen} ({len(wanted)} records that no label was learnt from)"
    reference_scores.write(folder, wanted, said, records, sha256_of(folder / "weights.safetensors"))
    return path


def _cuts(wanted: NDArray[np.float32], said: NDArray[np.float32]) -> list[float | None]:
    """Return the cut of the best F1 of each class, None where there are too few to seek one."""
    return [
        round(best_f1_threshold(truth, own), 4) if np.nansum(truth) >= FEWEST_POSITIVES else None
        for truth, own in zip(wanted.T, said.T, strict=True)
    ]


def _out_of_scope(learnt: Learnt, input_spec: Mapping[str, Any]) -> str:
    fewer = "leads that this card has no figures of" if _any_leads(input_spec) else "fewer than twelve leads"
    return OUT_OF_SCOPE.format(n_train=learnt.n_train, leads=fewer)


def _any_leads(input_spec: Mapping[str, Any]) -> bool:
    return bool(input_spec.get("lead_agnostic", False))


def _intended(task: Task | None, count: int, input_spec: Mapping[str, Any]) -> str:
    if (task is None or task.name == "all71") and _any_leads(input_spec):
        return (
            "71 PTB-XL statements from one ECG of an adult, of twelve leads or those that this card has figures of, "
            "beside a reader's own read"
        )
    if task is None or task.name == "all71":
        return (
            "71 PTB-XL statements from one 12-lead ECG of an adult, beside a reader's own read; "
            "predictors for the LEF index"
        )
    return f"{count} classes of the task {task.name} from one ECG of an adult, beside a reader's own read"


def trained(made: Trained, recipe: Any, folder: Path) -> Path:
    """Write weights and card of a network trained on a task, whichever it is. Return the card."""
    body, data = made.body, made.data
    return any_classifier(
        body.network,
        data.wanted[data.validation],
        made.said(data.validation),
        folder,
        name=f"{body.name}, {data.task.name}",
        network_id=body.card.network,
        input_spec=asdict(body.card.input),
        config=body.sizes,
        recipe=recipe,
        learnt=data.learnt,
        task=data.task,
    )


def autoencoder(objective: MaeObjective, learnt: Learnt, recipe: Any, folder: Path) -> Path:
    """Write weights and card of a masked autoencoder; return the card."""
    card = {
        "id": folder.name,
        "name": mtecg_mae.NAME,
        "version": "1.0",
        "kind": "autoencoder",
        "network": "mtecg-mae",
        "licence": "MIT",
        "training_data": learnt.words,
        "folds": folds_of(learnt),
        "calibrated": "not calibrated",
        "intended_use": "Reconstruction of hidden segments of a 10 s 12-lead ECG, to see what is expected there",
        "out_of_scope": _out_of_scope(learnt, asdict(mtecg_mae.INPUT))
        + ". The timing of beats is guessed poorly in atrial fibrillation and ectopy",
        "input": asdict(mtecg_mae.INPUT),
        "config": mtecg_mae.sizes(objective.network),
        "recipe": asdict(recipe),
        "notes": [f"Trained with {recipe.mask_ratio:.0%} of the segments hidden."],
    }
    return write(objective.network, card, folder)


def chosen_on(learnt: Learnt) -> str:
    """Return which records chose thresholds and epoch, in words."""
    return (
        f"PTB-XL {splits.folds_in_words(learnt.folds['validation'])}"
        if learnt.folds
        else "the validation records"
    )


def folds_of(learnt: Learnt) -> dict[str, list[int]]:
    """Return the card's `folds`: PTB-XL's folds by split, nothing where it has no part."""
    return {name: list(members) for name, members in learnt.folds.items()}


def write(
    network: nn.Module,
    card: Mapping[str, Any],
    folder: Path,
    whole: Collection[str] = (),
    tolerance: float = 1e-4,
) -> Path:
    """Write half-precision weights (all but `whole`) and the card with their checksum. Return the card."""
    folder.mkdir(parents=True, exist_ok=True)
    state: dict[str, Tensor] = {
        # counters of batch norms are whole numbers, and are refused as anything else
        name: (value.half() if value.is_floating_point() and name not in whole else value)
        .detach()
        .contiguous()
        .cpu()
        for name, value in network.state_dict().items()
    }
    weights = folder / "weights.safetensors"
    save_file(state, str(weights))
    complete = known({**card, "weights": weights.name, "sha256": sha256_of(weights)})
    path = folder / "card.json"
    path.write_text(
        json.dumps(complete, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    if card["kind"] == "classifier":
        _write_golden(folder, tolerance)
    return path


def _write_golden(folder: Path, tolerance: float) -> None:
    """Keep the logits of a formula's ECG through the stored weights, for a parity test on any machine."""
    from ecgview.models import runtime
    from ecgview.models.cards import read_card

    card = read_card(folder / "card.json")
    module = runtime.network(card, "cpu")
    with torch.inference_mode():
        logits = module(torch.from_numpy(formula_ecg()[None]))[0]
    golden = {
        "input": "the ECG of a formula",
        "tolerance": tolerance,
        "logits": [round(float(v), 5) for v in logits],
    }
    (folder / "golden.json").write_text(json.dumps(golden, allow_nan=False) + "\n", encoding="utf-8")


def formula_ecg(n_leads: int = 12, n_samples: int = 5000) -> np.ndarray:
    """Return a synthetic (leads, samples) float32 input: Gaussian beats at 72/min, another gain in each lead."""
    t = np.arange(n_samples) / 500.0
    phase = (t * 1.2) % 1.0
    beat = np.exp(-(((phase - 0.3) / 0.015) ** 2)) + 0.2 * np.exp(-(((phase - 0.6) / 0.05) ** 2))
    gains = np.linspace(-2.0, 5.0, n_leads)[:, None]
    return (gains * beat[None]).astype(np.float32)
