"""What a model of PTB-XL's statements is worth in other hospitals: by finding and by hospital, with intervals.

A hospital's records count for a finding only where its labels could have named it: a source that gives nine classes
says nothing of the others. Of a finding with fewer than five records no AUROC is stated; sensitivity and specificity
are at the card's own cut, with Wilson's interval. Recordings that lie in two folders, or in PTB-XL, count once and for
the first.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import sources
from ecgview.training.data.pack import Pack
from ecgview.training.data.sources import cinc
from ecgview.training.evaluation import asked, external, metrics
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.classification import share
from ecgview.training.evaluation.levels import FEWEST_POSITIVES
from ecgview.training.evaluation.metrics import Doubles, Draws
from ecgview.training.evaluation.plain import interval, rounded

NAMED = ("AF", "CRBBB", "SB", "STach")  # always told, however few there are
ALL = "all of them"
NOTE = (
    "labels of other hospitals, answered by the PTB-XL statement of the same SNOMED CT finding; a source counts for a "
    f"finding that its labels can name; an AUROC needs {FEWEST_POSITIVES} records with it; sensitivity and specificity "
    "at the card's cut, with Wilson's 95 % interval"
)


def answered(
    card: ModelCard, data: Path, cache: Path, progress: Progress = silent, known: Collection[bytes] = ()
) -> tuple[Asked, int] | None:
    """Return the answers about labelled records of other hospitals, and how many were left out as doubles.

    None where no such records lie below `data`. What a source cannot name is NaN in `wanted`.
    """
    if not any(task.name == external.TASK for one in sources.open_all(data) for task in one.tasks):
        return None
    pack = asked.open_pack(card, data, cache, progress, external.TASK)
    index = asked.rows_of(pack, "", external.TASK)
    kept = single(pack, index, known)
    if not len(kept):
        return None
    own = asked.asked(card, pack, kept, progress, task=external.TASK)
    return replace(own, wanted=_masked(own)), _records(pack, index) - _records(pack, kept)


def _records(pack: Pack, index: NDArray[np.int64]) -> int:
    return len({(pack.rows[i].source, pack.rows[i].record_id) for i in index})


def single(pack: Pack, index: NDArray[np.int64], known: Collection[bytes] = ()) -> NDArray[np.int64]:
    """Return the rows whose recording is not among the rows before, nor `known`, by its first window's samples."""
    seen = set(known)
    first: dict[tuple[str, str], bool] = {}
    for i in index:
        name = pack.rows[i].source, pack.rows[i].record_id
        if name not in first:
            digest = fingerprint(pack, int(i))
            first[name] = digest not in seen
            seen.add(digest)
    keep = [i for i in index if first[pack.rows[i].source, pack.rows[i].record_id]]
    return np.array(keep, dtype=np.int64)


def fingerprint(pack: Pack, i: int) -> bytes:
    """Return what tells a packed window from every other one: of its samples alone."""
    return hashlib.sha256(np.ascontiguousarray(pack.microvolts[i]).tobytes()).digest()


def _masked(own: Asked) -> NDArray[np.float32]:
    """Return the truth with NaN where a source's labels cannot name the finding."""
    nine = set(cinc.CPSC_WORDS.values())
    wanted = own.wanted.copy()
    concepts = external.concepts()
    for i, row in enumerate(own.rows):
        if row.source == "cpsc_2018":
            for k, code in enumerate(own.codes):
                if not concepts[code] & nine:
                    wanted[i, k] = np.nan
    return wanted


def describe(own: Asked, resamples: int) -> dict[str, Any]:
    """Return a row per hospital and per finding of each, and of all hospitals together."""
    hospitals = sorted({row.source for row in own.rows})
    sets, findings = [], []
    for hospital in [*hospitals, ALL] if len(hospitals) > 1 else hospitals:
        keep = np.array([i for i, row in enumerate(own.rows) if hospital in (ALL, row.source)])
        part = own.part(keep)
        drawn = aurocs(part, resamples)
        scored = np.flatnonzero([_positives(part, k) >= FEWEST_POSITIVES for k in range(len(part.codes))])
        sets.append(
            {
                "hospital": hospital,
                "n_records": len(part.rows),
                "n_findings": len(scored),
                "macro_auroc": interval(drawn.mean(scored)) if len(scored) else None,
            }
        )
        findings += [
            {
                "finding": code,
                "statement": own.card.labels[place],
                "hospital": hospital,
                **_finding(part, k, drawn),
            }
            for k, (code, place) in enumerate(external.mapped(own.card.labels).items())
            if _positives(part, k) >= FEWEST_POSITIVES or (code in NAMED and _positives(part, k))
        ]
    return {"note": NOTE, "n_records": len(own.rows), "sets": sets, "findings": findings}


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


def _positives(own: Asked, k: int) -> int:
    return int((own.wanted[:, k] == 1).sum())


def _finding(own: Asked, k: int, drawn: Draws) -> dict[str, Any]:
    """Return one finding's counts, its AUROC where there are enough, and what the cut is worth."""
    known = np.isfinite(own.wanted[:, k])
    truth, said = own.wanted[known, k] == 1, own.said[known, k]
    cut = float(own.thresholds[k])
    row: dict[str, Any] = {"n_records": int(known.sum()), "positives": int(truth.sum())}
    if truth.sum() >= FEWEST_POSITIVES and not truth.all():
        row["auroc"] = interval(drawn.each()[k])
    if not np.isfinite(cut):
        return row | {"cut": "none in the card"}
    called = said >= cut
    return (
        row
        | {"cut": rounded(cut)}
        | {
            name: share(int(hits), int(of.sum()))
            for name, hits, of in (
                ("sensitivity", (called & truth).sum(), truth),
                ("specificity", (~called & ~truth).sum(), ~truth),
            )
            if of.any()
        }
    )


def left_out(data: Path, doubles: int) -> dict[str, int]:
    """Return how many records below `data` were left out of all figures, by the reason."""
    counts: dict[str, int] = {}
    for source in sources.open_all(data):
        facts = source.facts()
        if source.name == cinc.NAME:
            here = facts.get("left out as PTB-XL (HR*)", 0)
            counts["PTB-XL's own records under the challenge's names (HR*)"] = counts.get(
                "PTB-XL's own records under the challenge's names (HR*)", 0
            ) + int(here)
        if "files at 100 Hz" in facts and facts.get("rate used, Hz") == 500:
            name = "copies at 100 Hz of PTB-XL records that are here at 500 Hz (records100)"
            counts[name] = counts.get(name, 0) + int(facts["files at 100 Hz"])
    counts["recordings of other hospitals that lie in two folders or in PTB-XL, by their samples"] = doubles
    return counts
