"""Copies of the store, made when they are due, and the way back from one.

They lie in a folder beside the store, named by the time at which they were made, in UTC. A copy does not
protect against the loss of the disk: for that, one has to be written elsewhere.
"""

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ecgview import private
from ecgview.errors import StoreError
from ecgview.progress import Progress, silent
from ecgview.review import _database
from ecgview.review.kept_head import Head
from ecgview.review.store import Store

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}T\d{6}Z\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy: its file, when it was made (UTC), and where its log ends."""

    path: Path
    made: datetime
    head: Head


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: its last entry, 0 for none, that one's time (UTC) as written, and what beside it is not its.

    `left_out` are logs of SQLite that lie beside it and belong to another file.
    """

    entry: int
    utc: str
    left_out: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a store was restored from, and where the one that lay there is kept, None if there was none.

    `problems` are signs of tampering or damage in the backup itself, in words.
    """

    head: Head
    aside: Path | None
    contents: Contents
    problems: tuple[str, ...] = ()


def folder(store_path: Path) -> Path:
    """Return where the backups of a store are kept unless another place is named."""
    return store_path.with_name(store_path.name + ".backups")


def kept(store_path: Path) -> list[tuple[datetime, Path]]:
    """Return when each backup of a store was made (UTC), and its file, oldest first."""
    try:
        names = [path for path in folder(store_path).iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return []
    found = []
    for path in sorted(names):
        with contextlib.suppress(ValueError):  # thirteen months
            found.append((datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC), path))
    return found


def dated_later(store_path: Path, at: datetime | None = None) -> list[Path]:
    """Return the backups whose names say a time that is still to come: the clock was wrong then, or it is now."""
    now = at or datetime.now(UTC)
    return [path for made, path in kept(store_path) if made > now]


def make(store: Store, target: Path | None = None, *, at: datetime | None = None) -> Backup:
    """Copy a store, and look whether the copy is whole, sound and ends where the store does.

    Args:
        store: may be in use, here and elsewhere.
        target: a file that is not there yet; one in `folder` where None.
        at: the time (UTC) that it is of; now where None.

    Raises:
        StoreError: it cannot be made, or the store is damaged.
    """
    made = at or datetime.now(UTC)
    if target is None:
        target = folder(store.path) / f"{made.strftime(_STAMP)}.db"
        try:
            private.make_folder(target.parent)
            private.close(target.parent)
            _database.clear_left(target.parent, _NAME.pattern)
        except OSError as error:
            raise StoreError(
                "the folder of the backups cannot be made", where=str(target.parent), found=error.strerror
            ) from error
    if target.exists() or target.is_symlink():
        raise StoreError("there is a file already, which a backup never replaces", where=str(target))
    try:
        _database.set_logs_aside(target)
    except OSError as error:
        raise StoreError(
            "a log of SQLite of another file lies where the backup is to be written",
            where=str(error.filename),
        ) from error
    return Backup(target, made, store.back_up(target))


def make_if_due(
    store: Store, every: timedelta, n_kept: int, *, at: datetime | None = None, progress: Progress = silent
) -> Backup | None:
    """Make a backup if the last one is older and the log went on since, and drop the oldest ones over `n_kept`.

    One that is dated later than now is not the last, is none of the `n_kept`, and is not dropped.

    Raises:
        StoreError: it cannot be made, or the store is damaged; no older one is dropped then.
    """
    made = at or datetime.now(UTC)
    if not store.path.is_file():  # opening it would make one
        return None
    before = [one for one in kept(store.path) if one[0] <= made]
    if before and made - before[-1][0] < every:
        return None
    head = store.head()
    if (
        before and _database.head_of_copy(before[-1][1]) == head
    ):  # nothing new: it would take the place of an older one
        return None
    progress(0.1, "copying the reads")
    done = make(store, at=made)
    past = [path for when, path in kept(store.path) if when <= made]
    for path in past[: -max(1, n_kept)]:
        with contextlib.suppress(OSError):
            path.unlink()
    return done


def restore(
    backup: Path,
    store_path: Path,
    *,
    at: datetime | None = None,
    found: Callable[[Contents], object] = lambda _contents: None,
) -> Restored:
    """Put a backup in the place of a store; what lay there is kept beside it, and the log says so.

    Args:
        backup: a store of ecgview, not newer than this one; it stays as it is.
        store_path: where it is to lie; of a link, where that points to.
        at: the time (UTC) that names what is kept aside; now where None.
        found: called with what the backup holds, before anything is changed.

    Raises:
        StoreError: it is no such store, it is damaged, or another program has the store open; nothing is changed.
    """
    made = at or datetime.now(UTC)
    if not backup.is_file():
        raise StoreError("there is no such backup", where=str(backup), expected="a file")
    if store_path.exists() and not store_path.is_file():  # a pipe, which would be waited for, a folder
        raise StoreError("there is something that is no store", where=str(store_path), expected="a file")
    if store_path.exists() and backup.samefile(store_path):
        raise StoreError("the backup is the store itself", where=str(backup))
    if backup.stat().st_size == 0:
        raise StoreError("the backup is an empty file", where=str(backup))
    store_path = Path(os.path.realpath(store_path))
    aside = _database.free_name(
        store_path.with_name(f"{store_path.name}.before-restore-{made.strftime(_STAMP)}")
    )
    held: list[Contents] = []

    def hold(entry: int, utc: str, left_out: tuple[Path, ...]) -> None:
        held.append(Contents(entry, utc, left_out))
        found(held[0])

    ends: list[Head] = []

    def log(part: Path, is_there: bool) -> None:
        try:
            with Store(part, instead_of=store_path) as copy:
                ends.append(copy.head())
                lay = f"; what lay there is kept as {aside.name}" if is_there else ""
                said = f"from {backup.name}, which ends with entry {ends[0].entry}{lay}"
                copy.log("", "", "store_restored", said, durable=True)
        except StoreError as error:
            raise StoreError(
                "the backup cannot be made ready; the store was not changed",
                where=str(store_path),
                found=error.message,
            ) from error

    try:
        private.make_folder(store_path.parent)
        was_there = _database.put_in_place(backup, store_path, aside, hold, log)
    except OSError as error:
        raise StoreError(
            "the backup cannot be put in the place of the store",
            where=str(error.filename or store_path),
            found=error.strerror,
        ) from error
    with Store(store_path) as store:
        store.settle()
        problems = _problems_of_backup(store, ends[0])
    return Restored(ends[0], aside if was_there else None, held[0], problems)


def _problems_of_backup(store: Store, head: Head) -> tuple[str, ...]:
    """Return what is wrong with a store that was restored, without what its log says of being restored."""
    try:
        check = store.check()
    except StoreError as error:  # it lies there already, and that has to be told too
        return (f"it cannot be checked: {error.message}",)
    ours = tuple(f"before entry {number}, " for number in range(head.entry + 1, check.head.entry + 1))
    return tuple(text for text in check.problems if not text.startswith(ours))
