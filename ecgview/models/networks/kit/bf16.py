"""A network's second form: bf16 weights, packed once, for processors that multiply in bf16.

Half as many bytes are read for each product and twice as many products are made in one instruction (avx512_bf16,
amx). Sums stay in float32 inside each product of matrices; what goes from one layer to the next is rounded to eight
significant bits. Only asking is done in this form: gradients and training stay in float32.
"""

import copy
import platform

import torch
from torch import Tensor, nn

from ecgview.models.networks.kit.packed import pack


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
        pack(self.inner)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes) float32, for (batch, leads, samples) float32."""
        out: Tensor = self.inner(x.bfloat16()).float()
        return out
