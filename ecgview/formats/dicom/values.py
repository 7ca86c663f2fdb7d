"""Values as DICOM elements hold them (PS3.5 6.2): codes, decimal strings, text within its limits."""

from typing import Any

_LENGTHS = {"LO": 64, "SH": 16, "PN": 64}  # characters, PS3.5 table 6.2-1


def code(value: str, scheme: str, meaning: str) -> list[Any]:
    """Return a code sequence of one item."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue = value[:16]
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = plain(meaning, "LO") or value[:16]
    return [item]


def decimal(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters."""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.8e}"


def plain(text: str, vr: str) -> str:
    """Return text that an element can hold: no backslash, no control characters, not too long."""
    kept = "".join(char if char.isprintable() else " " for char in text.replace("\\", "/"))
    return kept.strip()[: _LENGTHS[vr]].strip()
