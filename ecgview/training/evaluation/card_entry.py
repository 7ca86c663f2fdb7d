"""The figures of a model in its own card."""

import json
import shutil
from pathlib import Path
from typing import Any

from ecgview.models.cards import ModelCard
from ecgview.training.evaluation import lead_set_fit
from ecgview.training.evaluation.written import write_text

EVIDENCE = "evidence.pdf"
ON_THE_PAGE = (
    "classes",
    "confusion",
    "comparison",
)  # too long for a card, whose `per_statement` has the first short


def entry(figures: dict[str, Any], with_page: bool) -> dict[str, Any]:
    """Return what of the figures stands in a card under `metrics`."""
    kept = {name: value for name, value in figures.items() if name not in ON_THE_PAGE}
    return kept | ({"evidence": EVIDENCE} if with_page else {})


def write_to_card(card: ModelCard, figures: dict[str, Any], page: Path | None = None) -> None:
    """Put the figures into the card's file under `metrics`; `page` becomes `evidence.pdf` beside it.

    The counts of each class and what the top call was taken for are on that page alone.
    """
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    if page is not None:
        shutil.copyfile(page, card.folder / EVIDENCE)
    raw["metrics"] = entry(figures, page is not None)
    if raw.get("lead_sets") and "lead_subsets" in figures:
        raw["lead_sets"] = lead_set_fit.with_test(raw["lead_sets"], figures["lead_subsets"], figures)
    write_text(path, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
