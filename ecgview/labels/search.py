"""Search of statements as they are typed: by code, abbreviation, English, Chinese and pinyin initials.

Words are matched from their beginning, never inside: "rad" is a right axis deviation and no bradycardia.
"""

import re
from functools import lru_cache

from ecgview.labels import terms
from ecgview.labels.label_set import LabelSet, Statement

_SEPARATORS = re.compile(r"[\s,;/()\-_']+")
_CHINESE = re.compile(r"[㐀-鿿]")
_SHARED = 5  # the rank of an abbreviation that several statements share
_WEAK = 100  # letters with others between them count only where nothing else fits


def find(label_set: LabelSet, text: str, limit: int | None = None) -> list[Statement]:
    """Return the statements that match, best first; all of them, in the set's order, for an empty text.

    A code outranks a word, a word an abbreviation that several statements share, a whole word the
    beginning of one; of several words typed each must match. Equals keep the order of the set.
    """
    typed = _folded(text)
    if not typed:
        return list(label_set.statements[:limit])
    ranked: list[tuple[int, int, Statement]] = []
    for position, statement in enumerate(label_set.statements):
        rank = _Keys.of(statement, label_set.id).rank(typed)
        if rank is not None:
            ranked.append((rank, position, statement))
    ranked.sort(key=lambda item: item[:2])
    if ranked and ranked[0][0] < _WEAK:
        ranked = [item for item in ranked if item[0] < _WEAK]
    return [statement for _, _, statement in ranked[:limit]]


def is_name(label_set: LabelSet, statement: Statement, text: str) -> bool:
    """Return whether a text is a name of a statement, its code or an abbreviation of it alone."""
    return _Keys.of(statement, label_set.id).is_named(_folded(text))


def is_one_of_several(label_set: LabelSet, statement: Statement, text: str) -> bool:
    """Return whether a text means this statement no more than others: "mi" is every infarction."""
    return _Keys.of(statement, label_set.id).rank(_folded(text)) == _SHARED


class _Keys:
    """A statement's texts, folded once."""

    __slots__ = ("acronym", "chinese", "codes", "english", "own", "pinyin", "shared", "words")

    def __init__(self, statement: Statement, set_id: str) -> None:
        code = statement.code.casefold()
        self.codes = {code, code.strip("_"), *code.split("/")}
        self.english = statement.english.casefold()
        words = _words(self.english)
        self.acronym = "".join(word[0] for word in words)
        self.chinese = statement.chinese.casefold()
        self.pinyin = statement.pinyin
        own, self.shared = terms.synonyms(set_id).get(statement.code, (frozenset[str](), frozenset[str]()))
        self.own = own | {_folded(name) for name in statement.synonyms.split("|") if name}
        self.words = {*words, *(word for name in (*self.own, *self.shared) for word in _words(name))}

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(statement: Statement, set_id: str) -> "_Keys":
        return _Keys(statement, set_id)

    def is_named(self, typed: str) -> bool:
        return typed in self.codes or typed in (self.english, self.chinese) or typed in self.own

    def rank(self, typed: str) -> int | None:
        """Return how well the statement matches, 0 best; None if it does not."""
        long = len(typed) > 1
        words = _words(typed)
        ladder = (
            typed in self.codes,
            typed in (self.english, self.chinese),
            typed in self.own,
            typed == self.pinyin,
            typed == self.acronym,
            typed in self.shared,
            any(code.startswith(typed) for code in self.codes),
            self.english.startswith(typed) or self.chinese.startswith(typed),
            long and self.pinyin.startswith(typed),
            bool(words) and all(word in self.words for word in words),
            bool(words) and all(any(own.startswith(word) for own in self.words) for word in words),
            long and self.acronym.startswith(typed),
            typed in self.chinese,
        )
        if True in ladder:
            return ladder.index(True)
        if long and self.pinyin[:1] == typed[0] and _in_order(typed, self.pinyin):  # sz for 室性早搏
            return _WEAK
        if long and _CHINESE.search(typed) is not None and _in_order(typed, self.chinese):  # 室早 in 室性早搏
            return _WEAK + 1
        return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]


def _in_order(letters: str, text: str) -> bool:
    """Return whether the letters occur in the text in this order, with others between them."""
    rest = iter(text)
    return all(letter in rest for letter in letters)
