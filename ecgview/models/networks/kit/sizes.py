"""The sizes of a network as its card gives them."""

from collections.abc import Callable
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
