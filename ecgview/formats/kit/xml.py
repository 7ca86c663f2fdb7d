"""XML from strangers: no entities, no network, document types passed over, bounded in size and depth.

Elements are found by their local names. Entity bombs and outside entities are refused by defusedxml, which fetches
nothing. Carts write every encoding, some with a wrong declaration: one that does not decode the bytes gives way to the
one that does.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import FormatError
from ecgview.formats.kit.text import decode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST_FILE = 64_000_000
DEEPEST = 200
MOST_ATTRIBUTES = 500  # of one element; carts write a dozen
MOST_ELEMENTS = 300_000  # of the largest export known: some ten thousand
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # control characters that carts leave in free text


def root_name(head: bytes) -> str:
    """Return the local name of the root element as far as the first bytes show it, or ""."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4]:
        text = decode(head[: len(head) // 2 * 2])
    else:
        text = head.decode("latin-1")
    text = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", "", text, flags=re.DOTALL)
    found = re.search(r"<(?:[\w.-]+:)?([\w.-]+)", text)
    return found.group(1) if found else ""


def parse(path: Path) -> "Element":
    """Return the root of a file.

    Raises:
        FormatError: too large, too deep, not well-formed, or with entities of its own.
    """
    return parse_bytes(_whole(path), path)


def parse_head(path: Path, *stop: str) -> "Element":
    """Return the root of a file as far as the start of the first element along `stop`: for a look at its header.

    That element holds its attributes, but no text; nothing behind it is parsed. Without such an element, all is.

    Raises:
        FormatError: as of `parse`, for what was parsed.
    """
    target = _Stopping(path, stop)
    try:
        return _built(_whole(path), path, target)
    except _Enough as enough:
        return enough.root


def parse_bytes(raw: bytes, path: Path) -> "Element":
    """Return the root of XML that was read already; `path` is named in errors."""
    return _built(raw, path, _Bounded(path))


def _whole(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FormatError("XML too large", where=str(path), expected="under 64 MB", found=f"{size} bytes")
    return path.read_bytes()


def _built(raw: bytes, path: Path, target: "_Bounded") -> "Element":
    from xml.etree.ElementTree import ParseError

    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    text = _DECLARATION.sub("", decode(raw, _declared(raw)).lstrip("\ufeff \t\r\n\0"), count=1)
    parser = ElementTree.DefusedXMLParser(target=target, forbid_dtd=False)
    try:
        parser.feed(_FORBIDDEN.sub(" ", text.rstrip("\0")).encode("utf-8", "replace"))
        root: Element = parser.close()
    except DefusedXmlException:
        raise FormatError(
            "XML with entities is refused", where=f"{path}: DOCTYPE", expected="XML without entities"
        ) from None
    except (ParseError, ValueError) as error:
        raise FormatError("not well-formed XML", where=str(path), found=str(error)[:100]) from None
    return root


def name(element: "Element") -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def find(element: "Element", path: str) -> "Element | None":
    """Return the first element along "Outer/Inner", namespaces ignored; None where there is none."""
    return next(every(element, path), None)


def every(element: "Element", path: str) -> "Iterator[Element]":
    """Yield all elements along "Outer/Inner", namespaces ignored, in the file's order."""
    first, _, rest = path.partition("/")
    for child in element:
        if name(child) == first:
            if rest:
                yield from every(child, rest)
            else:
                yield child


def text(element: "Element | None", path: str = "") -> str:
    """Return the stripped text of an element along a path; "" where there is none."""
    found = find(element, path) if element is not None and path else element
    return (found.text or "").strip() if found is not None else ""


def number(element: "Element", path: str, file: Path) -> float | None:
    """Return the finite number along a path; None where it is empty or absent.

    Raises:
        FormatError: something that is no number.
    """
    found = text(element, path)
    if not found:
        return None
    try:
        value = float(found)
    except ValueError:
        value = float("nan")
    if value != value or value in (float("inf"), float("-inf")):
        raise FormatError("not a number", where=f"{file}: {path}", found=found[:40])
    return value


class _Bounded:
    """Build the tree, but no deeper than any ECG is."""

    def __init__(self, path: Path) -> None:
        from xml.etree.ElementTree import TreeBuilder

        self._path = path
        self._depth = 0
        self._elements = 0
        self._tree = TreeBuilder()
        self.data = self._tree.data
        self.close = self._tree.close

    def start(self, tag: str, attributes: dict[str, str]) -> "Element":
        """Open an element."""
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST:
            raise FormatError("XML nested too deeply", where=str(self._path), expected=f"{DEEPEST} levels")
        if self._elements > MOST_ELEMENTS:
            raise FormatError("XML of too many elements", where=str(self._path), expected=f"{MOST_ELEMENTS}")
        if len(attributes) > MOST_ATTRIBUTES:
            expected, found = f"{MOST_ATTRIBUTES} at most", f"{len(attributes):,}"
            where = f"{self._path}: {tag.rpartition('}')[2][:40]}"
            raise FormatError(
                "XML element of too many attributes", where=where, expected=expected, found=found
            )
        return self._tree.start(tag, attributes)

    def end(self, tag: str) -> "Element":
        """Close an element."""
        self._depth -= 1
        return self._tree.end(tag)


class _Enough(Exception):
    """The element was reached behind which nothing is wanted."""

    def __init__(self, root: "Element") -> None:
        super().__init__()
        self.root = root


class _Stopping(_Bounded):
    """Build the tree up to an element."""

    def __init__(self, path: Path, stop: tuple[str, ...]) -> None:
        super().__init__(path)
        self._stop = list(stop)
        self._open: list[str] = []
        self._root: Element | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> "Element":
        """Open an element."""
        element = super().start(tag, attributes)
        self._root = element if self._root is None else self._root
        self._open.append(tag.rpartition("}")[2])
        if self._open[-len(self._stop) :] == self._stop:
            raise _Enough(self._root)
        return element

    def end(self, tag: str) -> "Element":
        """Close an element."""
        self._open.pop()
        return super().end(tag)


def _declared(raw: bytes) -> str:
    found = re.match(rb"[^<]{0,4}<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", raw[:200])
    return found.group(1).decode("ascii") if found else ""
