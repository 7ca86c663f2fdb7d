"""Model cards: what a model is, where its weights are, what it needs and what is known of it.

A model is a folder with `card.json` beside its weights: under `resources/models/` for those that ship, under
the user's data folder for those that were fetched, imported or trained. Nothing here loads a network.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ecgview import resources
from ecgview.counts import folds_in_words
from ecgview.errors import ModelError
from ecgview.models import card_text, lead_sets, measured_terms, thresholds
from ecgview.models.lead_sets import LeadSet
from ecgview.results import ModelFacts

Kind = Literal["classifier", "autoencoder", "lef", "encoder", "identifier", "delineator"]
# The model that answers where none is named: always one that ships, never the first that is found.
DEFAULTS: dict[Kind, str] = {
    "classifier": "residual-ptbxl",
    "autoencoder": "mtecg-mae-ptbxl",
    "lef": "lef-zero-shot",
    "identifier": "median-beat",
    "delineator": "delineate-ludb",
}
FOREIGN = "not from ecgview"
LARGEST = 1_000_000  # bytes of a card; the largest that ships has 107,000
MOST_LABELS = 2_000  # of all published label sets the largest, SNOMED CT's of ECGs, has some 500
MOST_LEADS = 64
MOST_NOTES = 100
LONGEST_LABEL = 200  # characters, also of a lead's name
MOST_SAMPLES = 1_000_000  # of a lead, that a network takes
# Of a size in `config`: no network is built before its sizes are small enough to count with.
LARGEST_SIZE = 1_000_000
LARGEST_SIZE_IN_LIST = 10_000
MOST_SIZES = 64


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
    """One model. `labels` and `thresholds` follow the order of the outputs.

    A threshold is None where none is known or where it rests on too few records (`thresholds.FEWEST_POSITIVES`);
    `threshold_figures` tells of each label what its cut rests on and what it was worth.
    """

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
    checkpoint: Mapping[str, str] = field(default_factory=dict)  # published file: repository, file, sha256
    threshold_rule: str = ""
    threshold_figures: Mapping[str, Any] = field(default_factory=dict)
    # PTB-XL's folds by split, "train" what was learnt from, "test" what was never seen; empty where not known
    folds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # The model of the same recipe whose figures stand for this one, which learnt from the records they were had on.
    figures_of: str = ""
    # Which statements rest on measured values beside the network, and with what weights: `measured_terms`
    measured: Mapping[str, Any] = field(default_factory=dict)
    # What is known of the model with fewer leads; only of a network that is `lead_agnostic`
    lead_sets: tuple[LeadSet, ...] = ()
    # Of a card as one record is asked by it: the set, whose thresholds are then the card's; see `fewer_leads`. No field
    # of a card's file.
    asked_with: LeadSet | None = None

    @property
    def is_default(self) -> bool:
        """Whether this is the model that answers where none is named."""
        return DEFAULTS.get(self.kind) == self.id

    @property
    def is_shipped(self) -> bool:
        """Whether the weights, or a card without any, lie where ecgview's own do."""
        return self.folder.parent == resources.path("models")

    @property
    def told_thresholds(self) -> tuple[tuple[float | None, float | None], ...]:
        """Of each label the threshold from which a reader is told it as positive, and the cut that is too weak for it.

        A cut is weak that rests on too few records, or is right too seldom: see `thresholds.RULE` and `CALLS`.
        """
        where = f"{self.folder / 'card.json'}: threshold_figures"
        bases = thresholds.read(self.threshold_figures, self.labels, where)
        return tuple(
            (None, bases[code].cut) if code in bases and not bases[code].calls else (cut, None)
            for code, cut in zip(self.labels, self.thresholds, strict=True)
        )

    @property
    def rests(self) -> dict[str, measured_terms.Rest]:
        """What statements rest on beside the network, by label; empty where the network answers alone."""
        return measured_terms.read(self.measured, self.labels, f"{self.folder / 'card.json'}: measured")

    @property
    def is_here(self) -> bool:
        """Whether the weights are on this machine; a card without a weights file is the model itself."""
        return not self.weights or self.weights_path.is_file()

    @property
    def weights_path(self) -> Path:
        """The safetensors file, or the table of a tabular model."""
        return self.folder / self.weights

    def beside(self, name: str) -> tuple[Path, int] | None:
        """Return a file in the card's folder and when it was changed, ns; None where there is none.

        What is read from it may be kept for as long as the file stays the same.
        """
        path = self.folder / name
        try:
            return path, path.stat().st_mtime_ns
        except OSError:
            return None

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
            "" if self.is_shipped else FOREIGN,
            figures_note(self),
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
    """Return every card, the shipped ones first; `is_here` tells if it can run.

    A card that cannot be read, or that takes the id of another model, is left out: see `problems`.
    """
    found, _ = _all_cards()
    return [card for card in found if kind is None or card.kind == kind]


def problems() -> list[ModelError]:
    """Return what is wrong with the cards that `available` leaves out."""
    return _all_cards()[1]


def _all_cards() -> tuple[list[ModelCard], list[ModelError]]:
    cards: dict[str, ModelCard] = {}
    wrong: list[ModelError] = []
    for root in (resources.path("models"), user_folder()):
        for path in sorted(root.glob("*/card.json")) if root.is_dir() else ():
            try:
                card = _own(path, cards)
            except ModelError as error:
                wrong.append(error)
            else:
                cards[card.id] = card
    return list(cards.values()), wrong


def _own(path: Path, before: Mapping[str, ModelCard]) -> ModelCard:
    """Return the card of a folder; one of a shipped id may bring the weights that do not ship, and nothing else."""
    card = read_card(path)
    if card.id != path.parent.name:
        raise ModelError(
            "the id is not that of its folder", where=f"{path}: id", expected=path.parent.name, found=card.id
        )
    shipped = before.get(card.id)
    if shipped is None:
        return card
    if shipped.is_here or not shipped.checkpoint:
        raise ModelError("takes the id of a model that ships", where=f"{path}: id", found=card.id)
    pins = {**card.checkpoint, **shipped.checkpoint}  # who fetched it pinned what the shipped card does not
    return replace(
        shipped,
        folder=card.folder,
        weights=card.weights,
        sha256=card.sha256,
        source=card.source,
        checkpoint=pins,
    )


def shipped_ids() -> frozenset[str]:
    """Return the ids that no other model may take."""
    return frozenset(path.parent.name for path in resources.path("models").glob("*/card.json"))


def get(model_id: str) -> ModelCard:
    """Return one card; ModelError lists what there is, or says what is wrong with this one."""
    found, wrong = _all_cards()
    for card in found:
        if card.id == model_id:
            return card
    own = str(user_folder() / model_id / "card.json") if card_text.ID.fullmatch(model_id) else ""
    for error in wrong:
        if own and str(error.where).startswith(own):
            raise error
    names = ", ".join(card.id for card in found)
    raise ModelError(f"there is no model named {model_id!r}", expected=names or "a fetched or imported model")


def with_figures(card: ModelCard) -> ModelCard | None:
    """Return the card whose figures count for a model: its own, or that of the model it was made by the recipe of.

    None where that one is not here: then nothing is known of this model's worth. Its own `metrics` are not taken, for
    a refit learnt from the very records that figures are had on.
    """
    if not card.figures_of:
        return card
    if _takes_shipped(card):
        return None
    try:
        return get(card.figures_of)
    except ModelError:
        return None


def _takes_shipped(card: ModelCard) -> bool:
    """Return whether a model from elsewhere would have the figures of one that ships stand for its own."""
    return not card.is_shipped and card.figures_of in shipped_ids()


def figures_note(card: ModelCard) -> str:
    """Return whose figures are shown for a model, in words; "" where they are its own."""
    if not card.figures_of:
        return ""
    judged = with_figures(card)
    own = f"; this one learnt from {folds_in_words(card.folds['train'])}" if card.folds.get("train") else ""
    if judged is None and _takes_shipped(card):
        return f"no figures: its card names those of {card.figures_of}, which ships, and this model does not{own}"
    if judged is None:
        return f"figures are those of the evaluation model {card.figures_of}, which is not here{own}"
    theirs = judged.folds.get("train")
    trained = f", trained on {folds_in_words(theirs)}" if theirs else ""
    return f"figures of the evaluation model {judged.id} {judged.version}{trained}{own}"


def default(kind: Kind) -> ModelCard:
    """Return the model that answers where none is named, one that ships; ModelError if it is not here."""
    if kind not in DEFAULTS:
        raise ModelError(f"there is no default {kind}", expected="a model named by its id")
    card = get(DEFAULTS[kind])
    if not card.is_here:
        raise ModelError(f"the default {kind} is not here", where=str(card.weights_path))
    return card


def read_card(path: Path) -> ModelCard:
    """Return a card; ModelError names the file and the field that is wrong."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path)) from None
    return _read_card(path, stat.st_mtime_ns)


@cache
def _read_card(path: Path, _changed: int) -> ModelCard:
    raw = _raw(path)
    card_text.check_id(raw.get("id"), f"{path}: id")
    card_text.check_texts(raw, str(path))
    words = {name: _text(raw, name, path) for name in _WORDS}
    kind = words.pop("kind")
    if kind not in get_args(Kind):
        raise ModelError(
            "unknown kind", where=f"{path}: kind", expected=", ".join(get_args(Kind)), found=kind
        )
    labels = _names(raw, "labels", MOST_LABELS, f"{path}: labels")
    figures = _mapping(raw, "threshold_figures", path)
    bases = thresholds.read(figures, labels, f"{path}: threshold_figures")
    standing = tuple(
        value if code not in bases or bases[code].stands else None
        for code, value in zip(labels, _thresholds(raw, len(labels), path), strict=True)
    )
    measured = _mapping(raw, "measured", path)
    measured_terms.read(measured, labels, f"{path}: measured")
    weights = str(raw.get("weights", ""))
    if Path(weights).name != weights:
        raise ModelError("must name a file beside the card", where=f"{path}: weights", found=weights[:80])
    spec = _input(_mapping(raw, "input", path), path)
    return ModelCard(
        **words,
        kind=cast(Kind, kind),
        folder=path.parent,
        weights=weights,
        sha256=str(raw.get("sha256", "")),
        source=str(raw.get("source", "")),
        labels=labels,
        label_set=str(raw.get("label_set", "")),
        thresholds=standing,
        input=spec,
        config=_config(_mapping(raw, "config", path), f"{path}: config"),
        metrics=_mapping(raw, "metrics", path),
        notes=_notes(raw, path),
        checkpoint={name: str(value) for name, value in _mapping(raw, "checkpoint", path).items()},
        threshold_rule=str(raw.get("threshold_rule", "")),
        threshold_figures=figures,
        folds=_folds(_mapping(raw, "folds", path), path),
        figures_of=_figures_of(raw, path),
        measured=measured,
        lead_sets=_lead_sets(raw, str(kind), labels, spec, path),
        asked_with=None,
    )


def _raw(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(
                "is too large for a model card", where=str(path), expected=f"{LARGEST} bytes at most"
            )
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"is not a model card ({card_text.seen(str(error))})", where=str(path)) from None
    if not isinstance(raw, dict):
        raise ModelError("is not a model card", where=str(path), expected="a JSON object")
    return raw


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


def _names(raw: Mapping[str, Any], name: str, most: int, where: str) -> tuple[str, ...]:
    """Return a list of names, each once."""
    values = raw.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise ModelError("the field is wrong", where=where, expected="a list of names")
    if len(values) > most:
        raise ModelError(
            "there are too many", where=where, expected=f"{most:,} at most", found=f"{len(values):,}"
        )
    long = next((value for value in values if len(value) > LONGEST_LABEL), None)
    if long is not None:
        expected = f"{LONGEST_LABEL} characters at most"
        raise ModelError("a name is too long", where=where, expected=expected, found=card_text.seen(long))
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise ModelError("a name stands twice", where=where, found=card_text.seen(twice))
    return tuple(values)


def _notes(raw: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    notes = _list(raw, "notes", path)
    if len(notes) > MOST_NOTES:
        raise ModelError("there are too many", where=f"{path}: notes", expected=f"{MOST_NOTES} at most")
    return tuple(map(str, notes))


def _config(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the sizes of a network after their bounds were checked."""
    if len(raw) > MOST_SIZES:
        raise ModelError("there are too many", where=where, expected=f"{MOST_SIZES} at most")
    for name, value in raw.items():
        in_list = isinstance(value, list)
        largest = LARGEST_SIZE_IN_LIST if in_list else LARGEST_SIZE
        items = value if isinstance(value, list) else [value]
        if len(items) > MOST_SIZES or any(isinstance(one, dict | list) for one in items):
            expected = f"a number, a word, or a list of {MOST_SIZES} at most"
            raise ModelError("cannot be understood", where=f"{where}, {name[:40]}", expected=expected)
        if any(isinstance(one, int | float) and not abs(one) <= largest for one in items):  # NaN, too
            expected = f"{largest:,} at most" + (" in a list" if in_list else "")
            raise ModelError("the size is too large", where=f"{where}, {name[:40]}", expected=expected)
    return raw


def _mapping(raw: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise ModelError("the field is wrong", where=f"{path}: {name}", expected="an object")
    return value


def _thresholds(raw: Mapping[str, Any], count: int, path: Path) -> tuple[float | None, ...]:
    values = _list(raw, "thresholds", path) or [None] * count
    wrong = [value for value in values if not (value is None or _is_share(value))]
    if wrong or len(values) != count:
        found = f"{wrong[0]!r}"[:40] if wrong else str(len(values))
        where = f"{path}: thresholds"
        raise ModelError(
            "one threshold per label", where=where, expected=f"{count} numbers of 0 to 1 or null", found=found
        )
    return tuple(None if value is None else float(value) for value in values)


def _folds(raw: Mapping[str, Any], path: Path) -> dict[str, tuple[int, ...]]:
    for name, members in raw.items():
        known = name in ("train", "validation", "test") and isinstance(members, list)
        if not known or not all(type(fold) is int and 1 <= fold <= 10 for fold in members):
            raise ModelError(
                "the field is wrong",
                where=f"{path}: folds",
                expected="train, validation and test, each a list of folds from 1 to 10",
                found=f"{name}: {members!r}"[:80],
            )
    return {name: tuple(members) for name, members in raw.items()}


def _figures_of(raw: Mapping[str, Any], path: Path) -> str:
    """Return the id of another model, or ""."""
    named = raw.get("figures_of", "")
    if named == "":
        return ""
    if named == raw["id"]:
        raise ModelError("names the model itself", where=f"{path}: figures_of", expected="another model")
    return card_text.check_id(named, f"{path}: figures_of")


def _lead_sets(
    raw: Mapping[str, Any], kind: str, labels: Sequence[str], spec: InputSpec, path: Path
) -> tuple[LeadSet, ...]:
    where = f"{path}: lead_sets"
    found = lead_sets.read(raw.get("lead_sets", []), labels, spec.leads, where)
    if found and not (kind == "classifier" and spec.lead_agnostic):
        expected = "a classifier whose input is lead_agnostic: it takes rows of zeros for absent leads"
        raise ModelError("does not fit the network", where=where, expected=expected)
    return found


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _input(raw: Mapping[str, Any], path: Path) -> InputSpec:
    try:
        spec = InputSpec(
            leads=_names(raw, "leads", MOST_LEADS, f"{path}: input, leads"),
            sampling_rate_hz=float(raw.get("sampling_rate_hz", 500)),
            seconds=float(raw.get("seconds", 10)),
            filter=str(raw.get("filter", "none")),
            scale=float(raw.get("scale", 1.0)),
            lead_agnostic=bool(raw.get("lead_agnostic", False)),
        )
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"cannot be understood ({error})", where=f"{path}: input") from None
    if not (1 <= spec.sampling_rate_hz <= 10_000 and 0.1 <= spec.seconds <= 600 and 0 < spec.scale < 1e6):
        expected = "1 to 10000 Hz, 0.1 to 600 s, a scale above 0"
        raise ModelError("is out of range", where=f"{path}: input", expected=expected)
    if spec.sampling_rate_hz * spec.seconds > MOST_SAMPLES:
        expected = f"{MOST_SAMPLES:,} samples of a lead at most"
        found = f"{spec.sampling_rate_hz:g} Hz for {spec.seconds:g} s"
        raise ModelError("is too long", where=f"{path}: input", expected=expected, found=found)
    return spec


def as_json(card: ModelCard) -> dict[str, Any]:
    """Return what `card.json` holds: every field but the folder, where the file lies, and what a record is asked."""
    raw = asdict(card)
    del raw["folder"], raw["asked_with"]
    if not card.lead_sets:
        del raw["lead_sets"]  # most cards have none
    if not card.measured:
        del raw["measured"]
    return raw


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
