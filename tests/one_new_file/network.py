"""A network of a few strided convolutions: each block halves the time and may be dropped in training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks import PostTraining
from ecgview.models.networks.kit.drop_path import DropPath, DropPathRule, drop_path_rates
from ecgview.models.networks.kit.sizes import sized

NAME = "Halves"
HEAD = "answer"
INPUT = InputSpec(leads=STANDARD_12, filter="bandpass-0.5-40", scale=2.0)
CHECKPOINT = "Halves (stem, blocks, answer)"
SMALL = {"width": 8, "depth": 3}


@dataclass(frozen=True, slots=True)
class Sizes:
    n_leads: int = 12
    n_classes: int = 1
    width: int = 32
    depth: int = 8
    drop_path: float = 0.0
    drop_path_rule: DropPathRule = "linear"


class Halves(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.stem = nn.Conv1d(sizes.n_leads, sizes.width, 9, stride=5, padding=4)
        self.blocks = nn.ModuleList(
            nn.Conv1d(sizes.width, sizes.width, 5, padding=2) for _ in range(sizes.depth)
        )
        rates = drop_path_rates(sizes.drop_path, sizes.depth, sizes.drop_path_rule)
        self.drops = nn.ModuleList(DropPath(rate) for rate in rates)
        self.answer = nn.Linear(sizes.width, sizes.n_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block, drop in zip(self.blocks, self.drops, strict=True):
            x = nn.functional.avg_pool1d(x + drop(torch.relu(block(x))), 2)
        return x.mean(-1)

    def forward_head(self, features: Tensor) -> Tensor:
        found: Tensor = self.answer(features)
        return found

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(x))


def build(card: ModelCard) -> Halves:
    return Halves(sized(Sizes, card, n_leads=len(card.input.leads), n_classes=len(card.labels)))


def post_training(asked: PostTraining) -> Mapping[str, Any]:
    return {"drop_path": asked.drop_path, "drop_path_rule": asked.drop_path_rule}


def recognise(state: Mapping[str, Tensor], stranger: ModelCard, where: str) -> ModelCard | None:
    if "stem.weight" not in state or "answer.weight" not in state:
        return None
    n_classes, width = state["answer.weight"].shape
    depth = sum(name.startswith("blocks.") and name.endswith(".bias") for name in state)
    return replace(
        stranger,
        kind="classifier",
        config={"width": width, "depth": depth},
        input=INPUT,
        labels=tuple(f"output {k + 1}" for k in range(n_classes)),
        thresholds=(None,) * n_classes,
    )
