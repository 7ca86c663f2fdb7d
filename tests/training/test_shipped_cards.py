"""The cards that ship are complete, belong to the weights beside them, and are made again from the shared data."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgview.models import cards, same_patient
from ecgview.models.cards import ModelCard
from ecgview.training.data import splits
from ecgview.training.evaluation import asked, card_entry, evaluate_card, identification, whole_card

ROUNDING = 1.01e-4  # figures are written to four digits: another machine's last bit may move the last one
QUICK = "random-kernels-ptbxl"
JUDGED = tuple(
    card.id
    for card in cards.available("classifier")
    if card.is_shipped and card.is_here and not card.figures_of
)


def different(made: Any, kept: Any, where: str = "metrics") -> list[str]:
    """Return the places at which two values of JSON differ by more than the rounding of what is written."""
    if isinstance(made, dict) and isinstance(kept, dict):
        names = sorted({*made, *kept})
        return [
            one for name in names for one in different(made.get(name), kept.get(name), f"{where}, {name}")
        ]
    if isinstance(made, list) and isinstance(kept, list) and len(made) == len(kept):
        pairs = enumerate(zip(made, kept, strict=True))
        return [one for k, pair in pairs for one in different(*pair, f"{where} {k}")]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (made, kept))
    same = abs(made - kept) <= (ROUNDING if isinstance(kept, float) else 0) if numbers else made == kept
    return [] if same else [f"{where}: {made!r} made, {kept!r} in the card"]


def _folder_of(records: list[str], shared_data: Path, folder: Path) -> Path:
    """Return a folder of PTB-XL with these records of the shared one alone."""
    there = shared_data / "ptbxl"
    lines = (there / "ptbxl_database.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.split(",", 1)[0] in set(records)]
    assert len(kept) == len(records)
    own = folder / "ptbxl"
    own.mkdir(parents=True)
    (own / "ptbxl_database.csv").write_text(lines[0] + "".join(kept), encoding="utf-8")
    shutil.copyfile(there / "scp_statements.csv", own / "scp_statements.csv")
    (own / "records500").symlink_to(there / "records500")
    return folder


def _spot(card: ModelCard, shared_data: Path, tmp_path: Path) -> dict[str, Any]:
    """Return what the card's quick check is today."""
    data = _folder_of(card.metrics["check"]["records"], shared_data, tmp_path / "data")
    pack = asked.open_pack(card, data, tmp_path / "cache")
    return whole_card.spot(asked.asked(card, pack, splits.labelled(pack, "test")))


@pytest.mark.parametrize(
    "model_id", [QUICK, *(pytest.param(one, marks=pytest.mark.long) for one in JUDGED if one != QUICK)]
)
def test_a_card_says_what_its_weights_answer(model_id: str, shared_data: Path, tmp_path: Path) -> None:
    card = cards.get(model_id)
    kept = card.metrics["check"]
    made = _spot(card, shared_data, tmp_path)
    assert len(kept["records"]) == whole_card.CHECKED
    assert different(made, kept) == []
    for name in ("brier", "labels"):
        changed = {**kept, name: kept[name] + (1 if name == "labels" else 0.0003)}
        assert different(made, changed), f"{name} changed by hand is not seen"
    said = {**kept["mean_said"], "NORM": kept["mean_said"]["NORM"] - 0.001}
    assert different(made, {**kept, "mean_said": said}) == [
        f"metrics, mean_said, NORM: {made['mean_said']['NORM']!r} made, {said['NORM']!r} in the card"
    ]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["classifier", "identifier"])
def test_the_default_s_whole_card_is_made_again(kind: str, shared_data: Path, tmp_path: Path) -> None:
    default = cards.default(kind)
    card = cards.get(default.figures_of or default.id)
    kept = json.loads((card.folder / "card.json").read_text(encoding="utf-8"))["metrics"]
    made = evaluate_card(
        card.id, shared_data, tmp_path, resamples=kept["resamples"], with_baselines="baselines" in kept
    )
    made = json.loads(json.dumps(card_entry.entry(made, with_page=True)))
    assert different(made, kept) == []
    name = {"classifier": "statement_brier", "identifier": "auroc"}[kind]
    changed = {**kept, name: {**kept[name], "value": 0.0}}
    assert different(made, changed)


@pytest.mark.parametrize("model_id", JUDGED)
def test_a_classifier_s_card_is_whole(model_id: str) -> None:
    card = cards.get(model_id)
    figures = card.metrics
    assert (figures["model"], figures["version"], figures["sha256"]) == (card.id, card.version, card.sha256)
    assert not set(figures["folds"]) & {*card.folds["train"], *card.folds.get("validation", ())}
    for level in ("superclass", "statement"):
        for name in ("macro_auroc", "macro_auprc", "macro_f1", "brier", "calibration_error"):
            figure = figures[f"{level}_{name}"]
            assert figure["low"] <= figure["value"] <= figure["high"]
    assert "statement_calibration_error_after_platt" in figures
    assert {"sex", "age", "heart rate", "device", "site"} <= {row["grouping"] for row in figures["subgroups"]}
    curves = {(row["level"], row["class"]) for row in figures["calibration"]}
    assert {("superclass", "all"), ("statement", "all")} <= curves
    for code, row in figures["per_statement"].items():
        assert row["auroc"]["low"] <= row["auroc"]["value"], code
    named = {row["finding"] for row in figures["external"]["findings"]}
    assert {"AFIB", "CRBBB", "SBRAD", "STACH"} <= named
    assert figures["left_out"]
    fewer = "lead_subsets" in figures
    assert fewer == card.input.lead_agnostic
    assert fewer or figures["not_measured"]["With fewer leads"]
    page = (card.folder / figures["evidence"]).read_bytes()
    assert page.startswith(b"%PDF")


def test_every_other_shipped_card_says_what_was_not_measured() -> None:
    missing = [
        card.id
        for card in cards.available()
        if card.is_shipped and not card.figures_of and "not_measured" not in card.metrics
    ]
    assert missing == []


def test_the_identifier_s_card_is_whole() -> None:
    card = cards.get("median-beat")
    figures = card.metrics
    assert (figures["model"], figures["version"], figures["sha256"]) == (card.id, card.version, card.sha256)
    assert [tuple(row["leads"]) for row in figures["lead_sets"]] == list(identification.SETS)
    kept = json.loads((card.folder / same_patient.VERIFICATION).read_text(encoding="utf-8"))["sets"]
    for row, told in zip(figures["lead_sets"], kept, strict=True):  # beside an answer, and in the card
        assert (
            different(
                {name: row[name] for name in same_patient.RATES}, {n: told[n] for n in same_patient.RATES}
            )
            == []
        )
    held_against = figures["comparison_of_networks"]
    assert len(held_against["sha256"]) == 64
    behind = [row["beats_minus_network_auroc"]["low"] > 0 for row in held_against["rows"]]
    assert all(behind), "a network that does not do worse would ship"
    assert held_against["network"] not in cards.shipped_ids()
    assert (card.folder / figures["evidence"]).read_bytes().startswith(b"%PDF")


def test_a_difference_in_any_place_is_seen() -> None:
    kept = {"a": [{"b": 0.1234, "n": 3}], "c": "words", "d": None}
    assert different(kept, json.loads(json.dumps(kept))) == []
    assert different({**kept, "a": [{"b": 0.1236, "n": 3}]}, kept)
    assert different({**kept, "a": [{"b": 0.1234, "n": 4}]}, kept)
    assert different({**kept, "a": []}, kept)
    assert different({**kept, "c": "other"}, kept)
    assert different({**kept, "d": np.nan}, kept)
    assert different({**kept, "e": 1}, kept)
