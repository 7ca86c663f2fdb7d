"""What a power cut leaves of a store: copies of its file and of SQLite's log, cut and torn at every page.

A disk keeps what was written before it was told to have it (fsync), and of what came later any part, in any order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.review.read import Draft, Read
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

PAGE = 4096
LOG_HEADER, FRAME_HEADER = 32, 24
FRAME = FRAME_HEADER + PAGE
READER = "Reader A"


@dataclass(frozen=True)
class Said:
    """A step that was acknowledged: how long SQLite's log was then, and what the store held."""

    step: str  # "edit", "lock", "sign"
    log_bytes: int
    reads: tuple[Read, ...]
    draft: Draft


@dataclass(frozen=True)
class Film:
    """A reading from its first edit to its signature and beyond, and the files as they lay at the end."""

    before: bytes  # the file before SQLite takes its log over
    log: bytes
    after: bytes  # and after
    said: tuple[Said, ...]

    def at(self, log_bytes: int) -> Said:
        """Return the last step of which the log was whole at this length."""
        return [one for one in self.said if one.log_bytes <= log_bytes][-1]

    @property
    def n_frames(self) -> int:
        """How many pages the log holds."""
        return (len(self.log) - LOG_HEADER) // FRAME

    def cut_logs(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield of each page of the log what is left if it is where the cut is, and how much of it is whole."""
        for number in range(self.n_frames + 1):
            whole = LOG_HEADER + number * FRAME
            yield f"cut after page {number}", whole, self.log[:whole]
            if number == self.n_frames:
                return
            half = whole + FRAME_HEADER + PAGE // 2
            yield f"torn in page {number + 1}", whole, self.log[:half]
            hole = self.log[:whole] + bytes(FRAME) + self.log[whole + FRAME :]
            yield f"page {number + 1} not written, later ones are", whole, hole

    def torn_pages(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield of each page of the file the file as it is torn there while it takes the log over, and afterwards."""
        for at in range(0, len(self.after), PAGE):
            new = self.after[at : at + PAGE]
            old = self.before[at : at + PAGE].ljust(PAGE, b"\0")
            torn = new[: PAGE // 2] + old[PAGE // 2 :]
            during = self.after[:at] + torn + self.before[at + PAGE :]
            name = f"page {at // PAGE + 1}"
            yield f"{name} torn", during, self.after[:at] + torn + self.after[at + PAGE :]
            yield f"{name} as before", during, self.after[:at] + old + self.after[at + PAGE :]
            yield f"{name} is not there", during, self.after[:at]


def film(database: Path, record: EcgRecord, n_edits: int = 3) -> Film:
    """Read a record, and keep what lay on the disk at each step."""
    log = database.with_name(database.name + "-wal")
    sha256 = record.source.sha256
    said: list[Said] = []
    with Store(database) as store:

        def says(step: str) -> None:
            draft = store.draft_version(sha256, READER).content
            said.append(
                Said(step, log.stat().st_size if log.exists() else 0, store.reads(sha256, READER), draft)
            )

        says("opened")
        session = ReadingSession(store, record, READER)
        for number in range(n_edits):
            session.add_annotation(Annotation(("II",), float(number), number + 0.5, "PVC"))
            says("edit")
        session.commit_first_read()
        says("lock")
        session.reveal()
        for number in range(n_edits):
            session.set_comment(f"as of {number} " + f"{number}" * 3 * PAGE)  # the file grows
            says("edit")
        session.sign()
        says("sign")
        session.amend("one more")
        says("edit")
        session.toggle_statement("AFIB")
        says("edit")
        before, written = database.read_bytes(), log.read_bytes()
    return Film(before, written, database.read_bytes(), tuple(said))


def lay(database: Path, file: bytes, log: bytes = b"") -> None:
    """Put a file and its log where the store lies, as after a start of the computer."""
    database.write_bytes(file)
    for suffix, content in (("-wal", log), ("-shm", b"")):
        beside = database.with_name(database.name + suffix)
        beside.unlink(missing_ok=True)
        if content:
            beside.write_bytes(content)
