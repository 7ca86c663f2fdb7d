"""MTECG-T: released names and sizes, the authors' numbers, masks."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.models.networks.mtecg_mae import MtecgMae, segment, unsegment
from ecgview.training.objectives.mae import masked_loss, random_mask, reconstruction_target


def _weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    r = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(tuple(shape))
    if len(shape) > 1 and name not in ("pos_embed", "cls_token"):
        return r * np.sqrt(2 / np.prod(shape[1:]))
    if "norm" in name and name.endswith("weight"):
        return 1 + 0.1 * r
    return 0.02 * r


def _input(seed: int) -> np.ndarray:
    t = np.arange(5000) / 500
    r = np.random.RandomState(seed)
    w = r.standard_normal((12, 6))
    s = sum(w[:, [i]] * np.exp(-(((t * 1.2 % 1 - 0.2 - 0.1 * i) / 0.02) ** 2) / 2)[None] for i in range(6))
    return (s + 0.02 * r.standard_normal((12, 5000))).astype(np.float32)


def test_names_and_shapes_are_the_released_ones(shared_reference: Path) -> None:
    keys = json.loads((shared_reference / "vectors/mtecg_keys.json").read_text())
    state = Mtecg().state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == {k: list(v) for k, v in keys.items()}


def test_the_encoder_has_5435328_parameters_without_its_head() -> None:
    assert (
        sum(p.numel() for name, p in Mtecg().named_parameters() if not name.startswith("head.")) == 5_435_328
    )


def test_logits_are_those_of_the_released_network(shared_reference: Path) -> None:
    network = Mtecg().eval()
    state = {
        name: torch.from_numpy(_weights(name, tuple(value.shape)).astype(np.float32))
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    with np.load(shared_reference / "vectors/reference_outputs.npz") as stored, torch.no_grad():
        for seed in (1, 2):
            ours = network(torch.from_numpy(_input(seed))[None])[0].numpy()
            np.testing.assert_allclose(ours, stored[f"mtecg_x{seed}"], rtol=1e-4, atol=1e-5)


def test_segments_come_apart_and_together() -> None:
    x = torch.randn(2, 12, 5000)
    assert torch.equal(unsegment(segment(x, 25), 12), x)


def test_a_random_mask_hides_the_same_number_in_every_row() -> None:
    mask = random_mask(64, 200, 0.25, torch.Generator().manual_seed(0))
    assert (mask.sum(1) == 50).all()
    assert mask.float().mean(0).std() < 0.1  # no segment is preferred


def test_the_loss_looks_at_hidden_segments_only() -> None:
    mask = random_mask(4, 200, 0.25, torch.Generator().manual_seed(0))
    wanted = torch.randn(4, 200, 300)
    said = wanted.clone()
    said[~mask] += 100.0
    assert masked_loss(said, wanted, mask) == 0.0
    said[mask] += 2.0
    assert masked_loss(said, wanted, mask) == pytest.approx(4.0)


def test_the_encoder_never_sees_what_is_hidden() -> None:
    torch.manual_seed(0)
    network = MtecgMae(MtecgConfig(n_classes=0, depth=2)).eval()
    mask = random_mask(1, 200, 0.5, torch.Generator().manual_seed(1))
    x = torch.randn(1, 12, 5000)
    changed = x.clone()
    changed[..., mask[0].repeat_interleave(25)] = 7.0
    with torch.no_grad():
        assert torch.equal(network(x, mask), network(changed, mask))


def test_standardised_targets_have_unit_deviation() -> None:
    x = 3.0 + 2.0 * torch.randn(2, 12, 5000)
    for axis, width in (("segment", 300), ("lead-segment", 25)):
        parts = reconstruction_target(x, 25, "standardised", axis).reshape(2, 200, -1, width)  # type: ignore[arg-type]
        assert parts.mean(-1).abs().max() < 1e-4
        assert (parts.var(-1, unbiased=False) - 1).abs().max() < 1e-3


def test_drop_path_keeps_the_expectation() -> None:
    from ecgview.models.networks.kit.drop_path import DropPath

    torch.manual_seed(0)
    drop = DropPath(0.3).train()
    mean = drop(torch.ones(20_000, 1, 1)).mean()
    assert mean == pytest.approx(1.0, abs=0.02)
    assert torch.equal(drop.eval()(torch.ones(3, 1, 1)), torch.ones(3, 1, 1))
