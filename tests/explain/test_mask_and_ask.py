"""Mask and ask: known answers of a linear network, the guard, chance, and what may not be asked."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ecgview import api
from ecgview.errors import Cancelled, ModelError
from ecgview.explain import mask_and_ask
from ecgview.leads import STANDARD_12
from ecgview.models import asking, cards, measured_shares, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef as tabular
from ecgview.record import EcgRecord, Patient
from ecgview.results import Chance, Hidden, HiddenSpan


class _Linear(nn.Module):
    """A logit per statement: the sum of weight times input; PACE stays low, or no LEF would be asked."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        drawn = np.random.default_rng(3).normal(0, 2e-3, (len(card.labels), 12, 5000)).astype(np.float32)
        drawn[card.labels.index("PACE")] = 0.0
        self.weight = torch.from_numpy(drawn)
        self.bias = torch.zeros(len(card.labels))
        self.bias[card.labels.index("PACE")] = -20.0

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        return torch.einsum("ncs,kcs->nk", signal, self.weight) + self.bias


@pytest.fixture
def linear(classifier: ModelCard, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """Return a linear network in the place of every classifier's: the default one, and the one that LEF names."""
    module = _Linear(classifier)
    asked = runtime.network
    monkeypatch.setattr(
        asking, "RECENT", asking.Recent(0)
    )  # what it says is not for the tests that come after
    monkeypatch.setattr(
        runtime, "network", lambda card, *on: module if card.kind == "classifier" else asked(card, *on)
    )
    return module


def _ground(record: EcgRecord) -> mask_and_ask.Ground:
    return mask_and_ask.ground(record, device="cpu", memory=asking.Recent(0))


def _logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def _before(found: mask_and_ask.WhatIf) -> np.ndarray:
    return np.array([one.before for one in found.statements])


def _after(found: mask_and_ask.WhatIf) -> np.ndarray:
    return np.array([one.after for one in found.statements])


def test_hiding_a_lead_takes_its_term_away(
    pulse_record: EcgRecord, classifier: ModelCard, linear: _Linear
) -> None:
    found, drawn = mask_and_ask.ask(_ground(pulse_record), Hidden(leads=("V1",)))
    term = linear.weight.numpy()[:, 6] @ prepare(pulse_record, classifier.input)[6]
    assert np.abs(term).max() > 0.05, "a term that is nothing shows nothing"
    assert np.allclose(_logit(_before(found)) - _logit(_after(found)), term, atol=1e-3)
    assert found.warnings[0] == "outside training: without lead V1"
    assert [(span.leads, span.start_s, span.end_s) for span in drawn.spans] == [(("V1",), 0.0, 10.0)]


def test_hiding_a_stretch_takes_its_samples_away_and_no_others(
    pulse_record: EcgRecord, classifier: ModelCard, linear: _Linear
) -> None:
    hidden = Hidden((HiddenSpan(2.3, 2.5, ("V1", "V2")), HiddenSpan(7.0, 7.1)))
    found, _drawn = mask_and_ask.ask(_ground(pulse_record), hidden)
    signal = prepare(pulse_record, classifier.input)
    left = signal.copy()
    left[6:8, 1150:1250] = 0
    left[:, 3500:3550] = 0
    logits = np.einsum("cs,kcs->k", left, linear.weight.numpy()) + linear.bias.numpy()
    assert np.allclose(_logit(_after(found)), logits, atol=1e-3)


def test_the_lef_number_follows_and_its_guard_judges_the_record(
    pulse_record: EcgRecord, classifier: ModelCard, linear: _Linear
) -> None:
    """A what-if that looks paced keeps its number; a paced record has none, whatever is hidden."""
    pace = classifier.labels.index("PACE")
    signal = prepare(
        pulse_record, cards.get("residual-ptbxl").input
    )  # what LEF rests on; the other's is larger
    linear.weight[pace, 6] = torch.from_numpy(-40 * signal[6] / float((signal[6] ** 2).sum()))
    linear.bias[pace] = 20.0  # less 40 or more with V1: paced without it alone
    standing = _ground(pulse_record)
    assert standing.lef is not None
    paced, _drawn = mask_and_ask.ask(standing, Hidden(leads=("V1",)))
    assert paced.statements[pace].before < 0.01
    assert paced.statements[pace].after > 0.99
    assert paced.lef is not None
    signal[6] = 0
    logits = np.einsum("cs,kcs->k", signal, linear.weight.numpy()) + linear.bias.numpy()
    chances = dict(zip(cards.get("residual-ptbxl").labels, 1 / (1 + np.exp(-logits)), strict=True))
    after = tabular.number(
        replace(
            standing.prediction,
            scores=tuple(
                replace(score, probability=float(chances[score.code])) for score in standing.prediction.scores
            ),
        ),
        tabular.lef_model(),
    )
    assert paced.lef.label == "LEF index, deviations"
    assert paced.lef.after == pytest.approx(np.log(after / (1 - after)), abs=1e-5)
    assert paced.lef.before == standing.lef.model_output
    child = replace(pulse_record, patient=Patient(age_years=9))
    refused, _drawn = mask_and_ask.ask(_ground(child), Hidden(leads=("V1",)))
    assert refused.lef is None
    assert "9 years" in refused.lef_reason


def test_what_cannot_be_assessed_in_the_record_cannot_be_assessed_with_a_part_of_it_hidden(
    pulse_record: EcgRecord, linear: _Linear
) -> None:
    standing = _ground(pulse_record)
    first = standing.prediction.scores[0]
    assert first.threshold == 0.5
    said = replace(
        standing.prediction, scores=(replace(first, not_assessable="paced"), *standing.prediction.scores[1:])
    )
    linear.bias[0] = 20.0
    found, _drawn = mask_and_ask.ask(replace(standing, prediction=said), Hidden(leads=("V1",)))
    assert found.statements[0].after > 0.99
    assert not found.statements[0].is_positive
    open_, _drawn = mask_and_ask.ask(standing, Hidden(leads=("V1",)))
    assert open_.statements[0].is_positive


def test_a_hidden_record_says_what_a_flat_one_does(shared_data: Path) -> None:
    record = api.open_ecg(sorted((shared_data / "ptbxl/records500").rglob("*.hea"))[0])
    standing = mask_and_ask.ground(record, device="cpu", memory=asking.Recent(0))
    found, _drawn = mask_and_ask.ask(standing, Hidden((HiddenSpan(0, 10),)))
    module = runtime.network(standing._main.card, "cpu")
    flat = runtime.probabilities(module, np.zeros((1, 12, 5000), dtype=np.float32), "cpu")[0]
    said = {one.code: one for one in api.classify(record, device="cpu").scores}
    alone = np.array([said[one.code].shares is None for one in found.statements])
    assert 50 < alone.sum() < 71, "some statements have measured shares, which stay as they are"
    for place in np.flatnonzero(~alone):  # of the others the network's part is what a flat ECG's is
        score = said[found.statements[place].code]
        flat[place] = measured_shares.again(standing._main.card, score, float(flat[place]))
    assert np.allclose(_after(found), flat, atol=1e-6)
    by_leads, _drawn = mask_and_ask.ask(standing, Hidden(leads=STANDARD_12))
    assert np.allclose(_after(by_leads), flat, atol=1e-6)
    assert np.allclose(_before(found), [one.probability for one in api.classify(record, device="cpu").scores])


def test_the_autoencoder_fills_what_it_reconstructs(
    pulse_record: EcgRecord, classifier: ModelCard, autoencoder: ModelCard, linear: _Linear
) -> None:
    hidden = Hidden((HiddenSpan(2.31, 2.42, ("V1",)),), fill="autoencoder")
    found, drawn = mask_and_ask.ask(_ground(pulse_record), hidden)
    mask = np.zeros(200, dtype=np.bool_)
    mask[46:49] = True  # whole segments of 50 ms, from 2.30 to 2.45 s
    made = api.reconstruct(pulse_record, mask, device="cpu")
    signal = prepare(pulse_record, classifier.input)
    filled = np.where(np.isnan(made.reconstructed), signal, made.reconstructed * 5)
    logits = np.einsum("cs,kcs->k", filled, linear.weight.numpy()) + linear.bias.numpy()
    assert np.allclose(_logit(_after(found)), logits, atol=1e-3)
    assert found.warnings[0] == "the autoencoder fills whole segments of 50 ms in all leads"
    assert [(round(one.start_s, 6), round(one.end_s, 6), one.leads) for one in drawn.spans] == [
        (2.3, 2.45, ())
    ]
    assert [curve.lead for curve in drawn.curves] == list(STANDARD_12)
    assert np.isfinite(drawn.curves[6].signal[1150:1225]).all()
    assert np.isnan(drawn.curves[6].signal[1225:]).all()


def test_as_much_elsewhere(pulse_record: EcgRecord, linear: _Linear) -> None:
    hidden = Hidden((HiddenSpan(2.0, 2.4, ("V1",)), HiddenSpan(5.0, 5.2)), ("aVL",))
    laid, words, _noun = mask_and_ask.elsewhere(_ground(pulse_record), hidden, seed=4)
    assert len(laid) == 20
    assert words == "20 random places of the 2 spans, 0.60 s, with aVL hidden as well"
    for one in laid:
        assert one.leads == ("aVL",)
        assert [span.leads for span in one.spans] == [("V1",), ()]
        assert [round(span.end_s - span.start_s, 6) for span in one.spans] == [0.4, 0.2]
        stretches = sorted((span.start_s, span.end_s) for span in (*hidden.spans, *one.spans))
        assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(stretches))
        assert stretches[0][0] >= 0
        assert stretches[-1][1] <= 10 + 1e-9


def test_a_long_stretch_is_compared_where_it_can_be(pulse_record: EcgRecord, linear: _Linear) -> None:
    standing = _ground(pulse_record)
    laid, words, _noun = mask_and_ask.elsewhere(standing, Hidden((HiddenSpan(0, 7),)))
    assert words.endswith("some over the hidden ones")
    assert all(one.spans[0].start_s > 0 for one in laid)
    nothing = mask_and_ask.chance(standing, Hidden((HiddenSpan(0, 10),)))
    assert nothing.against == "no other place in the record is as long"
    assert nothing.statement(0, 0.5).words == ""


def test_a_lead_is_compared_with_other_leads(pulse_record: EcgRecord, linear: _Linear) -> None:
    standing = _ground(pulse_record)
    found = mask_and_ask.chance(standing, Hidden(leads=("V1",)))
    assert found.against == "11 other leads"
    expected = []
    for name in (name for name in STANDARD_12 if name != "V1"):
        answer, _drawn = mask_and_ask.ask(standing, Hidden(leads=(name,)))
        expected.append(_after(answer) - _before(answer))
    assert np.allclose(found.statements, expected, atol=1e-6)
    assert found.lef.shape == (11,)


def test_chance_is_seeded_and_heeds_a_cancel(pulse_record: EcgRecord, linear: _Linear) -> None:
    standing, hidden = _ground(pulse_record), Hidden((HiddenSpan(2.0, 2.4, ("V1",)),))
    one, same, other = (mask_and_ask.chance(standing, hidden, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.statements, same.statements)
    assert not np.array_equal(one.statements, other.statements)

    def stop(fraction: float, _text: str = "") -> None:
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        mask_and_ask.chance(standing, hidden, progress=stop)


def test_a_difference_against_chance_in_words() -> None:
    others = np.array([[0.1], [-0.3], [0.0], [0.2]], dtype=np.float32)
    found = Chance("4 random spans", "random spans", 0, others, np.zeros(0, dtype=np.float32))
    compared = found.statement(0, -0.25)
    assert compared.words == "larger than 3 of 4 random spans"
    assert (compared.smallest, compared.largest) == pytest.approx((-0.3, 0.2))
    assert found.of_lef(0.5).words == ""


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (Hidden(), "nothing is hidden"),
        (Hidden(leads=("V9",)), "there is no lead V9"),
        (Hidden((HiddenSpan(3, 3),)), "found 3-3 s"),
        (Hidden((HiddenSpan(9, 10.5),)), "within 0 to 10 s"),
        (Hidden((HiddenSpan(-1, 1),)), "found -1-1 s"),
    ],
)
def test_what_cannot_be_hidden_is_told(
    pulse_record: EcgRecord, linear: _Linear, hidden: Hidden, said: str
) -> None:
    with pytest.raises(ModelError) as told:
        mask_and_ask.ask(_ground(pulse_record), hidden)
    assert said in str(told.value)


def test_a_fill_of_another_input_is_refused(
    pulse_record: EcgRecord, autoencoder: ModelCard, linear: _Linear
) -> None:
    standing = _ground(pulse_record)
    card = replace(standing._main.card, input=replace(standing._main.card.input, filter="none"))
    other = replace(standing, _main=replace(standing._main, card=card), _lef_asked=())
    with pytest.raises(ModelError, match="the fill flat"):
        mask_and_ask.ask(other, Hidden((HiddenSpan(2, 3),), fill="autoencoder"))


def test_hidden_limb_leads_follow_from_the_others(pulse_record: EcgRecord, linear: _Linear) -> None:
    standing = _ground(pulse_record)
    few, _drawn = mask_and_ask.ask(standing, Hidden(leads=("III", "aVF")))
    assert "the limb leads that are left determine III, aVF" in few.warnings
    most, _drawn = mask_and_ask.ask(standing, Hidden(leads=("II", "III", "aVR", "aVL", "aVF")))
    assert not [one for one in most.warnings if "determine" in one]
