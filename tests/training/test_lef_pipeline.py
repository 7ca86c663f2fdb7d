"""The LEF pipeline on synthetic data with a planted relation: found again, explained, kept, and leaks refused."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pdfplumber
import pytest

from ecgview import api
from ecgview.cli import main
from ecgview.errors import FormatError, ModelError
from ecgview.formats import wfdb
from ecgview.models import cards
from ecgview.models.tabular import fitted, table
from ecgview.models.tabular.shares import all_shares
from ecgview.signal import echonext_scaling
from ecgview.training.echonext import layout, synthetic
from ecgview.training.evaluation import calibration
from ecgview.training.lef import figures, pictures, predictors
from ecgview.training.lef.fit import FitRecipe, boosted, fit, outputs

CLASSIFIER = "residual-ptbxl"
QUICK = FitRecipe(strengths=(0.01, 0.1), transforms=("none",), depths=(3,), rounds=60)


def _row(split: str, position: int, low: float) -> layout.EchoRow:
    values = {"sex": str(position % 2), "age_at_ecg": "60", "qrs_duration": "130" if position % 3 else "90"}
    values |= {flag: str(position % 2) for flag in layout.FLAGS}
    return layout.EchoRow(split, position, f"synthetic-{split}-{position}", 40.0 if low else 60.0, values)


def _cohorts(seed: int = 0) -> tuple[dict[str, predictors.Cohort], dict[str, np.ndarray]]:
    """Return cohorts of made-up predictors with the planted relation, and their planted scores."""
    labels = cards.get(CLASSIFIER).labels
    rng = np.random.default_rng(seed)
    cohorts, scores = {}, {}
    for split, count in (("train", 1500), ("val", 400), ("test", 600)):
        values = rng.beta(0.5, 2.0, (count, len(labels)))
        score = synthetic.planted_score(values, labels, synthetic.PLANTED)
        low = (score + 0.35 * rng.standard_normal(count) > 0.9).astype(float)
        rows = [_row(split, k, low[k]) for k in range(count)]
        cohorts[split], scores[split] = predictors.Cohort(split, rows, values, low), score
    return cohorts, scores


@pytest.mark.parametrize("models", [("trees",), ("logistic",), ("logistic", "trees")], ids="+".join)
def test_the_planted_relation_is_found_and_explained(models: tuple[str, ...]) -> None:
    cohorts, scores = _cohorts()
    card = cards.get(CLASSIFIER)
    recipe = FitRecipe(models, (0.01, 0.1), ("none",), (3,), 80)
    made = fit(recipe, cohorts["train"], cohorts["val"], predictors.named([card]), [card])
    model = table.parse(made.raw, "made here")
    test = cohorts["test"]
    optimum = figures.scores(test.low, scores["test"], None)["auroc"](np.ones((1, len(test.low))))[0, 0]
    found = figures.of(model, test, 20)["auroc"]["value"]
    assert optimum > 0.93
    assert found > optimum - (0.05 if "trees" in models else 0.12)  # a line cannot follow the planted steps
    shares, importance = pictures.global_shares(model, test)
    assert {name for name, _ in importance[:3]} == {f"P({code})" for code in synthetic.PLANTED}
    outside = outputs(model, test.values)
    base = outside - shares.sum(1)
    assert np.ptp(base) < 1e-6  # one base value for all: the shares add up
    assert all_shares(model, test.values[:5], outside[:5]).shape == (5, 71)
    rows = figures.single_predictors(
        model.predictors, cohorts["train"], cohorts["val"], {"test": test}, 10, most=2
    )
    found_alone = {row["predictor"]: row for row in rows}
    assert set(found_alone) >= {f"P({code})" for code in (*synthetic.PLANTED, "ILBBB")}
    assert found_alone["P(NORM)"]["direction"] == "lower is riskier"  # as published, and as planted
    assert found_alone["P(CLBBB)"]["direction"] == "higher is riskier"  # found on the training split
    for code in synthetic.PLANTED:
        alone = found_alone[f"P({code})"]["test"]
        assert alone["auroc"]["low"] > 0.55
        called = alone["f1"]
        assert called["low"] < called["value"] < called["high"]
        assert (
            called["value"] > 2 * (test.low.mean() / (1 + test.low.mean())) - 0.05
        )  # as good as calling all
    assert (
        found_alone["P(ILBBB)"]["test"]["auroc"]["low"]
        < 0.5
        < found_alone["P(ILBBB)"]["test"]["auroc"]["high"]
    )


@pytest.mark.parametrize("kind", ["logistic", "trees", "xgboost"])
@pytest.mark.parametrize("relation", ["planted", "null"])
def test_a_relation_is_found_within_its_interval_and_none_where_there_is_none(
    kind: str, relation: str
) -> None:
    if kind == "xgboost":
        pytest.importorskip("xgboost", reason="the extra xgboost is not installed")
    card = cards.get(CLASSIFIER)
    rng = np.random.default_rng(11)
    place = card.labels.index("INJAL")
    cohorts, odds = {}, {}
    for split, count in (("train", 1200), ("val", 400), ("test", 600)):
        values = rng.beta(0.5, 2.0, (count, len(card.labels))).astype(np.float32).astype(float)
        odds[split] = 6.0 * values[:, place] - 2.5 if relation == "planted" else np.zeros(count)
        low = (rng.random(count) < 1 / (1 + np.exp(-odds[split]))).astype(float)
        cohorts[split] = predictors.Cohort(split, [_row(split, k, low[k]) for k in range(count)], values, low)
    recipe = FitRecipe((kind,), (1e-3, 1e-2), ("none",), (2,), 40, patience=10)
    made = fit(recipe, cohorts["train"], cohorts["val"], predictors.named([card]), [card])
    model = table.parse(json.loads(json.dumps(made.raw)), "made here")
    assert made.kind == kind
    test = cohorts["test"]
    auroc = figures.of(model, test, 200)["auroc"]
    if relation == "null":
        assert auroc["low"] < 0.5 < auroc["high"]
        return
    known = figures.scores(test.low, odds["test"], None)["auroc"](np.ones((1, len(test.low))))[0, 0]
    assert auroc["low"] < known < auroc["high"] + 0.03
    _, importance = pictures.global_shares(model, test)
    assert importance[0][0] == "P(INJAL)"
    more = test.values[:50].copy()
    more[:, place] = np.minimum(1.0, more[:, place] + 0.3)
    assert (outputs(model, more) - outputs(model, test.values[:50])).mean() > 0.1  # the planted direction


def test_xgboost_says_the_same_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xgboost", reason="the extra xgboost is not installed")
    import xgboost

    cohorts, _ = _cohorts()
    card = cards.get(CLASSIFIER)
    named = predictors.named([card])
    raw, rounds, version = boosted(
        FitRecipe(rounds=30, patience=5), cohorts["train"], cohorts["val"], 4, named, card
    )
    assert (len(raw["trees"]["trees"]), version) == (rounds, xgboost.__version__)
    model = table.parse(json.loads(json.dumps(raw)), "made here")
    said = outputs(model, cohorts["test"].values)
    shares, _ = pictures.global_shares(model, cohorts["test"])
    assert np.ptp(said - shares.sum(1)) < 1e-6  # one base value for all: the shares add up
    monkeypatch.setattr(fitted, "from_xgboost", lambda *_args: raw | {"trees": raw["trees"] | {"base": 9.0}})
    with pytest.raises(ModelError, match="cannot be read back"):
        boosted(FitRecipe(rounds=5), cohorts["train"], cohorts["val"], 2, named, card)


def test_without_xgboost_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cohorts, _ = _cohorts()
    card = cards.get(CLASSIFIER)
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ModelError, match=r"ecgview\[xgboost\]"):
        fit(FitRecipe(("xgboost",)), cohorts["train"], cohorts["val"], predictors.named([card]), [card])
    with pytest.raises(ModelError, match="unknown kind of model"):
        fit(FitRecipe(("forest",)), cohorts["train"], cohorts["val"], predictors.named([card]), [card])


def test_two_models_are_compared_on_the_same_patients() -> None:
    rng = np.random.default_rng(4)
    count = 400
    low = (rng.random(count) < 0.3).astype(float)
    rows = [layout.EchoRow("test", k, f"patient {k // 4}", 40.0, {}) for k in range(count)]
    cohort = predictors.Cohort("test", rows, np.empty((count, 0)), low)
    assert len(set(figures.patients(cohort).tolist())) == 100
    good = 1 / (1 + np.exp(-(3 * low + rng.standard_normal(count) - 1.5)))
    poor = 1 / (1 + np.exp(-(0.5 * low + rng.standard_normal(count))))
    lead = figures.compared(good, poor, (0.5, 0.5), cohort, 300)
    assert lead["auroc"]["low"] > 0.1
    assert lead["auroc"]["p"] < 0.01
    assert lead["brier"]["high"] < 0  # a smaller error is the better
    own = figures.compared(good, good, (0.5, None), cohort, 100)
    assert "f1" not in own
    assert (own["auroc"]["value"], own["auroc"]["low"], own["auroc"]["p"]) == (0.0, 0.0, 1.0)
    shuffled = figures.compared(rng.random(count), rng.random(count), (None, None), cohort, 300)
    assert shuffled["auroc"]["low"] < 0 < shuffled["auroc"]["high"]


def test_calibration_is_chosen_where_it_helps() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, 2000)
    low = (rng.random(2000) < 1 / (1 + np.exp(-(2 * logits - 1.5)))).astype(float)
    from ecgview.training.lef.fit import calibrate

    chosen = calibrate(low[:1000], logits[:1000], 5, 0)
    assert chosen["kind"] in ("platt", "isotonic")
    said = table.apply_calibration(chosen, logits[1000:])
    plain = table.apply_calibration({}, logits[1000:])
    assert calibration.brier(low[1000:], said) < calibration.brier(low[1000:], plain) - 0.01
    assert calibration.expected_calibration_error(low[1000:], said) < 0.06


def test_subgroups_add_up() -> None:
    cohorts, _ = _cohorts()
    card = cards.get(CLASSIFIER)
    made = fit(QUICK, cohorts["train"], cohorts["val"], predictors.named([card]), [card])
    rows = {r["group"]: r for r in figures.subgroups(table.parse(made.raw, ""), cohorts["test"], 10)}
    whole = len(cohorts["test"].low)
    assert rows["men"]["n_records"] + rows["women"]["n_records"] == whole
    assert rows["QRS under 120 ms"]["n_records"] + rows["QRS of 120 ms or more"]["n_records"] == whole
    assert rows["age 60 to 74"]["n_records"] == whole
    assert "auroc" not in rows["age 18 to 39"]  # nobody is in it


@pytest.fixture(scope="module")
def echo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 64 synthetic ECGs in EchoNext's layout."""
    return synthetic.write(tmp_path_factory.mktemp("synthetic") / "echonext", 64, seed=3)


def test_the_three_commands_end_in_a_model_that_the_window_loads(
    echo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = cards.user_folder() / "lef-synthetic"
    words = ["train", "lef", "fit", "--data", str(echo_folder), "--out", str(out), "--smoke", "--limit", "54"]
    assert main([*words, "--cache", str(tmp_path / "cache"), "--external", str(echo_folder)]) == 0
    assert "synthetic" in capsys.readouterr().out
    card = cards.get("lef-synthetic")
    assert card.calibrated.startswith("calibrated on")
    assert "synthetic" in card.training_data
    assert all((out / f"{name}.png").stat().st_size > 5000 for name in ("beeswarm", "bar", "waterfall"))
    results = json.loads((out / "results.json").read_text())
    assert results["external"]["auroc"] == results["test"]["auroc"]
    assert results["waveforms"] == "constants per lead"
    source = layout.open_folder(echo_folder)
    _, record = next(source.records("test"))
    assert record.synthetic
    said = api.lef(record, "lef-synthetic", device="cpu")
    assert said.kind == "probability"
    record_file = wfdb.write(record, tmp_path / "one")
    words = ["report", str(record_file), "-o", str(tmp_path / "r.pdf"), "--lef-model", "lef-synthetic"]
    assert main([*words, "--device", "cpu"]) == 0
    with pdfplumber.open(tmp_path / "r.pdf") as pdf:
        assert len(pdf.pages[-1].images) == 3
        assert "Research use only" in (pdf.pages[-1].extract_text() or "")
    assert main([*words[:-1], "no-such-model"]) == 1
    again = predictors.cohort(source, "test", [cards.get(CLASSIFIER)], 54.0, tmp_path / "cache")
    model = table.read(card.weights_path)
    output = outputs(model, again.values[:1])
    assert said.model_output == pytest.approx(float(output[0]), abs=2e-3)
    assert said.value == pytest.approx(float(model.probability(np.array([said.model_output]))[0]))
    assert table.read(card.weights_path).probability(output) == pytest.approx(
        model.probability(output), abs=0
    )


def test_what_is_read_back_is_what_was_normalised(echo_folder: Path) -> None:
    source = layout.open_folder(echo_folder)
    assert source.is_synthetic
    assert source.scaling.name == "constants per lead"
    assert source.tabular_order.startswith("age last")
    _, record = next(source.records("train"))
    one, two, three = (record.lead(name) for name in ("I", "II", "III"))
    assert np.median(np.abs(three - (two - one))) < 0.01
    stored = np.load(echo_folder / "EchoNext_train_waveforms.npy", mmap_mode="r")[0, 0]
    np.testing.assert_allclose(echonext_scaling.normalised(record.signal.T), stored, atol=2e-3)


def test_the_other_order_of_the_features_is_seen(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "e", 40, seed=5, age_last=False)
    assert layout.open_folder(folder).tabular_order.startswith("age second")


def test_another_scale_of_the_waveforms_is_seen_or_refused(echo_folder: Path, tmp_path: Path) -> None:
    sample = np.load(echo_folder / "EchoNext_train_waveforms.npy")[:8, 0].astype(np.float64)
    millivolts = (
        sample * echonext_scaling._STD * np.array(echonext_scaling.MV_PER_UNIT)
        + np.array(echonext_scaling._MEAN) * echonext_scaling.MV_PER_UNIT
    )
    assert echonext_scaling.fitting(millivolts / echonext_scaling.ONE_SCALE_MV, "x").name == "one scale"
    with pytest.raises(FormatError, match="III is not II - I"):
        echonext_scaling.fitting(np.random.default_rng(0).normal(size=(4, 2500, 12)), "x")


def _copy(folder: Path, to: Path, change) -> Path:  # type: ignore[no-untyped-def]
    to.mkdir()
    for path in folder.iterdir():
        if path.suffix == ".npy":
            (to / path.name).symlink_to(path)
    with open(folder / layout.TABLE, encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    change(lines)
    with open(to / "EchoNext_metadata_100k.csv", "w", encoding="utf-8", newline="") as file:  # the other case
        writer = csv.DictWriter(file, [name.upper() for name in lines[0]])
        writer.writeheader()
        writer.writerows({k.upper(): v for k, v in line.items()} for line in lines)
    return to


def test_letter_case_does_not_matter(echo_folder: Path, tmp_path: Path) -> None:
    assert layout.open_folder(_copy(echo_folder, tmp_path / "e", lambda lines: None)).rows["train"]


def _leak(lines: list[dict[str, str]]) -> None:
    first = next(line for line in lines if line["split"] == "train")
    next(line for line in lines if line["split"] == "test")["patient_key"] = first["patient_key"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_leak, "stands in two splits"),
        (lambda lines: lines[0].update(split="holdout"), "unknown split"),
        (lambda lines: lines[0].update(lvef_value="555"), "no ejection fraction"),
        (lambda lines: [line.pop("lvef_value") for line in lines], "a column is missing"),
        (lambda lines: lines.pop(), "do not fit the metadata"),
    ],
    ids=["leak", "split", "lvef", "column", "row"],
)
def test_a_wrong_table_is_refused(echo_folder: Path, tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FormatError, match=message):
        layout.open_folder(_copy(echo_folder, tmp_path / "e", change))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no EchoNext folder"):
        layout.open_folder(tmp_path)


def test_the_data_check_knows_the_layout(
    echo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(echo_folder), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["sources"]
    assert found["layout"] == "EchoNext, synthetic"
    assert found["records"] == 64
    assert found["facts"]["waveforms"].startswith("constants per lead")
    assert main(["data", "check", str(_copy(echo_folder, tmp_path / "e", _leak))]) == 1
    assert "stands in two splits" in capsys.readouterr().err
