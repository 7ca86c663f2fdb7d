"""Statements that rest on measured values too: known answers, what is absent or in doubt, cards, recalled answers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgview import api
from ecgview.errors import ModelError
from ecgview.explain import attribution, mask_and_ask
from ecgview.models import (
    archive,
    asking,
    cards,
    measure_table,
    measured_shares,
    measured_terms,
    measuring,
    reference_scores,
    runtime,
)
from ecgview.models.asking import Recent
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import lef as tabular
from ecgview.record import EcgRecord, ImportNote
from ecgview.results import Hidden, LabelScore, Prediction, Shares
from ecgview.review import plain_json
from ecgview.signal.measure.measured import Edit, Measured
from tests.synthetic_ecg import Made, record

RATE = {
    "value": "Heart rate",
    "unit": "bpm",
    "kind": "below",
    "at": 60,
    "weight": 0.4,
    "typical": 70,
    "to": 40,
}
P_WAVES = {"value": "P waves before QRS", "unit": "%", "weight": 0.05, "typical": 100}
PR = {"value": "PR", "unit": "ms", "kind": "above", "at": 200, "weight": 0.1, "typical": 160, "absent": -1.5}
WIDTH = {"value": "QRS duration", "unit": "ms", "kind": "above", "at": 110, "weight": 0.1, "typical": 90}
VOLTAGE = {"value": "RV5+SV1", "unit": "mV", "weight": 0.5, "typical": 2}


def _of(*terms: dict[str, Any], network: float = 0.8, intercept: float = -0.5) -> dict[str, Any]:
    return {
        "network": network,
        "intercept": intercept,
        "terms": list(terms),
        "n_positive": 30,
        "n_negative": 400,
    }


SECTION = {"SBRAD": _of(RATE, P_WAVES), "1AVB": _of(PR), "CLBBB": _of(WIDTH), "LVH": _of(VOLTAGE)}


def _with_section(card: ModelCard, section: dict[str, Any]) -> ModelCard:
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(raw | {"measured": section}), encoding="utf-8")
    return cards.read_card(path)


@pytest.fixture
def resting(classifier: ModelCard) -> ModelCard:
    """Return the card of the tiny classifier with four statements that rest on measured values, too."""
    return _with_section(classifier, SECTION)


def _score(said: Prediction, code: str) -> LabelScore:
    return next(one for one in said.scores if one.code == code)


def _shares(said: Prediction, code: str) -> Shares:
    found = _score(said, code).shares
    assert found is not None
    return found


SLOW = Made(rr_ms=1250, qt_ms=430)  # 48 per minute


@pytest.mark.usefixtures("resting")
def test_network_and_heart_rate_add_up_to_the_logit_with_the_weights_of_the_card() -> None:
    said = runtime.classify(record(SLOW), device="cpu")
    score, shares = _score(said, "SBRAD"), _shares(said, "SBRAD")
    by_hand = -0.5 + 0.8 * measured_shares.logit(score.by_network) + 0.4 * (60 - 48)
    assert shares.logit == pytest.approx(by_hand, abs=0.05)
    assert score.probability == pytest.approx(measured_shares.sigmoid(by_hand), abs=0.02)
    rate, p_waves = shares.measured
    assert (rate.name, rate.unit) == ("Heart rate", "bpm")
    assert rate.value == pytest.approx(48, abs=0.2)
    assert rate.share == pytest.approx(4.8, abs=0.1)
    assert rate.where_s is not None
    assert rate.words == "heart rate 48 bpm +4.8"
    assert (p_waves.value, p_waves.share) == (100, 0)  # what is typical adds nothing
    assert shares.words.startswith("logit ")
    assert "heart rate 48 bpm +4.8" in shares.words
    assert _score(said, "AFIB").shares is None


@pytest.mark.usefixtures("resting")
def test_a_rhythm_without_p_waves_loses_what_one_of_the_sinus_node_does_not() -> None:
    sinus = _shares(runtime.classify(record(Made(), noise_mv=0.01), device="cpu"), "SBRAD")
    none = _shares(runtime.classify(record(Made(with_p=False), noise_mv=0.01), device="cpu"), "SBRAD")
    assert none.measured[0].share == sinus.measured[0].share == 0  # 75 per minute is not slow
    assert sinus.measured[1].share == 0
    assert none.measured[1].share == pytest.approx(-5.0)  # 0.05 a percent, of a hundred


@pytest.mark.usefixtures("resting")
def test_what_is_absent_has_the_share_that_the_card_names() -> None:
    said = runtime.classify(record(Made(with_p=False), noise_mv=0.01), device="cpu")
    (pr,) = _shares(said, "1AVB").measured
    assert (pr.value, pr.share) == (None, -1.5)
    assert pr.words == "PR not measured −1.5"


def test_a_value_whose_absence_says_nothing_leaves_the_network_alone(classifier: ModelCard) -> None:
    term = {name: value for name, value in PR.items() if name != "absent"}
    _with_section(classifier, {"1AVB": _of(term)})
    said = runtime.classify(record(Made(with_p=False), noise_mv=0.01), device="cpu")
    score = _score(said, "1AVB")
    assert _shares(said, "1AVB").not_used == "PR: not measured"
    assert score.probability == score.by_network


def _measured(found: Measured, name: str, **changed: Any) -> Measured:
    values = tuple(replace(one, **changed) if one.name == name else one for one in found.values)
    return replace(found, values=values)


def test_low_confidence_and_a_doubtful_calibration_leave_the_network_alone(resting: ModelCard) -> None:
    ecg = record(SLOW)
    alone = runtime.classify(ecg, device="cpu").scores
    plain = tuple(replace(one, probability=one.by_network, shares=None) for one in alone)
    doubted = _measured(measuring.measured(ecg), "QRS duration", confidence="low")
    scores = {one.code: one for one in measured_shares.of(resting, ecg, plain, doubted)}
    width, rate = scores["CLBBB"].shares, scores["SBRAD"].shares
    assert width is not None
    assert rate is not None
    assert width.not_used == "QRS duration: low confidence"
    assert scores["CLBBB"].probability == scores["CLBBB"].by_network
    assert not rate.not_used

    doubtful = replace(ecg, notes=(ImportNote("gain", "the calibration is not stated"),))
    assert doubtful.gain_doubt
    voltage = {one.code: one for one in measured_shares.of(resting, doubtful, plain)}["LVH"].shares
    assert voltage is not None
    assert voltage.not_used == "RV5+SV1: the calibration is in doubt"


def test_few_leads_pacing_and_failed_measuring_leave_the_network_alone(
    resting: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecg = record(SLOW)
    plain = tuple(LabelScore(code, code, 0.25, None) for code in resting.labels)

    def why(one: EcgRecord) -> set[str]:
        scores = measured_shares.of(resting, one, plain)
        assert all(score.probability == 0.25 for score in scores)
        return {score.shares.not_used for score in scores if score.shares is not None}

    few = EcgRecord(ecg.signal[:6], ecg.lead_names[:6], 500.0)
    assert why(few) == {measured_shares.FEW_LEADS}
    nothing = replace(ecg, signal=np.zeros_like(ecg.signal))
    (said,) = why(nothing)
    assert said.startswith(measured_shares.FAILED)

    def broken(_record: EcgRecord) -> Measured:
        raise ValueError("of no meaning to a reader")

    monkeypatch.setattr(measuring, "recent", broken)
    assert why(ecg) == {"nothing could be measured (ValueError)"}


def test_nothing_is_measured_for_a_card_without_shares(
    classifier: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "recent", lambda _record: pytest.fail("measured"))
    said = runtime.classify(record(SLOW), classifier.id, device="cpu")
    assert all(score.shares is None for score in said.scores)


@pytest.mark.usefixtures("resting")
def test_a_record_is_measured_once_for_answer_and_criteria(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []
    own = measuring.measured
    monkeypatch.setattr(measuring, "measured", lambda one: run.append("measured") or own(one))
    ecg = record(SLOW, noise_mv=0.004, seed=77)
    said = api.classify(ecg, device="cpu", memory=Recent())
    assert api.criteria(ecg)
    assert not _shares(said, "SBRAD").not_used
    assert run == ["measured"]


def test_a_longer_record_is_measured_where_the_network_sees_it(resting: ModelCard) -> None:
    long = record(replace(SLOW, seconds=20.0))
    faster = record(replace(SLOW, seconds=20.0, rr_ms=600, qt_ms=350))
    half = long.n_samples // 2
    ecg = long.with_signal(np.concatenate([long.signal[:, :half], faster.signal[:, :half]], axis=1))
    said = runtime.classify(ecg, device="cpu")
    assert _shares(said, "SBRAD").measured[0].value == pytest.approx(48, abs=0.5)
    whole = measuring.measured(ecg)
    laid = measuring.again(whole, ecg, [Edit("QRS offset", 0.09, None, "Reader A")])
    after = runtime.with_edits(said, ecg, laid)
    assert after.scores == said.scores
    assert "not of the edited ones" in after.warnings[-1]


def test_the_answer_follows_an_edge_that_a_hand_moved_and_keeps_the_one_of_before(resting: ModelCard) -> None:
    ecg = record(SLOW)
    said = runtime.classify(ecg, device="cpu")
    found = measuring.measured(ecg)
    assert found.median is not None
    qrs = found.median.overall["QRS"]
    assert qrs is not None
    laid = measuring.again(found, ecg, [Edit("QRS offset", qrs.offset_s + 0.06, None, "Reader A")])
    after = runtime.with_edits(said, ecg, laid)
    (width,) = _shares(after, "CLBBB").measured
    before = found.value("QRS duration")
    assert before is not None
    assert width.before == before
    assert width.value == pytest.approx(before + 60, abs=2)
    assert f"(computed {before:.0f})" in width.words
    assert after.unedited is said
    assert after.warnings[0].startswith("With edited measurements, by Reader A: CLBBB ")
    assert _score(after, "CLBBB").probability > _score(said, "CLBBB").probability
    assert _score(after, "SBRAD") == _score(said, "SBRAD")
    assert _score(after, "AFIB") == _score(said, "AFIB")
    assert runtime.with_edits(after, ecg, found) is said


def test_recalled_answers_keep_their_shares_and_follow_the_card(
    resting: ModelCard, forwards: list[str]
) -> None:
    memory, ecg = Recent(), record(SLOW)
    first = asking.classify(ecg, device="cpu", memory=memory)
    assert asking.classify(ecg, device="cpu", memory=memory) == first
    assert forwards == ["Mtecg"]
    stored = plain_json.load(Prediction, plain_json.dump(first))
    assert stored == first
    raw = json.loads(plain_json.dump(first))
    for score in raw["scores"]:
        del score["shares"]
    del raw["unedited"]
    old = plain_json.load(Prediction, json.dumps(raw))  # of a store of before there were shares
    assert all(score.shares is None for score in old.scores)

    _with_section(resting, {"SBRAD": _of(RATE, intercept=1.0)})
    other = asking.classify(ecg, device="cpu", memory=memory)
    assert forwards == ["Mtecg", "Mtecg"]  # another card is another question
    assert _shares(other, "SBRAD").base == 1.0
    assert _score(other, "CLBBB").shares is None


def test_lef_and_maps_are_of_the_network_alone_and_hiding_leaves_measured_values_as_they_are(
    resting: ModelCard,
) -> None:
    ecg = record(SLOW)
    said = runtime.classify(ecg, device="cpu")
    plain = replace(
        said, scores=tuple(replace(s, probability=s.by_network, shares=None) for s in said.scores)
    )
    card = cards.get("lef-zero-shot")
    assert tabular.number(said, card) == tabular.number(plain, card)

    found = attribution.of_statement(ecg, resting.id, "SBRAD", "cpu")
    assert found.notes[0] == (
        "Map of the network's share alone; shares of their own: Heart rate, P waves before QRS."
    )
    ground = mask_and_ask.ground(ecg, resting.id, device="cpu", memory=Recent())
    what_if, _overlay = mask_and_ask.ask(ground, Hidden(leads=("V1", "V2")))
    changed = next(one for one in what_if.statements if one.code == "SBRAD")
    score, shares = _score(said, "SBRAD"), _shares(said, "SBRAD")
    assert changed.before == score.probability
    measured = sum(one.share for one in shares.measured) + shares.base
    network = (measured_shares.logit(changed.after) - measured) / 0.8
    alone = mask_and_ask.ground(ecg, _with_section(resting, {}).id, device="cpu", memory=Recent())
    by_itself = next(
        one
        for one in mask_and_ask.ask(alone, Hidden(leads=("V1", "V2")))[0].statements
        if one.code == "SBRAD"
    )
    assert network == pytest.approx(measured_shares.logit(by_itself.after), abs=1e-3)


@pytest.mark.usefixtures("resting")
def test_an_archive_gives_the_probabilities_of_one_record_asked_alone(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    import pyarrow.parquet as pq

    from ecgview.formats import wfdb

    (tmp_path / "in").mkdir()
    for k, made in enumerate((SLOW, Made())):
        wfdb.write(record(made, noise_mv=0.003, seed=k), tmp_path / "in" / f"r{k}")
    rows = pq.read_table(
        archive.score(tmp_path / "in", tmp_path / "out.parquet", device="cpu", workers=1)
    ).to_pylist()
    for row in rows:
        alone = api.classify(tmp_path / "in" / row["path"], device="cpu", memory=Recent())
        for code in SECTION:
            assert row[f"p_{code}"] == pytest.approx(alone.probability(code), abs=1e-6)
            assert not _shares(alone, code).not_used


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"nothing": _of(RATE)}, "no label"),
        ({"SBRAD": "much"}, "measured, SBRAD"),
        ({"SBRAD": _of()}, "1 to 4 terms"),
        ({"SBRAD": _of(*[RATE] * 5)}, "1 to 4 terms"),
        ({"SBRAD": _of(RATE | {"value": "Mood"})}, "is not measured"),
        ({"SBRAD": _of(RATE | {"unit": "ms"})}, "unit"),
        ({"SBRAD": _of(RATE | {"kind": "square"})}, "kind"),
        ({"SBRAD": _of(RATE | {"weight": True})}, "weight"),
        ({"SBRAD": _of(RATE | {"weight": 1e9})}, "weight"),
        ({"SBRAD": _of({k: v for k, v in RATE.items() if k != "at"})}, "terms\\[0\\], at"),
        ({"SBRAD": _of(RATE) | {"n_positive": -1}}, "n_positive"),
        ({"SBRAD": _of(RATE | {"to": 70})}, "terms\\[0\\], to"),
        ({"SBRAD": _of(RATE, network=float("nan"))}, "network"),
        ({"SBRAD": _of(RATE) | {"rule": "x" * 401}}, "rule"),
        ("all", "measured"),
    ],
)
def test_sections_that_mean_nothing_are_refused_by_field(
    section: Any, said: str, classifier: ModelCard
) -> None:
    with pytest.raises(ModelError, match=said):
        _with_section(classifier, section)


def test_every_value_that_a_term_may_name_has_the_unit_that_it_is_measured_in() -> None:
    units = dict(measure_table.VALUES)
    assert {name: units[name] for name in measured_terms.VALUES if name in units} == {
        name: unit for name, unit in measured_terms.VALUES.items() if name in units
    }
    found = measured_shares.usable(record(SLOW), 10.0)
    assert set(found.values) | {"Atrial rate"} == set(measured_terms.VALUES)
    assert {name: one.unit for name, one in found.values.items()} == {
        name: measured_terms.VALUES[name] for name in found.values
    }


def test_a_statement_with_measured_shares_has_no_place_among_scores_of_networks_alone(
    resting: ModelCard,
) -> None:
    wanted = np.zeros((200, len(resting.labels)), np.float32)
    said = np.full(wanted.shape, 0.3, np.float32)
    reference_scores.write(resting.folder, wanted, said, "some records", resting.sha256)
    answer = runtime.classify(record(SLOW), device="cpu")
    assert _score(answer, "AFIB").percentile is not None
    assert _score(answer, "SBRAD").percentile is None


def test_a_term_that_ends_grows_no_further() -> None:
    term = measured_terms.Term("Heart rate", "below", 0.5, 70.0, at=60.0, to=50.0)
    assert [term.share(rate) for rate in (80, 60, 55, 50, 30)] == [0, 0, 2.5, 5, 5]
    fast = measured_terms.Term("Heart rate", "above", 0.5, 70.0, at=95.0, to=105.0)
    assert [fast.share(rate) for rate in (80, 95, 100, 105, 180)] == [0, 0, 2.5, 5, 5]


def test_a_section_is_written_as_it_was_read(resting: ModelCard) -> None:
    again = {code: measured_terms.as_json(rest) for code, rest in resting.rests.items()}
    assert measured_terms.read(again, resting.labels, "card") == resting.rests
