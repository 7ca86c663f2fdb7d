"""Two classifiers on the same records, before and after: PTB-XL's unseen fold, other hospitals, and cross-validation.

Every difference is paired: one bootstrap by patient draws the records of both. A statement counts from five positives
on, as in every table; F1 is at each model's own cuts, over the statements that both can call.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import splits, tasks
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation import (
    asked,
    calibration,
    classification,
    comparison,
    measured_fit,
    outside,
    whole_card,
    with_measured,
)
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import Level, levels
from ecgview.training.evaluation.metrics import (
    Bootstrap,
    Doubles,
    Draws,
    Interval,
    percentiles,
    two_sided_p,
    weighted_auroc,
    weighted_brier,
    weighted_f1,
)
from ecgview.training.evaluation.plain import interval, rounded

Row = dict[str, Any]
WITH_MEASURED = "with measured values"  # as `classify` answers where the card has shares for them


def table(
    after: str,
    before: str,
    data: Path,
    cache: Path,
    progress: Progress = silent,
    resamples: int = 1000,
    crossed: Path | None = None,
) -> dict[str, Any]:
    """Return {"after", "before", "rows"}: a row per set of records and figure, with both values and the difference.

    Args:
        after: id of a classifier of PTB-XL's statements.
        before: id of another.
        data: folder with PTB-XL in it or one level below, and other hospitals' sets.
        cache: packed ECGs.
        progress: told on the way.
        resamples: of the bootstrap, by patient.
        crossed: logits that networks of the first one's recipe gave records they had not learnt from (npz with
            `record_id` (n,) and `logits` (n, statements) in the order of the card's labels).

    Raises:
        ModelError: one of them cannot be judged on these records, or the file of logits is none.
    """
    pair = cards.get(after), cards.get(before)
    if after == before:
        raise ModelError(f"{after} cannot be compared with itself", expected="another classifier")
    for card in pair:
        whole_card.check_own(card)
        asked.check(card)
    rows: list[Row] = []
    for name, own, other in _unseen(pair, data, cache, progress):
        rows += paired(name, own, other, resamples)
        if own.card.rests or other.card.rests:
            both = [with_measured.answered(one, data, cache, progress) or one for one in (own, other)]
            rows += paired(f"{name}, {WITH_MEASURED}", both[0], both[1], resamples)
    packs = [asked.open_pack(card, data, cache, progress) for card in pair]
    found = [outside.answered(card, pack, progress) for card, pack in zip(pair, packs, strict=True)]
    if found[0] is not None and found[1] is not None:
        rows += elsewhere(found[0], found[1], resamples)
        if pair[0].rests or pair[1].rests:
            both = [with_measured.answered(one, data, cache, progress) or one for one in (found[0], found[1])]
            rows += elsewhere(both[0], both[1], resamples, f", {WITH_MEASURED}")
    if crossed is not None:
        rows += cross_validated(pair[0], packs[0], crossed, resamples)
    return {
        **{name: _named(card) for name, card in zip(("after", "before"), pair, strict=True)},
        "resamples": resamples,
        "left_out": outside.left_out(data, packs[0]),
        "rows": rows,
    }


def _named(card: ModelCard) -> dict[str, str]:
    return {"id": card.id, "version": card.version, "sha256": card.sha256}


def _unseen(
    pair: tuple[ModelCard, ModelCard], data: Path, cache: Path, progress: Progress
) -> Iterator[tuple[str, Asked, Asked]]:
    """Yield the unseen fold's records at 500 Hz, and all of them where some are at 100 Hz."""
    answers = []
    where = ""
    for card in pair:
        pack = asked.open_pack(card, data, cache, progress)
        folds = splits.of_pack(pack)
        splits.check_unseen(card.folds, folds, "test", card.id)
        answers.append(asked.asked(card, pack, splits.labelled(pack, "test", folds), progress))
        where = f"PTB-XL {splits.folds_in_words(folds['test'])}"
    own, other = comparison.same_records(*answers)
    native = whole_card.native(own)
    yield f"{where}, 500 Hz", own.part(native), other.part(native)
    if len(native) < len(own.rows):
        yield f"{where}, with 100 Hz", own, other


def paired(name: str, own: Asked, other: Asked, resamples: int) -> list[Row]:
    """Return the means over classes of both models on the same records, and the first's less the second's."""
    bootstrap = own.bootstrap(resamples)
    rows = []
    for mine, theirs in zip(levels(own), levels(other), strict=True):
        for figure, of in FIGURES.items():
            columns = _columns(figure, mine, theirs)
            if not len(columns):
                continue
            first, second = (bootstrap.draw(_drawn(of, level, columns)) for level in (mine, theirs))
            what = f"{mine.name} {figure}, mean of {len(columns)}"
            rows.append(_row(name, len(own.rows), what, first, second))
    return rows


def _columns(figure: str, mine: Level, theirs: Level) -> NDArray[np.int64]:
    """Return the classes of which both models have this figure."""
    if figure != "F1":
        return mine.scored
    both = mine.callable & theirs.callable
    return np.array([k for k in mine.scored if both[k]], dtype=np.int64)


Figure = Callable[[Level, NDArray[np.int64], Doubles], Doubles]
FIGURES: dict[str, Figure] = {
    "AUROC": lambda level, k, w: weighted_auroc(level.wanted[:, k], level.said[:, k], w),
    "F1": lambda level, k, w: weighted_f1(level.wanted[:, k], level.called[:, k], w),
    "Brier": lambda level, k, w: weighted_brier(level.wanted[:, k], level.said[:, k], w),
    "calibration error": lambda level, k, w: calibration.weighted_errors(
        level.wanted[:, k], level.said[:, k], w
    ),
}


def _drawn(of: Figure, level: Level, columns: NDArray[np.int64]) -> Callable[[Doubles], Doubles]:
    return lambda weights: of(level, columns, weights)


def elsewhere(own: Asked, other: Asked, resamples: int, how: str = "") -> list[Row]:
    """Return AUROC, sensitivity and specificity of each finding in other hospitals, and their means over findings.

    `how` stands after the name of each set of records.
    """
    own, other = _same(own, other)
    rows = []
    hospitals = sorted({row.source for row in own.rows})
    for hospital in [*hospitals, outside.ALL]:
        keep = np.array([i for i, row in enumerate(own.rows) if hospital in (outside.ALL, row.source)])
        first, second = own.part(keep), other.part(keep)
        columns = outside.scored(first)
        if not len(columns):
            continue
        mine, theirs = (outside.aurocs(one, resamples) for one in (first, second))
        what = f"AUROC, mean of {len(columns)} findings"
        rows.append(
            _row(f"outside, {hospital}{how}", len(keep), what, _at(mine, columns), _at(theirs, columns))
        )
        if hospital == outside.ALL:
            for k in columns:
                rows += _finding(first, second, int(k), (mine, theirs), resamples, how)
    return rows


def _finding(
    own: Asked, other: Asked, k: int, drawn: tuple[Draws, Draws], resamples: int, how: str
) -> Iterator[Row]:
    """Yield one finding's rows over all hospitals together."""
    known = np.isfinite(own.wanted[:, k])
    n, name = int(known.sum()), f"{own.codes[k]} ({int(np.nansum(own.wanted[:, k]))})"
    at = np.array([k])
    yield _row(f"outside, {outside.ALL}{how}", n, f"{name}: AUROC", *(_at(one, at) for one in drawn))
    if not (np.isfinite(own.thresholds[k]) and np.isfinite(other.thresholds[k])):
        return
    truth = own.wanted[:, k] == 1
    for figure, of, right in (("sensitivity", truth, True), ("specificity", known & ~truth, False)):
        bootstrap = own.bootstrap(resamples)
        mine, theirs = (
            bootstrap.draw(_share_of(of, (one.said[:, k] >= one.thresholds[k]) == right))
            for one in (own, other)
        )
        yield _row(f"outside, {outside.ALL}{how}", n, f"{name}: {figure} at its cut", mine, theirs)


def _share_of(of: NDArray[np.bool_], hit: NDArray[np.bool_]) -> Callable[[Doubles], Doubles]:
    """Return a figure of weights: the share of these records that are hits; NaN where none is drawn."""

    def figure(weights: Doubles) -> Doubles:
        whole, part = weights @ of, weights @ (of & hit)
        return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)[:, None]

    return figure


def _same(own: Asked, other: Asked) -> tuple[Asked, Asked]:
    """Return both models' answers about the records and findings that both have; what is not known stays so."""
    plain = [
        replace(one, wanted=np.where(np.isfinite(one.wanted), one.wanted, -1).astype(np.float32))
        for one in (own, other)
    ]
    first, second = comparison.same_records(*plain)
    back = [
        replace(one, wanted=np.where(one.wanted < 0, np.nan, one.wanted).astype(np.float32))
        for one in (first, second)
    ]
    return back[0], back[1]


def _at(drawn: Draws, columns: NDArray[np.int64]) -> Draws:
    return Draws(drawn.value[columns], drawn.draws[:, columns])


def _row(name: str, n: int, figure: str, after: Draws, before: Draws) -> Row:
    difference = after.minus(before)
    mean = _mean_of(figure)
    return {
        "set": name,
        "n_records": n,
        "figure": figure,
        "before": interval(mean(before)),
        "after": interval(mean(after)),
        "difference": interval(percentiles(difference.value[0], difference.draws)),
        "p": rounded(two_sided_p(difference.draws)) if np.isfinite(difference.draws).any() else None,
    }


def _mean_of(figure: str) -> Callable[[Draws], Interval]:
    return classification.centred if "calibration error" in figure else Draws.mean


def cross_validated(card: ModelCard, pack: Pack, path: Path, resamples: int) -> list[Row]:
    """Return the recipe's figures over all records that a network of it had not learnt from; "before" is None."""
    own = of_logits(card, pack, path)
    bootstrap: Bootstrap = own.bootstrap(resamples)
    folds = splits.folds_in_words({row.fold for row in own.rows})
    rows = []
    for level in levels(own):
        for figure, of in FIGURES.items():
            columns = _columns(figure, level, level)
            if len(columns):
                drawn = bootstrap.draw(_drawn(of, level, columns))
                rows.append(
                    {
                        "set": f"cross-validated, PTB-XL {folds}",
                        "n_records": len(own.rows),
                        "figure": f"{level.name} {figure}, mean of {len(columns)}",
                        "before": None,
                        "after": interval(_mean_of(figure)(drawn)),
                        "difference": None,
                        "p": None,
                    }
                )
    return rows


def of_logits(card: ModelCard, pack: Pack, path: Path) -> Asked:
    """Return stored logits of PTB-XL's records as answers; records that the pack has not are left out.

    Raises:
        ModelError: the file holds no logits of this card's statements, or of none of these records.
    """
    logits = measured_fit.read_out_of_fold(path, card.labels)
    rows = {
        row.record_id: row for row in reversed(pack.rows) if row.source == "ptbxl" and row.record_id in logits
    }
    if not rows:
        raise ModelError("are logits of no record here", where=str(path), expected="PTB-XL's record numbers")
    every = tasks.get("all71")
    kept = tuple(row for name in logits if (row := rows.get(name)) is not None)
    wanted = every.targets(kept)[:, [every.codes.index(code) for code in card.labels]]
    said = 1.0 / (1.0 + np.exp(-np.stack([logits[row.record_id] for row in kept])))
    cuts = np.array([np.nan if cut is None else cut for cut in card.thresholds])
    return Asked(card, card.labels, cuts, kept, wanted, said.astype(np.float32))


def markdown(found: dict[str, Any]) -> str:
    """Return the table in Markdown."""
    lines = [
        f"{found['after']['id']} {found['after']['version']} against {found['before']['id']} "
        f"{found['before']['version']}: 95 % intervals of {found['resamples']} resamples by patient, differences "
        "paired. " + "; ".join(f"left out: {n} {what}" for what, n in found["left_out"].items() if n) + ".",
        "",
        "| records | n | figure | before | after | difference | p |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        p = "" if row["p"] is None else f"{row['p']:.3f}"
        cells = [row["set"], str(row["n_records"]), row["figure"], _cell(row["before"]), _cell(row["after"])]
        lines.append("| " + " | ".join([*cells, _cell(row["difference"], sign=True), p]) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: dict[str, float | None] | None, sign: bool = False) -> str:
    if value is None or value["value"] is None:
        return ""
    plus = "+" if sign else ""
    if value["low"] is None or value["high"] is None:
        return f"{value['value']:{plus}.3f}"
    return f"{value['value']:{plus}.3f} ({value['low']:{plus}.3f} to {value['high']:{plus}.3f})"
