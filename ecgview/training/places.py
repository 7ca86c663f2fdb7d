"""Where a run reads and writes, and on what it is run."""

from dataclasses import dataclass
from pathlib import Path

from ecgview.progress import Progress, silent

TRIAL_PER_FOLD = 32  # enough for a score of the common statements, and packed in seconds


@dataclass(frozen=True, slots=True)
class Places:
    """What each stage is told.

    Attributes:
        data: a data set in any known layout, or the folder above some.
        out: the run's folder: weights, log; a run that is there is resumed.
        cache: packed ECGs and what else is computed once.
        start: what the run goes on from: a run's folder, the id of a model, the name of a network; None for nothing.
        device: auto, cpu, cuda or mps.
        progress: told per step; may raise Cancelled.
        per_fold: a trial packs the first so many recordings of each fold of each data set; 0 packs all.
    """

    data: Path
    out: Path
    cache: Path
    start: Path | None = None
    device: str = "auto"
    progress: Progress = silent
    per_fold: int = 0
