"""The checks of a map: known answers on a network that is a weighted sum, and what must not pass them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgview import api
from ecgview.errors import Cancelled
from ecgview.explain import attribution, faithfulness, on_page
from ecgview.explain.faithfulness import Hiding
from ecgview.models import runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord
from ecgview.results import Attribution


class Sum(nn.Module):
    """Logits that are sums of the input by weights, (classes, leads, samples), less one."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bls,cls->bc", x, self.weights) - 1.0


@pytest.fixture
def summed(classifier: ModelCard, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """Return the card of a classifier whose network is a weighted sum."""
    weights = 0.01 * torch.randn(71, 12, 5000, generator=torch.Generator().manual_seed(5))
    monkeypatch.setattr(runtime, "network", lambda card, device: Sum(weights))
    return classifier


def test_on_a_weighted_sum_the_map_is_what_hiding_does(summed: ModelCard, pulse_record: EcgRecord) -> None:
    found = attribution.of_statement(pulse_record, summed.id, "NORM", "cpu")
    stamp = faithfulness.stamp(pulse_record, found, "cpu")
    assert stamp.completeness == pytest.approx(0, abs=1e-3)
    assert stamp.occlusion_agreement == pytest.approx(1, abs=1e-3)
    cells = np.sort(faithfulness.in_cells(found, summed.input).ravel())[::-1].reshape(20, 12).sum(1)
    logit = np.concatenate([[0.0], np.cumsum(cells)]) - 1.0
    shown, hidden = (1 / (1 + np.exp(-z)) for z in (logit, cells.sum() - 1.0 - (logit + 1.0)))
    area = np.trapezoid(shown, dx=1 / 20) - np.trapezoid(hidden, dx=1 / 20)
    assert area > 0.1
    assert stamp.insertion_minus_deletion == pytest.approx(area, abs=1e-3)
    assert stamp.amplitude is not None
    assert stamp.amplitude < area
    assert stamp.verdict == "no failure found"


def test_a_random_map_and_one_turned_round_fail(summed: ModelCard, pulse_record: EcgRecord) -> None:
    true = attribution.of_statement(pulse_record, summed.id, "NORM", "cpu")
    chance = np.random.default_rng(3).normal(size=true.cells.shape).astype(np.float32)
    for cells in (chance, -true.cells):
        stamp = faithfulness.stamp(pulse_record, replace(true, cells=cells), "cpu")
        assert stamp.has_failed
        assert "agreement with occlusion" in stamp.verdict
    upside_down = faithfulness.stamp(pulse_record, replace(true, cells=-true.cells), "cpu")
    assert upside_down.occlusion_agreement == pytest.approx(-1, abs=1e-3)
    assert "no better than the signal's size alone" in upside_down.verdict


def test_a_large_remainder_fails(summed: ModelCard, pulse_record: EcgRecord) -> None:
    true = attribution.of_statement(pulse_record, summed.id, "NORM", "cpu")
    assert true.failed == ""
    stamp = faithfulness.stamp(pulse_record, replace(true, remainder=0.2 * true.share), "cpu")
    assert stamp.completeness == pytest.approx(0.2)
    assert stamp.verdict == "failed: remainder 20 % of the share"


def test_what_was_known_to_fail_is_not_asked_again(summed: ModelCard, pulse_record: EcgRecord) -> None:
    true = attribution.of_statement(pulse_record, summed.id, "NORM", "cpu")

    def never(fraction: float, text: str = "") -> None:
        raise AssertionError("the network was asked")

    stamp = faithfulness.stamp(
        pulse_record, replace(true, failed="failed: cells nearly cancel"), "cpu", never
    )
    assert stamp.verdict == "failed: cells nearly cancel"
    assert stamp.occlusion_agreement is None


def test_the_stamp_is_the_same_twice(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    found = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    first, second = (faithfulness.stamp(pulse_record, found, "cpu") for _ in range(2))
    assert first == second
    assert first.occlusion_agreement is not None
    assert -1 <= first.occlusion_agreement <= 1


def test_it_ends_between_two_batches(
    classifier: ModelCard, pulse_record: EcgRecord, forwards: list[str]
) -> None:
    found = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    told = []

    def enough(fraction: float, text: str = "") -> None:
        told.append(fraction)
        if len(told) == 3:
            raise Cancelled

    before = len(forwards)
    with pytest.raises(Cancelled):
        faithfulness.stamp(pulse_record, found, "cpu", enough)
    assert len(forwards) - before == 3  # both ends in one, and two batches of hidden cells
    assert told == sorted(told)


def test_hidden_cells_hold_the_fill_and_no_other_sample_changes() -> None:
    signal = np.arange(24, dtype=np.float32).reshape(2, 12) + 1
    seen = []

    def ask(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.copy())
        return batch.sum(axis=(1, 2), dtype=np.float64)[:, None]

    hiding = Hiding(ask, signal, np.full_like(signal, -1.0), np.array([0, 4, 8, 12]))
    hidden = np.zeros((1, 2, 3), bool)
    hidden[0, 1, 2] = True
    hiding.said(hidden)
    wanted = signal.copy()
    wanted[1, 8:] = -1.0
    np.testing.assert_array_equal(seen[0][0], wanted)
    whole = np.array([float(signal.sum())])
    fallen = faithfulness.drops(hiding, whole, np.ones((2, 3), bool))[:, 0]
    np.testing.assert_allclose(fallen, (signal + 1).reshape(2, 3, 4).sum(-1).ravel())


def test_amplitude_is_the_root_mean_square_of_each_cell() -> None:
    signal = np.array([[3, 3, -4, -4], [0, 0, 1, -7]], np.float32)
    found = faithfulness.amplitude(signal, np.array([0, 2, 4]))
    np.testing.assert_allclose(found, [[3, 4], [0, 5]])


def test_cells_keep_the_sum_of_a_map_and_the_leads_of_the_input(classifier: ModelCard) -> None:
    cells = np.random.default_rng(0).normal(size=(3, 200)).astype(np.float32)
    facts = classifier.facts
    one = Attribution(
        facts, "x", "statement", "NORM", ("V6", "I", "II"), 0.05, cells, 1.0, 0.0, "logit", "made"
    )
    found = faithfulness.in_cells(one, classifier.input)
    assert found.shape == (12, 20)
    np.testing.assert_allclose(found[11], cells[0].reshape(20, 10).sum(1), rtol=1e-5)
    np.testing.assert_allclose(found[0], cells[1].reshape(20, 10).sum(1), rtol=1e-5)
    assert not found[2:11].any()


def test_a_map_that_is_the_same_everywhere_agrees_with_nothing() -> None:
    ramp = np.arange(240.0).reshape(12, 20)
    assert faithfulness.agreement(ramp, np.ones((12, 20))) == 0
    assert faithfulness.agreement(ramp, np.exp(ramp / 100)) == pytest.approx(1)


def turning(classifier: ModelCard, record: EcgRecord, quarters: int) -> nn.Module:
    """Return a network whose way from flat to the record is so many quarter turns, which few steps do not follow."""
    total = float(prepare(record, classifier.input)[0, 195:206].sum())

    class Turning(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            summed = x[:, 0, 195:206].sum(-1, keepdim=True)
            return torch.sin(quarters * np.pi / 2 / total * summed).expand(-1, 71)

    return Turning()


def test_a_map_with_a_large_remainder_is_made_of_more_steps(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = turning(classifier, pulse_record, 33)
    monkeypatch.setattr(runtime, "network", lambda card, device: made)
    found = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    steps = (np.arange(36) + 0.5) / 36
    wanted = float(np.mean(33 * np.pi / 2 * np.cos(33 * np.pi / 2 * steps)))
    assert found.share == pytest.approx(1, abs=1e-3)
    assert found.method == "integrated gradients, 12 to 36 steps"
    assert float(found.cells.sum()) == pytest.approx(wanted, abs=2e-3)
    assert abs(found.remainder) <= 0.2
    assert found.failed == ""


def test_a_remainder_that_stays_too_large_is_told_with_the_map_and_without_the_checks(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = turning(classifier, pulse_record, 49)
    monkeypatch.setattr(runtime, "network", lambda *_: made)
    found, quick = api.attribute(pulse_record, "NORM", model_id=classifier.id, device="cpu", check=False)
    left = abs(found.remainder) / abs(found.share)
    assert 0.2 < left < 0.25
    assert found.failed == f"failed: remainder {100 * left:.0f} % of the share"
    assert quick.verdict == found.failed
    assert found.failed in on_page.overlay(found).legend
    assert all(bar.failed for bar in on_page.overlay(found).bars)
    stamp = faithfulness.stamp(pulse_record, found, "cpu")
    assert (stamp.verdict, stamp.occlusion_agreement) == (found.failed, None)
