"""One owner says whether AI may be shown: every panel, menu, answer and report asks `Reading.may_show_ai` (W2)."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import model_words
import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget

from ecgview.desktop import state
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import about_file
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.state import inference
from ecgview.desktop.state.reading import Reading
from ecgview.explain.reconstruction import ErrorOverTime
from ecgview.overlay import Overlay
from ecgview.record import EcgRecord
from ecgview.report.json_report import as_dict
from ecgview.results import LefResult, Prediction
from ecgview.review.history import SetComment

DESKTOP = Path(state.__file__).parents[1]
OWNER = DESKTOP / "state" / "reading.py"
N_PANELS = 10  # of AI, and of what the file says that the device found


@pytest.fixture
def told(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window on a record that is read blind, with answers of every kind already there."""

    def classify(record: EcgRecord) -> Prediction:
        return model_words.prediction(record.source.sha256)

    def lef(record: EcgRecord) -> LefResult:
        return model_words.lef(record.source.sha256)

    monkeypatch.setattr(inference, "ask", model_words.answering(classify, lef))
    record = opened.workspace.ecg.record
    assert record is not None
    _put_answers(opened)
    opened.workspace.paper.set_view("reconstruct")
    return opened


def _put_answers(window: MainWindow) -> None:
    answers, record = window.workspace.answers, window.workspace.ecg.record
    assert record is not None
    answers._found.prediction = model_words.prediction(record.source.sha256)
    answers._found.lef = model_words.lef(record.source.sha256)
    errors = answers.mask.astype(np.float32)
    found = ErrorOverTime(errors, np.full(len(errors), np.nan), 16)
    answers._found.error_strip = (found, Overlay(legend="errors of the model"))


def _say(window: MainWindow, may_show: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the owner say so, and the window hear that the read stands elsewhere."""
    monkeypatch.setattr(Reading, "may_show_ai", lambda self: may_show)
    window.workspace.reading.session_changed.emit(window.workspace.reading.session)


def _panels(window: MainWindow) -> list[AiPanel]:
    return window.findChildren(AiPanel)


def _words(root: QWidget) -> str:
    return "\n".join(label.text() for label in root.findChildren(QLabel)).lower()


def _shows(window: MainWindow) -> dict[str, bool]:
    """Return for each place whether it shows what is closed in blind reading."""
    workspace, closed = window.workspace, {panel.closed.lower() for panel in _panels(window)}
    panels = {
        type(panel).__name__: not any(text in _words(panel) for text in closed) for panel in _panels(window)
    }
    report = as_dict(report_sheet.content(workspace))
    answers = workspace.answers
    models = ("models.classify", "models.lef", "models.random_mask", "models.error_strip", "models.choose")
    return {
        **panels,
        **{
            f"answer {name}": getattr(answers, name) is not None
            for name in ("prediction", "lef", "error_strip")
        },
        "overlay": workspace.paper.overlay is not None,
        "report prediction": bool(report.get("prediction")),
        "report lef": bool(report.get("lef")),
        "report device": report_sheet.content(workspace).with_device,
        **{action: window.menus[action].isEnabled() for action in models},
    }


def test_where_the_owner_says_no_nothing_shows_it_though_the_read_is_revealed(
    told: MainWindow, rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told.workspace.steps.apply(SetComment("seen"))
    told.workspace.steps.commit_first_read()
    told.workspace.steps.reveal()
    rest()
    _put_answers(told)
    assert told.workspace.reading.may_show_ai()
    assert len(_panels(told)) == N_PANELS
    _say(told, True, monkeypatch)
    assert [place for place, shows in _shows(told).items() if not shows] == []
    _say(told, False, monkeypatch)
    assert [place for place, shows in _shows(told).items() if shows] == []


def test_where_the_owner_says_yes_everything_shows_it_though_the_read_is_blind(
    told: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [place for place, shows in _shows(told).items() if shows] == []
    _say(told, True, monkeypatch)
    assert [place for place, shows in _shows(told).items() if not shows] == []


def test_the_sheet_about_the_file_asks_the_owner(told: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    record = told.workspace.ecg.record
    assert record is not None
    heard: list[bool] = []
    real = about_file._shown_rows

    def listen(*args: object) -> object:
        heard.append(bool(args[-1]))
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(about_file, "_shown_rows", listen)
    for may_show in (False, True):
        _say(told, may_show, monkeypatch)
        about_file.show(told)
    assert heard == [False, True]


def _asked_elsewhere() -> Iterator[str]:
    for path in sorted(DESKTOP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Attribute) and node.attr == "may_show_ai") or path == OWNER:
                continue
            asked = node.value.attr if isinstance(node.value, ast.Attribute) else ast.unparse(node.value)
            if asked.lstrip("_") != "reading":
                yield f"{path.relative_to(DESKTOP)}:{node.lineno}"


def test_nobody_but_the_owner_asks_a_session_whether_ai_may_be_shown() -> None:
    assert list(_asked_elsewhere()) == []
