"""The workspace alone: opening, blindness, asking the models, started, masks."""

import threading
from collections.abc import Iterator
from pathlib import Path

import model_words
import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot
from waiting import kept

from ecgview.desktop.messages import Message
from ecgview.desktop.settings import Settings
from ecgview.desktop.state import inference
from ecgview.desktop.state.workspace import Workspace
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Prediction
from ecgview.review.history import SetComment
from ecgview.review.read import ReadState


@pytest.fixture
def workspace(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Workspace]:
    made = Workspace(store_path=tmp_path / "store.db", settings=settings)
    yield made
    assert made.close()


@pytest.fixture
def started(workspace: Workspace, record_files: list[Path], qtbot: QtBot) -> Workspace:
    """Return the workspace with the first record open."""
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([record_files[0].parent])
    return workspace


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a model answer in known words; returns what was asked of it."""
    asked: list[str] = []

    def classify(record: EcgRecord) -> Prediction:
        asked.append(record.source.sha256)
        return model_words.prediction(record.source.sha256)

    answering = model_words.answering(classify, lambda record: model_words.lef(record.source.sha256))
    monkeypatch.setattr(inference, "ask", answering)
    return asked


def _read_and_reveal(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.steps.apply(SetComment("sinus rhythm"))
    workspace.steps.commit_first_read()
    workspace.steps.reveal()
    kept(qtbot, workspace)


def test_a_folder_becomes_a_worklist_and_its_first_record_opens(
    started: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    assert [item.path for item in started.worklist.items] == record_files
    assert started.ecg.path == record_files[0]
    qtbot.waitUntil(lambda: all(item.summary is not None for item in started.worklist.items))


def test_next_and_previous_walk_the_worklist_and_stop_at_its_ends(
    started: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    said: list[Message] = []
    started.telling.posted.connect(said.append)
    for path in record_files[1:]:
        with qtbot.waitSignal(started.ecg.opened):
            started.walk.next()
        assert started.ecg.path == path
    started.walk.next()
    assert "last record" in said[-1].text
    with qtbot.waitSignal(started.ecg.opened):
        started.walk.previous()
    assert started.ecg.path == record_files[1]


def test_nothing_of_the_old_record_stays_when_a_file_cannot_be_read_and_the_next_one_opens(
    started: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    record_files[1].with_suffix(".dat").write_bytes(b"\0" * 11)
    said: list[Message] = []
    started.telling.posted.connect(said.append)
    with qtbot.waitSignal(started.ecg.failed) as failed:
        started.walk.next()
    assert isinstance(failed.args[0], EcgviewError)
    assert (started.ecg.record, started.reading.session, started.ecg.measurements) == (None, None, None)
    assert (started.ecg.shown.kind, started.ecg.shown.path) == ("failed", record_files[1])
    assert started.ecg.shown.reason == failed.args[0].sentence
    assert said[-1].level == "error"
    assert str(record_files[1].parent) not in said[-1].details  # read blind
    assert said[-1].text.startswith("Record 2:")
    assert said[-1].about == record_files[1]
    assert started.worklist.items[1].problem
    with qtbot.waitSignal(started.ecg.opened):
        started.walk.next()
    assert started.ecg.path == record_files[2]


def test_a_newer_opening_supersedes_an_older_one(
    workspace: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    opened: list[EcgRecord] = []
    workspace.ecg.opened.connect(opened.append)
    for path in record_files:
        workspace.ecg.open(path)
    qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert len(opened) == 1
    assert workspace.ecg.path == record_files[-1]


def test_w2_no_model_is_asked_and_none_answers_before_the_reveal(
    started: Workspace, asked: list[str], qtbot: QtBot
) -> None:
    failed: list[str] = []
    for signal in (
        started.answers.prediction_failed,
        started.answers.lef_failed,
        started.answers.reconstruction_failed,
    ):
        signal.connect(failed.append)
    sha256 = started.ecg.record.source.sha256 if started.ecg.record else ""
    started.answers._found.prediction = model_words.prediction(sha256)  # even if an answer were there
    started.answers._found.lef = model_words.lef(sha256)
    for _ in range(2):
        started.answers.request_prediction()
        started.answers.request_lef()
        started.answers.set_mask(np.ones(200, dtype=bool))
        assert (
            started.answers.prediction,
            started.answers.lef,
            started.answers.reconstruction,
            started.answers.error_strip,
        ) == (None,) * 4
        started.steps.apply(SetComment("still blind"))
        if started.reading.session is not None and not started.reading.session.reads:
            started.steps.commit_first_read()
            kept(qtbot, started)  # committed, not yet revealed: closed all the same
    assert asked == []
    assert len(failed) == 6


def test_reveal_asks_the_models_once_and_a_second_opening_asks_the_store(
    started: Workspace, forwards: list[str], qtbot: QtBot
) -> None:
    answers = started.answers
    with qtbot.waitSignals([answers.prediction_ready, answers.lef_ready]):
        _read_and_reveal(started, qtbot)
    first = answers.prediction, answers.lef
    assert None not in first
    assert forwards.count("Residual") == 1  # the measurements have a network of their own
    kept(qtbot, started)
    with qtbot.waitSignal(started.ecg.opened):
        started.walk.next()
    assert (answers.prediction, answers.lef) == (None, None)
    with qtbot.waitSignal(started.ecg.opened):
        started.walk.previous()
    with qtbot.waitSignals([answers.prediction_ready, answers.lef_ready]):
        started.ecg.tell_painted()
    assert (answers.prediction, answers.lef) == first
    assert forwards.count("Residual") == 1  # the measurements have a network of their own


def test_a_read_is_signed_amended_and_never_lost(started: Workspace, asked: list[str], qtbot: QtBot) -> None:
    session = started.reading.session
    assert session is not None
    started.steps.toggle_statement("NORM")
    started.steps.commit_first_read()
    started.steps.sign()
    kept(qtbot, started)
    assert session.state is ReadState.CONFIRMED
    said: list[Message] = []
    started.telling.posted.connect(said.append)
    started.steps.toggle_statement("AFIB")  # signed: told, not done
    assert said[-1].level == "error"
    started.steps.amend("second look")
    started.steps.toggle_statement("AFIB")
    started.steps.sign()
    kept(qtbot, started)
    assert [read.number for read in session.reads] == [1, 2, 3]
    assert session.reads[-1].reason == "second look"
    assert started.worklist.items[0].state == "amended"
    assert started.reading.store.verify() == []


def test_undo_and_redo_walk_the_draft(started: Workspace) -> None:
    session = started.reading.session
    assert session is not None
    started.steps.add_annotation(("II",), 1.0, 1.5)
    started.steps.apply(SetComment("x"))
    started.steps.undo()
    started.steps.undo()
    assert session.draft.is_empty
    started.steps.redo()
    assert len(session.draft.annotations) == 1


def test_a_draft_is_there_again_after_the_window_was_closed(
    started: Workspace, record_files: list[Path], tmp_path: Path, settings: Settings, qtbot: QtBot
) -> None:
    started.steps.add_annotation(("V2",), 2.0, 2.25)
    started.close()
    again = Workspace(store_path=tmp_path / "store.db", settings=settings)
    with qtbot.waitSignal(again.ecg.opened):
        again.ecg.open(record_files[0])
    assert again.reading.session is not None
    assert again.reading.session.draft.annotations[0].leads == ("V2",)
    assert again.reading.session.state is ReadState.IN_READING
    again.close()


def test_without_a_name_there_is_no_read(
    started: Workspace, record_files: list[Path], settings: Settings, qtbot: QtBot
) -> None:
    settings.set("reader.name", "")
    with qtbot.waitSignal(started.ecg.opened):
        started.walk.next()
    assert started.reading.session is None
    with qtbot.waitSignal(started.reader.needed):
        started.steps.commit_first_read()
    started.reading.set_reader("  Reader Two ")
    qtbot.waitUntil(lambda: started.reading.session is not None)
    assert started.reading.session is not None
    assert started.reading.session.reader == "Reader Two"


def test_one_reconstruction_runs_at_a_time_and_the_last_mask_is_answered(
    started: Workspace, asked: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _read_and_reveal(started, qtbot)
    running, most, masks = [0], [0], list[int]()
    go_on = threading.Event()

    def reconstruct(
        record: EcgRecord, mask: NDArray[np.bool_], *_: object, progress: Progress = silent
    ) -> tuple[object, Overlay]:
        running[0] += 1
        most[0] = max(most[0], running[0])
        masks.append(int(mask.sum()))
        assert go_on.wait(60)
        running[0] -= 1
        return object(), Overlay()

    monkeypatch.setattr(inference, "reconstruct", reconstruct)
    mask = np.zeros(200, dtype=bool)
    for width in range(1, 31):
        mask[:width] = True
        started.answers.set_mask(mask)
    go_on.set()
    qtbot.waitUntil(lambda: started.jobs.n_alive == 0)
    assert masks == [1, 30]
    assert most[0] == 1


def test_blind_reading_can_be_switched_off_and_the_log_says_so(
    started: Workspace, asked: list[str], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(started.answers.prediction_ready):
        started.steps.set_blind(False)
    assert started.reading.session is not None
    entries = started.reading.store.audit(started.reading.session.record_sha256)
    assert "blind_off" in [entry.action for entry in entries]
