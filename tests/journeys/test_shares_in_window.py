"""Both shares of a statement through the real window: in words, on the trace, under the hand, in a report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from tiny_models import classifier

from ecgview import resources
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.desktop.state.shams import Target
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.results import Prediction, Shares

__all__ = ["classifier"]

CONTROL = Qt.KeyboardModifier.ControlModifier
WIDTH = {"value": "QRS axis", "unit": "deg", "kind": "linear", "weight": 0.01, "typical": 40}
DURATION = {"value": "P duration", "unit": "ms", "kind": "above", "at": 60, "weight": 0.02, "typical": 60}
SECTION = {
    code: {"network": 0.5, "intercept": 4.0, "terms": [term], "n_positive": 30, "n_negative": 400}
    for code, term in (("LAFB", WIDTH), ("LAO/LAE", DURATION))
}


@pytest.fixture
def resting(classifier: ModelCard) -> ModelCard:
    """Return the card of a tiny classifier, the default one, with two statements that rest on measured values."""
    path = classifier.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8")) | {"measured": SECTION}
    raw["thresholds"] = [0.1 if code in SECTION else None for code in raw["labels"]]
    path.write_text(json.dumps(raw), encoding="utf-8")
    return cards.read_card(path)


@pytest.fixture
def window(resting: ModelCard, window: MainWindow) -> MainWindow:
    """Return the window in which that classifier answers."""
    return window


def _said(window: MainWindow) -> Prediction:
    found = window.workspace.answers.prediction
    assert found is not None
    return found


def _shares(window: MainWindow, code: str) -> Shares:
    found = next(one.shares for one in _said(window).scores if one.code == code)
    assert found is not None
    return found


def _texts(window: MainWindow, panel: str) -> str:
    section = window.side.section(panel)
    assert section is not None
    return "\n".join(one.text() for one in section.content.findChildren(Text))


def _open(window: MainWindow, rest: Callable[[], None]) -> None:
    window.workspace.ecg.open_paths([resources.path("demo", "normal.hea")])
    rest()
    window.workspace.steps.set_blind(False)
    rest()


def test_both_shares_stand_in_words_and_a_button_shows_where_it_was_measured(
    window: MainWindow, rest: Callable[[], None], qtbot: QtBot
) -> None:
    _open(window, rest)
    shares = _shares(window, "LAO/LAE")
    assert not shares.not_used
    assert f"LAO/LAE: {shares.words}" in _texts(window, "diagnosis")

    window.workspace.paper.set_view("explain")
    window.workspace.maps.choose(Target("statement", "LAO/LAE"))
    rest()
    said = _texts(window, "where")
    assert f"L{shares.words[1:]}." in said
    (duration,) = shares.measured
    section = window.side.section("where")
    assert section is not None
    button = next(
        one for one in section.content.findChildren(QPushButton) if one.text() == f"Show {duration.measured}"
    )
    pointed: list[tuple[Any, ...]] = []
    window.workspace.measuring.pointed.connect(lambda *where: pointed.append(where))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    rest()
    assert duration.where_s is not None
    assert pointed == [("", *duration.where_s)]
    assert window.workspace.measuring.shows_edges


def test_the_measured_share_follows_a_hand_keeps_the_number_of_before_and_goes_back_with_undo(
    window: MainWindow,
    rest: Callable[[], None],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _open(window, rest)
    before = _said(window)
    computed = _shares(window, "LAO/LAE").measured[0]
    monkeypatch.setattr(runtime, "answers", lambda *_a, **_o: pytest.fail("the network was asked again"))
    measured = window.workspace.measuring.measured
    assert measured is not None
    assert measured.median is not None
    p = measured.median.overall["P"]
    assert p is not None
    window.workspace.measuring.put("P onset", None, p.onset_s - 0.03)
    rest()
    after = _said(window)
    assert after.unedited is before
    edited = _shares(window, "LAO/LAE").measured[0]
    assert edited.before == computed.value
    assert edited.share > computed.share
    assert f"(computed {computed.value:.0f})" in _texts(window, "diagnosis")
    assert "With edited measurements, by Journey Reader: LAO/LAE" in after.warnings[0]
    path = tmp_path / "report.json"
    report_sheet.write(window.workspace, path)
    rest()
    written = json.loads(path.read_text(encoding="utf-8"))["prediction"]
    row = next(one for one in written["scores"] if one["code"] == "LAO/LAE")
    assert row["shares"]["measured"][0]["before"] == computed.value
    old = next(one for one in written["unedited"]["scores"] if one["code"] == "LAO/LAE")
    assert (old["probability"], row["probability"]) == (
        before.probability("LAO/LAE"),
        after.probability("LAO/LAE"),
    )

    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, CONTROL)
    rest()
    assert _said(window) is before


def test_nothing_of_the_shares_is_told_while_the_read_is_blind(
    window: MainWindow, rest: Callable[[], None]
) -> None:
    window.workspace.ecg.open_paths([resources.path("demo", "normal.hea")])
    rest()
    assert window.workspace.answers.prediction is None
    window.workspace.paper.set_view("explain")
    rest()
    for panel in ("diagnosis", "where"):
        section = window.side.section(panel)
        texts = "" if section is None else "\n".join(one.text() for one in section.content.findChildren(Text))
        assert "base" not in texts
        assert "logit" not in texts
