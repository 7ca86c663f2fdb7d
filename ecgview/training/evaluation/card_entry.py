"""The figures of a model in its own card."""

import json
import shutil
from pathlib import Path
from typing import Any

from ecgview.models.cards import ModelCard
from ecgview.training.evaluation.written import write_text

EVIDENCE = "evidence.pdf"
ON_THE_PAGE = ("classes", "calibration", "confusion", "comparison")  # too long for a card


def write_to_card(card: ModelCard, figures: dict[str, Any], page: Path | None = None) -> None:
    """Put the figures into the card's file under `metrics`; `page` becomes `evidence.pdf` beside it.

    Tables of each class and curve are on that page alone.
    """
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    kept = {name: value for name, value in figures.items() if name not in ON_THE_PAGE}
    if page is not None:
        shutil.copyfile(page, card.folder / EVIDENCE)
        kept["evidence"] = EVIDENCE
    raw["metrics"] = kept
    write_text(path, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
