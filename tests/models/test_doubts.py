"""A record's doubts stand beside every number that a model gives of it; what is refused says why on every road."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
import torch
from test_guard import REFUSED, WARNED, real
from tiny_models import autoencoder, classifier, keep_model, tiny_card

from ecgview import api
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.labels.statements_shown import shown
from ecgview.models import architectures, cards, runtime, unusual
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord
from ecgview.report import _head, content, json_report, pdf

__all__ = ["autoencoder", "classifier", "real"]

DOUBT = "right and left arm"
SMALL = {"conv_width": 16, "width": 32, "depth": 1, "n_heads": 2, "hidden": 32, "code_width": 16}


@pytest.fixture
def doubtful(real: EcgRecord) -> EcgRecord:
    """Return a real ECG with the arms exchanged."""
    return WARNED["arms exchanged"][0](real)


@pytest.fixture
def file(doubtful: EcgRecord, tmp_path: Path) -> str:
    """Return the doubtful record on disk."""
    return str(wfdb.write(doubtful, tmp_path / "arms"))


@pytest.fixture
def refused(real: EcgRecord) -> EcgRecord:
    """Return noise under a real record's name."""
    return REFUSED["white noise"][0](real)


@pytest.fixture
def identifier(isolated_home: Path) -> ModelCard:
    """Return the card of a tiny identifier."""
    return _kept(tiny_card("tiny-id", "identifier", "mtecg"))


def _kept(card: ModelCard) -> ModelCard:
    kept = keep_model(card, architectures.build(card).state_dict())
    pairs = {
        "slope": 1,
        "offset": 0,
        "threshold": 0.5,
        "equal_error_rate": 0.1,
        "n_genuine": 9,
        "n_impostor": 9,
    }
    (kept.folder / "verification.json").write_text(json.dumps(pairs))
    return cards.get(card.id)


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def _said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words]) == 0
    return capsys.readouterr().out


def test_a_reconstruction_tells_them(
    file: str, autoencoder: ModelCard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("reconstruct", file, "-o", str(tmp_path / "out.npz"))
    assert DOUBT in _said(capsys, *words)
    assert DOUBT in str(_json(capsys, *words)["warnings"])
    with np.load(tmp_path / "out.npz") as kept:
        assert any(DOUBT in text for text in kept["warnings"].tolist())


def test_a_reconstruction_of_a_part_says_so(real: EcgRecord, autoencoder: ModelCard) -> None:
    longer = real.with_signal(np.tile(real.signal, 2))
    assert "first 10 s of 20 s analysed" in api.reconstruct(longer, device="cpu").warnings
    assert not any("analysed" in text for text in api.reconstruct(real, device="cpu").warnings)


def test_an_identification_names_the_recording_of_each(
    file: str, real: EcgRecord, identifier: ModelCard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(wfdb.write(replace(real, patient=replace(real.patient, sex="")), tmp_path / "other"))
    for words, arms, sex in (((file, other), "first", "second"), ((other, file), "second", "first")):
        said = _said(capsys, "identify", *words, "--model", "tiny-id")
        assert f"note: {arms} recording: limb electrodes perhaps exchanged: {DOUBT}" in said
        assert f"note: {sex} recording: sex unknown" in said
        told = _json(capsys, "identify", *words, "--model", "tiny-id")["warnings"]
        assert next(text for text in told if DOUBT in text).startswith(f"{arms} recording")
    same = api.identify(file, file, "tiny-id").warnings
    assert [text.split(":")[0] for text in same if DOUBT in text] == ["both recordings"]


def test_an_identification_says_what_of_the_recordings_it_rests_on(
    real: EcgRecord, isolated_home: Path
) -> None:
    card = replace(tiny_card("any-leads-id", "identifier", "wav2vec-cmsc"), config=SMALL)
    identifier = _kept(replace(card, input=replace(card.input, seconds=5.0, lead_agnostic=True)))
    two = replace(real, signal=real.signal[[1, 10]], lead_names=("II", "V5"))
    seconds = identifier.input.seconds
    times = int(14 * seconds / real.seconds) + 1
    long = two.with_signal(np.tile(two.signal, times))
    told = api.identify(long, real, identifier.id).warnings
    assert "compared by II, V5 alone: 10 of the leads that the model takes are not in both" in told
    whole = f"first recording: the first {12 * seconds:g} of {long.seconds:.0f} s were looked at"
    assert whole in told
    assert not [text for text in api.identify(real, real, identifier.id).warnings if "looked at" in text]


def test_a_map_and_an_explanation_tell_them(
    file: str, classifier: ModelCard, capsys: pytest.CaptureFixture[str]
) -> None:
    mapped = ("explain", file, "--statement", "NORM", "--no-check", "--anyway")
    assert DOUBT in _said(capsys, *mapped)
    told = _json(capsys, *mapped)
    assert told["warnings"] == list(api.classify(file).warnings)
    assert DOUBT in str(told["warnings"])
    assert DOUBT not in str(told["notes"])
    shares = ("explain", file, "--with", "contributions")
    assert f"note: limb electrodes perhaps exchanged: {DOUBT}" in _said(capsys, *shares)
    told = _json(capsys, *shares)
    assert told["warnings"] == list(api.lef(file).warnings)
    assert DOUBT in str(told["warnings"])


def test_an_explanation_that_rests_on_no_answer_tells_them(
    doubtful: EcgRecord, autoencoder: ModelCard
) -> None:
    found = api.explain(doubtful, "reconstruction_error", device="cpu")
    assert any(DOUBT in text for text in found.warnings)


@pytest.fixture
def unusual_to_all(classifier: ModelCard) -> str:
    """Make every record lie far from what the classifier learned from; return what is said of it."""
    given = torch.zeros(
        1, len(classifier.input.leads), round(classifier.input.seconds * classifier.input.sampling_rate_hz)
    )
    with torch.inference_mode():
        width = runtime.network(classifier, "cpu").forward_features(given).shape[1]  # type: ignore[operator]
    near = np.linspace(0, 1e-9, unusual.POINTS)
    found = unusual.Unusual("9 ECGs", np.full(width, 9.0), np.eye(width), near)
    unusual.write(classifier.folder, found, classifier.sha256)
    return f"unusual to {classifier.name}: in the features it answers from"


def test_how_unusual_a_record_is_stands_on_every_road_under_one_key(
    file: str,
    unusual_to_all: str,
    autoencoder: ModelCard,
    identifier: ModelCard,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "out.npz")
    beside_another = (("reconstruct", file, "-o", out), ("explain", file, "--with", "reconstruction_error"))
    for words in beside_another:
        told = _json(capsys, *words)
        assert told["feature_distance_percentile"] == 100.0
        assert unusual_to_all in str(told["warnings"])
        assert f"note: {unusual_to_all}" in _said(capsys, *words)
    own = (
        ("classify", file),
        ("explain", file, "--statement", "NORM", "--no-check", "--anyway"),
        ("explain", file, "--mask", "2.0-2.4"),
    )
    for words in own:
        told = _json(capsys, *words)
        assert told["feature_distance_percentile"] == 100.0
        assert "unusual to this model" in str(told["warnings"])
        assert DOUBT in str(told["warnings"])
        assert told["precision"] == "fp32"
        said = _said(capsys, *words)
        assert "note: unusual to this model" in said
        assert "in fp32" in said
    lef = api.lef(file)  # rests on a classifier of its own
    assert lef.feature_distance_percentile is not None
    for words in (
        ("lef", file),
        ("explain", file, "--with", "contributions"),
        ("explain", file, "--lef", "--no-check"),
    ):
        told = _json(capsys, *words)
        assert told["feature_distance_percentile"] == lef.feature_distance_percentile
        assert told["warnings"] == list(lef.warnings)
        assert told["precision"] == "fp32"
        assert "in fp32" in _said(capsys, *words)
    both = ("identify", file, file, "--model", "tiny-id")
    told = _json(capsys, *both)
    assert told["feature_distance_percentile"] == {"a": 100.0, "b": 100.0}
    assert f"both recordings: {unusual_to_all}" in str(told["warnings"])
    assert told["precision"] == "fp32"
    assert f"note: both recordings: {unusual_to_all}" in _said(capsys, *both)


def test_a_report_states_the_precision_that_was_run_and_the_doubts_of_its_map(
    file: str, unusual_to_all: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("report", file, "--map", "NORM", "--anyway", "--precision", "fp32")
    told = _json(capsys, *words, "-o", str(tmp_path / "r.json"))
    assert told["warnings"] == []
    kept = json.loads((tmp_path / "r.json").read_text())
    parts = (kept["prediction"], kept["lef"], kept["on_trace"]["map"])
    for part in parts:
        assert part["precision"] == "fp32"
        assert part["feature_distance_percentile"] == (
            api.lef(file).feature_distance_percentile if part is kept["lef"] else 100.0
        )
        assert DOUBT in str(part["warnings"])
    main([*words, "-o", str(tmp_path / "r.pdf")])
    with pdfplumber.open(tmp_path / "r.pdf") as found:
        pages = [" ".join((page.extract_text(x_tolerance=1.5) or "").split()) for page in found.pages]
    assert sum(", in fp32" in page for page in pages) >= 2


@pytest.mark.parametrize("command", ["explain", "identify", "reconstruct"])
def test_a_command_without_a_precision_says_why(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "Always in fp32, without --precision:" in " ".join(capsys.readouterr().out.split())


def test_what_is_refused_has_no_word_of_references(
    refused: EcgRecord, real: EcgRecord, classifier: ModelCard
) -> None:
    assert shown(runtime.classify(refused, device="cpu")).reference == ""
    assert "no reference scores" in shown(runtime.classify(real, device="cpu")).reference
    said = api.lef(refused, device="cpu")
    assert (said.analysed, said.place) == (False, "")


def test_info_tells_what_the_samples_say(
    file: str, real: EcgRecord, refused: EcgRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"samples: limb electrodes perhaps exchanged: {DOUBT}" in _said(capsys, "info", file)
    assert DOUBT in str(_json(capsys, "info", file)["samples"])
    noise = str(wfdb.write(refused, tmp_path / "noise"))
    assert "no model is asked about this record: no beats found" in _said(capsys, "info", noise)
    assert "no beats found" in _json(capsys, "info", noise)["samples"]["reason"]
    dead = str(wfdb.write(REFUSED["a dead lead"][0](real), tmp_path / "dead"))
    assert "no model is asked that takes lead V4: no signal" in _said(capsys, "info", dead)
    clean = str(wfdb.write(real, tmp_path / "clean"))
    assert _json(capsys, "info", clean)["samples"] == {"reason": "", "faults": {}, "warnings": []}


def test_what_the_file_notes_is_not_told_twice_by_info(real: EcgRecord) -> None:
    noted = WARNED["what the file's reader noted"][0](real)
    assert json_report.samples(noted)["warnings"] == []


def test_a_page_without_ai_says_why_nothing_is_measured_and_nothing_can_be_answered(
    refused: EcgRecord, real: EcgRecord, classifier: ModelCard, tmp_path: Path
) -> None:
    def page(record: EcgRecord, **answers: Any) -> str:
        pdf.write(content.gather(record, **answers), tmp_path / "out.pdf")
        with pdfplumber.open(tmp_path / "out.pdf") as found:
            return " ".join(found.pages[0].extract_text(x_tolerance=1.5).split())

    reason = "no beats found: noise, a test signal, or asystole"
    said = page(refused)
    head = content.gather(refused)
    measured = [run.text for run in _head.measurements(head)]
    assert f"Heart rate: not measured ({reason})" in measured
    assert "PR: not measured" in measured
    assert f"No machine answer can be given: {reason}" in [run.text for run in _head.acquisition(head)]
    assert "No machine answer can be given" in said
    assert "Heart rate: not measured (no beats found" in said
    assert "No machine answer" not in page(real)
    assert "No machine answer" not in page(refused, prediction=runtime.classify(refused, device="cpu"))
    assert json_report.as_dict(head)["samples"]["reason"] == reason
