"""Another autoencoder is its card and its weights: segments of its own length in window, API and command line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tiny_models import TINY, keep_model

from ecgview import api
from ecgview.cli import main
from ecgview.desktop.canvas import gestures
from ecgview.desktop.panels import reconstruction as panel
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.workspace import Workspace
from ecgview.errors import ModelError
from ecgview.explain import reconstruction
from ecgview.formats import wfdb
from ecgview.models import architectures, cards, segments
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord


@pytest.fixture
def coarse(autoencoder: ModelCard) -> ModelCard:
    """Return the card of an autoencoder that cuts 10 s into 100 segments of 100 ms."""
    config = {**TINY, "segment_samples": 50}
    card = replace(autoencoder, id="coarse-mae", name="Coarse", config=config, weights="", sha256="")
    return keep_model(card, architectures.build(card).state_dict())


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    return Path(wfdb.write(pulse_record, tmp_path / "one"))


def test_the_segments_are_those_of_the_card(autoencoder: ModelCard, coarse: ModelCard) -> None:
    assert segments.of(autoencoder) == segments.Segments(200, 25, 500.0)  # a card that says nothing of them
    assert segments.of(cards.get("mtecg-mae-ptbxl")) == segments.of(autoencoder)
    cut = segments.of(coarse)
    assert (cut.count, cut.seconds) == (100, 0.1)
    assert np.flatnonzero(reconstruction.span_mask([(1.05, 1.21)], cut)).tolist() == [10, 11, 12]
    short = replace(coarse, input=replace(coarse.input, seconds=5.0, sampling_rate_hz=250.0))
    assert segments.of(short) == segments.Segments(25, 50, 250.0)


@pytest.mark.parametrize("size", [0, -25, 33, 5000, 25.0, "25", None])
def test_a_card_whose_size_cuts_nothing_is_refused(size: object, coarse: ModelCard) -> None:
    wrong = replace(coarse, config={"segment_samples": size})
    with pytest.raises(ModelError, match=r"expected a part of 5000 samples") as told:
        segments.of(wrong)
    assert str(told.value.where).endswith("card.json: config.segment_samples")


def test_api_and_command_line_hide_its_segments(
    coarse: ModelCard, ecg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = api.reconstruct(ecg, 0.25, 0, coarse.id, "cpu")
    assert (result.mask.shape, result.segment_samples) == ((100,), 50)
    assert result.error_uv.shape == (12, 100)
    assert np.isfinite(result.reconstructed[:, np.repeat(result.mask, 50)]).all()
    with pytest.raises(ModelError, match="100 segments"):
        api.reconstruct(ecg, np.arange(200) < 9, model_id=coarse.id, device="cpu")
    out = tmp_path / "out.npz"
    words = [
        "reconstruct",
        str(ecg),
        "--model",
        coarse.id,
        "--mask",
        "0.3",
        "-o",
        str(out),
        "--device",
        "cpu",
    ]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["n_segments"], told["n_hidden"]) == (coarse.id, 100, 30)
    with np.load(out) as kept:
        assert kept["mask"].shape == (100,)
        assert int(kept["segment_samples"]) == 50
    assert main(words) == 0
    assert "30 of 100 segments hidden" in capsys.readouterr().out
    found, strip = reconstruction.error_over_masks(api.open_ecg(ecg), 0.25, 2, 0, coarse.id, "cpu")
    assert found.error_uv.shape == (100,)
    assert strip.bars[0].end_s == pytest.approx(10.0)


def test_the_window_draws_asks_and_shows_its_segments(
    coarse: ModelCard, classifier: ModelCard, ecg: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    settings = Settings(tmp_path / "settings.toml")
    settings.set("reader.name", "One")
    settings.set("reader.blind", False)
    workspace = Workspace(store_path=tmp_path / "store.db", settings=settings)
    answers = workspace.answers
    with qtbot.waitSignal(workspace.ecg.measured):
        workspace.ecg.open_paths([ecg])
    qtbot.waitUntil(workspace.reading.may_show_ai)
    workspace.paper.set_view("reconstruct")
    assert answers.mask.shape == (200,)
    answers.choose(None, None, coarse.id)
    assert answers.mask.shape == (100,)
    shown = panel.PANEL.make(workspace)
    qtbot.addWidget(shown)
    drag = gestures.Drag("mask", "II", 2.0, 3.0)
    with qtbot.waitSignal(answers.reconstruction_ready):
        answers.set_mask(gestures.masked(answers.mask, drag, answers.segments.seconds))
    assert np.flatnonzero(answers.mask).tolist() == list(range(20, 30))
    assert answers.reconstruction is not None
    result, overlay = answers.reconstruction
    assert result.model == coarse.facts
    assert [(span.start_s, span.end_s) for span in overlay.spans] == [(2.0, 3.0)]
    texts = [label.text() for label in shown.findChildren(type(shown.controls.ratio_text))]
    assert "10 of 100 segments hidden, 1.00 s" in texts
    assert shown.controls.hide_every.toolTip() == "Hide every k-th segment of 100 ms"
    shown.controls.every.setValue(10)
    assert answers.mask.sum() == 10
    with qtbot.waitSignal(answers.reconstruction_ready):
        answers.choose(
            classifier.id, None, coarse.id
        )  # the same cut: what is hidden stays, and is asked anew
    assert answers.mask.sum() == 10
    answers.choose(None, None)
    assert answers.mask.shape == (200,)
    assert not answers.mask.any()
    assert shown.controls.hide_every.toolTip() == "Hide every k-th segment of 50 ms"
    with pytest.raises(ValueError, match="200 segments"):
        answers.set_mask(np.zeros(100, dtype=np.bool_))
    qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0)
    assert workspace.close()
