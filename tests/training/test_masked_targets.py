"""A target that nobody gave counts for nothing: no loss, no gradient, no figure."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ecgview.training.data import labels
from ecgview.training.engine import classify
from ecgview.training.engine.linear_head import FeatureBatch, Head
from ecgview.training.evaluation import metrics
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective

CODES = labels.statement_codes()


class Rows(nn.Module):
    """A network whose answers about four records are its weights, (4, 71)."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = nn.Parameter(torch.randn(4, 71, generator=torch.Generator().manual_seed(1)))

    def forward_features(self, signal: Tensor) -> Tensor:
        return self.answers[: len(signal)]

    def forward_head(self, features: Tensor) -> Tensor:
        return features


def _wanted() -> Tensor:
    wanted = (torch.rand(4, 71, generator=torch.Generator().manual_seed(2)) < 0.1).float()
    wanted[1, ::2] = torch.nan  # half of them, the first among them
    wanted[2] = torch.nan
    wanted[3, 1:] = torch.nan
    return wanted


def _gradient(wanted: Tensor, **options: float) -> tuple[Tensor, Tensor]:
    network = Rows()
    objective = SupervisedObjective(network, **options)  # type: ignore[arg-type]
    earlier = torch.zeros(4, 71)
    loss = objective(LabelledBatch(torch.zeros(4, 1), wanted, earlier=earlier))["loss"]
    loss.backward()
    assert network.answers.grad is not None
    return loss.detach(), network.answers.grad


@pytest.mark.parametrize("superclass_weight", [0.0, 1.0])
def test_the_gradient_of_what_is_not_known_is_zero(superclass_weight: float) -> None:
    wanted = _wanted()
    loss, gradient = _gradient(wanted, superclass_weight=superclass_weight, smoothing=0.1)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()
    assert (gradient[wanted.isnan()] == 0).all()
    assert (gradient[~wanted.isnan()] != 0).all()


def test_nothing_known_is_no_loss() -> None:
    loss, gradient = _gradient(torch.full((4, 71), torch.nan), superclass_weight=1.0)
    assert loss == 0
    assert (gradient == 0).all()


def test_the_loss_is_the_mean_over_what_is_known() -> None:
    wanted = _wanted()
    known = ~wanted.isnan()
    answers = Rows().answers.detach()
    mean = nn.functional.binary_cross_entropy_with_logits(answers[known], wanted[known])
    objective = SupervisedObjective(Rows())
    found = objective(LabelledBatch(torch.zeros(4, 1), wanted))["loss"]
    assert float(found.detach()) == pytest.approx(float(mean))


def test_a_superclass_is_known_where_one_of_it_is_present_or_all_are_known() -> None:
    wanted = np.zeros((4, 71), np.float32)
    wanted[0, CODES.index("IMI")] = 1
    wanted[1, CODES.index("AMI")] = np.nan
    wanted[2, [CODES.index("AMI"), CODES.index("IMI")]] = (np.nan, 1)
    wanted[3] = np.nan
    mi = labels.superclass_targets(wanted)[:, labels.SUPERCLASSES.index("MI")]
    np.testing.assert_array_equal(mi, [1, np.nan, 1, np.nan])
    assert np.isfinite(labels.superclass_targets(wanted)[1]).sum() == 4


def test_a_linear_head_learns_from_what_is_known() -> None:
    head, features = Head(5, 71, normalised=False), torch.ones(4, 5)
    head(FeatureBatch(features, _wanted()[:, :71]))["loss"].backward()
    assert head.linear.weight.grad is not None
    assert torch.isfinite(head.linear.weight.grad).all()
    only = Head(5, 71, normalised=False)
    only(FeatureBatch(features[3:], _wanted()[3:]))["loss"].backward()
    assert only.linear.bias.grad is not None
    assert only.linear.bias.grad.nonzero().tolist() == [[0]]


def test_figures_are_those_of_the_records_whose_truth_is_known() -> None:
    rng = np.random.default_rng(0)
    wanted = (rng.random((200, 71)) < 0.3).astype(np.float32)
    said = rng.random((200, 71)).astype(np.float32)
    hidden = wanted.copy()
    hidden[120:, 3] = np.nan
    assert metrics.auroc(hidden, said)[3] == pytest.approx(metrics.auroc(wanted[:120], said[:120])[3])
    assert metrics.auroc(hidden, said)[4] == pytest.approx(metrics.auroc(wanted, said)[4])
    only = np.array([3])
    assert metrics.macro_auprc(hidden, said, only) == pytest.approx(
        metrics.macro_auprc(wanted[:120], said[:120], only)
    )
    cuts = np.full(71, np.nan)
    cuts[3] = 0.5
    assert metrics.macro_f1(hidden, said, cuts) == metrics.macro_f1(wanted[:120], said[:120], cuts)
    assert metrics.best_f1_threshold(hidden[:, 3], said[:, 3]) == metrics.best_f1_threshold(
        wanted[:120, 3], said[:120, 3]
    )
    assert 3 not in metrics.with_at_least(np.where(np.arange(71) == 3, np.nan, wanted), 1)
    assert all(np.isfinite(value) for value in classify.figures(hidden, said).values())
