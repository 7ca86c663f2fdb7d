"""Whether a store is as ecgview wrote it: every table against the chains, the schema, and times against each other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ecgview.review import audit, kept_head
from ecgview.review._rows import (
    ACTION,
    CLOCK_SET_BACK,
    CLOCK_TOLERANCE_S,
    EXPOSED,
    HEAD_DIFFERED,
    JUDGED,
    RAN,
    WITHDRAWN,
    exposure_digest,
    judgement_digest,
    next_hash,
    read_digest,
    run_digest,
)
from ecgview.review.audit import FIRST_LINK, AuditEntry
from ecgview.review.exposure import Exposure, Run
from ecgview.review.judgement import Judgement
from ecgview.review.kept_head import Found, Head
from ecgview.review.moment import Moment
from ecgview.review.read import Read, ReadKind

# what a value of another type than its column's raises; SQLite keeps any, and a torn page holds them
DAMAGED = (TypeError, ValueError, LookupError, AttributeError, OverflowError)
REVEALS = ("revealed", "blind_off")
SHOWN_OF_A_KIND = 20  # such sentences; more of them are counted
_FEWEST_DIGITS = 12  # of a printed hash that is compared
_LOGGED = {EXPOSED: "exposure", JUDGED: "judgement", WITHDRAWN: "judgement", RAN: "run"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in its table now; `words` name it."""

    table: str
    digest: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain of rows."""

    number: int
    table: str
    digest: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Reveal:
    """A row that says since when a reader may see model results of a record."""

    record_sha256: str
    reader: str
    kind: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a store holds at one instant, and what is kept outside of it."""

    entries: Sequence[AuditEntry]
    links: Sequence[Link]
    rows: Sequence[Row]
    reads: Sequence[Read]
    exposures: Sequence[Exposure]
    judgements: Sequence[Judgement]
    reveals: Sequence[Reveal]
    runs: Sequence[Run]
    unreadable: Sequence[str]  # rows that are no objects of their kind any more, in words
    schema: Mapping[str, str]  # name of a table, index or trigger to its definition
    schema_expected: Mapping[str, str]
    damage: Sequence[str]  # what SQLite says of the file
    kept: Found
    head: Head
    is_begun: bool  # whether anything was written since the store was made or brought up to date
    from_schema: int  # what it was brought up to date from; 0 where it was made so
    n_entries_before: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a check: no problem, no sign of tampering. Notes are no problems, and limits of what was checked."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    head: Head
    n_entries: int
    n_rows: int
    damage: tuple[str, ...] = ()  # of these problems, those of the file itself

    @property
    def summary(self) -> str:
        """One sentence."""
        checked = f"{self.n_entries} entries of the log and {self.n_rows} rows"
        if self.problems:
            n = len(self.problems)
            return f"{n} sign{'s' if n > 1 else ''} of tampering or damage, in {checked}"
        return f"No sign of tampering: {checked} are as ecgview wrote them"


def verify(of: Evidence, heads: Iterable[str] = ()) -> Verification:
    """Return every sign of tampering, in words.

    Args:
        of: the store.
        heads: heads of the log as they were printed, "57:3f2a...", that it must hold.
    """
    parts = {
        "the schema": schema_problems(of.schema, of.schema_expected),
        "the log": _log(of),
        "the links of rows": _links(of),
        "rows": _rows(of),
        "what the log says of reads": _contents(of),
        "openings of AI": _reveals(of),
        "versions of reads": _versions(of),
        "times": _clock(of),
        "the head of the log": _heads(of, heads),
    }
    found = [f"the file is damaged: {text}" for text in of.damage]
    for name, part in parts.items():
        found += _whole(name, part)
    found += of.unreadable
    counts = (len(of.entries), len(of.rows))
    return Verification(tuple(_bounded(found)), tuple(_notes(of)), of.head, *counts, tuple(of.damage))


def _whole(name: str, part: Iterable[str]) -> Iterator[str]:
    """Yield what a part of the check finds; that it cannot be done where a row holds what no row can."""
    try:
        yield from part
    except DAMAGED as error:
        yield f"{name} cannot be compared to the end: a row is damaged ({type(error).__name__})"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def anchors(entries: Sequence[AuditEntry], heads: Iterable[str]) -> Iterator[str]:
    """Yield for each printed head that a log does not hold what is wrong."""
    hash_of = {entry.number: entry.hash for entry in entries}
    for text in heads:
        number, _, said = "".join(text.lower().split()).partition(":")  # a printed one has a space
        if not _is_number(number) or len(said) < _FEWEST_DIGITS or set(said) - set("0123456789abcdef"):
            yield f"{text!r} is no head: expected its number, a colon and {_FEWEST_DIGITS} digits of its hash or more"
        elif int(number) not in hash_of:
            yield f"entry {number}, of which a head was kept elsewhere, is not in the log: it is cut"
        elif not hash_of[int(number)].startswith(said):
            yield f"entry {number} is not the one of which a head was kept elsewhere: the log was made anew"


def _log(of: Evidence) -> Iterator[str]:
    yield from audit.verify(of.entries)


def schema_problems(schema: Mapping[str, str], expected: Mapping[str, str]) -> tuple[str, ...]:
    """Return in words which tables, indexes and triggers are not as ecgview made them."""
    found = []
    for name in sorted(expected.keys() | schema.keys()):
        now, ours = schema.get(name), expected.get(name)
        if now is None:
            found.append(f"in the schema, {name} is missing: somebody took it away")
        elif ours is None:
            found.append(f"in the schema, {name} is not of ecgview: somebody put it there")
        elif now != ours:
            found.append(f"in the schema, {name} is not as ecgview made it")
    return tuple(found)


def _links(of: Evidence) -> Iterator[str]:
    before, number = bytes.fromhex(FIRST_LINK), 0
    hash_of = {0: FIRST_LINK}
    for link in of.links:
        if link.number != number + 1:
            yield f"link {number + 1} of the rows is missing: link {link.number} follows"
        if link.hash != next_hash(before, link.table, link.digest):
            yield f"link {link.number} of the rows was changed after it was written"
        before, number = link.hash, link.number
        hash_of[number] = link.hash.hex()
    for entry in of.entries:
        row, _, said = entry.rows_head.partition(":")
        if not entry.rows_head:
            if entry.number > of.n_entries_before:
                yield f"entry {entry.number} does not name the rows that were written before it"
        elif not _is_number(row) or hash_of.get(int(row)) != said:
            yield f"the rows written before entry {entry.number} are not those that it names"


def _rows(of: Evidence) -> Iterator[str]:
    linked = Counter((link.table, link.digest) for link in of.links)
    for row in of.rows:
        key = (row.table, row.digest)
        if linked[key] > 0:
            linked[key] -= 1
        else:
            yield f"{row.words}: was changed after it was written, or ecgview did not write it"
    last = {(link.table, link.digest): link.number for link in of.links}
    for key, count in linked.items():
        if count > 0:
            yield f"a row of {key[0]} (link {last[key]}) is missing or was changed"


def _contents(of: Evidence) -> Iterator[str]:
    """Yield what the log does not hold of reads, exposures, judgements and runs, and the other way round."""
    kept: dict[str, tuple[str, Moment]] = {}
    for read in of.reads:
        kept[read_digest(read)] = (
            f"version {read.number} by {read.reader} of record {read.record_sha256[:12]}",
            read.committed_at,
        )
    for exposure in of.exposures:
        what = f"an exposure of record {exposure.record_sha256[:12]}"
        kept[exposure_digest(exposure)] = (what, exposure.moment)
    for one in of.judgements:
        what = f"judgement {one.number} by {one.reader} of record {one.record_sha256[:12]}"
        kept[judgement_digest(one)] = (what, one.moment)
    for run in of.runs:
        kept[run_digest(run)] = (f"a run of {run.kind}", run.moment)
    logged = {entry.content_sha256: entry for entry in of.entries if entry.content_sha256}
    for digest, (what, moment) in kept.items():
        if (entry := logged.get(digest)) is None:
            yield f"{what} is not as logged"
        elif entry.moment != moment and (
            entry.action not in (EXPOSED, RAN)
            or entry.moment < moment  # these may have had to wait for the store
        ):
            yield f"{what} is of another time than entry {entry.number}, which logged it"
    for digest, entry in logged.items():
        if digest not in kept:
            what = _LOGGED.get(entry.action, "read")
            yield f"the {what} logged in entry {entry.number} is missing or was changed"


def _reveals(of: Evidence) -> Iterator[str]:
    logged = Counter(
        Reveal(entry.record_sha256, entry.reader, entry.action, entry.moment)
        for entry in of.entries
        if entry.action in REVEALS
    )
    lying = Counter(of.reveals)
    for one in (lying - logged).elements():
        yield f"that AI was opened to {one.reader} for record {one.record_sha256[:12]} is not in the log"
    for one in (logged - lying).elements():
        yield (
            f"the log says that AI was opened to {one.reader} for record {one.record_sha256[:12]} "
            f"({one.moment.text[:16]}), the store does not"
        )


def _versions(of: Evidence) -> Iterator[str]:
    """Yield versions of a read that cannot have followed each other, and blind reads that were not."""
    entry_of = {entry.content_sha256: entry.number for entry in of.entries if entry.content_sha256}
    opened: dict[tuple[str, str], int] = {}
    for entry in of.entries:
        if entry.action in REVEALS:
            opened.setdefault((entry.record_sha256, entry.reader), entry.number)
    by_reader: dict[tuple[str, str], list[Read]] = {}
    for read in of.reads:
        by_reader.setdefault((read.record_sha256, read.reader), []).append(read)
    kinds = {action: kind for kind, action in ACTION.items()}
    action_of = {entry.number: entry.action for entry in of.entries}
    for key, reads in by_reader.items():
        name = f"the read by {key[1]} of record {key[0][:12]}"
        if [read.number for read in reads] != list(range(1, len(reads) + 1)):
            yield f"{name} does not have all of its versions, or not in their order"
        if reads[0].kind is not ReadKind.FIRST:
            yield f"{name} does not begin with a first read"
        at = [entry_of.get(read_digest(read), 0) for read in reads]
        if all(at) and at != sorted(at):
            yield f"the versions of {name} were not logged in their order"
        for number, read in zip(at, reads, strict=True):
            if number and kinds.get(action_of[number]) is not read.kind:
                yield f"{name}: version {read.number} was logged as something else, in entry {number}"
        if reads[0].blind and at[0] and opened.get(key, at[0]) < at[0]:
            yield f"{name} is called blind, and AI was opened before, in entry {opened[key]}"


def _clock(of: Evidence) -> Iterator[str]:
    for before, entry in zip(of.entries, of.entries[1:], strict=False):
        if entry.number <= of.n_entries_before or entry.action == CLOCK_SET_BACK:
            continue
        if entry.moment.seconds_before(before.moment.utc) > CLOCK_TOLERANCE_S:
            yield f"entry {entry.number} is earlier than the entry before it, and no clock was marked as set back"


def _heads(of: Evidence, heads: Iterable[str]) -> Iterator[str]:
    if of.is_begun or of.kept.trouble != kept_head.MISSING:
        entries = {entry.number: entry.hash for entry in of.entries}
        rows = {link.number: link.hash.hex() for link in of.links}
        if said := kept_head.differs(of.kept, of.head, entries, rows):
            yield said
    for entry in of.entries:
        if entry.action == HEAD_DIFFERED:
            yield f"before entry {entry.number}, ecgview found: {entry.details}"
    yield from anchors(of.entries, heads)


def _notes(of: Evidence) -> Iterator[str]:
    for entry in of.entries:
        if entry.action == CLOCK_SET_BACK:
            yield f"the clock was set back before entry {entry.number}, {entry.details}"
    if of.from_schema:
        yield (
            f"this store was brought up to date from version {of.from_schema} of its schema after entry "
            f"{of.n_entries_before}: of what lay there before, reads, exposures, judgements and openings of AI are "
            "covered by the log; drafts, records, paths and answers of models from before version 8: not covered"
        )
        if any(
            entry.moment.seconds_before(before.moment.utc) > CLOCK_TOLERANCE_S
            for before, entry in zip(of.entries, of.entries[1 : of.n_entries_before], strict=False)
        ):
            yield "before that a clock was set back; it was not marked then"
    if of.is_begun and of.head in of.kept.heads:
        yield "the head is the one that ecgview kept; the same user of this computer could still forge both"
    now = datetime.now(UTC).isoformat()
    if of.entries and Moment(now).seconds_before(of.entries[-1].moment.utc) > CLOCK_TOLERANCE_S:
        yield "the last entry is later than the clock of this computer"


def _bounded(found: Iterable[str]) -> Iterator[str]:
    """Yield each sentence once, and of a long row of one kind no more than the first ones."""
    counts: Counter[str] = Counter()
    for text in dict.fromkeys(found):
        kind = "".join("" if char.isdigit() else char for char in text)[-24:]
        counts[kind] += 1
        if counts[kind] <= SHOWN_OF_A_KIND:
            yield text
    for count in counts.values():
        if count > SHOWN_OF_A_KIND:
            yield f"and {count - SHOWN_OF_A_KIND} more of one of these kinds"
