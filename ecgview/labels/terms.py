"""What readers type for a finding: abbreviations and short words in English and Chinese, and the codes they mean.

The table is `resources/labels/terms/abbreviations.csv`; it says in its head how it is read.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ecgview import resources

_WORDS = ("typed", "english", "chinese")


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning: what is typed for it (case-folded), its words, its codes in each label set that has some."""

    typed: tuple[str, ...]
    english: str
    chinese: str
    codes: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def table() -> tuple[Term, ...]:
    """Return every term."""
    text = (resources.path("labels") / "terms" / "abbreviations.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Term(
            tuple(row["typed"].casefold().split("|")),
            row["english"],
            row["chinese"],
            {name: tuple(codes.split("|")) for name, codes in row.items() if codes and name not in _WORDS},
        )
        for row in rows
    )


@lru_cache(maxsize=16)
def synonyms(set_id: str) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Return code -> (what means this code alone, what means it among others) of a label set."""
    own: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for term in table():
        codes = term.codes.get(set_id, ())
        for code in codes:
            (own if len(codes) == 1 else shared).setdefault(code, set()).update(term.typed)
    return {
        code: (frozenset(own.get(code, ())), frozenset(shared.get(code, ())))
        for code in own.keys() | shared.keys()
    }


def meaning(typed: str) -> Term | None:
    """Return the term that is typed so; None if nobody types that."""
    folded = " ".join(typed.casefold().split())
    return next((term for term in table() if folded in term.typed), None)
