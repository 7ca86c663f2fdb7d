"""A quiet line where two ECGs filed under one patient do not look alike: only where AI is open, of the right record."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import model_words
import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import one_patient as sheet
from ecgview.desktop.state import inference, one_patient
from ecgview.desktop.state.reading import Reading
from ecgview.errors import NotAnalysed
from ecgview.formats import wfdb
from ecgview.record import EcgRecord
from ecgview.results import ErrorRate, Identification, KnownPairs, LefResult, ModelFacts, Prediction

RATE = ErrorRate(0.01, 0.0, 0.08)
KNOWN = KnownPairs(100, 60, 300_000, 2_500, RATE, RATE, RATE, ErrorRate(0.75, 0.74, 0.76))


def said(correlation: float) -> Identification:
    """Return an answer with this correlation; above 0.8 like one patient, up to 0.3 like two."""
    model = ModelFacts("median-beat", "Same patient", "1.0", "00", "some data", "calibrated on some pairs")
    return Identification(
        model=model,
        leads=("I",),
        cosine=correlation,
        log10_likelihood_ratio=-1.0,
        threshold=0.8,
        is_same=correlation >= 0.8,
        equal_error_rate=0.05,
        n_genuine=100,
        n_impostor=300_000,
        threshold_two=0.3,
        likelihood_range=(-1.7, 3.0),
        known=KNOWN,
    )


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no network be run for statements: nothing here is about them."""

    def classify(record: EcgRecord) -> Prediction:
        return model_words.prediction(record.source.sha256)

    def lef(record: EcgRecord) -> LefResult:
        return model_words.lef(record.source.sha256)

    monkeypatch.setattr(inference, "ask", model_words.answering(classify, lef))


@pytest.fixture
def files(tmp_path: Path, pulse_record: EcgRecord) -> list[Path]:
    """Return three ECGs: two of one patient ID, a year apart, and one of another."""
    made = []
    folder = tmp_path / "ecgs"
    folder.mkdir()
    for name, patient, when, gain in (
        ("a", "P7", "2020", 1.0),
        ("b", "P7", "2021", 0.9),
        ("c", "Q8", "2021", 0.8),
    ):
        record = pulse_record.with_signal(pulse_record.signal * gain)
        record = replace(
            record,
            patient=replace(record.patient, patient_id=patient),
            acquisition=replace(record.acquisition, start_time=f"{when}-03-04T05:06:07"),
        )
        made.append(wfdb.write(record, folder / name))
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Let every comparison find two patients; return (patient of the open record, other file) of each."""
    told: list[tuple[str, str]] = []

    def compare(record: EcgRecord, _measured: object, other: Path, progress: object = None) -> Identification:
        told.append((record.patient.patient_id, other.stem))
        return said(0.1)

    monkeypatch.setattr(inference, "compare_patients", compare)
    return told


def open_ai(window: MainWindow, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AI be open or closed."""
    monkeypatch.setattr(Reading, "may_show_ai", lambda _self: on)
    window.workspace.reading.session_changed.emit(window.workspace.reading.session)


def test_the_line_is_there_with_ai_only_and_leaves_with_its_record(
    window: MainWindow,
    files: list[Path],
    asked: list[tuple[str, str]],
    rest: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.workspace.ecg.open_paths([files[0].parent])
    rest()
    window.workspace.ecg.open(files[1])
    rest()
    told, strip = window.workspace.one_patient, window.one_patient
    assert asked == []
    assert (told.warning, strip.isVisible()) == ("", False)
    assert told.words == (one_patient.CLOSED,)
    open_ai(window, True, monkeypatch)
    rest()
    assert asked == [("P7", "a")]
    assert strip.isVisible()
    for word in ("Perhaps of two patients", "2020-03-04", "median-beat 1.0", "1.0%", "at most 8%"):
        assert word in strip.text.text()
    assert "Of 100 pairs of one patient (60 patients)" in "\n".join(told.words)
    open_ai(window, False, monkeypatch)
    assert (told.warning, strip.isVisible(), told.found) == ("", False, None)
    open_ai(window, True, monkeypatch)
    window.workspace.ecg.open(files[2])
    rest()
    assert (told.warning, strip.isVisible()) == ("", False)
    assert told.words[0].startswith("No other ECG in the list")
    assert asked == [("P7", "a")]


def test_it_can_be_put_away_and_says_on_demand_what_it_rests_on(
    window: MainWindow,
    files: list[Path],
    asked: list[tuple[str, str]],
    rest: Callable[[], None],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.workspace.ecg.open_paths([files[0].parent])
    rest()
    open_ai(window, True, monkeypatch)
    rest()
    assert asked == [("P7", "b")]  # nothing is earlier: the next one after it
    assert window.one_patient.isVisible()
    shown = sheet.show(window)
    assert "the known pairs support -1.70 to +3.00" in shown.body.itemAt(1).widget().text()
    shown.close()
    window.one_patient.away.click()
    assert not window.one_patient.isVisible()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (said(0.5), "cannot tell"),
        (said(0.9), "like one patient"),
        (
            NotAnalysed.because("first recording: paced rhythm"),
            "Cannot be judged against Record 2 of 2021-03-04 05:06: first recording",
        ),
    ],
    ids=["between", "alike", "refused"],
)
def test_it_is_silent_where_it_cannot_judge_or_they_are_alike(
    answer: Identification | NotAnalysed,
    words: str,
    window: MainWindow,
    files: list[Path],
    rest: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare(*_args: object, progress: object = None) -> Identification:
        if isinstance(answer, NotAnalysed):
            raise answer
        return answer

    monkeypatch.setattr(inference, "compare_patients", compare)
    window.workspace.ecg.open_paths([files[0].parent])
    rest()
    open_ai(window, True, monkeypatch)
    rest()
    assert not window.one_patient.isVisible()
    assert words in "\n".join(window.workspace.one_patient.words)
    assert window.messages.isHidden()


def test_an_id_that_many_share_stands_for_nobody(
    window: MainWindow,
    files: list[Path],
    asked: list[tuple[str, str]],
    rest: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(one_patient, "MOST", 1)
    window.workspace.ecg.open_paths([files[0].parent])
    rest()
    open_ai(window, True, monkeypatch)
    rest()
    assert asked == []
    assert "stands for no single patient" in window.workspace.one_patient.words[0]
