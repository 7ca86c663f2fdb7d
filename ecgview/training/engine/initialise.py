"""Starting weights that let a small transformer learn from a few thousand ECGs. Choices of ours.

The released network starts from truncated normals; with 2,700 records the masked loss then stays on a plateau
for thousands of steps. Two known remedies: sine and cosine positions, and queries equal to keys so that
attention is local at first ("mimetic" initialisation, Trockman and Kolter, arXiv 2305.09828).
"""

import math

import torch
from torch import Tensor, nn

from ecgview.models.networks.mtecg import Attention, Mtecg
from ecgview.models.networks.mtecg_mae import MtecgMae

LONGEST_PERIOD = 200.0


def sine_positions(count: int, width: int) -> Tensor:
    """Return (1, count, width) sine and cosine positions."""
    position = torch.arange(count)[:, None].float()
    frequency = torch.exp(torch.arange(width // 2) * (-math.log(LONGEST_PERIOD) / (width // 2)))[None]
    return torch.cat([torch.sin(position * frequency), torch.cos(position * frequency)], dim=1)[None]


@torch.no_grad()
def local_attention(module: nn.Module, generator: torch.Generator) -> None:
    """Give every attention equal orthonormal queries and keys, values near half the identity."""
    for attention in module.modules():
        if not isinstance(attention, Attention):
            continue
        width = attention.qkv.weight.shape[1]
        size = width // attention.n_heads
        for head in range(attention.n_heads):
            rows = torch.linalg.qr(torch.randn(width, size, generator=generator))[0].T
            attention.qkv.weight[head * size : (head + 1) * size] = rows
            attention.qkv.weight[width + head * size : width + (head + 1) * size] = rows
        value = 0.5 * torch.randn(width, width, generator=generator) / width**0.5 + 0.5 * torch.eye(width)
        attention.qkv.weight[2 * width :] = value
        attention.proj.weight.copy_(0.3 * value.T)


@torch.no_grad()
def start_small(network: Mtecg | MtecgMae, seed: int) -> None:
    """Initialise positions and attention of an encoder, and of its decoder where there is one."""
    generator = torch.Generator().manual_seed(seed)
    encoder = network.encoder if isinstance(network, MtecgMae) else network
    encoder.pos_embed.copy_(sine_positions(*encoder.pos_embed.shape[1:]))
    if isinstance(network, MtecgMae):
        network.decoder_pos_embed.copy_(sine_positions(*network.decoder_pos_embed.shape[1:]))
    local_attention(network, generator)
