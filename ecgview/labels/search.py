"""Search of statements as they are typed: by code, English, Chinese and pinyin initials."""

import re
from functools import lru_cache

from ecgview.labels.label_set import LabelSet, Statement

_SEPARATORS = re.compile(r"[\s,;/()\-_']+")
_CHINESE = re.compile(r"[㐀-鿿]")


def find(label_set: LabelSet, text: str, limit: int | None = None) -> list[Statement]:
    """Return the statements that match, best first; all of them, in the set's order, for an empty text.

    The whole text is tried first, then its words, every one of which must match. A code outranks
    initials, a beginning outranks a middle, and equals keep the order of the set.
    """
    typed = " ".join(text.casefold().split())
    words = [word for word in _SEPARATORS.split(typed) if word]
    if not words:
        return list(label_set.statements[:limit])
    ranked: list[tuple[int, int, Statement]] = []
    for position, statement in enumerate(label_set.statements):
        rank = _rank(_Keys.of(statement), typed, words)
        if rank is not None:
            ranked.append((rank, position, statement))
    ranked.sort(key=lambda item: item[:2])
    return [statement for _, _, statement in ranked[:limit]]


class _Keys:
    """A statement's texts, folded once."""

    __slots__ = ("acronym", "chinese", "code", "english", "pinyin", "words")

    def __init__(self, statement: Statement) -> None:
        self.code = statement.code.casefold()
        self.english = statement.english.casefold()
        self.words = [word for word in _SEPARATORS.split(self.english) if word]
        self.acronym = "".join(word[0] for word in self.words)
        self.chinese = statement.chinese.casefold()
        self.pinyin = statement.pinyin

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(statement: Statement) -> "_Keys":
        return _Keys(statement)


def _rank(keys: _Keys, typed: str, words: list[str]) -> int | None:
    """Return how well a statement matches, 0 best; None if it does not."""
    whole = _rank_word(keys, typed)
    if len(words) == 1 or whole is not None:
        return whole
    ranks = [_rank_word(keys, word) for word in words]
    found = [rank for rank in ranks if rank is not None]
    return max(found) if len(found) == len(words) else None


def _rank_word(keys: _Keys, word: str) -> int | None:
    exact = (keys.code, keys.chinese, keys.english, keys.pinyin, keys.acronym)
    if word in exact:
        return exact.index(word)
    ladder = (
        keys.code.startswith(word),
        keys.chinese.startswith(word),
        len(word) > 1 and keys.pinyin.startswith(word),
        keys.english.startswith(word),
        any(part.startswith(word) for part in keys.words),
        len(word) > 1 and keys.acronym.startswith(word),
        word in keys.chinese,
        len(word) > 1 and keys.pinyin[:1] == word[0] and _in_order(word, keys.pinyin),  # sz for 室性早搏
        len(word) > 1 and (word in keys.code or word in keys.pinyin or word in keys.acronym),
        len(word) > 2 and word in keys.english,
        len(word) > 1
        and _CHINESE.search(word) is not None
        and _in_order(word, keys.chinese),  # 室早 in 室性早搏
    )
    return len(exact) + ladder.index(True) if True in ladder else None


def _in_order(letters: str, text: str) -> bool:
    """Return whether the letters occur in the text in this order, with others between them."""
    rest = iter(text)
    return all(letter in rest for letter in letters)
