"""The papers' ledgers: what they hold, how they are run, and that every table comes again from the kept logits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.training import stages
from ecgview.training.data.rows import Row
from ecgview.training.data.tasks import get
from ecgview.training.engine.recipe import with_values
from ecgview.training.evaluation import metrics, results_table
from ecgview.training.papers import figures, kept, ledger, running
from ecgview.training.papers.kept import Part
from ecgview.training.papers.ledger import Cell, Ledger, Run
from ecgview.training.stages.posttrain import PostTrainRecipe


@pytest.mark.parametrize("name", ledger.names())
def test_a_ledger_holds_what_its_stages_know(name: str) -> None:
    found = ledger.read(name)
    used = {item.name for item in found.in_order(found.chosen(["all"]))}
    assert used == set(found.runs)  # no run that no cell asks for
    for item in found.runs.values():
        assert item.data in ledger.DATA
        if item.stage != running.LEF:
            recipe = with_values(running._stage(item).RECIPE, item.values)
            get(getattr(recipe, "task", "all71"))
            assert hasattr(stages.of(*_words(item.stage)), "STARTS") or not item.start
    assert all(cell.needs or found.needs(cell.run) for cell in found.cells)


def _words(stage: str) -> tuple[str, str]:
    system, _, name = stage.partition(" ")
    return system, name


def test_the_four_papers_have_one() -> None:
    assert ledger.names() == ("ecgpd-lef", "lead-agnostic", "mtecg", "posttrain")


def test_the_list_runs_nothing_and_says_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "ecgpd-lef", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["internal-logistic-auroc"]["published"].startswith("88.4 %")
    assert rows["internal-logistic-auroc"]["source"] == "abstract"
    assert rows["internal-logistic-auroc"]["state"].startswith("not run: needs EchoNext")
    assert rows["subgroups"]["published"] == "unpublished"
    assert all(row["ours"] is None for row in rows.values())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["mtecg2"], "no ledger of this paper"),
        (["mtecg", "--run", "ptbxl"], "--data DATA and --out OUT"),
        (["mtecg", "--run", "nothing", "--data", ".", "--out", "out"], "has no such row"),
        (["mtecg", "--run", "fuwai", "--data", ".", "--out", "out"], "needs|Fuwai"),
        (["mtecg", "--data", "."], "nothing is run without rows"),
        (["mtecg", "--from", "pyproject.toml"], "is no file of a paper's runs"),
    ],
)
def test_bad_words_are_refused_in_a_sentence(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = [str(tmp_path / "out") if word == "out" else word for word in words]
    assert main(["reproduce", *given]) == 1
    said = capsys.readouterr().err
    assert any(one in said for one in why.split("|"))


def test_a_run_goes_on_and_its_table_comes_again_from_the_file(
    tiny_ptbxl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["reproduce", "mtecg", "--run", "ptbxl-over-scratch", "--data", str(tiny_ptbxl)]
    words += ["--out", str(out), "--smoke", "--seeds", "1", "--resamples", "20", "--json"]
    words += ["--set", "depth=1", "--set", "most_records=16"]
    assert main(words) == 0, capsys.readouterr().err
    first = json.loads(capsys.readouterr().out)
    row = next(row for row in first["rows"] if row["id"] == "ptbxl-over-scratch")
    assert row["state"] == "run"
    assert row["seeds"] == [0]
    assert row["claim"] in ("higher", "lower", "none: the interval contains zero")
    assert {"value", "low", "high"} == set(row["macro_f1"]) == set(row["macro_auroc"])
    told = first["runs"]["finetune|0"]
    assert {"epochs 1 in place of 50", "depth 1 in place of 12"} < set(told["deviation"])
    assert "pretrain: epochs 1 in place of 1600" in told["deviation"]  # nor is a short start hidden
    assert any("recordings of each fold alone" in one for one in told["deviation"])
    assert set(told["deviation"]) < set(row["deviation"])
    assert told["environment"] in first["environments"]
    parts = {path: path.stat().st_mtime_ns for path in (out / "mtecg" / "parts").iterdir()}
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert parts == {path: path.stat().st_mtime_ns for path in (out / "mtecg" / "parts").iterdir()}
    file = str(out / "mtecg.parquet")
    assert main(["reproduce", "mtecg", "--from", file, "--resamples", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first == json.loads((out / "mtecg.json").read_text())
    manifest = kept._read(Path(file))[0].to_pylist()
    assert {one["split"] for one in manifest} == {"train", "validation", "test"}
    assert not any(one["logits"] for one in manifest if one["split"] == "train")
    assert main([*words, "--set", "batch=4"]) == 1
    assert "a run of other values" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("epochs", "schedule", "said"),
    [
        (23, "plateau", "converged after 23"),
        (50, "plateau", "not converged"),
        (5, "constant", "not converged"),
    ],
)
def test_a_baseline_says_whether_it_converged(epochs: int, schedule: str, said: str, tmp_path: Path) -> None:
    recipe = PostTrainRecipe(method="baseline", epochs=50, baseline_schedule=schedule)  # type: ignore[arg-type]
    (tmp_path / "full").mkdir()
    (tmp_path / "full/log.csv").write_text("epoch\n" + "0\n" * epochs)
    (found,) = running._convergence(recipe, tmp_path)
    assert found.startswith(said)
    assert not running._convergence(PostTrainRecipe(), tmp_path)


def test_what_data_lack_is_said_and_the_rest_is_run(tiny_ptbxl: Path, tmp_path: Path) -> None:
    from ecgview.training.places import Places

    found = ledger.read("posttrain")
    places = Places(tiny_ptbxl, tmp_path / "out", tmp_path / "cache")
    cells = found.chosen(["ecgfounder-sub23-auroc"])
    unmade = running.run(found, cells, places, {}, smoke=True)
    assert len(unmade) == 2
    assert all("needs the weights ecgfounder-12" in one for one in unmade)
    lead = ledger.read("lead-agnostic")
    unmade = running.run(lead, lead.chosen(["rlm-12-auroc"]), places, {}, smoke=True)
    assert all("needs the PhysioNet/CinC Challenge" in one for one in unmade)
    with pytest.raises(ModelError, match="no stage of these runs knows"):
        running.run(found, cells, places, {"epoch": 1})


RUNS = {name: Run(name, "mtecg finetune", "ptbxl") for name in ("good", "same", "other")}
LEDGER = Ledger(
    "trial",
    "Trial",
    "Two classes.",
    (
        Cell("auroc", "T", "two classes", "macro_auroc", run="good"),
        Cell("f1", "T", "two classes", "macro_f1", run="good"),
        Cell("one", "T", "the second", "macro_auroc", run="good", of="b"),
        Cell("gain", "T", "over noise", "macro_auroc", "+1 %", "abstract", "good", "other"),
        Cell("none", "T", "over itself", "macro_auroc", "", "", "good", "same"),
        Cell("less", "T", "the other way", "macro_auroc", "", "", "other", "good"),
        Cell("score", "T", "not the challenge", "challenge_score", run="good"),
    ),
    RUNS,
)


def _written(folder: Path) -> tuple[Path, dict[str, Any]]:
    rng = np.random.default_rng(0)
    wanted = {split: rng.integers(0, 2, (60, 2)).astype(np.float32) for split in kept.ANSWERED}
    said: dict[str, Any] = {}
    for name, worth in (("good", 2.0), ("same", 2.0), ("other", 0.0)):
        noise = np.random.default_rng(1)
        parts = []
        for split in kept.ANSWERED:
            logits = (worth * wanted[split] + noise.standard_normal((60, 2))).astype(np.float32)
            rows = [Row("made", f"{split}{k}", f"patient {split} {k // 2}", 1) for k in range(60)]
            parts.append(Part(split, rows, wanted[split], logits))
            said[name, split] = logits
        facts = {"classes": ["a", "b"], "learnt": "Nothing.", "deviation": [], "task": "two"}
        kept.write_part(folder / f"{name}-seed0.parquet", name, 0, parts, facts)
    path = folder / "all.parquet.out"
    kept.assemble(folder.glob("*.parquet"), path, "trial")
    return path, {"wanted": wanted, "said": said}


def test_the_figures_are_those_of_the_kept_logits(tmp_path: Path) -> None:
    path, made = _written(tmp_path)
    found = figures.table(LEDGER, path, 200)
    rows = {row["id"]: row for row in found["rows"]}
    wanted, said = made["wanted"]["test"], made["said"]["good", "test"]
    assert rows["auroc"]["ours"]["value"] == pytest.approx(roc_auc_score(wanted, said), abs=1e-4)
    assert rows["one"]["ours"]["value"] == pytest.approx(roc_auc_score(wanted[:, 1], said[:, 1]), abs=1e-4)
    truth, there = made["wanted"]["validation"], made["said"]["good", "validation"]
    best = []
    for k in range(2):  # the cut is sought on the validation split alone, and taken to the test split
        cuts = np.sort(there[:, k])
        worth = [f1_score(truth[:, k], there[:, k] >= cut) for cut in cuts]
        best.append(max(worth))
        own = kept.answers(path)["good", 0]["validation"]
        cut = figures._cuts(own, [k])[0]
        assert f1_score(truth[:, k], there[:, k] >= cut) == pytest.approx(max(worth))
    cuts = figures._cuts(kept.answers(path)["good", 0]["validation"], [0, 1])
    f1 = np.mean([f1_score(wanted[:, k], said[:, k] >= cuts[k]) for k in range(2)])
    assert rows["f1"]["ours"]["value"] == pytest.approx(f1, abs=1e-4)
    assert rows["auroc"]["macro_f1"] == rows["f1"]["ours"]
    assert rows["f1"]["macro_auroc"] == rows["auroc"]["ours"]
    assert rows["score"]["ours"] is None


def test_a_difference_whose_interval_holds_zero_is_not_claimed(tmp_path: Path) -> None:
    path, _ = _written(tmp_path)
    rows = {row["id"]: row for row in figures.table(LEDGER, path, 200)["rows"]}
    assert rows["gain"]["claim"] == "higher"
    assert rows["gain"]["ours"]["low"] > 0
    assert rows["less"]["claim"] == "lower"
    assert rows["none"]["claim"] == "none: the interval contains zero"
    assert rows["none"]["ours"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    said = figures.as_markdown(figures.table(LEDGER, path, 200))
    assert "| +1 % [abstract] |" in said
    assert "macro F1 | macro AUROC" in said


@pytest.mark.parametrize(
    ("low", "high", "claimed"),
    [(-0.01, 0.03, False), (0.0, 0.03, False), (0.01, 0.03, True), (-0.03, -0.01, True)],
)
def test_the_table_of_results_claims_nothing_across_zero(low: float, high: float, claimed: bool) -> None:
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    row = {"leads": "12", "pretraining": "rlm", "difference": {"value": 0.0, "low": low, "high": high}}
    row |= {
        name: figure for name in ("statement_auroc", "superclass_auroc", "statement_f1", "statement_auprc")
    }
    head = {"folds": [9], "n_records": 5, "n_patients": 5, "n_statements": 2}
    text = results_table.as_markdown(
        {**head, "mtecg": [], "posttrain": [], "identification": [], "leads": [row]}
    )
    assert ("not claimed |" in text) != claimed


def test_the_table_of_results_has_the_papers_figure() -> None:
    """Macro F1 of the test fold by the cuts of the validation fold, as scikit-learn has it."""
    rng = np.random.default_rng(0)
    wanted = [(rng.random((80, 71)) < 0.3).astype(np.float32) for _ in range(2)]
    said = [(0.5 * one + 0.5 * rng.random(one.shape)).astype(np.float32) for one in wanted]
    both = {"run": (said[0], said[1])}
    table = results_table._Table((wanted[0], wanted[1]), both, 10)
    cuts = [metrics.best_f1_threshold(wanted[1][:, k], said[1][:, k]) for k in range(71)]
    f1 = np.mean([f1_score(wanted[0][:, k], said[0][:, k] >= cuts[k]) for k in table.columns])
    assert table.row(["run"], None)["statement_f1"]["value"] == pytest.approx(f1, abs=1e-4)


def test_no_patient_is_named_in_the_file(tmp_path: Path) -> None:
    path, _ = _written(tmp_path)
    assert b"patient test" not in path.read_bytes()
    own = kept.answers(path)["good", 0]["test"]
    assert len(set(own.patients)) == 30  # two records each are still one patient's
    assert kept.facts(path)["paper"] == "trial"


def test_a_value_without_its_source_is_no_ledger() -> None:
    with pytest.raises(ModelError, match="its source go together"):
        ledger._check("trial", (Cell("a", "T", "w", "macro_f1", published="1 %", run="good"),), RUNS)
