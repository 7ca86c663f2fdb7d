"""Two models on the same records: paired bootstrap of what the first has over the second."""

from typing import Any

import numpy as np

from ecgview.errors import ModelError
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import Scores, levels, score
from ecgview.training.evaluation.metrics import Draws, Index, percentiles, two_sided_p
from ecgview.training.evaluation.plain import interval, rounded


def same_records(own: Asked, other: Asked) -> tuple[Asked, Asked]:
    """Return both models' answers about the records and the classes that both have, in one order.

    Raises:
        ModelError: they share no record or no class, or a record is not labelled alike.
    """
    place = {(row.source, row.record_id): i for i, row in enumerate(other.rows)}
    mine = [i for i, row in enumerate(own.rows) if (row.source, row.record_id) in place]
    theirs = [place[own.rows[i].source, own.rows[i].record_id] for i in mine]
    codes = [code for code in own.codes if code in other.codes]
    if not mine or not codes:
        raise ModelError(
            f"{own.card.id} and {other.card.id} cannot be compared",
            expected="records and classes in common",
            found=f"{len(mine)} records and {len(codes)} classes",
        )
    pair = own.part(np.array(mine)).only(codes), other.part(np.array(theirs)).only(codes)
    if not np.array_equal(pair[0].wanted, pair[1].wanted):
        raise ModelError(f"{own.card.id} and {other.card.id} were asked about differently labelled records")
    return pair


def compare(own: Asked, other: Asked, resamples: int) -> dict[str, Any]:
    """Return the differences, first minus second, with interval and two-sided p, as plain values."""
    own, other = same_records(own, other)
    bootstrap = own.bootstrap(resamples)
    rows = []
    for mine, theirs in zip(levels(own), levels(other), strict=True):
        first, second = score(mine, bootstrap), score(theirs, bootstrap)
        both = np.intersect1d(first.f1_columns, second.f1_columns)
        for figure, a, b in (
            ("auroc", first.auroc, second.auroc),
            ("auprc", first.auprc, second.auprc),
            ("f1", _of(first, both), _of(second, both)),
            ("brier", first.brier, second.brier),
        ):
            rows.append({"level": mine.name, "figure": figure, "class": "macro", **_difference(a, b)})
        if mine.name == "superclass":
            for place, k in enumerate(mine.scored):
                at = np.array([place])
                row = _difference(first.auroc, second.auroc, at)
                rows.append({"level": mine.name, "figure": "auroc", "class": mine.classes[k], **row})
    return {
        "other": other.card.id,
        "other_version": other.card.version,
        "other_sha256": other.card.sha256,
        "n_records": len(own.rows),
        "n_classes": len(own.codes),
        "differences": rows,
    }


def _of(scores: Scores, columns: Index) -> Draws:
    """Return F1 of those classes that both models can call."""
    at = np.searchsorted(scores.f1_columns, columns)
    return Draws(scores.f1.value[at], scores.f1.draws[:, at])


def _difference(own: Draws, other: Draws, columns: Index | None = None) -> dict[str, Any]:
    difference = own.minus(other, columns)
    return {
        "own": rounded(own.mean(columns).value),
        "other": rounded(other.mean(columns).value),
        "difference": interval(percentiles(difference.value[0], difference.draws)),
        "p": rounded(two_sided_p(difference.draws)) if np.isfinite(difference.draws).any() else None,
    }
