"""The map of a network with its weights in random order: the form of a true one, and nothing of what it says."""

import numpy as np
import pytest
import torch

from ecgview import api
from ecgview.explain import attribution, sham_map
from ecgview.models import cards, gradients
from ecgview.record import EcgRecord
from ecgview.resources import path as resource


@pytest.fixture(scope="module")
def record() -> EcgRecord:
    """Return the shipped ECG with left bundle branch block."""
    return api.open_ecg(resource("demo", "lbbb.hea"))


def test_a_sham_looks_like_a_map_and_says_something_else(record: EcgRecord) -> None:
    card = cards.default("classifier")
    sham = sham_map.of_random_network(record, card.id, "CLBBB", 3, "cpu")
    true = attribution.of_statement(record, card.id, "CLBBB", "cpu")
    for name in ("model", "record_sha256", "of", "target", "leads", "segment_s", "unit", "method"):
        assert getattr(sham, name) == getattr(true, name)
    assert sham.cells.shape == true.cells.shape
    assert sham.cells.sum(dtype=np.float64) + sham.remainder == pytest.approx(sham.share, abs=1e-4)
    assert abs(np.corrcoef(sham.cells.ravel(), true.cells.ravel())[0, 1]) < 0.5
    again = sham_map.of_random_network(record, card.id, "CLBBB", 3, "cpu")
    assert np.array_equal(again.cells, sham.cells)
    other = sham_map.of_random_network(record, card.id, "CLBBB", 4, "cpu")
    assert not np.array_equal(other.cells, sham.cells)


def test_the_shared_network_stays_as_it_is() -> None:
    network = gradients.network(cards.default("classifier"), "cpu")
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    made = sham_map.shuffled(network, 1)
    for name, weight in network.named_parameters():
        assert torch.equal(weight, before[name])
    changed = [name for name, weight in made.named_parameters() if not torch.equal(weight, before[name])]
    assert len(changed) > len(before) / 2
    for name, weight in made.named_parameters():
        assert torch.equal(weight.ravel().sort().values, before[name].ravel().sort().values)
