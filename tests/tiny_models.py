"""Small models with random weights in the test's own model folder; import the fixtures where needed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ecgview.labels import label_set
from ecgview.leads import STANDARD_12
from ecgview.models import architectures, cards
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.lead_sets import LeadSet

TINY = {"width": 24, "depth": 2, "n_heads": 3, "decoder_width": 16, "decoder_heads": 2}


def tiny_card(model_id: str, kind: cards.Kind, network: str, **fields: Any) -> ModelCard:
    return ModelCard(
        id=model_id,
        name=model_id,
        version="test",
        kind=kind,
        network=network,
        licence="MIT",
        training_data="none: random weights",
        calibrated="not calibrated",
        intended_use="tests",
        out_of_scope="everything else",
        folder=Path(),
        config=TINY,
        input=InputSpec(STANDARD_12, filter="bandpass-0.5-40", scale=5.0),
        **fields,
    )


def keep_model(card: ModelCard, state: Mapping[str, torch.Tensor]) -> ModelCard:
    """Write weights and card into the user's model folder."""
    from safetensors.torch import save_file

    folder = cards.user_folder() / card.id
    folder.mkdir(parents=True)
    save_file({name: value.contiguous() for name, value in state.items()}, folder / "weights.safetensors")
    sha256 = cards.sha256_of(folder / "weights.safetensors")
    kept = replace(card, folder=folder, weights="weights.safetensors", sha256=sha256)
    (folder / "card.json").write_text(json.dumps(cards.as_json(kept)))
    return cards.read_card(folder / "card.json")


def _random(card: ModelCard, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    module = architectures.build(card)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.1)
    return module


@pytest.fixture
def classifier(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """Return the card of a tiny 71-statement classifier, the default one of this test."""
    codes = tuple(statement.code for statement in label_set.load("ptbxl71").statements)
    card = tiny_card(
        "tiny",
        "classifier",
        "mtecg",
        label_set="ptbxl71",
        labels=codes,
        thresholds=(0.5, *(None,) * (len(codes) - 1)),
    )
    state = _random(card, 1).state_dict()
    state["head.bias"][codes.index("PACE")] = -20.0  # or random weights would call every ECG paced
    monkeypatch.setitem(cards.DEFAULTS, "classifier", "tiny")
    return keep_model(card, state)


LEAD_SETS = [  # made up: name, leads, what it is worth, line of NORM
    ("12-V6", STANDARD_12[:11], 0.90, (1.5, -0.25)),
    ("6", STANDARD_12[:6], 0.80, (0.5, 0.125)),
    ("V1-V6", STANDARD_12[6:], 0.82, (2.0, 0.5)),
    ("3", ("I", "II", "V2"), 0.83, (0.75, 0.0)),
    ("2", ("I", "II"), 0.78, (0.25, 0.0)),
    ("V1+V5", ("V1", "V5"), 0.75, (0.5, -0.5)),
    ("1", ("I",), 0.70, (0.5, -0.75)),
    ("II", ("II",), 0.69, (0.5, 1.0)),
]


@pytest.fixture
def any_leads(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """Return the card of a tiny lead-agnostic classifier with lead sets, the default one of this test.

    With fewer leads AFIB has no cut, NORM one of 0.3, and 1AVB one that rests on too few records.
    """
    codes = tuple(statement.code for statement in label_set.load("ptbxl71").statements)
    card = tiny_card(
        "any-leads",
        "classifier",
        "mtecg",
        label_set="ptbxl71",
        labels=codes,
        thresholds=tuple(0.5 for _ in codes),
        lead_sets=tuple(
            LeadSet(
                name,
                leads,
                {"NORM": line, "1AVB": (1.25, 0.5)},
                {"NORM": 0.3, "1AVB": 0.4},
                {"1AVB": {"cut": 0.4, "positives": 9, "negatives": 300}},
                {"macro_auroc": auroc},
            )
            for name, leads, auroc, line in LEAD_SETS
        ),
    )
    card = replace(card, input=replace(card.input, lead_agnostic=True))
    state = _random(card, 5).state_dict()
    state["head.bias"][codes.index("PACE")] = -20.0
    monkeypatch.setitem(cards.DEFAULTS, "classifier", "any-leads")
    return keep_model(card, state)


@pytest.fixture
def autoencoder(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """Return the card of a tiny masked autoencoder, the default one of this test."""
    monkeypatch.setitem(cards.DEFAULTS, "autoencoder", "tiny-mae")
    card = tiny_card("tiny-mae", "autoencoder", "mtecg-mae")
    return keep_model(card, _random(card, 2).state_dict())
