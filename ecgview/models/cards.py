"""Model cards: what a model is, where its weights are, what it needs and what is known of it.

A model is a folder with `card.json` beside its weights: under `resources/models/` for those that ship, under
the user's data folder for those that were fetched, imported or trained. Nothing here loads a network.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ecgview import resources
from ecgview.errors import ModelError
from ecgview.results import ModelFacts

Kind = Literal["classifier", "autoencoder", "lef", "encoder", "identifier"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network takes: these leads, this rate and duration, this filter, multiplied by this scale.

    `filter` names a function of `models.preprocessing.FILTERS`; `scale` is network units per millivolt. A network
    that is `lead_agnostic` takes rows of zeros for leads that a record has not.
    """

    leads: tuple[str, ...] = ()
    sampling_rate_hz: float = 500.0
    seconds: float = 10.0
    filter: str = "none"
    scale: float = 1.0
    lead_agnostic: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model. `labels` and `thresholds` follow the order of the outputs; a threshold may be None."""

    id: str
    name: str
    version: str
    kind: Kind
    network: str
    licence: str
    training_data: str
    calibrated: str
    intended_use: str
    out_of_scope: str
    folder: Path
    weights: str = ""
    sha256: str = ""
    source: str = ""
    labels: tuple[str, ...] = ()
    label_set: str = ""
    thresholds: tuple[float | None, ...] = ()
    input: InputSpec = field(default_factory=InputSpec)
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_default: bool = False
    checkpoint: Mapping[str, str] = field(default_factory=dict)  # published file: repository, file, sha256

    @property
    def is_here(self) -> bool:
        """Whether the weights are on this machine; a card without a weights file is the model itself."""
        return not self.weights or self.weights_path.is_file()

    @property
    def weights_path(self) -> Path:
        """The safetensors file, or the table of a tabular model."""
        return self.folder / self.weights

    @property
    def facts(self) -> ModelFacts:
        """What is shown beside every number of this model."""
        return ModelFacts(
            self.id,
            self.name,
            self.version,
            self.sha256,
            self.training_data,
            self.calibrated,
            self.out_of_scope,
        )

    def check_weights(self) -> Path:
        """Return the path of the weights after comparing their checksum with the card's.

        Raises:
            ModelError: the file is not there or is not the one that the card describes.
        """
        path = self.weights_path
        if not self.weights or not path.is_file():
            how = "ecgview models get, or import" if self.checkpoint else "the file that the card names"
            raise ModelError(f"the weights of {self.id} are not here", where=str(path), expected=how)
        found = sha256_of(path)
        if found != self.sha256:
            raise ModelError(
                "the weights are not those of the card", where=str(path), expected=self.sha256, found=found
            )
        return path


def user_folder() -> Path:
    """Return the folder of models that this user fetched, imported or trained."""
    import platformdirs

    return Path(platformdirs.user_data_dir("ecgview", appauthor=False)) / "models"


def available(kind: Kind | None = None) -> list[ModelCard]:
    """Return every card, the user's before a shipped one of the same id; `is_here` tells if it can run.

    A card that cannot be read is left out: see `problems`.
    """
    cards: dict[str, ModelCard] = {}
    for path in _card_paths():
        try:
            card = read_card(path)
        except ModelError:
            continue
        if kind is None or card.kind == kind:
            cards.setdefault(card.id, card)
    return list(cards.values())


def problems() -> list[ModelError]:
    """Return what is wrong with the cards that `available` leaves out."""
    found = []
    for path in _card_paths():
        try:
            read_card(path)
        except ModelError as error:
            found.append(error)
    return found


def _card_paths() -> list[Path]:
    roots = (user_folder(), resources.path("models"))
    return [path for root in roots if root.is_dir() for path in sorted(root.glob("*/card.json"))]


def get(model_id: str) -> ModelCard:
    """Return one card; ModelError lists what there is."""
    for root in (user_folder(), resources.path("models")):
        path = root / model_id / "card.json"
        if Path(model_id).name == model_id and path.is_file():
            return read_card(path)
    names = ", ".join(card.id for card in available())
    raise ModelError(f"there is no model named {model_id!r}", expected=names or "a fetched or imported model")


def default(kind: Kind) -> ModelCard:
    """Return the model that the window uses for this kind; ModelError if none is here."""
    cards = [card for card in available(kind) if card.is_here]
    if not cards:
        raise ModelError(f"no {kind} model is here", expected="a shipped, fetched or imported model")
    return next((card for card in cards if card.is_default), cards[0])


def read_card(path: Path) -> ModelCard:
    """Return a card; ModelError names the file and the field that is wrong."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path)) from None
    return _read_card(path, stat.st_mtime_ns)


@cache
def _read_card(path: Path, _changed: int) -> ModelCard:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"is not a model card ({error})", where=str(path)) from None
    if not isinstance(raw, dict):
        raise ModelError("is not a model card", where=str(path), expected="a JSON object")
    words = {name: _text(raw, name, path) for name in _WORDS}
    kind = words.pop("kind")
    if kind not in get_args(Kind):
        raise ModelError(
            "unknown kind", where=f"{path}: kind", expected=", ".join(get_args(Kind)), found=kind
        )
    labels = tuple(map(str, _list(raw, "labels", path)))
    thresholds = _thresholds(raw, len(labels), path)
    weights = str(raw.get("weights", ""))
    if Path(weights).name != weights:
        raise ModelError("must name a file beside the card", where=f"{path}: weights", found=weights[:80])
    return ModelCard(
        **words,
        kind=cast(Kind, kind),
        folder=path.parent,
        weights=weights,
        sha256=str(raw.get("sha256", "")),
        source=str(raw.get("source", "")),
        labels=labels,
        label_set=str(raw.get("label_set", "")),
        thresholds=thresholds,
        input=_input(_mapping(raw, "input", path), path),
        config=_mapping(raw, "config", path),
        metrics=_mapping(raw, "metrics", path),
        notes=tuple(map(str, _list(raw, "notes", path))),
        is_default=bool(raw.get("is_default", False)),
        checkpoint={name: str(value) for name, value in _mapping(raw, "checkpoint", path).items()},
    )


_WORDS = (
    "id",
    "name",
    "version",
    "kind",
    "network",
    "licence",
    "training_data",
    "calibrated",
    "intended_use",
    "out_of_scope",
)


def _text(raw: Mapping[str, Any], name: str, path: Path) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise ModelError("the field is missing", where=f"{path}: {name}", expected="a text")
    return value


def _list(raw: Mapping[str, Any], name: str, path: Path) -> list[Any]:
    value = raw.get(name, [])
    if not isinstance(value, list):
        raise ModelError("the field is wrong", where=f"{path}: {name}", expected="a list")
    return value


def _mapping(raw: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise ModelError("the field is wrong", where=f"{path}: {name}", expected="an object")
    return value


def _thresholds(raw: Mapping[str, Any], count: int, path: Path) -> tuple[float | None, ...]:
    values = _list(raw, "thresholds", path) or [None] * count
    wrong = [value for value in values if not (value is None or isinstance(value, int | float))]
    if wrong or len(values) != count:
        found = f"{wrong[0]!r}"[:40] if wrong else str(len(values))
        where = f"{path}: thresholds"
        raise ModelError(
            "one threshold per label", where=where, expected=f"{count} numbers or null", found=found
        )
    return tuple(None if value is None else float(value) for value in values)


def _input(raw: Mapping[str, Any], path: Path) -> InputSpec:
    try:
        return InputSpec(
            leads=tuple(map(str, raw.get("leads", ()))),
            sampling_rate_hz=float(raw.get("sampling_rate_hz", 500)),
            seconds=float(raw.get("seconds", 10)),
            filter=str(raw.get("filter", "none")),
            scale=float(raw.get("scale", 1.0)),
            lead_agnostic=bool(raw.get("lead_agnostic", False)),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot be understood ({error})", where=f"{path}: input") from None


def as_json(card: ModelCard) -> dict[str, Any]:
    """Return what `card.json` holds: every field but the folder, which is where the file lies."""
    raw = asdict(card)
    del raw["folder"]
    return raw


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
