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
