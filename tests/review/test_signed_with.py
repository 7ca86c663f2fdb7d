"""A read keeps the patient and acquisition it was locked with; a replaced file is no longer the one that was read."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview import formats
from ecgview.formats import wfdb
from ecgview.record import Acquisition, EcgRecord, Patient
from ecgview.report import content, json_report
from ecgview.review import same_file, signed_with
from ecgview.review.read import ReadState
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

ANNA = Patient("7", "Wang Anna", "female", 63.0, "1963-01-02")
OLD_NS = 1_600_000_000 * 10**9


@pytest.fixture
def anna(pulse_record: EcgRecord) -> EcgRecord:
    acquisition = Acquisition("2026-01-02T03:04:05", "Cart 3", 0.05, 150.0)
    return replace(pulse_record, patient=ANNA, acquisition=acquisition)


def test_a_read_keeps_what_it_was_locked_with(store: Store, anna: EcgRecord) -> None:
    session = ReadingSession(store, anna, "Reader A")
    session.toggle_statement("SR")
    session.sign()
    for read in store.reads("pulse"):
        assert read.signed_with == signed_with.of(anna)
        shown = dict(read.signed_with.shown)
        assert (shown["name"], shown["age"], shown["high-pass, Hz"]) == ("Wang Anna", "63", "0.05")
    assert ReadingSession(store, anna, "Reader A").read_under == ""
    assert store.verify() == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"patient": replace(ANNA, name="Li Berta")}, "name Wang Anna when it was signed, Li Berta now"),
        ({"patient": replace(ANNA, sex="")}, "sex female when it was signed, not stated now"),
        ({"patient": replace(ANNA, age_years=63.04)}, "age 63 when it was signed, 63.04 now"),
        ({"patient": replace(ANNA, patient_id="8")}, "patient ID 7 when it was signed, 8 now"),
        (
            {"acquisition": Acquisition("2026-01-03T03:04:05", "Cart 3", 0.05, 150.0)},
            "recorded 2026-01-02T03:04:05",
        ),
    ],
)
def test_the_same_samples_under_other_data_are_told(
    store: Store, anna: EcgRecord, other: dict[str, object], said: str
) -> None:
    session = ReadingSession(store, anna, "Reader A")
    session.toggle_statement("SR")
    session.commit_first_read()
    changed = replace(anna, **other)  # type: ignore[arg-type]
    again = ReadingSession(store, changed, "Reader A")
    assert said in again.read_under
    report = content.gather(changed, read=again.latest, measurements=())
    (note,) = [note for note in report.notes if note.kind == "signed-with"]
    assert said in note.text


def test_a_deidentified_report_tells_only_that_they_differ(store: Store, anna: EcgRecord) -> None:
    session = ReadingSession(store, anna, "Reader A")
    session.set_comment("as Wang Anna told")
    session.sign()
    changed = replace(anna, patient=replace(ANNA, name="Li Berta", patient_id="8"))
    report = content.gather(
        changed, read=session.latest, measurements=(), identified=False, study_name="ecg-1"
    )
    text = str(json_report.as_dict(report))
    assert "the read was signed with another name and another patient ID" in text
    assert [word for word in ("Wang", "Anna", "Berta", "1963") if word in text] == []


def test_a_signed_report_prints_the_head_of_the_log(store: Store, anna: EcgRecord) -> None:
    session = ReadingSession(store, anna, "Reader A")
    session.toggle_statement("SR")
    first = session.commit_first_read()
    head = store.head()
    unsigned = content.gather(anna, read=first, measurements=(), log_head=head.text)
    assert json_report.as_dict(unsigned)["log_head"] is None
    signed = content.gather(anna, read=session.sign(), measurements=(), log_head=store.head().text)
    kept = json_report.as_dict(signed)["log_head"]
    assert store.check([f"{kept['entry']}:{kept['hash']}"]).problems == ()
    assert kept == {"entry": store.head().entry, "hash": store.head().entry_hash}


def settled(path: Path, ns: int = OLD_NS) -> Path:
    """Give a record's files an older time, as one that lies there for a while has, where the system lets us."""
    for file in path.parent.glob(f"{path.stem}.*"):
        os.utime(file, ns=(ns, ns))
    return path


@pytest.fixture
def patient_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be older than what a file system's clock can tell."""
    monkeypatch.setattr("ecgview.formats.places.stamp.time.time_ns", lambda: 2**62)


def read_it(store: Store, path: Path) -> EcgRecord:
    record = formats.read(path)
    session = ReadingSession(store, record, "Reader A")
    session.toggle_statement("SR")
    session.sign()
    return record


@pytest.mark.usefixtures("patient_clock")
def test_a_replaced_file_is_not_the_one_that_was_read(
    store: Store, tmp_path: Path, anna: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settled(wfdb.write(anna, tmp_path / "one"))
    read_it(store, path)
    monkeypatch.chdir(tmp_path)
    opened: list[object] = []
    read = formats.read
    monkeypatch.setattr(formats, "read", lambda *args: opened.append(args) or read(*args))
    for name in (str(path), "one.hea", "./one.hea", f"../{tmp_path.name}/one.hea"):
        assert same_file.statuses(store, [name]) == {name: ReadState.CONFIRMED}
    assert opened == []  # size and times say so
    wfdb.write(replace(anna, signal=anna.signal * 0.5), tmp_path / "one")
    settled(path)  # the same size, and its old time
    assert same_file.statuses(store, ["one.hea", str(path)]) == {
        "one.hea": ReadState.NEW,
        str(path): ReadState.NEW,
    }
    assert store.verify() == []


@pytest.mark.usefixtures("patient_clock")
def test_a_file_that_was_only_touched_is_read_once_and_is_the_one_again(
    store: Store, tmp_path: Path, anna: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settled(wfdb.write(anna, tmp_path / "one"))
    read_it(store, path)
    settled(path, OLD_NS + 10**9)
    opened: list[object] = []
    read = formats.read
    monkeypatch.setattr(formats, "read", lambda *args: opened.append(args) or read(*args))
    for _ in range(3):
        assert same_file.statuses(store, [str(path)]) == {str(path): ReadState.CONFIRMED}
    assert len(opened) == 1
    path.with_suffix(".dat").unlink()
    assert same_file.statuses(store, [str(path)]) == {str(path): ReadState.NEW}


def test_a_file_that_changed_just_now_is_read(store: Store, tmp_path: Path, anna: EcgRecord) -> None:
    """Within two seconds a file may change and keep size and times: nothing is taken for granted."""
    path = wfdb.write(anna, tmp_path / "one")
    record = read_it(store, path)
    assert record.source.stamp == ""
    assert same_file.statuses(store, [str(path)]) == {str(path): ReadState.CONFIRMED}
    wfdb.write(replace(anna, signal=anna.signal * 0.5), tmp_path / "one")
    assert same_file.statuses(store, [str(path)]) == {str(path): ReadState.NEW}
