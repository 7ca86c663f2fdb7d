"""Text of unknown encoding: what carts from many countries write into their headers."""

import codecs
from pathlib import Path

LOOKED_AT = 1 << 16
_MICROVOLT = "\u00b5V".encode("latin-1")  # GB18030 would read a rare letter in it

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(raw: bytes, declared: str = "") -> str:
    """Return text: by its byte-order mark, the declared encoding, UTF-8, UTF-16 without mark, GB18030, else Latin-1.

    Chinese is tried before Latin-1 only where every byte fits GB18030 and the result holds Chinese characters, since
    almost any Western text is valid GB18030, too.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    for encoding in dict.fromkeys((_wide(raw), declared, "utf-8")):
        text = _strict(raw, encoding)
        if text is not None:
            return text
    chinese = None if _MICROVOLT in raw else _strict(raw, "gb18030")
    if chinese is not None and _is_chinese(chinese):
        return chinese
    return raw.decode("cp1252", "replace")


def encoding_of(path: Path) -> str:
    """Return the encoding of a table, told from its beginning as `decode` tells it."""
    with open(path, "rb") as file:
        head = file.read(LOOKED_AT)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for encoding in (_wide(head), "utf-8", "gb18030"):
        if not encoding or (encoding == "gb18030" and _MICROVOLT in head):
            continue
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)  # the last letter may be cut in two
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _is_chinese(text):
            return encoding
    return "cp1252"


def _wide(raw: bytes) -> str:
    """Return the UTF-16 in which text of Western letters without a mark is written, or ""."""
    part = raw[:200]
    if len(part) < 4:
        return ""
    if part[1::2].count(0) > len(part) // 3 and part[0]:
        return "utf-16-le"
    return "utf-16-be" if part[::2].count(0) > len(part) // 3 and part[1] else ""


def _strict(raw: bytes, encoding: str) -> str | None:
    if not encoding:
        return None
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        return None
    return text if isinstance(text, str) else None


def _is_chinese(text: str) -> bool:
    strange = [char for char in text if ord(char) > 127]
    return bool(strange) and all(_common(char) for char in strange)


def _common(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef"
