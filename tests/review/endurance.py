"""Two programs write into one store and are killed at any moment, on every shipped schema, for as long as asked.

    python tests/review/endurance.py --minutes 60 --seed 1

Each round starts two programs on a store that some version of ecgview wrote. Both add marks to the same draft, and lock
and sign reads of their own; now and then the store is held locked, or no file of a program may grow beyond a chance
length for the time of one edit, lock or signature, as on a full disk. They are killed while they write. Every edit that
was said to be saved must then be there, once; every signed read whole; and the check must find nothing. What the kill
left is torn besides: copies of SQLite's log are cut at chance pages, and none may hold a half read or a damaged file.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from torn_files import FRAME, LOG_HEADER, lay

HERE = Path(__file__).parent
FARTHEST = 60  # steps that are heard of both programs at most before they are killed
CUTS = 3  # of the log that each kill left
LOCKED_S = 2.5  # longer than ecgview waits
FULL = 0.2  # of the programs find the disk full once
MOST_PAGES = 40  # that a file may have then: about as many as a round writes into SQLite's log

WRITER = """
import resource
import sys
import numpy as np
from ecgview.errors import StoreError
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Source
from ecgview.review.annotation import Annotation
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

store, run, who = Store(sys.argv[1]), sys.argv[2], int(sys.argv[3])
full_at, most_bytes = int(sys.argv[4]), int(sys.argv[5])
n_acts = 0

def opened(sha256):
    source = Source("x.hea", "wfdb", sha256)
    record = EcgRecord(np.zeros((12, 10), np.float32), STANDARD_12, 500.0, source=source)
    return tried(lambda: ReadingSession(store, record, "Reader A"))

def tried(act):
    while True:
        try:
            return act()
        except StoreError as error:
            if "locked" not in error.message:
                raise

def say(*words):
    sys.stdout.write(" ".join(words) + "\\n")
    sys.stdout.flush()

def on_a_full_disk(act):
    global n_acts
    n_acts += 1
    if n_acts != full_at:
        return act()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        return act()
    except StoreError:
        say("full")
        raise
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

def committed(act):
    try:
        on_a_full_disk(act)
    except StoreError:
        tried(act)

def edited(act):
    try:
        on_a_full_disk(act)
    except StoreError:
        tried(session.save)

shared = opened(f"shared-{run}")
for number in range(100000):
    session = shared
    at = float(2 * number + who)
    edited(lambda: shared.add_annotation(Annotation(("II",), at, at + 0.5, "PVC")))
    say("mark", str(at))
    if number % 4 == 3:
        sha256 = f"own-{run}-{who}-{number}"
        session = opened(sha256)
        edited(lambda: session.toggle_statement("AFIB"))
        edited(lambda: session.add_annotation(Annotation(("V1",), 0.5, 1.0, "PVC")))
        committed(session.commit_first_read)
        say("locked", sha256)
        committed(session.sign)
        say("signed", sha256)
"""


@dataclass
class Tally:
    """What was done, and what was wrong, in words."""

    kills: int = 0
    edits: int = 0  # that were said to be saved
    commits: int = 0
    cuts: int = 0
    locks: int = 0
    fulls: int = 0  # times that a write was refused for want of room
    wrong: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """One line."""
        return (
            f"{self.kills} kills, {self.edits} acknowledged edits, {self.commits} acknowledged locks and signatures, "
            f"{self.locks} times locked, {self.fulls} times full, {self.cuts} cuts of the log; "
            f"{len(self.wrong)} wrong"
        )


def laid(version: int, folder: Path) -> Path:
    """Return a store as a version of the schema wrote it, or none yet for today's."""
    database = folder / f"schema-{version}" / "ecgview.db"
    database.parent.mkdir(parents=True, exist_ok=True)
    script = HERE / f"store_version_{version}.sql"
    if script.exists():
        with contextlib.closing(sqlite3.connect(database)) as raw:
            raw.executescript(script.read_text(encoding="utf-8"))
    return database


def play(database: Path, run: str, chance: random.Random, tally: Tally, farthest: int) -> None:
    """Start two programs, kill them while they write, and look at what they left."""
    command = [sys.executable, "-c", WRITER, str(database), run]
    writers = [
        subprocess.Popen([*command, str(who), *_full(chance, farthest)], stdout=subprocess.PIPE, text=True)
        for who in (0, 1)
    ]
    said = ["", ""]
    holds = chance.random() < 0.1
    for _ in range(chance.randint(1, farthest // 2)):
        for who, writer in enumerate(writers):
            assert writer.stdout is not None
            said[who] += writer.stdout.readline()
    if holds:
        with contextlib.closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            time.sleep(LOCKED_S)
        tally.locks += 1
        for who, writer in enumerate(writers):
            assert writer.stdout is not None
            said[who] += writer.stdout.readline()
    for who, writer in sorted(enumerate(writers), key=lambda _: chance.random()):
        writer.send_signal(signal.SIGKILL)
        said[who] += writer.communicate()[0]
        if writer.returncode != -signal.SIGKILL:
            tally.wrong.append(f"{run}: a program ended by itself with {writer.returncode}")
        tally.kills += 1
    lines = [line.split() for text in said for line in text.splitlines(keepends=True) if line.endswith("\n")]
    tear(database, run, chance, tally)
    look(database, run, lines, tally)


def _full(chance: random.Random, farthest: int) -> tuple[str, str]:
    """Return at which act the disk is full, 0 for never, and how long a file may be then."""
    if chance.random() >= FULL:
        return "0", "0"
    return str(chance.randint(1, max(1, farthest // 3))), str(chance.randrange(MOST_PAGES) * FRAME)


def look(database: Path, run: str, lines: list[list[str]], tally: Tally) -> None:
    """Compare what was said with what is there."""
    from ecgview.review.store import Store

    with Store(database) as store:
        tally.wrong += [f"{run}: {text}" for text in store.verify()]
        marks = Counter(
            one.start_s for one in store.draft_version(f"shared-{run}", "Reader A").content.annotations
        )
        tally.wrong += [f"{run}: mark {at} is there {n} times" for at, n in marks.items() if n > 1]
        for kind, *rest in lines:
            what = " ".join(rest)
            if kind == "full":
                tally.fulls += 1
                continue
            if kind == "mark":
                tally.edits += 1
                if float(what) not in marks:
                    tally.wrong.append(f"{run}: mark {what} is lost")
                continue
            tally.commits += 1
            reads = store.reads(what, "Reader A")
            if len(reads) < (1 if kind == "locked" else 2) or not all(map(_is_whole, reads)):
                tally.wrong.append(f"{run}: {what} was {kind}, and {len(reads)} reads are there")


def tear(database: Path, run: str, chance: random.Random, tally: Tally) -> None:
    """Cut copies of the log that a kill left at chance pages, and open each.

    Pages that SQLite began to take over into the file are not cut: it has the disk keep them in the log first.
    """
    from ecgview.review.store import Store

    log = database.with_name(database.name + "-wal")
    content = log.read_bytes() if log.exists() else b""
    n_frames = max(0, len(content) - LOG_HEADER) // FRAME
    n_safe = _taken_over(database) if n_frames else 0
    copy = database.parent / "torn" / "ecgview.db"
    copy.parent.mkdir(exist_ok=True)
    for _ in range(CUTS if n_frames > n_safe else 0):
        at = LOG_HEADER + chance.randrange(n_safe, n_frames) * FRAME + chance.choice((0, FRAME // 2))
        lay(copy, database.read_bytes(), content[:at])
        with Store(copy) as store:
            found = store.check()
            tally.wrong += [f"{run}: cut at {at}: {text}" for text in found.damage]
            for name in store.first_reads_open():
                store.draft_version(name, "Reader A")
            for sha256, _ in store.signed():
                if sha256.startswith("own-") and not all(map(_is_whole, store.reads(sha256, "Reader A"))):
                    tally.wrong.append(f"{run}: cut at {at}: {sha256} is half there")
        tally.cuts += 1
    shutil.rmtree(copy.parent)


def _taken_over(database: Path) -> int:
    """Return how many pages of the log SQLite has, or may have, written into the file (`nBackfillAttempted`)."""
    index = database.with_name(database.name + "-shm").read_bytes()
    return int.from_bytes(index[128:132], sys.byteorder)  # behind two headers, five marks and eight locks


def _is_whole(read: object) -> bool:
    return len(read.statements) == 1 and len(read.annotations) == 1  # type: ignore[attr-defined]


def endure(
    folder: Path,
    seed: int,
    *,
    until: float | None = None,
    rounds: int | None = None,
    farthest: int = FARTHEST,
) -> Tally:
    """Play rounds on stores of every schema in turn, until a time of the monotonic clock or so many.

    Each store is used for as many rounds as it takes to come round to it again, so that old and new lie together.
    """
    from ecgview.review import _rows, migrations
    from ecgview.review.kept_head import KeptHead

    chance, tally = random.Random(seed), Tally()
    stores = [laid(version, folder) for version in range(1, migrations.LATEST + 1)]
    for version, database in enumerate(stores, start=1):
        if migrations.LINKED_SINCE <= version < migrations.LATEST:  # its head lies where it was written
            with contextlib.closing(sqlite3.connect(database)) as raw:
                (identity,) = raw.execute("SELECT store FROM identity").fetchone()
                KeptHead(database).keep(identity, (_rows.head(raw),), durable=False)
    number = 0
    while (rounds is None or number < rounds) and (until is None or time.monotonic() < until):
        play(stores[number % len(stores)], f"{number:06}", chance, tally, farthest)
        number += 1
        if tally.wrong:
            break  # the stores are left as they are, to be looked at
    return tally


def main() -> int:
    """Play for as long as asked; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ecgview-endurance-"))
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):  # no store and no key of the user is touched
        os.environ[name] = str(folder / "home")
    tally = endure(folder, args.seed, until=time.monotonic() + 60 * args.minutes)
    print(tally.words)
    for text in tally.wrong:
        print(f"  ! {text}")
    if tally.wrong:
        print(f"the stores lie in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
