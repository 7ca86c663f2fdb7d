"""What a typed line may mean: statements of the set with certainty and modifiers, or the reader's own words."""

from dataclasses import dataclass

from ecgview.labels import modifiers, search, terms
from ecgview.labels.label_set import FREE_TEXT, LabelSet, Statement

LONGEST = 120  # characters of a statement in own words


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be taken: a statement of the set `label_set`, or own words where that is FREE_TEXT.

    `is_known` is false for own words that no table knows: they are taken on purpose only.
    """

    statement: Statement
    label_set: str
    version: str
    certainty: str = "definite"
    modifiers: tuple[str, ...] = ()
    is_known: bool = True


def understand(label_set: LabelSet, text: str, limit: int = 6) -> tuple[Offer, ...]:
    """Return what a typed line may mean, best first; own words stand last, and are all where no code fits."""
    typed = " ".join(text.split())
    if not typed:
        return ()
    certainty, kept, found = "", tuple[str, ...](), search.find(label_set, typed, limit)
    rest = typed
    if not found:
        rest, certainty, kept = modifiers.of_age_and_certainty(typed)
        found = search.find(label_set, rest, limit) if rest else []
    if not found and rest:
        without, sites = modifiers.of_site(rest)
        if without and sites and (found := search.find(label_set, without, limit)):
            rest, kept = without, (*kept, *sites)
    sure = certainty or "definite"
    offers = [
        Offer(statement, label_set.id, label_set.version, sure, modifiers.in_order(kept)) for statement in found
    ]
    exact = found and search.is_name(label_set, found[0], rest)
    words = () if exact else (own_words(rest or typed, sure, kept if found or rest else ()),)
    return (*offers[: limit - len(words)], *words)


def own_words(text: str, certainty: str = "definite", kept: tuple[str, ...] = ()) -> Offer:
    """Return a statement in the reader's own words; an abbreviation that is known is written out."""
    term = terms.meaning(text)
    plain = "".join(char if char.isprintable() else " " for char in text)
    said = term.english if term is not None else " ".join(plain.split())[:LONGEST]
    chinese = term.chinese if term is not None else ""
    statement = Statement(said, said, chinese)
    return Offer(statement, FREE_TEXT, "1", certainty, modifiers.in_order(kept), is_known=term is not None)
