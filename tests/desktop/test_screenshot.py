"""The screenshot command's picture: the real window, the size asked for, the user's own data untouched."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from ecgview.desktop import screenshot
from ecgview.desktop.state.answers import Answers
from ecgview.errors import EcgviewError


@pytest.mark.parametrize(
    ("view", "size", "theme"), [("read", (1600, 1000), "light"), ("annotate", (1280, 800), "dark")]
)
def test_the_picture_shows_the_window_in_the_size_and_theme_asked_for(
    record_files: list[Path], tmp_path: Path, view: str, size: tuple[int, int], theme: str
) -> None:
    out = screenshot.take(record_files[0], tmp_path / "out.png", view, size, theme)
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == size
    corner = picture.pixelColor(3, size[1] - 3).lightness()
    assert (corner < 80) if theme == "dark" else (corner > 200)


def test_nothing_of_the_users_is_read_or_written(
    record_files: list[Path], tmp_path: Path, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a view with AI a read is saved by the reader "screenshot", in a store that is gone afterwards."""
    stores: list[Path] = []
    real = Answers.__init__

    def watched(self: Answers, *args: object, **named: object) -> None:
        real(self, *args, **named)  # type: ignore[arg-type]
        workspace = self.parent()
        stores.append(workspace.reading.store.path)  # type: ignore[attr-defined]

    monkeypatch.setattr(Answers, "__init__", watched)
    screenshot.take(record_files[0], tmp_path / "out.png", "explain", (1280, 800))
    assert len(stores) == 1
    assert not stores[0].exists()
    assert isolated_home not in stores[0].parents
    assert [path for path in isolated_home.rglob("*") if path.suffix in (".db", ".toml", ".conf")] == []


def test_a_file_that_cannot_be_read_is_an_error_the_user_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.hea"
    bad.write_text("no header\n")
    with pytest.raises(EcgviewError):
        screenshot.take(bad, tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


def test_a_picture_that_cannot_be_written_is_told(record_files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(EcgviewError):
        screenshot.take(record_files[0], tmp_path / "no" / "such" / "folder" / "out.png")
