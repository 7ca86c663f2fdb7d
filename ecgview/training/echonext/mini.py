"""EchoNext-Mini, the network that EchoNext's authors publish beside the data: a residual network with a table's row.

Sizes and names as published (methods F.3), so that their `weights.pt` loads strictly; the code is our own. It reads the
waveforms as they are distributed, normalised, and seven features of the table; it gives the twelve flags' logits. It is
the paper's baseline of LEF: its first output is `lvef_lte_45_flag`. It is no model of the window, which has no such
table beside an ECG.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgview.errors import FormatError, ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import weights_file
from ecgview.progress import Counted, Progress, silent
from ecgview.training.echonext import layout, tabular
from ecgview.training.echonext.layout import FLAGS, EchoNext

FEATURES = tabular.AGE_SECOND  # the order in which the network takes them
BATCH = 64


@dataclass(frozen=True, slots=True)
class MiniConfig:
    """Sizes as published; `dropout` is in every block and before the head."""

    width: int = 16
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    dropout: float = 0.5
    n_features: int = len(FEATURES)
    n_classes: int = len(FLAGS)


class _Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(n_in, n_out, 7, stride, 3, bias=False)
        self.bn1 = nn.BatchNorm1d(n_out)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv1d(n_out, n_out, 7, 1, 3, bias=False)
        self.bn2 = nn.BatchNorm1d(n_out)
        self.downsample: nn.Module | None = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv1d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm1d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.dropout(torch.relu(self.bn1(self.conv1(x))))
        beside: Tensor = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(inner)) + beside)


class EchoNextMini(nn.Module):
    """The network; parameters are named as in the published checkpoint."""

    def __init__(self, config: MiniConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MiniConfig()
        width = config.width
        self.conv1 = nn.Conv1d(len(STANDARD_12), width, 15, 2, 7, bias=False)
        self.bn1 = nn.BatchNorm1d(width)
        self.maxpool = nn.MaxPool1d(3, 2, 1)
        before = width
        for number, count in enumerate(config.blocks, 1):
            wide = width * 2 ** (number - 1)
            steps = [1 if number == 1 else 2, *([1] * (count - 1))]
            widths = [before, *([wide] * (count - 1))]
            parts = [
                _Block(n_in, wide, step, config.dropout) for n_in, step in zip(widths, steps, strict=True)
            ]
            self.add_module(f"layer{number}", nn.Sequential(*parts))
            before = wide
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(2 * before + config.n_features, config.n_classes)

    def forward(self, waveforms: Tensor, features: Tensor) -> Tensor:
        """Return (batch, classes) logits of (batch, 12, samples) normalised waveforms and (batch, features)."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(waveforms))))
        for number in range(1, len(self.config.blocks) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        pooled = self.dropout(torch.cat([x.mean(-1), x.amax(-1)], dim=1))
        logits: Tensor = self.output(torch.cat([pooled, features], dim=1))
        return logits


def load(path: Path) -> EchoNextMini:
    """Return the network with published weights (`weights.pt`, {"model": ...}) or our own, in evaluation mode.

    Raises:
        ModelError: no checkpoint, or its names and shapes are not the network's.
    """
    state = weights_file.read_state(path)
    network = EchoNextMini(_config_of(state, path))
    wanted = network.state_dict()
    # Older checkpoints do not count the batches that a batch norm has seen.
    absent = [name for name in wanted if name not in state and not name.endswith("num_batches_tracked")]
    wrong = [name for name in state if name not in wanted or wanted[name].shape != state[name].shape]
    if absent or wrong:
        raise ModelError(
            "is no checkpoint of EchoNext-Mini",
            where=str(path),
            expected="the published names and sizes",
            found="; ".join([*(f"missing {n}" for n in absent[:3]), *(f"other {n}" for n in wrong[:3])]),
        )
    network.load_state_dict({**wanted, **state})
    return network.eval().requires_grad_(False)


def _config_of(state: weights_file.State, path: Path) -> MiniConfig:
    first = state.get("conv1.weight")
    if first is None or first.ndim != 3 or not 1 <= first.shape[0] <= 64:
        raise ModelError("is no checkpoint of EchoNext-Mini", where=str(path), expected="conv1.weight")
    return MiniConfig(width=int(first.shape[0]))


def features(source: EchoNext, split: str) -> NDArray[np.float32]:
    """Return (n, 7) features of a split as they are distributed, scaled, in the order that the network takes.

    Raises:
        FormatError: there are none, or their order cannot be told from the metadata.
    """
    path = source.folder / f"EchoNext_{split}_tabular_features.npy"
    order = source.tabular_order.split(" (")[0]
    known = {"age second": tabular.AGE_SECOND, "age last": tabular.AGE_LAST}
    if order not in known:
        raise FormatError(
            "the order of the tabular features is not known", where=str(path), found=source.tabular_order
        )
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FormatError(f"is no array ({error})", where=str(path)) from None
    if stored.shape != (len(source.rows[split]), len(FEATURES)) or not np.isfinite(stored).all():
        raise FormatError(
            "one finite row of seven per record is needed", where=str(path), found=str(stored.shape)
        )
    return np.asarray(stored[:, [known[order].index(name) for name in FEATURES]], dtype=np.float32)


def flags(source: EchoNext, split: str) -> NDArray[np.float32]:
    """Return (n, 12) of 0 and 1 in the order of `FLAGS`, NaN where the table says nothing."""
    return np.array(
        [
            [np.nan if (value := row.number(flag)) is None else value for flag in FLAGS]
            for row in source.rows[split]
        ],
        dtype=np.float32,
    ).reshape(-1, len(FLAGS))


def batches(
    source: EchoNext, split: str, places: NDArray[np.int64], size: int = BATCH
) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
    """Yield (places, waveforms (batch, 12, 2500), features (batch, 7)) of records of a split, in this order."""
    waveforms, table = (
        layout.waveforms(source.folder, split, len(source.rows[split])),
        features(source, split),
    )
    for first in range(0, len(places), size):
        chosen = places[first : first + size]
        stored = np.stack([np.asarray(waveforms[k, 0], dtype=np.float32).T for k in chosen])
        yield chosen, torch.from_numpy(stored), torch.from_numpy(table[chosen])


def answers(
    network: EchoNextMini, source: EchoNext, split: str, most: int = 0, progress: Progress = silent
) -> NDArray[np.float64]:
    """Return (n, 12) probabilities of the records of a split, of the first `most` where that is not 0.

    They are sigmoids of the logits as they come: the published model is thought to be trained with weighted positives,
    so that they are no chances (methods F.3); AUROC and AUPRC do not mind.
    """
    count = len(source.rows[split][: most or None])
    found = np.empty((count, network.config.n_classes))
    with torch.inference_mode():
        for places, waveforms, table in batches(source, split, np.arange(count)):
            progress(Counted(int(places[0]), count, "ECGs"), f"EchoNext-Mini, {split}")
            found[places] = torch.sigmoid(network(waveforms, table)).double().numpy()
    return found
