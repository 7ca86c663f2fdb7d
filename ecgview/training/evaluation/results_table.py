"""The table of results: figures with intervals from answers on the test fold, and what the papers report."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.training.data import labels, splits
from ecgview.training.data.inputs import LEAD_SETS
from ecgview.training.evaluation import metrics

Array = NDArray[np.float32]
FEWEST_POSITIVES = 5
PAPER_MTECG = (
    "paper: macro F1 on its private test set 2.8-28.6 % above six alternatives, PTB-XL 19.1-46.9 %; "
    "absolute values not published where we could read them"
)
NOTE_MTECG = (
    "The pre-trained network's autoencoder learnt targets of random kernels beside what was hidden: what masking alone "
    "gains cannot be told from these rows, and is not claimed"
)
NOTE_POSTTRAIN = (
    "The baseline has as many epochs as post-training at its small published rate, which need not be enough: what "
    "post-training gains over one that has converged is not claimed"
)
NO_CLAIM = "not claimed"  # beside a difference whose interval contains zero
PAPER_POSTTRAIN = (
    "paper: macro AUROC 1.2-3.3 % and macro AUPRC 5.3-20.9 % above baseline fine-tuning; with 10 % of the data "
    "9.1 % and 34.9 %"
)
PAPER_LEADS = "paper: its figures per lead set are not known to us"


def summarise(
    wanted: tuple[Array, Array],
    said: dict[str, tuple[Array, Array]],
    shares: Sequence[float],
    seeds: Sequence[int],
    resamples: int = 1000,
) -> dict[str, Any]:
    """Return {"mtecg", "posttrain", "leads"}: lists of rows, each with its figures and intervals.

    Args:
        wanted: (n, 71) targets of the test fold, and of the validation fold, on which the cuts of F1 are sought.
        said: answers by experiment on the same two, (n, 71) each.
        shares: of the training data, for the post-training rows.
        seeds: whose answers are pooled by the mean of their figures.
        resamples: of the bootstrap over records.
    """
    table = _Table(wanted, said, resamples)
    found: dict[str, Any] = {"n_statements": len(table.columns)}
    found["mtecg"] = [
        {"run": name} | table.row([name], None if name == "logistic-kernels" else ["logistic-kernels"])
        for name in ("mtecg-pretrained", "mtecg-scratch", "logistic-kernels", "logistic-amplitudes")
    ]
    found["posttrain"] = []
    for part in shares:
        runs = {
            method: [f"{method}-{round(100 * part)}-seed{seed}" for seed in seeds]
            for method in ("baseline", "posttrain")
        }
        for method, other in (("baseline", None), ("posttrain", runs["baseline"])):
            row = {"method": method, "share": part, "seeds": len(seeds)}
            found["posttrain"].append(row | table.row(runs[method], other) | table.spread(runs[method]))
    found["leads"] = []
    for leads in LEAD_SETS:
        for kind, other in (("plain", None), ("rlm", [f"wav2vec-plain-{leads}"])):
            row = {"leads": leads, "pretraining": kind}
            found["leads"].append(row | table.row([f"wav2vec-{kind}-{leads}"], other))
    return found


class _Table:
    """The figures of one test fold."""

    def __init__(
        self, wanted: tuple[Array, Array], said: dict[str, tuple[Array, Array]], resamples: int
    ) -> None:
        (self.wanted, held), self.resamples = wanted, resamples
        self.said = {name: test for name, (test, _) in said.items()}
        self.cuts = {name: _cuts(held, validation) for name, (_, validation) in said.items()}
        self.supers = labels.superclass_targets(self.wanted)
        self.columns = metrics.with_at_least(self.wanted, FEWEST_POSITIVES)

    def row(self, runs: list[str], others: list[str] | None) -> dict[str, Any]:
        """Return the mean figures of runs with intervals, and their difference to other runs by paired bootstrap."""
        figures: dict[str, Any] = {
            "statement_auroc": self._interval(lambda rows: self._mean(self._statement, runs, rows)),
            "superclass_auroc": self._interval(lambda rows: self._mean(self._superclass, runs, rows)),
            "statement_f1": self._interval(lambda rows: self._mean(self._f1, runs, rows)),
            "statement_auprc": self._interval(lambda rows: self._mean(self._precision, runs, rows), 200),
        }
        if others is not None:
            figures["difference"] = self._interval(
                lambda rows: (
                    self._mean(self._statement, runs, rows) - self._mean(self._statement, others, rows)
                )
            )
        return figures

    def spread(self, runs: list[str]) -> dict[str, float]:
        """Return the deviation between seeds."""
        every = np.arange(len(self.wanted))
        return {"deviation_between_seeds": float(np.std([self._statement(run, every) for run in runs]))}

    def _statement(self, run: str, rows: NDArray[np.int64]) -> float:
        return metrics.macro_auroc(self.wanted[rows], self.said[run][rows], self.columns)

    def _superclass(self, run: str, rows: NDArray[np.int64]) -> float:
        return metrics.macro_auroc(self.supers[rows], labels.superclass_probability(self.said[run][rows]))

    def _precision(self, run: str, rows: NDArray[np.int64]) -> float:
        return metrics.macro_auprc(self.wanted[rows], self.said[run][rows], self.columns)

    def _f1(self, run: str, rows: NDArray[np.int64]) -> float:
        own, cuts = self.said[run][rows][:, self.columns], self.cuts[run][self.columns]
        return metrics.macro_f1(self.wanted[rows][:, self.columns], own, cuts)

    def _mean(self, figure: Any, runs: list[str], rows: NDArray[np.int64]) -> float:
        return float(np.mean([figure(run, rows) for run in runs]))

    def _interval(self, figure: Any, most: int | None = None) -> dict[str, float]:
        resamples = self.resamples if most is None else min(most, self.resamples)
        interval = metrics.bootstrap(figure, len(self.wanted), resamples)
        return {name: round(value, 4) for name, value in asdict(interval).items()}


def _cuts(wanted: Array, said: Array) -> NDArray[np.float64]:
    """Return the cut of the best F1 of each statement; NaN where the validation fold has no positive."""
    cuts = [
        metrics.best_f1_threshold(wanted[:, k], said[:, k]) if wanted[:, k].any() else np.nan
        for k in range(wanted.shape[1])
    ]
    return np.array(cuts, np.float64)


def as_markdown(found: dict[str, Any]) -> str:
    """Return the table for people."""
    head = (
        f"PTB-XL {splits.folds_in_words(found['folds'])} of this collection: {found['n_records']} ECGs of "
        f"{found['n_patients']} patients, never trained or chosen on. Macro AUROC over the "
        f"{found['n_statements']} statements with at least {FEWEST_POSITIVES} positives and over the 5 "
        "superclasses, macro F1 (cuts of the validation fold) and AUPRC over the statements; 95 % bootstrap "
        "intervals over records; differences by "
        "paired bootstrap.\n"
    )
    parts = [head, "**MTECG-T**\n", _markdown(found["mtecg"], ("run",), "against the logistic baseline")]
    parts += [
        NOTE_MTECG + ".\n",
        PAPER_MTECG + ".\n",
        "**Post-training of MTECG-T, against its official fine-tuning**\n",
    ]
    parts += [
        _markdown(found["posttrain"], ("share", "method", "seeds"), "against the baseline of as many epochs")
    ]
    parts += [
        NOTE_POSTTRAIN + ".\n",
        PAPER_POSTTRAIN + ".\n",
        "**Lead sets, wav2vec 2.0 + CMSC with and without random lead masking**\n",
    ]
    parts += [_markdown(found["leads"], ("leads", "pretraining"), "against no masking"), PAPER_LEADS + ".\n"]
    parts += ["**Identification of patients never seen**\n", _identified(found["identification"])]
    return "\n".join(parts)


def _markdown(rows: list[dict[str, Any]], names: tuple[str, ...], difference: str) -> str:
    head = [
        *names,
        "statements AUROC",
        "superclasses AUROC",
        "statements F1",
        "statements AUPRC",
        f"AUROC {difference}",
    ]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [f"{row[name]:.0%}" if name == "share" else str(row[name]) for name in names]
        cells += [
            _cell(row[f]) for f in ("statement_auroc", "superclass_auroc", "statement_f1", "statement_auprc")
        ]
        cells.append(_cell(row["difference"], sign=True) if "difference" in row else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _identified(rows: list[dict[str, Any]]) -> str:
    head = ["leads", "top-1 of a second recording", "top-1 of the other half", "equal error rate"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        rate = f"{row['equal_error_rate']:.3f} ({row['n_genuine']} genuine pairs)"
        asked = f"{_cell(row['top1'])} of {row['n_probe']} among {row['n_gallery']}"
        lines.append(f"| {row['leads']} | {asked} | {_cell(row['halves_top1'])} | {rate} |")
    return "\n".join(lines) + "\n"


def _cell(figure: dict[str, float], sign: bool = False) -> str:
    plus = "+" if sign else ""
    low, high = (f"{figure[name]:{plus}.3f}" for name in ("low", "high"))
    shown = sign and not (figure["low"] > 0 or figure["high"] < 0)
    return f"{figure['value']:{plus}.3f} ({low} to {high})" + (f", {NO_CLAIM}" if shown else "")
