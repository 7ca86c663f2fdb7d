"""Random kernels in training: the regressions, the features on disk, the finished model."""

import csv
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecgview import formats
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import cards, runtime
from ecgview.models.networks.random_kernels import RandomKernels
from ecgview.models.preprocessing import prepare
from ecgview.training.data import inputs, kernels, splits
from ecgview.training.data.material import open_pack
from ecgview.training.data.pack import load_or_build
from ecgview.training.data.sources import ptbxl
from ecgview.training.evaluation import baselines
from ecgview.training.objectives import teacher
from ecgview.training.places import Places
from ecgview.training.stages import kernels as kernel_classifier
from ecgview.training.stages.kernels import KernelRecipe


@pytest.mark.parametrize("n_features", [12, 300], ids=["few features", "more than records"])
def test_regressions_are_those_of_scikit_learn(n_features: int) -> None:
    rng = np.random.default_rng(0)
    features = (rng.standard_normal((120, n_features)) * rng.uniform(0.1, 9, n_features) + 3).astype(
        np.float32
    )
    features[:, 1] = 2.0  # a feature that says nothing
    wanted = np.zeros((120, 3), np.float32)
    wanted[:, 0] = features[:, 0] + features[:, 2] > 6
    wanted[:, 2] = rng.random(120) < 0.3
    said = baselines.predict(baselines.fit_logistic(features[:80], wanted[:80], 0.1), features)
    for k in (0, 2):
        usual = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
        expected = usual.fit(features[:80], wanted[:80, k]).predict_proba(features)[:, 1]
        np.testing.assert_allclose(said[:, k], expected, atol=1e-3)  # where the solver stops
    np.testing.assert_allclose(said[:, 1], 0.5 / 81, rtol=1e-5)  # never seen


def test_kept_features_are_those_of_the_catalogues_network(tiny_ptbxl: Path, tmp_path: Path) -> None:
    pack = open_pack(tiny_ptbxl, tmp_path, inputs.MTECG)
    train = splits.labelled(pack, "train")
    drawing = kernels.Drawing(n_kernels=100)
    kept = kernels.cached_features(pack, train, tmp_path, drawing)
    assert kept.shape == (len(pack), 300)
    network = drawing.draw(pack, train)
    alone = network.forward_features(pack.millivolts(np.array([7])))[0]
    np.testing.assert_allclose(kept[7], alone, atol=1.1e-3)
    stored = kernels.cached_features(pack, train, tmp_path, drawing)
    np.testing.assert_array_equal(stored, kept)
    other = kernels.cached_features(pack, train, tmp_path, kernels.Drawing(n_kernels=100, seed=1))
    assert np.abs(other - kept).max() > 0.1
    shares = np.concatenate([kept[train][:, :50], kept[train][:, 150:200]], axis=1)
    assert 0.05 < shares.mean() < 0.9  # thresholds lie inside the responses
    assert (kept[:, 50:100] >= kept[:, 100:150]).all()  # largest, smallest


def test_weights_of_half_precision_answer_the_same() -> None:
    rng = np.random.default_rng(1)
    network = RandomKernels()
    n_features = network.head.in_features
    features = (rng.uniform(0, 5, n_features) + 0.1 * rng.standard_normal((64, n_features))).astype(
        np.float32
    )
    found = baselines.Regressions(rng.standard_normal((71, n_features)), rng.standard_normal(71))
    kernel_classifier.put_into(network, found, features.mean(0, dtype=np.float64))
    np.testing.assert_allclose(
        kernel_classifier.answers(network, features), baselines.predict(found, features), atol=1e-3
    )
    state = network.head.weight.detach()
    assert (state.half().float() == state).all()


def test_the_command_makes_a_model_that_the_window_and_evaluation_take(
    tiny_ptbxl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").mkdir()
    folder = cards.user_folder() / "tiny-kernels"
    common = ["--data", str(tiny_ptbxl), "--cache", str(tmp_path / "cache")]
    words = ["train", "kernels", *common, "--out", str(tmp_path / "run"), "--export", str(folder), "--smoke"]
    assert main([*words, "--set", "strengths=[0.01, 0.1]"]) == 0
    with open(tmp_path / "run" / "log.csv", encoding="utf-8", newline="") as file:
        assert [row["strength"] for row in csv.DictReader(file)] == ["0.01", "0.1"]
    card = cards.get("tiny-kernels")
    assert card.network == "random-kernels"
    assert card.training_data.startswith("32 labelled records: PTB-XL")
    assert "folds 1-7: 32 records; chosen on fold 8, never fold 9" in card.training_data
    assert any("No example in training" in note and "AFIB" in note for note in card.notes)
    capsys.readouterr()
    words = ["evaluate", "tiny-kernels", str(tiny_ptbxl), "--cache", str(tmp_path / "cache")]
    assert main([*words, "--resamples", "20", "--no-baselines", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["superclass_macro_auroc"]["value"] == 1.0  # beats up or down


def test_the_shipped_file_answers_as_the_fitted_model(tiny_ptbxl: Path, tmp_path: Path) -> None:
    recipe = KernelRecipe(n_kernels=100, strengths=(0.01,))
    fitted = kernel_classifier.run(recipe, Places(tiny_ptbxl, tmp_path / "run", tmp_path))
    kernel_classifier.export(fitted, recipe, cards.user_folder() / "tiny-kernels")
    pack = open_pack(tiny_ptbxl, tmp_path, inputs.MTECG)
    names = [pack.rows[i].record_id for i in splits.labelled(pack, "validation")]
    paths = [next(tiny_ptbxl.glob(f"*/records500/{int(name):05d}_hr.hea")) for name in names]
    predictions = runtime.classify_many([formats.read(path) for path in paths], "tiny-kernels", "cpu")
    said = np.array([[score.probability for score in found.scores] for found in predictions])
    np.testing.assert_allclose(
        said, fitted.validation_probability, atol=0.01
    )  # packed ECGs are whole microvolts


def test_the_teacher_has_not_seen_the_label_that_it_answers(tiny_ptbxl: Path, tmp_path: Path) -> None:
    pack = open_pack(tiny_ptbxl, tmp_path, inputs.MTECG)
    train, others = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    fold = np.array([row.fold for row in pack.rows])
    swapped = {"NORM": "IMI", "IMI": "NORM"}
    rows = tuple(
        replace(row, codes=tuple(swapped.get(code, code) for code in row.codes)) if row.fold == 3 else row
        for row in pack.rows
    )
    before = teacher.superclass_logits(pack, train, others, tmp_path, 0.01)
    after = teacher.superclass_logits(replace(pack, rows=rows), train, others, tmp_path, 0.01)
    np.testing.assert_array_equal(before[fold == 3], after[fold == 3])
    assert np.abs(before[fold == 4] - after[fold == 4]).max() > 0.1  # others learnt from the swapped labels
    assert np.isnan(before[fold == 9]).all()
    assert np.isfinite(before[others]).all()


@pytest.mark.parametrize(
    ("recipe", "found"),
    [(KernelRecipe(n_kernels=70), "n_kernels"), (KernelRecipe(strengths=(0.0,)), "strengths")],
)
def test_a_recipe_that_cannot_be_is_named(recipe: KernelRecipe, found: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=found):
        kernel_classifier.run(recipe, Places(tmp_path, tmp_path, tmp_path))


def test_real_ecgs_are_described_alike_in_training_and_in_the_window(
    shared_data: Path, tmp_path: Path
) -> None:
    known = list(itertools.islice(ptbxl.open(shared_data / "ptbxl", rate_hz=500).records(), 6))
    pack = load_or_build(known, inputs.MTECG, tmp_path, "six")
    card = cards.get("random-kernels-ptbxl")
    network = runtime.network(card, "cpu")
    assert isinstance(network, RandomKernels)
    packed = kernels.features(network, pack)
    prepared = torch.from_numpy(np.stack([prepare(record, card.input) for _, record in known]))
    np.testing.assert_allclose(packed, network.forward_features(prepared), atol=0.02)  # shares: ties at 0 mV
    said = [runtime.classify(record, card.id, "cpu").scores for _, record in known]
    trained = kernel_classifier.answers(network, packed)
    np.testing.assert_allclose([[s.probability for s in row] for row in said], trained, atol=0.01)
