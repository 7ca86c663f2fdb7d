"""What a run learnt from, for its card: taken from the rows themselves and from the split that they had."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.counts import counted
from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.training.data import splits
from ecgview.training.data.rows import Row

if TYPE_CHECKING:
    from ecgview.training.data.pack import Pack  # which needs torch
    from ecgview.training.data.share import Index

PTBXL = "ptbxl"
# How a source is cited, by the name that its rows carry; any other one is called by that name.
CITED: Mapping[str, str] = {
    PTBXL: "PTB-XL 1.0.3 (Wagner et al., CC BY 4.0)",
    "cinc2021": "PhysioNet/CinC Challenge 2021 (CC BY 4.0)",
    "cpsc_2018": "CPSC 2018 of the PhysioNet/CinC Challenge 2020/2021 (CC BY 4.0)",
    "cpsc_2018_extra": "CPSC-Extra of the PhysioNet/CinC Challenge 2020/2021 (CC BY 4.0)",
    "georgia": "Georgia of the PhysioNet/CinC Challenge 2020/2021 (CC BY 4.0)",
    "chapman_shaoxing_ningbo": "Chapman-Ningbo of the PhysioNet/CinC Challenge 2021 (CC BY 4.0)",
    "ptb": "PTB Diagnostic ECG Database (ODC-BY)",
    "cinc_2025": "CODE-15% and SaMi-Trop as in the PhysioNet/CinC Challenge 2025 (CC BY 4.0)",
    "ludb": "LUDB 1.0.1 (ODC-BY)",
}
SLOW_HZ = 100.0  # such a record holds nothing above 50 Hz
FILE = "learnt.json"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a card says: how many records were learnt from, which ones in words, and PTB-XL's folds by split.

    `folds` is empty where PTB-XL has no part: another set's folds are numbers of its own.
    """

    n_train: int
    words: str
    folds: splits.Folds = field(default_factory=dict)


def of_supervised(
    pack: "Pack", train: "Index", start: Path | None = None, head: str = "", folds: splits.Folds | None = None
) -> Learnt:
    """Return what a supervised run learns from.

    Args:
        pack: of all records.
        train: the rows that it learns from.
        start: the run or model that it goes on from.
        head: what the rows are; "64 labelled records" where nothing is said.
        folds: the split; the pack's own where none is given.

    Raises:
        ModelError: the start has seen records of this test split.
    """
    folds = folds or splits.of_pack(pack)
    words = f"{head or counted(len(train), 'labelled record')}: {described(pack.rows[i] for i in train)}; chosen on "
    words += f"{splits.folds_in_words(folds['validation'])}, never {splits.folds_in_words(folds['test'])}"
    before = of_start(start)
    if before is not None:
        splits.check_unseen(before.folds, folds, "test", str(start))
        words += f". Started from {Path(str(start)).name}: {before.words}"
    return Learnt(len(train), words, folds if _has_ptbxl(pack) else {})


def of_unlabelled(pack: "Pack", index: "Index") -> Learnt:
    """Return what self-supervision learns from; it chooses nothing, so there is no validation split."""
    folds = splits.of_pack(pack)
    words = f"Records without labels: {described(pack.rows[i] for i in index)}; never "
    words += splits.folds_in_words(folds["test"])
    seen = {"train": (*folds["train"], *folds["validation"]), "test": folds["test"]}
    return Learnt(len(index), words, seen if _has_ptbxl(pack) else {})


def of_start(start: Path | None) -> Learnt | None:
    """Return what the weights that a run starts from had learnt from; None where nothing is known of it.

    `start` is the folder of a run, or the id of a model of the catalogue.
    """
    if start is None:
        return None
    if (start / FILE).is_file():
        raw = json.loads((start / FILE).read_text(encoding="utf-8"))
        return Learnt(raw["n_train"], raw["words"], {k: tuple(v) for k, v in raw["folds"].items()})
    if start.is_dir():
        return None
    try:
        card = cards.get(str(start))
    except ModelError:
        return None  # random weights, or a name that the stage itself refuses
    return Learnt(0, card.training_data, card.folds)


def of_run(out: Path) -> Learnt:
    """Return what `keep` wrote into a run's folder; ModelError where nothing is."""
    found = of_start(out)
    if found is None:
        raise ModelError("the run does not say what it learnt from", where=str(out), expected=FILE)
    return found


def keep(learnt: Learnt, out: Path) -> None:
    """Write what a run learns from into its folder, for the run that goes on from it.

    Raises:
        ModelError: the run there was begun with other folds; taken up again it would learn from what it held out.
    """
    before = of_start(out)
    if before is not None and before.folds != learnt.folds:
        raise ModelError(
            "the run was begun on another split of PTB-XL",
            where=str(out),
            expected=_split_in_words(before.folds),
            found=_split_in_words(learnt.folds),
        )
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.part"
    part.write_text(
        json.dumps(asdict(learnt), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    part.replace(out / FILE)


def described(rows: Iterable[Row]) -> str:
    """Return the sources with their folds and counts: "ptbxl folds 1-7: 2016 records; ludb: 150 records".

    A long record stands in several rows, its windows, and counts once; what its source has at 100 Hz is named.
    """
    rows = tuple(rows)
    counts = Counter(source for source, _ in {(row.source, row.record_id) for row in rows})
    parts = []
    for source, count in sorted(counts.items(), key=lambda pair: (pair[0] != PTBXL, -pair[1], pair[0])):
        folds = {row.fold for row in rows if row.source == source} - {0}
        where = f" {splits.folds_in_words(folds)}" if folds else ""
        own = [row for row in rows if row.source == source]
        windows = f" in {len(own)} windows" if len(own) > count else ""
        slow = len({row.record_id for row in own if row.rate_hz and row.rate_hz <= SLOW_HZ})
        rates = f" ({slow} at 100 Hz)" if slow else ""
        parts.append(f"{CITED.get(source, source)}{where}: {counted(count, 'record')}{windows}{rates}")
    return "; ".join(parts)


def _split_in_words(folds: splits.Folds) -> str:
    return (
        ", ".join(f"{name} {splits.folds_in_words(members)}" for name, members in folds.items())
        or "no PTB-XL"
    )


def _has_ptbxl(pack: "Pack") -> bool:
    return any(row.source == PTBXL and row.fold for row in pack.rows)
