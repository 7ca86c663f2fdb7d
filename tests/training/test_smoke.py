"""Training runs end to end from the command line, on the real records and on files made here."""

import json
import tomllib
from pathlib import Path

import pytest
import torch

from ecgview import resources
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.models import cards, weights_file
from ecgview.record import EcgRecord
from ecgview.training import stages
from ecgview.training.engine.recipe import with_values


def test_pretraining_fine_tuning_and_evaluation(
    tiny_ptbxl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    common = ["--data", str(tiny_ptbxl), "--smoke", "--cache", str(tmp_path / "cache")]
    (tmp_path / "cache").mkdir()
    models = cards.user_folder()
    mae, classifier = models / "tiny-mae", models / "tiny"
    words = ["train", "mtecg", "pretrain", "--out", str(runs / "pre"), "--export", str(mae)]
    assert main([*words, *common]) == 0  # its head has as many outputs as so few records have components
    state = weights_file.read_safetensors(mae / "weights.safetensors")
    assert {value.dtype for value in state.values()} == {torch.float16}
    words = ["train", "mtecg", "finetune", "--out", str(runs / "ft"), "--start", str(runs / "pre")]
    assert main([*words, *common, "--export", str(classifier)]) == 0
    assert len((runs / "ft/log.csv").read_text().splitlines()) == 2
    capsys.readouterr()
    for model in ("tiny", "tiny-mae"):
        words = ["evaluate", model, str(tiny_ptbxl), "--cache", str(tmp_path / "cache"), "--resamples", "20"]
        assert main([*words, "--no-baselines", "--json"]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert figures["n_records"] == 5 or figures["n_records"] == 4
    assert figures["masked_rmse_uv"]["value"] > 0
    assert cards.get("tiny").thresholds is not None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["mtecg", "pretrain", "--set", "auxiliary_components=0"], ["mtecg", "probe"]),
        (["wav2vec", "pretrain"], ["wav2vec", "finetune", "--set", 'leads="I,II"']),
        (["wav2vec", "pretrain"], ["wav2vec", "identify"]),
        (None, ["posttrain"]),
        (None, ["posttrain", "--set", 'method="baseline"']),
    ],
    ids=["probe", "lead set", "identify", "post-training", "official fine-tuning"],
)
def test_every_system_runs_end_to_end(
    first: list[str] | None,
    then: list[str],
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    common = ["--data", str(tiny_ptbxl), "--smoke", "--cache", str(tmp_path / "cache")]
    start = ["--start", "net1d"]
    if first is not None:
        assert main(["train", *first, "--out", str(tmp_path / "pre"), *common]) == 0
        start = ["--start", str(tmp_path / "pre")]
    model = cards.user_folder() / "tiny"
    assert (
        main(["train", *then, "--out", str(tmp_path / "run"), *common, *start, "--export", str(model)]) == 0
    )
    card = cards.get("tiny")
    assert "fold" in card.training_data
    record = [
        str(next(tiny_ptbxl.glob("*/records500/*.hea"))),
        str(next(tiny_ptbxl.glob("*/records500/00007_hr.hea"))),
    ]
    capsys.readouterr()
    if card.kind == "identifier":
        assert main(["identify", *record, "--model", "tiny", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert -1 <= found["cosine"] <= 1
        assert found["n_genuine"] == card_pairs(card)["n_genuine"]
    else:
        assert main(["classify", record[0], "--model", "tiny", "--json"]) == 0
        assert "NORM" in capsys.readouterr().out


def test_another_task_and_another_data_set(
    tmp_path: Path, pulse_record: EcgRecord, tiny_ptbxl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with a CSV has its own labels and no folds; PTB-XL's superclasses are a task of five."""
    folder = tmp_path / "own"
    folder.mkdir()
    lines = ["path,patient_id,labels"]
    for number in range(40):
        gain = 1.0 if number % 2 else -1.0
        wfdb.write(pulse_record.with_signal(gain * pulse_record.signal), folder / f"r{number:02d}")
        lines.append(f"r{number:02d}.hea,p{number},{'up' if number % 2 else 'down'}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    common = ["--smoke", "--cache", str(tmp_path / "cache"), "--export"]
    for system, data, task, labels in (
        (["mtecg", "finetune"], folder, "own", ("down", "up")),
        (["posttrain", "--start", "net1d"], tiny_ptbxl, "super5", ("NORM", "MI", "STTC", "CD", "HYP")),
    ):
        model = cards.user_folder() / f"tiny-{task}"
        words = ["train", *system, "--data", str(data), "--out", str(tmp_path / task), *common, str(model)]
        assert main([*words, "--set", f'task="{task}"']) == 0, capsys.readouterr().err
        card = cards.get(f"tiny-{task}")
        assert card.labels == labels
        assert f"task {task}" in card.training_data


def card_pairs(card: cards.ModelCard) -> dict[str, float]:
    return json.loads((card.folder / "verification.json").read_text())


def test_an_unknown_value_of_a_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "mtecg", "pretrain", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main([*words, "--set", "epoch=3"]) == 1
    assert "unknown value 'epoch'" in capsys.readouterr().err


def test_every_shipped_recipe_fits_its_stage() -> None:
    """A recipe is named SYSTEM or SYSTEM-STAGE, with what tells it from others after a point; its values are known."""
    folder = resources.path("recipes")
    files = sorted(folder.glob("*.toml"))
    assert len(files) >= 6
    for path in files:
        system, _, stage = path.name.split(".")[0].partition("-")
        recipe = stages.of(system, stage).RECIPE
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        assert recipe_values(with_values(recipe, values), values)


def recipe_values(recipe: object, values: dict[str, object]) -> bool:
    return all(
        recipe_values(getattr(recipe, name), value)
        if isinstance(value, dict)
        else getattr(recipe, name) == (tuple(value) if isinstance(value, list) else value)
        for name, value in values.items()
    )
