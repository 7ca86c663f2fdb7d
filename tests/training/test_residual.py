"""Residual networks: several are one, lines are in the head, and what is not known of a record teaches nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview import resources
from ecgview.cli import main
from ecgview.models import cards, runtime, unusual
from ecgview.models.networks import residual
from ecgview.models.networks.residual import Residual, ResidualConfig
from ecgview.record import EcgRecord
from ecgview.training.data import labels
from ecgview.training.data.augment import LEAD_SETS_SEEN, Augmentation
from ecgview.training.data.rows import Row
from ecgview.training.engine import out_of_fold
from ecgview.training.engine.out_of_fold import OutOfFold
from ecgview.training.evaluation import calibration
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective

SMALL = ResidualConfig(n_classes=71, stem=(4, 4), widths=(4, 8), blocks=(1, 1), kernel=5)


def network(seed: int, config: ResidualConfig = SMALL) -> Residual:
    torch.manual_seed(seed)
    made = Residual(config)
    for part in made.modules():  # else every block is its identity
        if isinstance(part, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
    return made.eval()


def test_networks_side_by_side_answer_their_mean() -> None:
    first, second, third = (network(seed) for seed in range(3))
    whole = residual.joined([first, residual.joined([second]), third])
    signal = torch.randn(2, 12, 5000)
    mean = torch.stack([one(signal) for one in (first, second, third)]).mean(0)
    assert torch.allclose(whole(signal), mean, atol=1e-5)
    assert whole.config.members == 3
    slopes, offsets = torch.linspace(0.5, 2, 71), torch.linspace(-1, 1, 71)
    lined = residual.weighed(whole, slopes, offsets)
    assert torch.allclose(lined(signal), mean * slopes + offsets, atol=1e-5)


def test_what_is_asked_at_500_hz_is_what_was_learnt_at_100() -> None:
    one, signal = network(0), torch.randn(2, 12, 5000)
    low = signal.reshape(2, 12, 1000, 5).mean(-1)
    assert torch.allclose(one.of_low_rate(low), one.forward_features(signal), atol=1e-5)


def test_every_lead_and_moment_has_a_gradient() -> None:
    signal = torch.randn(1, 12, 5000, requires_grad=True)
    network(0)(signal)[0, :5].sum().backward()
    assert signal.grad is not None
    per_lead = signal.grad.abs().sum(-1)[0]
    assert (per_lead > 0).all()


def batch(statements: torch.Tensor, **more: torch.Tensor) -> LabelledBatch:
    generator = torch.Generator().manual_seed(1)
    return LabelledBatch(torch.randn(len(statements), 12, 5000, generator=generator), statements, **more)


def test_what_is_not_known_teaches_nothing() -> None:
    one = network(0)
    objective = SupervisedObjective(one, statement_weight=2.0)
    wanted = torch.zeros(3, 71)
    wanted[0, 5] = torch.nan
    wanted[1] = torch.nan
    objective(batch(wanted))["loss"].backward()
    known = one.head.bias.grad
    assert known is not None
    assert torch.isfinite(known).all()
    # of column 5 only the last record is known, of the others the first and the last one
    logits = one(batch(wanted).signal).sigmoid()
    count = 2 * 71 - 1
    assert known[5].item() == pytest.approx(2 * logits[2, 5].item() / count, rel=1e-3)
    assert known[6].item() == pytest.approx(2 * (logits[0, 6] + logits[2, 6]).item() / count, rel=1e-3)


def test_a_superclass_is_known_by_one_that_is_there_or_by_all_that_are_not() -> None:
    codes = labels.statement_codes()
    wanted = np.zeros((3, 71), dtype=np.float32)
    wanted[0, codes.index("LVH")] = 1
    wanted[0, codes.index("RVH")] = np.nan
    wanted[1, codes.index("RVH")] = np.nan
    found = labels.known_superclasses(wanted)
    hypertrophy = labels.SUPERCLASSES.index("HYP")
    assert found[0, hypertrophy] == 1
    assert np.isnan(found[1, hypertrophy])
    assert found[2, hypertrophy] == 0
    others = [k for k in range(5) if k != hypertrophy]
    assert (found[:, others] == 0).all()
    # An objective that is told nothing of superclasses finds the same; a statement that is not known has no part in the
    # answer of a class that is there by another one.
    wanted[0, codes.index("RVH")] = 0
    told = SupervisedObjective(network(0), superclass_weight=1.0).eval()
    own = told(batch(torch.from_numpy(wanted)))["superclass_loss"]
    given = told(batch(torch.from_numpy(wanted), superclasses=torch.from_numpy(found)))["superclass_loss"]
    assert own.item() == pytest.approx(given.item())


def test_lead_sets_are_shown_as_devices_have_them() -> None:
    still = Augmentation(shift=False, gain=0.0, lead_gain=0.0, noise_mv=0.0, few_leads=1.0)
    shown = still(torch.ones(400, 12, 10), torch.Generator().manual_seed(0))[:, :, 0]
    sets = {tuple(np.flatnonzero(row).tolist()) for row in shown.numpy()}
    assert set(LEAD_SETS_SEEN) <= sets
    assert {len(one) for one in sets} >= {1, 2, 3, 4, 5, 6, 7, 8}
    whole = replace(still, few_leads=0.0)(torch.ones(4, 12, 10), torch.Generator().manual_seed(0))
    assert (whole == 1).all()


def test_what_is_changed_is_in_its_bounds() -> None:
    drawn = Augmentation(shift=False, gain=0.0, lead_gain=0.0, noise_mv=0.0, wander_mv=0.1, hidden=0.25)
    seen = [drawn(torch.ones(8, 12, 1000), torch.Generator().manual_seed(k)) for k in range(20)]
    hidden = [int((one[0, 0] == 0).sum()) for one in seen]
    assert 0 in hidden
    assert max(hidden) > 50
    assert max(hidden) <= 250
    wander = torch.stack(seen)[torch.stack(seen) != 0] - 1
    assert 0.05 < wander.abs().max() <= 0.1


def answers(rng: np.random.Generator, n: int = 4000) -> OutOfFold:
    """Two sources of three statements: of many records, of a few, and of hardly any."""
    truth = rng.normal(0, 1.5, (n, 3)) - np.array([1.0, 4.5, 9.0])
    wanted = (rng.random((n, 3)) < 1 / (1 + np.exp(-truth))).astype(np.float32)
    one = ((truth + rng.normal(0, 1, (n, 3))) / 2).astype(np.float32)  # too timid
    other = (truth + rng.normal(0, 3, (n, 3))).astype(np.float32)  # noisier
    rows = tuple(Row("ptbxl", str(k), str(k), 1 + k % 8) for k in range(n))
    return OutOfFold(rows, wanted, {"12": one, "kernels": other}, ("many", "few", "hardly"))


def test_sources_are_weighed_and_calibrated() -> None:
    found = answers(np.random.default_rng(0))
    positives = found.wanted.sum(0)
    assert positives[0] > out_of_fold.MANY_POSITIVES
    assert positives[2] < out_of_fold.FEWEST_POSITIVES <= positives[1]
    stack = out_of_fold.stack(found, ("12", "kernels"))
    assert stack.calibrated == ("many", "few")
    # the better source weighs more, as what it says in half as many log-odds; both together are what was true
    assert stack.slopes[0, 0] > 2 * stack.slopes[1, 0] > 0
    said = stack.said(found)
    assert said[:, :2].mean(0) == pytest.approx(found.wanted[:, :2].mean(0), abs=0.01)
    error = calibration.expected_calibration_error
    assert error(found.wanted[:, 0], said[:, 0]) < 0.02
    alone = 1 / (1 + np.exp(-found.logits["12"][:, 0]))
    assert error(found.wanted[:, 0], alone) > 0.03
    # with hardly any record a statement has what is usual
    assert stack.slopes[:, 2] == pytest.approx(stack.slopes[:, 0], rel=0.1)


def test_what_is_kept_of_answers_is_what_was_said(tmp_path: Path) -> None:
    found = answers(np.random.default_rng(1), 300)
    stack = out_of_fold.stack(found)
    with np.load(out_of_fold.write(found, stack, tmp_path), allow_pickle=False) as kept:
        assert kept["record_id"].tolist() == [row.record_id for row in found.rows]
        assert kept["logits"] == pytest.approx(stack.logits(found))
        assert kept["logits_kernels"] == pytest.approx(found.logits["kernels"])
        assert kept["codes"].tolist() == list(found.codes)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("recipe", ["residual", pytest.param("residual.any-leads", marks=pytest.mark.long)])
def test_the_recipe_trains_and_writes_two_models(
    recipe: str, tiny_ptbxl: Path, tmp_path: Path, isolated_home: Path, pulse_record: EcgRecord
) -> None:
    folder, run = cards.user_folder() / "small", tmp_path / "run"
    file = resources.path("recipes", f"{recipe}.toml")
    words = ["train", "residual", "--data", str(tiny_ptbxl), "--out", str(run), "--recipe", str(file)]
    words += ["--smoke", "--cache", str(tmp_path / "cache"), "--export", str(folder), "--device", "cpu"]
    assert main(words) == 0
    use, figures = cards.get("small"), cards.get("small-18")
    assert figures.folds["train"] == tuple(range(1, 9))
    assert 9 in use.folds["train"]
    assert "never fold 9" in figures.training_data
    assert use.figures_of == "small-18"
    assert figures.figures_of == ""
    assert "fold 9" in " ".join(use.notes)
    assert figures.calibrated.startswith("calibrated on ")
    any_leads = recipe != "residual"
    assert use.input.lead_agnostic == any_leads
    assert ("fewer than twelve leads" in use.out_of_scope) != any_leads
    assert ("12-lead" in use.intended_use) != any_leads
    assert (use.name == residual.NAME) != any_leads
    assert any(note.startswith("One network,") for note in use.notes) == any_leads
    assert any("shown with some of their leads" in note for note in use.notes) == any_leads
    for card in (use, figures):
        reference = unusual.of(card)
        assert reference is not None
        assert "each from what a network of the same recipe had learnt without it" in reference.records
        assert len(reference.middle) == 2 * card.config["widths"][-1]  # of the first of several networks
    answer = runtime.classify(pulse_record, "small", device="cpu")
    assert answer.feature_distance_percentile is not None
    first = run / "figures-0" / "last.pt"
    before = first.read_bytes()
    assert main(words) == 0  # nothing is left to train
    assert first.read_bytes() == before
