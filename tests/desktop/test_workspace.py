"""The workspace alone: opening, blindness, asking the models, reading, masks."""

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
from ecgview.desktop.state.workspace import MASK_SEGMENTS, Workspace
from ecgview.errors import EcgviewError
from ecgview.models import runtime
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
def reading(workspace: Workspace, record_files: list[Path], qtbot: QtBot) -> Workspace:
    """Return the workspace with the first record open."""
    with qtbot.waitSignal(workspace.measurements_ready):
        workspace.open_paths([record_files[0].parent])
    return workspace


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a model answer in known words; returns what was asked of it."""
    asked: list[str] = []

    def classify(record: EcgRecord, *args: object, progress: Progress = silent) -> Prediction:
        asked.append(record.source.sha256)
        return model_words.prediction(record.source.sha256)

    monkeypatch.setattr(inference, "_classify", classify)
    monkeypatch.setattr(inference, "_lef", lambda record, *a, progress: model_words.lef(record.source.sha256))
    return asked


def _read_and_reveal(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.apply_edit(SetComment("sinus rhythm"))
    workspace.commit_first_read()
    workspace.reveal()
    kept(qtbot, workspace)


def test_a_folder_becomes_a_worklist_and_its_first_record_opens(
    reading: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    assert [item.path for item in reading.worklist_items] == record_files
    assert reading.record_path == record_files[0]
    qtbot.waitUntil(lambda: all(item.summary is not None for item in reading.worklist_items))


def test_next_and_previous_walk_the_worklist_and_stop_at_its_ends(
    reading: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    said: list[Message] = []
    reading.message_posted.connect(said.append)
    for path in record_files[1:]:
        with qtbot.waitSignal(reading.record_opened):
            reading.next_record()
        assert reading.record_path == path
    reading.next_record()
    assert "last record" in said[-1].text
    with qtbot.waitSignal(reading.record_opened):
        reading.previous_record()
    assert reading.record_path == record_files[1]


def test_nothing_of_the_old_record_stays_when_a_file_cannot_be_read_and_the_next_one_opens(
    reading: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    record_files[1].with_suffix(".dat").write_bytes(b"\0" * 11)
    said: list[Message] = []
    reading.message_posted.connect(said.append)
    with qtbot.waitSignal(reading.record_failed) as failed:
        reading.next_record()
    assert isinstance(failed.args[0], EcgviewError)
    assert (reading.record, reading.session, reading.measurements) == (None, None, None)
    assert (reading.shown.kind, reading.shown.path) == ("failed", record_files[1])
    assert reading.shown.reason == failed.args[0].sentence
    assert said[-1].level == "error"
    assert str(record_files[1].parent) not in said[-1].details  # read blind
    assert said[-1].text.startswith("Record 2:")
    assert said[-1].about == record_files[1]
    assert reading.worklist_items[1].problem
    with qtbot.waitSignal(reading.record_opened):
        reading.next_record()
    assert reading.record_path == record_files[2]


def test_a_newer_opening_supersedes_an_older_one(
    workspace: Workspace, record_files: list[Path], qtbot: QtBot
) -> None:
    opened: list[EcgRecord] = []
    workspace.record_opened.connect(opened.append)
    for path in record_files:
        workspace.open_record(path)
    qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert len(opened) == 1
    assert workspace.record_path == record_files[-1]


def test_w2_no_model_is_asked_and_none_answers_before_the_reveal(
    reading: Workspace, asked: list[str], qtbot: QtBot
) -> None:
    failed: list[str] = []
    for signal in (reading.prediction_failed, reading.lef_failed, reading.reconstruction_failed):
        signal.connect(failed.append)
    sha256 = reading.record.source.sha256 if reading.record else ""
    reading.inference.prediction = model_words.prediction(sha256)  # even if an answer were there
    reading.inference.lef = model_words.lef(sha256)
    for _ in range(2):
        reading.request_prediction()
        reading.request_lef()
        reading.set_mask(np.ones(MASK_SEGMENTS, dtype=bool))
        assert (reading.prediction, reading.lef, reading.reconstruction, reading.error_strip) == (None,) * 4
        reading.apply_edit(SetComment("still blind"))
        if reading.session is not None and not reading.session.reads:
            reading.commit_first_read()
            kept(qtbot, reading)  # committed, not yet revealed: closed all the same
    assert asked == []
    assert len(failed) == 6


def test_reveal_asks_the_models_and_a_second_opening_asks_the_store(
    reading: Workspace,
    record_files: list[Path],
    asked: list[str],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        inference.Inference,
        "_card_sha256",
        lambda self: model_words.FACTS.sha256,
    )
    judged: list[str] = []

    def judged_anew(kept: Prediction, record: EcgRecord) -> Prediction:
        judged.append(record.source.sha256)
        return kept

    monkeypatch.setattr(runtime, "judged_anew", judged_anew)
    with qtbot.waitSignals([reading.prediction_ready, reading.lef_ready]):
        _read_and_reveal(reading, qtbot)
    assert reading.prediction is not None
    assert reading.prediction.scores[0].code == "QUAGGA"
    assert len(asked) == 1
    with qtbot.waitSignal(reading.record_opened):
        reading.next_record()
    assert reading.prediction is None
    with qtbot.waitSignal(reading.record_opened):
        reading.previous_record()
    with qtbot.waitSignal(reading.prediction_ready):
        reading.record_shown()
    assert reading.prediction is not None
    assert len(asked) == 1
    assert judged == asked  # what was kept is judged by the card of today


def test_a_read_is_signed_amended_and_never_lost(reading: Workspace, asked: list[str], qtbot: QtBot) -> None:
    session = reading.session
    assert session is not None
    reading.toggle_statement("NORM")
    reading.commit_first_read()
    reading.sign()
    kept(qtbot, reading)
    assert session.state is ReadState.CONFIRMED
    said: list[Message] = []
    reading.message_posted.connect(said.append)
    reading.toggle_statement("AFIB")  # signed: told, not done
    assert said[-1].level == "error"
    reading.amend("second look")
    reading.toggle_statement("AFIB")
    reading.sign()
    kept(qtbot, reading)
    assert [read.number for read in session.reads] == [1, 2, 3]
    assert session.reads[-1].reason == "second look"
    assert reading.worklist_items[0].state == "amended"
    assert reading.store.verify() == []


def test_undo_and_redo_walk_the_draft(reading: Workspace) -> None:
    session = reading.session
    assert session is not None
    reading.add_annotation(("II",), 1.0, 1.5)
    reading.apply_edit(SetComment("x"))
    reading.undo()
    reading.undo()
    assert session.draft.is_empty
    reading.redo()
    assert len(session.draft.annotations) == 1


def test_a_draft_is_there_again_after_the_window_was_closed(
    reading: Workspace, record_files: list[Path], tmp_path: Path, settings: Settings, qtbot: QtBot
) -> None:
    reading.add_annotation(("V2",), 2.0, 2.25)
    reading.close()
    again = Workspace(store_path=tmp_path / "store.db", settings=settings)
    with qtbot.waitSignal(again.record_opened):
        again.open_record(record_files[0])
    assert again.session is not None
    assert again.session.draft.annotations[0].leads == ("V2",)
    assert again.session.state is ReadState.IN_READING
    again.close()


def test_without_a_name_there_is_no_read(
    reading: Workspace, record_files: list[Path], settings: Settings, qtbot: QtBot
) -> None:
    settings.set("reader.name", "")
    with qtbot.waitSignal(reading.record_opened):
        reading.next_record()
    assert reading.session is None
    with qtbot.waitSignal(reading.reader_needed):
        reading.commit_first_read()
    reading.set_reader_name("  Reader Two ")
    qtbot.waitUntil(lambda: reading.session is not None)
    assert reading.session is not None
    assert reading.session.reader == "Reader Two"


def test_one_reconstruction_runs_at_a_time_and_the_last_mask_is_answered(
    reading: Workspace, asked: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _read_and_reveal(reading, qtbot)
    running, most, masks = [0], [0], list[int]()
    go_on = threading.Event()

    def reconstruct(
        record: EcgRecord, mask: NDArray[np.bool_], device: str, progress: Progress = silent
    ) -> tuple[object, Overlay]:
        running[0] += 1
        most[0] = max(most[0], running[0])
        masks.append(int(mask.sum()))
        assert go_on.wait(60)
        running[0] -= 1
        return object(), Overlay()

    monkeypatch.setattr(inference, "_reconstruct", reconstruct)
    mask = np.zeros(MASK_SEGMENTS, dtype=bool)
    for width in range(1, 31):
        mask[:width] = True
        reading.set_mask(mask)
    go_on.set()
    qtbot.waitUntil(lambda: reading.jobs.n_alive == 0)
    assert masks == [1, 30]
    assert most[0] == 1


def test_blind_reading_can_be_switched_off_and_the_log_says_so(
    reading: Workspace, asked: list[str], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(reading.prediction_ready):
        reading.set_blind(False)
    assert reading.session is not None
    entries = reading.store.audit(reading.session.record_sha256)
    assert "blind_off" in [entry.action for entry in entries]
