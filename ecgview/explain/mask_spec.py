"""What is hidden, as it is written: "2.0-2.4@V1,V2; lead:aVL"."""

import re
from dataclasses import replace

from ecgview.errors import ModelError
from ecgview.leads import canonical_name
from ecgview.results import Hidden, HiddenSpan

EXPECTED = "2.0-2.4 (seconds, all leads), 2.0-2.4@V1,V2 or lead:V1, several separated by ;"
_SPAN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*-\s*(\d+(?:\.\d*)?|\.\d+)\s*(?:@(.*))?", re.ASCII)
_LEAD = re.compile(r"leads?\s*:(.*)", re.IGNORECASE)


def parse(text: str) -> Hidden:
    """Return what a text hides, with a flat line in its place; lead names in any known spelling.

    Raises:
        ModelError: a part that cannot be read; it is named, with what was expected.
    """
    found = Hidden()
    parts = text.split(";")
    for number, part in enumerate(parts, 1):
        # A separator at the end is no missing part; one between two others is.
        if part.strip() or number < len(parts) or len(parts) == 1:
            found = _with_part(found, part.strip(), f"part {number} of the mask")
    return found


def _with_part(found: Hidden, part: str, where: str) -> Hidden:
    if match := _LEAD.fullmatch(part):
        return replace(found, leads=tuple(dict.fromkeys((*found.leads, *_names(match[1], part, where)))))
    match = _SPAN.fullmatch(part)
    if match is None:
        raise ModelError(
            "what is to be hidden cannot be read", where=where, expected=EXPECTED, found=repr(part)
        )
    start_s, end_s = float(match[1]), float(match[2])
    if start_s >= end_s:
        raise ModelError(
            "a stretch of time ends before it begins", where=where, expected=EXPECTED, found=repr(part)
        )
    leads = () if match[3] is None else _names(match[3], part, where)
    return replace(found, spans=(*found.spans, HiddenSpan(start_s, end_s, leads)))


def _names(text: str, part: str, where: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise ModelError("a lead's name is missing", where=where, expected=EXPECTED, found=repr(part))
    return tuple(dict.fromkeys(map(canonical_name, names)))
