"""The comparison of the systems on one collection: every run, its answers on the test fold, one table.

Each experiment writes its answers once; a second call goes on where the first one stopped.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.training.data import inputs, labels, material, splits
from ecgview.training.data.pack import Pack
from ecgview.training.engine import lead_agnostic
from ecgview.training.evaluation import baselines, metrics
from ecgview.training.evaluation.plain import known
from ecgview.training.places import Places
from ecgview.training.stages import (
    mtecg_finetune,
    posttrain,
    wav2vec_finetune,
    wav2vec_identify,
    wav2vec_pretrain,
)

Array = NDArray[np.float32]
SHARES = (0.1, 0.3, 1.0)
SEEDS = (0, 1, 2)
AUTOENCODER = "mtecg-mae-ptbxl"
ANSWERED = ("test", "validation")  # the second for the cuts of F1 alone
Said = tuple[Array, Array]  # answers on the test fold and on the validation fold


@dataclass(frozen=True, slots=True)
class Scale:
    """How long the runs are. The defaults fit two processor cores in about three hours; ours, as all of this."""

    finetune_epochs: int = 12
    contrast_epochs: int = 12
    lead_set_epochs: int = 4
    identify_epochs: int = 8
    posttrain_epochs: int = 6
    most_records: int = 0  # for a trial
    seeds: tuple[int, ...] = SEEDS
    shares: tuple[float, ...] = SHARES
    sizes: lead_agnostic.Sizes = field(default_factory=lead_agnostic.Sizes)
    resamples: int = 1000


SMOKE = Scale(
    finetune_epochs=1,
    contrast_epochs=1,
    lead_set_epochs=1,
    identify_epochs=1,
    posttrain_epochs=1,
    most_records=48,
    seeds=(0,),
    shares=(1.0,),
    sizes=replace(lead_agnostic.Sizes(), **lead_agnostic.SMALL),
    resamples=20,
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One run: a name for its folder, and what trains it and answers on the folds of `ANSWERED`, (n, 71) each."""

    name: str
    answers: Callable[[], Said]


def experiments(scale: Scale, places: Places) -> Iterator[Experiment]:
    """Yield every run of the table, in the order in which they are made."""
    for name, start in (("mtecg-pretrained", Path(AUTOENCODER)), ("mtecg-scratch", None)):
        yield Experiment(name, lambda name=name, start=start: _mtecg(scale, places, name, start))  # type: ignore[misc]
    for name in ("kernels", "amplitudes"):
        yield Experiment(f"logistic-{name}", lambda name=name: _logistic(places, name))  # type: ignore[misc]
    for method in ("baseline", "posttrain"):
        for part in scale.shares:
            for seed in scale.seeds:
                name = f"{method}-{round(100 * part)}-seed{seed}"
                yield Experiment(
                    name,
                    lambda n=name, m=method, p=part, s=seed: _posttrain(scale, places, n, m, p, s),  # type: ignore[misc]
                )
    for kind in ("rlm", "plain"):
        for leads in inputs.LEAD_SETS:
            yield Experiment(
                f"wav2vec-{kind}-{leads}",
                lambda k=kind, s=leads: _lead_set(scale, places, k, s),  # type: ignore[misc]
            )


def make(places: Places, scale: Scale, only: str = "") -> dict[str, Said]:
    """Make what is missing and return all answers; `only` leaves out runs whose name begins otherwise."""
    said: dict[str, Said] = {}
    places.out.mkdir(parents=True, exist_ok=True)
    for experiment in experiments(scale, places):
        if not experiment.name.startswith(only):
            continue
        paths = [places.out / f"{experiment.name}.{word}.npy" for word in ("answers", "validation")]
        if not all(path.exists() for path in paths):
            places.progress(0.0, f"{experiment.name}: training")
            for path, answers in zip(paths, experiment.answers(), strict=True):
                part = path.with_suffix(".part.npy")
                np.save(part, answers.astype(np.float32))
                part.replace(path)
        test, validation = (np.load(path, allow_pickle=False) for path in paths)
        said[experiment.name] = (test, validation)
    return said


def run(places: Places, scale: Scale | None = None) -> dict[str, Any]:
    """Make what is missing and return the table; `results.json` and `results.md` are written into `out`."""
    from ecgview.training.evaluation.results_table import as_markdown, summarise

    scale = scale or Scale()
    said = make(places, scale)
    pack, index = _test(places)
    wanted = (labels.targets(pack, index), labels.targets(pack, splits.labelled(pack, "validation")))
    found = summarise(wanted, said, scale.shares, scale.seeds, scale.resamples)
    found["identification"] = _identification(scale, places)
    found["folds"] = sorted({pack.rows[i].fold for i in index})
    found["n_records"] = len(index)
    found["n_patients"] = len({pack.rows[i].patient_id for i in index})
    (places.out / "results.json").write_text(
        json.dumps(known(found), indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    (places.out / "results.md").write_text(as_markdown(found), encoding="utf-8")
    return found


def _test(places: Places) -> tuple[Pack, NDArray[np.int64]]:
    pack = material.pack_of(places, inputs.MTECG)
    return pack, splits.labelled(pack, "test")


def _mtecg(scale: Scale, places: Places, name: str, start: Path | None) -> Said:
    recipe = mtecg_finetune.FinetuneRecipe(
        epochs=scale.finetune_epochs, teacher=False, unlabelled=False, most_records=scale.most_records
    )
    tuned = mtecg_finetune.run(recipe, replace(places, out=places.out / name, start=start))
    return tuned.said(tuned.data.test), tuned.said(tuned.data.validation)


def _logistic(places: Places, kind: str) -> Said:
    """Return a logistic regression's answers; its penalty is chosen on the validation fold."""
    pack, test = _test(places)
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    wanted = labels.targets(pack, np.arange(len(pack)))
    features = (
        baselines.kernel_features(pack, train, places.cache)
        if kind == "kernels"
        else baselines.amplitude_features(pack)
    )
    columns = metrics.with_at_least(wanted[train], 2)
    strength = baselines.choose_strength(features, wanted[:, columns], train, validation)
    models = baselines.fit_logistic(features[train], wanted[train][:, columns], strength)
    found = []
    for rows in (test, validation):
        said = np.zeros((len(rows), wanted.shape[1]), dtype=np.float32)
        said[:, columns] = baselines.predict(models, features[rows])
        found.append(said)
    return found[0], found[1]


def _posttrain(scale: Scale, places: Places, name: str, method: str, part: float, seed: int) -> Said:
    """Return the answers of one post-trained or officially fine-tuned transformer; same epochs, batch and input."""
    recipe = posttrain.PostTrainRecipe(
        method="posttrain" if method == "posttrain" else "baseline",
        epochs=scale.posttrain_epochs,
        batch=32,
        seen=0.5,
        share_of_data=part,
        seed=seed,
        most_records=scale.most_records,
    )
    made = posttrain.run(recipe, replace(places, out=places.out / name, start=Path(AUTOENCODER)))
    return made.said(made.data.test), made.said(made.data.validation)


def _contrast(scale: Scale, places: Places, kind: str) -> Path:
    """Pre-train with or without random lead masking, and return the run's folder."""
    out = places.out / f"wav2vec-{kind}"
    recipe = wav2vec_pretrain.ContrastRecipe(
        epochs=scale.contrast_epochs,
        mask_leads=0.5 if kind == "rlm" else 0.0,
        sizes=scale.sizes,
        most_records=scale.most_records,
    )
    wav2vec_pretrain.run(recipe, replace(places, out=out))
    return out


def _lead_set(scale: Scale, places: Places, kind: str, leads: str) -> Said:
    """Return the answers of a network pre-trained with or without lead masking, fine-tuned on one lead set."""
    start = _contrast(scale, places, kind)
    recipe = wav2vec_finetune.LeadSetRecipe(
        leads=leads, epochs=scale.lead_set_epochs, sizes=scale.sizes, most_records=scale.most_records
    )
    out = places.out / f"wav2vec-{kind}-{leads}"
    made = wav2vec_finetune.run(recipe, replace(places, out=out, start=start))
    return made.said(made.data.test), made.said(made.data.validation)


def _identification(scale: Scale, places: Places) -> list[dict[str, Any]]:
    """Return top-1 and equal error rate for each lead set, of the network with random lead masking."""
    out = places.out / "identify"
    kept = out / "figures.json"
    if kept.exists():
        rows: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
        return rows
    recipe = wav2vec_identify.IdentifyRecipe(
        epochs=scale.identify_epochs, sizes=scale.sizes, most_records=scale.most_records
    )
    start = _contrast(scale, places, "rlm")
    made = wav2vec_identify.run(recipe, replace(places, out=out, start=start))
    rows = [
        wav2vec_identify.evaluate(made.network, made.pack, "test", scale.resamples, leads)
        for leads in inputs.LEAD_SETS
    ]
    kept.write_text(json.dumps(known(rows), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return rows
