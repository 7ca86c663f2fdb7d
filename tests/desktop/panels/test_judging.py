"""Judging a reason in the window: never while blind, kept beside the read, marked on the trace, withdrawn, exported."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from panel_words import MODEL, kept, reveal, words_of
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from ecgview.cli import main
from ecgview.desktop.dialogs import report
from ecgview.desktop.panels import judging as panel_of
from ecgview.desktop.panels.judging import JudgingPanel
from ecgview.desktop.state.judging import MODE, Stretch, Subject
from ecgview.desktop.state.mouse import MenuRow, Spot
from ecgview.desktop.state.workspace import Workspace
from ecgview.report import json_report
from ecgview.results import Reconstruction
from ecgview.review.history import SetComment
from ecgview.review.judgement import Judged, Verdict

MAP = Judged("map", "QUAGGA", "m", "1.2.3", "abcdef0123456789", "integrated gradients", "no failure found")
OWN = Stretch(("V2",), 1.2, 1.4)


def _reconstructed(workspace: Workspace, qtbot: QtBot, *segments: int) -> None:
    mask = np.zeros(200, dtype=bool)
    mask[list(segments)] = True
    with qtbot.waitSignal(workspace.answers.reconstruction_ready):
        workspace.answers.set_mask(mask)


@pytest.fixture
def judged(opened: Workspace, qtbot: QtBot) -> Workspace:
    """Return the workspace with a revealed read and a reconstruction on the trace, which hides 1.0 to 1.1 s."""
    reveal(opened, qtbot)
    opened.paper.set_view("reconstruct")
    _reconstructed(opened, qtbot, 20, 21)
    return opened


def _panel(workspace: Workspace, qtbot: QtBot) -> JudgingPanel:
    made = panel_of.PANEL.make(workspace)
    qtbot.addWidget(made)
    assert isinstance(made, JudgingPanel)
    return made


def _press(panel: JudgingPanel, verdict: str, qtbot: QtBot) -> None:
    button = panel.findChild(QPushButton, verdict)
    assert button is not None
    button.click()
    kept(qtbot, panel.workspace)


def test_w2_nothing_can_be_judged_or_is_shown_while_the_read_is_blind(
    opened: Workspace, qtbot: QtBot
) -> None:
    opened.judging.add_subject("explain", lambda: Subject(MAP, (OWN,)))
    panel = _panel(opened, qtbot)
    for view in ("explain", "reconstruct"):
        opened.paper.set_view(view)
        assert opened.judging.subject is None
        assert opened.judging.stretch is None
        opened.judging.judge(Verdict.AGREE, OWN)
        assert MODE not in {mode.id for mode in opened.mouse.added}
        assert not [row for row in opened.mouse.rows(Spot("V2", 1.3, 0.0)) if "Judge" in row.text]
    kept(qtbot, opened)
    assert opened.reading.store.judgements() == ()
    assert "QUAGGA" not in words_of(panel)
    assert panel.findChild(QPushButton, "agree") is None


def test_a_stretch_of_a_reconstruction_is_judged_and_stands_on_the_trace(
    judged: Workspace, qtbot: QtBot
) -> None:
    panel = _panel(judged, qtbot)
    assert "All leads, 1.00 to 1.10 s" in words_of(
        panel
    )  # the hidden stretch is meant until another is drawn
    draft, reads = judged.reading.session.draft, judged.reading.session.reads
    _press(panel, "disagree", qtbot)
    (one,) = judged.judging.standing
    assert (one.opinion.leads, one.opinion.start_s, one.opinion.end_s) == ((), 1.0, pytest.approx(1.1))
    found = one.opinion.judged
    assert (found.kind, found.target, found.model_id, found.version, found.sha256) == (
        "reconstruction",
        "2 hidden segments",
        MODEL.model_id,
        MODEL.version,
        MODEL.sha256,
    )
    assert one.read_number == 1
    assert (judged.reading.session.draft, judged.reading.session.reads) == (draft, reads)
    assert "disagree" in words_of(panel)
    marks = [span for span in judged.paper.overlay.spans if span.role == "judgement"]
    assert [(mark.text, mark.leads) for mark in marks] == [("disagree", ())]
    judged.paper.set_view("read")
    assert judged.paper.overlay is None or not judged.paper.overlay.spans


def test_a_drawn_stretch_is_meant_until_another_reason_lies_there(judged: Workspace, qtbot: QtBot) -> None:
    mode = judged.mouse.added_mode(MODE)
    assert mode is not None
    mode.on_span(MODE, "V1", 2.0, 2.25)
    assert judged.judging.stretch == Stretch(("V1",), 2.0, 2.25)
    assert ("stretch", ("V1",)) in {(span.role, span.leads) for span in judged.paper.overlay.spans}
    mode.on_span(MODE, "", 3.0, 3.5)  # with Shift
    assert judged.judging.stretch == Stretch((), 3.0, 3.5)
    _reconstructed(judged, qtbot, 40, 41, 42)
    assert judged.judging.stretch == Stretch((), 2.0, 43 * 0.05)


def test_the_stretch_that_was_drawn_stays_while_the_checks_of_the_map_come_in(
    judged: Workspace, qtbot: QtBot
) -> None:
    lying = [replace(MAP, stamp="not checked")]
    judged.paper.set_view("explain")
    judged.judging.add_subject("explain", lambda: Subject(lying[0], (OWN,)))
    drawn = Stretch(("V1",), 2.0, 2.25)
    judged.judging.choose(drawn)
    lying[0] = MAP
    assert judged.judging.stretch == drawn
    judged.judging.judge(Verdict.AGREE)
    kept(qtbot, judged)
    assert judged.judging.standing[0].opinion.judged.stamp == "no failure found"
    lying[0] = replace(MAP, target="OKAPI")
    assert judged.judging.stretch == OWN


def test_the_menu_judges_the_place_under_the_mouse_and_takes_back(judged: Workspace, qtbot: QtBot) -> None:
    rows = judged.mouse.rows(Spot("II", 1.05, 0.0))
    assert _row(rows, "Judge").text == "Judge all leads, 1.00 to 1.10 s"  # a hidden stretch
    elsewhere = _row(judged.mouse.rows(Spot("II", 5.0, 0.0)), "Judge")
    assert elsewhere.text == "Judge II, 4.90 to 5.10 s"
    assert [row.text for row in elsewhere.rows] == ["Agree", "Disagree", "Artefact", "Missed here"]
    run = elsewhere.rows[3].run
    assert run is not None
    run()
    kept(qtbot, judged)
    assert [one.opinion.verdict for one in judged.judging.standing] == [Verdict.MISSED]
    assert not [
        row for row in judged.mouse.rows(Spot("V1", 5.0, 0.0)) if "Withdraw" in row.text
    ]  # another lead
    back = _row(judged.mouse.rows(Spot("II", 5.05, 0.0)), "Withdraw").run
    assert back is not None
    back()
    kept(qtbot, judged)
    assert judged.judging.standing == ()
    assert len(judged.reading.store.judgements()) == 2  # both rows stay


def _row(rows: list[MenuRow], word: str) -> MenuRow:
    (found,) = [row for row in rows if row.text.startswith(word)]
    return found


def test_withdrawing_from_the_list_and_the_last_one(judged: Workspace, qtbot: QtBot) -> None:
    panel = _panel(judged, qtbot)
    for verdict in ("agree", "artefact"):
        _press(panel, verdict, qtbot)
    assert "Your judgements of this ECG: 2" in words_of(panel)
    withdraw = [button for button in panel.findChildren(QPushButton) if button.text() == "Withdraw"]
    withdraw[-1].click()  # the newest stands first
    kept(qtbot, judged)
    assert [one.opinion.verdict for one in judged.judging.standing] == [Verdict.ARTEFACT]
    judged.judging.withdraw_last()
    kept(qtbot, judged)
    assert judged.judging.standing == ()
    assert "Your judgements" not in words_of(panel)


def test_of_a_mask_that_has_no_answer_yet_nothing_is_judged(judged: Workspace, qtbot: QtBot) -> None:
    """The paper shows the mask of now; what would be judged were the answer to the one before."""
    found = judged.answers.reconstruction
    assert found is not None
    stale: Reconstruction = replace(found[0], mask=~found[0].mask)
    judged.answers._found.reconstruction = (stale, found[1])
    assert judged.judging.subject is None


def test_another_reader_sees_nothing_of_it(judged: Workspace, qtbot: QtBot) -> None:
    _press(_panel(judged, qtbot), "agree", qtbot)
    assert len(judged.judging.standing) == 1
    judged.reading.set_reader("Reader Two")
    qtbot.waitUntil(
        lambda: judged.reading.session is not None and judged.reading.session.reader == "Reader Two"
    )
    assert judged.judging.standing == ()
    judged.steps.apply(SetComment("mine"))
    judged.steps.commit_first_read()
    kept(qtbot, judged)
    judged.steps.reveal()
    kept(qtbot, judged)
    assert judged.judging.standing == ()
    assert len(judged.reading.store.judgements()) == 1


def test_a_judgement_ends_in_an_export_and_in_the_count(
    judged: Workspace, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the reveal to the figures: a map is judged, the read signed, the report written, the judgements counted."""
    judged.paper.set_view("explain")
    judged.judging.add_subject("explain", lambda: Subject(MAP, (OWN,)))
    panel = _panel(judged, qtbot)
    assert "V2, 1.20 to 1.40 s" in words_of(panel)
    _press(panel, "agree", qtbot)
    judged.steps.sign()
    kept(qtbot, judged)
    path = json_report.write(
        report.content(judged, identified=False, study_name="ecg-00001"), tmp_path / "r.json"
    )
    (told,) = json.loads(path.read_text(encoding="utf-8"))["judgements"]
    assert (told["verdict"], told["leads"], told["judged"]["target"]) == ("agree", ["V2"], "QUAGGA")
    assert (told["start_s"], told["end_s"], told["read_number"]) == (1.2, 1.4, 1)
    rows = tmp_path / "rows.csv"
    store = str(judged.reading.store.path)
    assert main(["evaluate", "--judgements", store, "--csv", str(rows), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["judgements"] == 1
    assert figures["agreement"][0]["true"]["agree"] == 1
    (row,) = csv.DictReader(rows.read_text(encoding="utf-8").splitlines())
    assert (row["verdict"], row["target"], row["model"], row["version"]) == ("agree", "QUAGGA", "m", "1.2.3")


def test_the_log_tells_a_second_reader_nothing_of_the_firsts_judgements(
    judged: Workspace, qtbot: QtBot
) -> None:
    from PySide6.QtWidgets import QWidget

    from ecgview.desktop.dialogs import log

    _press(_panel(judged, qtbot), "artefact", qtbot)
    parent = QWidget()
    qtbot.addWidget(parent)
    own = log.show(parent, judged)
    assert own is not None
    assert "artefact on" in words_of(own)
    judged.reading.set_reader("Reader Two")
    qtbot.waitUntil(
        lambda: judged.reading.session is not None and judged.reading.session.reader == "Reader Two"
    )
    judged.steps.apply(SetComment("mine"))
    judged.steps.commit_first_read()
    kept(qtbot, judged)
    other = log.show(parent, judged)
    assert other is not None
    assert "first read committed" in words_of(other)
    assert "artefact on" not in words_of(other)
