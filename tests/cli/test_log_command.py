"""`ecgview log`: what the check says and by which exit code, and the exported log without the store."""

import json
import sqlite3
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.record import EcgRecord
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store, default_path


@pytest.fixture
def signed(pulse_record: EcgRecord) -> Path:
    """Return the user's own store with a signed read, and another reader's that is begun."""
    with Store() as store:
        session = ReadingSession(store, pulse_record, "Reader A")
        session.toggle_statement("SR")
        session.sign()
        ReadingSession(store, pulse_record, "Reader B").set_comment("half way")
    return default_path()


def found(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["log", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_store_that_holds(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "verify"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("No sign of tampering: ")
    assert "head: " in out
    code, said = found(capsys, "verify", "--store", str(signed))
    assert (code, said["problems"], said["of"]) == (0, [], str(signed))
    assert found(capsys, "verify", "--head", str(said["head"]))[0] == 0


def test_a_store_that_was_changed(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = sqlite3.connect(signed)
    raw.execute("DROP TRIGGER drafts_is_never_deleted")
    raw.execute("DELETE FROM drafts WHERE reader = 'Reader B'")
    raw.commit()
    raw.close()
    assert main(["log", "verify"]) == 1
    out = capsys.readouterr().out
    assert "signs of tampering" in out
    assert "! in the schema, drafts_is_never_deleted is missing" in out
    assert "! a row of drafts" in out


def test_an_exported_log_is_checked_without_the_store(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    code, said = found(capsys, "export", "-o", str(log))
    head = str(said["head"])
    assert code == 0
    assert found(capsys, "verify", "--log", str(log), "--head", head)[0] == 0
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text("".join(lines[:-1]), encoding="utf-8")
    assert found(capsys, "verify", "--log", str(log))[0] == 0  # nothing tells without a head
    code, said = found(capsys, "verify", "--log", str(log), "--head", head)
    assert code == 1
    assert "is cut" in str(said["problems"])
    log.write_text("{}\n", encoding="utf-8")
    assert main(["log", "verify", "--log", str(log)]) == 1
    assert "is no log that ecgview exported" in capsys.readouterr().err


def test_who_reads_blind_is_not_called_blind_after_an_export(
    signed: Path, tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Reader A said stands in the log, and Reader B reads the same record."""
    assert main(["log", "export", "-o", str(tmp_path / "log.jsonl")]) == 0
    assert "not called blind" in capsys.readouterr().err
    with Store() as store:
        session = ReadingSession(store, pulse_record, "Reader B")
        assert "log written on the command line" in session.commit_first_read().exposed
        assert store.verify() == []
    assert main(["log", "export", "-o", str(tmp_path / "again.jsonl")]) == 0
    assert capsys.readouterr().err == ""  # nobody's first read is open any more


@pytest.mark.parametrize("is_copy", [False, True])
def test_nor_after_an_export_of_the_store_by_its_name_or_of_a_copy(
    signed: Path, tmp_path: Path, pulse_record: EcgRecord, is_copy: bool
) -> None:
    named = signed
    if is_copy:
        named = tmp_path / "copy.db"
        assert main(["store", "backup", "-o", str(named)]) == 0
    assert main(["log", "export", "--store", str(named), "-o", str(tmp_path / "log.jsonl")]) == 0
    with Store() as store:
        session = ReadingSession(store, pulse_record, "Reader B")
        assert "log written on the command line" in session.commit_first_read().exposed


def test_a_head_of_odd_digits_and_a_log_without_an_end_are_told(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = found(capsys, "verify", "--head", "\u00b2:3f2a3f2a3f2a")
    assert code == 1
    assert "is no head" in str(said["problems"])
    monkeypatch.setattr("ecgview.cli.log.LARGEST_LOG", 1000)
    (tmp_path / "log.jsonl").write_bytes(b"\0" * 1001)
    assert main(["log", "verify", "--log", str(tmp_path / "log.jsonl")]) == 1
    assert "too large for a log" in capsys.readouterr().err


def test_where_there_is_no_store_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["verify"], ["verify", "--store", str(tmp_path / "no.db")]):
        assert main(["log", *words]) == 1
        assert "there is no store of reads" in capsys.readouterr().err
    assert not (tmp_path / "no.db").exists()
    assert not default_path().exists()


ENTRY = (
    '{"number": 1, "moment": {"utc": "x", "offset_minutes": 0}, "reader": "", "application": "", "action": "", '
    '"record_sha256": ""'
)


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "null",
        "[" * 100_000,
        '{"moment": 5}',
        "9" * 5000,
        ENTRY + ', "hash": 7}',
        ENTRY + ', "rows_head": 5}',
        ENTRY + ', "mine": 5}',
        ENTRY.replace('"reader": ""', '"reader": {}') + "}",
        ENTRY.replace('"offset_minutes": 0', '"offset_minutes": []') + "}",
        ENTRY.replace('"number": 1', '"number": "1"') + "}",
    ],
)
def test_what_is_no_log_is_told_by_its_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.jsonl").write_text(f"{ENTRY}}}\n{text}\n")
    assert main(["log", "verify", "--log", str(tmp_path / "log.jsonl")]) == 1
    said = capsys.readouterr().err
    assert "is no log that ecgview exported" in said
    assert "line 2" in said


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x1e", "\r"])
def test_an_end_of_line_within_a_text_ends_no_entry(signed: Path, tmp_path: Path, end: str) -> None:
    with Store() as store:
        store.log("pulse", f"Reader{end}A", "looked", f"a{end}b")
        store.keep_unlogged("classify", f"a{end}b", ["pulse"])
        assert [one.details for one in store.exposures("pulse")] == [f"a{end}b"]
    assert main(["log", "export", "-o", str(tmp_path / "log.jsonl")]) == 0
    assert main(["log", "verify", "--log", str(tmp_path / "log.jsonl")]) == 0
