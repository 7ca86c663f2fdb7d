"""Settings: only what differs is written, what is not allowed is told, the paper survives a round trip."""

from pathlib import Path

import pytest

from ecgview.desktop.settings import SETTINGS, Settings
from ecgview.desktop.state import paper as paper_part
from ecgview.errors import SettingsError
from ecgview.paper.settings import PaperSettings
from ecgview.signal.filters import CHOICES, DisplayFilter


def test_the_file_holds_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings = Settings(path)
    settings.set("reader.name", 'Dr. "Q" \\ 王')
    settings.set("window.theme", "dark")
    settings.set("window.theme", "light")
    assert path.read_text(encoding="utf-8").count("=") == 1
    assert Settings(path).text("reader.name") == 'Dr. "Q" \\ 王'


def test_every_default_is_allowed() -> None:
    for row in SETTINGS:
        assert row.check(row.default) == row.default


@pytest.mark.parametrize(
    ("key", "value"), [("paper.speed", 33.0), ("window.theme", "pink"), ("reader.blind", "no")]
)
def test_a_value_that_is_not_allowed_is_told(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as told:
        Settings(None).set(key, value)  # type: ignore[arg-type]
    assert told.value.where == key


@pytest.mark.parametrize("text", ["not = [toml", '[window]\ntheme = "pink"\n', "[nobody]\nknows = 1\n"])
def test_a_broken_file_is_told_and_not_obeyed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    settings = Settings(path)
    assert len(settings.problems) == 1
    assert settings.text("window.theme") == "light"
    assert path.read_text(encoding="utf-8") == text
    settings.set("reader.name", "Reader One")
    settings.set("reader.name", "Reader Two")
    assert path.with_name("settings.toml.damaged").read_text(encoding="utf-8") == text
    assert Settings(path).text("reader.name") == "Reader Two"


@pytest.mark.parametrize("band", CHOICES)
def test_the_paper_survives_a_round_trip(band: DisplayFilter) -> None:
    settings = Settings(None)
    wanted = PaperSettings(50.0, 20.0, 0.5, "6x2", band, sequential=False)
    paper_part.keep(settings, wanted)
    assert paper_part.from_settings(settings) == wanted
