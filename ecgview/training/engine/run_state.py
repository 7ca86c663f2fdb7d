"""What a run keeps on disk: its last state, its best weights, its log; each file written whole or not at all."""

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ecgview import csv_cells
from ecgview.errors import ModelError

LAST, BEST, LOG = "last.pt", "best.pt", "log.csv"


@dataclass(slots=True)
class RunState:
    """Where a run stands: whole epochs, batches into the next one, and what it has seen so far."""

    epoch: int = 0
    step: int = 0
    best: float = float("-inf")
    stale: int = 0  # validations since the best one
    sums: dict[str, float] = field(default_factory=dict)  # of the epoch that is under way
    history: list[dict[str, float]] = field(default_factory=list)  # one row per whole epoch


def resume(
    model: nn.Module, optimiser: torch.optim.Optimizer, averaged: dict[str, Tensor], scaler: Any, out: Path
) -> RunState:
    """Put a run back where it stopped and return where that is; a new run begins at 0.

    Raises:
        ModelError: the folder holds a run of another network.
    """
    path = out / LAST
    if not path.exists():
        return RunState()
    kept = _read(path)
    try:
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        averaged.update(kept["averaged"])
        if scaler is not None and kept["scaler"]:
            scaler.load_state_dict(kept["scaler"])
        return RunState(
            kept["epoch"],
            kept["step"],
            kept["best"],
            kept["stale"],
            dict(kept["sums"]),
            list(kept["history"]),
        )
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "the run in this folder is of another network or recipe",
            where=str(path),
            expected="an empty folder, or the run that was begun here",
            found=str(error).splitlines()[0][:120],
        ) from None


def _read(path: Path) -> Any:
    """Return what a file of a run holds; ModelError where it is none of ours or is damaged."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        found = type(error).__name__
        raise ModelError(
            "cannot be read as a run", where=str(path), expected=path.name, found=found
        ) from None


def keep(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    averaged: dict[str, Tensor],
    scaler: Any,
    state: RunState,
    out: Path,
) -> None:
    """Write the state of a run, and its log."""
    save(
        out / LAST,
        {
            "model": model.state_dict(),
            "averaged": averaged,
            "optimiser": optimiser.state_dict(),
            "scaler": {} if scaler is None else scaler.state_dict(),
            "epoch": state.epoch,
            "step": state.step,
            "best": state.best,
            "stale": state.stale,
            "sums": state.sums,
            "history": state.history,
        },
    )
    write_log(state.history, out / LOG)


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors and plain values whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(dict(content), part)
    os.replace(part, path)


def epochs_done(out: Path) -> int:
    """Return how many whole epochs a run has behind it."""
    path = out / LAST
    return int(_read(path)["epoch"]) if path.exists() else 0


def best_weights(out: Path) -> dict[str, Tensor]:
    """Return the weights of the best epoch by the run's validation figure.

    Raises:
        ModelError: the run has validated nothing yet.
    """
    path = out / BEST
    if not path.exists():
        raise ModelError("no finished run here", where=str(out), expected=BEST)
    weights: dict[str, Tensor] = _read(path)["model"]
    return weights


def last_weights(out: Path) -> dict[str, Tensor]:
    """Return the newest weights of a run; ModelError where there is none."""
    path = out / LAST
    if not path.exists():
        raise ModelError("no training run here", where=str(out), expected=LAST)
    kept = _read(path)
    weights: dict[str, Tensor] = kept["model"]
    return weights


def write_log(history: list[dict[str, float]], path: Path) -> None:
    """Write a row per epoch, or per trial, as CSV."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    part = path.with_suffix(".part")
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv_cells.Writer(file, columns)
        writer.writeheader()
        writer.writerows(history)
    os.replace(part, path)
