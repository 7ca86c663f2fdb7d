"""Learning rates over time and over depth."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from torch import nn

Schedule = Literal["cosine", "constant", "tri-stage", "plateau"]
Optimiser = Literal["adamw", "adam"]
LEAST_GAIN = (
    1e-4  # of a figure, relative, for "better" on a plateau: PyTorch's default, which the papers' code keeps
)
Precision = Literal["bf16", "fp16", "fp32"]


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long, how fast and how exactly. The values are defaults of ours where a recipe does not set them.

    `steps_per_epoch` counts the batches of one process. `precision` bf16 and fp16 hold the weights in float32
    and multiply in the shorter type. `optimiser` "adam" is PyTorch's, its decay added to the gradient of every
    parameter; "adamw" takes the decay apart, and leaves vectors and tokens out.
    """

    epochs: int
    learning_rate: float
    steps_per_epoch: int
    warmup_epochs: float = 3.0
    schedule: Schedule = "cosine"
    final_rate: float = 0.0  # where the cosine and the tri-stage schedule end
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    optimiser: Optimiser = "adamw"
    plateau_factor: float = 0.1  # "plateau": what the rate is multiplied by ...
    plateau_patience: int = 10  # ... after more validations than this without a better figure
    stop_rate: float = 0.0  # "plateau": the run has converged once its rate lies below this
    layer_decay: float = 1.0
    ema_decay: float = 0.0
    clip_norm: float = 1.0
    accumulate: int = 1  # batches whose gradients make one step
    precision: Precision = "bf16"
    seed: int = 0
    select: str = ""  # the validation figure that chooses the best epoch, larger is better
    validate_every: int = 1
    patience: int = 0  # validations without a better figure before the run ends; 0 = never
    save_minutes: float = 10.0  # within a long epoch; every epoch is saved in any case


def learning_rate_at(step: int, settings: LoopSettings) -> float:
    """Return the rate of one step: linear warm-up, then half a cosine, a constant, or hold and decay.

    "plateau" is a constant here, and `plateau_scale` says what of it is left.
    "tri-stage" warms up over a tenth, holds for a fifth and decays exponentially over the rest (methods D.7).
    """
    peak, final = settings.learning_rate, settings.final_rate
    total = settings.epochs * settings.steps_per_epoch
    if settings.schedule == "tri-stage":
        warmup, hold = 0.1 * total, 0.3 * total  # a tenth up, a fifth held
        if step >= hold:
            share = min(1.0, (step - hold) / max(1.0, total - hold))
            return float(
                peak * math.exp(share * math.log(max(final, 1e-3 * peak) / peak))
            )  # an exponential cannot end at zero
    else:
        warmup = settings.warmup_epochs * settings.steps_per_epoch
    if step < warmup:
        return peak * (step + 1) / warmup
    if settings.schedule != "cosine":
        return peak
    swing = 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1.0, total - warmup)))
    return final + (peak - final) * swing


def plateau_scale(scores: Sequence[float], settings: LoopSettings) -> float:
    """Return what the plateau schedule has left of the rate after these validation figures, in their order; larger is
    better. It follows from the log alone, so that a run that is taken up again has it, too.
    """
    scale, best, waited = 1.0, -math.inf, 0
    for score in scores:
        if score > best + LEAST_GAIN * abs(best) or best == -math.inf:
            best, waited = score, 0
            continue
        waited += 1
        if waited > settings.plateau_patience:
            scale, waited = scale * settings.plateau_factor, 0
    return scale


def optimiser_of(model: "nn.Module", settings: LoopSettings) -> "torch.optim.Optimizer":
    """Return the optimiser that the settings name, over the groups of `parameter_groups`."""
    import torch

    kind = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.AdamW
    return kind(
        parameter_groups(model, settings),
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.eps,
    )


def parameter_groups(model: "nn.Module", settings: LoopSettings) -> list[dict[str, Any]]:
    """Return optimiser groups: the rate falls from layer to layer towards the input, vectors and tokens do not decay.

    Which layers there are says the network (`models.networks`); one that names none has one rate.
    """
    layer, last = _layers(model)
    undecayed = _undecayed(model)
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        scale = settings.layer_decay ** (last - layer.get(id(parameter), last))
        # No decay on biases, norms and tokens (MAE's rule): pulling them to zero only shifts the signal.
        # Published code with Adam hands all of them over alike.
        free = settings.optimiser == "adamw" and (parameter.ndim < 2 or id(parameter) in undecayed)
        decay = 0.0 if free else settings.weight_decay
        group = groups.setdefault((scale, decay), {"params": [], "scale": scale, "weight_decay": decay})
        group["params"].append(parameter)
    return list(groups.values())


def _layers(model: "nn.Module") -> tuple[dict[int, int], int]:
    """Return the layer of each parameter by its id, counted from the input, and the number of all that have none."""
    parts: Iterable[Any] = model.modules()
    for part in parts:
        if hasattr(part, "layer_groups"):
            groups = part.layer_groups()
            return {id(one): layer for layer, group in enumerate(groups) for one in group}, len(groups)
    return {}, 0


def _undecayed(model: "nn.Module") -> set[int]:
    parts: Iterable[Any] = model.modules()
    named = (part.without_decay() for part in parts if hasattr(part, "without_decay"))
    return {id(parameter) for parameters in named for parameter in parameters}
