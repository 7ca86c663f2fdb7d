"""All measurements of a record: that they belong together, and that hands laid on them are told and taken back."""

import pytest

from ecgview import api, formats, resources
from ecgview.errors import SignalError
from ecgview.record import EcgRecord
from ecgview.signal.measure import corrected, engine
from ecgview.signal.measure.measured import Edge, Edit, Measured
from ecgview.signal.measure.waves import Kind


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


def test_the_extreme_lead_is_never_the_shorter_one(measured: Measured, normal: EcgRecord) -> None:
    later = api.measured_again(
        measured, normal, [Edit("QRS offset", 0.12, None), Edit("T offset", 0.6, None)]
    )
    for found in (measured, later):
        for name in ("P duration", "PR", "QRS duration", "QT"):
            assert _value(found, f"{name}, extreme lead") >= _value(found, name), name


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
        (Edit("QRS offset", 0.1, beat=99), "QRS offset: no such beat; expected 0 to"),
        (Edit("QRS offset", 0.1, beat=-1), "QRS offset: no such beat"),
        (Edit("QRS offset", 0.1, beat=1.5), "QRS offset: no such beat"),  # type: ignore[arg-type]
        (Edit("QRS onset", None), "made of its QRS"),
        (Edit("QRS onset", None, 3), "QRS onset of beat 4 cannot be taken away"),
        (Edit("U onset", 0.5), "no such edge of a wave; expected P onset, .*found U onset"),  # type: ignore[arg-type]
        (Edit("T onset", 0.3), "no such edge"),  # type: ignore[arg-type]
        (Edit("P onset", float("nan")), "P onset of the median beat would be nowhere; expected a time"),
        (Edit("T offset", float("inf"), 2), "T offset of beat 3 would be nowhere"),
        (Edit("T offset", "0.4", 2), "T offset of beat 3 would be nowhere"),  # type: ignore[arg-type]
        (
            Edit("P onset", -5.0),
            r"P onset of the median beat cannot be there; expected .* s \(.*found -5.000 s",
        ),
        (Edit("P onset", -5.0, 0), r"P onset of beat 1 cannot be there; expected 0.000 s \(the first sample"),
        (Edit("P onset", 0.0, 5), r"P onset of beat 6 cannot be there; expected .*QRS offset of beat 5"),
        (Edit("P offset", 0.2), r"P offset of the median beat .*\(QRS onset\)"),
        (Edit("QRS onset", 0.5), r"QRS onset of the median beat .*\(30 ms before QRS offset\)"),
        (Edit("QRS onset", -0.19), r"QRS onset of the median beat .*\(P offset\)"),
        (Edit("QRS offset", 0.6), "QRS offset of the median beat"),
        (Edit("T offset", 0.01), r"\(60 ms after QRS offset\)"),
        (Edit("T offset", 4.0), "T offset of the median beat"),
        (Edit("T offset", 99.0, 2), r"T offset of beat 3 .*\(QRS onset of beat 4\)"),
    ],
)
def test_what_cannot_be_is_refused_by_its_edge_its_beat_and_what_was_expected(
    measured: Measured, normal: EcgRecord, edit: Edit, words: str
) -> None:
    with pytest.raises(SignalError, match=words):
        api.measured_again(measured, normal, [edit])
    with pytest.raises(SignalError, match=words):  # from the file on, too
        api.measured(normal, [edit])


@pytest.mark.parametrize(("kind", "shortest_s"), [("P", 0.030), ("QRS", 0.030), ("T", 0.060)])
def test_a_wave_has_a_shortest_length_and_may_be_just_that(
    measured: Measured, normal: EcgRecord, kind: Kind, shortest_s: float
) -> None:
    assert measured.median is not None
    wave, qrs = measured.median.overall[kind], measured.median.overall["QRS"]
    assert wave is not None
    assert qrs is not None
    edge: Edge = f"{kind} offset"  # type: ignore[assignment]
    start = qrs.offset_s if kind == "T" else wave.onset_s
    just = api.measured_again(measured, normal, [Edit(edge, start + shortest_s)])
    assert just.median is not None
    made = just.median.overall[kind]
    assert made is not None
    assert made.onset_s < made.offset_s == start + shortest_s
    with pytest.raises(SignalError, match="cannot be there"):
        api.measured_again(measured, normal, [Edit(edge, start + shortest_s - 0.001)])


def test_of_edges_that_cross_only_the_last_is_refused_and_an_order_does_not_matter(
    measured: Measured, normal: EcgRecord
) -> None:
    """What counts is where all of them are in the end: a wave moved as a whole passes its old place."""
    assert measured.median is not None
    p = measured.median.overall["P"]
    assert p is not None
    later = (Edit("P onset", p.onset_s + 0.03), Edit("P offset", p.offset_s + 0.02))
    there, back = (api.measured_again(measured, normal, order) for order in (later, later[::-1]))
    assert there.value("PR") == back.value("PR") == pytest.approx(_value(measured, "PR") - 30, abs=1)
    crossing = (Edit("P offset", p.offset_s - 0.02), Edit("P onset", p.offset_s - 0.03))
    with pytest.raises(SignalError, match="P onset of the median beat cannot be there"):
        api.measured_again(measured, normal, crossing)
    far = engine.as_far_as_possible(measured, normal, (*crossing, Edit("T offset", 0.4, 77)))
    assert far.edits == crossing[:1]
    assert [text.split(":")[0] for text in far.warnings if text not in measured.warnings] == 2 * [
        "An edge put elsewhere by hand is not laid on"
    ]
    assert api.measured_again(far, normal, []) is measured


def test_a_p_wave_where_none_was_found_needs_both_of_its_edges() -> None:
    record = formats.read(resources.path("demo", "af.hea"))
    found = api.measured(record)
    assert found.median is not None
    qrs = found.median.overall["QRS"]
    assert qrs is not None
    onset = Edit("P onset", qrs.onset_s - 0.16)
    with pytest.raises(
        SignalError, match="P onset of the median beat: there is no P; expected onset and offset"
    ):
        api.measured_again(found, record, [onset])
    both = api.measured_again(found, record, [onset, Edit("P offset", qrs.onset_s - 0.06)])
    assert (both.value("PR"), both.value("P duration")) == (160, 100)


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


def test_measurements_of_one_record_are_not_those_of_another(measured: Measured) -> None:
    other = formats.read(resources.path("demo", "af.hea"))
    with pytest.raises(SignalError, match="the measurements are of another record"):
        api.measured_again(measured, other, [Edit("T offset", 0.4)])
    with pytest.raises(SignalError, match="the measurements are of another record"):
        api.measured_again(measured, other, [])
    with pytest.raises(SignalError, match="the measurements are of another record"):
        api.criteria(other, measured_as=measured)
    with pytest.raises(SignalError, match="the measurements are of another record"):
        api.lef_again(api.lef(other), other, measured)


def test_an_end_of_t_that_there_is_not_is_refused(normal: EcgRecord) -> None:
    with pytest.raises(SignalError, match="no such way to find the end of T"):
        api.measured(normal, t_end="sharp")  # type: ignore[arg-type]
