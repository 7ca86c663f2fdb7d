"""From an EchoNext folder to a LEF model that the window loads: fit, figures, pictures, card."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import table
from ecgview.models.tabular.lef import LVEF_CUT
from ecgview.progress import Progress, silent
from ecgview.training.echonext import layout
from ecgview.training.evaluation.plain import known
from ecgview.training.lef import figures, pictures, predictors
from ecgview.training.lef.fit import FitRecipe, Fitted, fit, outputs


@dataclass(frozen=True, slots=True)
class LefRecipe:
    """The whole pipeline. The paper's definition of a moderately low fraction is unreadable; 45 % is EchoNext's."""

    limit_percent: float = 45.0  # 50, 40, 35, 30 as alternatives
    fit: FitRecipe = field(default_factory=FitRecipe)
    resamples: int = 1000
    most_records: int = 0  # of each split, for a trial


def run(
    recipe: LefRecipe,
    data: Path,
    out: Path,
    cache: Path,
    classifiers: list[str],
    external: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
    *,
    measured: bool = False,
) -> ModelCard:
    """Fit on the train split, choose, calibrate and cut on val, report test once; return the new model's card.

    Args:
        recipe: how.
        data: EchoNext, or a synthetic folder in its layout.
        out: folder of the model: `card.json`, `model.json`, `results.json` and the pictures.
        cache: kept answers of the classifiers.
        classifiers: ids whose outputs are the predictors; the default classifier for none.
        external: another folder in the same layout, whose test split (or all) is the external cohort.
        progress: told per step.
        device: auto, cpu, cuda or mps.
        measured: measurements and criteria are predictors beside the classifiers' outputs.

    Raises:
        FormatError: the folder is not whole, or a patient stands in two splits.
        ModelError: a split has not both outcomes, or no such classifier.
    """
    found = predictors.cards_of(classifiers)
    source = layout.open_folder(data)
    common = (found, recipe.limit_percent, cache, progress, device, recipe.most_records, measured)
    train, validation, test = (predictors.cohort(source, name, *common) for name in ("train", "val", "test"))
    inputs = predictors.named(found, train if measured else None)
    train, validation, test = (predictors.filled(one, inputs) for one in (train, validation, test))
    progress(0.5, "fitting")
    made = fit(recipe.fit, train, validation, inputs, found)
    model = table.parse(made.raw, made.name)
    progress(0.7, "figures")
    cohorts = {"test": test}
    if external is not None:
        elsewhere = layout.open_folder(external)
        split = "test" if elsewhere.rows["test"] else "no_split"
        cohorts["external"] = predictors.filled(predictors.cohort(elsewhere, split, *common), inputs)
    results: dict[str, Any] = {
        "chosen": made.name,
        "tried_on_validation": made.tried,
        "limit_percent": recipe.limit_percent,
        "waveforms": source.scaling.name,
        "tabular_features": source.tabular_order,
        **{name: figures.of(model, one, recipe.resamples) for name, one in cohorts.items()},
        "subgroups": figures.subgroups(model, test, recipe.resamples),
        "single_predictors": figures.single_predictors(inputs, train, validation, cohorts, recipe.resamples),
        "other_kinds": [_beside(model, other, cohorts, recipe.resamples) for other in made.others],
    }
    if "external" in cohorts:
        results["external_subgroups"] = figures.subgroups(model, cohorts["external"], recipe.resamples)
    shares, importance = pictures.global_shares(model, test)
    results["mean_absolute_shap"] = importance[:30]
    out.mkdir(parents=True, exist_ok=True)
    word = "Synthetic ECGs" if source.is_synthetic else "EchoNext"
    pictures.draw(model, test, shares, out, f"{word}, test split of {len(test.low)} ECGs, {made.name}")
    _write(out / "results.json", results)
    return _card(recipe, made, found, source, results, len(train.low), len(validation.low), out, measured)


def _beside(
    chosen: table.Table, other: Fitted, cohorts: Mapping[str, predictors.Cohort], resamples: int
) -> dict[str, Any]:
    """Return the figures of the best model of another kind, and what the chosen one has over it."""
    model = table.parse(other.raw, other.name)
    found: dict[str, Any] = {"name": other.name}
    for name, cohort in cohorts.items():
        pair = [one.probability(outputs(one, cohort.values)) for one in (chosen, model)]
        cuts = (chosen.threshold, model.threshold)
        found[name] = figures.of(model, cohort, resamples)
        found[f"chosen_minus_this_{name}"] = figures.compared(pair[0], pair[1], cuts, cohort, resamples)
    return found


def _card(
    recipe: LefRecipe,
    made: Fitted,
    classifiers: list[ModelCard],
    source: layout.EchoNext,
    results: dict[str, Any],
    n_train: int,
    n_validation: int,
    out: Path,
    measured: bool,
) -> ModelCard:
    _write(out / "model.json", made.raw)
    cohort = (
        "synthetic ECGs in EchoNext's layout: no patient" if source.is_synthetic else "EchoNext (Columbia)"
    )
    learned = "ECGs, their fractions by a formula," if source.is_synthetic else "ECGs with echocardiography"
    kind = made.raw["calibration"]["kind"]
    calibrated = f"calibrated on {n_validation} ECGs of the validation split of {cohort}"
    names = " and ".join(f"{card.name} {card.version}" for card in classifiers)
    names += " and ecgview's measurements and criteria" if measured else ""
    card = {
        "id": out.name,
        "name": f"LVEF of {recipe.limit_percent:g} % or less, {made.name}",
        "version": "1.0",
        "kind": "lef",
        "network": made.network,
        "licence": "as the data that it was fitted on",
        "source": "Method: ECGPD-LEF, arXiv 2603.28532.",
        "training_data": f"{n_train} {learned} of {cohort}; predictors of {names}",
        "calibrated": f"{calibrated} ({'as it came' if kind == 'none' else kind})",
        "intended_use": "Probability that the left ventricular ejection fraction is "
        f"{recipe.limit_percent:g} % or less, in adults like those of the cohort; it may suggest echocardiography.",
        "out_of_scope": "Research use only. Not for paced rhythm, adults only, one 10 s 12-lead ECG. The share of low "
        "fractions in the cohort sets the probability: elsewhere it must be calibrated again."
        + (" Fitted on synthetic ECGs: it says nothing about people." if source.is_synthetic else ""),
        "config": {LVEF_CUT: recipe.limit_percent},
        "weights": "model.json",
        "sha256": cards.sha256_of(out / "model.json"),
        "metrics": {name: results[name] for name in ("test", "external") if name in results},
        "notes": [
            f"Chosen on the validation split among {len(made.tried)} models.",
            "The threshold is the best F1 on the validation split.",
        ],
    }
    _write(out / "card.json", card)
    return cards.read_card(out / "card.json")


def _write(path: Path, content: object) -> None:
    part = path.with_suffix(".part")
    part.write_text(
        json.dumps(known(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    os.replace(part, path)
