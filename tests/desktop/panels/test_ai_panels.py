"""The panels of AI results: closed while blind, and each of their states after it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from panel_words import MODEL, reveal, words_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.panels import contributions, diagnosis, explanation, lef, model_facts, reconstruction
from ecgview.desktop.panels.contributions.signed_bars import SignedBars, signed
from ecgview.desktop.panels.kit.score_list import ScoreList
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.desktop.state.workspace import Workspace
from ecgview.errors import ModelError
from ecgview.explain.reconstruction import ErrorOverTime, rhythm_caution
from ecgview.formats import wfdb
from ecgview.models import segments
from ecgview.overlay import Overlay
from ecgview.results import LabelScore, LefResult, Prediction
from ecgview.review.history import SetComment

PANELS = (diagnosis, explanation, lef, contributions, model_facts, reconstruction)


@pytest.mark.parametrize("module", PANELS, ids=lambda module: module.PANEL.id)
def test_w2_nothing_of_a_model_stands_in_a_closed_panel(
    module, opened: Workspace, qtbot: QtBot, prediction: Prediction
) -> None:
    panel = module.PANEL.make(opened)
    qtbot.addWidget(panel)
    # even if an answer were there and were told, a closed panel does not take it up
    opened.answers._found.prediction = prediction
    opened.answers.prediction_ready.emit(prediction)
    opened.answers.lef_failed.emit("atrial fibrillation after all")
    opened.answers.prediction_failed.emit("atrial fibrillation after all")
    opened.answers.reconstruction_failed.emit("Testnet says so")
    opened.answers.set_mask(np.arange(200) % 4 == 0)
    words = words_of(panel)
    assert "AI results stay closed until you lock your first read." in words
    for leak in (
        "Testnet",
        "abcdef01",
        "atrial fibrillation",
        "0.91",
        "threshold",
        "raised",
        "finding number",
    ):
        assert leak not in words


@pytest.mark.parametrize("module", PANELS, ids=lambda module: module.PANEL.id)
def test_a_panel_without_a_record_says_so(module, workspace: Workspace, qtbot: QtBot) -> None:
    panel = module.PANEL.make(workspace)
    qtbot.addWidget(panel)
    assert "Open an ECG" in words_of(panel)


def test_a_panel_that_was_open_is_empty_again_for_the_next_record(
    opened: Workspace, qtbot: QtBot, record_file, pulse_record
) -> None:
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "Atrial fibrillation" in words_of(panel)
    other = pulse_record.with_signal(pulse_record.signal * 1.5)
    with qtbot.waitSignal(opened.ecg.measured):
        opened.ecg.open(wfdb.write(other, record_file.parent / "second"))
    words = words_of(panel)
    assert "stay closed" in words
    assert "fibrillation" not in words


def names_in(panel: QWidget) -> list[str]:
    """Return the rows of a score list without their codes, headings among them."""
    listed = panel.findChild(ScoreList).scores
    return [listed.index(row, 0).data().split(" (")[0] for row in range(listed.rowCount())]


def press(panel: QWidget, qtbot: QtBot, text: str) -> None:
    button = next(b for b in panel.findChildren(QPushButton) if b.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a4_the_list_stands_in_the_order_of_a_report_and_all_on_request(
    opened: Workspace, qtbot: QtBot
) -> None:
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    names = names_in(panel)
    assert names[:4] == ["Rhythm", "Atrial fibrillation", "Chambers", "Left ventricular hypertrophy"]
    assert names[4:6] == ["Other", "Non-diagnostic T abnormalities"]
    assert len(names) == 3 + 5  # three headings; three positives and the two nearest to their thresholds
    assert "3 of 71 statements reach their threshold" in words_of(panel)
    assert "Probability, not calibrated. Percentile: no reference scores come with this model." in words_of(
        panel
    )
    assert "Testnet, version 1.2.3 (abcdef01) · not calibrated" in words_of(panel)
    assert "Training data: a hundred ECGs · ran on cpu in fp32, 83\u00a0ms" in words_of(panel)
    assert "Only the first 10 s were analysed." in words_of(panel)
    press(panel, qtbot, "Show all 71")
    scores = panel.findChild(ScoreList).scores
    assert scores.rowCount() == 71 + 3
    scores.set_filter("hypertrophy")
    assert names_in(panel) == ["Chambers", "Left ventricular hypertrophy"]


def test_an_answer_in_bf16_says_so_beside_its_device(opened: Workspace, qtbot: QtBot, answers) -> None:
    answers["predict"] = replace(answers["predict"], precision="bf16")
    answers["lef"] = replace(answers["lef"], precision="bf16")
    diagnoses, fraction = diagnosis.PANEL.make(opened), lef.PANEL.make(opened)
    for panel in (diagnoses, fraction):
        qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "ran on cpu in bf16, 83" in words_of(diagnoses)
    assert "in bf16" in words_of(fraction)


def test_every_positive_is_shown_however_many(opened: Workspace, qtbot: QtBot, answers) -> None:
    high = tuple(LabelScore(f"C{i}", "", 0.9, 0.2) for i in range(17))
    answers["predict"] = Prediction(MODEL, "pulse", "cpu", 1.0, (*high, LabelScore("low", "", 0.1, 0.2)))
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    names = names_in(panel)
    assert [name for name in names if name.startswith("C")] == [
        f"C{i}: 0.900, positive, threshold 0.20" for i in range(17)
    ]
    assert "Low: 0.100, below threshold 0.20" not in names


def test_an_answer_by_fewer_leads_names_them_in_its_summary(opened: Workspace, qtbot: QtBot, answers) -> None:
    scores = (LabelScore("AFIB", "atrial fibrillation", 0.6, 0.2), LabelScore("LVH", "", 0.9, None))
    answers["predict"] = Prediction(
        MODEL, "pulse", "cpu", 1.0, scores, ("asked with V1, V5",), lead_set="V1+V5", leads=("V1", "V5")
    )
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    words = words_of(panel)
    assert "1 of 1 statement reaches its threshold, by 2 of 12 leads (V1, V5)" in words
    assert "Asked with V1, V5." in words
    assert "LVH: 0.900, not judged with these leads" in words
    assert "Not judged by this model with these leads (1 of 2): LVH." in words


def test_positives_that_cannot_stand_together_are_flagged(opened: Workspace, qtbot: QtBot, answers) -> None:
    both = (
        LabelScore("AFIB", "atrial fibrillation", 0.6, 0.2),
        LabelScore("STACH", "sinus tachycardia", 0.5, 0.2),
    )
    answers["predict"] = Prediction(MODEL, "pulse", "cpu", 1.0, both, label_set="ptbxl71")
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    said = "The model contradicts itself: atrial fibrillation (AFIB) contradicts sinus tachycardia (STACH)."
    assert said in words_of(panel)


def test_what_cannot_be_assessed_gives_its_reason_and_is_never_positive(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    scores = (
        LabelScore("LVH", "left ventricular hypertrophy", 0.9, 0.2, "paced"),
        LabelScore("SR", "", 0.1, 0.2),
    )
    answers["predict"] = Prediction(MODEL, "pulse", "cpu", 1.0, scores, label_set="ptbxl71")
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "Left ventricular hypertrophy (LVH): 0.900, not assessable: paced" in words_of(panel)
    assert "Not assessable: paced (1): Left ventricular hypertrophy." in words_of(panel)
    assert "None of 1 statement reaches its threshold; 1 not assessable" in words_of(panel)


def test_a_clear_word_when_nothing_reaches_its_threshold(opened: Workspace, qtbot: QtBot, answers) -> None:
    low = tuple(LabelScore(f"C{i}", "", 0.1, 0.2) for i in range(8))
    answers["predict"] = Prediction(MODEL, "pulse", "cpu", 1.0, low)
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "None of 8 statements reaches its threshold" in words_of(panel)
    assert "Not judged" not in words_of(panel)


def test_a_model_without_thresholds_ranks_does_not_decide_and_names_what_it_does_not_judge(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    high = tuple(LabelScore(f"C{i}", "", 0.1 * i, None) for i in range(10))
    answers["predict"] = Prediction(MODEL, "pulse", "cpu", 1.0, high)
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "10 statements, none of them judged" in words_of(panel)
    assert "Not judged by this model (10 of 10): C9, C8, C7, C6, C5, C4, C3, C2 and 2 more." in words_of(
        panel
    )
    press(panel, qtbot, "Name all 10")
    assert "C2, C1, C0." in words_of(panel)
    first = panel.findChild(ScoreList).scores.index(1, 0)
    assert first.data() == "C9: 0.900, not judged: no threshold"
    assert not first.data(Qt.ItemDataRole.UserRole).is_positive


def test_a_failed_model_is_told_and_can_be_asked_again(
    opened: Workspace, qtbot: QtBot, answers, prediction: Prediction
) -> None:
    answers["predict"] = ModelError("the weights are not here")
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    opened.steps.apply(_comment())
    opened.steps.commit_first_read()
    with qtbot.waitSignal(opened.answers.prediction_failed):
        opened.steps.reveal()
    assert "Not analysed" in words_of(panel)
    assert "the weights are not here" in words_of(panel)
    answers["predict"] = prediction
    again = next(b for b in panel.findChildren(QPushButton) if b.text() == "Try again")
    with qtbot.waitSignal(opened.answers.prediction_ready):
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert "Atrial fibrillation" in words_of(panel)


def test_work_under_way_can_be_stopped(opened: Workspace, qtbot: QtBot) -> None:
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    opened.steps.apply(_comment())
    assert opened.reading.session is not None
    opened.reading.session.commit_first_read()
    opened.reading.session.reveal()
    opened.answers.request_prediction()  # the answer cannot arrive before the event loop runs
    panel.renew()
    assert "Analysing the ECG" in words_of(panel)
    stop = next(b for b in panel.findChildren(QPushButton) if b.text() == "Cancel")
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert not opened.jobs.is_running("ask")
    assert "Not analysed yet." in words_of(panel)


def test_a_lef_index_has_no_verdict_and_names_its_reference(opened: Workspace, qtbot: QtBot) -> None:
    panel = lef.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    words = words_of(panel)
    for wanted in (
        "never compared with echocardiography",
        "Percentiles among 1,000 ECGs of a hospital, aged 18 to 90, none labelled as paced.",
        "Percentile 61 of 1,000 ECGs of a hospital",
        "Not a probability",
        "A low percentile does not rule out disease.",
        "Not for paced rhythm",
        "Age unknown",
        "Value 0.8300. Towards a low fraction: the lower P(NORM).",
        "Value 0.0400. Towards a low fraction: the higher P(ILBBB).",
        "Value 0.1200. Towards a low fraction: the higher P(INJAL).",
        "Testnet, version 1.2.3 (abcdef01)",
    ):
        assert wanted in words
    texts = [label.text() for label in panel.findChildren(Text)]
    for verdict in ("raised", "hreshold", "40 %", "Is the left", "May suggest"):
        assert verdict not in " ".join(texts)
    assert "0.63" not in words  # a number from 0 to 1 would be taken for a probability
    order = ["Published predictors, each on its own", "percentile 83", "percentile 12", "percentile >99"]
    assert [text for text in texts if text in order] == order


def test_a_fitted_model_that_is_not_calibrated_names_its_cut(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    answers["lef"] = replace(answers["lef"], cut="an LVEF of 40 % or less")
    panel = lef.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    words = words_of(panel)
    assert "fitted to an LVEF of 40 % or less and is not calibrated: an index without a verdict" in words
    assert "never compared" not in words
    assert "Published" not in words


def test_an_index_of_many_predictors_shows_those_that_moved_it_most(answers) -> None:
    given = answers["lef"]
    shares = given.contributions
    many = tuple(replace(given.placed[0], predictor=f"P({k})") for k in range(71))
    items = tuple(replace(shares.items[0], predictor=f"P({k})") for k in range(70, -1, -1))
    found = replace(given, placed=many, contributions=replace(shares, items=items)).placed_foremost(lef.MOST)
    assert [one.predictor for one in found] == [f"P({k})" for k in range(70, 60, -1)]
    assert given.placed_foremost(lef.MOST) == given.placed


def test_a_predictor_that_cannot_be_assessed_has_no_place_and_no_bar(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    given = answers["lef"]
    blocked = replace(given.placed[2], percentile=None, not_assessable="LBBB")
    answers["lef"] = replace(given, placed=(*given.placed[:2], blocked), percentile=None)
    panel = lef.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "not assessable (LBBB)" in words_of(panel)
    assert "No percentile: P(INJAL) not assessable." in words_of(panel)
    assert len(panel.findChildren(lef._Gauge)) == 2


def test_an_index_without_reference_records_shows_no_percentile(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    answers["lef"] = replace(answers["lef"], percentile=None, reference="")
    panel = lef.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "No percentile: no reference records for this model and classifier." in words_of(panel)


@pytest.mark.parametrize(("value", "word"), [(0.63, "Raised probability"), (0.2, "Probability not raised")])
def test_a1_a2_a_fitted_model_says_what_kind_of_number_it_is_and_what_it_is_for(
    value: float, word: str, opened: Workspace, qtbot: QtBot, answers
) -> None:
    cut = "an LVEF of 45 % or less"
    fitted = replace(answers["lef"], kind="probability", threshold=0.5, value=value, percentile=None, cut=cut)
    answers["lef"] = replace(fitted, result=word[:1].lower() + word[1:])
    panel = lef.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    words = words_of(panel)
    for wanted in (
        word,
        f"Probability of {cut}.",
        "Threshold 0.50",
        "does not rule out disease",
        f"{value:.2f}",
    ):
        assert wanted in words
    assert ("May suggest further evaluation such as echocardiography." in words) is (value > 0.5)


def test_a1_the_third_state_gives_its_reason_and_no_number(opened: Workspace, qtbot: QtBot, answers) -> None:
    answers["lef"] = LefResult(MODEL, "pulse", "index", None, None, None, "not analysed", "V3 is missing")
    card, shares = lef.PANEL.make(opened), contributions.PANEL.make(opened)
    qtbot.addWidget(card)
    qtbot.addWidget(shares)
    reveal(opened, qtbot)
    assert "Not analysed" in words_of(card)
    assert "Reason: V3 is missing" in words_of(card)
    assert "Threshold" not in words_of(card)
    assert "V3 is missing" in words_of(shares)


def test_a5_what_is_shown_adds_up_to_the_models_output(
    opened: Workspace, qtbot: QtBot, lef: LefResult
) -> None:
    panel = contributions.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert lef.contributions is not None
    bars = panel.findChild(SignedBars)
    assert len(bars.items) == 11  # ten, and the rest together
    assert bars.items[-1].predictor == "4 others"
    shown = {name: _number(panel, name) for name in ("Base value", "Sum of contributions", "Model output")}
    assert sum(item.contribution for item in bars.items) == pytest.approx(
        shown["Sum of contributions"], abs=5e-4
    )
    assert shown["Base value"] + shown["Sum of contributions"] == pytest.approx(
        shown["Model output"], abs=1.1e-3
    )
    assert lef.model_output is not None
    assert shown["Model output"] == pytest.approx(lef.model_output, abs=5e-4)
    bars.choose(0)
    assert f"by {abs(lef.contributions.items[0].contribution):.3f}" in words_of(panel)


def test_signed_numbers() -> None:
    assert [signed(x) for x in (0.5, -0.25, -0.0001, 0.0)] == ["+0.500", "−0.250", "0.000", "0.000"]


def test_a7_errors_of_a_mask_are_shown_against_linear_interpolation(
    opened: Workspace, qtbot: QtBot, answers
) -> None:
    panel = reconstruction.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    assert "Nothing is hidden yet." in words_of(panel)
    with qtbot.waitSignal(opened.answers.reconstruction_ready):
        panel.controls.ratio.setValue(40)
    words = words_of(panel)
    assert "80 of 200 segments hidden, 4.00 s" in words
    assert "50 Hz mains of 71 µV RMS." in words
    assert re.search(r"Model 50 µV, linear interpolation \d+ µV", words)
    assert "V2 50 µV, linear" in words
    assert rhythm_caution(segments.autoencoder()) in words
    assert "where in the beat an error lies is not known" in words
    assert "Testnet" in words
    panel.controls.clear.click()
    assert "Nothing is hidden yet." in words_of(panel)
    errors = np.where(np.arange(200) == 20, 300, 40).astype(np.float32)
    answers["error_strip"] = (ErrorOverTime(errors, np.full(200, np.nan), 17), Overlay())
    with qtbot.waitSignal(opened.answers.error_strip_ready):
        panel._ask_strip()
    assert "Largest at 1.02 s: 300 µV; median 40 µV. 17 random masks." in words_of(panel)
    percentile = np.where(np.arange(200) == 50, 98.6, 40.0)
    answers["error_strip"] = (ErrorOverTime(errors, percentile, 17, "records made here"), Overlay())
    with qtbot.waitSignal(opened.answers.error_strip_ready):
        panel._ask_strip()
    said = "Most unusual at 2.52 s: percentile 99 in its part of the beat, 40 µV; mean 40. 17 random masks."
    assert said in words_of(panel)


def test_mask_controls_make_the_masks_they_name(opened: Workspace, qtbot: QtBot) -> None:
    panel = reconstruction.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    panel.controls.ratio.setValue(30)
    first = opened.answers.mask.copy()
    assert first.sum() == 60
    panel.controls.another.click()
    assert opened.answers.mask.sum() == 60
    assert (opened.answers.mask != first).any()
    panel.controls.every.setValue(5)
    assert list(np.flatnonzero(opened.answers.mask)[:3]) == [0, 5, 10]
    panel.controls.drag.click()
    assert opened.answers.mask_mode
    opened.answers.set_mask_mode(False)
    assert not panel.controls.drag.isChecked()


def _number(panel, name: str) -> float:
    return float(panel.findChild(Text, name).text().replace("−", "-"))


def _comment() -> SetComment:
    return SetComment("seen")


def test_a_record_that_is_not_analysed_has_its_reason_and_no_number(
    opened: Workspace, qtbot: QtBot, answers: dict[str, object], prediction: Prediction
) -> None:
    reason = "no beats found: noise, a test signal, or asystole"
    answers["predict"] = replace(prediction, scores=(), reason=reason, warnings=("age unknown",))
    panel = diagnosis.PANEL.make(opened)
    qtbot.addWidget(panel)
    reveal(opened, qtbot)
    words = words_of(panel)
    assert "Not analysed" in words
    assert f"Reason: {reason}." in words
    assert "Age unknown" in words
    assert panel.findChild(ScoreList) is None
    assert "fibrillation" not in words
