"""The log of what happened, as a chain: every entry carries the hash of the one before it.

Changing, dropping or inserting an entry breaks the chain from there on. Dropping the last entries
does not, nor does a whole new chain: a head kept elsewhere shows that (see kept_head.py, and every signed report).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

from ecgview.review import plain_json
from ecgview.review.moment import Moment

FIRST_LINK = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One event: who did what to which record, when, with which version of the application."""

    number: int  # 1, 2, 3 ... without gaps
    moment: Moment
    reader: str
    application: str
    action: str  # a short stable word: first_read_committed, revealed, signed, ...
    record_sha256: str
    details: str = ""
    content_sha256: str = ""  # of the committed read, where one was committed
    previous_hash: str = FIRST_LINK
    hash: str = ""
    rows_head: str = ""  # "12:hash" of the newest link of the rows when it was written

    def computed_hash(self) -> str:
        """Return SHA-256 over every other field, as canonical JSON."""
        said = asdict(self)
        del said["hash"]
        if not self.rows_head:  # as entries were hashed before schema 8 knew of links
            del said["rows_head"]
        return digest(said)

    def sealed(self) -> "AuditEntry":
        """Return the entry with its hash."""
        return replace(self, hash=self.computed_hash())


def digest(value: object) -> str:
    """Return SHA-256 of a plain value as canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(entries: Iterable[AuditEntry]) -> list[str]:
    """Return what is wrong with a chain, one sentence each, first trouble first; empty if it holds."""
    problems: list[str] = []
    previous, expected_number = FIRST_LINK, 1
    for entry in entries:
        if entry.number != expected_number:
            problems.append(f"entry {expected_number} is missing: entry {entry.number} follows")
        if entry.previous_hash != previous:
            problems.append(f"entry {entry.number} does not follow the entry before it")
        if entry.hash != entry.computed_hash():
            problems.append(f"entry {entry.number} was changed after it was written")
        previous, expected_number = entry.hash, entry.number + 1
    return problems


def to_json_lines(entries: Iterable[AuditEntry]) -> str:
    """Return the log for export, one JSON object per line; `from_json_lines` reads it back."""
    return "".join(json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) + "\n" for entry in entries)


def from_json_lines(text: str) -> list[AuditEntry]:
    """Return the entries of an exported log, so that it can be verified without the store.

    Raises:
        ValueError: a line is no entry, or says more than one does.
    """
    entries = []
    known = {item.name for item in fields(AuditEntry)}
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        try:
            entries.append(plain_json.load(AuditEntry, line))
            more = json.loads(line).keys() - known
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number}: {error}") from None
        if more:
            raise ValueError(f"line {number}: no entry has {ascii(sorted(more)[0])[:40]}")
    return entries
