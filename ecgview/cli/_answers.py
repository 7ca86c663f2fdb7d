"""What models answered before, from the user's store; a command goes on without it where it cannot be used."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecgview.errors import StoreError

if TYPE_CHECKING:
    from ecgview.models.asking import Memory


@contextlib.contextmanager
def memory() -> "Iterator[Memory]":
    """Yield the answers of the user's store; those of this process alone where it cannot be opened."""
    from ecgview.models import asking
    from ecgview.review.answers import StoredAnswers
    from ecgview.review.store import Store

    with contextlib.closing(Store()) as store:
        try:
            found: Memory = StoredAnswers(store.open())
        except (StoreError, OSError):
            found = asking.RECENT
        yield found
