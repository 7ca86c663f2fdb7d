"""The process may be killed at any moment: what it said was saved is there, and the file is whole."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ecgview.review.store import Store

KILLS = 10
FARTHEST = 24  # lines that are heard at most before a kill: eight reads, three steps each

READER = """
import sys
import numpy as np
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Source
from ecgview.review.annotation import Annotation
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

def say(*words):
    sys.stdout.write(" ".join(words) + "\\n")
    sys.stdout.flush()

store, run, signal = Store(sys.argv[1]), sys.argv[2], np.zeros((12, 10), np.float32)
for number in range(100000):
    sha256 = f"{run}-{number}"
    source = Source("x.hea", "wfdb", sha256)
    session = ReadingSession(store, EcgRecord(signal, STANDARD_12, 500.0, source=source), "Reader A")
    session.toggle_statement("AFIB")
    session.add_annotation(Annotation(("II",), 1.0, 2.0, "PVC"))
    say("draft", sha256)
    session.commit_first_read()
    say("first", sha256)
    session.reveal()
    session.toggle_statement("PVC")
    session.sign()
    say("signed", sha256)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a matter of POSIX")
def test_no_acknowledged_label_is_lost_whenever_the_process_is_killed(database: Path) -> None:
    chance = random.Random(20)
    said: list[tuple[str, str]] = []
    for run in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", READER, str(database), str(run)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        heard = [child.stdout.readline() for _ in range(chance.randint(1, FARTHEST))]
        child.send_signal(signal.SIGKILL)  # it is in the middle of what comes next
        rest = child.communicate()[0]
        assert child.returncode == -signal.SIGKILL
        lines = ("".join(heard) + rest).splitlines(keepends=True)
        said += [(kind, sha) for kind, sha in (line.split() for line in lines if line.endswith("\n"))]
    assert {kind for kind, _ in said} == {"draft", "first", "signed"}

    raw = sqlite3.connect(database)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()
    with Store(database) as store:
        assert store.verify() == []
        for kind, sha256 in said:
            reads = store.reads(sha256, "Reader A")
            if kind == "draft":
                content = reads[0].content if reads else store.draft(sha256, "Reader A")[0]  # type: ignore[index]
            else:
                content = reads[0 if kind == "first" else 1].content
            assert [s.code for s in content.statements] == (["AFIB", "PVC"] if kind == "signed" else ["AFIB"])
            assert content.annotations[0].leads == ("II",)
