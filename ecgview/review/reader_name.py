"""A reader's name as it is kept: two spellings that look alike are one reader."""

import unicodedata

# letters, marks and a braille cell that show nothing
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4")
LONGEST = 200  # characters: the rest of a longer name is left out


def clean(name: str) -> str:
    """Return a name in NFKC, without characters that show nothing, its spaces single ones."""
    seen = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFKC", name)
        if not _is_unseen(char)
    )
    return " ".join(unicodedata.normalize("NFKC", "".join(seen)).split())[:LONGEST].rstrip()


def key(name: str) -> str:
    """Return what makes two names those of one reader: the clean one, case folded."""
    return unicodedata.normalize("NFKC", clean(name).casefold())


def _is_unseen(char: str) -> bool:
    if char.isspace():
        return False
    is_selector = 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF
    return is_selector or char in _UNSEEN or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co")
