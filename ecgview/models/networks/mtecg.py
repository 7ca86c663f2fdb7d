"""MTECG-T: a small transformer on 50 ms segments of the 12-lead ECG; its masked autoencoder is `mtecg_mae`.

Source: Zhou et al., arXiv 2309.07136 (Comput. Biol. Med. 196:110674, 2025); sizes and parameter names as in
the group's released architecture, so that public checkpoints load. What the paper leaves open is named a
default of ours below.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks import PostTraining
from ecgview.models.networks.kit import outputs, packed
from ecgview.models.networks.kit.drop_path import DropPath, DropPathRule, drop_path_rates
from ecgview.models.networks.kit.sizes import sized, written
from ecgview.models.segments import PUBLISHED_SAMPLES

NAME = "MTECG-T"
HEAD = "head"
# Five units per mV: signals of about unit deviation beside the positions.
INPUT = InputSpec(leads=STANDARD_12, filter="bandpass-0.5-40", scale=5.0)
# With few labels the mean of the segments learns sooner than the class token. A choice of ours.
TRAINED = {"mean_pool": True}
SMALL = {"depth": 2}
CHECKPOINT = "MTECG (patch_embed, blocks, head)"
ENCODER = "encoder."  # before the names of the encoder's weights in the masked autoencoder
# The card's leads and labels say the first two; stochastic depth rests outside training.
NOT_ON_CARDS = ("n_leads", "n_classes", "drop_path", "drop_path_rule")
_LONGEST_PERIOD = 200.0  # of the sine positions, in segments
_HEAD_WIDTH = 64  # of one attention head, in the released sizes
_RATE_HZ = 500.0


@dataclass(frozen=True, slots=True)
class MtecgConfig:
    """Sizes of the network.

    Encoder values are the released ones. `mean_pool` (head on the mean of the segment tokens) is an option
    of the released code, off there. The decoder's width and heads are unpublished: defaults of ours.
    """

    n_leads: int = 12
    n_samples: int = 5000
    segment_samples: int = PUBLISHED_SAMPLES
    width: int = 192
    depth: int = 12
    n_heads: int = 3
    mlp_ratio: float = 4.0
    n_classes: int = 71
    drop_path: float = 0.0
    drop_path_rule: DropPathRule = "linear"
    mean_pool: bool = False
    decoder_width: int = 128
    decoder_depth: int = 1
    decoder_heads: int = 4

    @property
    def n_segments(self) -> int:
        """Number of segments, 200 for 10 s at 500 Hz."""
        return self.n_samples // self.segment_samples


class Attention(nn.Module):
    """Multi-head self-attention over tokens."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.n_heads, width // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, tokens, head width)
        mixed = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return out


class Mlp(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Pre-norm transformer block with DropPath on both branches."""

    def __init__(self, width: int, n_heads: int, mlp_ratio: float, drop_path: float = 0.0) -> None:
        super().__init__()
        # The released architecture's epsilon, ten times below PyTorch's: public weights were trained with
        # it.
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, n_heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        out: Tensor = x + self.drop_path(self.mlp(self.norm2(x)))
        return out

    def packed(self) -> nn.Module | None:
        """Return the block in the form that only answers; None where nothing can be packed."""
        qkv, proj, fc1, fc2 = self.attn.qkv, self.attn.proj, self.mlp.fc1, self.mlp.fc2
        weight: Tensor = qkv.weight
        bias: Tensor = qkv.bias
        written_out = weight.dtype == torch.bfloat16
        if (
            written_out
        ):  # what queries are divided by is in their weights, then: by 8, so that nothing is rounded
            scale = torch.ones_like(bias)
            scale[: weight.shape[1]] = (weight.shape[1] // self.attn.n_heads) ** -0.5
            weight, bias = weight * scale[:, None], bias * scale
        layers = (
            packed.linear(weight, bias),
            *(packed.linear(one.weight, one.bias) for one in (proj, fc1, fc2)),
        )
        whole = [one for one in layers if one is not None]
        if len(whole) < len(layers):
            return None
        return _PackedBlock(self.norm1, self.norm2, whole, self.attn.n_heads, written_out)


class PatchEmbed(nn.Module):
    """One token per segment: all leads of 25 samples together."""

    def __init__(self, config: MtecgConfig) -> None:
        super().__init__()
        kernel = (config.n_leads, config.segment_samples)
        self.proj = nn.Conv2d(1, config.width, kernel_size=kernel, stride=kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, segments, width) for (batch, 1, leads, samples)."""
        out: Tensor = self.proj(x).flatten(2).transpose(1, 2)
        return out

    def packed(self) -> nn.Module | None:
        """Return the same as one linear layer; None where nothing can be packed."""
        made = packed.linear(self.proj.weight.flatten(1), self.proj.bias)
        return None if made is None else _PackedEmbed(made, self.proj.kernel_size[1])


class _PackedBlock(nn.Module):
    """A block that only answers: each sum and GELU is part of the product before it."""

    def __init__(
        self, norm1: nn.Module, norm2: nn.Module, layers: list[packed.Linear], n_heads: int, written_out: bool
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm1, norm2
        self.qkv, self.proj, self.fc1, self.fc2 = layers
        self.n_heads, self.written_out = n_heads, written_out

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.n_heads, width // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, tokens, head width)
        if self.written_out:
            mixed = _written_out(query, key, value)
        else:
            mixed = F.scaled_dot_product_attention(query, key, value)
        x = self.proj.added(mixed.transpose(1, 2).reshape(batch, tokens, width), x)
        return self.fc2.added(self.fc1.gelu(self.norm2(x)), x)


def _written_out(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return attention as two products: in bf16 a third faster than PyTorch's fused kernel for processors."""
    batch, heads, tokens, width = query.shape
    query, key, value = (x.reshape(batch * heads, tokens, width) for x in (query, key, value))
    weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)), dim=-1)
    return torch.bmm(weights, value).view(batch, heads, tokens, width)


class _PackedEmbed(nn.Module):
    """Segments as rows of one product."""

    def __init__(self, layer: packed.Linear, samples: int) -> None:
        super().__init__()
        self.layer, self.samples = layer, samples

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, segments, width) for (batch, 1, leads, samples)."""
        batch, _, leads, count = x.shape
        segments = count // self.samples
        x = x[:, 0, :, : segments * self.samples].reshape(batch, leads, segments, self.samples)
        out: Tensor = self.layer(x.transpose(1, 2).reshape(batch, segments, leads * self.samples))
        return out


def start_linear(module: nn.Module) -> None:
    """Give a layer its starting weights: truncated normals, no bias, no shift."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


class Mtecg(nn.Module):
    """The encoder with its classification head; input (batch, leads, samples) in the card's units."""

    def __init__(self, config: MtecgConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MtecgConfig()
        self.patch_embed = PatchEmbed(config)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, config.n_segments + 1, config.width))
        rates = drop_path_rates(config.drop_path, config.depth, config.drop_path_rule)
        self.blocks = nn.ModuleList(
            Block(config.width, config.n_heads, config.mlp_ratio, rate) for rate in rates
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, config.n_classes) if config.n_classes else nn.Identity()
        # Learned positions; those of the masked autoencoder are learned as well (methods A).
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(start_linear)

    def encode(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """Return normalised tokens, (batch, 1 + segments seen, width), class token first.

        Args:
            x: (batch, leads, samples).
            visible: (batch, n) indices of the segments that are seen; all of them when None.
        """
        tokens = self.patch_embed(x[:, None]) + self.pos_embed[:, 1:]  # (batch, segments, width)
        if visible is not None:
            tokens = torch.gather(tokens, 1, visible[..., None].expand(-1, -1, tokens.shape[-1]))
        cls = (self.cls_token + self.pos_embed[:, :1]).expand(tokens.shape[0], -1, -1)
        tokens = torch.cat([cls, tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        out: Tensor = self.norm(tokens)
        return out

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the embeddings, then each block; norm and head come after (MAE's rule for rates by layer)."""
        embeddings = [self.cls_token, self.pos_embed, *self.patch_embed.parameters()]
        return [embeddings, *([*block.parameters()] for block in self.blocks)]

    def without_decay(self) -> list[nn.Parameter]:
        """Return the class token and the positions."""
        return [self.cls_token, self.pos_embed]

    def forward_features(self, x: Tensor) -> Tensor:
        """Return what the head sees, (batch, width)."""
        return self._pooled(self.encode(x))

    def forward_part(self, x: Tensor, share: float) -> Tensor:
        """Return what the head sees of a random share of the segments, (batch, width); others in each row."""
        count = max(1, round(share * self.config.n_segments))
        order = torch.rand(len(x), self.config.n_segments, device=x.device).argsort(1)
        return self._pooled(self.encode(x, order[:, :count].sort(1).values))

    def _pooled(self, tokens: Tensor) -> Tensor:
        return tokens[:, 1:].mean(1) if self.config.mean_pool else tokens[:, 0]

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        out: Tensor = self.head(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes), for (batch, leads, samples)."""
        return self.forward_head(self.forward_features(x))


def build(card: ModelCard) -> Mtecg:
    """Return the network of a card with starting weights."""
    return Mtecg(sized(MtecgConfig, card, n_classes=len(card.labels)))


@torch.no_grad()
def begin(network: nn.Module, seed: int) -> None:
    """Give an encoder, and a decoder beside it, starting weights that learn from a few thousand ECGs. Choices of ours.

    The released network starts from truncated normals; with 2,700 records the masked loss then stays on a plateau
    for thousands of steps. Two known remedies: sine and cosine positions, and queries equal to keys so that
    attention is local at first ("mimetic" initialisation, Trockman and Kolter, arXiv 2305.09828).
    """
    generator = torch.Generator().manual_seed(seed)
    for name, positions in network.named_parameters():
        if name.endswith("pos_embed"):
            positions.copy_(_sine_positions(*positions.shape[1:]))
    for attention in network.modules():
        if isinstance(attention, Attention):
            _local(attention, generator)


def _sine_positions(count: int, width: int) -> Tensor:
    """Return (1, count, width) sine and cosine positions."""
    position = torch.arange(count)[:, None].float()
    frequency = torch.exp(torch.arange(width // 2) * (-math.log(_LONGEST_PERIOD) / (width // 2)))[None]
    return torch.cat([torch.sin(position * frequency), torch.cos(position * frequency)], dim=1)[None]


def _local(attention: Attention, generator: torch.Generator) -> None:
    """Give an attention equal orthonormal queries and keys, values near half the identity."""
    width = attention.qkv.weight.shape[1]
    size = width // attention.n_heads
    for head in range(attention.n_heads):
        rows = torch.linalg.qr(torch.randn(width, size, generator=generator))[0].T
        attention.qkv.weight[head * size : (head + 1) * size] = rows
        attention.qkv.weight[width + head * size : width + (head + 1) * size] = rows
    value = 0.5 * torch.randn(width, width, generator=generator) / width**0.5 + 0.5 * torch.eye(width)
    attention.qkv.weight[2 * width :] = value
    attention.proj.weight.copy_(0.3 * value.T)


def sizes(network: Mtecg) -> dict[str, Any]:
    """Return the sizes as a card has them; a classifier has no decoder."""
    decoder = ("decoder_width", "decoder_depth", "decoder_heads")
    return written(network.config, (*NOT_ON_CARDS, *decoder))


def post_training(asked: PostTraining) -> dict[str, Any]:
    """Return the sizes that post-training changes: stochastic depth over the blocks. Dropout stands before the head."""
    return {"drop_path": asked.drop_path, "drop_path_rule": asked.drop_path_rule}


def carried(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the encoder of an autoencoder's weights; those of a classifier are the encoder's already."""
    if not any(name.startswith(ENCODER) for name in state):
        return dict(state)
    return {name.removeprefix(ENCODER): value for name, value in state.items() if name.startswith(ENCODER)}


def recognise(state: Mapping[str, Tensor], stranger: ModelCard, where: str) -> ModelCard | None:
    """Return the card of an encoder with its head; None for others.

    Raises:
        ModelError: it has no head, or its sizes cannot be told.
    """
    if "patch_embed.proj.weight" not in state:
        return None
    config, spec = sizes_of(state, "", where)
    if "head.weight" not in state:
        raise ModelError("is an encoder without a head: it gives no statements", where=where)
    label_set, labels = outputs.named(int(state["head.weight"].shape[0]))
    return replace(
        stranger,
        kind="classifier",
        config=config,
        input=spec,
        label_set=label_set,
        labels=labels,
        thresholds=(None,) * len(labels),
    )


def sizes_of(state: Mapping[str, Tensor], prefix: str, where: str) -> tuple[dict[str, Any], InputSpec]:
    """Return the sizes and the input of the encoder whose weights begin with `prefix`.

    Raises:
        ModelError: they tell no sizes, or those of another number of leads.
    """
    try:
        width, _, n_leads, segment_samples = state[f"{prefix}patch_embed.proj.weight"].shape
        n_segments = state[f"{prefix}pos_embed"].shape[1] - 1
    except (KeyError, ValueError, IndexError):
        raise ModelError("has no MTECG embedding", where=where, expected="pos_embed, patch_embed") from None
    if n_leads != len(STANDARD_12):
        raise ModelError("MTECG takes the standard twelve leads", where=where, found=str(n_leads))
    blocks = {name.split(".")[prefix.count(".") + 1] for name in state if name.startswith(f"{prefix}blocks.")}
    n_samples = segment_samples * n_segments
    config = {
        "n_samples": n_samples,
        "segment_samples": segment_samples,
        "width": width,
        "depth": len(blocks),
        "n_heads": max(1, width // _HEAD_WIDTH),
    }
    return config, InputSpec(leads=STANDARD_12, sampling_rate_hz=_RATE_HZ, seconds=n_samples / _RATE_HZ)
