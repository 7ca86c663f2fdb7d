"""What a model's card may say in words: a card may come from anyone, and its words reach terminal, window and paper."""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ecgview.errors import ModelError

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ID_EXPECTED = "1 to 64 of a-z 0-9 . _ -, the first a letter or a digit"
MOST_CHARACTERS = 4000  # of one text
DEEPEST = 12
LARGEST_NUMBER = 10**17
_UNSEEN = (
    "Cc",
    "Cf",
    "Cs",
    "Zl",
    "Zp",
)  # control, format (turns the direction of writing), surrogate, line, paragraph


def check_id(text: object, where: str) -> str:
    """Return a model's id.

    Raises:
        ModelError: it is no text, leads out of the model folder, or holds what cannot be typed and seen.
    """
    if not isinstance(text, str) or not ID.fullmatch(text) or ".." in text:
        raise ModelError("is no name for a model", where=where, expected=ID_EXPECTED, found=seen(text))
    return text


def check_texts(raw: Mapping[str, Any], where: str) -> None:
    """Raise ModelError naming the field in which a text or a number cannot be shown, or a list is nested too deep."""
    for name, value in raw.items():
        _check(value, f"{where}: {seen(name)[1:-1]}", 0)


def check_numbers(value: object, where: str) -> None:
    """Raise ModelError naming the field in which a number is none, which JSON cannot hold.

    Cards of models that are kept here may hold NaN: ecgview itself wrote it once for figures that are not known.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelError("the number is none", where=where, expected="a number or null", found=str(value))
    if isinstance(value, Mapping):
        for name, item in value.items():
            check_numbers(item, f"{where}: {seen(name)[1:-1]}")
    elif isinstance(value, list | tuple):
        for item in value:
            check_numbers(item, where)


def _check(value: object, where: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ModelError("is nested too deep", where=where, expected=f"{DEEPEST} levels at most")
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:  # has no place where a card is shown
        raise ModelError("the number is too large", where=where, expected=f"under {LARGEST_NUMBER:,}")
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _check_text(str(name), where)
            _check(item, where, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, where, depth + 1)


def _check_text(text: str, where: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise ModelError(
            "the text is too long", where=where, expected=f"{MOST_CHARACTERS} characters at most"
        )
    if not text.isprintable() and any(unicodedata.category(character) in _UNSEEN for character in text):
        expected = "one line without control characters"
        raise ModelError("the text cannot be shown", where=where, expected=expected, found=seen(text))


def seen(value: object) -> str:
    """Return any value as a short text in which nothing acts on a terminal."""
    return ascii(value)[:60]
