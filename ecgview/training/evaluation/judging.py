"""By what a classifier may judge: what each threshold rests on, and its scores over records without a statement."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.models import cards, reference_scores, thresholds
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import splits
from ecgview.training.evaluation.asked import asked, check, open_pack
from ecgview.training.evaluation.classification import wilson
from ecgview.training.evaluation.written import write_text

Array = NDArray[np.float32]
SET_ON = "validation"
RECORDS = "PTB-XL {folds} ({n} records that no label was learnt from)"


def update(card: ModelCard, data: Path, cache: Path, progress: Progress = silent) -> ModelCard:
    """Return a classifier's card after writing what its thresholds rest on, and its reference scores, beside it.

    The cuts stay as they are: nothing is chosen here. Both folds are of records that no label was learnt from; the
    figures of the fold that chose a cut flatter it, those of the test fold do not.

    Args:
        card: a classifier of PTB-XL's statements, in a folder that can be written.
        data: folder with PTB-XL.
        cache: packed ECGs.
        progress: told on the way.

    Raises:
        ModelError: other outputs, or no PTB-XL below `data`.
    """
    check(card)
    pack = open_pack(card, data, cache, progress)
    folds = splits.of_card(card.folds, pack)
    split = {
        name: asked(card, pack, splits.labelled(pack, name, folds), progress) for name in (SET_ON, "test")
    }
    own = split[SET_ON]
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    known = raw.get("threshold_figures", {})
    cuts = [
        known[code]["cut"] if code in known else cut
        for code, cut in zip(card.labels, raw["thresholds"], strict=True)
    ]
    where = splits.folds_in_words(folds[SET_ON])
    figures = table(card.labels, cuts, own.wanted, own.said)
    on_test = table(card.labels, cuts, split["test"].wanted, split["test"].said)
    for code, row in figures.items():
        row["test"] = {name: value for name, value in on_test[code].items() if name != "cut"}
    raw["thresholds"] = standing(card.labels, cuts, figures)
    raw["threshold_rule"] = f"{thresholds.RULE} Set on PTB-XL {where} ({len(own.rows)} records)."
    raw["threshold_figures"] = figures
    write_text(path, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    records = RECORDS.format(folds=where, n=len(own.rows))
    reference_scores.write(card.folder, own.wanted, own.said, records, card.sha256)
    return cards.read_card(path)


def standing(
    labels: Sequence[str], cuts: Sequence[float | None], figures: dict[str, dict[str, Any]]
) -> list[float | None]:
    """Return the cuts that may judge, None for the others."""
    bases = thresholds.read(figures, labels, "threshold_figures")
    return [cut if bases[code].stands else None for code, cut in zip(labels, cuts, strict=True)]


def table(
    labels: Sequence[str], cuts: Sequence[float | None], wanted: Array, said: Array
) -> dict[str, dict[str, Any]]:
    """Return by label its cut, how many records have the statement or not, and what the cut is worth on them.

    `sensitivity` and `positive_predictive_value` are {value, low, high}, Wilson's 95 % interval; None where there is
    no record to count. `wanted` and `said` are (records, labels).
    """
    return {
        code: {
            "cut": cut,
            "positives": int((wanted[:, k] == 1).sum()),
            "negatives": int((wanted[:, k] == 0).sum()),
            **(
                {}
                if cut is None
                else _worth(wanted[:, k] == 1, (said[:, k] >= cut) & np.isfinite(wanted[:, k]))
            ),
        }
        for k, (code, cut) in enumerate(zip(labels, cuts, strict=True))
    }


def _worth(truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> dict[str, Any]:
    hits = int((truth & called).sum())
    return {
        "sensitivity": _share(hits, int(truth.sum())),
        "positive_predictive_value": _share(hits, int(called.sum())),
    }


def _share(part: int, whole: int) -> dict[str, float] | None:
    if not whole:
        return None
    low, high = wilson(np.array([part / whole]), np.array([whole]))
    return {"value": round(part / whole, 3), "low": round(float(low[0]), 3), "high": round(float(high[0]), 3)}
