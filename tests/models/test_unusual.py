"""What lies far from a network's training records is answered with that doubt, on every road, of the one run."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_models import classifier

from ecgview import api, formats, resources
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.models import asking, cards, runtime, unusual
from ecgview.models.asking import Recent
from ecgview.models.cards import ModelCard
from ecgview.models.networks import residual
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Patient

__all__ = ["classifier"]

WORDS = "300 records made here"
SHIPPED = "residual-ptbxl"


def _features(card: ModelCard, record: EcgRecord, count: int, seed: int) -> np.ndarray:
    """Return the features of a record with the gain of each lead changed a little, (count, width)."""
    random = np.random.default_rng(seed)
    given = prepare(record, card.input)
    made_of = given * random.normal(1, 0.15, (count, len(given), 1)).astype(np.float32)
    with torch.inference_mode():
        made: torch.Tensor = runtime.network(card, "cpu").forward_features(torch.from_numpy(made_of))  # type: ignore[operator]
    return made.numpy()


@pytest.fixture
def known(classifier: ModelCard, pulse_record: EcgRecord) -> ModelCard:
    """Return the tiny classifier with a reference of records like the pulse record."""
    made = _features(classifier, pulse_record, 300, 1)
    found = unusual.fitted(made, _features(classifier, pulse_record, 300, 2), WORDS)
    unusual.write(classifier.folder, found, classifier.sha256)
    return classifier


@pytest.fixture
def far(pulse_record: EcgRecord) -> EcgRecord:
    """Return what no rule of the judgement sees: every lead inverted."""
    return pulse_record.with_signal(-pulse_record.signal)


def test_the_distance_is_mahalanobis_and_clean_records_fill_the_percentiles() -> None:
    random = np.random.default_rng(0)
    mix = random.normal(size=(6, 6))
    training, clean = random.normal(size=(5000, 6)) @ mix, random.normal(size=(1000, 6)) @ mix
    found = unusual.fitted(training, clean, WORDS)
    away = clean - training.mean(0)
    wanted = np.sqrt(np.einsum("ij,jk,ik->i", away, np.linalg.inv(np.cov(training.T)), away))
    np.testing.assert_allclose(found.distance(clean), wanted, rtol=0.05)  # it is shrunk a little
    placed = np.array(found.percentiles(clean))
    assert placed.mean() == pytest.approx(50, abs=1)
    assert (placed >= unusual.DOUBT_FROM).mean() == pytest.approx(0.02, abs=0.005)
    assert found.percentiles(np.full((2, 6), np.nan)) == [None, None]
    assert found.percentiles(np.zeros((1, 5))) == [None]


def test_few_records_of_many_features_have_a_distance_all_the_same() -> None:
    made = np.random.default_rng(0).normal(size=(20, 50))
    found = unusual.fitted(made, made, WORDS)
    assert np.isfinite(found.distance(made * 3)).all()


def test_an_ordinary_record_has_no_doubt_and_a_far_one_has_of_the_same_run(
    known: ModelCard, pulse_record: EcgRecord, far: EcgRecord, forwards: list[str]
) -> None:
    ordinary, odd = runtime.classify_many([pulse_record, far], device="cpu")
    assert len(forwards) == 1
    assert ordinary.feature_distance_percentile is not None
    assert ordinary.feature_distance_percentile < unusual.DOUBT_FROM
    assert odd.feature_distance_percentile == 100.0
    assert not any("unusual" in text for text in ordinary.warnings)
    (doubt,) = (text for text in odd.warnings if "unusual" in text)
    assert doubt.endswith(f"farther from its training records than all of {WORDS}")
    assert odd.analysed


def test_a_model_without_a_reference_has_no_score_and_says_nothing(
    classifier: ModelCard, far: EcgRecord
) -> None:
    answer = runtime.classify(far, device="cpu")
    assert answer.feature_distance_percentile is None
    assert not any("unusual" in text for text in answer.warnings)


@pytest.mark.parametrize(
    "fault", ["cut off", "other weights", "escape", "wrong shape", "falling", "no number"]
)
def test_a_reference_that_cannot_be_used_is_named_and_the_answer_stays(
    fault: str, known: ModelCard, pulse_record: EcgRecord
) -> None:
    before = runtime.classify(pulse_record, device="cpu")
    path = known.folder / unusual.FILE
    found = unusual.of(known)
    assert found is not None
    tables = {name: torch.from_numpy(getattr(found, name)) for name in ("middle", "whitening", "distances")}
    about = {"records": "\x1b[2J" if fault == "escape" else WORDS, "sha256": known.sha256}
    if fault == "other weights":
        about["sha256"] = "0" * 64
    elif fault == "wrong shape":  # of another network: whole in itself
        tables |= {"middle": tables["middle"][:9], "whitening": tables["whitening"][:9, :9].contiguous()}
    elif fault == "falling":
        tables["distances"] = tables["distances"].flip(0)
    elif fault == "no number":
        tables["middle"] = tables["middle"] * float("nan")
    save_file(tables, path, about)
    if fault == "cut off":
        path.write_bytes(path.read_bytes()[:99])
    answer = runtime.classify(pulse_record, device="cpu")
    assert answer.scores == before.scores
    assert answer.feature_distance_percentile is None
    assert answer.warnings == (*before.warnings, unusual.UNUSABLE)


def test_a_recalled_answer_has_the_doubt_too_and_another_reference_is_another_question(
    known: ModelCard, far: EcgRecord, tmp_path: Path, forwards: list[str]
) -> None:
    memory = Recent()
    first = asking.classify(far, device="cpu", memory=memory)
    assert asking.classify(far, device="cpu", memory=memory) == first
    assert any("unusual" in text for text in first.warnings)
    other_file = replace(far, patient=Patient("7", "", "male", 50.0))
    assert any("unusual" in w for w in asking.classify(other_file, device="cpu", memory=memory).warnings)
    assert len(forwards) == 1
    found = unusual.of(known)
    assert found is not None
    unusual.write(known.folder, replace(found, distances=found.distances + 1e6), known.sha256)
    assert asking.classify(far, device="cpu", memory=memory).feature_distance_percentile == 0.0
    assert len(forwards) == 2


def test_commands_reports_tables_and_a_store_say_the_same(
    known: ModelCard, far: EcgRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str], forwards: list[str]
) -> None:
    import pyarrow.parquet as pq

    path = str(wfdb.write(far, tmp_path / "far"))
    for _ in range(2):  # the second time from the store
        asking.RECENT = Recent()
        assert main(["classify", path]) == 0
        assert "farther from its training records" in capsys.readouterr().out
    assert len(forwards) == 1
    assert main(["classify", path, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    told = told[0] if isinstance(told, list) else told
    assert told["feature_distance_percentile"] == 100.0
    assert any("farther" in text for text in told["warnings"])
    report = json.loads(api.report(path, tmp_path / "out.json").read_text())["prediction"]
    assert report["feature_distance_percentile"] == 100.0
    assert any("farther" in text for text in report["warnings"])
    api.score(tmp_path, tmp_path / "out.parquet", device="cpu")
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert "farther from its training records" in row["warnings"]


@pytest.mark.usefixtures("isolated_home")
def test_the_shipped_reference_changes_no_answer_and_holds_in_bf16() -> None:
    card = cards.get(SHIPPED)
    assert (card.folder / unusual.FILE).stat().st_size < 300_000
    module, packed = runtime.network(card, "cpu"), runtime.network(card, "cpu", "bf16")
    for path in sorted(resources.path("demo").glob("*.hea")):
        given = prepare(formats.read(path), card.input)[None]
        said, (far,) = runtime.probabilities_and_distances(card, module, given, "cpu")
        np.testing.assert_array_equal(said, runtime.probabilities(module, given, "cpu"))
        with torch.inference_mode():
            features = module.forward_features(torch.from_numpy(given)).numpy()  # type: ignore[operator]
        features = features[:, : residual.compared(card)]
        reference = unusual.of(card)
        assert reference is not None
        assert far == pytest.approx(reference.percentiles(features)[0])
        assert far < unusual.DOUBT_FROM
        in_bf16 = runtime.probabilities_and_distances(card, packed, given, "cpu")[1][0]
        assert in_bf16 == pytest.approx(far, abs=1.0)  # a percentile; 0.2 at most on 20 real records


def test_a_low_ejection_fraction_that_rests_on_an_unusual_ecg_says_so(
    monkeypatch: pytest.MonkeyPatch, pulse_record: EcgRecord, isolated_home: Path
) -> None:
    card = cards.get(SHIPPED)
    reference = unusual.of(card)
    assert reference is not None
    near = replace(reference, distances=reference.distances * 1e-6)
    monkeypatch.setattr(unusual, "of", lambda asked: near if asked.id == SHIPPED else None)
    memory = Recent()
    for _ in range(2):
        result = asking.lef(pulse_record, device="cpu", memory=memory)
        assert any("farther from its training records" in text for text in result.warnings)
