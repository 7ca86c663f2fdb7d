"""Tiny models for every test here; the weights and inputs that the reference outputs were made with."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import autoencoder, classifier
from torch import nn

__all__ = ["autoencoder", "classifier"]


@pytest.fixture(scope="session")
def reference_weights() -> Callable[[nn.Module], None]:
    """Return what fills a network with the weights that the reference outputs were made with."""

    def value(name: str, shape: tuple[int, ...]) -> Any:
        drawn = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
        if len(shape) > 1 and name not in ("pos_embed", "cls_token"):
            return drawn * np.sqrt(2 / np.prod(shape[1:]))
        if name.endswith("running_var"):
            return 1 + 0.1 * np.abs(drawn)
        if ("norm" in name or "bn" in name) and name.endswith("weight"):
            return 1 + 0.1 * drawn
        return 0.02 * drawn

    def fill(module: nn.Module) -> None:
        state = module.state_dict()
        for name, tensor in state.items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(value(name, tuple(tensor.shape)).astype(np.float32)))
        module.load_state_dict(state)

    return fill


def reference_ecg(seed: int) -> torch.Tensor:
    """Return the reference input, (12, 5000)."""
    t = np.arange(5000) / 500
    random = np.random.RandomState(seed)
    gains = random.standard_normal((12, 6))
    waves = [np.exp(-(((t * 1.2 % 1 - 0.2 - 0.1 * i) / 0.02) ** 2) / 2) for i in range(6)]
    clean = sum(gains[:, [i]] * waves[i][None] for i in range(6))
    return torch.from_numpy((clean + 0.02 * random.standard_normal((12, 5000))).astype(np.float32))


@pytest.fixture(scope="session")
def reference_inputs() -> dict[str, torch.Tensor]:
    """Return the two reference inputs, x1 and x2, (12, 5000) each."""
    return {"x1": reference_ecg(1), "x2": reference_ecg(2)}
