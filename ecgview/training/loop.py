"""One training loop for every objective: on a page, seeded, resumable, stopped by a non-finite loss."""

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.progress import Progress, silent

Batches = Callable[[int], Iterable[Any]]  # epoch -> batches, the same ones whenever asked again
Validate = Callable[[nn.Module], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long and how fast. The values are defaults of ours where a recipe does not set them."""

    epochs: int
    learning_rate: float
    steps_per_epoch: int
    warmup_epochs: float = 3.0
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    layer_decay: float = 1.0
    ema_decay: float = 0.0
    clip_norm: float = 1.0
    seed: int = 0
    select: str = ""  # the validation figure that chooses the best epoch, larger is better
    validate_every: int = 1


def learning_rate_at(step: int, settings: LoopSettings) -> float:
    """Return the rate of one step: linear warm-up, then half a cosine to zero."""
    warmup = settings.warmup_epochs * settings.steps_per_epoch
    total = settings.epochs * settings.steps_per_epoch
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1.0, total - warmup)))


def layer_of(name: str, depth: int) -> int:
    """Return the depth index of a parameter: 0 embeddings, 1..depth blocks, depth + 1 the rest (MAE's rule)."""
    parts = name.split(".")
    if any(part in ("cls_token", "pos_embed", "patch_embed") for part in parts):
        return 0
    if "blocks" in parts:
        return int(parts[parts.index("blocks") + 1]) + 1
    return depth + 1


def parameter_groups(model: nn.Module, settings: LoopSettings, depth: int) -> list[dict[str, Any]]:
    """Return optimiser groups: scale decay^(depth + 1 - layer), no weight decay on vectors and embeddings."""
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        scale = settings.layer_decay ** (depth + 1 - layer_of(name, depth))
        free = parameter.ndim < 2 or name.endswith(("pos_embed", "cls_token", "mask_token"))
        decay = 0.0 if free else settings.weight_decay
        group = groups.setdefault((scale, decay), {"params": [], "scale": scale, "weight_decay": decay})
        group["params"].append(parameter)
    return list(groups.values())


def fit(
    model: nn.Module,
    batches: Batches,
    settings: LoopSettings,
    out: Path,
    *,
    depth: int = 12,
    validate: Validate | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> nn.Module:
    """Train `model`, whose forward(batch) returns {"loss": ..., figures...}; return the averaged weights' module.

    Every epoch is written atomically to `out/last.pt` and logged as one JSON line in `out/log.jsonl`; a
    second call with the same arguments goes on where the first one stopped and ends with the same weights.
    The best epoch by `settings.select` is kept in `out/best.pt`.

    Raises:
        ModelError: the loss is not finite.
        Cancelled: `progress` says that nobody waits any more; the last whole epoch is kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(
        parameter_groups(model, settings, depth), lr=settings.learning_rate, betas=settings.betas
    )
    averaged = {name: value.detach().clone() for name, value in model.state_dict().items()}
    start, best = _resume(model, optimiser, averaged, out)
    for epoch in range(start, settings.epochs):
        torch.manual_seed(settings.seed * 100_003 + epoch)
        figures = _epoch(model, batches(epoch), optimiser, averaged, settings, epoch, device, progress)
        if validate is not None and (
            (epoch + 1) % settings.validate_every == 0 or epoch + 1 == settings.epochs
        ):
            figures |= {
                f"val_{name}": value for name, value in _validated(model, averaged, validate, settings)
            }
        score = figures.get(f"val_{settings.select}", -math.inf)
        if score > best:
            best = score
            _save(out / "best.pt", {"model": _weights(model, averaged, settings), "epoch": epoch})
        _save(
            out / "last.pt",
            {
                "model": model.state_dict(),
                "averaged": averaged,
                "optimiser": optimiser.state_dict(),
                "epoch": epoch + 1,
                "best": best,
            },
        )
        with open(out / "log.jsonl", "a", encoding="utf-8") as log:
            log.write(json.dumps({"epoch": epoch, **figures}) + "\n")
    model.load_state_dict(_weights(model, averaged, settings))
    return model


def _epoch(
    model: nn.Module,
    batches: Iterable[Any],
    optimiser: torch.optim.Optimizer,
    averaged: dict[str, Tensor],
    settings: LoopSettings,
    epoch: int,
    device: str,
    progress: Progress,
) -> dict[str, float]:
    model.train()
    sums: dict[str, float] = {}
    count = 0
    for batch in batches:
        step = epoch * settings.steps_per_epoch + count
        rate = learning_rate_at(step, settings)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        with torch.autocast(device, torch.bfloat16):
            outcome = model(batch)
        loss: Tensor = outcome["loss"]
        if not torch.isfinite(loss):
            raise ModelError(
                f"the loss is not finite in epoch {epoch}, step {count}; nothing was saved of it"
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        optimiser.step()
        if settings.ema_decay:
            decay = min(settings.ema_decay, (1 + step) / (10 + step))  # a short memory at the start
            for name, value in model.state_dict().items():
                averaged[name].lerp_(value, 1 - decay) if value.is_floating_point() else averaged[name].copy_(
                    value
                )
        count += 1
        for name, value in outcome.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        progress(
            (epoch + count / settings.steps_per_epoch) / settings.epochs,
            f"epoch {epoch} loss {float(loss.detach()):.4f}",
        )
    return {name: value / count for name, value in sums.items()} | {"learning_rate": rate}


def _weights(model: nn.Module, averaged: dict[str, Tensor], settings: LoopSettings) -> dict[str, Tensor]:
    return averaged if settings.ema_decay else model.state_dict()


def _validated(
    model: nn.Module, averaged: dict[str, Tensor], validate: Validate, settings: LoopSettings
) -> list[tuple[str, float]]:
    """Return the figures of the weights that would be kept, and put the running weights back."""
    running = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(_weights(model, averaged, settings))
    model.eval()
    figures = list(validate(model).items())
    model.load_state_dict(running)
    return figures


def epochs_done(out: Path) -> int:
    """Return how many whole epochs a run has behind it."""
    path = out / "last.pt"
    return int(torch.load(path, map_location="cpu", weights_only=True)["epoch"]) if path.exists() else 0


def _resume(
    model: nn.Module, optimiser: torch.optim.Optimizer, averaged: dict[str, Tensor], out: Path
) -> tuple[int, float]:
    path = out / "last.pt"
    if not path.exists():
        return 0, -math.inf
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    averaged.update(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epoch"]), float(state["best"])


def _save(path: Path, state: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(dict(state), part)
    os.replace(part, path)
