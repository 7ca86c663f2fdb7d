"""Label tasks: what the codes of a recording mean as targets of a network.

PTB-XL's six tasks are those of its published benchmark: a statement is present if it is named at all, whatever its
likelihood, and a recording without any label of the task is left out. The classes are in sorted order, the five
superclasses in the order of the published tables. "cinc26" are the 26 scored classes of the PhysioNet/CinC Challenge
2021; codes that it scores as one diagnosis are one class, and a recording with none of them counts as negative.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.labels import label_set
from ecgview.labels.label_set import Statement
from ecgview.training.data.rows import Row

SUPERCLASSES: tuple[str, ...] = ("NORM", "MI", "STTC", "CD", "HYP")
_KIND = {"diag44": "diagnostic", "form19": "form", "rhythm12": "rhythm"}


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A list of classes and which codes of a recording count for each.

    Attributes:
        name: short and stable, as on the command line.
        codes: the classes, in the order of a network's outputs; k of them.
        matrix: (k, m) bool, class by vocabulary.
        vocabulary: the m codes, as in `Row.codes`, that say anything about this task.
        kept: which recordings belong to the task: those with a "class" of it, with any "code" of SNOMED CT, or "all".
    """

    name: str
    codes: tuple[str, ...]
    matrix: NDArray[np.bool_]
    vocabulary: tuple[str, ...]
    kept: Literal["class", "code", "all"] = "class"

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.codes), len(self.vocabulary)):
            raise ModelError(
                f"the matrix of task {self.name} does not fit",
                expected=f"({len(self.codes)}, {len(self.vocabulary)})",
                found=str(self.matrix.shape),
            )

    def __len__(self) -> int:
        return len(self.codes)

    def targets(self, rows: Sequence[Row]) -> NDArray[np.float32]:
        """Return (n, k) float32, 1 where a class is present."""
        column = {code: j for j, code in enumerate(self.vocabulary)}
        present = np.zeros((len(rows), len(self.vocabulary)), dtype=np.float32)
        for i, row in enumerate(rows):
            present[i, [column[code] for code in row.codes if code in column]] = 1.0
        return np.asarray(present @ self.matrix.T.astype(np.float32) > 0, dtype=np.float32)

    def keeps(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        """Return (n,) bool: which rows belong to the task, the others being unlabelled as far as it goes."""
        if self.kept == "all":
            return np.ones(len(rows), dtype=bool)
        if self.kept == "code":
            # PTB-XL has codes of its own: without one of SNOMED CT it is not labelled for the challenge.
            return np.array([any(code.isdecimal() for code in row.codes) for row in rows], dtype=bool)
        return np.asarray(self.targets(rows).any(axis=1), dtype=bool)


def names() -> tuple[str, ...]:
    """Return the names that `get` knows."""
    return ("all71", "diag44", "sub23", "super5", "form19", "rhythm12", "cinc26")


@cache
def get(name: str) -> Task:
    """Return a task by its name; ModelError names the ones there are."""
    if name not in names():
        raise ModelError("there is no such task", expected=", ".join(names()), found=name)
    return _cinc26() if name == "cinc26" else _ptbxl(name)


def of_codes(name: str, codes: Iterable[str]) -> Task:
    """Return a task whose classes are the codes themselves, as for a group's own labels; it keeps every row."""
    own = tuple(dict.fromkeys(codes))
    return Task(name, own, np.eye(len(own), dtype=bool), own, kept="all")


def _ptbxl(name: str) -> Task:
    statements = label_set.load("ptbxl71").statements
    vocabulary = tuple(statement.code for statement in statements)
    if name == "super5":
        classes = SUPERCLASSES
        member = [[s.superclass == c for s in statements] for c in classes]
    elif name == "sub23":
        classes = tuple(sorted({s.subclass for s in statements if s.subclass}))
        member = [[s.subclass == c for s in statements] for c in classes]
    else:
        classes = tuple(s.code for s in statements if name == "all71" or _is(s, _KIND[name]))
        member = [[code == c for code in vocabulary] for c in classes]
    return Task(name, classes, np.array(member), vocabulary)


def _is(statement: Statement, kind: str) -> bool:
    return kind in statement.group.split(" and ")


def _cinc26() -> Task:
    """Return the challenge's classes by their abbreviations, over SNOMED CT identifiers."""
    statements = label_set.load("cinc2021").statements
    alike = {s.code: tuple(s.snomed_ct.split("|")) for s in statements}
    vocabulary = tuple(concept for concepts in alike.values() for concept in concepts)
    member = [[concept in concepts for concept in vocabulary] for concepts in alike.values()]
    return Task("cinc26", tuple(alike), np.array(member), vocabulary, kept="code")
