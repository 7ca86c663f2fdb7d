"""Every signed report prints the head of the log, in each of its forms; one that is not signed has none."""

import json
from pathlib import Path

import pdfplumber
import pytest

from ecgview.record import EcgRecord
from ecgview.report import form_of
from ecgview.report.content import gather
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


def written(path: Path) -> str:
    """Return what a report says, without the spaces in which it is set."""
    if path.suffix == ".pdf":
        with pdfplumber.open(path) as pages:
            text = "".join(page.extract_text() for page in pages.pages)
    elif path.suffix == ".json":
        text = json.dumps(json.loads(path.read_text(encoding="utf-8"))["log_head"])
    else:
        text = path.read_bytes().decode("latin-1")
    return "".join(text.split())


@pytest.mark.parametrize("suffix", [".pdf", ".json", ".ecgview"])
@pytest.mark.parametrize("identified", [True, False])
def test_the_head_stands_in_every_form_of_a_signed_report(
    tmp_path: Path, pulse_record: EcgRecord, suffix: str, identified: bool
) -> None:
    with Store(tmp_path / "store.db") as store:
        session = ReadingSession(store, pulse_record, "Reader A")
        session.toggle_statement("SR")
        found = {}
        for name, commit in (("first", session.commit_first_read), ("signed", session.sign)):
            commit()
            report = gather(
                pulse_record,
                read=session.latest,
                measurements=(),
                identified=identified,
                study_name="ecg-1",
                log_head=store.head().text,
            )
            found[name] = written(
                form_of(tmp_path / f"{name}{suffix}").write(report, tmp_path / f"{name}{suffix}")
            )
        head = store.head()
    halves = (head.entry_hash[:32], head.entry_hash[32:])  # a printed one stands on two lines
    assert all(half in found["signed"] for half in halves)
    assert not any(half in found["first"] for half in halves)
