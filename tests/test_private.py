"""What is nobody's business but the user's is made for the user alone, whatever the umask; exports keep it."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from ecgview import private
from ecgview.desktop.settings import Settings
from ecgview.record import EcgRecord
from ecgview.review.presence import Presence
from ecgview.review.store import Store, default_path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing on Windows")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def everything(folder: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in folder.iterdir() if path.is_file()}


def test_the_store_its_log_and_its_folder_are_the_users_alone(pulse_record: EcgRecord) -> None:
    with Store() as store:
        store.add_record(pulse_record)
        assert mode(default_path().parent) == 0o700
        found = everything(default_path().parent)
        assert {"ecgview.db", "ecgview.db-wal", "ecgview.db-shm"} <= set(found)
        assert set(found.values()) == {0o600}
        keys = Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "keys"
        assert mode(keys) == 0o700
        assert [name.rsplit(".")[-1] for name in sorted(everything(keys), key=len)] == ["head", "key"]
        assert set(everything(keys).values()) == {0o600}


def test_a_store_of_before_is_closed_when_it_is_opened() -> None:
    with Store() as store:
        store.open()
    default_path().chmod(0o644)
    default_path().parent.chmod(0o755)
    with Store() as store:
        store.open()
        assert set(everything(default_path().parent).values()) == {0o600}
    assert mode(default_path().parent) == 0o700


def test_a_key_that_others_could_read_or_write_is_closed_when_it_is_used(pulse_record: EcgRecord) -> None:
    keys = Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "keys"
    with Store() as store:
        store.add_record(pulse_record)
    for path in (keys, *keys.iterdir()):
        path.chmod(0o777 if path == keys else 0o666)
    with Store() as store:
        store.add_exposure("0" * 64, "report")
    assert mode(keys) == 0o700
    assert set(everything(keys).values()) == {0o600}


def test_a_folder_that_is_not_ecgviews_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o775)
    with Store(shared / "mine.db") as store:
        store.open()
    assert mode(shared) == 0o775
    assert mode(shared / "mine.db") == 0o600


def test_settings_are_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    settings = Settings(path)
    settings.set("reader.name", "A")
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_who_reads_what_is_told_in_a_folder_of_the_users(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    presence = Presence(store, "0" * 64, "A")
    assert mode(tmp_path / "s.db.open") == 0o700
    assert set(everything(tmp_path / "s.db.open").values()) == {0o600}
    presence.leave()


def test_an_export_keeps_the_umask(tmp_path: Path) -> None:
    with Store() as store:
        store.export_audit(tmp_path / "log.jsonl")
    assert mode(tmp_path / "log.jsonl") == 0o666


def test_a_text_is_private_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    path.write_text("older")
    path.chmod(0o666)
    seen: list[int] = []
    real = Path.write_text

    def looked(self: Path, *args: str, **kwargs: str) -> int:
        seen.append(mode(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", looked)
    private.write_text(path, "secret")
    assert seen == [0o600]
    assert path.read_text() == "secret"
