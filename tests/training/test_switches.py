"""Each way in which a recipe may leave ours for the papers': that it is taken, and that it reaches the network."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ecgview.errors import ModelError
from ecgview.formats import wfdb
from ecgview.models.networks import mtecg
from ecgview.record import EcgRecord
from ecgview.training import stages
from ecgview.training.data import tasks
from ecgview.training.engine import bodies, classify, lead_agnostic, loop, run_state
from ecgview.training.engine.optimisation import LoopSettings, optimiser_of, plateau_scale
from ecgview.training.engine.recipe import with_values
from ecgview.training.evaluation import challenge_score
from ecgview.training.places import Places
from ecgview.training.stages import mtecg_ablate, mtecg_finetune, mtecg_pretrain

TINY = {"small": True, "most_records": 8, "batch": 8, "preview_epochs": 1, "epochs": 1, "precision": "fp32"}
FINE = {"depth": 1, "most_records": 8, "batch": 8, "epochs": 1, "teacher": False, "precision": "fp32"}
PROBE = {"depth": 1, "most_records": 8, "batch": 8, "epochs": 1}
CONTRAST = {"most_records": 8, "batch": 8, "epochs": 1, "precision": "fp32", "sizes": lead_agnostic.SMALL}
MASKED = {
    "depth": 1,
    "most_records": 8,
    "batch": 8,
    "epochs": 1,
    "auxiliary_components": 0,
    "precision": "fp32",
}


@pytest.fixture
def places(tiny_ptbxl: Path, written_once: Path, tmp_path: Path) -> Places:
    """Return where a run of a few records reads and writes."""
    (tmp_path / "cache").mkdir()
    return Places(tiny_ptbxl, tmp_path / "run", tmp_path / "cache", device="cpu", per_fold=2)


@pytest.mark.parametrize(
    ("stage", "values"),
    [
        ("posttrain", {"preview_epochs": 0}),
        ("posttrain", {"preview_epochs": 0, "drop_path": 0.0}),
        ("posttrain", {"drop_path_rule": "constant"}),
        ("posttrain", {"preview_schedule": "plateau", "schedule": "plateau"}),
        ("posttrain", {"class_token": True, "initialisation": "released"}),
        ("posttrain", {"method": "baseline", "baseline_optimiser": "adam", "baseline_schedule": "plateau"}),
        ("mtecg pretrain", {"initialisation": "released"}),
        ("mtecg pretrain", {"variance_floor": 0.0, "target": "standardised", "mask_ratio": 0.25}),
        ("mtecg pretrain", {"optimiser": "adam", "schedule": "constant"}),
        ("mtecg finetune", {"initialisation": "released", "mean_pool": False}),
        ("mtecg finetune", {"optimiser": "adam", "schedule": "plateau"}),
        ("mtecg probe", {"initialisation": "released", "mean_pool": False}),
        ("wav2vec pretrain", {"optimiser": "adam", "schedule": "constant", "mask_leads": 0.0}),
        ("wav2vec pretrain", {"contrast": {"global_weight": 0.0}}),
        ("wav2vec finetune", {"optimiser": "adam", "schedule": "plateau"}),
        *(("mtecg finetune", {"task": name}) for name in ("diag44", "sub23", "super5", "rhythm12")),
    ],
    ids=str,
)
def test_a_switch_runs(stage: str, values: dict[str, Any], places: Places) -> None:
    system, _, name = stage.partition(" ")
    found = stages.of(system, name)
    small = {"posttrain": TINY, "mtecg finetune": FINE, "mtecg pretrain": MASKED, "mtecg probe": PROBE}
    recipe = with_values(found.RECIPE, {**small.get(stage, CONTRAST), **values})
    found.run(recipe, places)
    log = places.out / ("full/log.csv" if stage == "posttrain" else "log.csv")
    with open(log, encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert math.isfinite(float(row["loss"]))
    previewed = values.get("method") != "baseline" and values.get("preview_epochs") != 0
    assert (places.out / "preview").exists() == (stage == "posttrain" and previewed)


def test_form_statements_are_a_task(places: Places) -> None:
    table = places.data / "ptbxl" / "ptbxl_database.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("IMI", "QWAVE"), encoding="utf-8")
    made = mtecg_finetune.run(with_values(mtecg_finetune.RECIPE, {**FINE, "task": "form19"}), places)
    assert made.said(made.data.test).shape[1] == 19


def test_the_challenge_is_a_task_with_its_score(tmp_path: Path, pulse_record: EcgRecord) -> None:
    folder = tmp_path / "georgia"
    folder.mkdir()
    for number in range(40):
        path = folder / f"E{number:05d}"
        wfdb.write(pulse_record, path)
        with open(f"{path}.hea", "a", encoding="utf-8") as file:
            file.write(f"# Dx: {'426783006' if number % 2 else '164889003'}\n")
    (tmp_path / "cache").mkdir()
    places = Places(folder, tmp_path / "run", tmp_path / "cache", device="cpu")
    made = mtecg_finetune.run(with_values(mtecg_finetune.RECIPE, {**FINE, "task": "cinc26"}), places)
    assert made.said(made.data.test).shape[1] == 26
    with open(places.out / "log.csv", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert float(row["val_challenge_score"]) <= 1


def test_the_released_start_is_not_ours() -> None:
    """Ours begins with sine positions and with queries equal to keys; the released one draws both."""
    width = 192
    for way, alike in (("local", True), ("released", False)):
        torch.manual_seed(0)
        body = bodies.of(None, ("one",), sizes={"depth": 1}, initialisation=way)  # type: ignore[arg-type]
        weight = body.network.get_parameter("blocks.0.attn.qkv.weight")
        assert torch.equal(weight[:width], weight[width : 2 * width]) == alike
        ours = mtecg._sine_positions(201, width)
        assert torch.allclose(body.network.get_parameter("pos_embed"), ours) == alike


def test_the_class_token_is_what_the_head_sees() -> None:
    x = torch.randn(2, 12, 5000)
    for mean in (True, False):
        network: Any = bodies.of(None, ("one",), sizes={"depth": 1, "mean_pool": mean}).network.eval()
        tokens = network.encode(x)
        wanted = tokens[:, 1:].mean(1) if mean else tokens[:, 0]
        torch.testing.assert_close(network.forward_features(x), wanted)


def test_adam_adds_its_decay_to_the_gradient_of_every_parameter() -> None:
    """With no gradient of its own a bias is moved by Adam's decay and left alone by ours."""
    for kind, moved in (("adam", True), ("adamw", False)):
        layer = nn.Linear(2, 2)
        nn.init.ones_(layer.bias)
        settings = LoopSettings(
            epochs=1,
            learning_rate=0.1,
            steps_per_epoch=1,
            weight_decay=0.1,
            optimiser=kind,  # type: ignore[arg-type]
        )
        optimiser = optimiser_of(layer, settings)
        assert type(optimiser).__name__.lower() == kind
        (0.0 * (layer.weight.sum() + layer.bias.sum())).backward()
        optimiser.step()
        assert bool((layer.bias < 1).all()) == moved


def test_the_plateau_schedule_is_pytorchs() -> None:
    scores = [0.5, 0.6, 0.6, 0.59, 0.58, 0.57, 0.7, 0.70001, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    settings = LoopSettings(
        epochs=99,
        learning_rate=1.0,
        steps_per_epoch=1,
        schedule="plateau",
        plateau_factor=0.5,
        plateau_patience=2,
    )
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, mode="max", factor=0.5, patience=2)
    for count, score in enumerate(scores, 1):
        theirs.step(score)
        assert plateau_scale(scores[:count], settings) == optimiser.param_groups[0]["lr"]
    assert optimiser.param_groups[0]["lr"] < 0.5  # it fell more than once


class _Flat(nn.Module):
    """A loss that nothing betters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": (self.weight * batch).square().mean()}


def test_a_baseline_ends_where_its_rate_has_run_out(tmp_path: Path) -> None:
    """Official: patience 10, a tenth at a time, ended below 1e-5. From 1e-4 that is the second fall."""
    settings = LoopSettings(
        epochs=1000,
        learning_rate=1e-4,
        steps_per_epoch=1,
        schedule="plateau",
        stop_rate=1e-5,
        warmup_epochs=0.0,
        precision="fp32",
        select="auroc",
    )

    def run() -> list[dict[str, float]]:
        loop.fit(
            _Flat(),
            lambda epoch, first: [torch.ones(1)],
            settings,
            tmp_path,
            validate=lambda model: {"auroc": 0.5},
            device="cpu",
        )
        kept = torch.load(tmp_path / run_state.LAST, weights_only=True)
        return list(kept["history"])

    rates = [row["learning_rate"] for row in run()]
    assert len(rates) == 23  # one best, then twice eleven without a better one
    assert rates[11] == pytest.approx(1e-4)
    assert rates[12] == pytest.approx(1e-5)
    assert len(run()) == 23  # taken up again, it has ended


def test_a_plateau_of_nothing_validated_is_refused(places: Places) -> None:
    recipe = with_values(mtecg_pretrain.RECIPE, {**MASKED, "schedule": "plateau"})
    with pytest.raises(ModelError, match="nothing is validated"):
        mtecg_pretrain.run(recipe, places)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"schedule": "steps"}, "schedule is none of these"),
        ({"initialisation": "mine"}, "initialisation is none"),
    ],
)
def test_a_word_that_is_no_choice_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelError, match=why):
        with_values(mtecg_finetune.RECIPE, values)


def test_no_epoch_at_all_is_refused(places: Places) -> None:
    with pytest.raises(ModelError, match="at least one epoch"):
        mtecg_finetune.run(with_values(mtecg_finetune.RECIPE, {**FINE, "epochs": 0}), places)


def test_each_factor_of_an_ablation_reaches_its_recipe() -> None:
    recipe = with_values(
        mtecg_ablate.RECIPE, {"pretraining": {"batch": 32}, "finetuning": {"mean_pool": False}}
    )
    reference = mtecg_ablate.recipes(recipe, mtecg_ablate.Cell("none", "", {}, {}))
    assert (reference[0].batch, reference[1].mean_pool) == (32, False)
    for factor in recipe.vary:
        grid = [
            mtecg_ablate.recipes(recipe, one) for one in mtecg_ablate.cells(recipe) if one.factor == factor
        ]
        assert len(set(map(repr, grid))) == len(grid)
        assert all(one[0].auxiliary_components == 0 and not one[1].teacher for one in grid)


def test_the_challenge_score_stands_in_the_log_of_its_task() -> None:
    codes = tasks.get("cinc26").codes
    wanted = torch.eye(len(codes)).numpy()
    found = classify.figures(wanted, 0.9 * wanted, "cinc26")
    assert found["challenge_score"] == pytest.approx(1.0)
    assert challenge_score.score(wanted, wanted) == found["challenge_score"]
    assert "challenge_score" not in classify.figures(wanted[:, :5], wanted[:, :5], "super5")
