"""Training runs end to end from the command line, on the real records and on files made here."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ecgview.cli import main
from ecgview.formats import wfdb_record
from ecgview.models import cards
from ecgview.record import EcgRecord


@pytest.fixture
def tiny_ptbxl(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a folder in PTB-XL's layout with forty records of noise on a pulse (synthetic)."""
    folder = tmp_path / "data" / "ptbxl"
    (folder / "records500").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with open(folder / "ptbxl_database.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold", "filename_hr"])
        for i in range(1, 41):
            code = "{'NORM': 100.0, 'SR': 0.0}" if i % 2 else "{'IMI': 100.0, 'SR': 0.0}"
            writer.writerow([i, float(i), 60, i % 2, code, 1 + (i % 9), f"records500/{i:05d}_hr"])
            gain = 1.0 if i % 2 else -1.0
            noise = 0.02 * rng.standard_normal(pulse_record.signal.shape)
            signal = (gain * pulse_record.signal + noise).astype(np.float32)
            wfdb_record.write(pulse_record.with_signal(signal), folder / "records500" / f"{i:05d}_hr")
    return tmp_path / "data"


def test_pretraining_fine_tuning_and_evaluation(
    tiny_ptbxl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    common = ["--data", str(tiny_ptbxl), "--smoke", "--cache", str(tmp_path / "cache")]
    (tmp_path / "cache").mkdir()
    models = cards.user_folder()
    mae, classifier = models / "tiny-mae", models / "tiny"
    words = ["train", "mtecg", "pretrain", "--out", str(runs / "pre"), "--export", str(mae)]
    assert main([*words, *common, "--set", "auxiliary_components=4"]) == 0
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


def test_an_unknown_value_of_a_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "mtecg", "pretrain", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main([*words, "--set", "epoch=3"]) == 1
    assert "unknown value 'epoch'" in capsys.readouterr().err
