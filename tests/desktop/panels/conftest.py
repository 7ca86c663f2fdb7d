"""A real workspace with a real store, a record on disk, and what models might say of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_words
import numpy as np
import pytest
from panel_words import MODEL
from pytestqt.qtbot import QtBot

from ecgview.desktop.settings import Settings
from ecgview.desktop.state import inference
from ecgview.desktop.state.workspace import Workspace
from ecgview.formats import wfdb
from ecgview.overlay import Overlay
from ecgview.record import EcgRecord
from ecgview.results import (
    Contribution,
    Contributions,
    LabelScore,
    LefResult,
    Placed,
    Prediction,
    Reconstruction,
    ReferenceSet,
)


@pytest.fixture
def scores() -> tuple[LabelScore, ...]:
    """Return 71 scores of which exactly three reach their threshold."""
    rest = [LabelScore(f"C{i}", f"finding number {i}", 0.01 * (i % 30), 0.4) for i in range(68)]
    high = [
        LabelScore("AFIB", "atrial fibrillation", 0.91, 0.40),
        LabelScore("NDT", "non-diagnostic T abnormalities", 0.52, 0.30),
        LabelScore("LVH", "left ventricular hypertrophy", 0.33, 0.32),
    ]
    return (*rest[:30], high[2], *rest[30:60], high[0], *rest[60:], high[1])


@pytest.fixture
def prediction(scores: tuple[LabelScore, ...]) -> Prediction:
    """Return a prediction with a warning."""
    return Prediction(
        MODEL, "pulse", "cpu", 83.0, scores, ("Only the first 10 s were analysed.",), label_set="ptbxl71"
    )


@pytest.fixture
def lef() -> LefResult:
    """Return an index with 14 contributions."""
    rng = np.random.default_rng(3)
    items = [Contribution(f"P(C{i})", float(rng.random()), float(rng.normal())) for i in range(14)]
    items.sort(key=lambda item: -abs(item.contribution))
    total = -1.234 + sum(item.contribution for item in items)
    shares = Contributions(-1.234, tuple(items), total, "composite logit", "shap.LinearExplainer")
    singles = (("1-P(NORM)", 0.83), ("P(ILBBB)", 0.04), ("P(INJAL)", 0.12))
    words = "index without a verdict"
    result = LefResult(MODEL, "pulse", "index", total, 0.63, None, words, "", shares, singles)
    among = ReferenceSet("a hospital", 1000, 18, 90, "none labelled as paced")
    ways = ("the lower P(NORM)", "the higher P(ILBBB)", "the higher P(INJAL)")
    placed = tuple(
        Placed(name, value, way, place)
        for (name, value), way, place in zip(singles, ways, (83.4, 12.0, 99.7), strict=True)
    )
    result = replace(result, placed=placed, percentile=61.2, reference_set=among)
    return replace(result, reference=among.sentence, warnings=("age unknown",))


@pytest.fixture
def answers(prediction: Prediction, lef: LefResult, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Let the jobs that ask the models answer from here; an exception put in is raised instead."""
    given: dict[str, object] = {"predict": prediction, "lef": lef, "reconstruct": None, "error_strip": None}

    def give(key: str) -> Callable[..., object]:
        def answer(record: EcgRecord, *args: object, **_: object) -> object:
            got = (
                reconstruction_of(record, args[0])
                if key == "reconstruct" and given[key] is None
                else given[key]
            )
            if isinstance(got, Exception):
                raise got
            return got

        return answer

    for key, name in (
        ("reconstruct", "reconstruct"),
        ("error_strip", "error_strip"),
    ):
        monkeypatch.setattr(inference, name, give(key))
    both: tuple[Any, Any] = give("predict"), give("lef")
    monkeypatch.setattr(inference, "ask", model_words.answering(*both))
    return given


def reconstruction_of(record: EcgRecord, mask: object) -> tuple[Reconstruction, Overlay]:
    """Return a reconstruction that is 0.05 mV too high in every hidden sample."""
    mask = np.asarray(mask, dtype=bool)
    hidden = np.repeat(mask, 25)
    measured = record.leads()
    made = np.where(hidden, measured + 0.05, np.nan).astype(np.float32)
    error = np.where(mask, 50.0, np.nan).astype(np.float32) * np.ones((12, 1), np.float32)
    doubts = ("50 Hz mains of 71 µV RMS",)
    return Reconstruction(
        MODEL, record.lead_names, 500.0, 25, mask, measured, made, error, "cpu", 60.0, warnings=doubts
    ), Overlay()


@pytest.fixture
def record_file(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a record on disk."""
    return Path(wfdb.write(pulse_record, tmp_path / "first"))


@pytest.fixture
def workspace(qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace with its own store, read blind first by a named reader."""
    settings = Settings(None)
    settings.set("reader.name", "Reader One")
    made = Workspace(store_path=tmp_path / "store.db", settings=settings)
    yield made
    assert made.close()


@pytest.fixture
def opened(workspace: Workspace, record_file: Path, answers: object, qtbot: QtBot) -> Workspace:
    """Return the workspace with the record open, blind."""
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open(record_file)
    return workspace
