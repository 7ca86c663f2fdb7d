"""What the model facts say of maps: their figures, or plainly that there are none."""

import json
from dataclasses import replace

from panel_words import reveal, words_of
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from ecgview.desktop.panels import model_facts
from ecgview.desktop.state.workspace import Workspace
from ecgview.explain import offered
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from tests.tiny_models import classifier, keep_model  # noqa: F401

GAIN = {"value": 0.27, "low": 0.2, "high": 0.34}


def _write(card: ModelCard) -> None:
    rows = [
        {"code": "NORM", "minus_amplitude": GAIN, "n": 30, "offered": "yes"},
        {
            "code": "1AVB",
            "minus_amplitude": {"value": 0.01, "low": -0.1, "high": 0.1},
            "n": 11,
            "offered": "no",
        },
        {"code": "PVC", "minus_amplitude": GAIN, "n": 3, "offered": "too few: yes"},
    ]
    table = {
        "sha256": card.sha256,
        "records": "40 of PTB-XL fold 9",
        "made": "2026-11-28",
        "n_maps": 44,
        "pooled": GAIN,
        "shuffled_weights": {"value": -0.02, "low": -0.05, "high": 0.01},
        "statements": rows,
    }
    (card.folder / offered.FILE).write_text(json.dumps(table))


def test_gain_shuffled_weights_and_statements_without_a_map_are_told(classifier: ModelCard) -> None:  # noqa: F811
    assert model_facts.map_rows(classifier) == [("Maps", "not measured for this model")]
    _write(classifier)
    rows = dict(model_facts.map_rows(classifier))
    assert rows["Gain on the amplitude"] == "0.27 (0.20 to 0.34), n = 44 maps"
    assert rows["Shuffled weights"] == "rank correlation -0.02 (-0.05 to 0.01), n = 44 maps"
    assert rows["No map"] == "1AVB"
    assert rows["Too few records"] == "PVC"
    assert rows["Measured on"] == "40 of PTB-XL fold 9; 2026-11-28"


def test_a_broken_table_is_told_in_its_place(classifier: ModelCard) -> None:  # noqa: F811
    (classifier.folder / offered.FILE).write_text("{")
    ((name, text),) = model_facts.map_rows(classifier)
    assert name == "Maps"
    assert "no table of maps" in text


def test_the_panel_shows_them_once_ai_is_open(opened: Workspace, qtbot: QtBot) -> None:
    panel = model_facts.PANEL.make(opened)
    qtbot.addWidget(panel)
    assert "Where on the trace" not in words_of(panel)
    reveal(opened, qtbot)
    assert "Where on the trace" in words_of(panel)
    assert model_facts.map_rows(cards.default("classifier"))[0][1] in words_of(panel)


def test_the_maps_of_what_ships_are_measured_and_offered_by_that() -> None:
    card = cards.default("classifier")
    known = offered.table_of(card)
    assert known is not None
    assert known.pooled.low is not None
    assert known.pooled.low > 0
    for code, (gain, n, answer) in known.gains.items():
        assert answer == offered.rule(n, gain.low, known.pooled.low), code


def test_a_refit_has_the_maps_figures_of_the_model_that_was_judged(classifier: ModelCard) -> None:  # noqa: F811
    state = load_file(classifier.weights_path)
    refit = keep_model(replace(classifier, id="refit", figures_of=classifier.id), state)
    assert model_facts.map_rows(refit) == [("Maps", "not measured for this model")]
    _write(classifier)
    assert dict(model_facts.map_rows(refit))["Gain on the amplitude"].startswith("0.27")
    assert offered.offered(refit, "NORM").reason.endswith(f"n = 30, measured on {classifier.id}.")
    assert not offered.offered(refit, "1AVB").is_offered
    # what lies beside the refit itself was measured on what it learnt from, and does not count
    (refit.folder / offered.FILE).write_text("{")
    assert offered.offered(refit, "NORM").is_offered
