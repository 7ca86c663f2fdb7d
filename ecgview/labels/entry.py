"""What a typed line may mean: statements of the set with certainty and modifiers, or the reader's own words."""

from dataclasses import dataclass

from ecgview.labels import modifiers, search, terms
from ecgview.labels.label_set import FREE_TEXT, LabelSet, Statement

LONGEST = 120  # characters of a statement in own words


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be taken: a statement of the set `label_set`, or own words where that is FREE_TEXT.

    `is_known` is false for own words that no table knows, and for one of several that a text means alike: these are
    taken on purpose only.
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
    certainty, rest, kept, found = "", typed, tuple[str, ...](), search.find(label_set, typed, limit)
    if not found:
        plain, certainty = modifiers.of_certainty(typed)
        for rest, kept in _readings(plain):  # noqa: B007 - what was read last stays
            if found := search.find(label_set, rest, limit):
                break
        else:
            rest, kept = plain, ()
    sure = certainty or "definite"
    offers = [
        Offer(
            statement,
            label_set.id,
            label_set.version,
            sure,
            modifiers.in_order(kept),
            is_known=not search.is_one_of_several(label_set, statement, rest),
        )
        for statement in found
    ]
    exact = found and search.is_name(label_set, found[0], rest)
    words = () if exact else (own_words(typed, rest, sure, kept),)
    kept_offers = offers[: limit - len(words)]
    term = terms.meaning(typed)
    if kept_offers and not kept_offers[0].is_known and term is not None and not term.codes.get(label_set.id):
        return (*words, *kept_offers)  # "old mi" says no site: no code of one stands before its own words
    return (*kept_offers, *words)


def _readings(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return a text as it stands, then without its site, its age, and both: (what is left, what was taken)."""
    no_site, site = modifiers.of_site(text)
    no_age, age = modifiers.of_age(text)
    neither, _ = modifiers.of_age(no_site)
    tries = [(text, ()), (no_site, site), (no_age, age), (neither, (*age, *site))]
    return [(rest, kept) for rest, kept in tries if rest]


def own_words(typed: str, rest: str, certainty: str = "definite", kept: tuple[str, ...] = ()) -> Offer:
    """Return a statement in the reader's own words; an abbreviation that is known is written out."""
    term = terms.meaning(typed)
    if term is not None:
        certainty, kept = "definite", ()
    else:
        term = terms.meaning(rest)
    plain = "".join(char if char.isprintable() else " " for char in rest or typed)
    said = term.english if term is not None else " ".join(plain.split())[:LONGEST]
    statement = Statement(said, said, term.chinese if term is not None else "")
    return Offer(statement, FREE_TEXT, "1", certainty, modifiers.in_order(kept), is_known=term is not None)
