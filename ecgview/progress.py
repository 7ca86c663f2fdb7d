"""How long work reports where it is, with no thread and no Qt in sight."""

from typing import Protocol


class Progress(Protocol):
    """Called by long work with a fraction in 0..1 and a short text; may raise `Cancelled`."""

    def __call__(self, fraction: float, text: str = "") -> None:
        """Report the fraction done; raise `ecgview.errors.Cancelled` when nobody waits any more."""


def silent(fraction: float, text: str = "") -> None:
    """Report nothing; the default where nobody watches."""
