"""Edges put elsewhere, through real windows: undone among other edits, amended, in two windows, by two readers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.desktop.app import open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.settings import Settings
from ecgview.report import json_report
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation
from ecgview.review.read import Draft
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Edge, Measured

Opens = Callable[[str], MainWindow]


@pytest.fixture
def opens(qtbot: QtBot, tmp_path: Path) -> Iterator[Opens]:
    """Return what opens one more window of a reader on the one store, with the record measured."""
    made: list[MainWindow] = []

    def one_more(reader: str) -> MainWindow:
        settings = Settings(None)
        settings.set("reader.name", reader)
        window = open_window(settings=settings, store_path=tmp_path / "reads.db")
        made.append(window)
        window.show()
        window.workspace.ecg.open_paths([next(iter(resources.path("demo").rglob("normal.hea")))])
        # the record is measured once its trace is painted: no job may run before that
        qtbot.waitUntil(lambda: window.workspace.measuring.measured is not None)
        _rest(qtbot, window)
        return window

    yield one_more
    for window in made:
        window.close()
        window.deleteLater()


def _rest(qtbot: QtBot, *windows: MainWindow) -> None:
    for window in windows:
        keeping, jobs = window.workspace.reading.keeping, window.workspace.jobs
        for _ in range(3):
            qtbot.waitUntil(lambda jobs=jobs: jobs.n_alive == 0)
            qtbot.waitUntil(lambda keeping=keeping: keeping.is_idle)


def _session(window: MainWindow) -> ReadingSession:
    session = window.workspace.reading.session
    assert session is not None
    return session


def _measured(window: MainWindow) -> Measured:
    found = window.workspace.measuring.measured
    assert found is not None
    return found


def _put(qtbot: QtBot, window: MainWindow, edge: Edge, by_s: float) -> None:
    """Put an edge of the median beat so much later than it was computed."""
    computed = _measured(window).unedited or _measured(window)
    assert computed.median is not None
    wave = computed.median.overall[edge.split()[0]]  # type: ignore[index]
    assert wave is not None
    at = wave.onset_s if edge.endswith("onset") else wave.offset_s
    window.workspace.measuring.put(edge, None, at + by_s)
    _rest(qtbot, window)


def _numbers(window: MainWindow) -> tuple[float | None, ...]:
    rows = {one.name: one.value for one in window.workspace.ecg.measurements or ()}
    return tuple(rows[name] for name in ("PR", "QRS duration", "QT", "QTcF"))


def _choose(sheet_of: MainWindow, text: str) -> None:
    sheets = [one for one in sheet_of.findChildren(Sheet) if one.isVisible()]
    button = next(one for sheet in sheets for one in sheet.findChildren(QPushButton) if one.text() == text)
    button.click()


def test_edges_are_undone_and_redone_among_marks_statements_and_the_comment(
    opens: Opens, qtbot: QtBot
) -> None:
    window = opens("Reader One")
    steps, states = window.workspace.steps, [(Draft(), _numbers(window))]
    acts: list[Callable[[], object]] = [
        lambda: _put(qtbot, window, "T offset", 0.02),
        lambda: steps.toggle_statement("NORM"),
        lambda: _put(qtbot, window, "P onset", -0.01),
        lambda: steps.apply(AddAnnotation(Annotation(("II",), 1.0, 1.5, "NORM"))),
        lambda: _put(qtbot, window, "T offset", 0.04),
        lambda: window.workspace.measuring.take_away("P onset", None),
        lambda: window.workspace.measuring.restore("P onset", None),
    ]
    for act in acts:
        act()
        _rest(qtbot, window)
        states.append((_session(window).draft, _numbers(window)))
    numbers = [found for _, found in states]
    assert len({found[2] for found in numbers}) == 3  # QT moved twice
    assert numbers[6][0] is None  # no P, no PR
    assert numbers[7][0] == numbers[0][0]
    for draft, found in reversed(states[:-1]):
        steps.undo()
        _rest(qtbot, window)
        assert (_session(window).draft, _numbers(window)) == (draft, found)
    assert not _session(window).can_undo
    for draft, found in states[1:]:
        steps.redo()
        _rest(qtbot, window)
        assert (_session(window).draft, _numbers(window)) == (draft, found)
    steps.undo()
    steps.undo()
    _put(qtbot, window, "QRS offset", 0.01)  # what was undone is gone with another edit
    assert not _session(window).can_redo


def test_an_amendment_has_its_own_edges_and_the_signed_version_keeps_its_own(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    window = opens("Reader One")
    steps = window.workspace.steps
    _put(qtbot, window, "T offset", 0.02)
    signed = _numbers(window)
    steps.sign()
    _rest(qtbot, window)
    _put(qtbot, window, "T offset", 0.05)  # signed: refused, and the numbers stay
    assert _numbers(window) == signed
    assert len(_session(window).draft.edges) == 1
    steps.amend("T ends later")
    _rest(qtbot, window)
    _put(qtbot, window, "T offset", 0.05)
    amended = _numbers(window)
    assert amended != signed
    # Not signed yet: the report is of the signed version, its own numbers in it.
    content = json_report.as_dict(report_sheet.content(window.workspace))
    assert next(one for one in content["measurements"] if one["name"] == "QT")["value"] == signed[2]
    steps.discard_amendment()
    _rest(qtbot, window)
    assert _numbers(window) == signed
    steps.amend("T ends later after all")
    _rest(qtbot, window)
    _put(qtbot, window, "T offset", 0.05)
    steps.sign()
    _rest(qtbot, window)
    window.close()
    with Store(tmp_path / "reads.db") as store:
        first, second, third = store.reads(_session_sha(content))
        assert first.edges == second.edges
        assert third.edges != second.edges
        assert any(text.startswith("T offset of the median beat at") for text in third.changes)
        assert store.verify() == []


def _session_sha(content: dict[str, object]) -> str:
    record = content["record"]
    assert isinstance(record, dict)
    return str(record["sha256"])


def test_a_record_that_is_opened_again_shows_its_edges_and_another_readers_sees_none(
    opens: Opens, qtbot: QtBot
) -> None:
    one = opens("Reader One")
    computed = _numbers(one)
    _put(qtbot, one, "T offset", 0.03)
    mine = _numbers(one)
    one.close()
    again = opens("Reader One")
    assert _numbers(again) == mine
    assert [edit.by for edit in _measured(again).edits] == ["Reader One"]
    again.workspace.steps.sign()
    _rest(qtbot, again)
    second = opens("Reader Two")  # blind: neither numbers nor words of the first reader
    assert not second.workspace.reading.may_show_ai()
    assert _numbers(second) == computed
    assert _measured(second).edits == ()
    assert "edited" not in second.measured.text
    _put(qtbot, second, "QRS offset", 0.02)
    assert _numbers(second)[2] == computed[2]
    assert [edit.by for edit in _session(second).draft.edges] == ["Reader Two"]
    assert _numbers(again) == mine


def test_two_windows_join_edges_of_different_waves_and_ask_about_the_same_one(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    one, two = opens("Reader One"), opens("Reader One")
    _put(qtbot, one, "T offset", 0.03)
    _put(qtbot, two, "QRS offset", 0.02)  # joined: this window has both
    _rest(qtbot, one, two)
    assert {edit.edge for edit in _session(two).draft.edges} == {"T offset", "QRS offset"}
    assert {edit.edge for edit in _measured(two).edits} == {"T offset", "QRS offset"}
    _put(qtbot, one, "P onset", -0.01)  # and the other, with its next edit
    assert len(_measured(one).edits) == 3
    # The same edge in both: asked, nothing lost, the numbers are those of what was kept.
    _put(qtbot, two, "T offset", 0.05)
    _put(qtbot, one, "T offset", 0.06)
    conflict = _session(one).conflict
    assert conflict is not None
    assert conflict.items == ("T offset",)
    _choose(one, "Keep mine")
    _rest(qtbot, one)
    assert _session(one).conflict is None
    kept = {edit.edge: edit.to_s for edit in _measured(one).edits}
    with Store(tmp_path / "reads.db") as store:
        version = store.draft_version(_session(one).record_sha256, "Reader One")
    assert {edit.edge: edit.to_s for edit in version.content.edges} == kept
    assert len(kept) == 3
    # The other window's next edit takes that over.
    two.workspace.steps.toggle_statement("NORM")
    _rest(qtbot, two)
    assert _measured(two).edits == tuple(_session(two).draft.edges)
    assert _numbers(two) == _numbers(one)


def test_edges_that_cross_when_two_windows_are_joined_are_told_and_both_kept(
    opens: Opens, qtbot: QtBot
) -> None:
    one, two = opens("Reader One"), opens("Reader One")
    found = _measured(one)
    assert found.median is not None
    p = found.median.overall["P"]
    assert p is not None
    middle = (p.onset_s + p.offset_s) / 2
    one.workspace.measuring.put("P onset", None, middle + 0.01)
    _rest(qtbot, one)
    two.workspace.measuring.put("P offset", None, middle)
    _rest(qtbot, two)
    assert {edit.edge for edit in _session(two).draft.edges} == {"P onset", "P offset"}
    assert len(_measured(two).edits) == 1
    assert "An edge put elsewhere by hand is not laid on" in two.messages.text.text()
    two.workspace.measuring.restore("P offset", None)  # mended by hand
    _rest(qtbot, two)
    assert [edit.edge for edit in _measured(two).edits] == ["P onset"]
    assert not any("not laid on" in text for text in _measured(two).warnings)


def test_an_edge_after_the_other_windows_signature_is_offered_as_an_amendment(
    opens: Opens, qtbot: QtBot
) -> None:
    one, two = opens("Reader One"), opens("Reader One")
    computed = _numbers(two)
    one.workspace.steps.toggle_statement("NORM")
    one.workspace.steps.sign()
    _rest(qtbot, one)
    _put(qtbot, two, "T offset", 0.03)
    session = _session(two)
    assert session.draft.edges == ()
    assert _numbers(two) == computed  # what stands in the read
    (sheet,) = (shown for shown in two.findChildren(Sheet) if shown.isVisible())
    said = [one.text() for one in sheet.findChildren(QLabel)]
    assert any(text.startswith("T offset of the median beat at") for text in said)
    _choose(two, "Amend with this …")
    asked = next(shown for shown in two.findChildren(Sheet) if shown.isVisible() and shown is not sheet)
    (reason,) = (line for line in asked.findChildren(QLineEdit) if line.isVisible())
    reason.setText("T ends later")
    next(one for one in asked.findChildren(QPushButton) if one.text() == "Amend").click()
    _rest(qtbot, two)
    assert _numbers(two) != computed
    assert replace(session.draft, edges=()) == _session(one).draft
    assert session.is_amending
