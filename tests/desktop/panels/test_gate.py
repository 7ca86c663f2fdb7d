"""The gate says in every state what comes next, and its button does it, in every panel that is closed."""

from pathlib import Path

import pytest
from panel_words import words_of
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.panels import (
    contributions,
    device,
    diagnosis,
    explanation,
    lef,
    model_facts,
    reconstruction,
)
from ecgview.desktop.state.workspace import Workspace
from ecgview.review.history import SetComment

PANELS = (diagnosis, explanation, lef, contributions, model_facts, reconstruction, device)
every_panel = pytest.mark.parametrize("module", PANELS, ids=lambda module: module.PANEL.id)


def _button(panel: QWidget) -> QPushButton:
    (button,) = panel.findChildren(QPushButton)
    return button


@every_panel
def test_from_an_empty_draft_to_the_reveal_by_the_button_of_the_gate(
    module, opened: Workspace, qtbot: QtBot
) -> None:
    panel = module.PANEL.make(opened)
    qtbot.addWidget(panel)
    opened.paper.set_view("explain")
    assert "First say what you see" in words_of(panel)
    assert _button(panel).text() == "Go to your read"
    _button(panel).click()
    assert opened.paper.view == "read"
    opened.steps.apply(SetComment("seen"))
    assert "Your read is a draft" in words_of(panel)
    assert _button(panel).text() == "Lock first read"
    _button(panel).click()
    qtbot.waitUntil(lambda: opened.reading.session is not None and bool(opened.reading.session.reads))
    assert "Your first read is locked" in words_of(panel)
    assert _button(panel).text() == "Reveal AI"
    with qtbot.waitSignals([opened.answers.prediction_ready, opened.answers.lef_ready]):
        _button(panel).click()
    assert opened.reading.may_show_ai()
    assert "closed" not in words_of(panel)


@every_panel
def test_without_a_reader_the_gate_asks_who_reads(
    module, workspace: Workspace, record_file: Path, qtbot: QtBot
) -> None:
    workspace.reading.set_reader("")
    panel = module.PANEL.make(workspace)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open(record_file)
    assert _button(panel).text() == "Say who reads"
    with qtbot.waitSignal(workspace.reader.needed):
        _button(panel).click()
    workspace.reading.set_reader("Reader Two")
    qtbot.waitUntil(lambda: _button(panel).text() == "Go to your read")


@every_panel
def test_after_signing_without_the_ai_the_gate_still_reveals(module, opened: Workspace, qtbot: QtBot) -> None:
    panel = module.PANEL.make(opened)
    qtbot.addWidget(panel)
    opened.steps.apply(SetComment("seen"))
    opened.steps.sign()
    qtbot.waitUntil(lambda: opened.reading.session is not None and len(opened.reading.session.reads) == 2)
    assert _button(panel).text() == "Reveal AI"


@every_panel
def test_where_nothing_can_be_saved_the_gate_says_so_and_tries_again(
    module, opened: Workspace, qtbot: QtBot
) -> None:
    session = opened.reading.session
    assert session is not None
    session.view_only = "the database is read-only; nothing can be written"
    opened.reading.tell()
    panel = module.PANEL.make(opened)
    qtbot.addWidget(panel)
    assert "can only be looked at" in words_of(panel)
    assert _button(panel).text() == "Try the database again"
    _button(panel).click()
    qtbot.waitUntil(lambda: _button(panel).text() == "Go to your read")


@every_panel
def test_without_a_record_the_gate_opens_one(module, workspace: Workspace, qtbot: QtBot) -> None:
    panel = module.PANEL.make(workspace)
    qtbot.addWidget(panel)
    assert _button(panel).text() == "Open files …"
