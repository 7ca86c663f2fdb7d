"""The evaluation of small networks, whole through the command line: leads left out, external data, comparisons."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pdfplumber
import pytest
import torch

from ecgview import RESEARCH_USE_ONLY
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.lead_sets import LeadSet
from ecgview.training import evaluation
from ecgview.training.data.pack import Pack, Row
from ecgview.training.evaluation import asked, external, lead_subsets
from tests.tiny_models import autoencoder, classifier, keep_model  # noqa: F401


def test_absent_leads_are_zeroed_and_windows_averaged(classifier: ModelCard) -> None:  # noqa: F811
    rng = np.random.default_rng(3)
    rows = tuple(Row("ptbxl", name, name, 9, codes=("NORM",)) for name in ("a", "b", "a"))
    pack = Pack(rng.integers(-800, 800, (3, 8, 5000)).astype(np.int16), rows)
    index = np.arange(3)
    said = asked.answers(classifier, pack, index, leads=("I", "V2"))
    signal = pack.millivolts(index).numpy() * np.float32(classifier.input.scale)
    keep = np.array([name in ("I", "V2") for name in STANDARD_12])
    module = runtime.network(classifier, "cpu")
    expected = runtime.probabilities(module, signal * keep[:, None].astype(np.float32), "cpu")
    np.testing.assert_allclose(said, expected, atol=1e-6)
    found = asked.asked(classifier, pack, index)
    every = asked.answers(classifier, pack, index)
    assert [row.record_id for row in found.rows] == ["a", "b"]
    np.testing.assert_allclose(found.said, [every[[0, 2]].mean(0), every[1]], atol=1e-6)
    assert found.wanted[:, found.codes.index("NORM")].tolist() == [1, 1]


def test_an_external_test_asks_by_finding(
    classifier: ModelCard,  # noqa: F811
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = external.mapped(classifier.labels)
    assert len(found) == 21
    assert {name: classifier.labels[k] for name, k in found.items()}["LAnFB"] == "LAFB"
    small = tmp_path / "cinc"
    small.mkdir()
    for path in sorted((shared_data / "cinc2021").glob("[EJH]*[0-5].*")):
        (small / path.name).write_bytes(path.read_bytes())
    words = ["evaluate", "tiny", str(small), "--task", "cinc26", "--cache", str(tmp_path / "cache")]
    assert main([*words, "--resamples", "20", "--json", "--pdf", str(tmp_path / "f.pdf")]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert 10 < figures["n_records"] < len(list(small.glob("[EJ]*.hea"))) + 1  # HR* are PTB-XL's
    assert (figures["n_classes_answered"], figures["n_classes"]) == (21, 26)
    assert figures["challenge_score"]["value"] <= 1
    assert "superclass_macro_auroc" not in figures
    assert "baselines" not in figures
    with pdfplumber.open(tmp_path / "f.pdf") as document:
        assert "21 of 26 scored classes" in " ".join(document.pages[0].extract_text().split())


def test_lead_sets_are_named(classifier: ModelCard) -> None:  # noqa: F811
    found = lead_subsets.parse("12,1, I+II+V5, 6+V1", classifier)
    assert found == [STANDARD_12, ("I",), ("I", "II", "V5"), (*STANDARD_12[:6], "V1")]
    with pytest.raises(ModelError, match=r"no such lead set.*V9"):
        lead_subsets.parse("12,V9", classifier)
    with pytest.raises(ModelError, match="the card of tiny has no lead sets"):
        lead_subsets.parse("card", classifier)
    one = LeadSet("V1+V5", ("V1", "V5"), figures={"macro_auroc": 0.7})
    assert lead_subsets.parse("card", replace(classifier, lead_sets=(one,))) == [STANDARD_12, ("V1", "V5")]


def _other(card: ModelCard, model_id: str) -> ModelCard:
    """Return a second small classifier whose outputs are the first one's with another bias."""
    from safetensors.torch import load_file

    state = load_file(card.weights_path)
    torch.manual_seed(5)
    state["head.weight"] = torch.randn_like(state["head.weight"])
    return keep_model(replace(card, id=model_id), state)


def test_the_command_writes_everything(
    classifier: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _other(classifier, "second")
    (tmp_path / "cache").mkdir()
    words = ["evaluate", "tiny", str(tiny_ptbxl), "--cache", str(tmp_path / "cache"), "--resamples", "20"]
    words += ["--no-baselines", "--subgroups", "--leads", "12,1", "--compare", "second"]
    words += [
        "--csv",
        str(tmp_path / "f.csv"),
        "--pdf",
        str(tmp_path / "f.pdf"),
        "-o",
        str(tmp_path / "f.json"),
    ]
    assert main([*words, "--json"]) == 0
    told = capsys.readouterr()
    figures = json.loads(told.out)
    assert figures == json.loads((tmp_path / "f.json").read_text())
    assert RESEARCH_USE_ONLY in told.err
    assert [row["n_leads"] for row in figures["lead_subsets"]] == [12, 1]
    assert figures["comparison"]["other"] == "second"
    assert (tmp_path / "f.pdf").read_bytes()[:5] == b"%PDF-"
    assert (tmp_path / "f.csv").stat().st_size > 1000
    assert main([*words[:7], "--subgroups"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.strip().startswith("sex, female, n_records") for line in lines)
    assert any("model_minus_baseline_superclass_auroc" in line for line in lines)


def test_a_card_is_made_whole_and_the_same_again(
    classifier: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "cache").mkdir()
    words = ["evaluate", "tiny", str(tiny_ptbxl), "--cache", str(tmp_path / "cache"), "--resamples", "20"]
    words += ["--no-baselines", "--update-card"]
    assert main([*words, "--leads", "12,1"]) == 1
    assert "a card is made whole" in capsys.readouterr().err
    assert main([*words, "--json", "--pdf", str(tmp_path / "f.pdf")]) == 0
    figures = json.loads(capsys.readouterr().out)
    path = classifier.folder / "card.json"
    first = path.read_text()
    made = cards.get("tiny").metrics
    assert made["superclass_macro_auroc"] == figures["superclass_macro_auroc"]
    for name in ("superclass_brier", "superclass_calibration_error"):
        assert set(made[name]) == {"value", "low", "high"}
    assert {row["grouping"] for row in made["subgroups"]} == {"sex"}
    assert len(made["calibration"][0]["count"]) == 10
    assert made["statement_calibration_error"] is None  # of four records no statement has five
    assert made["platt"].endswith("fitted on fold 8 (4 records)")
    apart = {"With fewer leads", "Other hospitals", "Sampling rates", "Logistic regressions beside it"}
    assert set(made["not_measured"]) == apart
    assert (classifier.folder / made["evidence"]).read_bytes() == (tmp_path / "f.pdf").read_bytes()
    with pdfplumber.open(tmp_path / "f.pdf") as document:
        assert len(document.pages) == 2
        assert "Not measured" in document.pages[1].extract_text()
    path.write_text(first.replace('"n_records": 4', '"n_records": 5'))
    assert path.read_text() != first
    assert main(words) == 0
    assert path.read_text() == first  # whatever stood there by hand is gone


def test_a_model_whose_figures_are_another_s_is_not_judged(
    classifier: ModelCard,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = classifier.folder / "card.json"
    raw = json.loads(path.read_text())
    raw |= {"figures_of": "judged", "folds": {"train": [1, 2], "validation": [], "test": []}}
    path.write_text(json.dumps(raw))
    for more in ([], ["--update-card"]):
        assert main(["evaluate", "tiny", str(tmp_path), "--cache", str(tmp_path / "c"), *more]) == 1
        told = capsys.readouterr().err
        assert "learnt from the records that figures are had on" in told
        assert "ecgview evaluate judged DATA" in told


def test_a_kind_without_figures_says_why(isolated_home: Path, tmp_path: Path) -> None:
    for model_id, name in (("ecgfounder-12", "All figures"), ("delineate-ludb", "With fewer leads")):
        before = dict(cards.get(model_id).metrics)
        figures = evaluation.evaluate_card(model_id, tmp_path, tmp_path)
        assert figures["not_measured"][name]
        before.pop("not_measured", None)
        assert {key: figures[key] for key in before} == before


def test_a_patient_in_two_splits_is_refused(
    classifier: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tiny_ptbxl / "ptbxl" / "ptbxl_database.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    learnt = next(row for row in rows if row["strat_fold"] == "3")
    next(row for row in rows if row["strat_fold"] == "9")["patient_id"] = learnt["patient_id"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["evaluate", "tiny", str(tiny_ptbxl), "--cache", str(tmp_path / "cache")]) == 1
    patient = int(float(learnt["patient_id"]))
    assert f"patient ptbxl-{patient} stands in two splits" in capsys.readouterr().err


def test_what_cannot_be_compared_is_said_before_anything_is_read(
    classifier: ModelCard,  # noqa: F811
    autoencoder: ModelCard,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words, told in (
        (["tiny", "--compare", "tiny-mae"], "tiny-mae has no PTB-XL outputs"),
        (["tiny", "--compare", "tiny"], "cannot be compared with itself"),
        (["tiny", "--compare", "ecgfounder-12"], "outputs that PTB-XL does not label"),
        (["tiny", "--compare", "nobody"], "no model named 'nobody'"),
        (["tiny-mae", "--subgroups"], "is an autoencoder"),
        (["lef-zero-shot"], "found lef"),
        (["tiny", "--leads", "13"], "no such lead set"),
    ):
        assert main(["evaluate", words[0], str(tmp_path), *words[1:], "--cache", str(tmp_path / "c")]) == 1
        assert told in capsys.readouterr().err
