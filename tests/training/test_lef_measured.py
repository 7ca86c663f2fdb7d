"""Measurements and criteria as predictors of a LEF model: found again, explained, filled where missing, refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from ecgview import api, resources
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import cards, delineation, measure_table, runtime
from ecgview.models.tabular import lef, measured_inputs, table
from ecgview.models.tabular.shares import all_shares
from ecgview.record import EcgRecord
from ecgview.results import LefResult
from ecgview.signal.measure.measured import Edit
from ecgview.training.echonext import layout, synthetic
from ecgview.training.lef import figures, pictures, predictors
from ecgview.training.lef.fit import FitRecipe, fit, outputs

CLASSIFIER = "residual-ptbxl"


def test_inputs_have_the_codes_of_the_columns_of_a_table() -> None:
    codes = [one.code for one in measured_inputs.known()]
    assert len(set(codes)) == len(codes)
    assert set(codes) - set(measure_table.COLUMNS) == {code for code in codes if code.startswith("met_")}
    assert {"qrs_duration_ms", "qtcf_ms", "met_CLBBB", "met_LVH-SOKOLOW"} <= set(codes)
    assert "met_FQRS" not in codes  # not validated


def test_inputs_of_a_record_are_its_measurements_and_criteria() -> None:
    record = api.open_ecg(resources.path("demo", "complete_av_block.hea"))
    found = measured_inputs.of(record)
    assert found["heart_rate_bpm"] == pytest.approx(38, abs=1)
    assert found["met_BRADY"] == 1.0
    assert found["met_SBRAD"] == 0.0
    assert "pr_ms" not in found  # no P wave: missing, not 0
    assert "met_1AVB" not in found


@pytest.mark.parametrize("model", ["logistic", "trees"])
def test_a_planted_measurement_is_found_and_explained(model: str) -> None:
    card = cards.get(CLASSIFIER)
    codes = [one.code for one in measured_inputs.known()]
    rng = np.random.default_rng(2)
    cohorts = {}
    for split, count in (("train", 800), ("val", 300), ("test", 300)):
        said = rng.beta(0.5, 2.0, (count, len(card.labels)))
        values = np.full((count, len(codes)), np.nan)
        width = rng.normal(100, 20, count)
        values[:, codes.index("qrs_duration_ms")] = np.where(rng.random(count) < 0.1, np.nan, width)
        low = (width + rng.normal(0, 6, count) > 115).astype(float)
        rows = [layout.EchoRow(split, k, f"{split}-{k}", 50.0, {}) for k in range(count)]
        cohorts[split] = predictors.Cohort(split, rows, np.concatenate([said, values], axis=1), low)
    named = predictors.named([card], cohorts["train"])
    filled = {split: predictors.filled(one, named) for split, one in cohorts.items()}
    assert not np.isnan(filled["test"].values).any()
    recipe = FitRecipe((model,), (0.01, 0.1), ("logit",), (3,), 60)
    made = fit(recipe, filled["train"], filled["val"], named, [card])
    read = table.parse(json.loads(json.dumps(made.raw)), "made here")
    shares, importance = pictures.global_shares(read, filled["test"])
    assert importance[0][0] == "QRS duration, ms"
    place = [one.measured for one in read.predictors].index("qrs_duration_ms")
    assert read.predictors[place].instead == pytest.approx(100, abs=3)  # the median of the training records
    outside = outputs(read, filled["test"].values)
    assert np.ptp(outside - shares.sum(1)) < 1e-6  # one base value for all: the shares add up
    assert all_shares(read, filled["test"].values[:3], outside[:3]).shape[0] == 3


@pytest.mark.parametrize("model", ["logistic", "trees"])
def test_a_planted_criterion_is_found_whatever_is_missing(model: str) -> None:
    card = cards.get(CLASSIFIER)
    known = measured_inputs.known()
    chosen = next(one for one in known if one.code.startswith(measured_inputs.MET))
    place = len(card.labels) + known.index(chosen)
    rng = np.random.default_rng(3)
    cohorts = {}
    for split, count in (("train", 800), ("val", 300), ("test", 400)):
        values = np.concatenate(
            [rng.beta(0.5, 2.0, (count, len(card.labels))), np.full((count, len(known)), np.nan)], axis=1
        )
        met = rng.random(count) < 0.3
        low = np.where(rng.random(count) < 0.9, met, rng.random(count) < 0.3).astype(float)
        values[:, place] = np.where(rng.random(count) < 0.1, np.nan, met)
        rows = [layout.EchoRow(split, k, f"{split}-{k}", 50.0, {}) for k in range(count)]
        cohorts[split] = predictors.Cohort(split, rows, values, low)
    named = predictors.named([card], cohorts["train"])
    filled = {split: predictors.filled(one, named) for split, one in cohorts.items()}
    recipe = FitRecipe((model,), (0.01, 0.1), ("logit",), (2,), 30)
    made = fit(recipe, filled["train"], filled["val"], named, [card])
    _, importance = pictures.global_shares(table.parse(made.raw, "made here"), filled["test"])
    assert importance[0][0] == chosen.name
    alone = figures.single_predictors(named, filled["train"], filled["val"], {"test": filled["test"]}, 50, 1)
    (row,) = (one for one in alone if one["predictor"] == chosen.name)
    assert row["direction"] == "higher is riskier"
    assert row["test"]["auroc"]["low"] > 0.8
    assert row["test"]["f1"]["low"] > 0.6


@pytest.fixture(scope="module")
def echo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("synthetic") / "echonext", 48, seed=4)


def test_a_model_that_rests_on_measurements_is_fitted_and_answers(echo_folder: Path, tmp_path: Path) -> None:
    out = cards.user_folder() / "lef-measured"
    words = ["train", "lef", "fit", "--data", str(echo_folder), "--out", str(out), "--smoke", "--limit", "54"]
    assert main([*words, "--cache", str(tmp_path / "cache"), "--measured"]) == 0
    card = cards.get("lef-measured")
    assert "measurements and criteria" in card.training_data
    model = table.read(card.weights_path)
    assert model.measured["qrs_duration_ms"] == "QRS duration, ms"
    record = api.open_ecg(resources.path("demo", "complete_av_block.hea"))
    said = api.lef(record, "lef-measured", device="cpu")
    assert said.contributions is not None
    by_name = {one.predictor: one for one in said.contributions.items}
    assert by_name["QRS duration, ms"].value == pytest.approx(202, abs=15)
    assert by_name["Bradycardia, whatever the rhythm (1: met)"].value == 1.0
    total = said.contributions.base_value + sum(one.contribution for one in said.contributions.items)
    assert total == pytest.approx(said.model_output, abs=1e-6)
    (missing,) = (text for text in said.warnings if text.startswith("Not measured"))
    assert "PR, ms" in missing
    _follows_a_hand(record, said)
    prediction = api.classify(record, CLASSIFIER, device="cpu")
    with pytest.raises(ModelError, match="rests on measurements"):
        lef.number(prediction, card)
    with pytest.raises(ModelError, match="rests on measurements"):
        lef.outputs(card, cards.get(CLASSIFIER), np.full((1, 71), 0.5))


def _follows_a_hand(record: EcgRecord, said: LefResult) -> None:
    """An edge put elsewhere moves number and shares, the answer of before stays, and no network is asked again."""
    before = api.measured(record)
    assert before.median is not None
    qrs = before.median.overall["QRS"]
    assert qrs is not None
    edit = Edit("QRS offset", qrs.offset_s - 0.08, by="Dr Li")
    edited = api.measured_again(before, record, [edit])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "answers", lambda *_args, **_others: pytest.fail("a network was asked"))
        patch.setattr(delineation, "delineate", lambda *_args: pytest.fail("a network was asked"))
        found = api.lef_again(said, record, edited)
        recalled = api.lef(record, "lef-measured", device="cpu", measured_as=edited)
        assert api.lef_again(found, record, before) is said
        assert api.lef(record, "lef-measured", device="cpu", measured_as=before).value == said.value
    assert found.value == recalled.value != said.value
    assert found.unedited is said
    assert found.contributions is not None
    width = next(one for one in found.contributions.items if one.predictor == "QRS duration, ms")
    assert width.value == edited.value("QRS duration") == _value(said, "QRS duration, ms") - 80
    total = found.contributions.base_value + sum(one.contribution for one in found.contributions.items)
    assert total == pytest.approx(found.model_output, abs=1e-6)
    told = found.warnings[0]
    assert told.startswith("With edited measurements, by Dr Li: ")
    assert f"QRS duration, ms {width.value:.4g} (computed {before.value('QRS duration'):.4g})" in told
    assert told.endswith(f"{said.value:.3f}")
    assert [text for text in found.warnings if text.startswith("Not measured")]
    of_classifiers = [one for one in said.single_predictors if one[0] not in said.measured]
    assert [one for one in found.single_predictors if one[0] not in said.measured] == of_classifiers
    index = api.lef(record, device="cpu")  # rests on the classifier alone
    assert index.measured == ()
    assert api.lef_again(index, record, edited) is index


def _value(said: LefResult, name: str) -> float:
    return dict(said.single_predictors)[name]
