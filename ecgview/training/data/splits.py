"""Which records may be learnt from, chosen on and reported on; a patient stands in one split only."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.counts import folds_in_words as folds_in_words
from ecgview.errors import ModelError
from ecgview.training.data.rows import Row

if TYPE_CHECKING:
    from ecgview.training.data.pack import Pack  # which needs torch

SPLIT_FOLDS: Mapping[str, tuple[int, ...]] = {
    "train": (1, 2, 3, 4, 5, 6, 7),
    "validation": (8,),
    "test": (9,),
}
PUBLISHED_FOLDS: Mapping[str, tuple[int, ...]] = {
    "train": (1, 2, 3, 4, 5, 6, 7, 8),
    "validation": (9,),
    "test": (10,),
}


def for_folds(present: Iterable[int]) -> Mapping[str, tuple[int, ...]]:
    """Return PTB-XL's published split where fold 10 is there, else the one shifted down by a fold."""
    return PUBLISHED_FOLDS if 10 in set(present) else SPLIT_FOLDS


def with_folds(rows: Iterable[Row], seed: int = 42) -> Iterator[Row]:
    """Yield the rows with a fold of 1 to 10 where the source has none, the same for all of a patient's recordings.

    It follows from the patient and the seed alone, not from what else is in the set (a default of ours).
    """
    for row in rows:
        if row.fold == 0:
            digest = hashlib.sha256(f"{seed}|{row.patient_id}".encode()).digest()
            row = replace(row, fold=int.from_bytes(digest[:8], "big") % 10 + 1)
        yield row


def checked(
    rows: Iterable[Row], names: Mapping[int, str] | None = None, fold_of: dict[str, int] | None = None
) -> Iterator[Row]:
    """Yield the rows as they come; ModelError names a patient who stands in two folds, and which.

    Args:
        rows: fold 0 is no fold.
        names: what the source calls a fold, where that is not its number.
        fold_of: the patients of other sources that were checked before, to which these are added.
    """
    called = names or {}
    fold_of = {} if fold_of is None else fold_of
    for row in rows:
        first = fold_of.setdefault(row.patient_id, row.fold) if row.fold else 0
        if row.fold and first != row.fold:
            folds = " and ".join(called.get(fold, f"fold {fold}") for fold in sorted((first, row.fold)))
            raise ModelError(
                f"patient {row.patient_id} stands in two folds",
                where=f"record {row.record_id}",
                expected="every patient in one fold",
                found=folds,
            )
        yield row


Folds = Mapping[str, tuple[int, ...]]


def of_pack(pack: "Pack") -> Folds:
    """Return the splits of a pack: PTB-XL's published ones where all ten folds are there."""
    return for_folds(row.fold for row in pack.rows)


def of_card(seen: Folds, pack: "Pack") -> Folds:
    """Return the split that a model was made with, where its card names one that this pack holds; else the pack's."""
    whole = all(seen.get(name) for name in SPLIT_FOLDS)
    held = {row.fold for row in pack.rows}
    return seen if whole and held.issuperset({*seen["validation"], *seen["test"]}) else of_pack(pack)


def labelled(pack: "Pack", split: str, folds: Folds | None = None) -> NDArray[np.int64]:
    """Return the labelled rows of one split; the folds are those of the pack where none are given.

    Raises:
        ModelError: the split is unknown, empty, or shares a patient with another split.
    """
    folds = folds or of_pack(pack)
    if split not in folds:
        raise ModelError(f"unknown split {split}", expected=", ".join(folds))
    check_no_leak(pack, folds)
    index = pack.where(folds=folds[split])
    if not len(index):
        raise ModelError(f"the {split} split holds no record", expected=f"folds {folds[split]}")
    return index


def unlabelled(pack: "Pack", folds: Folds | None = None) -> NDArray[np.int64]:
    """Return every row that self-supervision may use: all but the test fold."""
    folds = folds or of_pack(pack)
    test = set(folds["test"])
    return np.array([i for i, row in enumerate(pack.rows) if row.fold not in test], dtype=np.int64)


def not_held_out(pack: "Pack", folds: Folds | None = None) -> NDArray[np.int64]:
    """Return every row outside the validation and test folds, labelled or not.

    Raises:
        ModelError: a patient stands in two splits.
    """
    folds = folds or of_pack(pack)
    check_no_leak(pack, folds)
    held_out = {*folds["validation"], *folds["test"]}
    return np.array([i for i, row in enumerate(pack.rows) if row.fold not in held_out], dtype=np.int64)


def check_unseen(seen: Folds, folds: Folds, split: str, model: str) -> None:
    """Raise ModelError where a model is to be judged on folds that it was made with.

    Args:
        seen: the card's own split; nothing is known of a card without one.
        folds: the split of the data that it is judged on.
        split: which of its parts.
        model: its id, for the error.
    """
    used = {"test": ("train", "validation"), "validation": ("train",)}.get(split, ())
    known = {fold for name in used for fold in seen.get(name, ())} & set(folds[split])
    if known:
        raise ModelError(
            f"{model} was made with the {split} split of this data",
            expected=f"data with {folds_in_words(seen['test'])} of PTB-XL"
            if seen.get("test")
            else "other records",
            found=f"{folds_in_words(known)}, which it was trained or chosen on",
        )


def check_no_leak(pack: "Pack", folds: Folds | None = None) -> None:
    """Raise ModelError naming a patient who stands in two splits."""
    folds = folds or of_pack(pack)
    split_of_fold = {fold: split for split, members in folds.items() for fold in members}
    seen: dict[str, str] = {}
    for row in pack.rows:
        split = split_of_fold.get(row.fold)
        if split is None:
            continue
        if seen.setdefault(row.patient_id, split) != split:
            raise ModelError(
                f"patient {row.patient_id} stands in two splits",
                expected="every patient in one split",
                found=f"{seen[row.patient_id]} and {split}",
            )


def cross_validation(
    pack: "Pack", folds: Iterable[int] = range(1, 9), parts: int = 4
) -> tuple[Mapping[str, tuple[int, ...]], ...]:
    """Return a split for each of so many parts of neighbouring folds: (1, 2), (3, 4), (5, 6), (7, 8).

    A part is the validation of its own split, and the others train; the test folds are those of the pack that are in no
    part. What a model says of its part is out of fold only if nothing was chosen by it, such as an epoch.

    Raises:
        ModelError: the folds do not divide into so many parts, a part holds no record, or a patient stands in two.
    """
    members = tuple(folds)
    if parts < 2 or len(set(members)) != len(members) or len(members) % parts:
        raise ModelError(
            "the folds do not divide into so many parts",
            expected=f"a multiple of {parts}",
            found=str(members),
        )
    size = len(members) // parts
    own = [members[k * size : (k + 1) * size] for k in range(parts)]
    check_no_leak(pack, {folds_in_words(part): part for part in own})
    for part in own:
        if not len(pack.where(folds=part)):
            raise ModelError("a part of the cross-validation holds no record", found=folds_in_words(part))
    test = tuple(fold for fold in of_pack(pack)["test"] if fold not in members)
    return tuple(
        {
            "train": tuple(fold for fold in members if fold not in part),
            "validation": part,
            "test": test,
        }
        for part in own
    )


def without_source(
    pack: "Pack", index: NDArray[np.int64], source: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of these that are of other sources, and those of this one, which judge a model of the first.

    Raises:
        ModelError: no row, or every row, is of this source.
    """
    is_own = np.array([pack.rows[i].source == source for i in index], dtype=bool)
    if is_own.all() or not is_own.any():
        raise ModelError(
            f"{source} cannot be left out", expected="one of several sources that train", found=source
        )
    return index[~is_own], index[is_own]


def part_of(index: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Return a random share of these rows, in order; the same ones for the same seed, smaller ones inside larger.

    Raises:
        ModelError: the share is not in 0..1, or nothing is left.
    """
    if not 0 < share <= 1:
        raise ModelError(
            "a share of the data lies between 0 and 1", expected="0 < share <= 1", found=str(share)
        )
    count = round(share * len(index))
    if not count:
        raise ModelError("no record is left of the training split", found=f"{share} of {len(index)}")
    return np.sort(np.random.default_rng(seed).permutation(index)[:count])
