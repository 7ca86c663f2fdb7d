"""How long work reports where it is, with no thread and no Qt in sight."""

from typing import Protocol


class Counted(float):
    """A fraction that also says how much of what is done, so that whoever shows it can tell a rate.

    `what` is the word for several of them ("records"). Arithmetic gives a plain fraction again: a part of a longer
    work no longer counts the same things.
    """

    __slots__ = ("done", "total", "what")
    done: int
    total: int
    what: str

    def __new__(cls, done: int, total: int, what: str) -> "Counted":
        """Return the fraction `done / total`, within 0..1; nothing to do is all done."""
        made = super().__new__(cls, min(1.0, done / total) if total > 0 else 1.0)
        made.done, made.total, made.what = done, total, what
        return made

    def __getnewargs__(self) -> tuple[int, int, str]:  # type: ignore[override]
        return self.done, self.total, self.what


class Progress(Protocol):
    """Called by long work with a fraction in 0..1 and a short text; may raise `Cancelled`."""

    def __call__(self, fraction: float, text: str = "") -> None:
        """Report the fraction done, a `Counted` one where things are counted; raise `errors.Cancelled` to end it."""


def silent(fraction: float, text: str = "") -> None:
    """Report nothing; the default where nobody watches."""
