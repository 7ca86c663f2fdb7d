"""EchoNext-Mini: published names and sizes, its inputs as distributed, and planted relations found again or not."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.cli import main
from ecgview.errors import FormatError, ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.training.echonext import layout, mini, mini_training, tabular
from ecgview.training.echonext.mini import EchoNextMini, MiniConfig
from ecgview.training.evaluation import metrics
from ecgview.training.lef import comparison
from tests.tiny_models import classifier  # noqa: F401

TINY = MiniConfig(width=4, blocks=(1, 1), dropout=0.0)


def test_sizes_and_names_are_the_published_ones() -> None:
    state = EchoNextMini().state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    assert shapes["conv1.weight"] == (16, 12, 15)
    assert shapes["output.weight"] == (12, 263)
    assert shapes["layer1.0.conv1.weight"] == (16, 16, 7)
    assert "layer1.0.downsample.0.weight" not in shapes
    assert shapes["layer2.0.downsample.0.weight"] == (32, 16, 1)
    assert shapes["layer4.2.bn2.running_var"] == (128,)
    assert [sum(name.startswith(f"layer{k}.") and name.endswith("conv1.weight") for name in shapes) for k in
            range(1, 5)] == [3, 4, 6, 3]  # fmt: skip
    weights = sum(value.numel() for name, value in EchoNextMini().named_parameters())
    assert 1.0e6 < weights < 1.1e6  # a third party counts about 1.05 million
    network = EchoNextMini().eval()
    with torch.inference_mode():
        said = network(torch.zeros(2, 12, 2500), torch.tensor([[0.0] * 7, [1.0] * 7]))
    assert said.shape == (2, 12)
    own = network.output.weight[:, 256:].sum(1)
    torch.testing.assert_close(said[1] - said[0], own)  # the table's row goes into the head as it is


def test_a_published_checkpoint_loads_and_another_does_not(tmp_path: Path) -> None:
    network = EchoNextMini()
    bare = {name: value for name, value in network.state_dict().items() if "num_batches_tracked" not in name}
    torch.save({"model": bare}, tmp_path / "weights.pt")
    again = mini.load(tmp_path / "weights.pt")
    assert not again.training
    torch.testing.assert_close(again.state_dict()["layer3.5.conv2.weight"], bare["layer3.5.conv2.weight"])
    torch.save({"model": bare | {"output.weight": torch.zeros(11, 263)}}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=r"other output\.weight"):
        mini.load(tmp_path / "other.pt")
    del bare["layer4.2.conv2.weight"]
    torch.save({"model": bare}, tmp_path / "less.pt")
    with pytest.raises(ModelError, match=r"missing layer4\.2\.conv2\.weight"):
        mini.load(tmp_path / "less.pt")
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "none.pt")
    with pytest.raises(ModelError, match="no checkpoint of EchoNext-Mini"):
        mini.load(tmp_path / "none.pt")


def _folder(folder: Path, relation: str, counts: dict[str, int], age_last: bool = True) -> Path:
    """Write noise in EchoNext's layout, whose flag follows a wave in V5, the age, or nothing."""
    rng = np.random.default_rng(7)
    folder.mkdir()
    lines = []
    for split in layout.SPLITS:
        n = counts.get(split, 0)
        hidden = rng.standard_normal(n)
        age = rng.normal(60, 15, n)
        waves = 0.3 * rng.standard_normal((n, 1, layout.SAMPLES, 12))
        waves[..., 2] = waves[..., 1] - waves[..., 0]  # one scale for all leads fits
        if relation == "wave":
            waves[:, 0, np.arange(layout.SAMPLES) % 250 < 40, 10] += 2.0 * hidden[:, None]
        score = {"wave": hidden, "age": (age - 60) / 15, "null": rng.standard_normal(n)}[relation]
        low = score + 0.2 * rng.standard_normal(n) > 0.4
        np.save(folder / f"EchoNext_{split}_waveforms.npy", waves.astype(np.float32))
        columns = {name: rng.normal(100, 20, n) for name in tabular.AGE_SECOND} | {"age_at_ecg": age}
        order = tabular.AGE_LAST if age_last else tabular.AGE_SECOND
        table = np.stack(
            [(columns[name] - columns[name].mean()) / (columns[name].std() or 1) for name in order]
        )
        np.save(folder / f"EchoNext_{split}_tabular_features.npy", table.T)
        for k in range(n):
            values = {name: f"{columns[name][k]:.2f}" for name in tabular.AGE_SECOND}
            flags = {name: "" for name in layout.FLAGS} | {"lvef_lte_45_flag": str(int(low[k]))}
            lvef = "35" if low[k] else "60"
            lines.append(
                values | flags | {"sex": "1", "patient_key": f"synthetic-{split}-{k // 2}", "split": split}
                | {"lvef_value": lvef}
            )  # fmt: skip
    with open(folder / layout.TABLE, "w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return folder


@pytest.mark.parametrize("age_last", [True, False])
def test_features_come_in_the_networks_order_whatever_the_files(tmp_path: Path, age_last: bool) -> None:
    source = layout.open_folder(_folder(tmp_path / "e", "null", {"train": 30, "val": 4, "test": 4}, age_last))
    age = np.array([row.number("age_at_ecg") for row in source.rows["train"]])
    found = mini.features(source, "train")
    assert np.corrcoef(found[:, 1], age)[0, 1] > 0.999
    chosen, waves, table = next(mini.batches(source, "train", np.array([5, 2])))
    assert (chosen.tolist(), waves.shape) == ([5, 2], (2, 12, 2500))
    np.testing.assert_allclose(table.numpy(), found[[5, 2]])
    stored = np.load(source.folder / "EchoNext_train_waveforms.npy")
    np.testing.assert_allclose(waves[0].numpy(), stored[5, 0].T)
    (source.folder / "EchoNext_train_tabular_features.npy").unlink()
    with pytest.raises(FormatError, match="is no array"):
        mini.features(source, "train")


@pytest.mark.parametrize("relation", ["wave", "age", "null"])
def test_a_planted_relation_is_learned_and_none_where_there_is_none(tmp_path: Path, relation: str) -> None:
    folder = _folder(tmp_path / "e", relation, {"train": 160, "val": 60, "test": 120})
    source = layout.open_folder(folder)
    recipe = mini_training.MiniRecipe(TINY, learning_rate=0.01, epochs=5, batch=16)
    network, epoch = mini_training.train(recipe, source)
    assert 1 <= epoch <= 5
    said = mini.answers(network, source, "test")[:, 0]
    low = mini.flags(source, "test")[:, 0]
    drawn = metrics.Bootstrap(len(low), 200)
    found = drawn.draw(lambda w: metrics.weighted_auroc(low[:, None], said[:, None], w)).each()[0]
    if relation == "null":
        assert found.low < 0.5 < found.high
    else:
        assert found.low > 0.7


def test_the_papers_main_comparison_runs_on_one_folder(
    classifier: ModelCard,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = str(_folder(tmp_path / "e", "wave", {"train": 40, "val": 20, "test": 24}))
    cache, weights = ["--cache", str(tmp_path / "cache")], tmp_path / "mini.safetensors"
    assert main(["train", "lef", "mini", "--data", folder, "--out", str(weights), "--smoke"]) == 0
    assert "synthetic ECGs: it says nothing about people" in capsys.readouterr().out
    for name, limit in (("lef-45", "45"), ("lef-40", "40")):
        words = ["train", "lef", "fit", "--data", folder, "--out", str(cards.user_folder() / name)]
        assert main([*words, "--classifier", classifier.id, "--smoke", "--limit", limit, *cache]) == 0
    compare = ["train", "lef", "compare", "--data", folder, "--smoke", *cache]
    written = tmp_path / "c.json"
    assert main([*compare, "--model", "lef-45", "--mini", str(weights), "-o", str(written)]) == 0
    found = json.loads(written.read_text())
    assert set(found["models"]) == {"lef-45", comparison.MINI}
    (pair,) = found["differences"]
    auroc = {name: one["auroc"]["value"] for name, one in found["models"].items()}
    assert pair["auroc"]["value"] == pytest.approx(auroc["lef-45"] - auroc[comparison.MINI], abs=2e-4)
    assert (found["n_records"], found["n_patients"]) == (24, 12)
    assert "f1" in pair  # the cut of either is of the validation split
    capsys.readouterr()
    for wrong, why in (
        (["--model", "lef-45"], "nothing to compare"),
        (["--model", "lef-45", "--model", "lef-40"], "made for another ejection fraction"),
        (
            ["--model", "lef-40", "--mini", str(weights), "--limit", "40"],
            "EchoNext-Mini was made for another",
        ),
        (["--model", "lef-45", "--mini", str(weights), "--split", "no_split"], "split is empty"),
        (["--model", "lef-zero-shot", "--mini", str(weights)], "no LEF model that was fitted"),
    ):
        assert main([*compare, *wrong]) == 1
        assert why in capsys.readouterr().err
