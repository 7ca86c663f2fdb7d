"""The masked autoencoder of MTECG-T: the encoder sees a part of the segments, a light decoder predicts the others.

Source: Zhou et al., arXiv 2309.07136, as `mtecg`; the decoder's sizes are unpublished, defaults of ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ecgview.models.cards import ModelCard
from ecgview.models.networks.kit.sizes import sized, written
from ecgview.models.networks.mtecg import (
    ENCODER,
    NOT_ON_CARDS,
    Block,
    Mtecg,
    MtecgConfig,
    sizes_of,
    start_linear,
)
from ecgview.models.networks.mtecg import INPUT as INPUT
from ecgview.models.networks.mtecg import begin as begin

NAME = "MTECG-T masked autoencoder"
CHECKPOINT = "its masked autoencoder (encoder, decoder_blocks, decoder_pred)"
BODY = "mtecg"


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
            module.apply(start_linear)

    def without_decay(self) -> list[nn.Parameter]:
        """Return the mask's token and the decoder's positions; the encoder names its own."""
        return [self.mask_token, self.decoder_pos_embed]

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the prediction of every segment, (batch, segments, leads * segment samples).

        Args:
            x: (batch, leads, samples).
            mask: (batch, segments) bool, True = hidden; the same number of hidden segments in each row.
        """
        return self.encode_and_predict(x, mask)[1]

    def reconstruct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the prediction over time, (batch, leads, samples), float32; arguments as for `forward`."""
        predicted: Tensor = self(x, mask)
        return unsegment(predicted.float(), self.config.n_leads)

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


def build(card: ModelCard) -> MtecgMae:
    """Return the network of a card with starting weights."""
    return MtecgMae(sized(MtecgConfig, card, n_classes=0))


def sizes(network: MtecgMae) -> dict[str, Any]:
    """Return the sizes as a card has them; the class token's place in the head is no part of an autoencoder."""
    return written(network.config, (*NOT_ON_CARDS, "mean_pool"))


def recognise(state: Mapping[str, Tensor], stranger: ModelCard, where: str) -> ModelCard | None:
    """Return the card of an autoencoder's weights; None for others. ModelError if its sizes cannot be told."""
    if f"{ENCODER}patch_embed.proj.weight" not in state:
        return None
    config, spec = sizes_of(state, ENCODER, where)
    return replace(stranger, kind="autoencoder", config=config, input=spec)


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
