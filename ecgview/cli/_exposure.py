"""What a command showed of a record is logged, so that a later blind read of it says so."""

import sys
from collections.abc import Iterable

from ecgview.errors import EcgviewError


def log(kind: str, sha256s: Iterable[str], details: str = "") -> None:
    """Log that a command showed what a blind reader must not know; the command goes on if that fails, and says so.

    Args:
        kind: a word of `ecgview.review.blindness.WORDS`.
        sha256s: fingerprints of the records.
        details: more about it, in words.
    """
    from ecgview.review.store import Store

    wanted = [sha256 for sha256 in dict.fromkeys(sha256s) if sha256]
    if not wanted:
        return
    try:
        with Store() as store:
            for sha256 in wanted:
                store.add_exposure(sha256, kind, details)
    except (EcgviewError, OSError) as error:
        print(
            f"ecgview: could not be logged, so that a later blind read will not tell of it: {error}",
            file=sys.stderr,
        )
