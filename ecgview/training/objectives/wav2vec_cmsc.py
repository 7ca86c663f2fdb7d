"""wav2vec 2.0 with a global contrast between two segments of one recording (methods D.3 and D.4).

The local loss asks, at each masked token, for its own code among those of other masked tokens of the same
segment. The global loss asks for the other segment of the same recording among those of the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc, Wav2vecConfig, mean_token


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """The published values."""

    mask_share: float = 0.65  # spans times length over tokens, before they overlap
    mask_length: int = 10
    fewest_spans: int = 2
    negatives: int = 100
    local_temperature: float = 0.1
    global_temperature: float = 0.1
    code_temperature: tuple[float, float, float] = (2.0, 0.5, 0.999995)  # first, last, decay per step
    diversity_weight: float = 0.1
    penalty_weight: float = 10.0
    global_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Two segments of each recording: (n, leads, samples) mV each; `owner` (n,) says whose they are."""

    first: Tensor
    second: Tensor
    owner: Tensor
    mask: Tensor  # (2n, tokens) bool, True = hidden; rows of `first`, then of `second`
    step: Tensor  # scalar: optimiser steps so far, for the quantiser's temperature


def span_mask(count: int, tokens: int, settings: ContrastSettings, generator: torch.Generator) -> Tensor:
    """Return (count, tokens) bool: spans that may overlap, the same number of tokens hidden in every row.

    The number of spans is int(share * tokens / length + u), u uniform in 0..1: 10 or 11 for 156 tokens, of which
    about 49.5 % are hidden. Rows are trimmed at random to the smallest row, so that a batch is a rectangle.
    """
    length = settings.mask_length
    share = settings.mask_share * tokens / length
    spans = max(settings.fewest_spans, int(share + float(torch.rand((), generator=generator))))
    mask = torch.zeros(count, tokens, dtype=torch.bool)
    for row in mask:
        starts = torch.randperm(tokens - length, generator=generator)[:spans]
        row[(starts[:, None] + torch.arange(length)).flatten()] = True
    fewest = int(mask.sum(1).min())
    for row in mask:
        hidden = row.nonzero()[:, 0]
        surplus = torch.randperm(len(hidden), generator=generator)[: len(hidden) - fewest]
        row[hidden[surplus]] = False
    return mask


def local_loss(said: Tensor, codes: Tensor, number: Tensor, negatives: int, temperature: float) -> Tensor:
    """Return the cross-entropy summed over masked tokens.

    Args:
        said: (batch, masked, width) predictions at the masked tokens.
        codes: (batch, masked, width) their quantised targets.
        number: (batch, masked) which code each target is: an equal one is no negative.
        negatives: how many other masked tokens of the same segment stand against each.
        temperature: of the cosines.
    """
    batch, masked, _ = said.shape
    draw = torch.randint(masked - 1, (batch, masked, negatives), device=said.device)
    # Drawn from all others but the token itself: numbers from its own on are moved up by one.
    draw = draw + (draw >= torch.arange(masked, device=said.device)[None, :, None]).to(draw.dtype)
    cosine = (
        F.normalize(said.float(), dim=-1) @ F.normalize(codes.float(), dim=-1).transpose(1, 2) / temperature
    )
    true = cosine.diagonal(dim1=1, dim2=2)[..., None]  # (batch, masked, 1)
    same = number[:, :, None] == number[:, None]  # (batch, masked, masked)
    others = torch.gather(cosine.masked_fill(same, float("-inf")), 2, draw)
    logits = torch.cat([true, others], -1).flatten(0, 1)
    return F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long), reduction="sum")


def global_loss(first: Tensor, second: Tensor, owner: Tensor, temperature: float) -> Tensor:
    """Return CMSC: how well each segment finds the other one of its recording in the batch.

    Args:
        first: (n, width) mean tokens of the first segments.
        second: (n, width) of the second ones.
        owner: (n,) recording or patient; all pairs of the same owner are positive.
        temperature: of the similarities.
    """
    one, two = (
        x.float() / x.detach().float().norm(dim=1, keepdim=True).clamp(min=1e-8) for x in (first, second)
    )
    logits = one @ two.T / temperature
    positive = owner[:, None] == owner[None]
    rows = -logits.log_softmax(1)[positive].mean()
    columns = -logits.log_softmax(0)[positive].mean()
    total: Tensor = (rows + columns) / 2
    return total


class ContrastObjective(nn.Module):
    """forward(PairBatch) -> loss per masked token: local + weights * (diversity, penalty, global)."""

    def __init__(self, config: Wav2vecConfig, settings: ContrastSettings | None = None) -> None:
        super().__init__()
        self.network = Wav2vecCmsc(config)
        self.settings = settings or ContrastSettings()
        self.mask_emb = nn.Parameter(torch.rand(config.width))
        self.code_dropout = nn.Dropout(config.dropout)

    def forward(self, batch: PairBatch) -> dict[str, Tensor]:
        """Return {"loss", "local_loss", "global_loss", "perplexity", "code_accuracy"}."""
        settings, net = self.settings, self.network
        found = net.convolve(torch.cat([batch.first, batch.second]))
        penalty = found.float().square().mean()
        seen = net.layer_norm(found)
        tokens = net.input_dropout(net.post_extract_proj(seen))
        hidden = batch.mask[..., None]
        tokens = torch.where(hidden, self.mask_emb.to(tokens.dtype), tokens)
        out = net.transform(tokens)
        count = len(out)
        at = self.code_dropout(seen)[batch.mask].reshape(count, -1, seen.shape[-1])
        first, last, decay = settings.code_temperature
        temperature = max(last, first * decay ** int(batch.step))
        codes, number, perplexity = net.quantizer(at, temperature)
        codes = net.project_q(codes)
        said = net.final_proj(out[batch.mask].reshape(count, -1, out.shape[-1]))
        size = said.shape[0] * said.shape[1]
        local = local_loss(said, codes, number, settings.negatives, settings.local_temperature) / size
        n_codes = net.quantizer.groups * net.quantizer.codes
        diversity = (n_codes - perplexity) / n_codes
        mean = mean_token(out)
        half = len(batch.first)
        across = global_loss(mean[:half], mean[half:], batch.owner, settings.global_temperature)
        loss = (
            local
            + settings.diversity_weight * diversity
            + settings.penalty_weight * penalty
            + settings.global_weight * across
        )
        return {
            "loss": loss,
            "local_loss": local.detach(),
            "global_loss": across.detach(),
            "perplexity": perplexity.detach(),
            "penalty": penalty.detach(),
        }
