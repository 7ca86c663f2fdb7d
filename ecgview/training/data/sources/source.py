"""What every data set offers: its rows without signals, its records, and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.record import EcgRecord
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.tasks import Task

Tell = Callable[[EcgviewError], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a user should know before training: `kind` is a short stable word."""

    kind: str  # missing-file, unreadable, unknown-code, unlabelled, ...
    where: str
    text: str


class Source(Protocol):
    """A data set; nothing of it is kept in memory but its table."""

    @property
    def name(self) -> str:
        """The layout, as shown to people."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The label tasks that its codes can serve."""

    @property
    def fold_names(self) -> Mapping[int, str]:
        """What the source calls a fold, where it has names rather than numbers: 1, 8 and 9 train, validate, test."""

    def rows(self) -> Iterator[Row]:
        """Yield every recording that is there, without reading a signal."""

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield every recording; one that cannot be read goes to `tell`, or is raised where there is none."""

    def problems(self) -> Iterator[Problem]:
        """Yield what is missing or cannot be read, judged without reading a signal."""

    def facts(self) -> Mapping[str, str | int]:
        """Return what else is worth knowing, in words: how many files at which rate, and the like."""


def read_or_tell(path: Path, tell: Tell | None) -> EcgRecord | None:
    """Return the record of a file; where it cannot be read, tell and return None, or raise if nobody listens."""
    try:
        return formats.read(path)
    except EcgviewError as error:
        if tell is None:
            raise
        tell(error)
        return None


def problem_of_file(path: Path, where: str = "") -> Problem | None:
    """Return what is wrong with a recording's file as far as its header tells."""
    if not path.exists():
        return Problem("missing-file", where or str(path), f"{path} is not there")
    try:
        formats.peek(path)
    except EcgviewError as error:
        return Problem("unreadable", where or str(path), str(error))
    if path.suffix == ".hea" and not any(path.with_suffix(end).exists() for end in (".dat", ".mat")):
        return Problem("missing-file", where or str(path), f"the signal file beside {path} is not there")
    return None


def fitting_tasks(codes: Iterable[str]) -> tuple[Task, ...]:
    """Return the published tasks of which at least one class occurs."""
    row = Row("", "", "", codes=tuple(codes))
    return tuple(task for task in map(tasks.get, tasks.names()) if task.targets([row]).any())
