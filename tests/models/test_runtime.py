"""Asking the networks: the same answer alone and in a batch, cancelled when nobody waits."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgview.errors import Cancelled, ModelError
from ecgview.models import architectures, loaded, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Patient


def _others(record: EcgRecord, count: int) -> list[EcgRecord]:
    random = np.random.default_rng(0)
    noise = random.standard_normal((count, *record.signal.shape)) * 0.05
    return [record.with_signal((record.signal + row).astype(np.float32)) for row in noise]


def test_a_batch_answers_as_each_record_alone(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    records = _others(pulse_record, runtime.BATCH + 3)  # more than one batch
    together = runtime.classify_many(records, device="cpu")
    assert len(together) == len(records)
    for k in (0, 1, runtime.BATCH, len(records) - 1):
        alone = runtime.classify(records[k], device="cpu")
        got = [[score.probability for score in answer.scores] for answer in (alone, together[k])]
        np.testing.assert_allclose(*got, atol=1e-5)
    assert together[0].scores[0].probability != together[1].scores[0].probability


def test_a_prediction_says_what_made_it(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    long = np.concatenate([pulse_record.signal, pulse_record.signal], axis=1)
    child = replace(pulse_record, signal=long, synthetic=True, patient=Patient(age_years=7))
    answer = runtime.classify(child, device="cpu")
    assert (answer.model, answer.device) == (classifier.facts, "cpu")
    assert answer.record_sha256 == pulse_record.source.sha256
    assert answer.duration_ms > 0
    assert [score.code for score in answer.scores] == list(classifier.labels)
    assert answer.scores[0].label == "first degree AV block"
    assert [score.threshold for score in answer.scores[:2]] == [0.5, None]
    assert "first 10 s of 20 s" in answer.warnings[0]
    others = [text for text in answer.warnings[1:] if ": infarction" not in text]
    assert [text[:9] for text in others] == [
        "under 18 ",
        "sex unkno",
        "synthetic",
        "Pacing ca",
        "all leads",
        "no lead c",
        "the same ",
        "hardly an",
    ]


def test_unknown_age_and_sex_are_stated_doubts(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    nobody = replace(pulse_record, patient=Patient())
    told = runtime.classify(nobody, device="cpu").warnings
    assert [text.split(":")[0] for text in told if "unknown" in text] == ["age unknown", "sex unknown"]
    known = replace(pulse_record, patient=Patient(age_years=50, sex="female"))
    assert not [text for text in runtime.classify(known, device="cpu").warnings if "unknown" in text]


def test_a_kept_prediction_is_judged_by_the_card_of_today(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    fresh = runtime.classify(pulse_record, device="cpu")
    old = replace(fresh, scores=tuple(replace(score, threshold=0.001) for score in fresh.scores), warnings=())
    again = runtime.judged_anew(classifier, old, pulse_record)
    assert [score.threshold for score in again.scores] == list(classifier.thresholds)
    assert again.warnings == fresh.warnings
    np.testing.assert_allclose(
        [score.probability for score in again.scores], [score.probability for score in fresh.scores]
    )


def test_the_probabilities_are_those_of_the_network_asked_by_hand(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    answer = runtime.classify(pulse_record, device="cpu")
    by_hand = torch.sigmoid(
        architectures.load(classifier)(torch.from_numpy(prepare(pulse_record, classifier.input))[None])
    )[0]
    np.testing.assert_allclose([score.probability for score in answer.scores], by_hand.numpy(), atol=1e-6)


def test_cancelled_work_stops(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    said: list[str] = []

    def nobody_waits(fraction: float, text: str = "") -> None:
        said.append(text)
        if "on cpu" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        runtime.classify(pulse_record, device="cpu", progress=nobody_waits)
    assert "done" not in said


def test_devices_are_named(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    assert runtime.available_devices()[-1] == "cpu"
    assert runtime.resolve_device("auto") == runtime.available_devices()[0]
    for device in {"cuda", "mps", "tpu"} - set(runtime.available_devices()):
        with pytest.raises(ModelError, match=f"no {device} device") as caught:
            runtime.classify(pulse_record, device=device)
        assert "cpu" in str(caught.value)


def test_many_threads_ask_at_once(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    records = _others(pulse_record, 6)
    wanted = [answer.scores for answer in runtime.classify_many(records, device="cpu")]
    loaded.LOADED.clear()
    got: list[object] = [None] * len(records)

    def ask(k: int) -> None:
        got[k] = runtime.classify(records[k], device="cpu").scores

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(len(records))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded.LOADED) == 1
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose([s.probability for s in one], [s.probability for s in other], atol=1e-5)


def test_a_model_of_another_kind_is_refused(
    classifier: ModelCard, autoencoder: ModelCard, pulse_record: EcgRecord
) -> None:
    mask = np.arange(200) < 50
    with pytest.raises(ModelError, match="no classifier"):
        runtime.classify(pulse_record, autoencoder.id, "cpu")
    with pytest.raises(ModelError, match="no autoencoder"):
        runtime.reconstruct(pulse_record, mask, classifier.id, "cpu")


def test_a_network_loaded_while_another_answers_has_gradients(classifier: ModelCard) -> None:
    loaded.LOADED.clear()
    with torch.inference_mode():
        module = runtime.network(classifier, "cpu")
    shape = (
        1,
        len(classifier.input.leads),
        round(classifier.input.seconds * classifier.input.sampling_rate_hz),
    )
    signal = torch.zeros(shape, requires_grad=True)
    module(signal).sum().backward()
    assert signal.grad is not None


def test_warming_up_loads_the_default_classifier(classifier: ModelCard) -> None:
    loaded.LOADED.clear()
    runtime.warm_up()
    assert [key[0] for key in loaded.LOADED] == [classifier.sha256]
    before = dict(loaded.LOADED)
    runtime.network_to_ask(classifier, runtime.resolve_device())
    assert before == loaded.LOADED, "the first question would load it anew"


def test_weights_that_do_not_fit_are_named(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    wrong = replace(classifier, config={**classifier.config, "depth": 3})
    with pytest.raises(ModelError, match=r"missing blocks\.2\.norm1\.weight"):
        architectures.load(wrong)
    with pytest.raises(ModelError, match="unknown size"):
        architectures.load(replace(classifier, config={"colour": "red"}))


def test_a9_every_device_gives_the_same_answer(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    others = set(runtime.available_devices()) - {"cpu"}
    if not others:
        pytest.skip("no accelerator on this machine")
    wanted = [score.probability for score in runtime.classify(pulse_record, device="cpu").scores]
    for device in others:
        answer = runtime.classify(pulse_record, device=device)
        assert answer.device == device
        np.testing.assert_allclose([score.probability for score in answer.scores], wanted, atol=1e-4)
