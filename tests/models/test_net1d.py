"""ECGFounder's network has the published names, sizes and numerics."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.models.networks.net1d import Net1d, Net1dConfig


@pytest.fixture(scope="module", params=[(12, 30_819_014), (1, 30_807_750)], ids=["12 leads", "1 lead"])
def net(request: pytest.FixtureRequest) -> tuple[Net1d, int, int]:
    n_leads, count = request.param
    torch.manual_seed(0)
    return Net1d(Net1dConfig(n_leads=n_leads)).eval(), n_leads, count


def test_size_and_names_are_the_published_ones(net: tuple[Net1d, int, int], shared_reference: Path) -> None:
    module, n_leads, count = net
    published = json.loads((shared_reference / f"vectors/net1d_{n_leads}lead_keys.json").read_text())
    state = module.state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == published
    assert len(state) == 509
    assert sum(parameter.numel() for parameter in module.parameters()) == count


def test_outputs_are_the_published_ones(
    net: tuple[Net1d, int, int], shared_reference: Path, reference_weights, reference_inputs
) -> None:
    module, n_leads, _ = net
    wanted = np.load(shared_reference / "vectors/reference_outputs.npz")
    reference_weights(module)
    with torch.inference_mode():
        for name, signal in reference_inputs.items():
            got = module(signal[None, :n_leads])[0].numpy()
            expected = wanted[f"net1d_{n_leads}lead_{name}"]
            assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max(), name


def test_a_batch_answers_as_each_record_alone(net: tuple[Net1d, int, int], reference_inputs) -> None:
    module, n_leads, _ = net
    batch = torch.stack([signal[:n_leads] for signal in reference_inputs.values()])
    with torch.inference_mode():
        together = module(batch)
        alone = torch.cat([module(signal[None]) for signal in batch])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[1], rtol=1e-3)


def test_one_wrong_name_is_not_loaded(net: tuple[Net1d, int, int]) -> None:
    module, _, _ = net
    state = module.state_dict()
    state["dense.weights"] = state.pop("dense.weight")
    with pytest.raises(RuntimeError, match=r"dense\.weight"):
        module.load_state_dict(state)
