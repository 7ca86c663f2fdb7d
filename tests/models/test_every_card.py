"""Every shipped model: its card is whole, its weights are the card's, its answers are the recorded ones."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview import resources
from ecgview.errors import ModelError
from ecgview.labels import label_set
from ecgview.models import (
    architectures,
    cards,
    loaded,
    preprocessing,
    runtime,
    same_patient,
    weights_file,
)
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord

SHIPPED = sorted(resources.path("models").glob("*/card.json"))
GOLDEN = sorted(resources.path("models").glob("*/golden.json"))
MOST_TOGETHER = 40_000_000  # bytes of all weights that ship, with what lies beside them in the same form
MOST_WHOLE = (
    1_000_000  # bytes of one file's numbers that are not in half precision: random kernels need 0.6 MB
)


def _weights() -> list[Path]:
    """Return the file of weights of every model that ships with one."""
    found = [cards.read_card(path) for path in SHIPPED]
    return [
        card.weights_path for card in found if card.is_here and card.weights_path.suffix == ".safetensors"
    ]


@pytest.fixture(params=SHIPPED, ids=lambda path: path.parent.name)
def card(request: pytest.FixtureRequest) -> ModelCard:
    return cards.read_card(request.param)


def test_the_card_is_whole(card: ModelCard) -> None:
    assert card.id == card.folder.name
    assert all([card.training_data, card.intended_use, card.out_of_scope, card.licence])
    assert card.calibrated == "not calibrated" or card.calibrated.startswith("calibrated on")
    assert len(set(card.labels)) == len(card.labels) == len(card.thresholds)
    assert card.input.filter in preprocessing.FILTERS
    if card.kind == "classifier":
        known = label_set.load(card.label_set)
        assert [code for code in card.labels if code not in known] == []
    if card.is_here:
        assert card.sha256
        assert card.facts.sha256 == card.sha256
    else:
        assert set(card.checkpoint) >= {"repository", "file"}  # it can be fetched


def test_the_weights_are_the_cards_and_fit(card: ModelCard) -> None:
    if not card.is_here:
        with pytest.raises(ModelError, match="ecgview models get"):
            card.check_weights()
        return
    assert card.check_weights().stat().st_size < 20_000_000
    if card.network == same_patient.NETWORK:
        assert len(same_patient.of_card(card)) >= 5  # 12, 6, 3, 2 and 1 leads
    elif card.kind != "lef":
        assert not architectures.load(card).training


def test_all_weights_together_are_below_their_limit() -> None:
    sizes = [path.stat().st_size for path in resources.path("models").glob("*/*.safetensors")]
    assert len(sizes) >= len(_weights())
    assert sum(sizes) < MOST_TOGETHER


@pytest.mark.parametrize("path", _weights(), ids=lambda path: path.parent.name)
def test_weights_ship_in_half_precision_and_run_in_single(path: Path) -> None:
    state = weights_file.read_safetensors(path)
    whole = [value for value in state.values() if value.dtype != torch.float16]
    assert sum(value.numel() * value.element_size() for value in whole) < MOST_WHOLE
    card = cards.read_card(path.with_name("card.json"))
    if card.network != same_patient.NETWORK:
        kinds = {value.dtype for value in architectures.load(card).parameters()}
        assert kinds == {torch.float32}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_answers_are_the_recorded_ones(path: Path) -> None:
    from ecgview.training.engine.export import formula_ecg

    module = architectures.load(cards.read_card(path.with_name("card.json")))
    with torch.inference_mode():
        got = module(torch.from_numpy(formula_ecg()[None]))[0].numpy()
    golden = json.loads(path.read_text())
    np.testing.assert_allclose(got, golden["logits"], atol=golden.get("tolerance", 1e-4))


def _written(folder: Path, **changes: object) -> Path:
    raw = json.loads((resources.path("models") / "ecgfounder-1" / "card.json").read_text()) | changes
    path = folder / "card.json"
    path.write_text(json.dumps({name: value for name, value in raw.items() if value is not None}))
    return path


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"training_data": ""}, "training_data"),
        ({"kind": "oracle"}, "kind"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"thresholds": ["high"] * 150}, "thresholds"),
        ({"labels": "NORM"}, "labels"),
        ({"weights": "../../elsewhere.safetensors"}, "weights"),
        ({"input": {"sampling_rate_hz": "fast"}}, "input"),
        ({"input": ["I"]}, "input"),
        ({"config": 3}, "config"),
        ({"checkpoint": ["x"]}, "checkpoint"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        cards.read_card(_written(tmp_path, **changes))
    assert caught.value.where == f"{tmp_path / 'card.json'}: {field}"


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00\xff"])
def test_what_is_no_card_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        cards.read_card(tmp_path / "card.json")


def test_altered_weights_are_refused(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "LOADED", {})  # another test may have loaded the same weights
    content = bytearray(classifier.weights_path.read_bytes())
    content[-1] ^= 1
    classifier.weights_path.write_bytes(content)
    with pytest.raises(ModelError, match="not those of the card"):
        runtime.classify(pulse_record, classifier.id, "cpu")


def test_a_broken_card_of_the_users_does_not_hide_the_others(classifier: ModelCard) -> None:
    broken = cards.user_folder() / "broken"
    broken.mkdir()
    (broken / "card.json").write_text("{")
    assert classifier.id in [card.id for card in cards.available()]
    assert [error.where for error in cards.problems()] == [str(broken / "card.json")]
    with pytest.raises(ModelError, match="is not a model card"):
        cards.get("broken")


def test_the_users_model_comes_before_the_shipped_one(classifier: ModelCard) -> None:
    assert cards.default("classifier").id == classifier.id
    with pytest.raises(ModelError, match="ecgfounder-12"):
        cards.get("unknown")
    with pytest.raises(ModelError, match="no model named"):
        cards.get("../models/tiny")
