"""A network's second form: bf16 weights, packed once, for processors that multiply in bf16.

Half as many bytes are read for each product and twice as many products are made in one instruction (avx512_bf16,
amx). Sums stay in float32 inside each product of matrices; what goes from one layer to the next is rounded to eight
significant bits. Only asking is done in this form: gradients and training stay in float32.
"""

import copy
import platform

import torch
from torch import Tensor, nn

# oneDNN packs weights for a number of rows; MTECG-T's 200 segments and its class token are the usual one. Other
# numbers run, too, as fast as it could be measured.
ROWS = 201


def processor_multiplies_bf16() -> bool:
    """Return whether PyTorch finds instructions for bf16 products here; emulated ones are slower than float32."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False  # Macs: PyTorch has no bf16 kernels there that are faster
    if platform.machine().lower() in ("arm64", "aarch64"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    # Private by name only: there is no public question before PyTorch 2.10, and a version without them answers no.
    asked = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return any(ask is not None and ask() for ask in asked)


class InBf16(nn.Module):
    """A copy of a network in bf16 that takes and gives float32, so that it stands where the network stood."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.inner = copy.deepcopy(network).bfloat16().eval().requires_grad_(False)
        _pack(self.inner)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes) float32, for (batch, leads, samples) float32."""
        out: Tensor = self.inner(x.bfloat16()).float()
        return out


class _Packed(nn.Module):
    """A linear layer whose weights lie in the order that the product reads them in."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., out) for (..., in)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return out


def _pack(module: nn.Module) -> None:
    for name, child in module.named_children():
        if type(child) is not nn.Linear:
            _pack(child)
        elif (packed := _packed(child)) is not None:
            setattr(module, name, packed)


def _packed(layer: nn.Linear) -> _Packed | None:
    """Return a layer with its weights packed, None where this build of PyTorch packs none: it runs as it is, then."""
    try:
        weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), ROWS)
    except (AttributeError, RuntimeError):
        return None
    return _Packed(weight, None if layer.bias is None else layer.bias.detach())
