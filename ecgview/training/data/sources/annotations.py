"""ecgview's own database of reads as a data set: the statements that readers signed.

One row per recording. Of each reader the last signed version counts, and a statement counts if more than half of
the readers who signed made it (a default of ours), as definite or probable. Codes of the label set ptbxl71 stand as
they are, those of cinc2021 become SNOMED CT identifiers, others are written set/code. The samples are read from where
the recording was opened last, and only if they are still those that were read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecgview import formats
from ecgview.errors import BlindedError, EcgviewError, FormatError
from ecgview.formats import RecordSummary
from ecgview.labels import label_set
from ecgview.record import EcgRecord
from ecgview.review.migrations import APPLICATION_ID
from ecgview.review.read import Certainty, Read, ReadKind, ReadStatement
from ecgview.review.store import Store
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell, fitting_tasks
from ecgview.training.data.tasks import Task

NAME = "ecgview reads"
TASK = "labels"
SURE: tuple[Certainty, ...] = (Certainty.DEFINITE, Certainty.PROBABLE)


def sniff(path: Path) -> bool:
    """Return whether a file is a store of ecgview, by the mark in its header."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


def open(path: Path, reader: str | None = None, certainties: Iterable[Certainty] = SURE) -> "Reads":
    """Return the data set of a store: of every reader, or of one."""
    return Reads(path, reader, tuple(certainties))


@dataclass(frozen=True, slots=True)
class Reads:
    """A store and whose statements of it count."""

    path: Path
    reader: str | None = None
    certainties: tuple[Certainty, ...] = SURE

    @property
    def name(self) -> str:
        """The layout."""
        return NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The statements as they are, then every published task that they speak of."""
        codes = sorted({code for row in self.rows() for code in row.codes})
        return (tasks.of_codes(TASK, codes), *fitting_tasks(codes)) if codes else ()

    @property
    def fold_names(self) -> Mapping[int, str]:
        """Reads have no folds."""
        return {}

    def rows(self) -> Iterator[Row]:
        """Yield every recording with a signed read whose file is still there."""
        for sha256, paths, codes in self._signed():
            summary = _summary(paths)
            if summary is not None:
                yield _row(sha256, codes, summary)

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield the recordings; one that changed since it was read, or is gone, goes to `tell`."""
        for sha256, paths, codes in self._signed():
            try:
                record = _same(sha256, paths)
            except EcgviewError as error:
                if tell is None:
                    raise
                tell(error)
                continue
            yield _row(sha256, codes, formats.peek(record.source.path)), record

    def problems(self) -> Iterator[Problem]:
        """Yield signed recordings whose file is gone, and those that somebody reads blind now."""
        with Store(self.path) as store:
            for sha256, _ in store.signed():
                if _reads(store, sha256, self.reader) is None:
                    yield Problem(
                        "being-read", f"record {sha256[:12]}", "somebody has begun a first read of it"
                    )
        for sha256, paths, _ in self._signed():
            if _summary(paths) is None:
                yield Problem("missing-file", f"record {sha256[:12]}", _gone(sha256, paths).sentence)

    def facts(self) -> Mapping[str, str | int]:
        """Return how many recordings were signed, and by whom."""
        with Store(self.path) as store:
            signed = list(store.signed())
            readers = {
                read.reader for sha256, _ in signed for read in _reads(store, sha256, self.reader) or ()
            }
        return {"signed recordings": len(signed), "readers": ", ".join(sorted(readers))}

    def _signed(self) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """Yield (fingerprint, paths, codes) of every recording that this reader, or anybody, signed."""
        with Store(self.path) as store:
            for sha256, paths in store.signed():
                reads = _reads(store, sha256, self.reader) or ()
                last = {r.reader: r for r in reads if r.kind is not ReadKind.FIRST}
                if last:
                    yield sha256, paths, self._agreed(list(last.values()))

    def _agreed(self, reads: list[Read]) -> tuple[str, ...]:
        """Return the codes that more than half of the readers gave."""
        votes = Counter(
            code
            for read in reads
            for code in {_code(item) for item in read.statements if item.certainty in self.certainties}
        )
        return tuple(sorted(code for code, count in votes.items() if 2 * count > len(reads)))


def _reads(store: Store, sha256: str, reader: str | None) -> tuple[Read, ...] | None:
    """Return the reads of a recording; None while somebody reads it blind, to whom labels would tell of others."""
    try:
        return store.reads(sha256, reader)
    except BlindedError:
        return None


def _code(statement: ReadStatement) -> str:
    if statement.label_set == "ptbxl71":
        return statement.code
    if statement.label_set == "cinc2021":
        known = label_set.load("cinc2021").get(statement.code)
        if known is not None:
            return known.snomed_ct.split("|")[0]
    return f"{statement.label_set}/{statement.code}"


def _row(sha256: str, codes: tuple[str, ...], summary: RecordSummary) -> Row:
    patient = summary.patient
    return Row(
        source="ecgview",
        record_id=sha256,
        patient_id=f"ecgview-{patient.patient_id or sha256[:12]}",
        codes=codes,
        age_years=patient.age_years,
        sex=patient.sex,
    )


def _summary(paths: tuple[str, ...]) -> RecordSummary | None:
    """Return what the first file that is still there says of itself."""
    for path in paths:
        try:
            return formats.peek(path)
        except EcgviewError:
            continue
    return None


def _same(sha256: str, paths: tuple[str, ...]) -> EcgRecord:
    """Return the recording that was read, from the first of its files that still holds it."""
    for path in paths:
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        if record.source.sha256 == sha256:
            return record
    raise _gone(sha256, paths)


def _gone(sha256: str, paths: tuple[str, ...]) -> FormatError:
    return FormatError(
        "the recording that was read is gone or changed",
        where=f"record {sha256[:12]}",
        expected="the same samples as when it was signed",
        found=", ".join(paths),
    )
