"""The screenshot command's picture: the real window, the size asked for, the user's own data untouched."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from ecgview import formats
from ecgview.desktop import screenshot
from ecgview.desktop.state.answers import Answers
from ecgview.errors import EcgviewError, FormatError
from ecgview.formats import wfdb
from ecgview.record import EcgRecord


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


def test_of_a_recording_of_hours_only_what_a_picture_may_show_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty minutes whose end would be an error; the page and the strip below it say what is open."""
    rate, seconds = 100, 1200
    beat = np.exp(-(((np.arange(seconds * rate) / rate % 0.8 - 0.3) / 0.015) ** 2))
    record = EcgRecord(np.stack([beat, 1.5 * beat]).astype(np.float32), ("I", "II"), float(rate))
    path = wfdb.write(record, tmp_path / "long")
    told: list[EcgRecord] = []
    monkeypatch.setattr(
        screenshot, "_save", lambda window, out, _turn: told.append(window.workspace.ecg.record)
    )
    monkeypatch.setattr(wfdb, "read", _no_whole)
    screenshot.take(path, tmp_path / "part.png", neighbours=False)
    (part,) = told
    assert part is not None
    assert part.seconds == screenshot.MOST_S
    assert part.part_open == "only the first 10 min of 20 min are open"
    monkeypatch.undo()
    whole = formats.read(path)
    assert len(part.source.sha256) == 64
    assert part.source.sha256 != whole.source.sha256
    assert not whole.part_open


def _no_whole(_path: Path) -> EcgRecord:
    raise EcgviewError("read whole")


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


@pytest.mark.parametrize("what", ["folder", "loop", "gone", "other"])
def test_what_is_no_record_is_told_before_a_window_is_made(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder around it may hold 20,000 records, or lead into itself: nothing of it is looked at."""
    (tmp_path / "folder").mkdir()
    with contextlib.suppress(OSError, NotImplementedError):  # a system without links has no loops
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "other").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    monkeypatch.setattr(screenshot, "_open", lambda *_: pytest.fail("a window was made"))
    with pytest.raises(FormatError, match=what):
        screenshot.take(tmp_path / what, tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


def test_a_picture_that_cannot_be_written_is_told(record_files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(EcgviewError):
        screenshot.take(record_files[0], tmp_path / "no" / "such" / "folder" / "out.png")
