"""Choosing the models, and the contributions as pictures, in the real window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QTabWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.models import cards
from ecgview.review.history import SetComment
from ecgview.training.echonext import synthetic
from ecgview.training.lef import run as lef
from ecgview.training.lef.fit import FitRecipe


@pytest.fixture
def fitted(tmp_path: Path) -> str:
    """Return the id of a LEF model in the user's folder, fitted on 48 synthetic ECGs."""
    data = synthetic.write(tmp_path / "synthetic", 48, seed=3)
    recipe = lef.LefRecipe(54.0, FitRecipe(("logistic",), (0.1,), ("none",)), resamples=10)
    lef.run(recipe, data, cards.user_folder() / "lef-synthetic", tmp_path / "cache", [])
    return "lef-synthetic"


def _revealed(window: MainWindow, qtbot: QtBot) -> None:
    workspace = window.workspace
    workspace.steps.apply(SetComment("seen"))
    workspace.steps.commit_first_read()
    with qtbot.waitSignals([workspace.answers.prediction_ready, workspace.answers.lef_ready]):
        workspace.steps.reveal()


def _sheet(window: MainWindow, title: str) -> Sheet:
    return next(s for s in window.findChildren(Sheet) if s.windowTitle() == title and s.isVisible())


def test_another_lef_model_answers_and_its_pictures_open(
    opened: MainWindow, fitted: str, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    workspace = opened.workspace
    _revealed(opened, qtbot)
    assert workspace.answers.lef.kind == "index"
    opened.menus["models.choose"].trigger()
    sheet = _sheet(opened, "Choose models")
    box = sheet.findChild(QComboBox, "lef")
    box.setCurrentIndex(box.findData(fitted))
    assert any("synthetic ECGs" in label.text() for label in sheet.findChildren(QLabel))
    accept = next(button for button in sheet.buttons.buttons() if button.text() == "Use these")
    with qtbot.waitSignals([workspace.answers.prediction_ready, workspace.answers.lef_ready]):
        accept.click()
    assert (workspace.answers.lef.model.model_id, workspace.answers.lef.kind) == (fitted, "probability")
    opened.menus["models.lef_pictures"].trigger()
    rest()
    pictures = _sheet(opened, "Contributions as pictures")
    tabs = pictures.findChild(QTabWidget)
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["This ECG", "Cohort", "Mean size"]
    assert all(
        not label.pixmap().isNull()
        for label in tabs.findChildren(QLabel)
        if label.objectName().startswith("picture")
    )
    texts = " ".join(label.text() for label in pictures.findChildren(QLabel))
    assert "synthetic" in texts
    assert "Research use only" in texts
    pictures.reject()


def test_without_contributions_there_is_nothing_to_draw(opened: MainWindow, qtbot: QtBot) -> None:
    from ecgview.desktop.dialogs import lef_pictures

    with qtbot.waitSignal(opened.workspace.telling.posted) as told:
        lef_pictures.show(opened)
    assert "ask for low ejection fraction first" in told.args[0].text
