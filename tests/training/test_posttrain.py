"""Post-training: where stochastic depth stands, what it expects, what the preview leaves alone."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ecgview.errors import ModelError
from ecgview.models import architectures, cards
from ecgview.models.networks import mtecg
from ecgview.models.networks.kit.drop_path import DropPath, drop_path_rates
from ecgview.models.networks.net1d import Net1d, Net1dConfig
from ecgview.training.engine import linear_head
from ecgview.training.stages.posttrain import Method, PostTrainRecipe, backbone


def test_drop_path_keeps_the_expectation_and_rests_in_evaluation() -> None:
    torch.manual_seed(0)
    drop = DropPath(0.3).train()
    x = torch.ones(20_000, 2, 3)
    out = drop(x)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.02)
    per_sample = out.flatten(1)
    assert (per_sample == per_sample[:, :1]).all()  # a sample is dropped whole
    assert float((per_sample[:, 0] == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(drop.eval()(x), x)


def test_both_rules_of_the_rates() -> None:
    assert drop_path_rates(0.5, 3, "linear") == pytest.approx([0.0, 0.25, 0.5])
    assert drop_path_rates(0.5, 3, "constant") == [0.5] * 3


def test_a_dropped_net1d_branch_leaves_the_identity() -> None:
    """After the gate, before the sum: with every branch dropped, only pooling and padding are left."""
    torch.manual_seed(0)
    config = Net1dConfig(n_classes=3, stem_width=16, widths=(16, 32), blocks=(1, 1), drop_path=1.0 - 1e-9)
    config = Net1dConfig(
        n_classes=3,
        stem_width=16,
        widths=(16, 32),
        blocks=(1, 1),
        drop_path=0.999999,
        drop_path_rule="constant",
    )
    network = Net1d(config).train()
    x = torch.randn(4, 12, 640)
    stem = torch.nn.functional.silu(network.first_conv(x))
    got = network.forward_features(x)
    first = torch.nn.functional.max_pool1d(stem, 2)
    second = torch.nn.functional.max_pool1d(torch.nn.functional.pad(first, (0, first.shape[-1] % 2)), 2)
    wanted = torch.nn.functional.pad(second, (0, 0, 8, 8)).mean(-1)
    torch.testing.assert_close(got, wanted)


def test_linear_rates_run_over_all_twenty_blocks() -> None:
    network = Net1d(Net1dConfig(n_classes=2, drop_path=0.5))
    rates = [block.drop_path.rate for stage in network.stage_list for block in stage.block_list]
    assert len(rates) == 20
    assert rates == pytest.approx(torch.linspace(0, 0.5, 20).tolist())


def test_the_folded_head_answers_as_the_normalised_one() -> None:
    torch.manual_seed(0)
    head = linear_head.Head(6, 4).train()
    for _ in range(5):
        head.logits(torch.randn(32, 6) * 3 + 1)
    head.eval()
    x = torch.randn(8, 6)
    weight, bias = head.folded()
    torch.testing.assert_close(torch.nn.functional.linear(x, weight, bias), head.logits(x))


LABELS = ("one", "two", "three")


@pytest.mark.parametrize("start", [None, Path("net1d")])
def test_the_baseline_has_neither_dropout_nor_stochastic_depth(start: Path | None) -> None:
    body = backbone(PostTrainRecipe(method="baseline", small=True), start, LABELS)
    assert all(m.rate == 0.0 for m in body.network.modules() if isinstance(m, DropPath))
    assert all(m.p == 0.0 for m in body.network.modules() if isinstance(m, nn.Dropout))
    ours = backbone(PostTrainRecipe(small=True), start, LABELS)
    assert max(m.rate for m in ours.network.modules() if isinstance(m, DropPath)) == pytest.approx(0.5)


@pytest.mark.parametrize("start", [None, Path("net1d"), Path("mtecg-mae-ptbxl"), Path("wav2vec-cmsc")])
def test_the_card_of_a_body_builds_the_same_network(start: Path | None) -> None:
    body = backbone(PostTrainRecipe(method="baseline", small=start is None), start, LABELS)
    again = architectures.build(body.card)
    assert {name: value.shape for name, value in again.state_dict().items()} == {
        name: value.shape for name, value in body.network.state_dict().items()
    }
    assert body.head.out_features == len(LABELS)
    assert body.card.labels == LABELS


def test_a_body_goes_on_from_the_weights_of_its_start() -> None:
    """An autoencoder's encoder, a classifier without its head: bit by bit."""
    for start in ("mtecg-mae-ptbxl", "mtecg-ptbxl"):
        body = backbone(PostTrainRecipe(), Path(start), LABELS)
        weights = mtecg.carried(architectures.load(cards.get(start)).state_dict())
        own = body.network.state_dict()
        compared = [name for name in own if not name.startswith("head.")]
        assert len(compared) == len(own) - 2
        assert all(torch.equal(own[name], weights[name]) for name in compared)
        assert body.card.input == cards.get(start).input


@pytest.mark.parametrize(
    ("start", "method", "why"),
    [
        ("random-kernels", "baseline", "cannot be trained on labels"),
        ("random-kernels-ptbxl", "posttrain", "cannot be trained on labels"),
        ("wav2vec-cmsc", "posttrain", "has no stochastic depth"),
        ("nowhere", "posttrain", "there is no model named 'nowhere'"),
    ],
)
def test_what_cannot_be_post_trained_is_refused(start: str, method: Method, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        backbone(PostTrainRecipe(method=method), Path(start), LABELS)
