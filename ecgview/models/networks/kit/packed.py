"""Layers in a form that only answers: weights packed once in the order that products read them in.

What follows a product is done while its result is still at hand: GELU, or the sum with what goes past a block. Nothing
of it can be trained or differentiated. A network's own part may have such a form as a whole (`Packable`).
"""

import copy
import platform
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

# oneDNN packs weights for a number of rows; MTECG-T's 200 segments and its class token are the usual one. Other
# numbers run, too, as fast as it could be measured.
ROWS = 201


@runtime_checkable
class Packable(Protocol):
    """A part of a network that has a packed form of its own."""

    def packed(self) -> nn.Module | None:
        """Return that form, None where this build of PyTorch packs nothing: the part runs as it is, then."""


class Linear(nn.Module):
    """A packed linear layer, alone or with what follows it."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., out) for (..., in)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return out

    def gelu(self, x: Tensor) -> Tensor:
        """Return GELU, by the error function, of what the layer makes of (..., in)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "gelu", [], "none")
        return out

    def added(self, x: Tensor, other: Tensor) -> Tensor:
        """Return the sum of what the layer makes of (..., in) and `other`, (..., out)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self.weight, self.bias, "add")
        return out


def linear(weight: Tensor, bias: Tensor | None) -> Linear | None:
    """Return a layer of these weights, (out, in), packed; None where this build of PyTorch packs none."""
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), ROWS)
    except (AttributeError, RuntimeError):
        return None
    return Linear(packed, None if bias is None else bias.detach())


def pack(module: nn.Module) -> None:
    """Replace what has a packed form, in place."""
    for name, child in module.named_children():
        if isinstance(child, Packable):
            made = child.packed()
        elif type(child) is nn.Linear:
            made = linear(child.weight, child.bias)
        else:
            made = None
        if made is not None:
            setattr(module, name, made)
        else:
            pack(child)


def to_answer(network: nn.Module) -> nn.Module:
    """Return a copy of a float32 network that only answers, packed where this processor gains by it."""
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    # Measured on x86 alone; elsewhere PyTorch's own products may be the faster ones.
    if platform.machine().lower() in ("x86_64", "amd64") and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        pack(copied)
    return copied
