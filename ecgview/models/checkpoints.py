"""Bring models in: published checkpoints and safetensors files become a model folder with a card."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import _wav2vec_card, architectures, card_text, cards
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.weights_file import State, read_state
from ecgview.progress import Progress, silent

WEIGHTS = "weights.safetensors"


def import_file(path: Path, model_id: str = "", progress: Progress = silent) -> ModelCard:
    """Return the card of a model made from a checkpoint (.pth, .pt) or a .safetensors file.

    A `card.json` beside a .safetensors file is taken over. Otherwise the network is told from the names and
    shapes of the weights: ECGFounder's Net1D with 12 leads or 1, MTECG-T's encoder with a head, or its
    masked autoencoder. The model lands in the user's model folder.

    Args:
        path: the file.
        model_id: a name of the user's choice; empty for the published or the file's name.
        progress: told per step; may cancel.

    Raises:
        ModelError: not a checkpoint, holds more than weights, or fits none of the networks (keys are named).
    """
    progress(0.0, f"reading {path.name}")
    own = path.with_name("card.json")
    state = read_state(path)
    if any(name.endswith(_wav2vec_card.MARK) for name in state):
        state = _wav2vec_card.renamed(state)
    progress(0.5, "comparing with the known networks")
    has_card = path.suffix == ".safetensors" and own.is_file()
    field = f"{own}: id" if has_card else path.name
    if has_card:
        card = cards.read_card(own)
        check_fits(state, card, path)
    else:
        card = recognise(state, path)
    name = card_text.check_id(model_id or card.id, "--id" if model_id else field)
    _refuse_shipped(name, "--id" if model_id else field, brings=None if has_card else card)
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


def fetch(name: str = "ecgfounder", leads: int = 12, progress: Progress = silent) -> ModelCard:
    """Return the card of a published model after downloading its checkpoint (resumed if it was broken off).

    Args:
        name: "ecgfounder", or the id of a card with a published checkpoint.
        leads: 12 or 1, where `name` is "ecgfounder".
        progress: told per step; may cancel between them.

    Raises:
        ModelError: no such published model, no connection, or a file with another checksum.
    """
    card = cards.get(f"ecgfounder-{leads}" if name == "ecgfounder" else name)
    if not card.checkpoint:
        raise ModelError(f"{card.id} is not published for download", where=str(card.folder / "card.json"))
    if card.sha256 and card.is_here:
        card.check_weights()
        return card
    repository, file = card.checkpoint["repository"], card.checkpoint["file"]
    progress(0.0, f"downloading {repository}/{file}")
    path, published = _download(repository, file)
    found = cards.sha256_of(path)
    wanted = card.checkpoint.get("sha256", published)
    if wanted and found != wanted:
        path.resolve().unlink()  # or the next attempt would find it in the hub's cache
        raise ModelError("the downloaded file is damaged", where=str(path), expected=wanted, found=found)
    progress(0.6, "converting")
    state = read_state(path)
    check_fits(state, card, path)
    source = f"{repository}/{file}, sha256 {found}"
    return _keep(state, replace(card, source=source), path, progress)


def _download(repository: str, file: str) -> tuple[Path, str]:
    """Return the file in the hub's cache and the checksum that the hub names, empty where it names none."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    # Without a connection the hub's HTTP library raises errors of its own, and which library differs by version.
    ancestors = HfHubHTTPError.__mro__
    told: tuple[type[BaseException], ...] = (OSError, ValueError, RuntimeError)
    told += tuple(k for k in ancestors if issubclass(k, Exception) and k.__name__ == "HTTPError")
    try:
        published = get_hf_file_metadata(hf_hub_url(repository, file)).etag or ""
        path = Path(hf_hub_download(repository, file))
    except told as error:
        raise ModelError(
            "could not be downloaded; check the connection, or fetch the file elsewhere and bring it with"
            f" `ecgview models import {file}`",
            where=f"https://huggingface.co/{repository}/blob/main/{file}",
            found=str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__,
        ) from None
    is_sha256 = len(published) == 64 and set(published) <= set("0123456789abcdef")
    return path, published if is_sha256 else ""


def recognise(state: State, path: Path) -> ModelCard:
    """Return the card of the network that these weights belong to, before it has a folder of its own.

    Raises:
        ModelError: they fit none of the known networks.
    """
    if "first_conv.conv.weight" in state and "dense.weight" in state:
        card = _net1d_card(state, path)
    elif "encoder.patch_embed.proj.weight" in state:
        card = _mtecg_card(state, path, "encoder.")
    elif "patch_embed.proj.weight" in state:
        card = _mtecg_card(state, path, "")
    elif _wav2vec_card.MARK in state:
        card = _wav2vec_card.describe(state, _stranger(path, "encoder", "wav2vec-cmsc"))
    else:
        raise ModelError(
            "fits none of the known networks",
            where=str(path),
            expected="ECGFounder (first_conv, stage_list, dense), MTECG (patch_embed, blocks, head) or the "
            "lead-agnostic network (feature_extractor, encoder, conv_pos)",
            found=", ".join(list(state)[:4]),
        )
    check_fits(state, card, path)
    return card


def check_fits(state: State, card: ModelCard, path: Path) -> None:
    """Raise ModelError naming the keys that the network misses, does not know, or has in another shape."""
    differ = architectures.differences(card, state)
    if differ:
        more = f" and {len(differ) - 6} more" if len(differ) > 6 else ""
        raise ModelError(
            f"the weights do not fit {card.network}", where=str(path), found="; ".join(differ[:6]) + more
        )


def _net1d_card(state: State, path: Path) -> ModelCard:
    n_leads = int(state["first_conv.conv.weight"].shape[1])
    n_classes = int(state["dense.weight"].shape[0])
    if n_leads not in (1, 12):
        raise ModelError("Net1D takes 12 leads or 1", where=str(path), found=str(n_leads))
    published = cards.get(f"ecgfounder-{n_leads}")
    if n_classes == len(published.labels):
        return replace(published, source=f"imported from {path.name}")
    unnamed = _unnamed_outputs(n_classes)
    return replace(
        _stranger(path, "classifier", "net1d"),
        input=published.input,
        labels=unnamed,
        thresholds=(None,) * n_classes,
    )


@dataclass(frozen=True, slots=True)
class _MtecgSizes:
    width: int
    n_leads: int
    segment_samples: int
    n_segments: int
    depth: int


def _mtecg_sizes(state: State, prefix: str, path: Path) -> _MtecgSizes:
    try:
        width, _, n_leads, segment_samples = state[f"{prefix}patch_embed.proj.weight"].shape
        n_segments = state[f"{prefix}pos_embed"].shape[1] - 1
    except (KeyError, ValueError, IndexError):
        raise ModelError(
            "has no MTECG embedding", where=str(path), expected="pos_embed, patch_embed"
        ) from None
    blocks = {name.split(".")[prefix.count(".") + 1] for name in state if name.startswith(f"{prefix}blocks.")}
    return _MtecgSizes(width, n_leads, segment_samples, n_segments, len(blocks))


def _mtecg_card(state: State, path: Path, prefix: str) -> ModelCard:
    sizes = _mtecg_sizes(state, prefix, path)
    if sizes.n_leads != len(STANDARD_12):
        raise ModelError("MTECG takes the standard twelve leads", where=str(path), found=str(sizes.n_leads))
    n_samples = sizes.segment_samples * sizes.n_segments
    config = {
        "n_samples": n_samples,
        "segment_samples": sizes.segment_samples,
        "width": sizes.width,
        "depth": sizes.depth,
        "n_heads": max(1, sizes.width // 64),
    }
    spec = InputSpec(leads=STANDARD_12, sampling_rate_hz=500.0, seconds=n_samples / 500.0)
    if prefix:
        return replace(_stranger(path, "autoencoder", "mtecg-mae"), config=config, input=spec)
    if "head.weight" not in state:
        raise ModelError("is an encoder without a head: it gives no statements", where=str(path))
    n_classes = int(state["head.weight"].shape[0])
    label_set, labels = _ptbxl_labels() if n_classes == 71 else ("", _unnamed_outputs(n_classes))
    return replace(
        _stranger(path, "classifier", "mtecg"),
        config=config,
        input=spec,
        label_set=label_set,
        labels=labels,
        thresholds=(None,) * n_classes,
    )


def _ptbxl_labels() -> tuple[str, tuple[str, ...]]:
    from ecgview.labels import label_set

    return "ptbxl71", tuple(statement.code for statement in label_set.load("ptbxl71").statements)


def _unnamed_outputs(count: int) -> tuple[str, ...]:
    return tuple(f"output {k + 1}" for k in range(count))


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
        json.dumps(cards.as_json(kept), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    os.replace(card_part, there)
    progress(1.0, f"{card.id} is ready")
    return cards.read_card(there)
