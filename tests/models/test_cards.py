"""Cards from anywhere: no id leads out of the model folder or takes a shipped place, no word acts on what shows it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from ecgview.errors import ModelError
from ecgview.models import cards, checkpoints, reference_scores, runtime, thresholds
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord


@pytest.fixture
def brought(classifier: ModelCard, tmp_path: Path) -> Callable[..., Path]:
    """Return what lays a model's file with a card of chosen fields beside it."""

    def lay(**fields: Any) -> Path:
        folder = tmp_path / "brought"
        folder.mkdir(exist_ok=True)
        (folder / "weights.safetensors").write_bytes(classifier.weights_path.read_bytes())
        raw = cards.as_json(classifier) | {"id": "brought"} | fields
        (folder / "card.json").write_text(json.dumps(raw))
        return folder / "weights.safetensors"

    return lay


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


HOSTILE_IDS = (
    "../../outside",
    "a/b",
    "a\\b",
    "/etc/model",
    "..",
    ".",
    "a..b",
    ".hidden",
    "-rf",
    "line\nbreak",
    "tail\n",
    "\x1b[31mred",
    "UPPER",
    "with space",
    "nul\0",
    "mtecg\u2010ptbxl",
    "x" * 65,
    "",
    7,
    None,
    ["mtecg"],
)


@pytest.mark.parametrize("model_id", HOSTILE_IDS, ids=ascii)
def test_an_id_that_is_no_name_is_refused_and_nothing_is_written(
    model_id: object, brought: Callable[..., Path], tmp_path: Path, isolated_home: Path
) -> None:
    file = brought(id=model_id)
    before = everything_below(isolated_home), everything_below(tmp_path)
    with pytest.raises(ModelError) as caught:
        checkpoints.import_file(file)
    assert "card.json: id" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert (everything_below(isolated_home), everything_below(tmp_path)) == before
    if isinstance(model_id, str) and model_id:
        with pytest.raises(ModelError, match="no name for a model"):
            checkpoints.import_file(brought(), model_id)


@pytest.mark.parametrize("taken", sorted(cards.shipped_ids()))
def test_an_import_never_takes_the_id_of_a_model_that_ships(taken: str, brought: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="id of a model that ships") as caught:
        checkpoints.import_file(brought(id=taken))
    assert "card.json: id" in str(caught.value)
    with pytest.raises(ModelError, match="--id"):
        checkpoints.import_file(brought(), taken)
    assert not (cards.user_folder() / taken).exists()


@pytest.mark.parametrize(("kind", "shipped"), sorted(cards.DEFAULTS.items()))
def test_a_card_laid_into_the_users_folder_never_becomes_a_default(
    kind: cards.Kind, shipped: str, brought: Callable[..., Path], isolated_home: Path
) -> None:
    cards.DEFAULTS["classifier"] = "residual-ptbxl"  # in place of the small one; undone with the fixture
    for model_id in (shipped, "aaa-first"):
        folder = cards.user_folder() / model_id
        folder.mkdir(parents=True)
        raw = json.loads(brought().with_name("card.json").read_text())
        raw |= {"id": model_id, "kind": kind, "is_default": True, "name": "impostor"}
        (folder / "card.json").write_text(json.dumps(raw))
        (folder / "weights.safetensors").write_bytes(brought().read_bytes())
    assert cards.default(kind).is_shipped
    assert cards.get(shipped).name != "impostor"
    assert [card.id for card in cards.available(kind) if card.is_default] == [shipped]
    assert any("takes the id of a model that ships" in str(error) for error in cards.problems())


def test_a_folder_of_another_name_than_its_card_is_told(brought: Callable[..., Path]) -> None:
    folder = cards.user_folder() / "one"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(brought(id="other").with_name("card.json").read_text())
    assert "other" not in {card.id for card in cards.available()}
    assert any("not that of its folder" in str(error) for error in cards.problems())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Model\nDiagnosis: normal"),
        ("name", "\x1b[2J"),
        ("training_data", "ten ECGs\r\nof nobody"),
        ("out_of_scope", "for all \u202eelcitrap"),
        ("version", "1\u2028.0"),
        ("notes", ["fine", "not\x07fine"]),
        ("metrics", {"test": {"a\nb": 1}}),
        ("licence", "x" * 5000),
        ("threshold_rule", "a\nb"),
        ("source", "a\x9bb"),
    ],
)
def test_words_that_would_act_on_a_terminal_are_refused_by_field(
    field: str, value: object, brought: Callable[..., Path]
) -> None:
    with pytest.raises(ModelError) as caught:
        cards.read_card(brought(**{field: value}).with_name("card.json"))
    said = str(caught.value)
    assert f"card.json: {field}" in said
    assert said.isprintable()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("labels", ["AFIB"] * 71),
        ("thresholds", [float("nan")] * 71),
        ("thresholds", [True] * 71),
        ("thresholds", [7] * 71),
        ("input", {"sampling_rate_hz": float("inf")}),
        ("input", {"seconds": 1e12}),
        ("threshold_figures", {"AFIB": {"cut": 0.5}}),
        ("threshold_figures", {"nothing of these": {"cut": 0.5, "positives": 50, "negatives": 1}}),
        ("threshold_figures", {"AFIB": "many"}),
    ],
)
def test_numbers_that_mean_nothing_are_refused_by_field(
    field: str, value: object, brought: Callable[..., Path]
) -> None:
    with pytest.raises(ModelError, match=field):
        cards.read_card(brought(**{field: value}).with_name("card.json"))


def test_an_imported_model_says_so_wherever_it_speaks(
    brought: Callable[..., Path], pulse_record: EcgRecord
) -> None:
    card = checkpoints.import_file(brought())
    assert runtime.classify(pulse_record, card.id, device="cpu").model.origin == "not from ecgview"
    assert cards.get("mtecg-ptbxl").facts.origin == ""
    assert {card.id: card.facts.origin for card in cards.available()}["brought"] == "not from ecgview"


def test_a_threshold_of_a_handful_of_positives_is_none(
    brought: Callable[..., Path], pulse_record: EcgRecord
) -> None:
    few = thresholds.FEWEST_POSITIVES - 1
    figures = {
        "AFIB": {"cut": 0.0, "positives": few, "negatives": 300},
        "PAC": {"cut": 0.0, "positives": few + 1, "negatives": 300},
    }
    card = checkpoints.import_file(brought(thresholds=[0.0] * 71, threshold_figures=figures))
    answer = {score.code: score for score in runtime.classify(pulse_record, card.id, device="cpu").scores}
    assert (answer["AFIB"].status, answer["AFIB"].threshold) == ("not judged", None)
    assert (answer["AFIB"].weak_threshold, answer["AFIB"].is_suspected) == (0.0, True)
    assert answer["PAC"].status == "positive"


@pytest.mark.parametrize("model_id", ["mtecg-ptbxl", "random-kernels-ptbxl"])
def test_a_shipped_card_states_what_every_threshold_rests_on(model_id: str) -> None:
    card = cards.get(model_id)
    assert thresholds.RULE in card.threshold_rule
    assert "PTB-XL fold 8 (315 records)" in card.threshold_rule
    assert set(card.threshold_figures) == set(card.labels)
    for code, threshold in zip(card.labels, card.thresholds, strict=True):
        row = card.threshold_figures[code]
        assert row["positives"] + row["negatives"] == 315
        if threshold is not None:
            assert row["positives"] >= 10
            for name in ("sensitivity", "positive_predictive_value"):
                assert row[name]["low"] <= row[name]["value"] <= row[name]["high"]
    assert card.threshold_figures["PAC"]["positives"] == 8
    assert card.thresholds[card.labels.index("PAC")] is None
    assert sum(threshold is not None for threshold in card.thresholds) == 21


@pytest.mark.parametrize(("predictive_value", "status"), [(0.19, "not judged"), (0.21, "positive")])
def test_a_cut_that_is_seldom_right_calls_nothing_and_stays_known(
    predictive_value: float, status: str, classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    code = classifier.labels[3]
    worth = {"value": predictive_value, "low": 0.1, "high": 0.3}
    row = {"cut": 0.001, "positives": 30, "negatives": 900, "positive_predictive_value": worth}
    path = classifier.folder / "card.json"
    raw = json.loads(path.read_text())
    raw["thresholds"][3], raw["threshold_figures"] = 0.001, {code: row}
    path.write_text(json.dumps(raw))
    assert cards.get(classifier.id).thresholds[3] == 0.001  # figures count it either way
    score = next(one for one in runtime.classify(pulse_record, device="cpu").scores if one.code == code)
    assert (score.status, score.is_suspected) == (status, True)


def test_percentiles_are_of_the_reference_negatives(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    random = np.random.default_rng(0)
    said = random.uniform(size=(400, 71)).astype(np.float32)
    wanted = (random.uniform(size=(400, 71)) < 0.2).astype(np.float32)
    said[wanted == 1] += 5  # positives are far above, and do not count
    wanted[:, 5] = 1.0
    wanted[:10, 5] = 0.0  # too few negatives for a percentile
    assert runtime.classify(pulse_record, device="cpu").reference == ""
    reference_scores.write(classifier.folder, wanted, said, "invented records", classifier.sha256)
    table = reference_scores.of(classifier)
    assert table is not None
    for value in (0.0, 0.1, 0.5, 0.93, 1.0):
        below = 100 * float((said[wanted[:, 0] == 0, 0] < value).mean())
        assert table.percentile(0, value) == pytest.approx(below, abs=1.0)
    assert table.percentile(5, 0.5) is None
    answer = runtime.classify(pulse_record, device="cpu")
    assert "without the statement in invented records" in answer.reference
    first = answer.scores[0]
    assert first.percentile == pytest.approx(table.percentile(0, first.probability))


@pytest.mark.parametrize("fault", ["other weights", "cut off", "wrong shape", "falling", "escape"])
def test_a_reference_table_that_does_not_fit_is_not_used(
    fault: str, classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    about = {"records": "invented", "sha256": classifier.sha256}
    quantiles = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (71, 1))
    if fault == "other weights":
        about["sha256"] = "0" * 64
    elif fault == "escape":
        about["records"] = "\x1b[2J"
    elif fault == "wrong shape":
        quantiles = quantiles[:3]
    elif fault == "falling":
        quantiles = quantiles[:, ::-1].copy()
    path = classifier.folder / reference_scores.FILE
    save_file({"quantiles": quantiles, "negatives": np.full(71, 300, np.int64)}, path, about)
    if fault == "cut off":
        path.write_bytes(path.read_bytes()[:99])
    answer = runtime.classify(pulse_record, device="cpu")
    assert answer.reference == ""
    assert {score.percentile for score in answer.scores} == {None}
