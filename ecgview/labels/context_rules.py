"""Pacing, left bundle branch block, pre-excitation: what names them, and which statements they take away.

The rules are rows of `labels/rules/context.csv`; the groups and concepts are those of the label sets.
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from ecgview import resources
from ecgview.errors import FormatError
from ecgview.labels import label_set
from ecgview.labels.label_set import Statement
from ecgview.labels.report_order import Part, part_of
from ecgview.record import EcgRecord

PACED = "paced"
_FIELDS = ("pacemaker", "pacestatus", "pacemaker status", "pacemaker spikes")  # of a file, by their last word
_NOTHING = ("", "0", "n", "no", "none", "false", "unknown", "unspecified", "nein", "not known")
EVERY = "every"  # as a context in the file: all of them
_COLUMNS = ("context", "role", "by", "value")
_ROLES = ("named by", "but not", "blocks")
_BY = ("snomed", "code", "group", "subclass", "part", "words", "as")
_CLAUSES = re.compile(r"[.;,/\n、。,;]|\s[-–]+\s")
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|without|never|kein\w*|nicht|ohne)\W+(?:\w+\W+){0,3}$|(?:未见|[无無])\w{0,3}$"
)
_DENIED_AFTER = re.compile(
    r"^\W*(?:\w+\W+){0,2}(?:no$|no longer|(?:not|none|never|absent|excluded|negative|nein|nicht)\b)"
)


@dataclass(frozen=True, slots=True)
class ContextRule:
    """One context: `named` and `blocked` are (by, value), `words` and `denied` patterns for lower-case text."""

    context: str
    named: frozenset[tuple[str, str]]
    blocked: frozenset[tuple[str, str]]
    words: re.Pattern[str]
    denied: re.Pattern[str] | None

    def is_named_by(self, code: str, set_id: str = "") -> bool:
        """Return whether a statement, of a label set or a bare SNOMED CT concept, says that the context is there."""
        return bool(self.named & _marks(code, set_id))

    def named_in(self, text: str) -> str:
        """Return the words of free text that say so, clause by clause, without taking it back; "" where none do."""
        clauses = _CLAUSES.split(text.casefold())
        return next(filter(None, map(self._words_of, clauses)), "")

    def blocks(self, code: str, set_id: str) -> bool:
        """Return whether a statement of a label set cannot be assessed in this context."""
        return bool(self.blocked & _marks(code, set_id))

    def _words_of(self, clause: str) -> str:
        if self.denied is not None and self.denied.search(clause):
            return ""
        for found in self.words.finditer(clause):
            before, after = clause[: found.start()], clause[found.end() :]
            if not (_DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after)):
                return found.group()
        return ""


@lru_cache(maxsize=1)
def rules() -> tuple[ContextRule, ...]:
    """Return the shipped rules, the context that comes first in the file first.

    Raises:
        FormatError: the file is wrong; names file and line.
    """
    rows = _rows()
    contexts = [name for name in dict.fromkeys(row[0] for row in rows) if name != EVERY]
    return tuple(_rule(context, rows) for context in contexts)


def named_by_file(rule: ContextRule, record: EcgRecord) -> str:
    """Return what of the file, its device's or its reader's words, names the context; "" where nothing does.

    Only the words that name it are repeated: a statement may hold a name.
    """
    for said in record.device_reading.statements:
        words = rule.named_in(said.text) or (said.code if rule.is_named_by(said.code) else "")
        if words:
            who = "device's" if said.by == "machine" else "file's reader's"
            return f"the {who} statement says \u201c{words}\u201d"
    for field, value in record.acquisition.extra.items():
        last = re.split(r"[/@.]", field)[-1].strip().casefold()
        if last == "dx":
            codes = (code.strip() for code in value.split(","))
            if words := rule.named_in(value) or next(filter(rule.is_named_by, codes), ""):
                return f"the file's diagnosis says \u201c{words}\u201d"
        if rule.context == PACED and last in _FIELDS and value.strip().casefold() not in _NOTHING:
            return f"the file says \u201c{last}: {' '.join(value.split())[:40]}\u201d"
    return ""


@lru_cache(maxsize=4096)
def _marks(code: str, set_id: str) -> frozenset[tuple[str, str]]:
    """Return by what a rule may know a statement."""
    found = {("code", code), ("snomed", code), ("part", part_of(code, set_id))}
    statement = _statement(code, set_id)
    if statement is not None:
        found |= {("group", statement.group), ("subclass", statement.subclass)}
        found |= {("snomed", concept) for concept in statement.snomed_ct.split("|")}
    return frozenset((by, value) for by, value in found if value)


def _statement(code: str, set_id: str) -> Statement | None:
    try:
        return label_set.load(set_id).get(code) if set_id else None
    except FormatError:  # a user's own label file may be wrong: its codes alone are known then
        return None


def _rule(context: str, rows: list[tuple[str, str, str, str]]) -> ContextRule:
    like = {value for name, role, by, value in rows if (name, role, by) == (context, "blocks", "as")}
    own = {context, EVERY}
    named = {(by, value) for name, role, by, value in rows if name == context and role == "named by"}
    blocked = {(by, value) for name, role, by, value in rows if name in own | like and role == "blocks"}
    words = [value for by, value in named if by == "words"]
    denied = [value for name, role, _, value in rows if name == context and role == "but not"]
    return ContextRule(
        context=context,
        named=frozenset(item for item in named if item[0] != "words"),
        blocked=frozenset(item for item in blocked if item[0] != "as"),
        words=re.compile("|".join(words) or "(?!)"),
        denied=re.compile("|".join(denied)) if denied else None,
    )


def _rows() -> list[tuple[str, str, str, str]]:
    path = resources.path("labels") / "rules" / "context.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    found: list[tuple[str, str, str, str]] = []
    for number, cells in enumerate(csv.reader(lines), 1):
        if not cells or cells[0].startswith("#") or tuple(cells) == _COLUMNS:
            continue
        where = f"{path}, row {number}"
        if len(cells) != len(_COLUMNS):
            raise FormatError("wrong number of cells", where=where, expected=str(len(_COLUMNS)))
        context, role, by, value = (cell.strip() for cell in cells)
        if role not in _ROLES or by not in _BY or (by == "part" and value not in get_args(Part)):
            raise FormatError("unknown kind of rule", where=where, found=f"{role}, {by}, {value}")
        found.append((context, role, by, value))
    return found
