"""MTECG-T: a small transformer on 50 ms segments of the 12-lead ECG, and its masked autoencoder.

Source: Zhou et al., arXiv 2309.07136 (Comput. Biol. Med. 196:110674, 2025); sizes and parameter names as in
the group's released architecture, so that public checkpoints load. What the paper leaves open is named a
default of ours below.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.models.networks.drop_path import DropPath, DropPathRule, drop_path_rates
from ecgview.models.segments import PUBLISHED_SAMPLES


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


def _init_weights(module: nn.Module) -> None:
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
        self.apply(_init_weights)

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

    def forward_features(self, x: Tensor) -> Tensor:
        """Return what the head sees, (batch, width)."""
        tokens = self.encode(x)
        return tokens[:, 1:].mean(1) if self.config.mean_pool else tokens[:, 0]

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        out: Tensor = self.head(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes), for (batch, leads, samples)."""
        return self.forward_head(self.forward_features(x))


class MtecgMae(nn.Module):
    """Encoder on the visible segments, light decoder that predicts the hidden ones."""

    def __init__(self, config: MtecgConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MtecgConfig(n_classes=0)
        self.encoder = Mtecg(config)
        self.decoder_embed = nn.Linear(config.width, config.decoder_width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, config.decoder_width))
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, config.n_segments + 1, config.decoder_width))
        self.decoder_blocks = nn.ModuleList(
            Block(config.decoder_width, config.decoder_heads, config.mlp_ratio)
            for _ in range(config.decoder_depth)
        )
        self.decoder_norm = nn.LayerNorm(config.decoder_width, eps=1e-6)
        self.decoder_pred = nn.Linear(config.decoder_width, config.n_leads * config.segment_samples)
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        nn.init.trunc_normal_(self.decoder_pos_embed, std=0.02)
        for module in (self.decoder_embed, self.decoder_blocks, self.decoder_norm, self.decoder_pred):
            module.apply(_init_weights)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the prediction of every segment, (batch, segments, leads * segment samples).

        Args:
            x: (batch, leads, samples).
            mask: (batch, segments) bool, True = hidden; the same number of hidden segments in each row.
        """
        return self.encode_and_predict(x, mask)[1]

    def encode_and_predict(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the visible tokens, (batch, 1 + visible, width), and the prediction of every segment."""
        batch, segments = mask.shape
        # Stable, so that the tokens seen stay in the order of time and batches of one and of many agree.
        order = torch.argsort(mask.to(torch.int8), dim=1, stable=True)  # visible first, in time order
        n_visible = segments - int(mask[0].sum())
        encoded = self.encoder.encode(x, order[:, :n_visible])
        visible = self.decoder_embed(encoded)
        width = visible.shape[-1]
        hidden = self.mask_token.to(visible.dtype).expand(batch, segments - n_visible, -1)
        tokens = torch.cat([visible[:, 1:], hidden], dim=1)
        back = torch.argsort(order, dim=1)[..., None].expand(-1, -1, width)
        tokens = torch.cat([visible[:, :1], torch.gather(tokens, 1, back)], dim=1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            tokens = block(tokens)
        return encoded, self.decoder_pred(self.decoder_norm(tokens))[:, 1:]


def segment(x: Tensor, segment_samples: int) -> Tensor:
    """Return (batch, segments, leads * segment_samples) for (batch, leads, samples)."""
    batch, leads, samples = x.shape
    count = samples // segment_samples
    parts = x[..., : count * segment_samples].reshape(batch, leads, count, segment_samples)
    return parts.transpose(1, 2).reshape(batch, count, leads * segment_samples)


def unsegment(parts: Tensor, n_leads: int) -> Tensor:
    """Return (batch, leads, samples) for (batch, segments, leads * segment_samples)."""
    batch, count, values = parts.shape
    return parts.reshape(batch, count, n_leads, values // n_leads).transpose(1, 2).reshape(batch, n_leads, -1)
