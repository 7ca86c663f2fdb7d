"""Maps held against what they claim: a small network through the command line, and known answers of the table."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
import torch

from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.explain import offered, sham_map
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import attribution, attribution_table
from ecgview.training.evaluation.attribution import GRADIENTS, METHODS, Case
from tests.tiny_models import autoencoder, classifier  # noqa: F401


@pytest.fixture
def judged(classifier: ModelCard) -> ModelCard:  # noqa: F811
    """Return the card of the tiny classifier with thresholds of two statements."""
    path = classifier.folder / "card.json"
    raw = json.loads(path.read_text())
    raw["thresholds"] = [0.5 if code in ("NORM", "IMI") else None for code in raw["labels"]]
    path.write_text(json.dumps(raw))
    return cards.read_card(path)


def test_a_run_is_measured_written_and_goes_on_where_it_was(
    judged: ModelCard,
    autoencoder: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    words = [
        "evaluate",
        "tiny",
        str(tiny_ptbxl),
        "--attribution",
        str(run),
        "--records",
        "3",
        "--resamples",
        "20",
    ]
    written = ["--csv", str(tmp_path / "f.csv"), "--pdf", str(tmp_path / "f.pdf"), "--update-card", "--json"]
    assert main([*words, *written]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n_records"] == 3
    assert figures["records"] == "3 of PTB-XL fold 9"
    flat = {
        row["method"]: row
        for row in figures["methods"]
        if (row["set"], row["fill"]) == ("all records", "flat")
    }
    assert set(flat) == set(METHODS)
    assert flat["amplitude"]["minus_amplitude"]["value"] == 0
    assert flat[GRADIENTS]["minus_integrated_gradients"]["value"] == 0
    gain = (
        flat[GRADIENTS]["insertion_minus_deletion"]["value"]
        - flat["amplitude"]["insertion_minus_deletion"]["value"]
    )
    assert flat[GRADIENTS]["minus_amplitude"]["value"] == pytest.approx(gain, abs=2e-4)
    lines = (run / "records.jsonl").read_text().splitlines()
    assert [json.loads(line)["fold"] for line in lines] == [9, 9, 9]
    assert {pair["code"] for line in lines for pair in json.loads(line)["pairs"]} <= {"NORM", "IMI"}
    rows = list(csv.DictReader((tmp_path / "f.csv").open(encoding="utf-8")))
    assert any(row["class"] == GRADIENTS and row["figure"] == "minus_amplitude" for row in rows)
    with pdfplumber.open(tmp_path / "f.pdf") as pdf:
        assert "gradient x input" in pdf.pages[0].extract_text()
    known = offered.table_of(judged)
    assert known is not None
    assert known.n_maps == figures["n_maps"]
    # Cut off in its last line, it measures that record again, and says the same.
    (run / "records.jsonl").write_text("\n".join([*lines[:2], lines[2][:40]]))
    assert main([*words, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    del figures["processor_seconds_per_record"], again["processor_seconds_per_record"]
    assert again == figures


def test_a_run_of_other_weights_is_not_gone_on_with(
    judged: ModelCard, tiny_ptbxl: Path, tmp_path: Path
) -> None:
    (tmp_path / "records.jsonl").write_text(
        json.dumps({"sha256": "0" * 64, "source": "x", "record": "1"}) + "\n"
    )
    with pytest.raises(ModelError, match="other weights"):
        attribution.read(tmp_path / "records.jsonl", judged)


def test_controls_are_measured_where_a_limit_is_set(
    judged: ModelCard, tiny_ptbxl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "tiny", str(tiny_ptbxl), "--attribution", str(tmp_path / "run"), "--records", "2"]
    assert main([*words, "--split", "validation", "--controls", "--resamples", "10", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert [row["map"] for row in figures["stamp"]] == [GRADIENTS, *attribution.CONTROLS]
    assert all(0 <= row["failed"]["value"] <= 1 for row in figures["stamp"])


def test_shuffled_weights_are_as_large_but_elsewhere(judged: ModelCard) -> None:
    network = runtime.network(judged, "cpu")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = sham_map.shuffled(network).state_dict()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(
        torch.equal(found[name].flatten().sort()[0], before[name].flatten().sort()[0]) for name in before
    )
    assert not torch.equal(found["head.weight"], before["head.weight"])


def test_rare_statements_come_first_and_the_choice_is_the_same_again(pulse_record: EcgRecord) -> None:
    def case(name: str, *codes: str) -> Case:
        return Case(Row("ptbxl", name, name), pulse_record, codes, frozenset(codes), frozenset())

    found = [case(str(k), "NORM", "SR") for k in range(20)] + [case("rare", "AFIB", "IMI", "SR")]
    chosen = attribution.chosen(found, 4)
    assert "rare" in [one.row.record_id for one in chosen]
    assert len({one.row.record_id for one in chosen}) == 4
    assert all(len(one.codes) <= attribution.MOST_STATEMENTS for one in chosen)
    assert chosen[0].codes[0] == "AFIB"
    assert [one.row.record_id for one in attribution.chosen(found, 4)] == [
        one.row.record_id for one in chosen
    ]


def _line(number: int, code: str, gain: float) -> dict[str, Any]:
    areas = dict.fromkeys(METHODS, 0.1) | {GRADIENTS: 0.1 + gain}
    agreement = dict.fromkeys([*METHODS, attribution.SHUFFLED], 0.8)
    pair = {
        "code": code,
        "called": True,
        "completeness": 0.02,
        "agreement": agreement,
        "agreement_on_half": agreement | {"random": 0.0},
        "insertion_minus_deletion": {"flat": areas},
        "shuffled": {"signed": 0.1, "absolute": 0.4},
    }
    return {"record": str(number), "patient": str(number), "fold": 9, "pairs": [pair]}


def _table(card: ModelCard, gains: dict[str, Sequence[float]]) -> dict[str, Any]:
    every = [(code, gain) for code, several in gains.items() for gain in several]
    return attribution_table.describe([_line(k, *one) for k, one in enumerate(every)], card, 200)


def test_a_statement_whose_map_does_not_beat_the_amplitude_offers_none(judged: ModelCard) -> None:
    rng = np.random.default_rng(1)
    gains = {
        "NORM": list(0.3 + 0.05 * rng.normal(size=12)),
        "IMI": list(0.02 + 0.3 * rng.normal(size=12)),
        "LVH": [-0.2, -0.2],
    }
    figures = _table(judged, gains)
    assert {row["code"]: row["offered"] for row in figures["statements"]} == {
        "NORM": "yes",
        "IMI": "no",
        "LVH": "too few: yes",
    }
    stamp = {row["map"]: row for row in figures["stamp"]}
    assert stamp["random"]["failed"]["value"] == 1
    assert stamp[GRADIENTS]["failed_by_agreement"] == 0
    worse = sum(gain <= 0 for several in gains.values() for gain in several) / 26
    assert stamp[GRADIENTS]["failed"]["value"] == pytest.approx(worse, abs=1e-3)
    unknown = offered.offered(judged, "NORM")
    assert unknown.is_offered
    assert "not measured" in unknown.reason
    attribution_table.write_to_card(judged, figures, "2026-11-28")
    assert offered.offered(judged, "NORM").is_offered
    refused = offered.offered(judged, "IMI")
    assert not refused.is_offered
    assert "n = 12" in refused.reason
    few = offered.offered(judged, "LVH")
    assert few.is_offered
    assert "Too few records of this statement (n = 2)" in few.reason
    assert offered.offered(judged, "AFIB").reason == offered.RHYTHM
    assert "No record of this statement" in offered.offered(judged, "PVC").reason


def test_a_table_of_other_weights_or_of_no_sense_does_not_decide(judged: ModelCard) -> None:
    figures = _table(judged, {"NORM": [0.1, 0.2, 0.3]})
    path = attribution_table.write_to_card(judged, figures, "2026-11-28")
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"sha256": "0" * 64}))
    offered._read.cache_clear()
    assert offered.table_of(judged) is None
    path.write_text(json.dumps({"sha256": judged.sha256}))
    offered._read.cache_clear()
    with pytest.raises(ModelError, match="no table of maps"):
        offered.table_of(judged)
    with pytest.raises(ModelError, match="other weights"):
        attribution_table.write_to_card(judged, figures | {"sha256": "0" * 64}, "2026-11-28")


def test_other_hospitals_are_no_records_of_ptbxl_nor_without_labels(
    judged: ModelCard, tmp_path: Path, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set of several sources holds PTB-XL's records of all folds, too, which the model may have learnt from."""
    rows = [
        Row("ptbxl", "500", "p1", 3, ("NORM",)),
        Row("cinc_2025", "1", "p2", 0, ()),
        Row("georgia", "E1", "p3", 0, ("426783006",)),  # sinus rhythm
    ]

    class Several:
        tasks = (tasks.get("all71"), tasks.get("cinc26"))

        def rows(self) -> list[Row]:
            return rows

        def records(self, tell: Any) -> list[tuple[Row, EcgRecord]]:
            return [(row, pulse_record) for row in rows]

    monkeypatch.setattr(attribution.data_sets, "open_all", lambda path: [Several()])
    found = attribution.candidates(judged, tmp_path, "", "cinc26", lambda *told: None)
    assert [case.row.record_id for case in found] == ["E1"]
    own = attribution.candidates(judged, tmp_path, "train", "ptbxl", lambda *told: None)
    assert [case.row.record_id for case in own] == ["500"]
