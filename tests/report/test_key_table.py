"""The key of an export: nobody reads it without its passphrase, no change passes, plain ones are taken over."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from ecgview import api
from ecgview.cli import main
from ecgview.errors import ReportError
from ecgview.report import key_table

WORDS = "correct horse battery"
ROWS = [
    ("ecg-00001.dcm", "/ward/wang_a.hea"),
    ("ecg-00002.dcm", '=odd,"name"\nof.hea'),
    ("ecg-00003.dcm", "王.hea"),
]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    table = key_table.KeyTable(tmp_path / "key", WORDS)
    for row in ROWS:
        table.add(*row)
    return tmp_path / "key"


def test_a_key_is_read_with_its_passphrase_alone(key: Path) -> None:
    assert key_table.read(key, WORDS) == ROWS
    assert b"wang" not in key.read_bytes()
    with pytest.raises(ReportError, match="the passphrase is another, or the key was changed"):
        key_table.read(key, WORDS + "x")


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing on Windows")
def test_a_key_is_its_users_alone(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_each_change_of_a_key_is_seen(key: Path) -> None:
    lines = key.read_text().splitlines(keepends=True)
    turned = lines[3].swapcase() if lines[3].swapcase() != lines[3] else lines[3][::-1]
    for changed in (
        [*lines[:3], turned, *lines[4:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        [*lines[:3], *lines[4:]],
        [*lines[:4], lines[3], *lines[4:]],
        [lines[0], lines[1].replace('"p": 1', '"p":  1'), *lines[2:]],
        [lines[0], lines[1].replace("131072", "1073741824"), *lines[2:]],
        [lines[0], "[" * 5000 + "\n", *lines[2:]],
        [lines[0], "{}\n", *lines[2:]],
        [lines[0]],
    ):
        key.write_text("".join(changed))
        with pytest.raises(ReportError) as caught:
            key_table.read(key, WORDS)
        assert str(caught.value.where) == str(key)


def test_a_row_that_a_kill_cut_takes_no_other_with_it(key: Path) -> None:
    whole = key.read_bytes()
    key.write_bytes(whole[:-20])
    assert key_table.read(key, WORDS) == ROWS[:-1]
    assert key_table.is_cut(key)


def test_a_passphrase_is_what_was_typed_and_not_how_it_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_table.KeyTable(tmp_path / "key", "caf\u00e9 de la gare").add(*ROWS[0])
    assert key_table.read(tmp_path / "key", "cafe\u0301 de la gare") == ROWS[:1]
    assert not key_table.is_cut(tmp_path / "key")
    (tmp_path / "words").write_bytes(b"\xef\xbb\xbf" + WORDS.encode() + b"\r\n")
    monkeypatch.setenv(key_table.PASSPHRASE_FILE, str(tmp_path / "words"))
    assert key_table.given() == WORDS
    monkeypatch.delenv(key_table.PASSPHRASE_FILE)
    monkeypatch.delenv(key_table.PASSPHRASE, raising=False)
    with pytest.raises(ReportError, match="too short"):
        key_table.given(" " * 12)


def test_a_key_without_an_end_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(key_table, "LARGEST", 1000)
    (tmp_path / "long").write_bytes(b"\0" * 1001)
    with pytest.raises(ReportError, match="too large for a key"):
        key_table.read(tmp_path / "long", WORDS)


def test_a_plain_key_of_before_is_read_and_put_under_a_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.csv"
    key.write_text("file,source\r\necg-00001.dcm,/ward/wang.hea\r\n")
    assert api.read_key(key) == [("ecg-00001.dcm", "/ward/wang.hea")]
    monkeypatch.setenv(key_table.PASSPHRASE, WORDS)
    assert main(["key", str(key), "--protect"]) == 0
    assert b"wang" not in key.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["key.csv"]
    assert main(["key", str(key), "--protect"]) == 0
    assert "already" in capsys.readouterr().out
    assert main(["key", str(key), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"file": "ecg-00001.dcm", "source": "/ward/wang.hea"}]


def test_what_is_no_key_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "ages.csv"
    other.write_text("name,age\nLi,3\n")
    monkeypatch.setenv(key_table.PASSPHRASE, WORDS)
    assert main(["key", str(other), "--protect"]) == 1
    assert other.read_text() == "name,age\nLi,3\n"


def test_a_script_gives_the_passphrase_by_variable_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (key_table.PASSPHRASE, key_table.PASSPHRASE_FILE):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ReportError, match="nobody is there to be asked"):
        key_table.given()
    with pytest.raises(ReportError, match="too short"):
        key_table.given("short")
    assert key_table.given(WORDS) == WORDS
    monkeypatch.setenv(key_table.PASSPHRASE, WORDS + "1")
    assert key_table.given() == WORDS + "1"
    (tmp_path / "words").write_text(WORDS + "2\n")
    monkeypatch.setenv(key_table.PASSPHRASE_FILE, str(tmp_path / "words"))
    assert key_table.given() == WORDS + "2"
    monkeypatch.setenv(key_table.PASSPHRASE_FILE, os.devnull + "/none")
    with pytest.raises(ReportError, match="cannot be read"):
        key_table.given()
