"""Where on the trace a score comes from, through the real window: choose, see, checked; nothing of it while blind."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_words
import numpy as np
import pdfplumber
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.side_panels import Section
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.panels.contributions.signed_bars import SignedBars
from ecgview.desktop.panels.kit.score_list import Row, ScoreList
from ecgview.desktop.state import going_to, inference, mapping, paper_choices, stretches
from ecgview.desktop.state.mouse import Spot
from ecgview.desktop.state.paper import from_settings
from ecgview.desktop.state.shams import Given, Target
from ecgview.errors import ModelError
from ecgview.overlay import Bar
from ecgview.paper.settings import PaperSettings
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.report.json_report import as_dict
from ecgview.results import Attribution, Contribution, LabelScore, LefResult, Prediction, Stamp
from ecgview.review.history import SetComment

GOOD = Stamp(0.03, 0.61, 0.58, 0.45, "no failure found")
BAD = Stamp(0.03, 0.05, 0.2, 0.45, "failed: occlusion agreement 0.05")
SPECIFIC = Target("statement", "CLBBB")


class Engine:
    """What stands for the engine of maps: each map is strongest where its target says, and may wait or fail."""

    def __init__(self) -> None:
        self.asked: list[Given] = []
        self.stamps: list[Given] = []
        self.at: dict[str, tuple[str, int]] = {}  # target: lead and cell of the strongest stretch
        self.stamp = GOOD
        self.failed = ""
        self.error: Exception | None = None
        self.stamp_error: Exception | None = None
        self.map_waits, self.stamp_waits = threading.Event(), threading.Event()
        self.map_waits.set()
        self.stamp_waits.set()
        self.heard_cancel = threading.Event()

    def mapped(
        self,
        record: EcgRecord,
        given: Given,
        answer: Any,
        kept: Any,
        device: str,
        progress: Progress = silent,
    ) -> tuple[Attribution, Stamp | None]:
        self.asked.append(given)
        self._wait(self.map_waits, progress)
        if self.error is not None:
            raise self.error
        return self.map_of(record, given, answer), None

    def map_of(self, record: EcgRecord, given: Given, answer: Any) -> Attribution:
        cells = np.full((12, 200), 0.001, dtype=np.float32)
        lead, cell = self.at.get(given.target.name, ("II", 20))
        cells[record.lead_names.index(lead), cell : cell + 4] = -0.5 if given.kind != "true" else 0.5
        total = float(cells.sum(dtype=np.float64))
        return Attribution(
            model=answer.model,
            record_sha256=record.source.sha256,
            of=given.target.of,
            target=given.target.name,
            leads=record.lead_names,
            segment_s=0.05,
            cells=cells,
            share=total + 0.25,
            remainder=0.25,
            unit="logit",
            method=f"integrated gradients, 12{' to 36' if given.kind == 'true' else ''} steps",
            failed=self.failed,
        )

    def stamped(
        self, record: EcgRecord, given: Given, answer: Any, found: Attribution, kept: Any, device: str,
        progress: Progress = silent,
    ) -> Stamp:  # fmt: skip
        self.stamps.append(given)
        self._wait(self.stamp_waits, progress)
        if self.stamp_error is not None:
            raise self.stamp_error
        return self.stamp

    def _wait(self, go_on: threading.Event, progress: Progress) -> None:
        while not go_on.wait(0.01):
            try:
                progress(0.5)
            except BaseException:
                self.heard_cancel.set()
                raise


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Let models and maps answer from here."""
    made = Engine()
    monkeypatch.setattr(mapping, "mapped", made.mapped)
    monkeypatch.setattr(mapping, "stamped", made.stamped)
    monkeypatch.setattr(
        inference,
        "ask",
        model_words.answering(lambda r: said(r.source.sha256), lambda r: fraction(r.source.sha256)),
    )
    return made


def said(sha256: str) -> Prediction:
    """Return what the classifier says: a conduction, an infarction, and a rhythm."""
    scores = (
        LabelScore("CLBBB", "complete left bundle branch block", 0.93, 0.4),
        LabelScore("AMI", "anterior myocardial infarction", 0.71, 0.4),
        LabelScore("AFIB", "atrial fibrillation", 0.61, 0.4),
    )
    return Prediction(model_words.FACTS, sha256, "cpu", 9.0, scores, label_set="ptbxl71")


def fraction(sha256: str) -> LefResult:
    """Return an index with twelve predictors."""
    found = model_words.lef(sha256)
    assert found.contributions is not None
    items = tuple(Contribution(f"P(C{n})", 0.5, 1.2 - n / 10) for n in range(12))
    total = 0.1 + sum(item.contribution for item in items)
    shares = replace(found.contributions, items=items, model_output=total)
    return replace(found, contributions=shares, model_output=total)


@pytest.fixture
def revealed(engine: Engine, opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]) -> MainWindow:
    """Return the window in the explain view, its first read locked and AI revealed."""
    reveal(opened, qtbot, rest)
    opened.workspace.paper.set_view("explain")
    rest()
    return opened


def reveal(window: MainWindow, qtbot: QtBot, rest: Callable[[], None]) -> None:
    """Make a first read, lock it, and open the AI."""
    steps, answers = window.workspace.steps, window.workspace.answers
    steps.apply(SetComment("seen"))
    steps.commit_first_read()
    rest()
    with qtbot.waitSignals([answers.prediction_ready, answers.lef_ready]):
        steps.reveal()
    rest()


def panel_of(window: MainWindow, panel_id: str) -> Section:
    """Return a panel with its title."""
    found = window.findChild(Section, panel_id)
    assert found is not None
    return found


def words(window: MainWindow, panel: str = "where") -> str:
    """Return every word of a panel."""
    section = panel_of(window, panel)
    labels = [label.text() for label in section.findChildren(QLabel)]
    return "\n".join([*labels, *(button.text() for button in section.findChildren(QPushButton))])


def scores_of(window: MainWindow) -> ScoreList:
    """Return the list of statements."""
    section = panel_of(window, "diagnosis")
    found = section.findChild(ScoreList)
    assert found is not None
    return found


def click(qtbot: QtBot, scores: ScoreList, code: str) -> None:
    """Click on the row of a statement."""
    for at in range(scores.scores.rowCount()):
        index = scores.scores.index(at, 0)
        row = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(row, Row) and row.code == code:
            spot = scores.visualRect(index).center()
            qtbot.mouseClick(scores.viewport(), Qt.MouseButton.LeftButton, pos=spot)
            return
    raise AssertionError(f"no row {code}")


def press(window: MainWindow, qtbot: QtBot, text: str) -> None:
    """Press a shortcut of the window."""
    [stroke] = [QKeySequence(text)[0]]
    qtbot.keyClick(window.canvas, stroke.key(), stroke.keyboardModifiers())


def button(widget: QWidget, text: str) -> QPushButton:
    """Return the button of this text."""
    return next(one for one in widget.findChildren(QPushButton) if one.text() == text)


def bars(window: MainWindow) -> tuple[Bar, ...]:
    """Return the strips that lie on the trace now."""
    overlay = window.workspace.paper.overlay
    return overlay.bars if overlay is not None else ()


# ---- choosing a statement ---------------------------------------------------------------------------------


def test_a6_without_a_choice_nothing_lies_on_the_trace(revealed: MainWindow) -> None:
    assert bars(revealed) == ()
    assert "Choose a diagnosis" in words(revealed)


def test_a_click_on_a_statement_lays_its_map_on_the_trace_and_the_stamp_follows(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp_waits.clear()
    click(qtbot, scores_of(revealed), "CLBBB")
    qtbot.waitUntil(lambda: bool(bars(revealed)))
    assert {bar.lead for bar in bars(revealed)} == set(revealed.workspace.ecg.record.lead_names)  # type: ignore[union-attr]
    assert {bar.role for bar in bars(revealed)} == {"signed"}
    assert "Checking" in words(revealed)
    assert "checking" in revealed.legend.text()
    assert "where the score is sensitive, not proof of cause" in revealed.legend.text()
    engine.stamp_waits.set()
    rest()
    shown = words(revealed)
    assert "No failure found." in shown
    assert "Complete left bundle branch block (CLBBB)" in shown
    assert "reliable" not in (shown + revealed.legend.text()).lower()
    assert "Zebranet, version 9.9" in shown
    assert "no failure found" in revealed.legend.text()
    assert engine.asked == [Given("true", SPECIFIC)]


def test_the_sum_line_adds_up_to_the_share(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    section = panel_of(revealed, "where")
    line = section.findChild(QLabel, "sum").text()
    numbers = [float(word.strip(",:;.").replace("−", "-")) for word in line.split() if word[0] in "+−"]
    on_page, elsewhere, remainder, share = numbers
    assert on_page + elsewhere + remainder == pytest.approx(share, abs=0.002)
    assert remainder == 0.25
    assert line.endswith("logit.")
    found = revealed.workspace.maps.attribution
    assert found is not None
    # 3x4+1R shows a quarter of eleven leads and all of II
    assert on_page == pytest.approx(4 * 0.5 + (11 * 50 + 196) * 0.001, abs=0.002)


def test_a_second_choice_takes_the_map_away_and_asking_again_waits_for_nothing(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    click(qtbot, scores_of(revealed), "CLBBB")
    assert bars(revealed) == ()
    assert not revealed.workspace.jobs.is_running("map")
    click(qtbot, scores_of(revealed), "CLBBB")
    assert bars(revealed), "at once: nothing is computed anew"
    assert "No failure found." in words(revealed)
    assert len(engine.asked) == len(engine.stamps) == 1


def test_enter_and_the_arrow_keys_choose_a_statement(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    scores = scores_of(revealed)
    scores.setFocus()
    click(qtbot, scores, "CLBBB")
    rest()
    qtbot.keyClick(scores, Qt.Key.Key_Down)
    if revealed.workspace.maps.target == SPECIFIC:  # a heading stands between
        qtbot.keyClick(scores, Qt.Key.Key_Down)
    rest()
    assert revealed.workspace.maps.target == Target("statement", "AMI")
    assert revealed.workspace.maps.attribution is not None
    assert scores_of(revealed) is scores, "the list stays as it is, and keeps the keys"
    qtbot.keyClick(scores, Qt.Key.Key_Return)
    assert revealed.workspace.maps.target is None
    assert bars(revealed) == ()
    qtbot.keyClick(scores, Qt.Key.Key_Return)
    assert revealed.workspace.maps.target == Target("statement", "AMI")


def test_a_click_in_the_read_view_goes_to_the_explain_view(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    revealed.workspace.paper.set_view("read")
    rest()
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert revealed.workspace.paper.view == "explain"
    assert bars(revealed)


def test_a_map_lies_on_the_trace_of_the_explain_view_alone(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    for view in ("read", "annotate", "reconstruct"):
        revealed.workspace.paper.set_view(view)
        assert bars(revealed) == ()
    revealed.workspace.paper.set_view("explain")
    assert bars(revealed)


def test_the_map_of_a_rhythm_is_off_until_it_is_asked_for_once_more(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "AFIB")
    rest()
    assert bars(revealed) == ()
    assert engine.asked == []
    assert "lies in the intervals between beats" in words(revealed)
    section = panel_of(revealed, "where")
    button(section, "Show anyway").click()
    rest()
    assert bars(revealed)
    assert engine.asked == [Given("true", Target("statement", "AFIB"))]
    content = report_sheet.content(revealed.workspace, with_map=True)
    found = as_dict(content)["on_trace"]
    for seen in (words(revealed), revealed.legend.text(), found["legend"], found["doubt"]):
        assert "lies in the intervals between beats" in seen
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert "intervals" not in words(revealed) + revealed.legend.text()


# ---- what a map is worth ----------------------------------------------------------------------------------


def test_a_map_that_failed_its_checks_is_striped_and_says_so(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp = BAD
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert all(bar.failed for bar in bars(revealed))
    assert "failed: occlusion agreement 0.05" in words(revealed)
    assert "failed: occlusion agreement 0.05" in revealed.legend.text()
    assert "Stripes: not to be read." in revealed.legend.text()
    for word in ("Orange", "Blue", "raises", "lowers"):
        assert word not in revealed.legend.text(), "stripes have no colour"


def test_a_failure_known_with_the_map_is_told_before_its_checks(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.failed = "failed: remainder 25 % of the share"
    engine.stamp_waits.clear()
    click(qtbot, scores_of(revealed), "CLBBB")
    qtbot.waitUntil(lambda: bool(bars(revealed)))
    assert revealed.workspace.maps.verdict == engine.failed
    assert engine.failed in words(revealed)
    assert engine.failed in revealed.legend.text()
    engine.stamp_waits.set()
    rest()


def test_a_map_that_failed_is_judged_with_the_words_that_it_failed(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert "failed" not in words(revealed, "judging")
    revealed.workspace.maps.choose(None)
    engine.stamp = BAD
    click(qtbot, scores_of(revealed), "AMI")
    rest()
    seen = words(revealed, "judging")
    assert BAD.verdict in seen
    assert "not to be read as a reason" in seen
    [row] = [
        row for row in revealed.workspace.mouse.rows(Spot("II", 1.1, 0.0)) if row.text.startswith("Judge")
    ]
    assert row.text.endswith("though the map failed")
    press(revealed, qtbot, "Alt+1")
    rest()
    (one,) = revealed.workspace.judging.standing
    assert one.opinion.judged.stamp == BAD.verdict


def test_a_map_that_cannot_be_made_says_why_and_can_be_tried_again(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.error = ModelError("zebras have no gradient")
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert bars(revealed) == ()
    assert "zebras have no gradient" in words(revealed)
    engine.error = None
    section = panel_of(revealed, "where")
    button(section, "Try again").click()
    rest()
    assert bars(revealed)


def test_a_map_whose_check_fails_to_run_stays_not_checked(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp_error = ModelError("no room for the check")
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert bars(revealed)
    assert "no room for the check" in words(revealed)
    assert "not checked" in revealed.legend.text()
    assert "No failure found" not in words(revealed)


def test_a_map_under_way_can_be_cancelled(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.map_waits.clear()
    click(qtbot, scores_of(revealed), "CLBBB")
    qtbot.waitUntil(lambda: bool(engine.asked))
    section = panel_of(revealed, "where")
    button(section, "Cancel").click()
    assert engine.heard_cancel.wait(60)
    rest()
    assert revealed.workspace.maps.target is None
    assert bars(revealed) == ()


def test_another_choice_gives_up_the_map_under_way(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.map_waits.clear()
    click(qtbot, scores_of(revealed), "CLBBB")
    qtbot.waitUntil(lambda: bool(engine.asked))
    click(qtbot, scores_of(revealed), "AMI")
    assert engine.heard_cancel.wait(60)
    engine.map_waits.set()
    rest()
    found = revealed.workspace.maps.attribution
    assert found is not None
    assert found.target == "AMI"


# ---- the strongest stretch --------------------------------------------------------------------------------


def test_one_key_puts_brackets_around_the_strongest_stretch(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    before = revealed.workspace.paper.settings
    press(revealed, qtbot, "J")
    rest()
    overlay = revealed.workspace.paper.overlay
    assert overlay is not None
    [span] = overlay.spans
    assert (span.role, span.leads) == ("stretch", ("II",))
    assert (span.start_s, span.end_s) == pytest.approx((1.0, 1.2))
    assert revealed.workspace.paper.settings == before, "the page shows it already"


def test_a_stretch_that_the_page_does_not_show_has_its_lead_shown_alone_and_says_so(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.at["CLBBB"] = ("V6", 20)  # 3x4 shows V6 from 7.5 s on
    said: list[str] = []
    revealed.workspace.telling.posted.connect(lambda message, *_: said.append(message.text))
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    press(revealed, qtbot, "J")
    rest()
    assert revealed.workspace.paper.settings.layout == "single"
    page = revealed.canvas.page
    assert page is not None
    assert page.position("V6", 1.1)
    assert said == ["V6, 1.00 to 1.20 s does not stand on this page: V6 is shown alone."]
    assert revealed.workspace.paper.overlay is not None
    assert revealed.workspace.paper.overlay.spans


@pytest.fixture
def jumped(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> tuple[MainWindow, PaperSettings]:
    """Return the window after a jump to a lead that its page did not show, and the paper from before."""
    engine.at |= {"CLBBB": ("V6", 20), "AMI": ("V5", 20)}
    paper = revealed.workspace.paper
    paper.choose(replace(paper.settings, gain_mm_per_mv=20.0))
    before = paper.settings
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    press(revealed, qtbot, "J")
    rest()
    assert (paper.settings.layout, paper.settings.single_lead) == ("single", "V6")
    return revealed, before


def test_the_page_of_a_jump_goes_with_its_map_and_is_never_kept(
    jumped: tuple[MainWindow, PaperSettings], qtbot: QtBot, rest: Callable[[], None]
) -> None:
    window, before = jumped
    paper, settings = window.workspace.paper, window.workspace.settings
    assert settings.text("paper.layout") == before.layout
    assert paper.at_start == before
    paper.choose(replace(paper.settings, gain_mm_per_mv=5.0))
    assert (settings.text("paper.layout"), settings.number("paper.gain")) == (before.layout, 5.0)
    assert paper.settings.layout == "single", "the jump stays while its map does"
    window.workspace.maps.choose(None)
    assert paper.settings == replace(before, gain_mm_per_mv=5.0)
    assert from_settings(settings) == paper.settings


@pytest.mark.parametrize("how", ["another statement", "an explanation", "AI closed", "another reader"])
def test_w2_the_page_of_a_jump_tells_nothing_once_its_map_is_gone(
    how: str,
    jumped: tuple[MainWindow, PaperSettings],
    qtbot: QtBot,
    rest: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, before = jumped
    parts = window.workspace
    assert not window.messages.isHidden()
    if how == "another statement":
        click(qtbot, scores_of(window), "AMI")
    elif how == "an explanation":
        parts.answers.explain("reconstruction_error")
    elif how == "AI closed":
        monkeypatch.setattr(type(parts.reading), "may_show_ai", lambda self: False)
        parts.reading.session_changed.emit(parts.reading.session)
    else:
        parts.reading.set_reader("Reader Two")
    assert parts.paper.settings == before
    rest()
    assert parts.paper.settings == before
    if how == "another reader":
        assert parts.maps.target is None
        assert window.messages.isHidden(), "the line names the lead that the model looked at"


def test_w2_the_next_record_is_laid_out_by_the_readers_own_paper(
    jumped: tuple[MainWindow, PaperSettings], record_files: list[Path], qtbot: QtBot, rest: Callable[[], None]
) -> None:
    window, before = jumped
    pages: list[str] = []
    window.workspace.ecg.opened.connect(lambda _record: pages.append(window.workspace.paper.settings.layout))
    plan = window.canvas.plan()
    assert (plan.paper.layout, plan.paper.single_lead) == (before.layout, before.single_lead)
    with qtbot.waitSignal(window.workspace.ecg.opened):
        window.workspace.ecg.open(record_files[1])
    rest()
    assert pages == [before.layout]
    assert window.workspace.paper.settings == before
    assert window.workspace.settings.text("paper.layout") == before.layout


def test_a_layout_chosen_on_the_page_of_a_jump_stays_and_takes_no_lead_with_it(
    jumped: tuple[MainWindow, PaperSettings],
) -> None:
    window, before = jumped
    paper_choices.change(window.workspace, layout="6x2")
    window.workspace.maps.choose(None)
    assert window.workspace.paper.settings == replace(before, layout="6x2")
    assert window.workspace.settings.text("paper.layout") == "6x2"


def test_the_stretches_of_a_map_do_not_overlap_and_are_in_order(revealed: MainWindow, engine: Engine) -> None:
    record = revealed.workspace.ecg.record
    assert record is not None
    found = engine.map_of(record, Given("true", SPECIFIC), said(record.source.sha256))
    rng = np.random.default_rng(5)
    found = replace(found, cells=rng.normal(size=(12, 200)).astype(np.float32))
    several = stretches.strongest(found)
    assert len(several) == stretches.MOST
    sizes = [abs(one.value) for one in several]
    assert sizes == sorted(sizes, reverse=True)
    for one in several:
        row = found.cells[found.leads.index(one.lead), round(one.start_s / 0.05) : round(one.end_s / 0.05)]
        assert row.sum() == pytest.approx(one.value, abs=1e-5)
        others = [other for other in several if other is not one and other.lead == one.lead]
        assert all(other.end_s <= one.start_s + 1e-9 or other.start_s >= one.end_s - 1e-9 for other in others)


def test_what_a_page_shows_is_known_without_laying_it_out(
    revealed: MainWindow, rest: Callable[[], None]
) -> None:
    paper, record = revealed.workspace.paper, revealed.workspace.ecg.record
    assert record is not None
    for layout in ("3x4+1R", "12x1", "6x2", "single"):
        paper.choose(replace(paper.settings, layout=layout))
        rest()
        page = revealed.canvas.page
        assert page is not None
        laid = {(trace.lead, round(trace.start_s, 6), round(trace.end_s, 6)) for trace in page.traces}
        known = stretches.shown_by(record, paper.settings)
        assert {(lead, round(start, 6), round(end, 6)) for lead, start, end in known} == laid


# ---- LEF through its predictors ---------------------------------------------------------------------------


def contributions(window: MainWindow) -> tuple[QWidget, SignedBars]:
    """Return the section of the contributions and its bars."""
    section = panel_of(window, "contributions")
    found = section.findChild(SignedBars)
    assert found is not None
    return section, found


def test_a_bar_shows_where_the_share_of_its_predictor_comes_from_and_all_shows_the_sum(
    revealed: MainWindow, engine: Engine, rest: Callable[[], None]
) -> None:
    section, shares = contributions(revealed)
    shares.choose(1)
    rest()
    assert revealed.workspace.maps.target == Target("predictor", "P(C1)")
    assert bars(revealed)
    assert "P(C1)" in words(revealed)
    every = button(section, "All")
    every.click()
    rest()
    assert revealed.workspace.maps.target == Target("lef")
    assert every.isChecked()
    assert "all predictors" in words(revealed)
    assert [given.target for given in engine.asked] == [Target("predictor", "P(C1)"), Target("lef")]
    every.click()
    assert bars(revealed) == ()


def test_of_many_predictors_the_others_stand_together_and_have_one_map(
    revealed: MainWindow, engine: Engine, rest: Callable[[], None]
) -> None:
    _section, shares = contributions(revealed)
    assert len(shares.items) == 11
    assert shares.items[-1].predictor == "2 others"
    shares.choose(10)
    rest()
    assert [given.target for given in engine.asked] == [Target("predictor", "others")]
    assert bars(revealed)
    revealed.workspace.maps.choose(None)
    revealed.workspace.maps.choose(Target("predictor", "others"))
    assert "2 others lowers" in words(revealed, "contributions").replace("raises", "lowers")


def test_contributions_stand_where_they_are_seen_without_scrolling(revealed: MainWindow) -> None:
    _section, shares = contributions(revealed)
    place = shares.mapTo(revealed.right, shares.rect().topLeft())
    assert place.y() < revealed.right.height() / 2


# ---- other records, and blindness -------------------------------------------------------------------------


def test_a_map_leaves_with_its_record_in_one_step(
    revealed: MainWindow,
    engine: Engine,
    qtbot: QtBot,
    rest: Callable[[], None],
    record_files: list[Path],
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    shown: list[tuple[bool, bool]] = []
    revealed.workspace.ecg.switched.connect(
        lambda *_: shown.append((bool(bars(revealed)), revealed.workspace.maps.target is not None))
    )
    with qtbot.waitSignal(revealed.workspace.ecg.opened):
        revealed.workspace.ecg.open(record_files[1])
    rest()
    assert set(shown) == {(False, False)}
    assert revealed.workspace.maps.target is None
    assert bars(revealed) == ()
    assert "CLBBB" not in words(revealed) + revealed.legend.text()


def test_a_map_under_way_is_not_laid_on_the_next_record(
    revealed: MainWindow,
    engine: Engine,
    qtbot: QtBot,
    rest: Callable[[], None],
    record_files: list[Path],
) -> None:
    engine.map_waits.clear()
    click(qtbot, scores_of(revealed), "CLBBB")
    qtbot.waitUntil(lambda: bool(engine.asked))
    with qtbot.waitSignal(revealed.workspace.ecg.opened):
        revealed.workspace.ecg.open(record_files[1])
    engine.map_waits.set()
    rest()
    reveal(revealed, qtbot, rest)
    assert revealed.workspace.maps.target is None
    assert bars(revealed) == ()
    assert len(engine.stamps) == 0


def test_w2_nothing_is_mapped_before_the_first_read_is_locked(
    engine: Engine, opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    opened.workspace.paper.set_view("explain")
    rest()
    maps = opened.workspace.maps
    for target in (SPECIFIC, Target("predictor", "P(C1)"), Target("lef")):
        maps.choose(target, anyway=True)
    maps.again()
    for action in ("models.map_lef", "models.strongest", "models.no_map"):
        assert not opened.menus.actions[action].isEnabled()
    press(opened, qtbot, "J")
    going_to.show_next(opened.workspace)
    rest()
    assert engine.asked == []
    assert (maps.target, maps.attribution, maps.stamp, maps.shown, maps.overlay) == (None,) * 5
    assert bars(opened) == ()
    assert "stay closed" in words(opened)


def test_w2_a_map_is_gone_once_ai_is_closed_again(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert bars(revealed)
    reading = revealed.workspace.reading
    monkeypatch.setattr(type(reading), "may_show_ai", lambda self: False)
    assert revealed.workspace.maps.attribution is None
    assert revealed.workspace.maps.shown is None
    reading.session_changed.emit(reading.session)
    assert bars(revealed) == ()
    assert "CLBBB" not in words(revealed)


def test_an_explanation_takes_the_place_of_a_map_and_a_map_that_of_an_explanation(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    revealed.workspace.answers.explain("reconstruction_error")
    assert revealed.workspace.maps.target is None
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    assert revealed.workspace.answers.explanation_id == ""
    assert len(bars(revealed)) == 12


# ---- shams ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sham-other", "sham-random"])
def test_in_a_study_a_sham_lies_on_the_trace_and_nothing_tells_it_from_a_map(
    kind: str, revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp, engine.failed = BAD, "failed: remainder 0.05 of AMI"
    maps, settings = revealed.workspace.maps, revealed.workspace.settings
    settings.set("study.shams", 1.0)
    for word in "abcdefghijklmnop":  # which kind is drawn follows from the word
        settings.set("study.word", word)
        engine.asked.clear()
        maps.choose(SPECIFIC)
        rest()
        if maps.shown is not None and maps.shown.shown == kind:
            break
        maps.choose(None)
    assert maps.shown is not None
    assert maps.shown.shown == kind
    assert maps.shown.target == SPECIFIC.name
    assert maps.shown.shown_target
    assert engine.asked[0].kind == maps.shown.shown
    seen = words(revealed) + revealed.legend.text()
    assert "hidden in this study" in seen
    for word in ("sham", "random", "failed", "0.05", "Remainder", "logit", "AMI", "AFIB"):
        assert word not in seen
    assert not any(bar.failed for bar in bars(revealed))
    assert revealed.legend.text().startswith("CLBBB")
    settings.set("study.shams", 0.0)
    assert maps.stamp is None, "what was drawn among shams stays hidden when the study ends"
    assert maps.overlay is not None
    assert maps.overlay.legend.startswith("CLBBB")


def test_in_a_study_a_true_map_hides_its_stamp_too(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    revealed.workspace.settings.set("study.shams", 1e-9)
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    maps = revealed.workspace.maps
    assert maps.shown is not None
    assert (maps.shown.shown, maps.shown.shown_target) == ("true", "")
    assert maps.shown.stamp == "no failure found", "kept with the judgement, not shown"
    assert maps.stamp is None
    assert "No failure found" not in words(revealed)


def test_in_a_study_nothing_tells_how_a_map_was_found(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    """Only a true map is ever made of more steps."""
    legends, methods, told = set(), set(), set()
    for share in (1e-9, 1.0):
        revealed.workspace.settings.set("study.shams", share)
        revealed.workspace.maps.choose(SPECIFIC)
        rest()
        shown = revealed.workspace.maps.shown
        assert shown is not None
        assert (shown.shown == "true") is (share < 1)
        legends.add(revealed.legend.text())
        methods.add(shown.method)
        told.add(str(as_dict(report_sheet.content(revealed.workspace, with_map=True))["on_trace"]))
        revealed.workspace.maps.choose(None)
    assert [len(found) for found in (legends, methods, told)] == [1, 1, 1]
    for text in legends | methods | told:
        assert "steps" not in text


# ---- report and picture -----------------------------------------------------------------------------------


def test_a_report_has_a_page_with_the_map_where_the_reader_wants_it(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None], tmp_path: Path
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    for with_map in (True, False):
        out = tmp_path / f"{with_map}.pdf"
        report_sheet.write(revealed.workspace, out, with_map=with_map)
        rest()
        mapped = [text for text in _pages(out) if "where on the trace the score comes from" in text]
        assert len(mapped) == int(with_map)
    [text] = [text for text in _pages(tmp_path / "True.pdf") if "where on the trace" in text]
    for words_there in (
        "Complete left bundle branch block (CLBBB)",
        "where the score is sensitive, not proof of cause",
        "no failure found",
        "raises",
        "lowers",
        "Zebranet 9.9",
        "together the share",
        "insertion less deletion 0.58",
    ):
        assert words_there in text


def _pages(path: Path) -> list[str]:
    with pdfplumber.open(path) as pdf:
        return [" ".join(page.extract_text().split()) for page in pdf.pages]


def test_the_json_report_holds_the_map_and_its_stamp(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp = BAD
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    found = as_dict(report_sheet.content(revealed.workspace, with_map=True))["on_trace"]
    assert (found["of"], found["target"], found["verdict"]) == ("statement", "CLBBB", BAD.verdict)
    assert found["stamp"]["occlusion_agreement"] == 0.05
    assert np.shape(found["map"]["cells"]) == (12, 200)
    assert np.sum(found["map"]["cells"]) + found["map"]["remainder"] == pytest.approx(found["map"]["share"])
    assert as_dict(report_sheet.content(revealed.workspace))["on_trace"] is None


def test_w2_a_report_of_a_blind_read_has_no_map_even_where_it_is_asked_for(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    monkeypatch.setattr(type(revealed.workspace.reading), "may_show_ai", lambda self: False)
    assert as_dict(report_sheet.content(revealed.workspace, with_map=True))["on_trace"] is None
    sheet = report_sheet.show(revealed)
    assert sheet is not None
    assert sheet.findChild(QCheckBox, "with_map").isHidden()
    assert "CLBBB" not in sheet.findChild(QCheckBox, "with_map").text()
    sheet.reject()


def test_the_report_sheet_offers_the_map_that_lies_on_the_trace(
    revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    sheet = report_sheet.show(revealed)
    assert sheet is not None
    box = sheet.findChild(QCheckBox, "with_map")
    assert not box.isHidden()
    assert not box.isChecked()
    assert "CLBBB" in box.text()
    sheet.reject()


def test_in_a_study_a_report_does_not_tell_a_sham_either(
    revealed: MainWindow, engine: Engine, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    engine.stamp = BAD
    revealed.workspace.settings.set("study.shams", 1.0)
    click(qtbot, scores_of(revealed), "CLBBB")
    rest()
    found = as_dict(report_sheet.content(revealed.workspace, with_map=True))["on_trace"]
    assert (found["map"], found["stamp"]) == (None, None)
    assert found["verdict"] == "stamp hidden in this study"
    assert "sham" not in str(found)
    assert "failed" not in str(found)


# ---- judging ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_map_is_judged_by_key_where_its_strongest_stretch_lies(
    share: float, engine: Engine, revealed: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    """What it really was goes into the store and nowhere else: nothing in the window tells a sham."""
    revealed.workspace.settings.set("study.shams", share)
    engine.at = {name: ("V2", 40) for name in ("CLBBB", "AMI", "AFIB")}
    assert revealed.workspace.judging.stretch is None
    revealed.workspace.maps.choose(SPECIFIC)
    rest()
    press(revealed, qtbot, "Alt+2")
    rest()
    (one,) = revealed.workspace.judging.standing
    opinion = one.opinion
    assert (opinion.verdict.value, opinion.leads) == ("disagree", ("V2",))
    assert (opinion.start_s, opinion.end_s) == (pytest.approx(2.0), pytest.approx(2.2))
    assert (opinion.judged.kind, opinion.judged.target) == ("map", "CLBBB")
    assert opinion.judged.stamp == GOOD.verdict
    assert (opinion.judged.shown == "true") is (share == 0.0)
    marks = [span.text for span in revealed.workspace.paper.overlay.spans if span.role == "judgement"]
    assert marks == ["disagree"]
    seen = words(revealed, "judging")
    assert "map of CLBBB" in seen
    for word in ("sham", "random", "AMI", "AFIB", GOOD.verdict):
        assert word not in seen
    press(revealed, qtbot, "Alt+0")
    rest()
    assert revealed.workspace.judging.standing == ()
