"""Which network a card names, and how it is built; torch comes in with the network's own file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecgview.errors import ModelError
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    import torch

NETWORKS = ("mtecg", "mtecg-mae", "net1d", "random-kernels", "wav2vec-cmsc")


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
    if card.network == "random-kernels":
        from ecgview.models.networks.random_kernels import RandomKernels, RandomKernelsConfig

        return RandomKernels(
            _config(RandomKernelsConfig, {**card.config, "n_classes": len(card.labels)}, card)
        )
    if card.network == "wav2vec-cmsc":
        from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc, Wav2vecConfig

        sizes = {"n_leads": len(card.input.leads), "n_classes": len(card.labels)}
        return Wav2vecCmsc(_config(Wav2vecConfig, {**card.config, **sizes}, card))
    raise ModelError(
        f"unknown network {card.network!r}", where=f"{card.folder}: network", expected=", ".join(NETWORKS)
    )


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


def _config(kind: Any, values: Mapping[str, Any], card: ModelCard) -> Any:
    try:
        return kind(**values)
    except TypeError as error:
        raise ModelError(f"unknown size ({error})", where=f"{card.folder}: config") from None


def unsegment(parts: "torch.Tensor", n_leads: int) -> "torch.Tensor":
    """Return (batch, leads, samples) from (batch, segments, leads * segment samples)."""
    from ecgview.models.networks.mtecg import unsegment as joined

    return joined(parts, n_leads)
