"""Text in DICOM: the Specific Character Set as declared, and what carts write where it is absent or wrong.

PS3.5 6.1.2 and PS3.3 C.12.1.1.2. Seen in files of Chinese hospitals: GBK bytes with no declaration or with ISO_IR 100,
UTF-8 bytes with ISO_IR 100.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from ecgview.formats.kit.text import decode

_NOT_DICOM = {"UTF-8": "utf-8", "UTF8": "utf-8", "GB2312": "gb18030", "ISO_IR_192": "utf-8", "": ""}
_NAME_BREAKS = {0x5C, 0x5E, 0x3D}
_LINE_BREAKS = {0x0D, 0x0A, 0x09, 0x0C}
_PAIRS = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe])+")  # the Chinese characters of GB 2312

_ESCAPE = re.compile(r"\x1b(?:\$[()]?|[()\-,])?.")


@lru_cache(maxsize=32)
def encodings(declared: str) -> tuple[str, ...]:
    """Return Python's names for a Specific Character Set, its values between backslashes; () where none is known."""
    from pydicom.charset import python_encoding

    values = [value.strip(" \0") for value in declared.split("\\")][:20]
    if not any(values):
        return ()
    found = []
    for value in values:
        known = python_encoding.get(value) or _NOT_DICOM.get(value.upper())
        if known is None:
            return ()
        found.append(known or "iso8859")
    return tuple(found)


def text(raw: bytes, declared: Sequence[str], *, name: bool = False) -> str:
    """Return the text of an element, padding stripped at its end only.

    Args:
        raw: the bytes as stored.
        declared: of `encodings`.
        name: a person's name, where a wrong declaration of Latin-1 over Chinese is seen through.
    """
    raw = raw.rstrip(b" \0")
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if b"\x1b" in raw and declared:
        return _switching(raw, declared, name)
    first = declared[0] if declared else ""
    if first in ("iso8859", "latin_1", "") or not first:
        return _western(raw, name) if first else decode(raw)
    return decode(raw, first)


def _western(raw: bytes, name: bool) -> str:
    """Return text that is declared as Latin-1 or ASCII: UTF-8 and Chinese names do not look like it."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    runs = re.findall(rb"[\x80-\xff]+", raw)
    if name and sum(map(len, runs)) >= 4 and all(_PAIRS.fullmatch(run) for run in runs):
        return raw.decode("gb18030", "replace")
    return raw.decode("latin-1")


def _switching(raw: bytes, declared: Sequence[str], name: bool) -> str:
    """Return text with escape sequences (ISO 2022)."""
    from pydicom.charset import decode_bytes

    try:
        found: str = decode_bytes(raw, list(declared), _NAME_BREAKS if name else _LINE_BREAKS)
    except Exception:  # the library raises what its codecs raise
        found = decode(raw)
    return _ESCAPE.sub("", found)  # the library leaves those of IR 58 in place


def person(raw: str) -> str:
    """Return a name as it is shown: "Clark^John" becomes "Clark, John"; a group in Chinese goes before its letters."""
    groups = [group.strip() for group in raw.split("=")]
    chosen = next((groups[i] for i in (1, 0, 2) if i < len(groups) and groups[i].strip("^ ")), "")
    if "^" not in chosen:
        return chosen
    family, given, middle = [*(part.strip() for part in chosen.split("^")), "", ""][:3]
    if re.search(r"[\u3400-\u9fff]", chosen):
        return family + given + middle
    rest = " ".join(part for part in (given, middle) if part)
    return f"{family}, {rest}" if family and rest else family or rest
