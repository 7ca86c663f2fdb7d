"""What a model of PTB-XL's statements is worth in other hospitals: by finding and by hospital, with intervals.

A hospital's record counts for a finding only where its labels say whether it is there (`hospitals.targets`): a source
that gives nine classes says nothing of the others. Of a finding with fewer than five records no AUROC is stated;
sensitivity and specificity are at the card's own cut, with Wilson's interval. Recordings that lie in two folders, or in
PTB-XL, are in a pack once.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import hospitals, sources, tasks
from ecgview.training.data.pack import Pack
from ecgview.training.data.sources import cinc
from ecgview.training.evaluation import asked, metrics
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.classification import share
from ecgview.training.evaluation.levels import FEWEST_POSITIVES
from ecgview.training.evaluation.metrics import Doubles, Draws
from ecgview.training.evaluation.plain import interval, rounded

NAMED = ("AFIB", "CRBBB", "SBRAD", "STACH")  # always told, however few there are
ALL = "all of them"
HR = "PTB-XL's own records under the challenge's names (HR*)"
COPIES = "copies at 100 Hz of PTB-XL records that are here at 500 Hz (records100)"
OTHERS = "recordings of other hospitals that lie in two folders, or are shorter than the network's input"
NOTE = (
    "labels of other hospitals, mapped to PTB-XL's statements; a record counts for a finding where its source says "
    f"whether it is there; an AUROC needs {FEWEST_POSITIVES} records with it; sensitivity and specificity at the "
    "card's cut, with Wilson's 95 % interval"
)


def answered(card: ModelCard, pack: Pack, progress: Progress = silent) -> Asked | None:
    """Return the answers about labelled records of other hospitals; None where the pack has none.

    What a source does not say is NaN in `wanted`.
    """
    truth = hospitals.targets(pack.rows)
    other = np.array([row.source in hospitals.SOURCES for row in pack.rows], dtype=bool)
    index = np.flatnonzero(other & np.isfinite(truth).any(axis=1))
    if not len(index):
        return None
    own = asked.asked(card, pack, index, progress)
    at = {(pack.rows[i].source, pack.rows[i].record_id): i for i in index}
    every = tasks.get("all71").codes
    wanted = truth[[at[row.source, row.record_id] for row in own.rows]]
    return replace(own, wanted=wanted[:, [every.index(code) for code in own.codes]])


def describe(own: Asked, resamples: int) -> dict[str, Any]:
    """Return a row per hospital and per finding of each, and of all hospitals together."""
    names = sorted({row.source for row in own.rows})
    sets, findings = [], []
    for hospital in [*names, ALL] if len(names) > 1 else names:
        part = own.part(np.array([i for i, row in enumerate(own.rows) if hospital in (ALL, row.source)]))
        drawn = aurocs(part, resamples)
        columns = scored(part)
        sets.append(
            {
                "hospital": hospital,
                "n_records": len(part.rows),
                "n_findings": len(columns),
                "macro_auroc": interval(drawn.mean(columns)) if len(columns) else None,
            }
        )
        told = {*columns.tolist(), *(part.codes.index(code) for code in NAMED if code in part.codes)}
        findings += [
            {"finding": part.codes[k], "hospital": hospital, **_finding(part, k, drawn)}
            for k in sorted(told)
            if np.isfinite(part.wanted[:, k]).any()
        ]
    return {"note": NOTE, "n_records": len(own.rows), "sets": sets, "findings": findings}


def scored(own: Asked) -> metrics.Index:
    """Return the columns with five records that have the finding and one that has not."""
    positives, negatives = (own.wanted == 1).sum(0), (own.wanted == 0).sum(0)
    return np.flatnonzero((positives >= FEWEST_POSITIVES) & (negatives > 0))


def aurocs(own: Asked, resamples: int) -> Draws:
    """Return the AUROC of every class in every resample, records of which it is not known left out of it."""
    known = np.isfinite(own.wanted)
    wanted = np.where(known, own.wanted, 0).astype(np.float32)

    def figure(weights: Doubles) -> Doubles:
        columns = [
            metrics.weighted_auroc(wanted[:, [k]], own.said[:, [k]], weights * known[:, k])
            for k in range(wanted.shape[1])
        ]
        return np.concatenate(columns, axis=1)

    return own.bootstrap(resamples).draw(figure)


def _finding(own: Asked, k: int, drawn: Draws) -> dict[str, Any]:
    """Return one finding's counts, its AUROC where there are enough, and what the cut is worth."""
    known = np.isfinite(own.wanted[:, k])
    truth, said = own.wanted[known, k] == 1, own.said[known, k]
    cut = float(own.thresholds[k])
    row: dict[str, Any] = {"n_records": int(known.sum()), "positives": int(truth.sum())}
    if truth.sum() >= FEWEST_POSITIVES and not truth.all():
        row["auroc"] = interval(metrics.percentiles(drawn.value[k], drawn.draws[:, k]))
    if not np.isfinite(cut):
        return row | {"cut": "none in the card"}
    called = said >= cut
    worth = (("sensitivity", called & truth, truth), ("specificity", ~called & ~truth, ~truth))
    counts = {name: (int(hits.sum()), int(of.sum())) for name, hits, of in worth}
    return row | {"cut": rounded(cut)} | {name: share(*pair) for name, pair in counts.items() if pair[1]}


def left_out(data: Path, pack: Pack) -> dict[str, int]:
    """Return how many records below `data` were left out of all figures, by the reason."""
    counts = dict.fromkeys((HR, COPIES, OTHERS), 0)
    listed: list[tuple[str, str]] = []
    for source in sources.open_all(data):
        facts = source.facts()
        if source.name == cinc.NAME:
            counts[HR] += int(facts.get("left out as PTB-XL (HR*)", 0))
        if facts.get("rate used, Hz") == 500:
            counts[COPIES] += int(facts["files at 100 Hz"])
        listed += [(row.source, row.record_id) for row in source.rows() if row.source in hospitals.SOURCES]
    counts[OTHERS] = len(listed) - len(
        {(r.source, r.record_id) for r in pack.rows if r.source in hospitals.SOURCES}
    )
    return counts
