"""A data set that is a list: file, patient and label of each recording, a line each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecgview import formats
from ecgview.record import EcgRecord
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell
from ecgview.training.data.tasks import Task, of_codes

NAME = "A list"
LIST = "recordings.list"


def sniff(path: Path) -> bool:
    return (path / LIST).is_file()


def open(path: Path) -> "Listed":
    return Listed(path)


@dataclass(frozen=True)
class Listed:
    path: Path
    name: str = NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        return (of_codes("own", sorted({row.codes[0] for row in self.rows()})),)

    @property
    def fold_names(self) -> Mapping[int, str]:
        return {}

    def rows(self) -> Iterator[Row]:
        for line in (self.path / LIST).read_text(encoding="utf-8").splitlines():
            file, patient, label = line.split()
            yield Row("listed", file, patient, codes=(label,))

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        for row in self.rows():
            yield row, formats.read(self.path / row.record_id)

    def problems(self) -> Iterator[Problem]:
        yield from ()

    def facts(self) -> Mapping[str, str | int]:
        return {"list": LIST}
