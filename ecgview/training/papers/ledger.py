"""A paper's ledger, as `resources/papers/` holds it: the cells of its tables, and the runs that they come from.

Every published value names its source. A cell without one is "unpublished": no value stands in what could be read of
the paper. No value of ours is ever in these files.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecgview import resources
from ecgview.errors import ModelError

FIGURES = ("macro_f1", "macro_auroc", "macro_auprc", "challenge_score")
UNPUBLISHED = "unpublished"
DATA: Mapping[str, str] = {
    "ptbxl": "PTB-XL",
    "cinc26": "the PhysioNet/CinC Challenge 2021",
    "echonext": "EchoNext (credentialed)",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What is trained for some cells: a stage with its values, the same for each seed.

    Attributes:
        name: short; the folder's name, with the seed.
        stage: words as after `ecgview train`.
        data: what it learns from: ptbxl, cinc26 or echonext.
        values: of the stage's recipe, as the paper has them or, where `deviation` says so, ours.
        start: another run, the id of a model, or the name of a network for random weights; "" for the stage's own.
        seeds: of the repetitions.
        answers: whether it answers on records; pre-training does not.
        deviation: what is other than in the paper whatever the data.
    """

    name: str
    stage: str
    data: str
    values: Mapping[str, Any] = field(default_factory=dict)
    start: str = ""
    seeds: tuple[int, ...] = (0,)
    answers: bool = True
    deviation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        id: short, as for --run.
        table: which one.
        what: in words.
        figure: one of `FIGURES`; with `against` its relative gain in %.
        published: as the paper has it, "" where it is unpublished.
        source: where the published value was read.
        run: whose answers it is of; "" where it cannot be run here.
        against: the run that it is compared with.
        of: the one class that counts, in place of the mean over all.
        needs: what it would take, where it cannot be run.
    """

    id: str
    table: str
    what: str
    figure: str
    published: str = ""
    source: str = ""
    run: str = ""
    against: str = ""
    of: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A paper: its name here, who wrote it, what is to be known of its tables, its cells and runs."""

    id: str
    paper: str
    note: str
    cells: tuple[Cell, ...]
    runs: Mapping[str, Run]

    def chosen(self, ids: Iterable[str]) -> tuple[Cell, ...]:
        """Return the cells of these ids, of all that can be run for "all".

        Raises:
            ModelError: an id that is none of the ledger's, or a cell that cannot be run.
        """
        wanted = list(dict.fromkeys(ids))
        if wanted == ["all"]:
            return tuple(cell for cell in self.cells if cell.run)
        known = {cell.id: cell for cell in self.cells}
        if unknown := [one for one in wanted if one not in known]:
            raise ModelError(
                f"the ledger of {self.id} has no such row",
                expected=", ".join(known),
                found=", ".join(unknown),
            )
        for one in wanted:
            if not known[one].run:
                raise ModelError(f"{one} cannot be run here", expected=known[one].needs)
        return tuple(known[one] for one in wanted)

    def needs(self, run: str) -> str:
        """Return the data, the weights and the libraries that a run begins with, its own start's among them."""
        found: dict[str, None] = {}
        while run in self.runs:
            one = self.runs[run]
            found[DATA[one.data]] = None
            if "xgboost" in one.values.get("kinds", ()):
                found["XGBoost"] = None
            run = one.start
        if run.startswith("ecgfounder"):
            found["ECGFounder's weights (ecgview models get ecgfounder)"] = None
        return " and ".join(found)

    def in_order(self, cells: Collection[Cell]) -> list[Run]:
        """Return the runs that cells need, each after the one that it starts from."""
        found: dict[str, Run] = {}

        def take(name: str) -> None:
            if name in self.runs and name not in found:
                take(self.runs[name].start)
                found[name] = self.runs[name]

        for cell in cells:
            take(cell.run)
            take(cell.against)
        return list(found.values())


def names() -> tuple[str, ...]:
    """Return the papers that have a ledger."""
    return tuple(sorted(path.stem for path in resources.path("papers").glob("*.toml")))


def read(name: str) -> Ledger:
    """Return a paper's ledger.

    Raises:
        ModelError: there is none of this name, or its file is not as it should be.
    """
    if name not in names():
        raise ModelError("there is no ledger of this paper", expected=", ".join(names()), found=name)
    raw = tomllib.loads(resources.path("papers", f"{name}.toml").read_text(encoding="utf-8"))
    runs = {key: _run(key, one) for key, one in raw["runs"].items()}
    cells = tuple(Cell(**one) for one in raw["cell"])
    _check(name, cells, runs)
    return Ledger(name, raw["paper"], raw["note"], cells, runs)


def _run(key: str, raw: Mapping[str, Any]) -> Run:
    """Return a run of a ledger; lists of TOML are tuples here."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
    return Run(name=key, **values)


def _check(name: str, cells: tuple[Cell, ...], runs: Mapping[str, Run]) -> None:
    ids = [cell.id for cell in cells]
    for cell in cells:
        if bool(cell.published) != bool(cell.source):
            raise ModelError(f"{cell.id}: a published value and its source go together", where=name)
        if bool(cell.run) == bool(cell.needs) or ids.count(cell.id) > 1 or cell.figure not in FIGURES:
            raise ModelError(f"{cell.id} is no cell of a ledger", where=name)
        if unknown := {cell.run, cell.against} - {"", *runs}:
            raise ModelError(f"{cell.id} names no run", where=name, found=", ".join(sorted(unknown)))
