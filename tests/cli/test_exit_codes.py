"""One refusal has one exit code, whichever command meets it: 3, read but not analysed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tiny_models import autoencoder, classifier, keep_model, tiny_card

import ecgview.cli as room
from ecgview.cli import COMMAND_NEEDS, Command, main
from ecgview.formats import wfdb
from ecgview.models import architectures
from ecgview.models.cards import ModelCard
from ecgview.plugins import discover
from ecgview.record import EcgRecord

__all__ = ["autoencoder", "classifier"]

OTHER = "OTHER"
# Every command that takes an ECG, with what it says of a record about which no model may be asked.
NOT_ANALYSED: dict[str, tuple[list[str], ...]] = {
    "classify": (["FILE"], ["FILE", "--json"], [OTHER, "FILE"]),
    "lef": (["FILE"], ["FILE", "--json"]),
    "measure": (["FILE"], ["FILE", "--json"]),
    "report": (
        ["FILE", "-o", "OUT.pdf"],
        ["FILE", "-o", "OUT.json"],
        ["FILE", "-o", "OUT.pdf", "--map", "NORM"],
    ),
    "reconstruct": (["FILE", "-o", "OUT.npz"],),
    "identify": (["FILE", OTHER], [OTHER, "FILE"]),
    "explain": (
        ["FILE", "--with", "contributions"],
        ["FILE", "--with", "reconstruction_error"],
        ["FILE", "--statement", "NORM", "--anyway"],
        ["FILE", "--lef"],
        ["FILE", "--mask", "2.0-2.4"],
    ),
}
# These ask no model, or answer with a table in which each row says it.
SHOWN = {"info": ["FILE"], "convert": ["FILE", "OUT.edf"], "score": ["FOLDER", "-o", "OUT.parquet"]}
WITH_A_WINDOW = {"open", "screenshot"}  # they show the record, and the panels say the reason
ROADS = [(name, words) for name, roads in NOT_ANALYSED.items() for words in roads]


@pytest.fixture
def models(classifier: ModelCard, autoencoder: ModelCard, isolated_home: Path) -> None:
    """Make a model of each kind the default one."""
    card = tiny_card("tiny-id", "identifier", "mtecg")
    kept = keep_model(card, architectures.build(card).state_dict())
    names = ("slope", "offset", "threshold", "equal_error_rate", "n_genuine", "n_impostor")
    (kept.folder / "verification.json").write_text(json.dumps(dict.fromkeys(names, 1)))


@pytest.fixture
def places(tmp_path: Path, pulse_record: EcgRecord) -> dict[str, str]:
    """Return a folder with noise under a real record's name, and a record that is an ECG."""
    folder = tmp_path / "records"
    folder.mkdir()
    noise = np.random.default_rng(0).normal(0, 0.3, pulse_record.signal.shape)
    wfdb.write(pulse_record.with_signal(noise.astype(np.float32)), folder / "noise")
    other = wfdb.write(pulse_record, tmp_path / "other")
    return {
        "FILE": str(folder / "noise.hea"),
        "FOLDER": str(folder),
        OTHER: str(other),
        "OUT": str(tmp_path / "out"),
    }


def _placed(words: list[str], places: dict[str, str]) -> list[str]:
    made = []
    for word in words:
        name, dot, suffix = word.partition(".") if word.startswith("OUT.") else (word, "", "")
        made.append(places.get(name, name) + dot + suffix)
    return made


def test_every_command_that_takes_an_ecg_is_here() -> None:
    found = {
        cast(Command, module).NAME
        for module in discover(room, needs=COMMAND_NEEDS)
        if getattr(module, "OPENS_ECGS", False)
    }
    assert found == {*NOT_ANALYSED, *SHOWN, *WITH_A_WINDOW}


@pytest.mark.parametrize(("command", "words"), ROADS, ids=[" ".join([name, *words]) for name, words in ROADS])
def test_a_refused_record_ends_every_command_with_3(
    command: str,
    words: list[str],
    models: None,
    places: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([command, *_placed(words, places)]) == 3
    said = capsys.readouterr()
    assert "no beats found" in said.out + said.err
    assert "error in ecgview" not in said.err


@pytest.mark.parametrize("command", SHOWN)
def test_what_shows_a_refused_record_as_it_is_is_done(
    command: str, models: None, places: dict[str, str]
) -> None:
    assert main([command, *_placed(SHOWN[command], places)]) == 0


@pytest.mark.parametrize("kind", ["short", "one lead"])
@pytest.mark.parametrize("command", ["classify", "lef", "report", "reconstruct", "explain"])
def test_what_a_model_cannot_take_ends_alike(
    command: str,
    kind: str,
    models: None,
    tmp_path: Path,
    pulse_record: EcgRecord,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = pulse_record.with_signal(pulse_record.signal[:, : round(5 * pulse_record.sampling_rate_hz)])
    if kind == "one lead":
        record = replace(pulse_record, signal=pulse_record.leads(("V3",)), lead_names=("V3",))
    places = {"FILE": str(wfdb.write(record, tmp_path / "part")), "OUT": str(tmp_path / "out")}
    assert main([command, *_placed(NOT_ANALYSED[command][0], places)]) == 3


def test_a_file_that_cannot_be_read_counts_for_more(
    models: None, places: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", places["FILE"], places["OUT"]]) == 1
    assert main(["classify", places[OTHER]]) == 0


def test_a_report_of_a_refused_record_is_written_and_without_ai_is_done(
    models: None, places: dict[str, str]
) -> None:
    assert main(["report", places["FILE"], "-o", places["OUT"] + ".pdf"]) == 3
    assert Path(places["OUT"] + ".pdf").is_file()
    assert main(["report", places["FILE"], "-o", places["OUT"] + ".pdf", "--no-ai"]) == 0
