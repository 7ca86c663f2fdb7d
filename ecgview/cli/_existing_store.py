"""A store that is there: opening one that is not would make it."""

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import StoreError

if TYPE_CHECKING:
    from ecgview.review.store import Store


def existing_store(path: Path | None) -> "Store":
    """Return the store of a path, or the user's; StoreError if there is none."""
    from ecgview.review.store import Store

    store = Store(path)
    if not store.path.is_file():
        raise StoreError("there is no store of reads", where=str(store.path))
    return store
