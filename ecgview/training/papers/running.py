"""Runs of a ledger by the existing stages, each once: what is finished is kept, what was stopped goes on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import EcgviewError, ModelError
from ecgview.models import cards, networks
from ecgview.progress import Progress
from ecgview.training import stages
from ecgview.training.data import collection, sources
from ecgview.training.data.material import Data
from ecgview.training.data.rows import Row
from ecgview.training.engine.recipe import with_values
from ecgview.training.papers import kept
from ecgview.training.papers.kept import ANSWERED, Part
from ecgview.training.papers.ledger import DATA, Cell, Ledger, Run
from ecgview.training.places import Places

LEF = "lef fit"
RECIPE_OF_RUN = "ledger.json"  # in a run's folder: what it was begun with


def run(
    ledger: Ledger,
    cells: Sequence[Cell],
    places: Places,
    values: Mapping[str, Any],
    smoke: bool = False,
    seeds: int = 0,
) -> list[str]:
    """Run what cells need and is not there yet; `places.out/ID.parquet` grows with every finished run.

    Args:
        ledger: of the paper.
        cells: whose runs are wanted.
        places: data, folder of all runs, cache, device.
        values: of the recipes, in place of the ledger's, for every stage that knows the name; told as deviations.
        smoke: each stage's own trial of a minute.
        seeds: so many of each run's seeds; 0 = all.

    Returns:
        What could not be run, a sentence each.

    Raises:
        ModelError: a value that no stage knows, or a folder that holds a run of other values.
    """
    runs = ledger.in_order(cells)
    known = {one.name for item in runs if item.stage != LEF for one in fields(_stage(item).RECIPE)}
    if unknown := set(values) - known:
        raise ModelError("no stage of these runs knows this value", found=", ".join(sorted(unknown)))
    folder = places.out / ledger.id / "parts"  # several papers may share a folder
    folder.mkdir(parents=True, exist_ok=True)
    missing: dict[str, str] = {}
    for count, item in enumerate(runs):
        needs = _lacking(item, places.data, ledger) or missing.get(item.start, "")
        if needs:
            missing[item.name] = needs
            continue
        for seed in item.seeds[: seeds or None]:
            told: Progress = places.progress
            told(count / len(runs), f"{item.name}, seed {seed}")
            _one(ledger, item, seed, places, values, smoke)
            kept.assemble(folder.glob("*.parquet"), places.out / f"{ledger.id}.parquet", ledger.id)
    return [f"{name} is not run: needs {needs}" for name, needs in missing.items()]


def _stage(item: Run) -> stages.Stage:
    system, _, stage = item.stage.partition(" ")
    return stages.of(system, stage)


def _lacking(item: Run, data: Path, ledger: Ledger) -> str:
    """Return what is not here that a run needs, "" where all is."""
    if item.data not in _labels_at(data):
        return DATA[item.data]
    if "xgboost" in item.values.get("kinds", ()) and find_spec("xgboost") is None:
        return 'XGBoost (pip install "ecgview[xgboost]")'
    if item.start in ("", *ledger.runs, *networks.names()):
        return ""
    try:
        cards.get(item.start).check_weights()
    except EcgviewError:
        return f"the weights {item.start} (ecgview models get ecgfounder, or import)"
    return ""


def _labels_at(data: Path) -> dict[str, Path]:
    """Return which of the ledgers' kinds of data lie at a path, and where each does."""
    from ecgview.training.echonext import layout

    found: dict[str, Path] = {}
    if collection.has_ptbxl(data):
        found["ptbxl"] = data
    try:
        layout.open_folder(data)
        found["echonext"] = data
    except (EcgviewError, OSError):
        pass
    try:
        for known, place in sources.find(data):
            if any(task.name == "cinc26" for task in known.open(place).tasks):
                found.setdefault("cinc26", place)
    except EcgviewError:
        pass
    return found


def _one(
    ledger: Ledger, item: Run, seed: int, places: Places, values: Mapping[str, Any], smoke: bool
) -> None:
    """Make one run with one seed, unless its records are there."""
    name = f"{item.name}-seed{seed}"
    root = places.out / ledger.id
    part, out = root / "parts" / f"{name}.parquet", root / "runs" / name
    data = _labels_at(places.data)[item.data]
    if item.stage == LEF:
        _same_as_before(out, {"recipe": dict(item.values), "data": str(data.resolve()), "trial": smoke})
        if not part.exists():
            _lef(item, seed, replace(places, data=data, out=out), smoke, part)
        return
    stage = _stage(item)
    published, recipe = _recipes(item, seed, values, smoke)
    _same_as_before(out, {"recipe": asdict(recipe), "data": str(data.resolve()), "trial": smoke})
    if part.exists():
        return
    start, differs = item.start, list(_deviations(published, recipe))
    if places.per_fold:
        differs.append(f"a trial: the first {places.per_fold} recordings of each fold alone")
    if start in ledger.runs:
        before = ledger.runs[start]
        differs += _deviations(*_recipes(before, before.seeds[0], values, smoke), f"{start}: ")
        start = str(root / "runs" / f"{start}-seed{ledger.runs[start].seeds[0]}")
    made = stage.run(recipe, replace(places, data=data, out=out, start=Path(start) if start else None))
    if not item.answers:
        return
    found: Data = made.data
    facts = {
        "stage": item.stage,
        "task": found.task.name,
        "classes": list(found.task.codes),
        "values": json.loads(json.dumps(asdict(recipe), allow_nan=False)),
        "learnt": found.learnt.words.rstrip(".") + ".",
        "deviation": differs + _convergence(recipe, out),
    }
    answered = [
        Part(split, _rows(found, index), found.wanted[index], kept.logits_of(made.said(index)))
        for split, index in zip(ANSWERED, (found.validation, found.test), strict=True)
    ]
    kept.write_part(part, item.name, seed, [Part("train", _rows(found, found.train)), *answered], facts)


def _recipes(item: Run, seed: int, values: Mapping[str, Any], smoke: bool) -> tuple[Any, Any]:
    """Return the recipe as the ledger has it, and the one that is used."""
    stage = _stage(item)
    published = with_values(stage.RECIPE, {**item.values, "seed": seed})
    own = {one.name for one in fields(published)}
    changed = {**(stage.SMOKE if smoke else {}), **{k: v for k, v in values.items() if k in own}}
    return published, with_values(published, changed)


def _rows(found: Data, index: "np.ndarray[Any, Any]") -> list[Any]:
    return [found.pack.rows[i] for i in index]


def _same_as_before(out: Path, told: Mapping[str, Any]) -> None:
    """Write what a run is begun with; ModelError where its folder was begun with something else."""
    out.mkdir(parents=True, exist_ok=True)
    path, text = out / RECIPE_OF_RUN, json.dumps(told, sort_keys=True, indent=1, allow_nan=False)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ModelError(
            "this folder holds a run of other values or data", where=str(out), expected="another --out"
        )
    path.write_text(text, encoding="utf-8")


def _deviations(published: Any, used: Any, head: str = "") -> Iterator[str]:
    """Yield every value that is other than the ledger's."""
    for one in fields(published):
        own, other = getattr(published, one.name), getattr(used, one.name)
        if is_dataclass(own):
            yield from _deviations(own, other, f"{head}{one.name}.")
        elif own != other:
            yield f"{head}{one.name} {other} in place of {own}"


def _convergence(recipe: Any, out: Path) -> list[str]:
    """Return whether an official baseline was trained until it had converged, of a run that is one."""
    if getattr(recipe, "method", "") != "baseline":
        return []
    epochs = len((out / "full" / "log.csv").read_text(encoding="utf-8").splitlines()) - 1
    if recipe.baseline_schedule == "plateau" and epochs < recipe.epochs:
        return [f"converged after {epochs} epochs"]
    return [f"not converged: stopped after {epochs} epochs"]


def _lef(item: Run, seed: int, places: Places, smoke: bool, part: Path) -> None:
    """Fit a LEF model and keep what it, and each single predictor, says of the validation and test splits."""
    from ecgview.models.tabular import table
    from ecgview.training.echonext import layout
    from ecgview.training.lef import predictors
    from ecgview.training.lef import run as lef
    from ecgview.training.lef.fit import FitRecipe, outputs

    values = dict(item.values)
    fit = FitRecipe(tuple(values["kinds"]))
    if smoke:
        fit = replace(fit, strengths=(0.1,), depths=(2,), rounds=20)
    most = 1000 if smoke else 0
    recipe = lef.LefRecipe(values["limit_percent"], fit, 50, most)
    classifiers = list(values["classifiers"])
    # Named by its seed for the ledger alone: nothing in these fits is drawn anew.
    card = lef.run(
        recipe, places.data, places.out, places.cache, classifiers, None, places.progress, places.device
    )
    model, source = table.read(card.check_weights()), layout.open_folder(places.data)
    asked = [cards.get(one) for one in classifiers]
    parts = []
    singles: Mapping[str, float] = values[
        "singles"
    ]  # by code: -1 where the paper's direction is that of its absence
    names = ["LVEF", *singles]
    for split, own in (("validation", "val"), ("test", "test")):
        common = (asked, recipe.limit_percent, places.cache, places.progress, places.device, most, False)
        cohort = predictors.filled(predictors.cohort(source, own, *common), model.predictors)
        at = {one.codes[0]: k for k, one in enumerate(model.predictors)}
        columns = [kept.logits_of(model.probability(outputs(model, cohort.values)))]
        columns += [(sign * cohort.values[:, at[code]]).astype(np.float32) for code, sign in singles.items()]
        wanted = np.repeat(cohort.low[:, None], len(names), axis=1).astype(np.float32)
        rows = [Row("echonext", str(row.position), str(row.patient)) for row in cohort.rows]
        parts.append(Part(split, rows, wanted, np.stack(columns, axis=1)))
    learnt = card.training_data.rstrip(".") + "."
    deviation = ["synthetic ECGs: says nothing about people"] if source.is_synthetic else []
    facts = {
        "stage": LEF,
        "task": f"LVEF of {recipe.limit_percent:g} % or less",
        "classes": names,
        "values": json.loads(json.dumps(values, allow_nan=False)),
        "learnt": learnt,
        "deviation": [*deviation, *(["a trial: few records, few models"] if smoke else [])],
    }
    kept.write_part(part, item.name, seed, parts, facts)
