"""Ask a model about packed records: one answer per record, with all leads or with a few."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import FILTERS, NOT_LINEAR
from ecgview.progress import Counted, Progress, silent
from ecgview.training.data import labels, material, splits, tasks
from ecgview.training.data.pack import Pack, Row
from ecgview.training.evaluation import external
from ecgview.training.evaluation.metrics import Bootstrap

Array = NDArray[np.float32]
BATCH = 32
PTBXL = material.PTBXL  # PTB-XL's statements; any other task is of `training.data.tasks`


@dataclass(frozen=True, eq=False)
class Asked:
    """The records of one split, what is true of them, and what a model says; everything (records, classes)."""

    card: ModelCard
    codes: tuple[str, ...]
    thresholds: NDArray[np.float64]  # (classes,), NaN where the card has none
    rows: tuple[Row, ...]
    wanted: Array
    said: Array
    task: str = PTBXL

    @cached_property
    def patients(self) -> NDArray[np.int64]:
        """A number per record, the same for one patient."""
        numbers = np.unique([row.patient_id for row in self.rows], return_inverse=True)[1]
        return np.asarray(numbers, np.int64)

    def bootstrap(self, resamples: int) -> Bootstrap:
        """Return the resamples of these patients: the same for every model that was asked about them."""
        return Bootstrap(len(self.rows), resamples, groups=self.patients)

    def part(self, keep: NDArray[np.int64]) -> "Asked":
        """Return some of the records."""
        rows = tuple(self.rows[i] for i in keep)
        return replace(self, rows=rows, wanted=self.wanted[keep], said=self.said[keep])

    def only(self, codes: Sequence[str]) -> "Asked":
        """Return some of the classes, in this order."""
        at = [self.codes.index(code) for code in codes]
        return replace(
            self,
            codes=tuple(codes),
            thresholds=self.thresholds[at],
            wanted=self.wanted[:, at],
            said=self.said[:, at],
        )


def check(card: ModelCard) -> None:
    """Raise ModelError where a model's outputs are not statements that PTB-XL's records carry."""
    if card.kind != "classifier":
        raise ModelError(
            f"{card.id} has no PTB-XL outputs", expected="a classifier of PTB-XL statements", found=card.kind
        )
    strange = [name for name in card.labels if name not in labels.statement_codes()]
    if strange or not card.labels:
        raise ModelError(
            f"{card.id} has outputs that PTB-XL does not label",
            expected="codes of PTB-XL's 71 statements",
            found=", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else ""),
        )


def open_pack(
    card: ModelCard, data: Path, cache: Path, progress: Progress = silent, task: str = PTBXL
) -> Pack:
    """Return every record below `data` at the model's rate and length; filtered where the filter is linear."""
    kept = "none" if card.input.filter in NOT_LINEAR else card.input.filter
    spec = replace(card.input, leads=STANDARD_12, filter=kept, scale=1.0, lead_agnostic=False)
    return material.open_pack(data, cache, spec, progress, serving=task)


def rows_of(pack: Pack, split: str, task: str) -> NDArray[np.int64]:
    """Return the rows of a split of PTB-XL, or every row that is labelled for another task."""
    if task == PTBXL:
        return splits.labelled(pack, split)
    index = np.flatnonzero(tasks.get(task).keeps(pack.rows))
    if not len(index):
        raise ModelError("no record can be scored", expected="labelled records as long as the model needs")
    return index


def asked(
    card: ModelCard,
    pack: Pack,
    index: NDArray[np.int64],
    progress: Progress = silent,
    leads: Sequence[str] | None = None,
    task: str = PTBXL,
) -> Asked:
    """Return answers about these rows of `open_pack`, windows of one record averaged; see `answers` for `leads`."""
    said = answers(card, pack, index, progress, leads=leads, filtered=card.input.filter not in NOT_LINEAR)
    order: dict[tuple[str, str], int] = {}
    names = [(pack.rows[i].source, pack.rows[i].record_id) for i in index]
    record = np.array([order.setdefault(name, len(order)) for name in names])
    kept = index[np.unique(record, return_index=True)[1]]
    mean = np.zeros((len(order), said.shape[1]), np.float64)
    np.add.at(mean, record, said)
    mean /= np.bincount(record)[:, None]
    rows = tuple(pack.rows[i] for i in kept)
    known = {code: k for k, code in enumerate(card.labels)} if task == PTBXL else external.mapped(card.labels)
    thresholds = np.array([np.nan if t is None else t for t in card.thresholds])
    own = tasks.get("all71" if task == PTBXL else task)
    wanted = own.targets(rows)[:, [own.codes.index(code) for code in known]]
    at = list(known.values())
    return Asked(card, tuple(known), thresholds[at], rows, wanted, mean[:, at].astype(np.float32), task)


def answers(
    card: ModelCard,
    pack: Pack,
    index: NDArray[np.int64],
    progress: Progress = silent,
    *,
    leads: Sequence[str] | None = None,
    filtered: bool = True,
) -> Array:
    """Return (n, classes) probabilities of packed records through the model's shipped weights.

    Args:
        card: a classifier.
        pack: twelve leads at the model's rate and length, in mV.
        index: which rows.
        progress: told per batch.
        leads: the leads that the model may see; the others are zeroed before the filter. All when None.
        filtered: whether the pack went through the card's filter already.
    """
    module = runtime.network(card, "cpu")
    present = torch.tensor([[float(leads is None or name in leads)] for name in STANDARD_12])
    taken = [STANDARD_12.index(name) for name in card.input.leads]
    rows = []
    for begin in range(0, len(index), BATCH):
        progress(Counted(begin, len(index), "records"), card.name)
        signal = (pack.millivolts(index[begin : begin + BATCH]) * present)[:, taken].numpy()
        if not filtered:
            through = FILTERS[card.input.filter]
            signal = np.stack([through(one, card.input.sampling_rate_hz) for one in signal])
        rows.append(runtime.probabilities(module, signal * np.float32(card.input.scale), "cpu"))
    return np.concatenate(rows)


def masked_in_training(card: ModelCard) -> float:
    """Return the probability with which the card's recipe hid each lead in training; 0 where it names none."""
    raw = json.loads((card.folder / "card.json").read_text(encoding="utf-8"))
    recipe = raw.get("recipe", {})
    chances = [recipe.get("mask_leads", 0.0), recipe.get("augmentation", {}).get("mask_leads", 0.0)]
    return max(float(chance) for chance in chances)
