"""A tabular model as a plain JSON file: named predictors, then coefficients or trees. Nothing in it runs.

    {"predictors": [{"name": "1-P(NORM)", "codes": ["NORM", "NORMAL ECG"], "complement": true}, ...],
     "transform": "logit",                      what is done to each predictor: "logit" or "none"
     "output_unit": "logit", "threshold": null, "threshold_meaning": "",
     "classifier": "id", "classifier_sha256": "",   what it was fitted on; empty = any classifier
     "linear": {"intercept": 0.0, "coefficients": [...], "background": [...]}}

A fitted model may add "others": {"id": "sha256"}, further classifiers that predictors name by "classifier", and
"calibration": {"kind": "platt", "slope": 1.0, "offset": 0.0} or {"kind": "isotonic", "x": [...], "y": [...]}.

A predictor may say which way it points: "direction": "the lower P(NORM)". An index adds "reference": {"name": "what
they are", "records": 2310, "ages_years": [18, 90], "left_out": "none paced", "quantiles": [...], "predictors": [[...],
...]}: its own values over them and those of each predictor, all in rising order; "alike" are the rank correlations of
the predictors with the index, then with the first of them. "paced_at": {"PACE": 0.2} are probabilities from which a
record is taken as paced and not analysed.

or, in place of "linear", `"trees": {"base": 0.0, "trees": [{"feature": [], "threshold": [], "left": [],
"right": [], "value": [], "cover": []}, ...]}`: value <= threshold goes left, a leaf has left = right = -1, a
missing value is not allowed, and "cover" is the number of training records that reached the node.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import card_text
from ecgview.results import ReferenceSet

Row = NDArray[np.float64]
LARGEST = 50_000_000  # bytes; a thousand trees of a hundred leaves have ten million
SMALLEST = 1e-6  # probabilities are kept this far from 0 and 1 before the logit
TRANSFORMS = ("logit", "none")


@dataclass(frozen=True, slots=True)
class Predictor:
    """One named input: the first of `codes` that the classifier knows, or its complement.

    With `measured` it is no probability but the measurement or criterion of that code (`measured_inputs`), in its own
    unit; `instead` is what stands for one that is not there, the median of the training records.
    """

    name: str
    codes: tuple[str, ...]
    complement: bool = False
    classifier: str = ""  # whose output it is, where a model rests on several; "" = the first one
    measured: str = ""
    instead: float = 0.0
    direction: str = ""  # what of it goes with a low ejection fraction, in words


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """intercept + coefficients . x; `background` is the x whose output is the base value."""

    intercept: float
    coefficients: Row
    background: Row

    def output(self, row: Row) -> float:
        """Return the model's output for one transformed row, (predictors,)."""
        return float(self.intercept + self.coefficients @ row)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One regression tree: parallel arrays over its nodes, the root first."""

    feature: NDArray[np.int32]
    threshold: Row
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Row
    cover: Row

    def output(self, row: Row) -> float:
        """Return the value of the leaf that one transformed row falls into."""
        node = 0
        while self.left[node] >= 0:
            goes_left = row[self.feature[node]] <= self.threshold[node]
            node = int(self.left[node] if goes_left else self.right[node])
        return float(self.value[node])


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """base + the sum of the trees."""

    base: float
    trees: tuple[Tree, ...]

    def output(self, row: Row) -> float:
        """Return the model's output for one transformed row, (predictors,)."""
        return self.base + sum(tree.output(row) for tree in self.trees)


@dataclass(frozen=True, slots=True)
class Table:
    """A tabular model: predictors, their transform, and what is computed from them."""

    predictors: tuple[Predictor, ...]
    transform: str
    model: Linear | Trees
    output_unit: str
    threshold: float | None
    threshold_meaning: str
    classifier: str
    classifier_sha256: str
    others: Mapping[str, str] = field(default_factory=dict)  # further classifiers and their checksums
    calibration: Mapping[str, Any] = field(default_factory=dict)
    reference: ReferenceSet | None = None  # the records whose outputs `quantiles` describe
    quantiles: Row = field(
        default_factory=lambda: np.zeros(0)
    )  # 0th to 100th percentile; empty where unknown
    each: tuple[Row, ...] = ()  # the same of every predictor's values
    alike: tuple[
        tuple[float, ...], ...
    ] = ()  # rank correlations of the predictors: with the index, with the first
    paced_at: Mapping[str, float] = field(default_factory=dict)  # of the classifier's statements, by code

    def percentile(self, value: float) -> float | None:
        """Return the share, in percent, of the reference records with a lower value; None where none is known."""
        return _percentile(value, self.quantiles)

    def percentile_of(self, place: int, value: float) -> float | None:
        """Return the same for the value of one predictor, by its place in the list."""
        return _percentile(value, self.each[place]) if self.each else None

    def probability(self, logits: Row) -> Row:
        """Return what is shown for outputs of the model, (n,): calibrated where the model says how."""
        return apply_calibration(self.calibration, logits)

    def transformed(self, values: Row) -> Row:
        """Return what the model sees for predictor values, both (predictors,)."""
        if self.transform == "none":
            return values
        kept = np.clip(values, SMALLEST, 1 - SMALLEST)
        measured = np.array([bool(one.measured) for one in self.predictors])
        return np.where(measured, values, np.log(kept / (1 - kept)))

    @property
    def measured(self) -> dict[str, str]:
        """Names of the measurements and criteria that it rests on, by code."""
        return {one.measured: one.name for one in self.predictors if one.measured}


def _percentile(value: float, quantiles: Row) -> float | None:
    if not len(quantiles):
        return None
    return float(np.interp(value, quantiles, np.linspace(0.0, 100.0, len(quantiles))))


def apply_calibration(calibration: Mapping[str, Any], logits: Row) -> Row:
    """Return (n,) probabilities of logits under a calibration: none, a line (Platt), or corners (isotonic)."""
    kind = calibration.get("kind", "none")
    if kind == "platt":
        logits = calibration["slope"] * logits + calibration["offset"]
    plain = np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))
    if kind == "isotonic":
        return np.asarray(np.interp(plain, calibration["x"], calibration["y"]))
    return plain


def read(path: Path) -> Table:
    """Return the model of a JSON file, the one in hand where the file is as it was: an edit under the hand asks again.

    Raises:
        ModelError: it is none; names the field.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"is no tabular model ({error})", where=str(path)) from None
    if stat.st_size > LARGEST:
        raise ModelError(
            "is too large for a tabular model",
            where=str(path),
            expected=f"{LARGEST:,} bytes at most",
            found=f"{stat.st_size:,}",
        )
    return _read_as_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _read_as_of(path: Path, _changed: int, _size: int) -> Table:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"is no tabular model ({error})", where=str(path)) from None
    if isinstance(raw, dict):
        card_text.check_texts(raw, str(path))
    return parse(raw, str(path))


def parse(raw: Mapping[str, Any], path: str) -> Table:
    """Return the model of a JSON object; `path` is where it comes from, for the error.

    Raises:
        ModelError: it is none; names the field.
    """
    try:
        predictors = tuple(_predictor(item) for item in raw["predictors"])
        table = Table(
            predictors=predictors,
            transform=str(raw["transform"]),
            model=_linear(raw["linear"]) if "linear" in raw else _trees(raw["trees"]),
            output_unit=str(raw.get("output_unit", "logit")),
            threshold=None if raw.get("threshold") is None else float(raw["threshold"]),
            threshold_meaning=str(raw.get("threshold_meaning", "")),
            classifier=str(raw.get("classifier", "")),
            classifier_sha256=str(raw.get("classifier_sha256", "")),
            others={str(name): str(value) for name, value in raw.get("others", {}).items()},
            calibration=_calibration(raw.get("calibration", {})),
            reference=_reference(raw.get("reference", {})),
            quantiles=_rising(raw.get("reference", {}).get("quantiles", [])),
            alike=tuple(tuple(map(_finite, one)) for one in raw.get("reference", {}).get("alike", [])),
            paced_at={str(code): _finite(cut) for code, cut in raw.get("paced_at", {}).items()},
            each=tuple(_rising(one) for one in raw.get("reference", {}).get("predictors", [])),
        )
    except KeyError as error:
        raise ModelError("the field is missing", where=f"{path}: {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot be understood ({error})", where=path) from None
    _check(table, path)
    return table


def _predictor(raw: Mapping[str, Any]) -> Predictor:
    return Predictor(
        str(raw["name"]),
        tuple(map(str, raw["codes"])),
        bool(raw.get("complement", False)),
        str(raw.get("classifier", "")),
        str(raw.get("measured", "")),
        _finite(raw.get("instead", 0.0)),
        str(raw.get("direction", "")),
    )


def _reference(raw: Mapping[str, Any]) -> ReferenceSet | None:
    if not raw:
        return None
    ages = [_finite(age) for age in raw.get("ages_years", [])]
    if len(ages) not in (0, 2) or ages != sorted(ages):
        raise ValueError("the ages of the reference records are the youngest and the oldest")
    if not isinstance(raw["records"], int):
        raise ValueError("records of the reference is how many they are")
    youngest, oldest = ages or (None, None)
    left_out = str(raw.get("left_out", ""))
    return ReferenceSet(str(raw["name"]), int(raw["records"]), youngest, oldest, left_out)


def _rising(values: Sequence[float]) -> Row:
    row = _row(values)
    if (np.diff(row) < 0).any():
        raise ValueError("quantiles ascend")
    return row


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError("a finite number is needed")
    return number


def _calibration(raw: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(raw.get("kind", "none"))
    if kind == "platt":
        return {"kind": kind, "slope": float(raw["slope"]), "offset": float(raw["offset"])}
    if kind == "isotonic":
        x, y = _row(raw["x"]), _row(raw["y"])
        if not len(x) == len(y) > 0 or (np.diff(x) < 0).any():
            raise ValueError("the corners of a calibration ascend")
        return {"kind": kind, "x": x, "y": y}
    if kind != "none":
        raise ValueError(f"unknown calibration {kind!r}")
    return {}


def _linear(raw: Mapping[str, Any]) -> Linear:
    return Linear(float(raw["intercept"]), _row(raw["coefficients"]), _row(raw["background"]))


def _trees(raw: Mapping[str, Any]) -> Trees:
    return Trees(float(raw["base"]), tuple(_tree(item) for item in raw["trees"]))


def _tree(raw: Mapping[str, Any]) -> Tree:
    feature, left, right = (np.asarray(raw[name], dtype=np.int32) for name in ("feature", "left", "right"))
    threshold, value, cover = (_row(raw[name]) for name in ("threshold", "value", "cover"))
    return Tree(feature, threshold, left, right, value, cover)


def _row(values: Sequence[float]) -> Row:
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or not np.isfinite(row).all():
        raise ValueError("a list of finite numbers is needed")
    return row


def _check(table: Table, path: str) -> None:
    count = len(table.predictors)
    if not count:
        raise ModelError("names no predictor", where=f"{path}: predictors")
    if table.each and len(table.each) != count:
        raise ModelError("one list of quantiles per predictor", where=f"{path}: reference: predictors")
    if table.alike and [len(one) for one in table.alike] != [count, count]:
        raise ModelError("two correlations per predictor", where=f"{path}: reference: alike")
    if table.transform not in TRANSFORMS:
        raise ModelError(
            "unknown transform",
            where=f"{path}: transform",
            expected=", ".join(TRANSFORMS),
            found=table.transform,
        )
    if isinstance(table.model, Linear):
        if not len(table.model.coefficients) == len(table.model.background) == count:
            raise ModelError("one coefficient and background per predictor", where=f"{path}: linear")
        return
    for number, tree in enumerate(table.model.trees):
        if not _is_sound(tree, count):
            raise ModelError("is no tree over the predictors", where=f"{path}: trees[{number}]")


def _is_sound(tree: Tree, n_predictors: int) -> bool:
    """Return whether every branch ends: children come after their parent, in range, over known predictors."""
    n_nodes = len(tree.value)
    parts = (tree.feature, tree.threshold, tree.left, tree.right, tree.cover)
    if n_nodes == 0 or any(part.shape != (n_nodes,) for part in parts):
        return False
    inner = tree.left >= 0
    if (inner != (tree.right >= 0)).any() or (tree.cover <= 0).any():
        return False
    parents = np.flatnonzero(inner)
    children = np.concatenate([tree.left[inner], tree.right[inner]])
    after = (tree.left[inner] > parents).all() and (tree.right[inner] > parents).all()
    known = ((tree.feature[inner] >= 0) & (tree.feature[inner] < n_predictors)).all()
    return bool(
        after and known and (children < n_nodes).all() and len(set(children.tolist())) == len(children)
    )
