"""The loop: rates, groups, resuming to the last bit, stopping on nonsense; splits; figures of merit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ecgview.errors import Cancelled, ModelError
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.training.data import splits
from ecgview.training.data.pack import Pack, Row
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import LoopSettings, learning_rate_at, parameter_groups
from ecgview.training.evaluation import metrics
from ecgview.training.objectives.mae import MaeObjective
from ecgview.training.objectives.supervised import bernoulli_distillation

SETTINGS = LoopSettings(epochs=4, learning_rate=1e-2, steps_per_epoch=3, warmup_epochs=1, ema_decay=0.9)


class _Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fit = nn.Linear(3, 1)
        self.noise = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"loss": (self.fit(self.noise(x)) - x.sum(1, keepdim=True)).square().mean()}


def _batches(epoch: int, first: int) -> Iterator[Tensor]:
    for step in range(first, 3):
        yield torch.randn(8, 3, generator=torch.Generator().manual_seed(10 * epoch + step))


def _model() -> _Line:
    torch.manual_seed(0)
    return _Line()


def test_a_killed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = fit(_model(), _batches, SETTINGS, tmp_path / "whole").state_dict()
    steps = 0

    def killed(fraction: float, text: str = "") -> None:
        nonlocal steps
        steps += 1
        if steps in (4, 9):
            raise Cancelled

    for _ in range(2):
        with pytest.raises(Cancelled):
            fit(_model(), _batches, SETTINGS, tmp_path / "killed", progress=killed)
    resumed = fit(_model(), _batches, SETTINGS, tmp_path / "killed", progress=killed).state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    def broken(epoch: int, first: int) -> Iterator[Tensor]:
        yield torch.full((8, 3), float("nan"))

    with pytest.raises(ModelError, match="not finite"):
        fit(_model(), broken, SETTINGS, tmp_path)
    assert not (tmp_path / "last.pt").exists()


def test_the_rate_warms_up_and_falls_to_zero() -> None:
    rates = [learning_rate_at(step, SETTINGS) for step in range(12)]
    assert rates[:3] == pytest.approx([1e-2 / 3, 2e-2 / 3, 1e-2])
    assert rates[3] == pytest.approx(1e-2)
    assert rates == [*rates[:3], *sorted(rates[3:], reverse=True)]
    assert learning_rate_at(12, SETTINGS) == pytest.approx(0.0)


def test_layer_decay_and_weight_decay_groups() -> None:
    network = Mtecg(MtecgConfig(depth=3))
    settings = LoopSettings(epochs=1, learning_rate=1.0, steps_per_epoch=1, layer_decay=0.5)
    scale = {
        id(p): (g["scale"], g["weight_decay"])
        for g in parameter_groups(network, settings)
        for p in g["params"]
    }
    assert scale[id(network.head.weight)] == (1.0, 0.05)
    assert scale[id(network.norm.weight)] == (1.0, 0.0)
    assert scale[id(network.blocks[2].mlp.fc1.weight)] == (0.5, 0.05)
    assert scale[id(network.blocks[0].attn.qkv.weight)] == (0.125, 0.05)
    assert scale[id(network.patch_embed.proj.weight)] == (0.0625, 0.05)
    assert scale[id(network.pos_embed)] == (0.0625, 0.0)


def test_every_token_is_kept_from_decay_wherever_the_network_stands() -> None:
    """As the rule by names had it: within an objective, in encoder and decoder."""
    objective = MaeObjective(MtecgConfig(depth=2, n_classes=0), auxiliary=3)
    groups = parameter_groups(objective, SETTINGS)
    decayed = {id(p) for g in groups if g["weight_decay"] for p in g["params"]}
    for name, parameter in objective.named_parameters():
        tokens = name.endswith(("pos_embed", "cls_token", "mask_token"))
        assert (id(parameter) in decayed) == (parameter.ndim >= 2 and not tokens), name


def test_a_network_that_names_no_layers_has_one_rate() -> None:
    settings = LoopSettings(epochs=1, learning_rate=1.0, steps_per_epoch=1, layer_decay=0.5)
    groups = parameter_groups(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), settings)
    assert {g["scale"] for g in groups} == {1.0}


def _pack(rows: list[Row]) -> Pack:
    return Pack(np.zeros((len(rows), 8, 100), dtype=np.int16), tuple(rows))


def test_a_patient_in_two_splits_is_refused() -> None:
    rows = [Row("ptbxl", "1", "a", 1), Row("ptbxl", "2", "b", 8), Row("ptbxl", "3", "a", 9)]
    with pytest.raises(ModelError, match="patient a stands in two splits"):
        splits.labelled(_pack(rows), "test")


def test_cross_validation_parts_folds_and_patients() -> None:
    rows = [Row("ptbxl", str(k), f"p{k % 9}", k % 9 + 1) for k in range(18)] + [Row("georgia", "E1", "E1")]
    found = splits.cross_validation(_pack(rows))
    assert [one["validation"] for one in found] == [(1, 2), (3, 4), (5, 6), (7, 8)]
    assert [one["test"] for one in found] == [(9,)] * 4
    assert found[1]["train"] == (1, 2, 5, 6, 7, 8)
    held = [splits.labelled(_pack(rows), "validation", one) for one in found]
    assert sorted(np.concatenate(held).tolist()) == [k for k in range(18) if k % 9 != 8]
    with pytest.raises(ModelError, match=r"patient p0 stands in two splits.*folds 1-2 and folds 7-8"):
        splits.cross_validation(_pack([*rows, Row("ptbxl", "99", "p0", 8)]))
    with pytest.raises(ModelError, match="do not divide"):
        splits.cross_validation(_pack(rows), range(1, 8))
    with pytest.raises(ModelError, match="holds no record"):
        splits.cross_validation(_pack(rows[:4]))


def test_a_source_is_left_out() -> None:
    rows = [
        Row("ptbxl", "1", "1", 1),
        Row("georgia", "2", "2"),
        Row("ptb", "3", "3"),
        Row("georgia", "4", "4"),
    ]
    kept, left = splits.without_source(_pack(rows), np.array([0, 1, 2]), "georgia")
    assert (kept.tolist(), left.tolist()) == ([0, 2], [1])
    with pytest.raises(ModelError, match="cannot be left out"):
        splits.without_source(_pack(rows), np.array([0, 2]), "georgia")


def test_self_supervision_never_sees_the_test_fold() -> None:
    rows = [
        Row("ptbxl", "1", "a", 1),
        Row("ptbxl", "2", "b", 8),
        Row("ptbxl", "3", "c", 9),
        Row("ludb", "4", "d"),
    ]
    assert splits.unlabelled(_pack(rows)).tolist() == [0, 1, 3]


def test_auroc_of_a_hand_case() -> None:
    wanted = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], dtype=np.float32)
    said = np.array([[0.9, 0.1], [0.5, 0.2], [0.5, 0.3], [0.1, 0.4]], dtype=np.float32)
    values = metrics.auroc(wanted, said)
    assert values[0] == pytest.approx(3.5 / 4)  # one tie counts half
    assert np.isnan(values[1])
    assert metrics.macro_auroc(wanted, said) == pytest.approx(3.5 / 4)


def test_auroc_equals_an_independent_implementation() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    wanted = (rng.random((200, 6)) < 0.2).astype(np.float32)
    said = np.round(rng.random((200, 6)), 1).astype(np.float32)
    ours = metrics.auroc(wanted, said)
    assert ours == pytest.approx([roc_auc_score(wanted[:, k], said[:, k]) for k in range(6)])


def test_the_best_threshold_has_the_largest_f1() -> None:
    wanted = np.array([1, 1, 0, 1, 0, 0], dtype=np.float32)
    said = np.array([0.9, 0.8, 0.7, 0.6, 0.2, 0.1], dtype=np.float32)
    assert metrics.best_f1_threshold(wanted, said) == pytest.approx(0.4)


def test_the_bootstrap_covers_a_known_mean() -> None:
    covered = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(3.0, 1.0, 80)
        interval = metrics.bootstrap(lambda rows, v=values: float(v[rows].mean()), 80, 400, seed)
        covered += interval.low <= 3.0 <= interval.high
    assert 50 <= covered <= 60  # 95 % of 60 is 57


def test_distillation_is_zero_for_equal_answers_and_matches_the_formula() -> None:
    teacher, student = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 0.3]])
    assert bernoulli_distillation(teacher, teacher) == pytest.approx(0.0, abs=1e-6)
    t, s = torch.sigmoid(teacher / 2), torch.sigmoid(student / 2)
    formula = 4 * (t * torch.log(t * (1 - s) / (s * (1 - t))) + torch.log((1 - t) / (1 - s))).mean()
    assert bernoulli_distillation(student, teacher) == pytest.approx(float(formula), abs=1e-6)
