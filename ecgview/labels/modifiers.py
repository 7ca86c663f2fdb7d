"""Words that say more of a finding without being one: where it is, how old it is, how sure the reader is."""

import re
from collections.abc import Mapping

SITES: tuple[str, ...] = (
    "anterior",
    "anteroseptal",
    "septal",
    "lateral",
    "anterolateral",
    "inferior",
    "inferolateral",
    "posterior",
    "right ventricular",
)
AGES: tuple[str, ...] = ("acute", "recent", "old", "age undetermined")

_SITE_WORDS: Mapping[str, str] = {
    **{site: site for site in SITES},
    "ant": "anterior", "inf": "inferior", "lat": "lateral", "post": "posterior", "rv": "right ventricular",
    "前壁": "anterior", "前间壁": "anteroseptal", "间隔": "septal", "侧壁": "lateral", "前侧壁": "anterolateral",
    "下壁": "inferior", "下侧壁": "inferolateral", "后壁": "posterior", "右室": "right ventricular",
}  # fmt: skip
_AGE_WORDS: Mapping[str, str] = {
    **{age: age for age in AGES},
    "undetermined": "age undetermined", "aui": "age undetermined", "new": "acute", "chronic": "old",
    "急性": "acute", "近期": "recent", "陈旧": "old", "陈旧性": "old", "时间不定": "age undetermined",
}  # fmt: skip
_CERTAINTY_WORDS: Mapping[str, str] = {
    "?": "possible", "poss": "possible", "possible": "possible", "疑似": "possible", "可疑": "possible",
    "可能": "probable", "prob": "probable", "probable": "probable", "likely": "probable",
    "r/o": "cannot_exclude", "cannot exclude": "cannot_exclude", "不除外": "cannot_exclude",
}  # fmt: skip


def of_certainty(text: str) -> tuple[str, str]:
    """Return what is left of a typed text without the words of certainty, and the certainty or ""."""
    rest, found = _taken(text, _CERTAINTY_WORDS)
    return rest, found[0] if found else ""


def of_age(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what is left of a typed text without the words of an age, and the age."""
    rest, ages = _taken(text, _AGE_WORDS)
    return rest, ages[:1]


def of_site(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what is left of a typed text without the words of a site, and the site."""
    rest, sites = _taken(text, _SITE_WORDS)
    return rest, sites[:1]


def following(modifiers: tuple[str, ...], choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the modifiers with the next of some choices in the place of the one they hold; none after the last."""
    held = next((one for one in modifiers if one in choices), None)
    others = tuple(one for one in modifiers if one not in choices)
    place = 0 if held is None else choices.index(held) + 1
    return others if place == len(choices) else in_order((*others, choices[place]))


def in_order(modifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Return modifiers as they are written: age before site."""
    known = (*AGES, *SITES)
    return tuple(sorted(modifiers, key=lambda one: known.index(one) if one in known else len(known)))


def _taken(text: str, words: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return a text without some words, and what they mean; longer ones first, Chinese ones without spaces.

    What is left keeps its capitals: it may be stated in the reader's own words.
    """
    rest, found = f" {' '.join(text.split())} ", list[str]()
    for word in sorted(words, key=len, reverse=True):
        is_latin = word[0].isascii() and word[0].isalpha()
        pattern = rf"(?<=\s){re.escape(word)}(?=\s)" if is_latin else re.escape(word)
        if re.search(pattern, rest, re.IGNORECASE):
            rest = re.sub(pattern, " ", rest, flags=re.IGNORECASE)
            found.append(words[word])
    return " ".join(rest.split()), tuple(found)
