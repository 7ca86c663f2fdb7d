"""The network of a card, built by its own file, and its weights; torch comes in with that file."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ecgview.errors import ModelError
from ecgview.models import networks, weights_file
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
    """Return what keeps these weights from fitting the card's network, a phrase per key.

    Raises:
        ModelError: the network cannot be built, or the card asks for one larger than these weights.
    """
    with _no_larger_than(state, f"{card.folder}: config"):
        wanted = build(card).state_dict()
    missing = [f"missing {name}" for name in wanted if name not in state]
    unknown = [f"unknown {name}" for name in state if name not in wanted]
    other = [
        f"{name} is {tuple(state[name].shape)}, not {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    ]
    kinds = [
        f"{name} holds {_words(state[name].dtype)}, not {_words(value.dtype)}"
        for name, value in wanted.items()
        if name in state and state[name].dtype != value.dtype and not _is_float(value, state[name])
    ]
    return missing + unknown + other + kinds


def _is_float(*values: "torch.Tensor") -> bool:
    """Return whether all are numbers of 16 bits or more with a fraction: only these become each other unasked.

    Whole and complex numbers would be taken silently for what they are not, and packed ones cannot be taken at all.
    """
    import torch

    known = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
    return all(value.dtype in known for value in values)


def _words(dtype: "torch.dtype") -> str:
    return str(dtype).removeprefix("torch.")


@contextlib.contextmanager
def _no_larger_than(state: Mapping[str, "torch.Tensor"], where: str) -> Iterator[None]:
    """Let networks be built in shapes alone, without memory, and end one that has more weights than there are.

    A card of a few bytes may ask for a thousand layers, or for one of a million rows. Whatever the network, its
    weights are to be those of the file: what goes far beyond them is ended at the part that does.
    """
    import torch
    from torch.nn.modules import module as hooks

    # Buffers that no file holds, and parts that are put in the place of others while a network is built, come on top.
    most_parts = 2 * len(state) + 200
    most_numbers = 2 * sum(value.numel() for value in state.values()) + 1_000_000
    parts, numbers = 0.0, 0

    def counted(_module: "torch.nn.Module", name: str, made: "torch.Tensor | None") -> None:
        nonlocal parts, numbers
        parts += 1
        numbers += 0 if made is None else made.numel()
        if parts > most_parts or numbers > most_numbers:
            raise ModelError(
                "the card asks for a larger network than the file has weights for",
                where=where,
                expected=f"about {len(state):,} weights of {(most_numbers - 1_000_000) // 2:,} numbers",
                found=f"more, at {name[:60]}",
            )

    def module_counted(_module: "torch.nn.Module", name: str, _made: "torch.nn.Module | None") -> None:
        nonlocal parts
        parts += 0.1  # activations and containers have no weights: ten of them for one
        if parts > most_parts:
            counted(_module, name, None)

    handles = (
        hooks.register_module_parameter_registration_hook(counted),
        hooks.register_module_buffer_registration_hook(counted),
        hooks.register_module_module_registration_hook(module_counted),
    )
    try:
        with torch.device("meta"):
            yield
    finally:
        for handle in handles:
            handle.remove()


def load(card: ModelCard) -> "torch.nn.Module":
    """Return the network of a card with its weights, float32, in evaluation mode.

    Raises:
        ModelError: the weights are missing, altered, or do not fit the network (the keys are named).
    """
    path = card.check_weights()
    content = weights_file.read_safetensors(path)
    if differ := differences(card, content):
        raise ModelError("the weights do not fit the network", where=str(path), found="; ".join(differ[:6]))
    state = {name: value.float() if value.is_floating_point() else value for name, value in content.items()}
    module = build(card)
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)
