"""A paper's table from the Parquet file of its runs, and from nothing else.

Cuts of F1 are the best on the validation split, never on the test split (a default of ours: the papers' rules are not
known). Intervals are 95 % of a bootstrap by patient; seeds are averaged within each resample, and runs compared on the
same records are drawn together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.training.evaluation import challenge_score, metrics
from ecgview.training.evaluation.metrics import Bootstrap, Draws, Interval, percentiles
from ecgview.training.evaluation.plain import interval
from ecgview.training.papers import kept
from ecgview.training.papers.kept import Answers
from ecgview.training.papers.ledger import UNPUBLISHED, Cell, Ledger

Doubles = NDArray[np.float64]
CHALLENGE = "cinc26"
CALLED_FROM = 0.0  # log odds: the challenge's classes from a half on, as in the log of training (ours)
BESIDE = ("macro_f1", "macro_auroc")  # in every row, whatever its own figure is


@dataclass(frozen=True, slots=True, eq=False)
class _Macro:
    """A macro figure and its resamples, (resamples,), with the number of classes in it."""

    value: float
    draws: Doubles
    n_classes: int

    @property
    def interval(self) -> Interval:
        """Return the figure with its 95 % interval."""
        return percentiles(self.value, self.draws)


def table(ledger: Ledger, path: Path | None, resamples: int = 1000) -> dict[str, Any]:
    """Return the ledger's rows with what a file of its runs has for them.

    Args:
        ledger: of the paper.
        path: the Parquet file; None where nothing was run.
        resamples: of the bootstrap.

    Returns:
        Plain values for JSON: `rows` in the ledger's order, and by run what it learnt from and deviates in.

    Raises:
        ModelError: the file is none of these.
    """
    said = {} if path is None else kept.answers(path)
    told: dict[str, Any] = {"runs": {}, "environments": {}} if path is None else kept.facts(path)
    found = _Figures(said, told["runs"], resamples)
    rows = [_row(ledger, cell, found) for cell in ledger.cells]
    return {
        "paper": ledger.paper,
        "note": ledger.note,
        "resamples": resamples,
        "rows": rows,
        "runs": told["runs"],
        "environments": told["environments"],
    }


class _Figures:
    """Figures of a file's runs, each computed once."""

    def __init__(
        self,
        said: Mapping[tuple[str, int], Mapping[str, Answers]],
        told: Mapping[str, Mapping[str, Any]],
        resamples: int,
    ) -> None:
        self.said, self.told, self.resamples = said, told, resamples
        self._known: dict[tuple[str, str, str], _Macro | None] = {}

    def seeds(self, run: str) -> list[int]:
        """Return the seeds of a run that are there."""
        return sorted(seed for name, seed in self.said if name == run)

    def deviations(self, run: str) -> list[str]:
        """Return what a run's seeds did other than the ledger says."""
        said = [one for seed in self.seeds(run) for one in self.told[f"{run}|{seed}"]["deviation"]]
        return list(dict.fromkeys(said))

    def records(self, run: str) -> tuple[str, ...]:
        """Return the test records of a run."""
        return self.said[run, self.seeds(run)[0]]["test"].records

    def of(self, run: str, figure: str, only: str = "") -> _Macro | None:
        """Return the mean over a run's seeds; None where there is none, or the figure is of another task."""
        key = (run, figure, only)
        if key not in self._known:
            own = [self._seed(run, seed, figure, only) for seed in self.seeds(run)]
            known = [one for one in own if one is not None]
            self._known[key] = None
            if known and len(known) == len(own):
                value = float(np.mean([one.value for one in known]))
                draws = np.mean([one.draws for one in known], axis=0)
                self._known[key] = _Macro(value, draws, known[0].n_classes)
        return self._known[key]

    def _seed(self, run: str, seed: int, figure: str, only: str) -> _Macro | None:
        parts = self.said[run, seed]
        test = parts["test"]
        at = [k for k, name in enumerate(test.classes) if not only or name == only]
        wanted, said = test.wanted[:, at], test.logits[:, at]
        groups = np.unique(np.array(test.patients), return_inverse=True)[1]
        resampled = Bootstrap(len(wanted), self.resamples, groups=groups)
        both = (wanted.sum(0) > 0) & (wanted.sum(0) < len(wanted))
        if figure == "challenge_score":
            if self.told[f"{run}|{seed}"]["task"] != CHALLENGE:
                return None
            called = said >= CALLED_FROM
            drawn = resampled.draw(lambda w: challenge_score.weighted(wanted > 0, called, w))
            return _Macro(float(drawn.value[0]), drawn.draws[:, 0], len(at))
        if figure == "macro_f1":
            cuts = _cuts(parts["validation"], at)
            both &= np.isfinite(cuts)
            called = said >= np.nan_to_num(cuts, nan=np.inf)
            drawn = resampled.draw(lambda w: metrics.weighted_f1(wanted[:, both], called[:, both], w))
        else:
            worth = metrics.weighted_auroc if figure == "macro_auroc" else metrics.weighted_auprc
            drawn = resampled.draw(lambda w: worth(wanted[:, both], said[:, both], w))
        return _mean(drawn) if both.any() else None


def _cuts(validation: Answers, at: list[int]) -> Doubles:
    """Return the log odds of the best F1 of each class; NaN where the validation split has no positive."""
    wanted, said = validation.wanted[:, at], validation.logits[:, at]
    cuts = [
        metrics.best_f1_threshold(wanted[:, k], said[:, k]) if wanted[:, k].any() else np.nan
        for k in range(len(at))
    ]
    return np.array(cuts, np.float64)


def _mean(drawn: Draws) -> _Macro:
    """Return the mean over classes; one that a resample lacks is left out of that resample."""
    known = np.isfinite(drawn.draws)
    draws = np.where(known, drawn.draws, 0).sum(1) / np.maximum(known.sum(1), 1)
    return _Macro(float(np.mean(drawn.value)), np.where(known.any(1), draws, np.nan), drawn.draws.shape[1])


def _row(ledger: Ledger, cell: Cell, found: _Figures) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": cell.id,
        "table": cell.table,
        "what": cell.what,
        "figure": ("relative gain in % of " if cell.against else "") + cell.figure,
        "published": cell.published or UNPUBLISHED,
        "source": cell.source,
        "ours": None,
        "state": f"not run: needs {cell.needs or ledger.needs(cell.run)}",
        "seeds": [],
        "run": cell.run,
        "against": cell.against,
        "deviation": [*ledger.runs[cell.run].deviation] if cell.run else [],
    }
    own = found.of(cell.run, cell.figure, cell.of) if cell.run else None
    if own is None:
        return row
    row |= {"seeds": found.seeds(cell.run), "n_classes": own.n_classes}
    row["deviation"] += found.deviations(cell.run) + [
        f"{cell.against}: {one}" for one in (found.deviations(cell.against) if cell.against else [])
    ]
    for name in BESIDE:
        beside = found.of(cell.run, name, cell.of)
        row[name] = None if beside is None else interval(beside.interval)
    if not cell.against:
        return row | {"ours": interval(own.interval), "state": "run"}
    other = found.of(cell.against, cell.figure, cell.of)
    if other is None:
        return row | {"state": f"not run: needs the run {cell.against}"}
    if found.records(cell.run) != found.records(cell.against):
        return row | {"state": f"not compared: {cell.against} answered other records"}
    gain = percentiles(
        _gain(np.array(own.value), np.array(other.value)).item(), _gain(own.draws, other.draws)
    )
    return row | {"ours": interval(gain), "state": "run", "claim": _claim(gain)}


def _gain(own: Doubles, other: Doubles) -> Doubles:
    return np.where(other > 0, 100 * (own / np.where(other > 0, other, 1) - 1), np.nan)


def _claim(gain: Interval) -> str:
    """Return what may be said of a difference: nothing where its interval contains zero or is not known."""
    if gain.low > 0:
        return "higher"
    return "lower" if gain.high < 0 else "none: the interval contains zero"


def as_markdown(found: Mapping[str, Any]) -> str:
    """Return the table for people."""
    lines = [found["paper"] + ".", "", found["note"], ""]
    names = dict.fromkeys(row["table"] for row in found["rows"])
    head = (
        "row",
        "what",
        "figure",
        "published",
        "ours",
        "claim",
        "seeds",
        "macro F1",
        "macro AUROC",
        "deviation",
    )
    for name in names:
        lines += [f"**{name}**", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for row in found["rows"]:
            if row["table"] == name:
                lines.append("| " + " | ".join(_cells(row)) + " |")
        lines.append("")
    for key, one in found["runs"].items():
        run, _, seed = key.partition("|")
        lines.append(f"* {run}, seed {seed}: {one['learnt']} Environment {one['environment'][:12]}.")
    return "\n".join(lines) + "\n"


def _cells(row: Mapping[str, Any]) -> list[str]:
    published = row["published"] + (f" [{row['source']}]" if row["source"] else "")
    sign = "+" if row["against"] else ""
    return [
        row["id"],
        row["what"],
        row["figure"],
        published,
        row["state"] if row["ours"] is None else _figure(row["ours"], sign, 1 if sign else 3),
        row.get("claim", ""),
        str(len(row["seeds"]) or ""),
        *(_figure(row[name]) if row.get(name) else "" for name in BESIDE),
        "; ".join(row["deviation"]),
    ]


def _figure(one: Mapping[str, float | None], sign: str = "", digits: int = 3) -> str:
    value, low, high = (
        "?" if one[name] is None else f"{one[name]:{sign}.{digits}f}" for name in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"
