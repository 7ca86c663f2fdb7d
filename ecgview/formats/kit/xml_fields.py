"""Every field of an XML file that no part of a record has a place for, as name -> text."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from ecgview.formats.kit.xml import name

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_FIELDS = 5000
LONGEST_NAME = 60  # of one element: names come from strangers, and a path repeats them
DEEPEST = 12


def fields(root: "Element", used: "Collection[Element]" = (), label: str = "") -> dict[str, str]:
    """Return "Outer/Inner" and "Outer/Inner@attribute" -> text of what is not empty, in the file's order.

    Args:
        root: its own name does not stand in the paths.
        used: elements whose text a reader took already; their attributes and children stay.
        label: attribute that tells siblings of one name apart ("leadname"); otherwise they are counted.
    """
    taken = {id(element) for element in used}
    found: dict[str, str] = {}
    _collect(root, "", taken, label, found)
    return found


def _collect(element: "Element", path: str, taken: set[int], label: str, found: dict[str, str]) -> None:
    if len(found) >= MOST_FIELDS or path.count("/") >= DEEPEST:
        return
    text = (element.text or "").strip()
    told = not text or id(element) in taken
    for key, value in element.attrib.items():
        if key == label or (key == "units" and told):
            continue  # stands in the path; the unit of nothing, or of what was read already
        if value.strip() and not key.startswith("{http://www.w3.org/2001/XMLSchema-instance}"):
            found[f"{path}@{key.rpartition('}')[2][:LONGEST_NAME]}"] = " ".join(value.split())
    if path and not told:
        found[path] = " ".join(text.split())
    seen: dict[str, int] = {}
    for child in element:
        short = name(child)[:LONGEST_NAME]
        seen[short] = seen.get(short, 0) + 1
        mark = child.get(label, "")[:LONGEST_NAME] if label else ""
        if not mark and seen[short] > 1:
            mark = str(seen[short])
        _collect(child, f"{path}/{short}{f'[{mark}]' if mark else ''}".lstrip("/"), taken, label, found)
