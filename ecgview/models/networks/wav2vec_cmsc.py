"""The lead-agnostic network: wav2vec 2.0 with a global contrast (CMSC), for any set of leads.

Source: Oh et al., CHIL 2022, arXiv 2203.06889; sizes, layers and parameter names as the authors publish them, so
that public checkpoints load (methods D.2 and D.3). A missing lead is a row of zeros: the input has always twelve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks.kit import outputs
from ecgview.models.networks.kit.sizes import sized, written

NAME = "wav2vec 2.0 + CMSC"
HEAD = "proj"
TRAINED = {"pretraining_heads": False}  # the quantiser and its projections have no part in an answer
CHECKPOINT = "the lead-agnostic network (feature_extractor, encoder, conv_pos)"
# What is trained here answers 5 s crops; a lead that a record has not is a row of zeros.
INPUT = InputSpec(leads=STANDARD_12, sampling_rate_hz=500.0, seconds=5.0, lead_agnostic=True)
_MARK = "feature_extractor.conv_layers.0.0.weight"
_PREFIXES = ("encoder.w2v_model.", "w2v_model.", "model.")
_HEAD_WIDTH = 64  # of one attention head, in the published sizes


@dataclass(frozen=True, slots=True)
class Wav2vecConfig:
    """Sizes of the network; the defaults are the published ones. `n_classes` 0 leaves the head out."""

    n_leads: int = 12
    conv_width: int = 256
    conv_layers: int = 4
    width: int = 768
    depth: int = 12
    n_heads: int = 12
    hidden: int = 3072
    dropout: float = 0.1
    attention_dropout: float = 0.1
    activation_dropout: float = 0.0
    position_kernel: int = 128
    position_groups: int = 16
    code_groups: int = 2
    codes: int = 320
    code_width: int = 256
    conv_gradient: float = 0.1  # share of the gradient that reaches the convolutions; 0 freezes them
    pretraining_heads: bool = True
    n_classes: int = 0

    def tokens(self, samples: int) -> int:
        """Return how many tokens a signal gives: 156 for 2500 samples."""
        for _ in range(self.conv_layers):
            samples = (samples - 2) // 2 + 1
        return samples


class ConvFeatures(nn.Module):
    """Four convolutions of kernel and stride 2: sixteen samples, 32 ms at 500 Hz, become one token."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        layers = []
        for i in range(config.conv_layers):
            conv = nn.Conv1d(
                config.n_leads if i == 0 else config.conv_width, config.conv_width, 2, 2, bias=False
            )
            nn.init.kaiming_normal_(conv.weight)
            # One group a channel, after the first convolution only: the scale of a lead is taken out
            # once.
            norm = [nn.GroupNorm(config.conv_width, config.conv_width)] if i == 0 else []
            layers.append(nn.Sequential(conv, nn.Identity(), *norm, nn.GELU()))
        self.conv_layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, conv width) for (batch, leads, samples)."""
        for layer in self.conv_layers:
            x = layer(x)
        return x.transpose(1, 2)


class ConvPosition(nn.Module):
    """Relative positions by one wide grouped convolution, its weight normalised per tap."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        kernel = config.position_kernel
        conv = nn.Conv1d(
            config.width, config.width, kernel, padding=kernel // 2, groups=config.position_groups
        )
        nn.init.normal_(conv.weight, std=(4.0 / (kernel * config.width)) ** 0.5)
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        self.pos_conv = nn.Sequential(nn.utils.parametrizations.weight_norm(conv, dim=2))

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        out = self.pos_conv(x.transpose(1, 2))[..., : x.shape[1]]  # an even kernel gives one too many
        return F.gelu(out).transpose(1, 2)


class SelfAttention(nn.Module):
    """Multi-head self-attention with a projection each for query, key and value."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        self.n_heads, self.dropout = config.n_heads, config.attention_dropout
        self.k_proj = nn.Linear(config.width, config.width)
        self.v_proj = nn.Linear(config.width, config.width)
        self.q_proj = nn.Linear(config.width, config.width)
        self.out_proj = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        batch, tokens, width = x.shape
        query, key, value = (
            made(x).reshape(batch, tokens, self.n_heads, -1).transpose(1, 2)
            for made in (self.q_proj, self.k_proj, self.v_proj)
        )
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return out


class EncoderLayer(nn.Module):
    """Transformer layer with the normalisation after each branch."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config)
        self.self_attn_layer_norm = nn.LayerNorm(config.width)
        self.fc1 = nn.Linear(config.width, config.hidden)
        self.fc2 = nn.Linear(config.hidden, config.width)
        self.final_layer_norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.activation_dropout = nn.Dropout(config.activation_dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        x = self.self_attn_layer_norm(x + self.dropout(self.self_attn(x)))
        inner = self.activation_dropout(F.gelu(self.fc1(x)))
        out: Tensor = self.final_layer_norm(x + self.dropout(self.fc2(inner)))
        return out


class Encoder(nn.Module):
    """Normalisation, then the layers."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.depth))
        self.layer_norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        x = self.dropout(self.layer_norm(x))
        for layer in self.layers:
            x = layer(x)
        return x


class Quantizer(nn.Module):
    """Product quantiser: one code of each group, hard, with a straight-through gradient in training."""

    def __init__(self, config: Wav2vecConfig) -> None:
        super().__init__()
        self.groups, self.codes = config.code_groups, config.codes
        count = config.code_groups * config.codes
        self.vars = nn.Parameter(torch.rand(1, count, config.code_width // config.code_groups))
        self.weight_proj = nn.Linear(config.conv_width, count)
        nn.init.normal_(self.weight_proj.weight)
        nn.init.zeros_(self.weight_proj.bias)

    def forward(self, x: Tensor, temperature: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
        """Return the codes, (batch, tokens, code width), their numbers, and the perplexity of their use (scalar).

        A number names the whole choice, (batch, tokens): equal numbers are equal codes.

        Training draws a code by Gumbel noise, forward hard and backward soft; evaluation takes the largest.
        """
        batch, tokens, _ = x.shape
        logits = self.weight_proj(x).float().reshape(batch * tokens, self.groups, self.codes)
        use = logits.softmax(-1).mean(0)  # (groups, codes)
        perplexity = torch.exp(-(use * (use + 1e-7).log()).sum(-1)).sum()
        if self.training:
            chosen = F.gumbel_softmax(logits, tau=temperature, hard=True)
        else:
            chosen = F.one_hot(logits.argmax(-1), self.codes).to(logits)
        entries = self.vars.reshape(self.groups, self.codes, -1)
        code = torch.einsum("ngc,gcd->ngd", chosen.to(entries.dtype), entries)
        # Group by group as digits to the base of the codes, so that one number names the pair.
        base = self.codes ** torch.arange(self.groups, device=x.device)
        number = (chosen.argmax(-1) * base).sum(-1)
        return code.reshape(batch, tokens, -1), number.reshape(batch, tokens), perplexity


class _ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor, scale: float) -> Tensor:
        ctx.scale = scale  # type: ignore[attr-defined]
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.scale, None  # type: ignore[attr-defined]


class Wav2vecCmsc(nn.Module):
    """The network with or without its pre-training heads; input (batch, 12, samples) mV at 500 Hz."""

    def __init__(self, config: Wav2vecConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or Wav2vecConfig()
        self.feature_extractor = ConvFeatures(config)
        self.layer_norm = nn.LayerNorm(config.conv_width)
        self.post_extract_proj = nn.Linear(config.conv_width, config.width)
        self.input_dropout = nn.Dropout(config.dropout)
        self.conv_pos = ConvPosition(config)
        self.encoder = Encoder(config)
        if config.pretraining_heads:
            self.quantizer = Quantizer(config)
            self.project_q = nn.Linear(config.code_width, config.code_width)
            self.final_proj = nn.Linear(config.width, config.code_width)
        if config.n_classes:
            self.proj = nn.Linear(config.width, config.n_classes)
            nn.init.xavier_uniform_(self.proj.weight)
            nn.init.zeros_(self.proj.bias)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def convolve(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, conv width) before any normalisation; training scales its gradient by the config."""
        share = self.config.conv_gradient if self.training else 1.0  # a map of attribution needs the true one
        if share == 0.0:
            with torch.no_grad():
                return self.feature_extractor(x)  # type: ignore[no-any-return]
        found: Tensor = self.feature_extractor(x)
        scaled: Tensor = (
            _ScaledGradient.apply(found, share)  # type: ignore[no-untyped-call]
            if share != 1.0
            else found
        )
        return scaled

    def transform(self, tokens: Tensor) -> Tensor:
        """Return the transformer's output, (batch, tokens, width), for projected tokens of the same shape."""
        out: Tensor = self.encoder(tokens + self.conv_pos(tokens))
        return out

    def encode(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width): nothing hidden."""
        found = self.layer_norm(self.convolve(x))
        return self.transform(self.input_dropout(self.post_extract_proj(found)))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the mean over the tokens, (batch, width)."""
        return mean_token(self.encode(x))

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes); the network must have classes."""
        out: Tensor = self.proj(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        return self.forward_head(self.forward_features(x))


def mean_token(tokens: Tensor) -> Tensor:
    """Return (batch, width): the sum over the tokens by the count of non-zero entries (methods D.4)."""
    return tokens.sum(1) / (tokens != 0).sum(1).clamp(min=1)


def build(card: ModelCard) -> Wav2vecCmsc:
    """Return the network of a card with starting weights."""
    return Wav2vecCmsc(sized(Wav2vecConfig, card, n_leads=len(card.input.leads), n_classes=len(card.labels)))


def sizes(network: Wav2vecCmsc) -> dict[str, Any]:
    """Return the sizes as a card has them: what acts in training alone is not among them."""
    training = ("dropout", "attention_dropout", "activation_dropout", "conv_gradient")
    found = written(network.config, ("n_leads", "n_classes", *training))
    return found | {"pretraining_heads": hasattr(network, "quantizer")}  # which identification takes off


def carried(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a pre-trained model's weights without those of its pre-training heads."""
    heads = ("quantizer.", "project_q.", "final_proj.")
    return {name: value for name, value in state.items() if not name.startswith(heads)}


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the authors' weights under our names: older weight-norm names, the mask vector and prefixes gone."""
    found = {}
    for name, value in state.items():
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        for older, ours in (("weight_g", "original0"), ("weight_v", "original1")):
            name = name.replace(f"pos_conv.0.{older}", f"pos_conv.0.parametrizations.weight.{ours}")
        if name != "mask_emb":
            found[name] = value
    return found


def recognise(state: Mapping[str, Tensor], stranger: ModelCard, where: str) -> ModelCard | None:
    """Return the card of these weights: an encoder, or a classifier if they have a head; None for others.

    Args:
        state: weights under our names.
        stranger: the card of a file of which nothing else is known.
        where: told if it is wrong.

    Raises:
        ModelError: a tensor that tells the sizes is missing or has another shape.
    """
    if _MARK not in state:
        return None
    try:
        conv_width, n_leads, _ = state[_MARK].shape
        width = int(state["post_extract_proj.weight"].shape[0])
        kernel = int(state["conv_pos.pos_conv.0.parametrizations.weight.original1"].shape[2])
        per_group = int(state["conv_pos.pos_conv.0.parametrizations.weight.original1"].shape[1])
        hidden = int(state["encoder.layers.0.fc1.weight"].shape[0])
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"tells no sizes of a lead-agnostic network ({error})", where=where) from None
    if n_leads != len(STANDARD_12):
        raise ModelError("the lead-agnostic network takes twelve rows", where=where, found=str(n_leads))
    heads = "quantizer.vars" in state
    config = {
        "conv_width": int(conv_width),
        "conv_layers": _count(state, "feature_extractor.conv_layers."),
        "width": width,
        "depth": _count(state, "encoder.layers."),
        "n_heads": max(1, width // _HEAD_WIDTH),
        "hidden": hidden,
        "position_kernel": kernel,
        "position_groups": width // per_group,
        "pretraining_heads": heads,
    }
    if heads:
        config["code_width"] = int(state["project_q.weight"].shape[0])
    n_classes = int(state["proj.weight"].shape[0]) if "proj.weight" in state else 0
    return replace(
        stranger,
        kind="classifier" if n_classes else "encoder",
        config=config,
        input=INPUT,
        labels=outputs.unnamed(n_classes),
        thresholds=(None,) * n_classes,
    )


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    return len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})
