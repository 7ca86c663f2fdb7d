"""The read: statements by keyboard, certainty, contradictions, marks, comment, and the steps to signing."""

import re

import pytest
from panel_words import kept, words_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from ecgview.desktop.panels import measurements, statements
from ecgview.desktop.panels.statements import entry as statement_entry
from ecgview.desktop.state.workspace import Workspace
from ecgview.labels.label_set import FREE_TEXT
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation
from ecgview.review.read import Certainty, ReadState


@pytest.fixture
def panel(opened: Workspace, qtbot: QtBot) -> statements.StatementsPanel:
    made = statements.PANEL.make(opened)
    qtbot.addWidget(made)
    made.resize(340, 700)
    made.show()
    return made


def _codes(workspace: Workspace) -> list[str]:
    assert workspace.reading.session is not None
    return [item.code for item in workspace.reading.session.draft.statements]


def test_w7_a_normal_ecg_is_read_and_locked_with_five_keys(panel, opened: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.entry.field, "nor")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == ["NORM"]
    panel.step.button.setFocus()
    qtbot.keyClick(panel.step.button, Qt.Key.Key_Space)  # in the window: Ctrl+Return
    kept(qtbot, opened)
    assert opened.reading.session is not None
    assert opened.reading.session.state is ReadState.READ


@pytest.mark.parametrize(
    ("typed", "code"), [("afib", "AFIB"), ("atrial fib", "AFIB"), ("心房颤动", "AFIB"), ("xfcd", "AFIB")]
)
def test_w5_a_statement_is_found_by_code_english_chinese_and_initials(
    panel, opened: Workspace, qtbot: QtBot, typed: str, code: str
) -> None:
    panel.entry.field.setText(typed)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == [code]
    assert panel.entry.field.text() == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("rad", "right axis deviation"),
        ("stemi", "ST elevation myocardial infarction"),
        ("reversed leads", "limb lead reversal"),
    ],
)
def test_an_abbreviation_without_a_code_is_taken_in_own_words(
    panel, opened: Workspace, qtbot: QtBot, typed: str, said: str
) -> None:
    qtbot.keyClicks(panel.entry.field, typed)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert opened.reading.session is not None
    (made,) = opened.reading.session.draft.statements
    assert (made.label_set, made.code) == (FREE_TEXT, said)
    assert said in words_of(panel.rows)


def test_what_several_statements_share_is_taken_by_choice_only(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.entry.field, "mi")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == []
    assert statement_entry.SEVERAL in words_of(panel)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Down)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert len(_codes(opened)) == 1


def test_words_that_nobody_knows_are_taken_on_purpose_only(panel, opened: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.entry.field, "seen before in 2019")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == []
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Down)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == ["seen before in 2019"]


def test_age_and_certainty_are_typed_with_the_statement_and_changed_in_its_row(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.entry.field, "?old inferior mi")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert opened.reading.session is not None
    (made,) = opened.reading.session.draft.statements
    assert (made.code, made.certainty, made.modifiers) == ("IMI", Certainty.POSSIBLE, ("old",))
    assert "old inferior myocardial infarction" in words_of(panel.rows)
    menus = {entry.text(): entry.menu() for entry in panel.rows.buttons[0].menu().actions() if entry.menu()}
    next(entry for entry in menus["Age"].actions() if entry.text() == "acute").trigger()
    assert opened.reading.session.draft.statements[0].modifiers == ("acute",)


def test_arrow_keys_choose_and_escape_leaves(panel, opened: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.entry.field, "block")
    second = panel.entry.matches.item(1).data(Qt.ItemDataRole.UserRole)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Down)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert _codes(opened) == [second.statement.code]
    qtbot.keyClicks(panel.entry.field, "kkkk")
    assert "No statement of this set matches. ↓ and Enter state it in your own words." in words_of(panel)
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Escape)
    assert panel.entry.field.text() == ""


def test_certainty_removal_and_undo(panel, opened: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.entry.field, "afib")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    panel.rows.buttons[0].menu().actions()[3].trigger()
    assert opened.reading.session is not None
    assert opened.reading.session.draft.statements[0].certainty is Certainty.CANNOT_EXCLUDE
    remove = next(b for b in panel.findChildren(QToolButton) if b.toolTip() == "Remove AFIB")
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert _codes(opened) == []
    panel.undo.click()
    assert _codes(opened) == ["AFIB"]
    panel.undo.click()
    assert panel.rows.buttons[0].text() == "definite"
    panel.redo.click()
    assert panel.rows.buttons[0].text() == "cannot exclude"


def test_w5_contradictions_are_told_and_not_forbidden(panel, opened: Workspace, qtbot: QtBot) -> None:
    for typed in ("norm", "clbbb"):
        qtbot.keyClicks(panel.entry.field, typed)
        qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    assert "normal ECG (NORM) contradicts every abnormal finding" in words_of(panel)
    assert panel.step.button.isEnabled()


def test_another_label_set_is_searched_and_named_with_the_statement(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    panel.label_set.setCurrentIndex(panel.label_set.findData("general28"))
    panel.normal.click()
    assert opened.reading.session is not None
    made = opened.reading.session.draft.statements[0]
    assert (made.code, made.label_set) == ("NORMAL", "general28")
    assert made.version


def test_marks_are_listed_with_lead_and_time_and_can_be_removed(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    opened.steps.apply(AddAnnotation(Annotation(("V2",), 1.2, 1.45, "AFIB")))
    assert "V2, 1.20–1.45 s" in words_of(panel)
    remove = next(b for b in panel.findChildren(QToolButton) if "V2" in b.toolTip())
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert opened.reading.session is not None
    assert opened.reading.session.draft.annotations == ()


def test_the_code_of_the_next_marks_follows_the_statements(panel, opened: Workspace, qtbot: QtBot) -> None:
    told: list[str] = []
    opened.steps.mark_code_changed.connect(told.append)
    qtbot.keyClicks(panel.entry.field, "afib")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    panel.mark_with.box.setCurrentIndex(1)
    panel.undo.click()
    assert told == ["AFIB", ""]


def test_a_comment_is_kept_when_typing_pauses_and_before_a_step(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    assert opened.reading.session is not None
    qtbot.keyClicks(panel.comment, "rate controlled")
    qtbot.waitUntil(lambda: opened.reading.session.draft.comment == "rate controlled")
    qtbot.keyClicks(panel.comment, "!")
    panel.step.button.click()
    kept(qtbot, opened)
    assert opened.reading.session.latest is not None
    assert opened.reading.session.latest.comment == "rate controlled!"


def test_w1_w2_the_button_leads_from_first_read_to_amendment(
    panel, opened: Workspace, qtbot: QtBot, answers
) -> None:
    step = panel.step
    assert opened.reading.session is not None
    assert (step.button.text(), step.button.isEnabled()) == ("Lock first read", False)
    panel.normal.click()
    step.button.click()
    kept(qtbot, opened)
    assert step.button.text() == "Locked · reveal AI"
    with qtbot.waitSignals([opened.answers.prediction_ready, opened.answers.lef_ready]):
        step.button.click()
    assert step.button.text() == "Locked, AI revealed · sign"
    step.button.click()
    kept(qtbot, opened)
    assert opened.reading.session.state is ReadState.CONFIRMED
    assert not panel.entry.field.isVisible()
    assert re.fullmatch(r"Signed \d\d:\d\d · amend", step.button.text())
    assert not step.button.isEnabled()
    step.reason.setText("wrong lead")
    step.button.click()
    kept(qtbot, opened)
    assert step.button.text() == "Sign amendment"
    step.other.click()
    kept(qtbot, opened)
    assert step.button.text().endswith("· amend")  # discarded: what was signed stands
    step.reason.setText("wrong lead")
    step.button.click()
    kept(qtbot, opened)
    assert panel.entry.field.isVisible()
    panel.entry.field.setText("afib")
    qtbot.keyClick(panel.entry.field, Qt.Key.Key_Return)
    step.button.click()
    kept(qtbot, opened)
    assert opened.reading.session.state is ReadState.AMENDED
    assert [read.number for read in opened.reading.session.reads] == [1, 2, 3]


def test_w2_the_read_holds_no_word_of_a_model(panel, opened: Workspace, qtbot: QtBot, answers) -> None:
    panel.normal.click()
    panel.step.button.click()
    kept(qtbot, opened)
    with qtbot.waitSignals([opened.answers.prediction_ready, opened.answers.lef_ready]):
        panel.step.button.click()
    assert "Testnet" not in words_of(panel)
    assert "raised" not in words_of(panel)


def test_measurements_show_values_units_source_and_notes(opened: Workspace, qtbot: QtBot) -> None:
    panel = measurements.PANEL.make(opened)
    qtbot.addWidget(panel)
    words = words_of(panel)
    for wanted in (
        "Heart rate",
        "60",
        "bpm",
        "RR mean",
        "1000",
        "ms",
        "computed",
        "10.0 s at 500 Hz, 12 leads",
    ):
        assert wanted in words
    assert opened.ecg.record is not None
    for note in opened.ecg.record.notes:
        assert note.text in words


def test_w2_without_blind_reading_the_read_is_signed_at_once_and_says_so(
    panel, opened: Workspace, qtbot: QtBot
) -> None:
    with qtbot.waitSignals([opened.answers.prediction_ready, opened.answers.lef_ready]):
        opened.steps.set_blind(False)
    panel.normal.click()
    assert panel.step.button.text() == "Not blind, not signed · sign"
    assert "AI results were open while this was read" in words_of(panel)
    panel.step.button.click()
    kept(qtbot, opened)
    assert opened.reading.session is not None
    assert opened.reading.session.state is ReadState.CONFIRMED
    assert opened.reading.session.latest is not None
    assert not opened.reading.session.latest.blind


def test_the_wheel_scrolls_and_changes_no_choice_in_passing(panel, qtbot: QtBot) -> None:
    before = panel.label_set.currentIndex()
    centre = panel.label_set.rect().center()
    event = QWheelEvent(
        centre.toPointF(),
        panel.label_set.mapToGlobal(centre).toPointF(),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    panel.comment.setFocus()
    QApplication.sendEvent(panel.label_set, event)
    assert panel.label_set.currentIndex() == before
