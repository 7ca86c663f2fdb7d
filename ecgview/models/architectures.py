"""Which network a card names, and how it is built; torch comes in with the network's own file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecgview.errors import ModelError
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    import torch

NETWORKS = ("mtecg", "mtecg-mae", "net1d")


def build(card: ModelCard) -> "torch.nn.Module":
    """Return the network of a card with starting weights; ModelError names what is unknown."""
    if card.network == "mtecg":
        from ecgview.models.networks.mtecg import Mtecg, MtecgConfig

        return Mtecg(_config(MtecgConfig, {**card.config, "n_classes": len(card.labels)}, card))
    if card.network == "mtecg-mae":
        from ecgview.models.networks.mtecg import MtecgConfig, MtecgMae

        return MtecgMae(_config(MtecgConfig, {**card.config, "n_classes": 0}, card))
    if card.network == "net1d":
        from ecgview.models.networks.net1d import Net1d, Net1dConfig

        sizes = {"n_leads": len(card.input.leads), "n_classes": len(card.labels)}
        return Net1d(_config(Net1dConfig, {**card.config, **sizes}, card))
    raise ModelError(
        f"unknown network {card.network!r}", where=f"{card.folder}: network", expected=", ".join(NETWORKS)
    )


def _config(kind: Any, values: Mapping[str, Any], card: ModelCard) -> Any:
    try:
        return kind(**values)
    except TypeError as error:
        raise ModelError(f"unknown size ({error})", where=f"{card.folder}: config") from None


def unsegment(parts: "torch.Tensor", n_leads: int) -> "torch.Tensor":
    """Return (batch, leads, samples) from (batch, segments, leads * segment samples)."""
    from ecgview.models.networks.mtecg import unsegment as joined

    return joined(parts, n_leads)
