"""bf16 by name: what it may change, what it must say, and when it is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview import api, resources
from ecgview.errors import ModelError
from ecgview.models import cards, precision, runtime
from ecgview.models.asking import Recent
from ecgview.models.cards import ModelCard
from ecgview.models.networks.kit import bf16
from ecgview.models.precision import Chosen, Parity
from ecgview.record import EcgRecord
from ecgview.results import Prediction

NORMAL = Path(str(resources.path("demo", "normal.hea")))


@pytest.fixture(autouse=True)
def tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a processor was found to do elsewhere is not known here."""
    monkeypatch.setattr(precision, "_tried", {})


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that multiplies in bf16; others only emulate it, with the same results."""
    monkeypatch.setattr(bf16, "processor_multiplies_bf16", lambda: True)


def _probabilities(answer: Prediction) -> list[float]:
    return [score.probability for score in answer.scores]


def test_the_shipped_classifier_holds_in_bf16_and_the_answer_names_it(able: None) -> None:
    memory = Recent()
    plain = api.classify(NORMAL, device="cpu", memory=memory)
    fast = api.classify(NORMAL, device="cpu", precision="bf16", memory=memory)
    assert (plain.precision, fast.precision) == ("fp32", "bf16")
    assert _probabilities(fast) != _probabilities(plain)  # it was run, not recalled
    np.testing.assert_allclose(_probabilities(fast), _probabilities(plain), atol=precision.LIMIT)
    assert fast.warnings == plain.warnings
    found = precision.choose(cards.default("classifier"), "cpu", "bf16").parity
    assert found is not None
    assert (found.n_records, found.n_calls, found.flips) == (6, 6 * 71, 0)
    assert 0 < found.largest <= precision.LIMIT


def test_each_precision_is_recalled_by_its_own_question(
    able: None, classifier: ModelCard, pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    asked = [
        api.classify(pulse_record, device="cpu", precision=name, memory=memory)
        for name in ("bf16", "fp32", "bf16", "fp32")
    ]
    assert [answer.precision for answer in asked] == ["bf16", "fp32", "bf16", "fp32"]
    assert forwards[-2:] == ["InBf16", type(runtime.network(classifier, "cpu")).__name__]
    assert _probabilities(asked[0]) == _probabilities(asked[2])
    assert _probabilities(asked[1]) == _probabilities(asked[3])


def test_a_processor_without_it_answers_in_fp32_and_says_so(
    monkeypatch: pytest.MonkeyPatch, classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    monkeypatch.setattr(bf16, "processor_multiplies_bf16", lambda: False)
    memory = Recent()
    answer = api.classify(pulse_record, device="cpu", precision="bf16", memory=memory)
    plain = api.classify(pulse_record, device="cpu", memory=memory)
    assert answer.precision == "fp32"
    assert _probabilities(answer) == _probabilities(plain)
    assert answer.warnings == (
        *plain.warnings,
        "bf16 was not used: this processor has no instructions for it",
    )


def test_answers_that_move_too_far_are_refused(
    able: None, monkeypatch: pytest.MonkeyPatch, classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    monkeypatch.setattr(precision, "LIMIT", 0.0)
    answer = api.classify(pulse_record, device="cpu", precision="bf16", memory=Recent())
    assert answer.precision == "fp32"
    assert answer.warnings[-1].startswith("bf16 was not used: bf16 differs from fp32 by at most 0.")
    assert "on 6 records" in answer.warnings[-1]


def test_another_device_runs_in_fp32(classifier: ModelCard) -> None:
    chosen = precision.choose(classifier, "cuda", "bf16")
    assert chosen == Chosen("fp32", "bf16 was not used: it is for the processor, and this ran on cuda")
    assert precision.choose(classifier, "cpu", "fp32") == Chosen()
    with pytest.raises(ModelError, match="no precision 'int8'"):
        precision.choose(classifier, "cpu", "int8")


def test_the_lef_result_names_the_precision_it_rests_on(able: None, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Recent()
    plain = api.lef(NORMAL, device="cpu", memory=memory)
    fast = api.lef(NORMAL, device="cpu", precision="bf16", memory=memory)
    assert (plain.precision, fast.precision) == ("fp32", "bf16")
    assert fast.value == pytest.approx(plain.value, abs=precision.LIMIT)
    assert api.lef(NORMAL, device="cpu", precision="bf16", memory=memory) == fast
    monkeypatch.setattr(precision, "_tried", {})
    monkeypatch.setattr(bf16, "processor_multiplies_bf16", lambda: False)
    refused = api.lef(NORMAL, device="cpu", precision="bf16", memory=memory)
    assert (refused.precision, refused.value) == ("fp32", plain.value)
    assert refused.warnings[-1].startswith("bf16 was not used")


def test_flips_are_counted_at_the_card_s_thresholds(classifier: ModelCard) -> None:
    card = replace(classifier, thresholds=(0.2, None, *classifier.thresholds[2:]))
    cut = precision.cuts(card)
    assert cut[:2].tolist() == [0.2, 0.5]
    one = np.full((2, len(cut)), 0.9, np.float32)
    one[0, :2] = 0.3, 0.4
    other = one.copy()
    other[0, :2] = 0.1, 0.6
    assert precision.compared(one, other, cut) == Parity(2, one.size, pytest.approx(0.2), 2)
    assert "2 records, 2 of" in precision.compared(one, other, cut).sentence


def test_packed_layers_are_those_of_the_network_and_leave_it_as_it_was(classifier: ModelCard) -> None:
    network = runtime.network(classifier, "cpu")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    made = bf16.InBf16(network)
    x = torch.from_numpy(np.stack(precision.shipped_inputs(classifier)))
    with torch.inference_mode():
        one, other = network(x), made(x)
    assert other.dtype == torch.float32
    torch.testing.assert_close(one, other, atol=0.05, rtol=0.05)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())


def test_the_form_that_only_answers_gives_the_answers_of_the_network(classifier: ModelCard) -> None:
    network, made = runtime.network(classifier, "cpu"), runtime.network_to_ask(classifier, "cpu")
    assert made is not network
    x = torch.from_numpy(np.stack(precision.shipped_inputs(classifier)))
    with torch.inference_mode():
        for count in (1, len(x)):
            said = [torch.sigmoid(one(x[:count])) for one in (network, made)]
            torch.testing.assert_close(*said, atol=1e-6, rtol=0)
    asked = x[:1].clone().requires_grad_()
    network(asked).sum().backward()  # what maps need is the network's own still
    assert asked.grad is not None
    assert bool(asked.grad.any())
