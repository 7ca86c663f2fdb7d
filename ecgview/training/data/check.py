"""Look at data before training: what is there, what is missing, and whether a patient stands in two folds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.training.data import sources, splits
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Source
from ecgview.training.data.tasks import Task

SHOWN = 20  # problems given in full; the others are counted
_CHUNK = 4096  # rows at a time


def check(path: str | Path) -> dict[str, Any]:
    """Return what is at a path, or in the folders right below it, without reading a signal.

    Raises:
        FormatError: there is no known data set, or a table is wrong (file, line, column).
        ModelError: a patient stands in two folds (patient and folds).
    """
    opened = sources.open_all(path)
    root = Path(path)
    below = {child.name for child in root.iterdir() if child.is_dir()} if root.is_dir() else set()
    known = {source.path.name for source in opened}
    not_known = [] if any(source.path == root for source in opened) else sorted(below - known)
    fold_of: dict[str, int] = {}  # over all of them: one PTB-XL may lie in several folders
    tallies = [_tally(source, fold_of) for source in opened]
    # One split for all, as training has it: PTB-XL's fold 10 may lie in one folder of several.
    numbered = (tally.folds for source, tally in zip(opened, tallies, strict=True) if not source.fold_names)
    folds = splits.for_folds(fold for tally in numbered for fold in tally)
    found = [_source(source, tally, folds) for source, tally in zip(opened, tallies, strict=True)]
    return {"path": str(path), "sources": found, "not known": not_known}


def _tally(source: Source, fold_of: dict[str, int]) -> "_Tally":
    tally = _Tally(source.tasks)
    for chunk in _chunks(splits.checked(source.rows(), source.fold_names, fold_of)):
        tally.add(chunk)
    return tally


def _source(source: Source, tally: "_Tally", split: splits.Folds) -> dict[str, Any]:
    problems = _problems(source.problems())
    folds = {source.fold_names.get(fold, str(fold)): n for fold, n in sorted(tally.folds.items()) if fold}
    return {
        "layout": source.name,
        "path": str(source.path),
        "records": tally.records,
        "patients": len(tally.patients),
        "with labels": tally.labelled,
        "folds": folds,
        "splits": _splits(tally.folds, splits.SPLIT_FOLDS if source.fold_names else split),
        "tasks": tally.tasks(),
        "facts": dict(source.facts()),
        **problems,
    }


class _Tally:
    """Counts over rows that are never all in memory."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.records = self.labelled = 0
        self.patients: set[str] = set()
        self.folds: Counter[int] = Counter()
        self._tasks = tasks
        self._kept = [0 for _ in tasks]
        self._labels = [np.zeros(len(task)) for task in tasks]

    def add(self, rows: Sequence[Row]) -> None:
        """Count some more rows."""
        self.records += len(rows)
        self.labelled += sum(bool(row.codes) for row in rows)
        self.patients.update(row.patient_id for row in rows)
        self.folds.update(row.fold for row in rows)
        for k, task in enumerate(self._tasks):
            kept = task.keeps(rows)
            self._kept[k] += int(kept.sum())
            self._labels[k] += task.targets(rows)[kept].sum(axis=0)

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return by task how many recordings serve it, and how often each class occurs."""
        return {
            task.name: {
                "records": kept,
                "labels": {code: int(n) for code, n in zip(task.codes, count, strict=True)},
            }
            for task, kept, count in zip(self._tasks, self._kept, self._labels, strict=True)
        }


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _splits(folds: Mapping[int, int], split: splits.Folds) -> dict[str, int]:
    """Return how many recordings each split gets; nothing where there are no folds."""
    if not any(folds):
        return {}
    return {name: sum(folds.get(fold, 0) for fold in members) for name, members in split.items()}


def _problems(problems: Iterable[Problem]) -> dict[str, Any]:
    """Return how many problems of each kind there are, and the first of each."""
    counts: Counter[str] = Counter()
    shown: list[dict[str, str]] = []
    for problem in problems:
        counts[problem.kind] += 1
        if counts[problem.kind] <= SHOWN:
            shown.append(asdict(problem))
    return {"problems": dict(counts), "problems shown": shown}
