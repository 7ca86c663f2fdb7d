"""The card of a lead-agnostic checkpoint: its sizes are read off the weights."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard

if TYPE_CHECKING:
    import torch

MARK = "feature_extractor.conv_layers.0.0.weight"
PREFIXES = ("encoder.w2v_model.", "w2v_model.", "model.")
HEAD_WIDTH = 64  # of one attention head, in the published sizes


def renamed(state: "Mapping[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Return the authors' weights under our names: older weight-norm names, the mask vector and prefixes gone."""
    found = {}
    for name, value in state.items():
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        for older, ours in (("weight_g", "original0"), ("weight_v", "original1")):
            name = name.replace(f"pos_conv.0.{older}", f"pos_conv.0.parametrizations.weight.{ours}")
        if name != "mask_emb":
            found[name] = value
    return found


def describe(state: "Mapping[str, torch.Tensor]", stranger: ModelCard) -> ModelCard:
    """Return the card of these weights: an encoder, or a classifier if they have a head.

    Args:
        state: weights under our names.
        stranger: the card of a file of which nothing else is known.

    Raises:
        ModelError: a tensor that tells the sizes is missing or has another shape.
    """
    try:
        conv_width, n_leads, _ = state[MARK].shape
        width = int(state["post_extract_proj.weight"].shape[0])
        kernel = int(state["conv_pos.pos_conv.0.parametrizations.weight.original1"].shape[2])
        per_group = int(state["conv_pos.pos_conv.0.parametrizations.weight.original1"].shape[1])
        hidden = int(state["encoder.layers.0.fc1.weight"].shape[0])
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(
            f"tells no sizes of a lead-agnostic network ({error})", where=str(stranger.folder)
        ) from None
    if n_leads != len(STANDARD_12):
        raise ModelError("the lead-agnostic network takes twelve rows", found=str(n_leads))
    heads = "quantizer.vars" in state
    config = {
        "conv_width": int(conv_width),
        "conv_layers": _count(state, "feature_extractor.conv_layers."),
        "width": width,
        "depth": _count(state, "encoder.layers."),
        "n_heads": max(1, width // HEAD_WIDTH),
        "hidden": hidden,
        "position_kernel": kernel,
        "position_groups": width // per_group,
        "pretraining_heads": heads,
    }
    if heads:
        config["code_width"] = int(state["project_q.weight"].shape[0])
    spec = InputSpec(leads=STANDARD_12, sampling_rate_hz=500.0, seconds=5.0, lead_agnostic=True)
    n_classes = int(state["proj.weight"].shape[0]) if "proj.weight" in state else 0
    return replace(
        stranger,
        kind="classifier" if n_classes else "encoder",
        network="wav2vec-cmsc",
        config=config,
        input=spec,
        labels=tuple(f"output {k + 1}" for k in range(n_classes)),
        thresholds=(None,) * n_classes,
    )


def _count(state: "Mapping[str, torch.Tensor]", prefix: str) -> int:
    return len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})
