"""Numbers with what they count."""

from collections.abc import Iterable
from itertools import groupby


def counted(number: int | str, noun: str, plural: str = "") -> str:
    """Return "1 lead", "2 leads"; `number` may be written already, `plural` is for nouns that take no "s" alone."""
    return f"{number} {noun if str(number) == '1' else plural or noun + 's'}"


def probability(value: float) -> str:
    """Return "0.83", "0.018" or "<0.001": two decimals would leave nothing of rare statements and their thresholds."""
    if 0 < value < 0.0005:
        return "<0.001"
    return f"{value:.2f}" if value >= 0.0995 else f"{value:.3f}"


def folds_in_words(folds: Iterable[int]) -> str:
    """Return "fold 9", "folds 1-7" or "folds 1-3, 5"; fold 0 is none and is left out."""
    found = sorted({fold for fold in folds if fold})
    parts = []
    for _, run in groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
        members = [fold for _, fold in run]
        parts.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return f"{'fold' if len(found) == 1 else 'folds'} {', '.join(parts) or 'none'}"
