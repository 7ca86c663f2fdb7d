"""The identifier's figures: what a fold is judged by comes from the others, and the card is made by one command."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import resources
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.models import cards, measuring, same_patient
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord
from ecgview.signal.beat_shape import FITTED, RATE_HZ, ROOM_S, Shape
from ecgview.signal.measure.measured import Measured
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import (
    identification,
    identification_files,
    identification_table,
    known_patients,
)
from ecgview.training.evaluation.known_patients import Held

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = FITTED + 2 * round(ROOM_S * RATE_HZ)
FEW = (STANDARD_12, ("I", "II"), ("V1",))


def held(n_patients: int = 72, shift: Callable[[int], float] = lambda _fold: 0.0) -> list[Held]:
    """Return two records of each patient, folds 1 to 9, and two records of another hospital."""
    t = np.arange(SAMPLES) - 70.0
    found = []
    for patient in range(n_patients + 2):
        own = np.random.default_rng(patient)
        fold = patient % 9 + 1
        waves = np.stack([np.exp(-(((t - at) / 6) ** 2) / 2) for at in (-10, 0, 12)])
        parts = own.normal(0, 0.4, (12, 3)) + np.array([0.0, 1.0 + shift(fold), 0.0])
        for number in range(2 if patient < n_patients else 1):
            rng = np.random.default_rng(1000 + 2 * patient + number)
            signal = parts @ waves + 0.05 * rng.standard_normal((12, SAMPLES))
            source = "ptbxl" if patient < n_patients else "georgia"
            row = Row(source, f"{2 * patient + number}", f"p{patient}", fold if source == "ptbxl" else 0)
            found.append(Held(row, 700_000 + 30 * number, 90.0, "", Shape(STANDARD_12, signal)))
    return found


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated_home: Path) -> ModelCard:
    """Return a copy of the identifier's card under another id, with files made of synthetic patients."""
    monkeypatch.setattr(identification, "SETS", FEW)
    monkeypatch.setattr(identification_files, "SETS", FEW)
    monkeypatch.setattr(identification_files, "RESAMPLES", 20)
    monkeypatch.setattr(known_patients, "held", lambda *_args: held())
    folder = cards.user_folder() / "tiny-beats"
    shutil.copytree(resources.path("models", "median-beat"), folder)
    raw = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(raw | {"id": "tiny-beats", "metrics": {}}), encoding="utf-8")
    assert (
        main(["evaluate", "tiny-beats", str(tmp_path), "--cache", str(tmp_path), "--update-reference"]) == 0
    )
    return cards.get("tiny-beats")


def test_the_card_is_made_by_one_command_and_made_again_it_is_the_same(
    card: ModelCard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "evaluate",
        card.id,
        str(tmp_path),
        "--cache",
        str(tmp_path),
        "--resamples",
        "20",
        "--update-card",
    ]
    assert main(words) == 0
    first = (card.folder / "card.json").read_bytes()
    page = (card.folder / "evidence.pdf").read_bytes()
    files = [(card.folder / name).read_bytes() for name in ("population.safetensors", "verification.json")]
    assert main([*words[:5], "--update-reference"]) == 0
    assert main(words) == 0
    assert (card.folder / "card.json").read_bytes() == first
    assert (card.folder / "evidence.pdf").read_bytes() == page
    assert [
        (card.folder / name).read_bytes() for name in ("population.safetensors", "verification.json")
    ] == files
    metrics = cards.get(card.id).metrics
    assert metrics["auroc"]["value"] > 0.95
    assert [row["leads"] for row in metrics["lead_sets"]] == [list(leads) for leads in FEW]
    assert metrics["test_fold"]["folds"] == [9]
    assert metrics["n_genuine"] == 72
    capsys.readouterr()


def test_what_ships_knows_nothing_of_the_test_fold(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> tuple[bytes, list[dict[str, float]]]:
        main(["evaluate", card.id, str(tmp_path), "--cache", str(tmp_path), "--update-reference"])
        raw = json.loads((card.folder / "verification.json").read_text(encoding="utf-8"))["sets"]
        kept = [
            {name: one[name] for name in ("threshold", "threshold_two", "slope", "offset")} for one in raw
        ]
        return (card.folder / "population.safetensors").read_bytes(), kept

    before = made()
    monkeypatch.setattr(
        known_patients, "held", lambda *_args: held(shift=lambda fold: 1.0 if fold == 9 else 0.0)
    )
    assert made() == before
    monkeypatch.setattr(
        known_patients, "held", lambda *_args: held(shift=lambda fold: 1.0 if fold == 8 else 0.0)
    )
    assert made() != before  # the check can fail


def test_a_pair_between_which_conduction_changed_is_not_counted(card: ModelCard) -> None:
    some = [one for one in held() if not one.is_external]
    wide = [replace(one, qrs_ms=150.0) if one.row.record_id == "0" else one for one in some]
    plain, fewer = (
        identification.cross_validated(one, identification.by_beats(("V1",))).pairs for one in (some, wide)
    )
    assert fewer.genuine.sum() == plain.genuine.sum() - 1
    assert same_patient.reason_of_pair(150.0, 90.0)
    assert not same_patient.reason_of_pair(150.0, 140.0)
    assert not same_patient.reason_of_pair(122.0, 110.0)


def test_the_documentation_holds_the_tables_of_the_shipped_card() -> None:
    shipped = cards.get("median-beat")
    assert identification_table.markdown(shipped.metrics) in (ROOT / "docs" / "models.md").read_text(
        encoding="utf-8"
    )
    assert shipped.metrics["sha256"] == shipped.sha256
    assert shipped.check_weights().stat().st_size < 100_000
    twelve = same_patient.of_card(shipped)[0]
    assert twelve.known.false_alarm.high == shipped.metrics["false_alarm"]["high"]


def test_records_are_measured_once_and_kept(
    tiny_ptbxl: Path, tmp_path: Path, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = measuring.measured(pulse_record)
    asked: list[str] = []

    def measured(record: EcgRecord) -> Measured:
        asked.append(record.source.path)
        return found if len(asked) > 1 else replace(found, reason="no beats found: noise")

    monkeypatch.setattr(measuring, "measured", measured)
    first = known_patients.held(tiny_ptbxl, tmp_path)
    again = known_patients.held(tiny_ptbxl, tmp_path)
    assert len(asked) == len(first) == 40
    assert [(one.row, one.reason, one.qrs_ms) for one in first] == [
        (one.row, one.reason, one.qrs_ms) for one in again
    ]
    assert [one.shape is None for one in again] == [True] + 39 * [False]
    assert first[0].reason == "no beats found: noise"
    np.testing.assert_array_equal(first[1].shape.signal, again[1].shape.signal)
    with pytest.raises(ModelError, match="no PTB-XL"):
        known_patients.held(_csv_folder(tmp_path / "own", pulse_record), tmp_path)


def _csv_folder(folder: Path, record: EcgRecord) -> Path:
    folder.mkdir()
    wfdb.write(record, folder / "r")
    (folder / "labels.csv").write_text("path,patient_id,labels\nr.hea,p,up\n", encoding="utf-8")
    return folder


@pytest.mark.long
def test_the_shipped_figures_come_out_again(shared_data: Path, tmp_path: Path) -> None:
    """Half an hour: every record is measured."""
    shipped = cards.get("median-beat")
    again = identification.evaluate(shipped, shared_data, tmp_path, shipped.metrics["resamples"])
    told = {name: value for name, value in shipped.metrics.items() if name in again}
    assert told == json.loads(json.dumps(again))
