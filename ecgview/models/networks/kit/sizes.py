"""The sizes of a network: from its card, and for one."""

from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any, TypeVar

from ecgview.errors import ModelError
from ecgview.models.cards import ModelCard

Config = TypeVar("Config")


def sized(kind: Callable[..., Config], card: ModelCard, **own: Any) -> Config:
    """Return a network's configuration: what the card's `config` says, and what follows from the card's other fields.

    Args:
        kind: the dataclass of the sizes.
        card: of the network.
        own: values that the card's `config` cannot change.

    Raises:
        ModelError: the card names a size that this network has not.
    """
    try:
        return kind(**{**card.config, **own})
    except TypeError as error:
        raise ModelError(f"unknown size ({error})", where=f"{card.folder}: config") from None


def written(config: Any, besides: Collection[str]) -> dict[str, Any]:
    """Return a configuration as a card's `config`: every size, so that no later default changes what is built.

    Args:
        config: the dataclass of the sizes.
        besides: what the card says elsewhere (leads, outputs), and what acts in training alone.
    """
    found = {field.name: getattr(config, field.name) for field in fields(config) if field.name not in besides}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
