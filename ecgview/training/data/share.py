"""How processes divide an epoch: each takes its rows of every common batch, so that any number sees the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from accelerate import PartialState

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """One process of several; `count` processes with batch b are one process with batch b * count."""

    rank: int = 0
    count: int = 1

    def mine(self, size: int) -> slice:
        """Return this process's part of a common batch of `size * count` rows."""
        return slice(self.rank * size, (self.rank + 1) * size)

    def batch_size(self, batch: int, n_rows: int) -> int:
        """Return the batch of one process: as asked, or all there is."""
        return max(1, min(batch, n_rows // self.count))

    def steps(self, batch: int, n_rows: int) -> int:
        """Return how many whole common batches an epoch has."""
        return max(1, n_rows // (self.batch_size(batch, n_rows) * self.count))

    def batches(
        self, rows: Index, batch: int, seed: int, first: int = 0
    ) -> Iterator[tuple[Index, int, "torch.Generator"]]:
        """Yield (rows of this process, its size, generator of the common batch) from step `first` on.

        The generator is seeded by the step: what it draws is drawn for the whole common batch and cut by `mine`.
        """
        import torch

        order = rows[np.random.default_rng(seed).permutation(len(rows))]
        size = self.batch_size(batch, len(rows))
        common = size * self.count
        for step in range(first, self.steps(batch, len(rows))):
            generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
            yield order[step * common : (step + 1) * common][self.mine(size)], size, generator


def this_process(device: str = "auto") -> Share:
    """Return the share of this process, as torchrun or `accelerate launch` set it; the whole where neither did."""
    state = process_state(device)
    return Share(state.process_index, state.num_processes)


def process_state(device: str = "auto") -> "PartialState":
    """Return accelerate's view of the processes; on processors they talk by gloo, which has to be asked for."""
    import torch
    from accelerate import PartialState

    has_other = torch.cuda.is_available() or torch.backends.mps.is_available()
    return PartialState(cpu=device == "cpu" or not has_other)
