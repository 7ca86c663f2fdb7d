"""One question, one answer: the network is asked once, and an answer comes back to the same question alone."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgview import api
from ecgview.cli import main
from ecgview.errors import BlindedError, ModelError, StoreError
from ecgview.formats import wfdb
from ecgview.models import asking, cards, reference_scores, runtime
from ecgview.models.asking import Answer, Recent
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord, Patient
from ecgview.results import LefResult, Prediction
from ecgview.review.store import Store

LEF = "lef-zero-shot"


def _ask(record: EcgRecord, memory: Any, **others: Any) -> Answer:
    return asking.ask(record, device="cpu", memory=memory, **others)


def _changed_card(card: ModelCard, **fields: Any) -> ModelCard:
    path = card.folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")
    return cards.read_card(path)


@pytest.fixture
def lef_beside(classifier: ModelCard, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """Return the card of the shipped composite on the tiny classifier, the default LEF model of this test."""
    shipped = cards.get(LEF)
    table = json.loads(shipped.weights_path.read_text(encoding="utf-8"))
    table |= {"classifier": classifier.id, "classifier_sha256": classifier.sha256}
    folder = cards.user_folder() / "lef-tiny"
    folder.mkdir(parents=True)
    (folder / shipped.weights).write_text(json.dumps(table), encoding="utf-8")
    raw = cards.as_json(shipped) | {"id": "lef-tiny", "sha256": cards.sha256_of(folder / shipped.weights)}
    (folder / "card.json").write_text(json.dumps(raw), encoding="utf-8")
    monkeypatch.setitem(cards.DEFAULTS, "lef", "lef-tiny")
    return cards.get("lef-tiny")


@pytest.mark.usefixtures("lef_beside")
def test_prediction_and_lef_come_of_one_run_and_are_recalled_together(
    pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    told: list[Prediction] = []
    first = _ask(pulse_record, memory, told=told.append)
    prediction, lef = first.both()
    assert told == [prediction]
    assert lef.analysed
    assert forwards == ["Mtecg"]
    assert _ask(pulse_record, memory) == first
    assert asking.classify(pulse_record, device="cpu", memory=memory) == prediction
    assert asking.lef(pulse_record, device="cpu", memory=memory) == lef
    assert forwards == ["Mtecg"]
    assert not any("rests on" in text for text in lef.warnings)  # the diagnoses are of the same classifier
    alone = runtime.classify(pulse_record, device="cpu")
    assert replace(prediction, duration_ms=0) == replace(alone, duration_ms=0)


@pytest.mark.usefixtures("classifier")
def test_a_lef_model_of_another_classifier_has_that_one_asked_too_and_says_so(
    pulse_record: EcgRecord, forwards: list[str]
) -> None:
    prediction, lef = _ask(pulse_record, Recent()).both()
    assert prediction.model.model_id == "tiny"
    assert len(forwards) == 2
    assert lef.warnings[-1] == "rests on residual-ptbxl 1.0, the diagnoses on tiny test (not from ecgview)"
    assert "Residual networks" in lef.model.name
    alone = asking.lef(pulse_record, device="cpu", memory=Recent(0))
    assert replace(lef, warnings=alone.warnings) == alone


def _other_sample(record: EcgRecord, _c: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    signal = record.signal.copy()
    signal[1, 1234] += 0.01
    return record.with_signal(signal)


def _no_threshold(record: EcgRecord, card: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    _changed_card(card, thresholds=[0.25, *card.thresholds[1:]])
    return record


def _calibrated(record: EcgRecord, card: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    _changed_card(card, calibrated="calibrated on another collection")
    return record


def _other_labels(record: EcgRecord, card: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    _changed_card(card, labels=[*card.labels[:-2], card.labels[-1], card.labels[-2]])
    return record


def _other_weights(record: EcgRecord, card: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    from safetensors.torch import load_file, save_file

    state = load_file(card.weights_path)
    state["head.bias"] = state["head.bias"] + 0.5
    save_file(state, card.weights_path)
    _changed_card(card, sha256=cards.sha256_of(card.weights_path))
    return record


def _reference(record: EcgRecord, card: ModelCard, _l: ModelCard, _m: pytest.MonkeyPatch) -> EcgRecord:
    said = np.random.default_rng(1).random((300, len(card.labels)), np.float32)
    reference_scores.write(card.folder, np.zeros_like(said), said, "records made here", card.sha256)
    return record


def _other_version(record: EcgRecord, _c: ModelCard, _l: ModelCard, patch: pytest.MonkeyPatch) -> EcgRecord:
    patch.setattr(asking, "VERSION", "99.0.0")
    return record


def _other_precision(record: EcgRecord, _c: ModelCard, _l: ModelCard, patch: pytest.MonkeyPatch) -> EcgRecord:
    patch.setattr(asking.runtime, "PRECISION", np.dtype(np.float16))
    patch.setattr(asking.runtime, "answers", _answered_by(runtime.PRECISION))
    return record


def _answered_by(_precision: object) -> Callable[..., list[Prediction]]:
    real = runtime.answers

    def answers(*args: Any, **others: Any) -> list[Prediction]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runtime, "PRECISION", np.dtype(np.float32))
            return real(*args, **others)

    return answers


ANOTHER = {
    "a changed sample": _other_sample,
    "a changed threshold": _no_threshold,
    "another calibration": _calibrated,
    "labels in another order": _other_labels,
    "other weights": _other_weights,
    "reference scores": _reference,
    "another version": _other_version,
    "another precision": _other_precision,
}


@pytest.mark.parametrize("change", ANOTHER.values(), ids=ANOTHER)
def test_another_question_is_asked_anew(
    change: Callable[[EcgRecord, ModelCard, ModelCard, pytest.MonkeyPatch], EcgRecord],
    classifier: ModelCard,
    lef_beside: ModelCard,
    pulse_record: EcgRecord,
    forwards: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Recent()
    _ask(pulse_record, memory)
    _ask(pulse_record, memory)
    assert len(forwards) == 1
    record = change(pulse_record, classifier, lef_beside, monkeypatch)
    again = _ask(record, memory)
    assert len(forwards) == 2
    assert isinstance(again.prediction, Prediction)
    assert [s.threshold for s in again.prediction.scores] == list(cards.get("tiny").thresholds)


def test_the_key_names_the_device_and_the_leads_that_are_there(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    prepared = np.zeros((12, 5000), np.float32)
    keys = {
        asking.prediction_question(classifier, record, prepared, device)
        for device in ("cpu", "cuda", "mps")
        for record in (pulse_record, replace(pulse_record, lead_names=(*pulse_record.lead_names[:-1], "V6R")))
    }
    assert len(keys) == 6
    shapes = {asking.prediction_question(classifier, pulse_record, prepared.reshape(6, -1), "cpu")}
    shapes |= {asking.prediction_question(classifier, pulse_record, prepared.astype(">f4"), "cpu")}
    assert len(keys | shapes) == 8
    assert all(len(key) == 64 for key in keys | shapes)


def test_what_the_answer_does_not_depend_on_is_no_other_question(
    classifier: ModelCard, lef_beside: ModelCard, pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    first = _ask(pulse_record, memory)
    _changed_card(
        classifier, notes=["a typing error mended"], metrics={"macro_auroc": 0.5}, licence="Apache-2.0"
    )
    _changed_card(lef_beside, notes=[])
    assert _ask(pulse_record, memory) == first
    assert len(forwards) == 1


@pytest.mark.parametrize("change", ["threshold", "calibrated", "table"])
def test_a_changed_lef_model_is_computed_anew_from_the_prediction_that_is_there(
    change: str, lef_beside: ModelCard, pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    before = _ask(pulse_record, memory).both()[1]
    if change == "table":
        path = lef_beside.weights_path
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["reference"]["name"] = "other records"
        path.write_text(json.dumps(raw), encoding="utf-8")
        _changed_card(lef_beside, sha256=cards.sha256_of(path))
    elif change == "calibrated":
        _changed_card(lef_beside, calibrated="not calibrated, mended")
    else:
        _changed_card(lef_beside, version="7")
    after = _ask(pulse_record, memory).both()[1]
    assert after != before
    assert after.value == before.value
    assert len(forwards) == 1


@pytest.mark.usefixtures("lef_beside")
def test_a_file_that_is_not_the_card_s_is_no_old_answer(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    memory = Recent()
    _ask(pulse_record, memory)
    weights = classifier.weights_path.read_bytes()
    classifier.weights_path.write_bytes(weights + b"\0")
    answer = _ask(pulse_record, memory)
    for part in (answer.prediction, answer.lef):
        assert isinstance(part, ModelError)
        assert "not those of the card" in part.message
    with pytest.raises(ModelError, match="not those of the card"):
        answer.both()
    classifier.weights_path.unlink()
    assert isinstance(_ask(pulse_record, memory).prediction, ModelError)


@pytest.mark.usefixtures("lef_beside")
def test_what_the_record_says_beside_its_samples_is_judged_anew(
    pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    known = replace(pulse_record, patient=Patient("7", "Wang", "male", 63.0))
    first = _ask(known, memory).both()
    child = replace(known, patient=replace(known.patient, age_years=9.0))
    prediction, lef = _ask(child, memory).both()
    assert "under 18 years: outside the model's training population" in prediction.warnings
    assert lef.value is None
    assert "9 years old" in lef.reason
    other = replace(known, source=replace(known.source, sha256="another file of the same samples"))
    other = replace(other, patient=replace(known.patient, sex=""))
    prediction, lef = _ask(other, memory).both()
    assert {prediction.record_sha256, lef.record_sha256} == {"another file of the same samples"}
    for said in (prediction, lef):
        assert any("sex unknown" in text for text in said.warnings)
    assert _ask(known, memory).both() == first
    assert lef.value == first[1].value
    assert len(forwards) == 1


def test_each_part_fails_for_itself(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    only = pulse_record.with_signal(pulse_record.signal[:, :2000])
    answer = _ask(only, Recent())
    assert isinstance(answer.prediction, Prediction)
    assert isinstance(answer.lef, LefResult)
    for part in (answer.prediction, answer.lef):
        assert (part.analysed, part.reason) == (False, "the record lasts 4.0 s, 10 s are needed")
    wrong = _ask(pulse_record, Recent(), lef_id=classifier.id)
    assert isinstance(wrong.prediction, Prediction)
    assert isinstance(wrong.lef, ModelError)


class _Broken:
    """A store that cannot be used, or a read that is blind."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def recall(self, *_: object) -> None:
        raise self._error

    keep = recall


@pytest.mark.usefixtures("lef_beside")
def test_a_memory_out_of_order_is_done_without_and_a_closed_one_stays_closed(
    pulse_record: EcgRecord, forwards: list[str]
) -> None:
    assert _ask(pulse_record, _Broken(StoreError("locked"))).both()[1].analysed
    assert len(forwards) == 1
    with pytest.raises(BlindedError):
        _ask(pulse_record, _Broken(BlindedError("closed")))
    assert len(forwards) == 1


@pytest.mark.usefixtures("lef_beside")
def test_the_last_answers_alone_stay_in_a_process(pulse_record: EcgRecord, forwards: list[str]) -> None:
    memory = Recent(2)
    _ask(pulse_record, memory)
    _ask(_other_sample(pulse_record, *(None,) * 3), memory)  # type: ignore[arg-type]
    _ask(pulse_record, memory)
    assert len(forwards) == 3
    for _ in range(2):
        _ask(pulse_record, Recent(0))
    assert len(forwards) == 5


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    return Path(wfdb.write(replace(pulse_record, patient=Patient("7", "", "male", 63.0)), tmp_path / "one"))


def test_commands_and_api_ask_the_network_once_and_another_process_does_not(
    ecg: Path, tmp_path: Path, forwards: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asking.RECENT = Recent()  # another test may have asked about this record
    record = api.open_ecg(ecg)
    prediction, lef = api.classify(record), api.lef(record)
    out = api.report(record, tmp_path / "api.json")
    assert (api.classify(record), api.lef(record)) == (prediction, lef)
    assert len(forwards) == 1  # no store was asked: the answers of this process
    assert json.loads(out.read_text(encoding="utf-8"))["lef"]["value"] == lef.value
    asking.RECENT = Recent()  # as in another process
    contributions = ["explain", "--with", "contributions"]
    for words in (["classify"], ["lef"], ["report", "-o", str(tmp_path / "out.pdf")], contributions) * 2:
        assert main([words[0], str(ecg), *words[1:]]) == 0
    assert len(forwards) == 2
    said = capsys.readouterr().out
    assert said.count(prediction.model.model_id) == 4  # lef says what it rests on, too
    assert said.count(lef.model.model_id) == 4  # of the explanation, too


@pytest.mark.usefixtures("lef_beside")
def test_a_command_recalls_nothing_while_a_read_is_blind_and_goes_on_without_a_store(
    ecg: Path, forwards: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecgview.review.history import SetComment
    from ecgview.review.session import ReadingSession

    assert main(["classify", str(ecg)]) == 0
    with Store() as store:
        session = ReadingSession(store, api.open_ecg(ecg), "One")
        session.apply(SetComment("blind"))
        assert main(["lef", str(ecg)]) == 0
        assert len(forwards) == 2
        session.commit_first_read()
        session.reveal()
        assert main(["lef", str(ecg)]) == 0
        assert len(forwards) == 2
        raw = sqlite3.connect(store.path)
        raw.execute("BEGIN EXCLUSIVE")
        assert main(["lef", str(ecg)]) == 0  # locked
        raw.close()
    monkeypatch.setattr("ecgview.review.store.default_path", lambda: ecg)  # is no database
    assert main(["lef", str(ecg)]) == 0
