"""`ecgview store`: what it says, and by which exit code."""

import json
import sqlite3
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.record import EcgRecord
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store, default_path


@pytest.fixture
def stored(isolated_home: Path, pulse_record: EcgRecord) -> Path:
    with Store() as store:
        session = ReadingSession(store, pulse_record, "Reader A")
        session.toggle_statement("AFIB")
        session.sign()
    return default_path()


def found(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["store", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_backup_check_restore(
    stored: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store", "check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The file is whole\nNo sign of tampering")
    assert "there is no backup" in out
    code, said = found(capsys, "backup")
    backup = Path(str(said["backup"]))
    assert (code, backup.parent, backup.stat().st_size) == (0, Path(f"{stored}.backups"), said["bytes"])
    code, checked = found(capsys, "check", "--store", str(backup))  # a copy has no head of its own
    assert (code, checked["is_whole"], checked["problems"]) == (0, True, [])
    assert checked["head"] == said["head"]
    with Store() as store:
        ReadingSession(store, pulse_record, "Reader B").set_comment("later")
    code, restored = found(capsys, "restore", str(backup))
    assert (code, restored["store"], restored["head"]) == (0, str(stored), said["head"])
    assert Path(str(restored["kept_aside"])).is_file()
    with Store() as store:
        assert store.draft("pulse", "Reader B") is None
    assert main(["store", "check"]) == 1  # the log was turned back, and says so
    out = capsys.readouterr().out
    assert out.startswith("The file is whole\n1 sign of tampering")
    assert str(backup) in out


def test_what_is_wrong_is_told_in_words(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = sqlite3.connect(stored)
    raw.execute("DROP TRIGGER drafts_is_never_deleted")
    raw.commit()
    raw.close()
    assert main(["store", "check"]) == 1
    assert "! in the schema, drafts_is_never_deleted is missing" in capsys.readouterr().out
    for words, told in (
        (["check", "--store", str(tmp_path / "none.db")], "there is no store of reads"),
        (["backup", "--store", str(tmp_path / "none.db")], "there is no store of reads"),
        (["backup", "-o", str(tmp_path / "no" / "x.db")], "no such folder"),
        (["restore", str(tmp_path / "none.db")], "there is no such backup"),
        (["restore", str(tmp_path)], "there is no such backup"),
    ):
        assert main(["store", *words]) == 1
        assert told in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
    stored.write_bytes(stored.read_bytes()[:5000])
    assert main(["store", "check"]) == 1
    assert "damaged" in "".join(capsys.readouterr())


def test_restore_tells_what_it_restores_and_what_it_leaves_out(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "copy.db"
    assert main(["store", "backup", "-o", str(backup)]) == 0
    log = tmp_path / "copy.db-wal"
    log.write_bytes(b"\x37\x7f\x06\x82" + bytes(5000))
    with Store() as store:
        last = store.audit()[-1]
    capsys.readouterr()
    assert main(["store", "restore", str(backup)]) == 0
    before, left_out, after, *_ = capsys.readouterr().out.splitlines()
    assert before == f"{backup} holds {last.number} entries of the log, the last of {last.moment.utc}"
    assert f"{log} is of another file and is left out" in left_out
    assert after.startswith(f"{stored}: restored from {backup}, which ends with entry {last.number}")
    assert log.is_file()
    code, said = found(capsys, "restore", str(backup))
    assert (code, said["left_out"], said["last_entry_utc"]) == (0, [str(log)], last.moment.utc)
    assert main(["store", "check", "--store", str(backup)]) == 0  # opened, it is set aside
    assert "set aside: a log of SQLite that is not of this file" in capsys.readouterr().out
    raw = sqlite3.connect(backup)
    raw.execute("DROP TRIGGER drafts_is_never_deleted")
    raw.commit()
    raw.close()
    code, said = found(capsys, "restore", str(backup))
    assert code == 1
    assert ["drafts_is_never_deleted" in text for text in said["problems"]] == [True]  # type: ignore[attr-defined]


def test_a_backup_dated_later_is_not_called_the_last(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = Path(str(found(capsys, "backup")[1]["backup"]))
    ahead = backup.with_name("99980101T000000Z.db")
    ahead.write_bytes(backup.read_bytes())
    notes = found(capsys, "check")[1]["notes"]
    assert f"the last backup is {backup}" in notes  # type: ignore[operator]
    assert f"{ahead} is dated later than the clock of this computer" in notes  # type: ignore[operator]


def test_a_script_can_tell_a_restore_that_is_known_from_trouble(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "copy.db"
    assert found(capsys, "backup", "-o", str(backup))[0] == 0
    with Store() as store:
        store.log("", "", "looked")
    assert found(capsys, "restore", str(backup))[0] == 0
    code, said = found(capsys, "check")
    assert (code, len(said["problems"])) == (1, 1)  # type: ignore[arg-type]
    (problem,) = said["problems"]  # type: ignore[misc]
    known = str(said["head"])
    code, said = found(capsys, "check", "--known", known)
    assert (code, said["problems"]) == (0, [])
    assert f"known: {problem}" in said["notes"]  # type: ignore[operator]
    number, _, digits = known.partition(":")
    for other in (f"{number}:{digits[::-1]}", "nonsense", f"\u00b2:{digits}", f"{int(number) + 1}:{digits}"):
        code, said = found(capsys, "check", "--known", other)
        assert (code, len(said["problems"])) == (1, 2)  # type: ignore[arg-type]
    with Store() as store:
        store.log("", "", "looked")
    stored.write_bytes(backup.read_bytes())  # turned back by hand, behind the entry that is known
    for beside in stored.parent.glob(f"{stored.name}-*"):
        beside.unlink()
    code, said = found(capsys, "check", "--known", known)
    assert code == 1
    assert any("is cut" in text for text in said["problems"])  # type: ignore[attr-defined]
