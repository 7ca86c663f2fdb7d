"""What a file does not say, or what is left out of it, is told in the window and on the printed page, too."""

from collections.abc import Callable
from pathlib import Path

import pdfplumber
import pytest
from case_files import CASES, SHARED
from pytestqt.qtbot import QtBot

from ecgview.cli import main
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.kit.widgets import Notice, Text
from ecgview.record import GAIN_DOUBT


@pytest.fixture(
    params=[*(("made", kind) for kind in sorted(CASES)), *(("held", name) for name in sorted(SHARED))]
)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, tuple[str, ...], str, bool]:
    """Return a file with the leads, the words of a note and the doubt that belong to it."""
    source, name = request.param
    if source == "made":
        made = CASES[name]
        folder = tmp_path / "case"
        folder.mkdir()
        return made.make(folder), made.leads, made.note, made.gain_doubt
    path = request.getfixturevalue("shared_data") / "cases" / name
    if not path.exists():
        pytest.skip("real ECGs are not on this machine (shared data)")
    leads, _, note, doubt = SHARED[name]
    return path, leads, note, doubt


def test_the_window_shows_the_record_and_its_notes(
    case: tuple[Path, tuple[str, ...], str, bool], window: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    path, leads, note, doubt = case
    with qtbot.waitSignal(window.workspace.ecg.measured):
        window.workspace.ecg.open_paths([path])
    rest()
    record = window.workspace.ecg.record
    assert record is not None
    assert record.lead_names == leads
    shown = " | ".join(text.text() for one in window.findChildren(Notice) for text in one.findChildren(Text))
    assert note in shown
    assert (GAIN_DOUBT in shown) == doubt


def test_the_printed_page_carries_the_caution(
    case: tuple[Path, tuple[str, ...], str, bool], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _, _, doubt = case
    out = tmp_path / "report.pdf"
    assert main(["report", str(path), "-o", str(out), "--no-ai"]) == 0
    assert out.stat().st_size > 5000
    assert (GAIN_DOUBT in _text(out)) == doubt


def _text(path: Path) -> str:
    """Return the words of all pages of a PDF, in one line."""
    with pdfplumber.open(path) as document:
        return " ".join(" ".join(page.extract_text() for page in document.pages).split())
