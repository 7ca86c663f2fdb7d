"""Identification of patients: ArcFace on the lead-agnostic network, judged on patients that it never saw."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ecgview.counts import counted
from ecgview.errors import ModelError
from ecgview.models.networks import wav2vec_cmsc
from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc
from ecgview.models.same_patient import VERIFICATION
from ecgview.training.data import inputs, material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.pack import Pack
from ecgview.training.data.provenance import Learnt
from ecgview.training.data.sources import packed
from ecgview.training.engine import export as exporting
from ecgview.training.engine import lead_agnostic, run_state
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Optimiser, Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.evaluation import metrics
from ecgview.training.objectives.arcface import ArcFaceObjective, OwnerBatch
from ecgview.training.places import Places

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IdentifyRecipe:
    """Published: scale 192, margin 1.0, Adam 3e-5 tri-stage, batch 128. These are ours, for the small variant."""

    epochs: int = 12
    batch: int = 64
    learning_rate: float = 5e-4
    optimiser: Optimiser = "adamw"
    scale: float = 64.0
    margin: float = 0.3
    mask_leads: float = 0.25  # random lead masking, so that the embedding holds for any lead set
    sizes: lead_agnostic.Sizes = field(default_factory=lead_agnostic.Sizes)
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Cosines of pairs of segments, and which pairs are of one patient."""

    score: Array
    genuine: NDArray[np.bool_]


RECIPE = IdentifyRecipe()
SMOKE = {"epochs": 1, "most_records": 64, "batch": 16, "sizes": lead_agnostic.SMALL}
STARTS = True


@dataclass(frozen=True, slots=True, eq=False)
class Identifier:
    """The network at its best validation epoch, the records, and what it learnt from."""

    network: Wav2vecCmsc
    pack: Pack
    learnt: Learnt


def run(recipe: IdentifyRecipe, places: Places) -> Identifier:
    """Train on the patients outside the held-out folds, choose the epoch on the validation fold.

    A run that is in `places.out` is resumed.
    """
    start, device = places.start, places.device
    pack = material.pack_of(places, inputs.LEAD_AGNOSTIC)
    train = _named(pack, splits.not_held_out(pack))
    if recipe.most_records:
        train = train[: recipe.most_records]
    names = sorted({pack.rows[i].patient_id for i in train})
    head = f"{counted(len(names), 'patient')} told apart in {counted(len(train), 'record')}"
    learnt = provenance.of_supervised(pack, train, start, head)
    provenance.keep(learnt, places.out)
    number = {name: k for k, name in enumerate(names)}
    owner = np.array([number.get(row.patient_id, -1) for row in pack.rows], dtype=np.int64)
    torch.manual_seed(recipe.seed)
    sizes = lead_agnostic.sizes_at(start, recipe.sizes)
    network = Wav2vecCmsc(sizes.config(n_classes=0, conv_gradient=0.0 if start else 1.0, dropout=0.0))
    network = _without_heads(network)
    if start is not None:
        lead_agnostic.load_encoder(network, start)
    objective = ArcFaceObjective(network, len(names), recipe.scale, recipe.margin)
    part = share.this_process(device)
    settings = loop_settings(
        recipe,
        len(train),
        device,
        final_rate=0.01 * recipe.learning_rate,
        schedule="tri-stage",
        weight_decay=0.0,
        betas=(0.9, 0.98),
        select="halves_top1",
    )
    augmentation = Augmentation(
        shift=False, gain=0.05, lead_gain=0.0, noise_mv=0.0, mask_leads=recipe.mask_leads
    )
    made = lead_agnostic.inputs("12", 0.0)
    validation = _named(pack, splits.labelled(pack, "validation"))

    def batches(epoch: int, first: int) -> Iterator[OwnerBatch]:
        for rows, _, generator in part.batches(train, recipe.batch, recipe.seed * 7919 + epoch, first):
            signal = made.training(augmentation(pack.millivolts(rows), generator, part), generator)
            yield OwnerBatch(signal, torch.from_numpy(owner[rows]))

    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, ArcFaceObjective)
        halves = embeddings(model.network, pack, validation)
        pairs = all_pairs(halves, [pack.rows[i].patient_id for i in validation])
        return {"halves_top1": top1_of_halves(halves), "eer": equal_error_rate(pairs)}

    fit(
        objective,
        batches,
        settings,
        places.out,
        validate=validate,
        device=device,
        progress=places.progress,
    )
    objective.load_state_dict(run_state.best_weights(places.out))
    return Identifier(network.eval(), pack, learnt)


def _without_heads(network: Wav2vecCmsc) -> Wav2vecCmsc:
    """Drop what only pre-training needs."""
    for name in ("quantizer", "project_q", "final_proj"):
        if hasattr(network, name):
            delattr(network, name)
    return network


def embeddings(network: Wav2vecCmsc, pack: Pack, index: share.Index, leads: str = "12") -> Array:
    """Return (n, 2, width): a unit vector of each 5 s half of each record."""
    network.eval()
    device = next(network.parameters()).device
    views = lead_agnostic.inputs(leads, 0.0).views
    rows = []
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            halves = views(pack.millivolts(index[begin : begin + 64]))
            made = [nn.functional.normalize(network.forward_features(h.to(device)).float()) for h in halves]
            rows.append(torch.stack(made, 1).cpu().numpy())
    return np.concatenate(rows)


def top1_of_halves(halves: Array) -> float:
    """Return how often the second half of a recording finds its own first half among all of them."""
    near = halves[:, 1] @ halves[:, 0].T
    return float((near.argmax(1) == np.arange(len(near))).mean())


def all_pairs(halves: Array, patients: list[str]) -> Pairs:
    """Return every pair of different recordings, each by the mean of its two halves."""
    whole = halves.sum(1)
    whole = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    one, two = np.triu_indices(len(whole), 1)
    names = np.array(patients)
    return Pairs((whole @ whole.T)[one, two], names[one] == names[two])


def equal_error_rate(pairs: Pairs) -> float:
    """Return the rate at which as many genuine pairs are missed as impostors are let in; NaN without genuine pairs."""
    return rates_at_equal_error(pairs)[0]


def rates_at_equal_error(pairs: Pairs) -> tuple[float, float]:
    """Return (equal error rate, the cosine where it is), by linear interpolation between the scores."""
    if not pairs.genuine.any() or pairs.genuine.all():
        return float("nan"), float("nan")
    genuine = np.sort(pairs.score[pairs.genuine])
    impostor = np.sort(pairs.score[~pairs.genuine])
    cuts = np.unique(pairs.score)
    missed = np.searchsorted(genuine, cuts, side="left") / len(genuine)
    accepted = 1 - np.searchsorted(impostor, cuts, side="left") / len(impostor)
    k = int(np.argmin(np.abs(missed - accepted)))
    return float((missed[k] + accepted[k]) / 2), float(cuts[k])


def gallery_and_probe(pack: Pack, index: share.Index) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions within `index`: every patient's first recording, and the second one where there is one."""
    of_patient: dict[str, list[int]] = {}
    order = sorted(range(len(index)), key=lambda k: int(pack.rows[index[k]].record_id))
    for k in order:
        of_patient.setdefault(pack.rows[index[k]].patient_id, []).append(k)
    gallery = [members[0] for members in of_patient.values()]
    probe = [members[1] for members in of_patient.values() if len(members) > 1]
    return np.array(gallery), np.array(probe)


def _named(pack: Pack, index: share.Index) -> share.Index:
    """Return the rows whose patient is named: of the others nobody knows whether they are one person's."""
    return np.array([i for i in index if packed.names_patient(pack.rows[i])], dtype=np.int64)


def evaluate(
    network: Wav2vecCmsc, pack: Pack, split: str = "test", resamples: int = 1000, leads: str = "12"
) -> dict[str, Any]:
    """Return top-1 and verification figures on a split's patients, each with its interval.

    The gallery holds the first recording of every patient; a probe is a patient's second one. Beside it the same
    for two 5 s halves of one recording, which is easier.
    """
    index = _named(pack, splits.labelled(pack, split))
    halves = embeddings(network, pack, index, leads)
    patients = [pack.rows[i].patient_id for i in index]
    whole = halves.sum(1)
    whole = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    gallery, probe = gallery_and_probe(pack, index)
    names = np.array(patients)
    found = gallery[(whole[probe] @ whole[gallery].T).argmax(1)] if len(probe) else probe
    right = names[found] == names[probe]
    same = (halves[:, 1] @ halves[:, 0].T).argmax(1) == np.arange(len(halves))
    pairs = all_pairs(halves, patients)
    rate, at = rates_at_equal_error(pairs)
    return {
        "leads": leads,
        "n_gallery": len(gallery),
        "n_probe": len(probe),
        "top1": _mean(right, resamples),
        "halves_top1": _mean(same, resamples),
        "n_halves": len(halves),
        "equal_error_rate": round(rate, 4),
        "threshold": round(at, 4),
        "n_genuine": int(pairs.genuine.sum()),
        "n_impostor": int((~pairs.genuine).sum()),
    }


def _mean(right: NDArray[np.bool_], resamples: int) -> dict[str, float]:
    if not len(right):
        return dict.fromkeys(("value", "low", "high"), float("nan"))
    interval = metrics.bootstrap(lambda rows: float(right[rows].mean()), len(right), resamples)
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def export(made: Identifier, recipe: IdentifyRecipe, folder: Path) -> Path:
    """Write weights, card and what a cosine is worth into a folder; return the card.

    The likelihood ratio is a logistic regression of "one patient" on the cosine over the validation fold's pairs of
    different recordings, genuine pairs and impostors weighted alike, so that its log odds are the log likelihood ratio.
    """
    from sklearn.linear_model import LogisticRegression

    network, pack, learnt = made.network, made.pack, made.learnt

    validation = _named(pack, splits.labelled(pack, "validation"))
    pairs = all_pairs(embeddings(network, pack, validation), [pack.rows[i].patient_id for i in validation])
    if not pairs.genuine.any():
        raise ModelError(
            "no patient of the validation fold has two recordings: nothing says what a cosine is worth",
            expected=f"at least one genuine pair in {exporting.chosen_on(learnt)}",
        )
    rate, at = rates_at_equal_error(pairs)
    model = LogisticRegression(class_weight="balanced").fit(pairs.score[:, None], pairs.genuine)
    found = {
        "slope": float(model.coef_[0, 0]),
        "offset": float(model.intercept_[0]),
        "threshold": at,
        "equal_error_rate": rate,
        "n_genuine": int(pairs.genuine.sum()),
        "n_impostor": int((~pairs.genuine).sum()),
    }
    card = {
        "id": folder.name,
        "name": "Lead-agnostic ECG identification",
        "version": "1.0",
        "kind": "identifier",
        "network": "wav2vec-cmsc",
        "licence": "MIT",
        "training_data": learnt.words,
        "folds": exporting.folds_of(learnt),
        "calibrated": f"calibrated on {found['n_genuine']} genuine pairs of {exporting.chosen_on(learnt)} "
        "(a likelihood ratio)",
        "intended_use": "Whether two ECGs may be of one patient: to find mixed-up recordings, for a person to check",
        "out_of_scope": "Not for diagnosis or treatment, not for proving identity. Trained on "
        f"{learnt.words.partition(':')[0]}, of few centres; the heart changes, and so does the ECG",
        "input": asdict(wav2vec_cmsc.INPUT),
        "config": wav2vec_cmsc.sizes(network),
        "recipe": asdict(recipe),
        "metrics": {"test": evaluate(network, pack, "test")},
    }
    path = exporting.write(network, card, folder)
    text = json.dumps({name: round(value, 6) for name, value in found.items()}, indent=1, allow_nan=False)
    (folder / VERIFICATION).write_text(text + "\n", encoding="utf-8")
    return path
