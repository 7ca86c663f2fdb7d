"""Training that is killed, and training that is shared by processes, ends where it would have ended."""

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from killing import Victim

from ecgview import api

RECIPE = {
    "epochs": 10,
    "batch": 8,
    "depth": 1,
    "most_records": 24,
    "auxiliary_components": 0,
    "save_minutes": 0.0,  # after every step
}


@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.long)])
def test_kills_end_with_the_same_checkpoint(kills: int, tiny_ptbxl: Path, tmp_path: Path) -> None:
    """SIGKILL at any call: while reading, in a step, while the state is written.

    Twenty of them: pytest -m long tests/training/test_resume.py
    """

    def training(name: str) -> Victim:
        arguments = ("mtecg", "pretrain", tiny_ptbxl, tmp_path / name, RECIPE)
        return Victim(api.train, *arguments, cache=tmp_path / "cache", device="cpu")

    training("first").run()  # reads and packs what the others find in the cache: its calls are not theirs
    calls, to_begin = training("whole").run(), training("whole").run()
    rng, victim = random.Random(0), training("killed")
    farthest = to_begin + 2 * (calls - to_begin) // (kills + 2)
    # The last one comes as late as any may: with none after the first step nothing would have been kept.
    for until in (*(rng.randrange(1, farthest) for _ in range(kills - 1)), farthest):
        assert victim.run(until=until) == 0
    begun = torch.load(tmp_path / "killed" / "last.pt", weights_only=True)
    assert (
        0 < begun["epoch"] < RECIPE["epochs"]
    )  # they went on from where they were, and none came to the end
    assert victim.run() > 0
    whole, ended = (
        torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "killed")
    )
    assert ended["epoch"] == RECIPE["epochs"]
    assert _equal(whole, ended)
    logs = [(tmp_path / name / "log.csv").read_text() for name in ("whole", "killed")]
    assert logs[0] == logs[1]


def _equal(one: object, two: object) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(two, torch.Tensor) and torch.equal(one, two)
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(_equal(one[k], two[k]) for k in one)
    if isinstance(one, list):
        return isinstance(two, list) and len(one) == len(two) and all(map(_equal, one, two))
    return one == two


def test_two_processes_are_one_with_the_doubled_batch(tiny_ptbxl: Path, tmp_path: Path) -> None:
    words = ["-m", "ecgview", "train", "mtecg", "pretrain", "--data", str(tiny_ptbxl), "--device", "cpu"]
    values = ["epochs=3", "depth=1", "most_records=24", "auxiliary_components=0", 'precision="fp32"']
    words += ["--cache", str(tmp_path / "cache")]
    for value in [*values, "augmentation.noise_mv=0.0"]:
        words += ["--set", value]
    one = [sys.executable, *words, "--out", str(tmp_path / "one"), "--set", "batch=8"]
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    two += [*words, "--out", str(tmp_path / "two"), "--set", "batch=4"]
    for command in (one, two):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-6000:]
    losses = [_column(tmp_path / name / "log.csv", "loss") for name in ("one", "two")]
    assert len(losses[0]) == 3
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    weights = [torch.load(tmp_path / n / "last.pt", weights_only=True)["model"] for n in ("one", "two")]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-3, atol=1e-4)


def _column(path: Path, name: str) -> list[float]:
    with open(path, encoding="utf-8", newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]
