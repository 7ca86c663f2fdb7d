"""A network to be trained on labels: what its own file and the start say, with a head made anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import architectures, cards, networks
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks import PostTraining
from ecgview.training.engine import run_state

PLAIN = PostTraining()
# "local": `begin` of the network's file, ours. "released": as the published architecture starts (methods A.1).
Initialisation = Literal["local", "released"]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A network, the card that builds it again (network, sizes, input, labels), and the layer on its features."""

    network: nn.Module
    card: ModelCard
    head: nn.Linear

    @property
    def name(self) -> str:
        """What the network is called."""
        return networks.of(self.card.network).NAME

    @property
    def sizes(self) -> Mapping[str, Any]:
        """What the card says of the sizes: as its file writes them, or those that it was built with."""
        file: Any = networks.of(self.card.network)
        found: Mapping[str, Any] = file.sizes(self.network) if hasattr(file, "sizes") else self.card.config
        return found


def of(
    start: Path | None,
    labels: Sequence[str],
    *,
    otherwise: str = "mtecg",
    asked: PostTraining = PLAIN,
    sizes: Mapping[str, Any] | None = None,
    small: bool = False,
    seed: int = 0,
    initialisation: Initialisation = "local",
) -> Body:
    """Return the network that a start names, its weights but for the head, which is new.

    Args:
        start: the name of a network for random weights, the id of a model, or the folder of a run; None for random
            weights of the network `otherwise`.
        labels: of the new outputs.
        otherwise: the network where a run's weights do not say it either.
        asked: dropout and stochastic depth, where there is any.
        sizes: that go before those of the start and of the network's file.
        small: a small network for a trial, where the start does not say the sizes.
        seed: of random starting weights.
        initialisation: of weights that no start brings, where the network's file has one of its own.

    Raises:
        ModelError: no such start, a network that cannot be trained on labels or takes other leads than the twelve, or
            weights that do not fit.
    """
    card = _start(start, otherwise, small)
    file: Any = networks.of(card.network)
    card = replace(
        card,
        labels=tuple(labels),
        thresholds=(None,) * len(labels),
        config={**card.config, **(sizes or {})},
    )
    network = architectures.build(replace(card, config={**card.config, **_changed(file, asked)}))
    if hasattr(file, "begin") and initialisation == "local":
        file.begin(network, seed)
    if start is not None and not _is_random(start):
        fill(network, card.network, weights_at(start, card.network), str(start))
    return Body(network, card, network.get_submodule(file.HEAD))  # type: ignore[arg-type]


def input_of(start: Path | None, otherwise: str = "mtecg") -> InputSpec:
    """Return what the input of the network is made of that a start names; arguments and errors as for `of`."""
    return _start(start, otherwise, small=False).input


def fill(network: nn.Module, name: str, weights: Mapping[str, Tensor], where: str) -> None:
    """Put what a pre-trained model's weights hold of a network into it; its head stays.

    Args:
        network: what to fill.
        name: of the network, as cards have it.
        weights: under the names of its own file or of the model that it is the body of.
        where: told if they do not fit.

    Raises:
        ModelError: a weight is missing, unknown, or of another size.
    """
    file: Any = networks.of(name)
    head = f"{file.HEAD}."
    own = getattr(file, "carried", dict)(weights)
    kept = {name: value for name, value in own.items() if not name.startswith(head)}
    try:
        missing, unknown = network.load_state_dict(kept, strict=False)
    except RuntimeError as error:
        raise ModelError(
            "the pre-trained weights are of another size",
            where=where,
            found=str(error).splitlines()[-1].strip()[:160],
        ) from None
    if unknown or any(not name.startswith(head) for name in missing):
        found = ", ".join([*missing, *unknown][:5])
        raise ModelError("the pre-trained weights do not fit", where=where, found=found)


def weights_at(start: Path, name: str) -> dict[str, Tensor]:
    """Return the weights of a run's folder, or of the model of this id; `name` is the network that goes on from them.

    Raises:
        ModelError: there is neither, or a model whose weights are another network's.
    """
    if start.is_dir():
        return weights_of_run(start)
    card = cards.get(str(start))
    if (found := _body_of(card)) != name:
        raise ModelError(
            f"{start} is no start for {name}", where=str(card.folder), expected=name, found=found
        )
    # A network draws its starting weights even where others replace them: a run's own draws must not depend on it.
    with torch.random.fork_rng(devices=[]):
        return dict(architectures.load(card).state_dict())


def weights_of_run(folder: Path) -> dict[str, Tensor]:
    """Return the weights of the network that a run trained, without those that its objective had beside it."""
    state = run_state.last_weights(folder)
    prefix = "network."
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _start(start: Path | None, otherwise: str, small: bool) -> ModelCard:
    """Return the card of the body that a start means, with its sizes; ModelError if it cannot learn from labels."""
    card = _card_at(start, otherwise, small)
    file: Any = networks.of(card.network)
    if not hasattr(file, "HEAD"):
        raise ModelError(
            f"{file.NAME} cannot be trained on labels",
            where=str(start or otherwise),
            expected="HEAD in its file",
        )
    if card.input.leads != STANDARD_12:
        found = ", ".join(card.input.leads)
        raise ModelError("packed records have the twelve leads", where=str(start), found=found)
    return card


def _card_at(start: Path | None, otherwise: str, small: bool) -> ModelCard:
    if _is_random(start):
        return _of_its_file(otherwise if start is None else str(start), small)
    assert start is not None
    if start.is_dir():
        return _of_its_file(otherwise, small)
    card = cards.get(str(start))
    name = _body_of(card)
    return replace(card, network=name, config={**card.config, **getattr(networks.of(name), "TRAINED", {})})


def _is_random(start: Path | None) -> bool:
    return start is None or str(start) in networks.names()


def _body_of(card: ModelCard) -> str:
    """Return the network that goes on from a card's weights."""
    return str(getattr(networks.of(card.network), "BODY", card.network))


def _of_its_file(name: str, small: bool) -> ModelCard:
    """Return the card of a network as its file has it trained here."""
    file: Any = networks.of(name)
    return ModelCard(
        id=name,
        name=file.NAME,
        version="in training",
        kind="classifier",
        network=name,
        licence="MIT",
        training_data="in training",
        calibrated="not calibrated",
        intended_use="in training",
        out_of_scope="in training",
        folder=Path(name),
        input=getattr(file, "INPUT", InputSpec()),
        config={**getattr(file, "TRAINED", {}), **(getattr(file, "SMALL", {}) if small else {})},
    )


def _changed(file: Any, asked: PostTraining) -> Mapping[str, Any]:
    """Return the sizes that post-training changes in a network."""
    if not hasattr(file, "post_training"):
        if not asked.drop_path:
            return {}
        raise ModelError(
            f"{file.NAME} has no stochastic depth, so that it cannot be post-trained",
            expected='post_training in its file, or its official fine-tuning (method "baseline")',
        )
    changed: Mapping[str, Any] = file.post_training(asked)
    return changed
