"""The store as the memory of what models said, for who asks without reading: the command line.

It is what `ecgview.models.asking` calls a `Memory`. A window recalls through its session instead.
"""

from typing import TypeVar

from ecgview.errors import BlindedError
from ecgview.results import LefResult, Prediction
from ecgview.review.store import Store

_Result = TypeVar("_Result", Prediction, LefResult)


class StoredAnswers:
    """Answers of a store, and answers for it; every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recall(self, kind: type[_Result], question: str, record_sha256: str) -> _Result | None:
        """Return the newest answer to a question; None, too, while anybody reads the record blind.

        The models are asked then, which tells nothing of the read that is under way.
        """
        try:
            return self._store.result(kind, question, record_sha256, None)
        except BlindedError:
            return None

    def keep(self, question: str, answer: Prediction | LefResult) -> None:
        """Keep an answer."""
        self._store.add_result(answer, question)
