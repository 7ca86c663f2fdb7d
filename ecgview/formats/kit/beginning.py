"""The first seconds of a long recording, for what asks no more of it."""

from dataclasses import dataclass

from ecgview.record import EcgRecord


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """What a format gives of a recording that is not read whole.

    `record` holds the first seconds and has no checksum; its notes on the samples are of these alone. `n_samples` is
    how many of each lead the record holds that `read` returns.
    """

    record: EcgRecord
    n_samples: int
