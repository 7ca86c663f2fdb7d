#!/usr/bin/env python3
"""Print records per second of pre-training and fine-tuning beside a plain loop: same network, no pack, no bf16.

python benchmarks/training.py DATA        DATA holds PTB-XL as published (records500)
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import wfdb

from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.models.preprocessing import bandpass
from ecgview.training.data.inputs import MTECG_SCALE
from ecgview.training.engine.classify import partly_seen
from ecgview.training.objectives.mae import MaeBatch, MaeObjective, random_mask
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective
from ecgview.training.places import Places
from ecgview.training.stages import mtecg_finetune as finetune
from ecgview.training.stages import mtecg_pretrain as pretrain

BATCH = 32
STEPS = 6  # timed, after one to warm up


def main() -> None:
    """Time both stages both ways."""
    data = Path(sys.argv[1]).resolve()
    files = sorted(data.glob("**/records500/**/*.hea"))[: BATCH * (STEPS + 1)]
    with tempfile.TemporaryDirectory() as scratch:
        for stage, ours, plain in (
            ("pre-training", _our_pretraining, _plain_pretraining),
            ("fine-tuning", _our_finetuning, _plain_finetuning),
        ):
            fast = ours(data, Path(scratch))
            slow = plain(files)
            print(
                f"{stage:13}  {fast:6.1f} records/s, plain loop {slow:6.1f} records/s, ratio {fast / slow:.1f}"
            )


class _Clock:
    """Records per second from the calls of a progress report, the first step left out."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, fraction: float, text: str = "") -> None:
        if text.startswith("epoch"):
            self.times.append(time.perf_counter())

    @property
    def records_per_second(self) -> float:
        return BATCH * (len(self.times) - 1) / (self.times[-1] - self.times[0])


def _our_pretraining(data: Path, scratch: Path) -> float:
    recipe = pretrain.PretrainRecipe(
        epochs=1, batch=BATCH, most_records=BATCH * (STEPS + 1), auxiliary_components=0
    )
    clock = _Clock()
    pretrain.run(recipe, Places(data, scratch / "pretrain", scratch, device="cpu", progress=clock))
    return clock.records_per_second


def _our_finetuning(data: Path, scratch: Path) -> float:
    recipe = finetune.FinetuneRecipe(
        epochs=1, batch=BATCH, most_records=BATCH * (STEPS + 1), teacher=False, unlabelled=False
    )
    clock = _Clock()
    finetune.run(recipe, Places(data, scratch / "finetune", scratch, device="cpu", progress=clock))
    return clock.records_per_second


def _plain_pretraining(files: list[Path]) -> float:
    objective = MaeObjective(MtecgConfig(n_classes=0))
    segments = objective.network.config.n_segments
    ratio = pretrain.PretrainRecipe().mask_ratio

    def batch(signal: torch.Tensor) -> MaeBatch:
        return MaeBatch(signal, random_mask(len(signal), segments, ratio, torch.Generator()))

    return _plain(objective, files, batch)


def _plain_finetuning(files: list[Path]) -> float:
    recipe = finetune.FinetuneRecipe()
    network = Mtecg(MtecgConfig(drop_path=recipe.drop_path, mean_pool=True))
    objective = SupervisedObjective(
        network,
        partly_seen(network, recipe.seen),
        statement_weight=5.0,
        superclass_weight=1.0,
    )
    return _plain(objective, files, lambda x: LabelledBatch(x, torch.zeros(len(x), 71)))


def _plain(objective: torch.nn.Module, files: list[Path], batch: Callable[[torch.Tensor], Any]) -> float:
    """Return records per second of a loop as one would write it first: a file at a time, float32."""
    optimiser = torch.optim.AdamW(objective.parameters(), lr=1e-4)
    times = []
    for signal in _read(files):
        loss = objective(batch(signal))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        times.append(time.perf_counter())
    return BATCH * (len(times) - 1) / (times[-1] - times[0])


def _read(files: list[Path]) -> Iterator[torch.Tensor]:
    for start in range(0, len(files) - BATCH + 1, BATCH):
        rows = [wfdb.rdrecord(str(path.with_suffix(""))).p_signal.T for path in files[start : start + BATCH]]
        made = [bandpass(np.nan_to_num(row).astype(np.float32), 500.0) for row in rows]
        yield torch.from_numpy(np.stack(made)) * MTECG_SCALE


if __name__ == "__main__":
    main()
