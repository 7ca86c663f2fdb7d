"""What a supervised run learns from: any known data set and label task, packed and split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.counts import counted
from ecgview.errors import ModelError
from ecgview.models.cards import InputSpec
from ecgview.progress import Progress, silent
from ecgview.training.data import collection, hospitals, provenance, sources, splits, tasks
from ecgview.training.data.pack import Pack, load_or_build
from ecgview.training.data.provenance import Learnt
from ecgview.training.data.recordings import Reading, Recordings, Several
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Source
from ecgview.training.data.tasks import Task
from ecgview.training.places import Places

PTBXL = "ptbxl"
CALLED: Mapping[str, str] = {"val": "validation"}  # what a source calls a split, where we call it otherwise


@dataclass(frozen=True, slots=True)
class Data:
    """A pack, what may be learnt from, what chooses the epoch, every row's targets, (records, k), and the task.

    A target is NaN where the row's source does not say.
    """

    pack: Pack
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    wanted: NDArray[np.float32]
    task: Task
    test: NDArray[np.int64]
    learnt: Learnt


def of_task(
    path: Path,
    cache: Path,
    spec: InputSpec,
    task_name: str,
    progress: Progress = silent,
    *,
    share: float = 1.0,
    seed: int = 0,
    most_records: int = 0,
    start: Path | None = None,
    per_fold: int = 0,
    others: bool = False,
    folds: splits.Folds | None = None,
) -> Data:
    """Return pack, splits and targets of a task; rows that the task does not keep are in no split.

    Args:
        path: a data set in any known layout, or a folder of PTB-XL and others.
        cache: of packs.
        spec: the network's input.
        task_name: all71, diag44, sub23, super5, form19, rhythm12, cinc26, or "own" for the data set's own labels.
        progress: told per record.
        share: of the training rows.
        seed: which ones.
        most_records: the first so many of them; 0 = all.
        start: the run or model that the training goes on from.
        per_fold: see `open_pack`.
        others: whether labelled records of other hospitals train, too, with what their sources do not say masked.
        folds: another split than the pack's own, such as one of `splits.cross_validation`.

    Raises:
        ModelError: no such task, or one that other hospitals' records cannot serve; a split without records, a patient
            in two splits, or a start that saw the test split.
    """
    pack = open_pack(path, cache, spec, progress, per_fold=per_fold)
    task = _task(pack, task_name)
    kept = np.flatnonzero(task.keeps(pack.rows))
    index = {
        name: np.intersect1d(splits.labelled(pack, name, folds), kept)
        for name in ("train", "validation", "test")
    }
    for name, rows in index.items():
        if not len(rows):
            raise ModelError(f"the {name} split holds no record of task {task_name}", where=str(path))
    wanted = hospitals.targets(pack.rows) if task_name == "all71" else task.targets(pack.rows)
    if others:
        index["train"] = np.sort(np.concatenate([index["train"], _others(pack, task, wanted, path)]))
    train = splits.part_of(index["train"], share, seed)
    if most_records:
        train = train[:most_records]
    head = counted(len(train), "labelled record") + ("" if task_name == "all71" else f", task {task.name}")
    learnt = provenance.of_supervised(pack, train, start, head, folds)
    return Data(pack, train, index["validation"], wanted, task, index["test"], learnt)


def _others(pack: Pack, task: Task, wanted: NDArray[np.float32], path: Path) -> NDArray[np.int64]:
    """Return the rows of other hospitals of which any statement is known."""
    if task.name != "all71":
        raise ModelError(
            f"other hospitals have no labels of task {task.name}", where=str(path), expected="task all71"
        )
    other = np.array([row.source in hospitals.SOURCES for row in pack.rows], dtype=bool)
    return np.flatnonzero(other & np.isfinite(wanted).any(axis=1))


def of_recipe(recipe: Any, places: Places, spec: InputSpec, folds: splits.Folds | None = None) -> Data:
    """Return `of_task` for a supervised recipe: its task, its share and number of records, its seed.

    Labelled records of other hospitals train where the recipe has `others` and says so.
    """
    return of_task(
        places.data,
        places.cache,
        replace(spec, scale=1.0),  # a pack is in millivolts, and one for every scale
        recipe.task,
        places.progress,
        share=getattr(recipe, "share_of_data", 1.0),
        seed=recipe.seed,
        most_records=recipe.most_records,
        start=places.start,
        per_fold=places.per_fold,
        others=getattr(recipe, "others", False),
        folds=folds,
    )


def pack_of(places: Places, spec: InputSpec) -> Pack:
    """Return the pack of the data that a stage is told of, of a few of its recordings in a trial."""
    return open_pack(places.data, places.cache, spec, places.progress, per_fold=places.per_fold)


def open_pack(
    path: Path,
    cache: Path,
    spec: InputSpec,
    progress: Progress = silent,
    serving: str = "",
    per_fold: int = 0,
) -> Pack:
    """Return the pack of a data set, or of PTB-XL with what lies beside it; built at the first call.

    Args:
        path: a data set in any known layout, or the folder above some.
        cache: where the pack is kept.
        spec: what of a recording is kept, and how.
        progress: told per record while it is built.
        serving: PTBXL for a table of PTB-XL, with or without others beside it; a task for the sets that are labelled
            for it, and no others; anything that is there where empty.
        per_fold: for a trial, the first so many recordings of each fold of each set; 0 = all.

    Raises:
        FormatError: no known data set, or no PTB-XL where it is asked for.
        ModelError: no set serves the task.
    """
    if serving not in ("", PTBXL):
        return load_or_build(
            Several(partial(_serving, path, serving)),
            spec,
            cache,
            f"{serving}|{path.resolve()}|taken {collection.TAKEN}",
            progress,
        )
    whole = serving == PTBXL or collection.has_ptbxl(path)
    records = collection.read_all(path, per_fold) if whole else Several(partial(_records, path, per_fold))
    key = str(path.resolve()) + (f"|{per_fold} of each fold" if per_fold else "")
    key += f"|taken {collection.TAKEN}" if whole else ""
    return load_or_build(records, spec, cache, key, progress)


def _serving(path: Path, task: str) -> Iterator[Recordings]:
    """Yield the recordings of each set at a path or one level below that is labelled for a task."""
    found = [source for source in sources.open_all(path) if any(one.name == task for one in source.tasks)]
    if not found:
        raise ModelError(f"no data set of task {task} here", where=str(path), expected=f"labels of {task}")
    taken = collection.Taken()
    for source in found:
        yield Recordings(
            partial(_labelled, source, task), partial(taken.new, partial(_read_labelled, source, task))
        )


def _labelled(source: Source, task: str) -> Iterator[Row]:
    """Yield the rows that belong to a task: of several sets in one folder, some may be labelled for another."""
    return (row for row in source.rows() if tasks.get(task).keeps([row])[0])


def _read_labelled(source: Source, task: str) -> Iterator[Reading]:
    return ((row, record) for row, record in source.records() if tasks.get(task).keeps([row])[0])


def _records(path: Path, per_fold: int) -> Iterator[Recordings]:
    """Yield the recordings of each data set at a path; one without folds gets them from its patients.

    A source with named splits beside one with ten folds is placed in the splits that those ten make, or what it
    calls its test would choose the epoch. What such a source puts into no split stays in none.
    """
    found = sources.open_all(path)
    numbered = (row for source in found if not source.fold_names for row in splits.with_folds(source.rows()))
    folds = splits.for_folds(row.fold for row in numbered)
    for source in found:
        yield Recordings(partial(_rows, source, folds), partial(_read, source, folds), per_fold)


def _rows(source: Source, folds: splits.Folds) -> Iterator[Row]:
    return (_placed(row, source.fold_names, folds) for row in source.rows())


def _read(source: Source, folds: splits.Folds) -> Iterator[Reading]:
    names = source.fold_names
    return ((_placed(row, names, folds), record) for row, record in source.records(lambda error: None))


def _placed(row: Row, names: Mapping[int, str], folds: splits.Folds) -> Row:
    if not names:
        (placed,) = splits.with_folds([row])
        return placed
    name = names.get(row.fold, "")
    return replace(row, fold=folds[CALLED.get(name, name)][0] if name else 0)


def _task(pack: Pack, name: str) -> Task:
    if name == "own":
        return tasks.of_codes("own", sorted({code for row in pack.rows for code in row.codes}))
    return tasks.get(name)
