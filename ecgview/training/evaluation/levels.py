"""The levels at which answers are scored: the statements themselves, and the diagnostic superclasses above them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.training import labels, metrics
from ecgview.training.evaluation.asked import Asked
from ecgview.training.metrics import Array, Bootstrap, Draws, Index

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
    statements = _statements(asked)
    member = labels.superclass_matrix()
    place = [labels.statement_codes().index(code) for code in asked.codes]
    if member[:, place].sum() < member.sum():
        return [statements]
    return [_superclasses(statements, member, place), statements]


def _statements(asked: Asked) -> Level:
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


def _superclasses(statements: Level, member: NDArray[np.bool_], place: list[int]) -> Level:
    """Return the five superclasses: the noisy or of their statements, called where one of them is called."""

    def whole(values: NDArray[np.floating] | NDArray[np.bool_]) -> Array:
        full = np.zeros((len(values), member.shape[1]), np.float32)
        full[:, place] = values
        return full

    wanted = labels.superclass_targets(whole(statements.wanted))
    return Level(
        "superclass",
        labels.SUPERCLASSES,
        wanted,
        labels.superclass_probability(whole(statements.said)),
        whole(statements.called) @ member.T > 0,
        np.full(len(member), np.nan),
        whole(statements.callable[None])[0] @ member.T > 0,
        np.flatnonzero((wanted.sum(0) > 0) & (wanted.sum(0) < len(wanted))),
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
