"""A record without all twelve leads is asked with a set of leads that the card has figures of, and says so."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
import torch
from safetensors.torch import load_file
from tiny_models import LEAD_SETS, any_leads, classifier, keep_model

from ecgview import api
from ecgview.cli import main
from ecgview.errors import ModelError, NotAnalysed
from ecgview.explain import attribution, faithfulness, on_page
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.models import asking, cards, fewer_leads, runtime
from ecgview.models.asking import Recent
from ecgview.models.cards import ModelCard
from ecgview.models.lead_sets import LISTED
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord
from ecgview.review.answers import StoredAnswers
from ecgview.review.store import Store

__all__ = ["any_leads", "classifier"]

LIMB = STANDARD_12[:6]


def only(record: EcgRecord, leads: Sequence[str]) -> EcgRecord:
    """Return the record as one with these leads alone."""
    sha256 = "+".join(leads)
    return replace(
        record,
        signal=record.leads(tuple(leads)),
        lead_names=tuple(leads),
        source=replace(record.source, sha256=sha256),
    )


def off(record: EcgRecord, *leads: str, first_s: float = 0.0) -> EcgRecord:
    """Return the record with leads that hold nothing from `first_s` on."""
    signal = record.signal.copy()
    for name in leads:
        signal[record.lead_names.index(name), round(first_s * record.sampling_rate_hz) :] = 0.0
    return replace(record, signal=signal, source=replace(record.source, sha256="-".join(leads)))


def logit(card: ModelCard, record: EcgRecord, leads: Sequence[str], code: str) -> float:
    """Return the network's own logit, computed here: these leads of the record, the others rows of zeros."""
    plain = replace(card, lead_sets=())
    signal = prepare(record, replace(card.input, leads=STANDARD_12))
    signal[[row for row, name in enumerate(STANDARD_12) if name not in leads]] = 0.0
    with torch.inference_mode():
        found = runtime.network(plain, "cpu")(torch.from_numpy(signal[None]))
    return float(found[0, card.labels.index(code)])


def sigmoid(z: float) -> float:
    return float(1 / (1 + np.exp(-z)))


def _said(record: EcgRecord, memory: asking.Memory | None = None, **others: Any) -> Any:
    return asking.classify(record, device="cpu", memory=memory or Recent(0), **others)


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        (LIMB, "6"),
        (("I", "II"), "6"),  # the four others follow
        (("II", "III"), "6"),
        (("I", "II", "V2"), "3"),  # worth more than the six limb leads
        (("I",), "1"),
        (("II",), "II"),
        (("V1", "V5"), "V1+V5"),
        (("V1", "V5", "V6"), "V1+V5"),
        (STANDARD_12[6:], "V1-V6"),
        (STANDARD_12[:11], "12-V6"),
        (("I", "II", *STANDARD_12[6:]), ""),  # twelve by computation
    ],
)
def test_a_record_is_asked_with_the_best_set_that_it_has(
    any_leads: ModelCard, pulse_record: EcgRecord, there: tuple[str, ...], asked: str
) -> None:
    found = _said(only(pulse_record, there))
    assert found.analysed, found.reason
    assert found.lead_set == asked
    leads = dict(LISTED).get(asked, STANDARD_12)
    assert found.leads == (leads if asked else ())
    lines = {name: line for name, _leads, _auroc, line in LEAD_SETS}
    a, b = lines.get(asked, (1.0, 0.0))
    expected = sigmoid(a * logit(any_leads, pulse_record, leads, "NORM") + b)
    assert found.probability("NORM") == pytest.approx(expected, abs=2e-6)
    without_line = sigmoid(logit(any_leads, pulse_record, leads, "AFIB"))
    assert found.probability("AFIB") == pytest.approx(without_line, abs=2e-6)


def test_an_answer_by_fewer_leads_has_the_thresholds_and_the_words_of_its_set(
    any_leads: ModelCard, pulse_record: EcgRecord
) -> None:
    found = _said(only(pulse_record, ("I", "II")))
    by_code = {score.code: score for score in found.scores}
    assert by_code["NORM"].threshold == 0.3
    assert by_code["AFIB"].status == "not judged"
    assert by_code["1AVB"].threshold is None  # nine records with it are too few
    assert by_code["1AVB"].weak_threshold == 0.4
    assert all(score.percentile is None for score in found.scores)
    assert "twelve" in found.reference
    assert found.warnings[0] == (
        "asked with I, II, III, aVR, aVL, aVF (6 of 12 leads, III, aVR, aVL, aVF computed): thresholds, calibration "
        "and figures are those of this set"
    )
    assert found.model.calibrated == "calibrated with these leads, out of fold, for 2 of 71 statements"
    assert found.by_leads == "by 6 of 12 leads (I, II, III, aVR, aVL, aVF)"
    whole = _said(pulse_record)
    assert whole.by_leads == whole.lead_set == ""
    assert all(score.threshold == 0.5 for score in whole.scores)
    assert not any("asked with" in text for text in whole.warnings)


@pytest.mark.parametrize(
    ("lost", "asked", "told"),
    [
        (("V6",), "12-V6", "not asked with V6: no signal"),
        (("V5", "V6"), "3", "not asked with V5: no signal, V6: no signal"),
        (("aVR",), "", "aVR: no signal; computed from I and II"),
        (("III",), "", "III: no signal; computed from I and II"),
        (STANDARD_12[6:], "6", "not asked with V1: no signal"),
    ],
)
def test_a_lead_that_is_off_counts_as_not_there_and_is_named(
    any_leads: ModelCard, pulse_record: EcgRecord, lost: tuple[str, ...], asked: str, told: str
) -> None:
    found = _said(off(pulse_record, *lost))
    assert found.analysed, found.reason
    assert found.lead_set == asked
    assert any(text.startswith(told) for text in found.warnings), found.warnings
    if not asked:  # Einthoven and Goldberger give what was there
        expected = sigmoid(logit(any_leads, pulse_record, STANDARD_12, "NORM"))
        assert found.probability("NORM") == pytest.approx(expected, abs=2e-5)


def test_a_lead_that_goes_off_in_the_midst_is_left_out(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    found = _said(off(pulse_record, "V6", first_s=3.0))
    assert (found.lead_set, found.analysed) == ("12-V6", True)
    assert "not asked with V6: nothing but noise for over 4 s" in found.warnings
    assert found.by_leads == "by 11 of 12 leads (all but V6)"
    assert found.warnings[0].startswith("asked with all but V6 (11 of 12 leads): ")


def test_what_a_recorder_computed_from_a_dead_limb_lead_is_not_asked(
    any_leads: ModelCard, pulse_record: EcgRecord
) -> None:
    two = pulse_record.lead("II")
    signal = pulse_record.signal.copy()
    signal[0] = 0.0  # I is dead, and the recorder made the others of it
    signal[2], signal[3], signal[4], signal[5] = two, -two / 2, -two / 2, two
    found = _said(replace(pulse_record, signal=signal))
    assert found.lead_set == "V1-V6"  # of the limb leads II alone is left
    assert "I: no signal" in found.warnings[1]


@pytest.mark.parametrize("lost", ["I", "II", "III"])
def test_a_dead_channel_of_the_limb_leads_follows_from_the_two_others(
    any_leads: ModelCard, pulse_record: EcgRecord, lost: str
) -> None:
    found = _said(off(pulse_record, lost))
    expected = sigmoid(logit(any_leads, pulse_record, STANDARD_12, "NORM"))
    assert found.lead_set == ""
    assert found.probability("NORM") == pytest.approx(expected, abs=2e-5)


def test_another_name_is_another_lead(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    holter = replace(only(pulse_record, ("V1", "V5")), lead_names=("CM1", "CM5"))
    found = _said(holter)
    assert not found.analysed
    assert "CM1, CM5 are other leads; no lead set of any-leads is there" in found.reason
    assert found.leads == ()
    beside = replace(only(pulse_record, ("II", "V5")), lead_names=("II", "CM5"))
    assert _said(beside).lead_set == "II"


def test_no_set_that_fits_is_not_analysed(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    found = _said(only(pulse_record, ("V3", "V4")))
    assert found.reason.startswith("leads not recorded: I, II, III, aVR")
    with pytest.raises(NotAnalysed, match="no lead set of any-leads is there"):
        attribution.of_statement(only(pulse_record, ("V3", "V4")), "any-leads", "NORM", "cpu")


def test_a_card_without_sets_refuses_as_before(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    assert _said(off(pulse_record, "V6"), model_id="tiny").reason == "no signal in V6"
    assert (
        _said(only(pulse_record, LIMB), model_id="tiny").reason
        == "leads not recorded: V1, V2, V3, V4, V5, V6"
    )


def test_the_guard_judges_the_leads_that_are_asked(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[6:] = np.random.default_rng(1).normal(0, 0.3, signal[6:].shape)
    noisy = replace(pulse_record, signal=signal)
    said = _said(only(noisy, LIMB))
    assert said.analysed
    assert not any("nois" in text or "no beats" in text for text in said.warnings)
    assert not _said(only(noisy, ("V1", "V5"))).analysed


def test_a_batch_of_mixed_records_equals_one_by_one(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    records = [
        pulse_record,
        only(pulse_record, ("I",)),
        off(pulse_record, "V6"),
        only(pulse_record, ("V3",)),
        only(pulse_record, ("I", "II")),
        only(pulse_record, ("I",)).with_signal(1.3 * pulse_record.leads(("I",))),
    ]
    together = runtime.classify_many(records, device="cpu")
    for record, found in zip(records, together, strict=True):
        alone = _said(record)
        assert (found.lead_set, found.leads, found.warnings) == (alone.lead_set, alone.leads, alone.warnings)
        assert [score.probability for score in found.scores] == pytest.approx(
            [score.probability for score in alone.scores], abs=1e-6
        )
        assert found.reason == alone.reason


def test_an_answer_of_other_leads_is_not_recalled(
    any_leads: ModelCard, pulse_record: EcgRecord, forwards: list[str]
) -> None:
    memory = Recent()
    first = _said(only(pulse_record, ("I",)), memory)
    assert _said(only(pulse_record, ("I",)), memory) == first
    assert len(forwards) == 1
    # All samples of the two records are one to the network: one has V6 off, the other never had it.
    flat, absent = off(pulse_record, "V6"), only(pulse_record, STANDARD_12[:11])
    assert _said(flat, memory).lead_set == _said(absent, memory).lead_set == "12-V6"
    assert len(forwards) == 2
    path = any_leads.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    next(one for one in raw["lead_sets"] if one["name"] == "1")["lines"]["NORM"] = [0.5, 3.0]
    path.write_text(json.dumps(raw), encoding="utf-8")
    again = _said(only(pulse_record, ("I",)), memory)  # another line is another question
    assert len(forwards) == 3
    assert again.probability("NORM") > first.probability("NORM")


def _ship(monkeypatch: pytest.MonkeyPatch, *shipped: ModelCard) -> None:
    """Let these models ship, and no others."""
    monkeypatch.setattr(ModelCard, "is_shipped", True)
    monkeypatch.setattr(cards, "available", lambda kind=None: list(shipped))


def test_a_card_that_knows_its_sets_answers_in_place_of_a_default_that_takes_twelve(
    classifier: ModelCard, any_leads: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cards.DEFAULTS, "classifier", "tiny")
    _ship(monkeypatch, classifier, any_leads)
    assert _said(only(pulse_record, ("I",))).model.model_id == "any-leads"
    assert _said(pulse_record).model.model_id == "tiny"
    assert _said(only(pulse_record, ("I",)), model_id="tiny").reason  # one that is named is asked, or nobody
    assert (
        _said(only(pulse_record, ("V3",))).model.model_id == "tiny"
    )  # nobody can: the reason of the default


def test_a_model_that_is_there_to_be_judged_does_not_answer_in_place_of_its_refit(
    classifier: ModelCard, any_leads: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = load_file(any_leads.weights_path)
    refit = keep_model(replace(any_leads, id="z-refit", figures_of="any-leads"), state)
    monkeypatch.setitem(cards.DEFAULTS, "classifier", "tiny")
    _ship(monkeypatch, classifier, any_leads, refit)
    said = _said(only(pulse_record, ("I",)))
    assert said.model.model_id == "z-refit"  # though the other one stands before it
    by_name = _said(only(pulse_record, ("I",)), model_id="any-leads")
    assert (by_name.model.model_id, by_name.lead_set) == ("any-leads", "1")


@pytest.mark.parametrize(
    ("leads", "lost", "lead_set"),
    [
        (("I", "II"), (), "6"),  # the other limb leads follow from the two
        (("I",), (), "1"),
        (("V1", "V5"), (), "V1+V5"),
        (STANDARD_12, ("V6",), "12-V6"),
        (STANDARD_12, (), ""),
    ],
)
def test_what_ships_answers_about_records_of_few_leads(
    leads: tuple[str, ...],
    lost: tuple[str, ...],
    lead_set: str,
    pulse_record: EcgRecord,
    isolated_home: Path,
) -> None:
    said = _said(off(only(pulse_record, leads), *lost) if lost else only(pulse_record, leads))
    assert said.analysed
    assert said.model.model_id == ("residual-any-ptbxl" if lead_set else cards.DEFAULTS["classifier"])
    assert said.lead_set == lead_set
    own = cards.get("residual-any-ptbxl")
    chosen = {one.name: one for one in own.lead_sets}.get(lead_set)
    if chosen is not None:
        assert said.leads == chosen.leads
        worth = {
            code: (row.get("positive_predictive_value") or {}).get("value", 0.0)
            for code, row in chosen.threshold_figures.items()
        }
        assert {score.code: score.threshold for score in said.scores} == {
            code: chosen.thresholds.get(code) if worth.get(code, 0.0) >= 0.2 else None for code in own.labels
        }
        assert any(cut is not None and worth[code] < 0.2 for code, cut in chosen.thresholds.items())
        assert "macro AUROC of superclasses" in " ".join(said.warnings)  # of its evaluation model, on fold 9


def test_maps_and_what_ifs_are_of_the_leads_that_were_asked(
    any_leads: ModelCard, pulse_record: EcgRecord
) -> None:
    record = only(pulse_record, ("I", "II", "V2"))
    found = attribution.of_statement(record, None, "NORM", "cpu")
    assert found.leads == ("I", "II", "V2")
    assert found.cells.shape[0] == 3
    line = 0.75
    share = line * (
        logit(any_leads, pulse_record, found.leads, "NORM") - logit(any_leads, pulse_record, (), "NORM")
    )
    assert found.share == pytest.approx(share, abs=1e-3)
    assert any(on_page.UNTRIED in text.lower() for text in found.notes)
    assert on_page.UNTRIED in on_page.overlay(found).legend
    whole = attribution.of_statement(pulse_record, None, "NORM", "cpu")
    assert on_page.UNTRIED not in on_page.overlay(whole).legend
    assert faithfulness.stamp(record, found, "cpu").completeness is not None
    hidden = api.mask_and_ask(record, "lead:V2", device="cpu", n_random=0, memory=Recent(0))
    norm = next(one for one in hidden.statements if one.code == "NORM")
    after = sigmoid(line * logit(any_leads, pulse_record, ("I", "II"), "NORM"))
    assert norm.after == pytest.approx(after, abs=1e-5)
    assert norm.threshold == 0.3
    with pytest.raises(ModelError, match="does not see lead V1"):
        api.mask_and_ask(off(pulse_record, "V1", "V5", "V6"), "lead:V1", device="cpu", memory=Recent(0))
    with pytest.raises(ModelError, match="asked with 3"):
        api.mask_and_ask(record, "1-2", "autoencoder", device="cpu", memory=Recent(0))


def test_the_lef_index_needs_twelve(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    found = asking.ask(off(pulse_record, "V6"), device="cpu", memory=Recent(0))
    prediction, lef = found.both()
    assert prediction.lead_set == "12-V6"
    assert (lef.value, lef.reason) == (None, "no signal in V6")


def test_rows_of_an_archive_are_the_answers_of_each_record(
    any_leads: ModelCard, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    records = {
        "a": pulse_record,
        "b": only(pulse_record, ("I",)),
        "c": off(pulse_record, "V6"),
        "d": only(pulse_record, ("V3",)),
        "e": only(pulse_record, ("V1", "V5")),
    }
    for name, record in records.items():
        wfdb.write(record, tmp_path / f"{name}.hea")
    api.score(tmp_path, tmp_path / "out.parquet", device="cpu", workers=1)
    rows = {row["path"]: row for row in pq.read_table(tmp_path / "out.parquet").to_pylist()}
    assert [rows[f"{name}.hea"]["lead_set"] for name in records] == ["12", "1", "12-V6", None, "V1+V5"]
    for name in records:
        alone, row = (
            api.classify(tmp_path / f"{name}.hea", device="cpu", memory=Recent(0)),
            rows[f"{name}.hea"],
        )
        assert row["not_analysed"] == (alone.reason or None)
        if alone.analysed:
            assert row["p_NORM"] == pytest.approx(alone.probability("NORM"), abs=1e-6)
            assert row["warnings"] == "; ".join(alone.warnings)


def test_of_a_long_record_the_first_seconds_are_asked(any_leads: ModelCard, pulse_record: EcgRecord) -> None:
    long = only(pulse_record, ("V1", "V5"))
    long = long.with_signal(np.tile(long.signal, (1, 30)))
    found = _said(long)
    assert found.lead_set == "V1+V5"
    assert "first 10 s of 300 s analysed" in found.warnings
    short = long.with_signal(long.signal[:, :4000])
    assert _said(short).reason == "the record lasts 8.0 s, 10 s are needed"


def test_commands_and_reports_name_the_leads(
    any_leads: ModelCard, pulse_record: EcgRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "holter.hea")
    wfdb.write(only(pulse_record, ("V1", "V5")), Path(path))
    asked = ["--model", "any-leads", "--device", "cpu"]
    assert main(["classify", path, *asked]) == 0
    text = capsys.readouterr().out
    assert "by 2 of 12 leads (V1, V5)\n" in text
    assert "note: asked with V1, V5 (2 of 12 leads): thresholds, calibration and figures" in text
    assert "Not judged by this model with these leads (70 of 71): " in text
    assert main(["classify", path, *asked, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["lead_set"], row["leads"]) == ("V1+V5", ["V1", "V5"])
    assert main(["explain", path, "--statement", "NORM", *asked, "--no-check", "--anyway"]) == 0
    assert "Leads not asked, and so without cells: I, II" in capsys.readouterr().out
    api.report(path, tmp_path / "r.json", device="cpu", model="any-leads")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["prediction"]
    assert (found["lead_set"], found["leads"]) == ("V1+V5", ["V1", "V5"])
    assert found["summary"].endswith("by 2 of 12 leads (V1, V5)")
    api.report(path, tmp_path / "r.pdf", device="cpu", model="any-leads")
    with pdfplumber.open(tmp_path / "r.pdf") as document:
        pages = " ".join(" ".join(page.extract_text().split()) for page in document.pages)
    assert "by 2 of 12 leads (V1, V5)." in pages


def test_a_store_keeps_with_which_leads_an_answer_was_had(
    any_leads: ModelCard, pulse_record: EcgRecord, tmp_path: Path, forwards: list[str]
) -> None:
    with closing(Store(tmp_path / "reads.db")) as store:
        memory = StoredAnswers(store.open())
        first = _said(only(pulse_record, ("V1", "V5")), memory)
        other = _said(only(pulse_record, ("V1", "V5", "I")), memory)
    assert other.lead_set == "V1+V5"  # I stands alone and is worth less
    assert len(forwards) == 1  # the same two leads: the same question
    with closing(Store(tmp_path / "reads.db")) as store:
        again = _said(only(pulse_record, ("V1", "V5")), StoredAnswers(store.open()))
    assert again == first
    assert again.leads == ("V1", "V5")
    assert len(forwards) == 1


Wrong = Callable[[dict[str, Any]], object]


def _set(**fields: Any) -> Wrong:
    return lambda one: one.update(fields)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_set(leads=["I", "CM5"]), "the leads are wrong"),
        (_set(leads=["I", "I"]), "the leads are wrong"),
        (_set(leads=[]), "the leads are wrong"),
        (_set(leads=list(STANDARD_12)), "the leads are wrong"),
        (_set(leads="I"), "the leads are wrong"),
        (_set(name="12"), "the name is wrong"),
        (_set(name=7), "the name is wrong"),
        (_set(lines={"NORM": [float("nan"), 0]}), "is no line"),
        (_set(lines={"NORM": [0, 0]}), "is no line"),
        (_set(lines={"NORM": [-1, 0]}), "is no line"),
        (_set(lines={"NORM": [1]}), "is no line"),
        (_set(lines={"NORM": [1, 5000]}), "is no line"),
        (_set(lines={"NOBODY": [1, 0]}), "is no label of this card"),
        (_set(lines=[1, 0]), "the field is wrong"),
        (_set(thresholds={"NORM": 1.5}), "is no threshold"),
        (_set(thresholds={"NOBODY": 0.5}), "is no label of this card"),
        (_set(threshold_figures={"NORM": {"cut": 0.3}}), "cannot be understood"),
        (_set(figures={}), "the figure is missing"),
        (_set(figures={"macro_auroc": 1.5}), "the figure is missing"),
        (lambda one: one.update(name="6"), "a set stands twice"),
    ],
)
def test_a_wrong_lead_set_is_told_with_its_field(any_leads: ModelCard, wrong: Wrong, said: str) -> None:
    path = any_leads.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    wrong(raw["lead_sets"][0])
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ModelError, match=said) as told:
        cards.read_card(path)
    assert "lead_sets" in str(told.value)


@pytest.mark.parametrize("made", [{"lead_agnostic": False}, {"leads": ["I", "II"]}])
def test_lead_sets_need_a_network_of_twelve_that_takes_absent_leads(
    any_leads: ModelCard, made: dict[str, Any]
) -> None:
    path = any_leads.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["input"] |= made
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ModelError, match="lead_sets"):
        cards.read_card(path)


def test_a_card_with_sets_is_the_same_after_it_was_written(any_leads: ModelCard) -> None:
    path = any_leads.folder / "card.json"
    raw = cards.as_json(any_leads)
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert cards.as_json(cards.read_card(path)) == raw
    assert [one["name"] for one in raw["lead_sets"]] == [name for name, *_others in LEAD_SETS]
    assert "asked_with" not in raw
    one = fewer_leads.with_set(any_leads, any_leads.lead_sets[0])
    assert one.asked_with is not None
    assert cards.as_json(one)["thresholds"] != raw["thresholds"]


def test_listed_sets_are_of_the_standard_leads_each_once_in_order() -> None:
    for name, leads in LISTED.items():
        assert leads == tuple(lead for lead in STANDARD_12 if lead in leads), name
    assert len(set(LISTED.values())) == len(LISTED)
