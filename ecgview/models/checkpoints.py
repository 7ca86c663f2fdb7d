"""Bring models in: published checkpoints and safetensors files become a model folder with a card."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ecgview.errors import ModelError
from ecgview.models import architectures, card_text, cards, fetching, networks
from ecgview.models.cards import ModelCard
from ecgview.models.weights_file import State, read_state
from ecgview.progress import Progress, silent

WEIGHTS = "weights.safetensors"


Accept = Callable[[ModelCard], bool]  # whether a model that says this of itself is taken in


def import_file(
    path: Path, model_id: str = "", progress: Progress = silent, accept: Accept | None = None
) -> ModelCard:
    """Return the card of a model made from a checkpoint (.pth, .pt) or a .safetensors file.

    A `card.json` beside a .safetensors file is taken over. Otherwise each network is asked whether the names and
    shapes of the weights are its own. The model lands in the user's model folder.

    Args:
        path: the file.
        model_id: a name of the user's choice; empty for the published or the file's name.
        progress: told per step; may cancel.
        accept: asked with the card, its id and what was found of the weights in it, before anything is written.

    Raises:
        ModelError: not a checkpoint, holds more than weights, fits none of the networks (keys are named), says sizes
            beyond any ECG model's, or was not accepted.
    """
    if not path.is_file():
        raise ModelError("there is no such file", where=str(path), expected="a checkpoint or .safetensors")
    progress(0.0, f"reading {path.name}")
    own = path.with_name("card.json")
    has_card = path.suffix == ".safetensors" and own.is_file()
    field = f"{own}: id" if has_card else path.name
    told = cards.read_card(own) if has_card else None
    if told is not None:
        card_text.check_numbers(cards.as_json(told), str(own))
    state = read_state(path)
    progress(0.5, "comparing with the known networks")
    if told is not None:
        card = told
        state = networks.renamed(card.network, state)
        check_fits(state, card, path)
    else:
        card, state = recognise(state, path)
    name = card_text.check_id(model_id or card.id, "--id" if model_id else field)
    _refuse_shipped(name, "--id" if model_id else field, brings=None if has_card else card)
    if accept is not None and not accept(replace(card, id=name)):
        raise ModelError("was not taken in", where=str(path))
    return _keep(state, replace(card, id=name), path, progress)


def _refuse_shipped(name: str, where: str, brings: ModelCard | None) -> None:
    """Refuse the id of a model that ships, but where these are the weights that it waits for.

    Raises:
        ModelError: the id is taken.
    """
    if name not in cards.shipped_ids():
        return
    shipped = cards.get(name)
    awaited = bool(shipped.checkpoint) and brings is not None and brings.id == name
    if not awaited:
        raise ModelError(
            "is the id of a model that ships", where=where, expected="another id, given with --id", found=name
        )


def fetch(
    name: str = "ecgfounder",
    leads: int = 12,
    progress: Progress = silent,
    sha256: str = "",
    revision: str = "",
) -> ModelCard:
    """Return the card of a published model after downloading its checkpoint (resumed if it was broken off).

    Args:
        name: the id of a card with a published checkpoint, with or without "-12" or "-1" for its leads ("ecgfounder").
        leads: which of them, where `name` does not say it.
        progress: told per step; may cancel between them.
        sha256: of the file, where the card has none; kept in the user's card.
        revision: the hub's commit of 40 digits, likewise.

    Raises:
        ModelError: no such published model, nothing pinned, no connection, or a file with another checksum.
    """
    known = {card.id for card in cards.available()}
    of_leads = f"{name}-{leads}"
    card = cards.get(of_leads if name not in known and of_leads in known else name)
    if not card.checkpoint:
        raise ModelError(f"{card.id} is not published for download", where=str(card.folder / "card.json"))
    if card.sha256 and card.is_here:
        card.check_weights()
        return card
    repository, file = card.checkpoint["repository"], card.checkpoint["file"]
    where = str(card.folder / "card.json")
    sha256, revision = fetching.pinned(card.checkpoint, sha256, revision, where)
    progress(0.0, f"downloading {repository}/{file}")
    path = fetching.fetch(
        repository, revision, file, sha256, cards.user_folder().with_name("fetched"), progress
    )
    progress(0.6, "converting")
    state = networks.renamed(card.network, read_state(path))
    check_fits(state, card, path)
    source = f"{repository}/{file}, revision {revision}, sha256 {sha256}"
    pins = {**card.checkpoint, "sha256": sha256, "revision": revision}
    kept = _keep(state, replace(card, source=source, checkpoint=pins), path, progress)
    path.unlink(missing_ok=True)  # its weights are kept, the moments of its optimizer are nobody's need
    return kept


def recognise(state: State, path: Path) -> tuple[ModelCard, State]:
    """Return the card of the network that these weights belong to, and the weights under that network's names.

    The card has no folder of its own yet.

    Raises:
        ModelError: they fit none of the known networks.
    """
    for network, file in networks.every():
        if hasattr(file, "recognise"):
            own = networks.renamed(network, state)
            card = file.recognise(own, _stranger(path, "encoder", network), str(path))
            if card is not None:
                if len(card.labels) > cards.MOST_LABELS:
                    expected, found = f"{cards.MOST_LABELS:,} at most", f"{len(card.labels):,}"
                    raise ModelError("has too many outputs", where=str(path), expected=expected, found=found)
                check_fits(own, card, path)
                return card, own
    known = [str(file.CHECKPOINT) for _, file in networks.every() if hasattr(file, "CHECKPOINT")]
    raise ModelError(
        "fits none of the known networks",
        where=str(path),
        expected=", ".join(known[:-1]) + f" or {known[-1]}",
        found=", ".join(list(state)[:4]),
    )


def check_fits(state: State, card: ModelCard, path: Path) -> None:
    """Raise ModelError naming the keys that the network misses, does not know, or has in another shape."""
    try:
        differ = architectures.differences(card, state)
    except ModelError as error:  # it names a folder and a field: here it is this file, or the card beside it
        own = path.with_name("card.json")
        told = own if path.suffix == ".safetensors" and own.is_file() else path
        field = str(error.where).rpartition(": ")[2]
        raise ModelError(
            error.message, where=f"{told}: {field}", expected=error.expected, found=error.found
        ) from None
    if differ:
        more = f" and {len(differ) - 6} more" if len(differ) > 6 else ""
        raise ModelError(
            f"the weights do not fit {card.network}", where=str(path), found="; ".join(differ[:6]) + more
        )


def _stranger(path: Path, kind: cards.Kind, network: str) -> ModelCard:
    """Return the card of weights of which only the file is known; it says so in every field."""
    return ModelCard(
        id=_id_of(path),
        name="".join(part if part.isprintable() else "?" for part in path.stem),
        version="imported",
        kind=kind,
        network=network,
        licence="unknown: the imported file does not say",
        training_data="unknown: the imported file does not say",
        calibrated="not calibrated",
        intended_use="unknown: brought in by the user",
        out_of_scope="Not for diagnosis or treatment. Nothing is known of how well these weights do.",
        folder=path.parent,
        source=f"imported from {path.name}",
        notes=(
            "The order of its outputs and the preparation of its input are assumed, not stated in the file: "
            "edit card.json if they differ.",
        ),
    )


def _id_of(path: Path) -> str:
    """Return an id after the name of a file."""
    return card_text.check_id(path.stem.lower().replace("_", "-").replace(" ", "-"), f"{path.name!r}")


def _keep(state: State, card: ModelCard, path: Path, progress: Progress) -> ModelCard:
    """Write weights and card into the user's model folder, whole or not at all."""
    from safetensors.torch import save_file

    progress(0.8, f"writing {card.id}")
    folder = cards.user_folder() / card.id
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / (WEIGHTS + ".part")
    save_file({name: value.contiguous().clone() for name, value in state.items()}, part)
    sha256 = cards.sha256_of(part)
    there = folder / "card.json"
    if there.is_file() and cards.read_card(there).sha256 not in ("", sha256):
        part.unlink()
        raise ModelError(
            f"another model is already kept as {card.id}",
            where=str(folder),
            expected="another name, or remove it",
        )
    os.replace(part, folder / WEIGHTS)
    kept = replace(card, folder=folder, weights=WEIGHTS, sha256=sha256)
    card_part = folder / "card.part"
    card_part.write_text(
        json.dumps(cards.as_json(kept), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        encoding="utf-8",
    )
    os.replace(card_part, there)
    progress(1.0, f"{card.id} is ready")
    return cards.read_card(there)
