"""What a command showed of a record is logged, so that a later blind read of it says so."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ecgview.errors import EcgviewError, StoreError

if TYPE_CHECKING:
    from ecgview.review.store import Store


def log(kind: str, sha256s: Iterable[str], details: str = "") -> None:
    """Log that a command showed what a blind reader must not know; the command goes on if that fails, and says so.

    Args:
        kind: a word of `ecgview.review.blindness.WORDS`.
        sha256s: fingerprints of the records.
        details: more about it, in words.
    """
    wanted = [sha256 for sha256 in dict.fromkeys(sha256s) if sha256]

    def write(store: "Store") -> None:
        for sha256 in wanted:
            store.add_exposure(sha256, kind, details)

    if wanted:
        _written(write, lambda store: store.keep_unlogged(kind, details, wanted))


def log_run(kind: str, sha256s: Iterable[str], details: str) -> None:
    """Log the same of all records of a run, in one entry with its manifest."""
    wanted = [sha256 for sha256 in sha256s if sha256]
    if wanted:
        _written(
            lambda store: store.add_run(kind, details, wanted),
            lambda store: store.keep_unlogged(kind, details, wanted, as_run=True),
        )


def log_measured(sha256s: Iterable[str], details: str = "", *, as_run: bool = False) -> None:
    """Log the same of ecgview's measurements, where a study here closes them until the first read is locked.

    Elsewhere every reader sees them from the start: nothing is to be logged, and what would be is not looked up.
    """
    from ecgview.desktop.settings import MEASUREMENTS_OPEN, Settings, settings_path

    if not Settings(settings_path()).flag(MEASUREMENTS_OPEN):
        (log_run if as_run else log)("measured", sha256s, details)


def _written(write: Callable[["Store"], object], keep: Callable[["Store"], object]) -> None:
    from ecgview.review.store import Store

    store = Store()
    try:
        with store:
            write(store)
        return
    except (EcgviewError, OSError) as error:
        problem = error
    try:
        keep(store)
        said = (
            "could not be logged yet; it is kept until the store can be written, and no read is called blind"
        )
    except StoreError:
        said = "could not be logged, so that a later blind read will not tell of it"
    print(f"ecgview: {said}: {problem}", file=sys.stderr)
