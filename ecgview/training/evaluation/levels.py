"""The levels at which answers are scored: the statements themselves, and the diagnostic superclasses above them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.training.data import labels
from ecgview.training.evaluation import metrics
from ecgview.training.evaluation.asked import PTBXL, Asked
from ecgview.training.evaluation.metrics import Array, Bootstrap, Draws, Index

FEWEST_POSITIVES = 5  # of a statement among the records, to be scored; a default of ours


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Classes with truth, probability and call per record, (n, k) each; `scored` are the columns that count.

    `threshold` is NaN where a class has none of its own, `callable` whether it is ever called.
    """

    name: str
    classes: tuple[str, ...]
    wanted: Array
    said: Array
    called: NDArray[np.bool_]
    threshold: NDArray[np.float64]
    callable: NDArray[np.bool_]
    scored: Index


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The figures of a level's scored classes; `f1` is of `f1_columns`: callable, with a positive."""

    level: Level
    auroc: Draws
    auprc: Draws
    f1: Draws
    brier: Draws
    f1_columns: Index


def levels(asked: Asked) -> list[Level]:
    """Return the superclasses, where the model names every statement of all five, and the statements."""
    found = statements(asked)
    if asked.task != PTBXL:
        return [found]
    supers = grouped("superclass", found, labels.SUPERCLASSES, labels.superclass_matrix())
    return [supers, found] if len(supers.classes) == len(labels.SUPERCLASSES) else [found]


def statements(asked: Asked) -> Level:
    """Return the statements that the model names; those with five positives are scored."""
    has = np.isfinite(asked.thresholds)
    return Level(
        "statement",
        asked.codes,
        asked.wanted,
        asked.said,
        has & (asked.said >= np.where(has, asked.thresholds, 2.0)),
        asked.thresholds,
        has,
        metrics.with_at_least(asked.wanted, FEWEST_POSITIVES),
    )


def grouped(
    name: str, found: Level, classes: Sequence[str], member: NDArray[np.bool_], fewest: int = 1
) -> Level:
    """Return classes made of statements: their noisy or, called where one of them is called.

    Args:
        name: of the new level.
        found: the statements of a model.
        classes: names, (k,).
        member: (k, 71), which statements belong to which class; a class is left out where the model lacks one.
        fewest: positives of a class for it to be scored; a negative is needed, too.
    """
    codes = labels.statement_codes()
    whole = [
        k for k in range(len(classes)) if all(codes[i] in found.classes for i in np.flatnonzero(member[k]))
    ]
    own = member[whole][:, [codes.index(code) for code in found.classes]]
    wanted = (found.wanted @ own.T.astype(np.float32) > 0).astype(np.float32)
    none = [np.where(row, 1.0 - found.said, 1.0).prod(1) for row in own]
    said = 1.0 - np.stack(none, axis=1) if none else np.zeros((len(found.said), 0))
    positives = wanted.sum(0)
    return Level(
        name,
        tuple(classes[k] for k in whole),
        wanted,
        said.astype(np.float32),
        found.called @ own.T,
        np.full(len(whole), np.nan),
        found.callable @ own.T,
        np.flatnonzero((positives >= fewest) & (positives < len(wanted))),
    )


def score(level: Level, bootstrap: Bootstrap) -> Scores:
    """Return every figure of the scored classes, in all resamples."""
    wanted, said = level.wanted[:, level.scored], level.said[:, level.scored]
    f1_columns = np.flatnonzero(level.callable & (level.wanted.sum(0) > 0))
    truth, called = level.wanted[:, f1_columns], level.called[:, f1_columns]
    return Scores(
        level,
        bootstrap.draw(lambda w: metrics.weighted_auroc(wanted, said, w)),
        bootstrap.draw(lambda w: metrics.weighted_auprc(wanted, said, w)),
        bootstrap.draw(lambda w: metrics.weighted_f1(truth, called, w)),
        bootstrap.draw(lambda w: metrics.weighted_brier(wanted, said, w)),
        f1_columns,
    )
