"""Mask and ask in the window: blind until it may be shown, forgotten with its record, logged, following the hand."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import model_words
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from test_items_on_paper import click, drag, place

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.panels.what_if import WhatIfPanel
from ecgview.desktop.panels.what_if.changes import ChangeList, rows_of, signed
from ecgview.desktop.state import inference
from ecgview.desktop.state.mouse import Spot
from ecgview.desktop.state.what_if import MODE, MaskAndAsk
from ecgview.errors import ModelError
from ecgview.overlay import Overlay, Span
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Chance, Changed, Hidden, HiddenSpan, WhatIf
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation, SetComment

SPAN = HiddenSpan(2.0, 2.4, ("V1",))


class Models:
    """What stands in for the models: what was asked, an answer that tells how much is hidden, a gate to hold one."""

    def __init__(self) -> None:
        self.asked: list[Hidden] = []
        self.grounds: list[object] = []
        self.gate = threading.Event()
        self.gate.set()
        self.refuses = ""

    def what_if(
        self, record: EcgRecord, hidden: Hidden, ground: object, *_: Any, progress: Progress = silent
    ) -> tuple[object, WhatIf, Overlay]:
        self.asked.append(hidden)
        self.grounds.append(ground)
        assert self.gate.wait(60)
        if self.refuses:
            raise ModelError(self.refuses)
        after = 0.9137 - 0.1 * len(hidden.spans) - 0.5 * len(hidden.leads)
        answer = WhatIf(
            model_words.FACTS,
            record.source.sha256,
            hidden,
            (
                Changed("QUAGGA", "quagga rhythm", 0.9137, after, 0.5),
                Changed("NORM", "normal ECG", 0.02, 0.021, 0.5),
            ),
            Changed("LEF", "LEF index", 0.7731, 0.7731 - 0.2),
            model_words.FACTS,
            "",
            ("outside training: zebra hidden",),
            "cpu",
            1.0,
        )
        return (
            SimpleNamespace(record=record) if ground is None else ground,
            answer,
            Overlay((Span(2.0, 2.4, "masked"),), legend="zebra"),
        )

    def chance(self, _ground: object, _hidden: Hidden, progress: Progress = silent) -> Chance:
        others = np.tile(np.array([[-0.05, 0.0]], dtype=np.float32), (20, 1))
        return Chance("20 random spans of 0.40 s", "random spans", 0, others, np.full(20, 0.3, np.float32))


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    """Return what the window asks."""
    made = Models()
    monkeypatch.setattr(inference, "what_if", made.what_if)
    monkeypatch.setattr(inference, "what_if_chance", made.chance)
    monkeypatch.setattr(
        inference,
        "ask",
        model_words.answering(
            lambda record: model_words.prediction(record.source.sha256),
            lambda record: model_words.lef(record.source.sha256),
        ),
    )
    return made


@pytest.fixture
def shown(opened: MainWindow, models: Models, rest: Callable[[], None]) -> MaskAndAsk:
    """Return mask and ask of an open record whose AI is revealed, in the view that shows it."""
    steps = opened.workspace.steps
    steps.apply(SetComment("seen"))
    steps.commit_first_read()
    steps.reveal()
    opened.workspace.paper.set_view("explain")
    rest()
    return opened.workspace.what_if


def _panel(window: MainWindow) -> WhatIfPanel:
    panel = window.findChild(WhatIfPanel)
    assert panel is not None
    return panel


def _rows(window: MainWindow) -> list[str]:
    found = _panel(window).findChild(ChangeList)
    if found is None:
        return []
    return [found.changes.index(place, 0).data() for place in range(found.changes.rowCount())]


def _logged(window: MainWindow) -> list[str]:
    session = window.workspace.reading.session
    assert session is not None
    entries = window.workspace.reading.store.audit(session.record_sha256)
    return [entry.details for entry in entries if entry.action == "mask_and_ask"]


def test_w2_nothing_is_asked_shown_or_offered_before_the_first_read_is_locked(
    opened: MainWindow, models: Models, rest: Callable[[], None]
) -> None:
    opened.workspace.paper.set_view("explain")
    state, mouse = opened.workspace.what_if, opened.workspace.mouse
    state.hide_span("V1", 2.0, 2.4)
    state.drag_to("V1", 2.0, 2.4)
    state.toggle_lead("V2")
    state.click("V2", 1.0)
    state.hide_mark(Annotation(("V1",), 1.0, 2.0))
    state.set_fill("autoencoder")
    state.ask_again()
    state.undo()
    rest()
    assert models.asked == []
    assert (state.hidden, state.answer, state.failure) == (Hidden(), None, "")
    assert opened.workspace.paper.overlay is None
    assert MODE not in [mode.id for mode in mouse.added]
    assert mouse.rows(Spot("V1", 2.1, 0.0)) == []
    assert not state.can_undo
    assert _logged(opened) == []


def test_w2_what_was_asked_closes_with_the_read(
    opened: MainWindow, shown: MaskAndAsk, rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    reading = opened.workspace.reading
    assert shown.answer is not None
    monkeypatch.setattr(type(reading), "may_show_ai", lambda self: False)
    assert shown.answer is None
    assert shown.hidden == Hidden()
    reading.session_changed.emit(reading.session)
    assert opened.workspace.paper.overlay is None
    assert _rows(opened) == []
    monkeypatch.undo()
    reading.session_changed.emit(reading.session)
    assert shown.answer is None, "it was forgotten, not put away"


def test_a_hidden_stretch_moves_the_numbers_and_is_held_against_chance(
    opened: MainWindow, shown: MaskAndAsk, rest: Callable[[], None]
) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    assert shown.hidden == Hidden((SPAN,))
    assert _rows(opened) == [
        "Statements",
        "Quagga rhythm: 0.914 before, 0.814 after, difference −0.100, positive, "
        "larger than 20 of 20 random spans, those −0.050",
        "LEF: index, not a probability",
        "LEF index: 0.773 before, 0.573 after, difference −0.200, larger than 0 of 20 random spans, those +0.300",
    ]
    overlay = opened.workspace.paper.overlay
    assert overlay is not None
    assert overlay.legend == "zebra"
    opened.workspace.paper.set_view("read")
    assert opened.workspace.paper.overlay is None


def test_undo_and_redo_go_through_the_steps(shown: MaskAndAsk, rest: Callable[[], None]) -> None:
    first, second = Hidden((SPAN,)), Hidden((SPAN,), ("V2",))
    shown.hide_span("V1", 2.0, 2.4)
    shown.toggle_lead("V2")
    shown.set_fill("autoencoder")
    assert shown.hidden == replace(second, fill="autoencoder")
    seen = []
    while shown.can_undo:
        shown.undo()
        seen.append(shown.hidden)
    assert seen == [second, first, Hidden()]
    rest()
    assert shown.answer is None
    shown.redo()
    rest()
    assert shown.answer is not None
    assert shown.answer.hidden == first
    shown.clear()
    assert not shown.can_redo
    shown.undo()
    assert shown.hidden == first


def test_a_click_shows_what_is_hidden_under_it_and_else_hides_the_lead(shown: MaskAndAsk) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    shown.click("V2", 2.2)
    assert shown.hidden == Hidden((SPAN,), ("V2",))
    shown.click("V1", 2.2)
    assert shown.hidden == Hidden((), ("V2",))
    shown.click("V2", 2.2)
    assert shown.hidden == Hidden()


def test_the_last_question_wins_while_the_hand_moves(
    opened: MainWindow, shown: MaskAndAsk, models: Models, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    models.gate.clear()
    for now_s in (2.1, 2.2, 2.3, 2.4):
        shown.drag_to("V1", 2.0, now_s)
    qtbot.waitUntil(lambda: len(models.asked) == 1)
    models.gate.set()
    rest()
    assert [one.spans[0].end_s for one in models.asked] == [2.1, 2.4]
    assert shown.answer is not None
    assert shown.answer.hidden == Hidden((SPAN,))
    assert shown.answer.chance is None, "not before the hand rests"
    assert _logged(opened) == []
    assert not shown.can_undo
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    assert shown.answer.chance is not None
    assert len(_logged(opened)) == 1
    assert models.grounds[0] is None
    assert len({id(one) for one in models.grounds[1:]}) == 1, "the record is prepared once"
    shown.undo()
    assert shown.hidden == Hidden()


def test_a_drag_through_the_viewport_asks_on_the_way_and_hides_at_its_end(
    opened: MainWindow, shown: MaskAndAsk, models: Models, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    area, session = opened.canvas.viewport(), opened.workspace.reading.session
    assert session is not None
    before = session.draft
    opened.workspace.mouse.choose(MODE)
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(area, left, Qt.KeyboardModifier.NoModifier, place(opened, "II", 0.5))
    QTest.mouseMove(area, place(opened, "II", 0.8))
    (live,) = shown.hidden.spans
    assert (live.start_s, live.end_s, live.leads) == (
        pytest.approx(0.5, abs=0.02),
        pytest.approx(0.8, abs=0.02),
        ("II",),
    )
    assert not shown.can_undo
    QTest.mouseMove(area, place(opened, "II", 1.0))
    QTest.mouseRelease(area, left, Qt.KeyboardModifier.NoModifier, place(opened, "II", 1.0))
    rest()
    assert models.asked[0].spans == (live,)
    assert models.asked[-1] == shown.hidden
    assert shown.hidden.spans[0].end_s == pytest.approx(1.0, abs=0.02)
    assert shown.can_undo
    drag(opened, place(opened, "II", 1.5), place(opened, "II", 1.8), Qt.KeyboardModifier.ShiftModifier)
    assert shown.hidden.spans[1].leads == ()
    click(opened, place(opened, "II", 2.1))
    assert shown.hidden.leads == ("II",)
    rest()
    opened.canvas.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Z, control)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Z, control)
    assert (len(shown.hidden.spans), shown.hidden.leads) == (1, ())
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Y, control)
    assert len(shown.hidden.spans) == 2
    assert session.draft == before, "nothing of it is an edit of the read"


def test_escape_gives_a_drag_up(
    opened: MainWindow, shown: MaskAndAsk, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    opened.workspace.mouse.choose(MODE)
    area = opened.canvas.viewport()
    QTest.mousePress(
        area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(opened, "II", 0.5)
    )
    QTest.mouseMove(area, place(opened, "II", 0.8))
    assert shown.hidden
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    rest()
    assert (shown.hidden, shown.answer, shown.can_undo) == (Hidden(), None, False)


def test_a_drag_that_is_given_up_leaves_nothing(
    opened: MainWindow, shown: MaskAndAsk, rest: Callable[[], None]
) -> None:
    opened.workspace.mouse.choose(MODE)
    shown.drag_to("V1", 2.0, 2.4)
    rest()
    opened.workspace.mouse.leave(MODE)
    rest()
    assert (shown.hidden, shown.answer) == (Hidden(), None)
    assert opened.workspace.paper.overlay is None


def test_it_is_forgotten_with_its_record(
    opened: MainWindow, shown: MaskAndAsk, record_files: list[Path], qtbot: QtBot, rest: Callable[[], None]
) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    with qtbot.waitSignal(opened.workspace.ecg.measured):
        opened.workspace.ecg.open(record_files[1])
    rest()
    assert (shown.hidden, shown.answer, shown.can_undo) == (Hidden(), None, False)
    with qtbot.waitSignal(opened.workspace.ecg.measured):
        opened.workspace.ecg.open(record_files[0])
    rest()
    assert opened.workspace.reading.may_show_ai()
    assert (shown.hidden, shown.answer, shown.can_undo) == (Hidden(), None, False)
    assert opened.workspace.paper.overlay is None


def test_each_question_is_logged_with_the_read_and_stands_in_no_report(
    opened: MainWindow, shown: MaskAndAsk, rest: Callable[[], None]
) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    shown.toggle_lead("aVL")
    rest()
    assert _logged(opened) == [
        "2.00-2.40 s in V1; flat; asked zebra 9.9, zebra 9.9",
        "2.00-2.40 s in V1; lead aVL; flat; asked zebra 9.9, zebra 9.9",
    ]
    session = opened.workspace.reading.session
    assert session is not None
    assert opened.workspace.reading.store.verify() == []
    opened.workspace.steps.sign()
    rest()
    assert session.reads[-1].content == session.reads[0].content
    from ecgview.desktop.dialogs import report as report_sheet
    from ecgview.report.json_report import as_dict

    written = str(as_dict(report_sheet.content(opened.workspace)))
    assert "2.00-2.40" not in written
    assert "mask_and_ask" not in written


def test_a_store_that_is_only_read_says_that_nothing_is_logged(
    opened: MainWindow, shown: MaskAndAsk, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    session = opened.workspace.reading.session
    assert session is not None
    # what is being written comes back with all that the session was when it was sent
    qtbot.waitUntil(lambda: opened.workspace.reading.keeping.is_idle)
    session.view_only = "the store is read-only"
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    assert shown.answer is not None
    assert _logged(opened) == []
    assert "Not logged with the read: the store is read-only." in _panel(opened)._against.text()


def test_a_failure_is_told_and_asked_again(
    opened: MainWindow, shown: MaskAndAsk, models: Models, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    models.refuses = "the model does not see this stretch"
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    assert shown.failure == "the model does not see this stretch"
    models.refuses = ""
    again = next(one for one in _panel(opened).findChildren(QPushButton) if one.text() == "Try again")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    rest()
    assert shown.failure == ""
    assert shown.answer is not None
    assert len(_logged(opened)) == 1


def test_a_mark_is_hidden_from_the_panel_and_from_the_menu_of_the_paper(
    opened: MainWindow, shown: MaskAndAsk, rest: Callable[[], None]
) -> None:
    opened.workspace.steps.apply(AddAnnotation(Annotation(("V1",), 2.0, 2.4, text="notch & more")))
    opened.workspace.steps.apply(AddAnnotation(Annotation(("V1",), 3.0, 3.0, text="a point")))
    rest()
    menu = _panel(opened).mark.menu()
    assert [one.text() for one in menu.actions()] == ["notch && more, 2.00–2.40 s in V1"]
    menu.actions()[0].trigger()
    assert shown.hidden == Hidden((SPAN,))
    shown.clear()
    rows = {row.text: row for row in opened.workspace.mouse.rows(Spot("V1", 2.1, 0.0))}
    run = rows["Hide “notch & more” from the models"].run
    assert run is not None
    run()
    assert shown.hidden == Hidden((SPAN,))
    assert "Ask without V1" in rows


def test_the_chips_hide_leads_and_follow(
    opened: MainWindow, shown: MaskAndAsk, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    chips = _panel(opened).chips
    qtbot.mouseClick(chips["V3"], Qt.MouseButton.LeftButton)
    assert shown.hidden == Hidden((), ("V3",))
    rest()
    shown.undo()
    assert not chips["V3"].isChecked()


def test_ctrl_z_in_the_panel_takes_the_hiding_back_and_not_an_edit_of_the_read(
    opened: MainWindow, shown: MaskAndAsk, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    session = opened.workspace.reading.session
    assert session is not None
    before = session.draft
    chip = _panel(opened).chips["V3"]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    rest()
    qtbot.keyClick(chip, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert shown.hidden == Hidden()
    assert session.draft == before
    qtbot.keyClick(
        chip, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert shown.hidden == Hidden((), ("V3",))


def test_other_models_are_asked_anew(
    opened: MainWindow, shown: MaskAndAsk, models: Models, rest: Callable[[], None]
) -> None:
    shown.hide_span("V1", 2.0, 2.4)
    rest()
    opened.workspace.answers.choose("quagga", None)
    rest()
    assert models.asked == [Hidden((SPAN,)), Hidden((SPAN,))]
    assert models.grounds == [None, None]
    assert shown.answer is not None


def _answer(*statements: Changed) -> WhatIf:
    return WhatIf(model_words.FACTS, "", Hidden((SPAN,)), statements, None, None, "", (), "cpu", 1.0)


def test_positives_stand_always_and_others_where_they_change_most() -> None:
    quiet = Changed("SR", "sinus rhythm", 0.9, 0.9, 0.5)
    others = [Changed(f"C{k}", f"c{k}", 0.1, 0.1 + 0.01 * k, 0.5) for k in range(12)]
    gone = Changed("AF", "atrial fibrillation", 0.6, 0.4, 0.5)
    rows = rows_of(_answer(quiet, *others, gone), frozenset({"C11"}))
    assert [row.name for row in rows[1:]] == [
        "Atrial fibrillation",
        *(f"C{k}" for k in range(10, 2, -1)),
        "Sinus rhythm",
    ]
    assert rows[1].below == "positive no more"
    assert len(rows_of(_answer(quiet, *others, gone), frozenset(), all_of_them=True)) == 15
    none = rows_of(_answer(Changed("SR", "sinus rhythm", 0.1, 0.104, 0.5)), frozenset())
    assert [row.name for row in none] == ["Statements", "No statement changes by 0.005 or more."]


def test_a_difference_has_its_sign_unless_it_is_nothing() -> None:
    assert [signed(value) for value in (0.1264, -0.1264, 0.0004, -0.0004)] == [
        "+0.126",
        "−0.126",
        "0.000",
        "0.000",
    ]


def test_the_numbers_come_into_sight_when_the_hand_takes_the_mode_up(
    opened: MainWindow, shown: MaskAndAsk
) -> None:
    opened.resize(1280, 800)
    opened.workspace.paper.set_view("explain")
    section = opened.side.section("what-if")
    assert section is not None
    assert section.visibleRegion().isEmpty()
    opened.workspace.mouse.choose(MODE)
    assert section.visibleRegion().boundingRect().top() == 0
    assert section.visibleRegion().boundingRect().height() >= min(section.height(), 400)
