"""The paper's ablations of MTECG-T as a grid that can be stopped; the table is OUT/ablation.csv.

Each cell differs from the recipe in one value: mask ratio, reconstruction target, length of pre-training, layer-wise
decay, DropPath. It is pre-trained and fine-tuned and judged on the validation fold alone.
"""

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecgview import csv_cells
from ecgview.errors import ModelError
from ecgview.training.engine import classify
from ecgview.training.engine.recipe import with_values
from ecgview.training.evaluation.plain import known
from ecgview.training.places import Places
from ecgview.training.stages import mtecg_finetune as finetune
from ecgview.training.stages import mtecg_pretrain as pretrain

TABLE = "ablation.csv"
PLAIN: dict[str, Any] = {"target": "raw", "axis": "segment", "variance_floor": 0.0}


@dataclass(frozen=True, slots=True)
class AblateRecipe:
    """What is varied. The paper's ranges where it gives them (mask ratio 5-75 %); the other values are ours."""

    vary: tuple[str, ...] = ("mask_ratio", "target", "schedule", "layer_decay", "drop_path")
    mask_ratio: tuple[float, ...] = (0.05, 0.15, 0.25, 0.5, 0.75)
    target: tuple[str, ...] = ("raw", "centred", "standardised", "standardised by lead", "weighted raw")
    schedule: tuple[int, ...] = (10, 20, 40)  # epochs of pre-training
    layer_decay: tuple[float, ...] = (0.5, 0.65, 0.75, 0.9, 1.0)
    drop_path: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3)
    pretrain_epochs: int = 20
    finetune_epochs: int = 12
    depth: int = 12
    most_records: int = 0
    seed: int = 0
    # Everything else of either stage. No kernel targets and no teacher, beside which an ablation shows little: ours.
    pretraining: pretrain.PretrainRecipe = field(
        default_factory=lambda: pretrain.PretrainRecipe(auxiliary_components=0)
    )
    finetuning: finetune.FinetuneRecipe = field(
        default_factory=lambda: finetune.FinetuneRecipe(teacher=False, unlabelled=False)
    )


RECIPE = AblateRecipe()
SMOKE = {
    "pretrain_epochs": 1,
    "finetune_epochs": 1,
    "depth": 1,
    "most_records": 32,
    "vary": ["mask_ratio", "drop_path"],
    "mask_ratio": [0.25, 0.75],
    "drop_path": [0.0, 0.2],
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One trial: what is varied, its value, and the recipes' values that follow."""

    factor: str
    value: str
    pretraining: dict[str, Any]
    finetuning: dict[str, Any]

    @property
    def name(self) -> str:
        """Return a name for a folder."""
        return f"{self.factor}-{self.value}".replace(" ", "-")


def cells(recipe: AblateRecipe) -> list[Cell]:
    """Return the grid, one factor at a time.

    Raises:
        ModelError: a factor or a target that is not known.
    """
    found = []
    for factor in recipe.vary:
        if factor not in ("mask_ratio", "target", "schedule", "layer_decay", "drop_path"):
            raise ModelError(f"cannot vary {factor!r}", expected=", ".join(AblateRecipe().vary))
        for value in getattr(recipe, factor):
            before: dict[str, Any] = {}
            after: dict[str, Any] = {}
            if factor == "target":
                before = _target(value)
            elif factor == "schedule":
                before = {"epochs": value}
            elif factor == "mask_ratio":
                before = {"mask_ratio": value}
            else:
                after = {factor: value}
            found.append(Cell(factor, str(value), before, after))
    return found


def _target(value: str) -> dict[str, Any]:
    known = {
        "raw": PLAIN,
        "centred": PLAIN | {"target": "centred"},
        "standardised": PLAIN | {"target": "standardised"},
        "standardised by lead": PLAIN | {"target": "standardised", "axis": "lead-segment"},
        "weighted raw": {},
    }
    if value not in known:
        raise ModelError(f"unknown target {value!r}", expected=", ".join(known))
    return known[value]


def run(recipe: AblateRecipe, places: Places) -> list[dict[str, Any]]:
    """Run what is missing of the grid and return its rows; `ablation.csv` grows with every finished cell."""
    out = places.out
    rows = []
    grid = cells(recipe)
    out.mkdir(parents=True, exist_ok=True)
    for count, cell in enumerate(grid):
        kept = out / cell.name / "figures.json"
        if kept.exists():
            figures = json.loads(kept.read_text(encoding="utf-8"))
        else:
            places.progress(count / len(grid), f"{cell.factor} {cell.value}: {count + 1} of {len(grid)}")
            figures = _judge(recipe, cell, places)
            part = kept.with_suffix(".part")
            part.write_text(json.dumps(known(figures), allow_nan=False), encoding="utf-8")
            os.replace(part, kept)
        rows.append({"factor": cell.factor, "value": cell.value, **figures})
        _write(rows, out / TABLE)
    return rows


def recipes(recipe: AblateRecipe, cell: Cell) -> tuple[pretrain.PretrainRecipe, finetune.FinetuneRecipe]:
    """Return the recipes of one cell's pre-training and fine-tuning."""
    common = {"depth": recipe.depth, "most_records": recipe.most_records, "seed": recipe.seed}
    before = with_values(recipe.pretraining, {"epochs": recipe.pretrain_epochs, **common, **cell.pretraining})
    after = with_values(recipe.finetuning, {"epochs": recipe.finetune_epochs, **common, **cell.finetuning})
    return before, after


def _judge(recipe: AblateRecipe, cell: Cell, places: Places) -> dict[str, float]:
    """Return the validation figures of one cell. Cells that share a pre-training share its run."""
    before, after = recipes(recipe, cell)
    first = places.out / (cell.name if cell.pretraining else "shared") / "pretrain"
    pretrain.run(before, replace(places, out=first))
    tuned = finetune.run(after, replace(places, out=places.out / cell.name / "finetune", start=first))
    held = tuned.data.validation
    figures = classify.figures(tuned.data.wanted[held], tuned.said(held))
    return figures | {"records": float(tuned.data.learnt.n_train)}


def _write(rows: list[dict[str, Any]], path: Path) -> None:
    part = path.with_suffix(".part")
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv_cells.Writer(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    os.replace(part, path)
