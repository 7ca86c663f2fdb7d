"""A record goes through the network once: window, LEF, report and command line, and not at all the next day."""

import threading
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from ecgview import resources
from ecgview.cli import main
from ecgview.desktop.dialogs import report
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.workspace import Workspace
from ecgview.models import asking
from ecgview.results import LefResult, Prediction
from ecgview.review.store import Store, default_path

ECG = Path(resources.path("demo")) / "normal.hea"


def _sitting(folder: Path, qtbot: QtBot, *, is_first: bool) -> tuple[Prediction | None, LefResult | None]:
    """Read the record in a window of its own, write a report, close; return what was shown."""
    settings = Settings(folder / "settings.toml")
    settings.set("reader.name", "One")
    workspace = Workspace(store_path=default_path(), settings=settings)
    answers = workspace.answers
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([ECG])
    with qtbot.waitSignals([answers.prediction_ready, answers.lef_ready]):
        workspace.ecg.tell_painted()
        if is_first:
            workspace.steps.toggle_statement("NORM")
            workspace.steps.commit_first_read()
            workspace.steps.reveal()
    shown = answers.prediction, answers.lef
    answers.request_prediction()
    answers.request_lef()
    out = folder / f"{is_first}.pdf"
    report.write(workspace, out)
    qtbot.waitUntil(lambda: out.is_file() and workspace.jobs.n_alive == 0)
    assert workspace.close()
    return shown


@pytest.mark.parametrize("is_command_first", [False, True])
def test_one_run_of_the_network_for_window_report_and_commands_and_none_the_next_day(
    is_command_first: bool,
    tmp_path: Path,
    forwards: list[str],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def commands() -> None:
        monkeypatch.setattr(asking, "RECENT", asking.Recent(0))  # as in a process of its own
        for words in (["classify"], ["lef"], ["report", "-o", str(tmp_path / "command.pdf")]):
            assert main([words[0], str(ECG), *words[1:]]) == 0

    recalled_by: list[threading.Thread] = []
    result = Store.result

    def watched(self: Store, *args: Any) -> Any:
        recalled_by.append(threading.current_thread())
        return result(self, *args)

    if is_command_first:
        commands()
    monkeypatch.setattr(Store, "result", watched)
    first = _sitting(tmp_path, qtbot, is_first=True)
    assert None not in first
    commands()
    assert forwards == ["Residual"]
    recalled_by.clear()
    again = _sitting(tmp_path, qtbot, is_first=False)
    assert len(recalled_by) == 2  # prediction and LEF
    assert threading.main_thread() not in recalled_by
    commands()
    assert again == first
    assert forwards == ["Residual"]
