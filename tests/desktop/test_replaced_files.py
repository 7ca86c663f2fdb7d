"""What the worklist of the real window says of files that were replaced, and of one file under several names."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview import formats
from ecgview.desktop.chrome.window import MainWindow
from ecgview.formats import wfdb
from ecgview.record import EcgRecord
from ecgview.review.read import ReadState
from ecgview.review.session import ReadingSession


def signed(window: MainWindow, path: Path) -> None:
    """Let the window's reader have signed a file's record in the window's store."""
    session = ReadingSession(window.workspace.reading.store, formats.read(path), "Reader One")
    session.toggle_statement("SR")
    session.sign()
    assert session.state is ReadState.CONFIRMED


def states(window: MainWindow) -> dict[str, str]:
    return {str(item.path): item.state for item in window.workspace.worklist.items}


@pytest.mark.parametrize("when", ["before it is listed", "while it is listed"])
def test_a_replaced_file_is_never_listed_as_confirmed(
    when: str,
    window: MainWindow,
    record_files: list[Path],
    pulse_record: EcgRecord,
    rest: Callable[[], None],
) -> None:
    path, worklist = record_files[1], window.workspace.worklist
    signed(window, path)
    if when == "while it is listed":
        worklist.add([path.parent])
        rest()
        assert states(window)[str(path)] == "confirmed"
    wfdb.write(replace(pulse_record, signal=pulse_record.signal * 0.25), path.with_suffix(""))
    worklist.add([path.parent])
    rest()
    assert states(window) == {str(file): "" for file in record_files}


def test_a_file_has_one_row_however_it_is_named(
    window: MainWindow, record_files: list[Path], rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, worklist = record_files[0], window.workspace.worklist
    signed(window, path)
    monkeypatch.chdir(path.parent)
    window.workspace.ecg.open_paths([path.name])
    rest()
    assert states(window) == {str(path): "confirmed"}
    for name in (str(path), path.name, f"./{path.name}", f"../{path.parent.name}/{path.name}", "."):
        worklist.add([name])
    rest()
    assert states(window) == {str(path): "confirmed", **{str(file): "" for file in record_files[1:]}}


@pytest.mark.parametrize("signed_by_link", [False, True])
def test_a_link_is_told_as_what_it_leads_to(
    signed_by_link: bool,
    window: MainWindow,
    record_files: list[Path],
    pulse_record: EcgRecord,
    rest: Callable[[], None],
    tmp_path: Path,
) -> None:
    path, linked = record_files[0], tmp_path / "linked"
    try:
        linked.symlink_to(path.parent)
    except (OSError, NotImplementedError):
        pytest.skip("this system makes no links")
    signed(window, linked / path.name if signed_by_link else path)
    window.workspace.worklist.add([linked, path])
    rest()
    assert states(window)[str(linked / path.name)] == "confirmed"
    assert states(window)[str(path)] == "confirmed"
    wfdb.write(replace(pulse_record, signal=pulse_record.signal * 0.25), path.with_suffix(""))
    window.workspace.worklist.add([linked, path])
    rest()
    assert set(states(window).values()) <= {"", "new"}
