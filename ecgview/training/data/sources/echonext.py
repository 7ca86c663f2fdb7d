"""EchoNext as a data set: its twelve echocardiographic flags are the labels, its splits are the folds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ecgview.record import EcgRecord
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell
from ecgview.training.data.tasks import Task
from ecgview.training.echonext import layout
from ecgview.training.echonext.layout import EchoNext
from ecgview.training.echonext.row import EchoRow

NAME = "EchoNext"
FOLDS: Mapping[int, str] = {
    1: "train",
    8: "val",
    9: "test",
}  # folds that `splits` takes so; no_split has none
TASK = Task("echonext12", layout.FLAGS, np.eye(len(layout.FLAGS), dtype=np.bool_), layout.FLAGS, "all")


def sniff(path: Path) -> bool:
    """Return whether a folder holds EchoNext's metadata, in any letter case."""
    return path.is_dir() and any(file.name.lower() == layout.TABLE for file in path.glob("*.csv"))


def open(path: Path) -> "EchoNextSource":
    """Return the data set of a folder."""
    return EchoNextSource(path)


@dataclass(frozen=True)
class EchoNextSource:
    """A folder in EchoNext's layout; the table is read at the first question."""

    path: Path

    @cached_property
    def _data(self) -> EchoNext:
        return layout.open_folder(self.path)

    @property
    def name(self) -> str:
        """The layout, and whether the ECGs are synthetic."""
        return f"{NAME}, synthetic" if self._data.is_synthetic else NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The twelve flags."""
        return (TASK,)

    @property
    def fold_names(self) -> Mapping[int, str]:
        """The splits as the metadata name them."""
        return FOLDS

    def rows(self) -> Iterator[Row]:
        """Yield every recording of every split that is there."""
        for split in layout.SPLITS:
            for row in self._data.rows[split]:
                yield _row(row)

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield every recording, waveforms from the memory map."""
        for split in layout.SPLITS:
            for row, record in self._data.records(split):
                yield _row(row), record

    def problems(self) -> Iterator[Problem]:
        """Yield recordings without an ejection fraction, and features whose order is not known."""
        for split in layout.SPLITS:
            for row in self._data.rows[split]:
                if row.lvef_percent is None:
                    yield Problem("unlabelled", f"{split} row {row.position + 1}", "no lvef_value")
        if self._data.tabular_order.startswith("unknown"):
            yield Problem("tabular-order", str(self.path), self._data.tabular_order)

    def facts(self) -> Mapping[str, str | int]:
        """Return how the waveforms are scaled and how the tabular features are ordered."""
        scaling = self._data.scaling
        return {
            "waveforms": f"{scaling.name}, III against II - I off by {scaling.residual:.1%}",
            "tabular features": self._data.tabular_order,
        }


def _row(row: EchoRow) -> Row:
    fold = next((number for number, name in FOLDS.items() if name == row.split), 0)
    age = row.number("age_at_ecg")
    return Row(
        source="echonext",
        record_id=row.values.get("ecg_key", f"{row.split}-{row.position}"),
        patient_id=f"echonext-{row.patient}",
        fold=fold,
        codes=tuple(flag for flag in layout.FLAGS if row.number(flag) == 1),
        age_years=age,
        sex={"1": "male", "0": "female"}.get(row.values.get("sex", ""), ""),
        rate_hz=layout.RATE_HZ,
    )
