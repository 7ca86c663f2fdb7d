"""All measurements of a record: that they belong together, and that hands laid on them are told and taken back."""

import pytest

from ecgview import api, formats, resources
from ecgview.errors import SignalError
from ecgview.record import EcgRecord
from ecgview.signal.measure import corrected
from ecgview.signal.measure.measured import Edit, Measured


@pytest.fixture(scope="module")
def normal() -> EcgRecord:
    return formats.read(resources.path("demo", "normal.hea"))


@pytest.fixture(scope="module")
def measured(normal: EcgRecord) -> Measured:
    return api.measured(normal)


def _value(found: Measured, name: str, lead: str = "") -> float:
    value = found.value(name, lead)
    assert value is not None, name
    return value


def test_the_intervals_are_those_of_the_median_beat(measured: Measured) -> None:
    assert measured.median is not None
    p, qrs, t = (measured.median.overall[kind] for kind in ("P", "QRS", "T"))
    assert p is not None
    assert qrs is not None
    assert t is not None
    assert _value(measured, "P duration") == round(1000 * (p.offset_s - p.onset_s))
    assert _value(measured, "PR") == round(1000 * (qrs.onset_s - p.onset_s))
    assert _value(measured, "QRS duration") == round(1000 * (qrs.offset_s - qrs.onset_s))
    assert _value(measured, "QT") == round(1000 * (t.offset_s - qrs.onset_s))


def test_qtc_follows_the_published_vector() -> None:
    """M3: QT 315 ms at RR 600 ms is 407 ms by Bazett and 374 ms (373.5) by Fridericia."""
    found = corrected.qtc(315, 600)
    assert round(found["QTcB"]) == 407
    assert found["QTcF"] == pytest.approx(373.5, abs=0.05)
    assert found["QTcFra"] == pytest.approx(315 + 154 * 0.4)
    assert found["QTcH"] == pytest.approx(315 + 1.75 * 40)


def test_an_edit_of_the_median_beat_moves_what_used_it_and_is_taken_back_exactly(
    measured: Measured, normal: EcgRecord
) -> None:
    assert measured.median is not None
    t = measured.median.overall["T"]
    assert t is not None
    edited = api.measured_again(measured, normal, [Edit("T offset", t.offset_s + 0.03, by="a reader")])
    moved = {one.name: one for one in edited.values if one.source == "edited"}
    assert moved["QT"].value == pytest.approx(_value(measured, "QT") + 30, abs=1)
    assert moved["QT"].before == measured.value("QT")
    assert moved["QT"].by == "a reader"
    assert {"QTcF", "QTcB", "QTcFra", "QTcH", "JT", "JTc"} <= moved.keys()
    assert {"QRS duration", "PR", "Heart rate"}.isdisjoint(moved)
    assert api.measured_again(edited, normal, []) is measured


def test_an_edit_of_one_beat_is_one_vote_of_many(measured: Measured, normal: EcgRecord) -> None:
    assert measured.median is not None
    number = measured.median.beats[0]
    qrs = measured.beats[number].overall["QRS"]
    assert qrs is not None
    edited = api.measured_again(measured, normal, [Edit("QRS offset", qrs.offset_s + 0.2, number)])
    moved = edited.beats[number].overall["QRS"]
    assert moved is not None
    assert moved.offset_s == qrs.offset_s + 0.2
    assert _value(edited, "QRS duration") == pytest.approx(_value(measured, "QRS duration"), abs=6)


def test_a_p_wave_taken_away_takes_pr_with_it(measured: Measured, normal: EcgRecord) -> None:
    edited = api.measured_again(measured, normal, [Edit("P onset", None)])
    rows = {one.name: one for one in edited.values}
    for name in ("P duration", "PR", "P axis"):
        assert rows[name].value is None
        assert rows[name].before == measured.value(name)
        assert rows[name].source == "edited"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("QRS offset", 0.1, beat=99), "no such beat"),
        (Edit("QRS onset", None), "made of its QRS"),
        (Edit("QRS onset", 0.5), "would end before it begins"),
    ],
)
def test_what_cannot_be_is_refused(measured: Measured, normal: EcgRecord, edit: Edit, words: str) -> None:
    with pytest.raises(SignalError, match=words):
        api.measured_again(measured, normal, [edit])


def test_atrial_fibrillation_has_no_p_and_says_how_many_beats() -> None:
    found = api.measured(formats.read(resources.path("demo", "af.hea")))
    rows = {one.name: one for one in found.values}
    assert rows["P duration"].value is None
    assert rows["PR"].value is None
    assert rows["QT"].value is not None
    assert "mean over" in rows["QT"].note
    assert rows["RR irregularity"].value is not None
    assert rows["RR irregularity"].value > 10


def test_every_value_says_how_sure_it_is(measured: Measured) -> None:
    for one in (*measured.values, *measured.lead_values):
        assert (one.confidence == "") == (one.value is None), one
    assert {one.confidence for one in measured.values if one.name in ("Heart rate", "QRS duration")} == {
        "high"
    }


def test_ranges_name_their_publication_and_whom_they_are_of(normal: EcgRecord) -> None:
    from dataclasses import replace

    from ecgview.signal.measure import ranges

    woman, child = (
        replace(normal.patient, sex="female", age_years=40.0),
        replace(normal.patient, age_years=9.0),
    )
    unknown = replace(normal.patient, sex="", age_years=40.0)
    found = {name: ranges.of("QTcF", one) for name, one in (("w", woman), ("c", child), ("u", unknown))}
    assert found["w"] is not None
    assert (found["w"].low, found["w"].high) == (391, 459)
    assert "Rautaharju" in found["w"].publication
    assert found["c"] is None
    assert found["u"] is not None
    assert found["u"].high == 449
    assert "sex not known" in found["u"].of
    qrs = ranges.of("QRS duration", child)
    assert qrs is not None
    assert qrs.high == 99
    assert ranges.of("PR", child) is None
