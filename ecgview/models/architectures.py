"""The network of a card, built by its own file, and its weights; torch comes in with that file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecgview.errors import ModelError
from ecgview.models import networks
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    import torch


def known() -> tuple[str, ...]:
    """Return the networks by the names that cards give them; nothing heavy is imported."""
    return networks.names()


def faults() -> dict[str, str]:
    """Return why networks cannot be used, by name, those alone; each is imported for it, torch first."""
    return networks.faults()


def build(card: ModelCard) -> "torch.nn.Module":
    """Return the network of a card with starting weights; ModelError names what is unknown."""
    file = networks.of(card.network, where=f"{card.folder}: network")
    try:
        return file.build(card)
    except ModelError:
        raise
    except Exception as error:  # sizes of a wrong kind, or a file of others
        raise ModelError(
            f"the network {card.network} cannot be built ({type(error).__name__}: {error})",
            where=f"{card.folder}: config",
        ) from None


def differences(card: ModelCard, state: Mapping[str, "torch.Tensor"]) -> list[str]:
    """Return what keeps these weights from fitting the card's network, a phrase per key."""
    wanted = build(card).state_dict()
    missing = [f"missing {name}" for name in wanted if name not in state]
    unknown = [f"unknown {name}" for name in state if name not in wanted]
    other = [
        f"{name} is {tuple(state[name].shape)}, not {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    ]
    return missing + unknown + other


def load(card: ModelCard) -> "torch.nn.Module":
    """Return the network of a card with its weights, float32, in evaluation mode.

    Raises:
        ModelError: the weights are missing, altered, or do not fit the network (the keys are named).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = card.check_weights()
    try:
        content = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"is not a safetensors file ({error})", where=str(path)) from None
    state = {name: value.float() if value.is_floating_point() else value for name, value in content.items()}
    if differ := differences(card, state):
        raise ModelError("the weights do not fit the network", where=str(path), found="; ".join(differ[:6]))
    module = build(card)
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)
