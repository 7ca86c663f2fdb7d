"""The block that every cart prints: its words, and a report that prints it with the edits of its read."""

from dataclasses import replace
from pathlib import Path

import pdfplumber
import pytest

from ecgview import formats, resources
from ecgview.report import content, pdf
from ecgview.review.moment import Moment
from ecgview.review.read import Draft, Read, ReadKind
from ecgview.signal.measure import block
from ecgview.signal.measure.measured import Edit
from ecgview.signal.measurements import Measurement, NormalRange

LIMITS = NormalRange(120, 200, "somebody 2009", "18 and over")
PR = Measurement("PR", 212.0, "ms", range=LIMITS, confidence="low", note="beats differ", where_s=(1.0, 1.2))


def test_a_value_out_of_range_is_marked_by_arrow_and_word_and_tells_all_that_is_known() -> None:
    (entry,) = block.of([PR])
    assert (entry.title, entry.text, entry.marks) == ("PR", "212 ms ↑", ("high", "uncertain"))
    assert block.in_words(PR) == "above 200 ms (18 and over)"
    told = block.told(PR).splitlines()
    assert told[:3] == [
        "PR: 212 ms",
        "Usual: 120 to 200 ms, 18 and over (somebody 2009)",
        "It is above 200 ms (18 and over)",
    ]
    assert told[3:] == ["computed", "Confidence: low", "Beats differ"]
    low = replace(PR, value=100.0, confidence="high")
    assert block.of([low])[0].text == "100 ms ↓"
    assert block.in_words(replace(PR, value=200.0)) == ""  # a limit is usual


def test_what_was_not_measured_is_a_dash_and_says_why() -> None:
    axes = (
        Measurement("P axis", None, "deg", note="no P"),
        Measurement("QRS axis", -38.0, "deg", range=NormalRange(-30, 90, "somebody 2009")),
        Measurement("T axis", 152.0, "deg"),
    )
    (entry,) = block.of([*axes, replace(PR, lead="II")])  # a value of one lead is none of all leads
    assert (entry.title, entry.text, entry.why) == ("P/QRS/T axes", "–/−38↓/152°", "no P")
    (alone,) = block.of([Measurement("PR", None, "ms", note="no P wave")])
    assert (alone.text, alone.why, alone.marks) == ("–", "no P wave", ())


def test_an_edited_value_names_who_did_it_and_what_was_computed() -> None:
    qt = Measurement("QT", 452.0, "ms", "edited", by="Reader A", before=432.0)
    first = Measurement("PR", 160.0, "ms", "edited", by="Reader A")
    entries = block.of([first, qt, Measurement("QTcF", 440.0, "ms")])
    assert [entry.marks for entry in entries] == [("edited",), ("edited",)]
    assert entries[1].text == "452/440 ms"
    assert block.source(qt) == "edited by Reader A, computed 432"
    assert block.source(first) == "edited by Reader A, not measured before"
    assert block.sources(entries) == "computed, edited by Reader A"


@pytest.mark.parametrize("takes_away", [False, True])
def test_a_report_prints_the_block_with_the_edits_of_its_read(tmp_path: Path, *, takes_away: bool) -> None:
    record = formats.read(next(iter(resources.path("demo").rglob("normal.hea"))))
    plain = content.gather(record)
    before = {item.name: item.value for item in plain.measurements}
    assert plain.measured is not None
    assert plain.measured.median is not None
    wave = plain.measured.median.overall["T"]
    assert wave is not None
    if takes_away:
        edits = tuple(Edit(edge, None, None, "Reader A") for edge in ("P onset", "P offset"))  # type: ignore[arg-type]
    else:
        edits = (Edit("T offset", wave.offset_s + 0.030, None, "Reader A"),)
    draft, at = Draft(comment="x", edges=edits), Moment("2026-03-01T08:10:11.000Z", 480)
    read = Read(record.source.sha256, "Reader A", 1, ReadKind.FIRST, draft, at, "ecgview", True)
    made = content.gather(record, read=read)
    with pdfplumber.open(pdf.write(made, tmp_path / "r.pdf")) as document:
        text = " ".join(" ".join(page.extract_text().split()) for page in document.pages)
    assert "not measured by this version" not in text
    if takes_away:
        assert "PR: not measured" in text
        assert "Measured by hand: P onset of" in text  # and goes on in its own column
        return
    qt = next(item for item in made.measurements if item.name == "QT")
    assert qt.value == pytest.approx((before["QT"] or 0) + 30, abs=1)
    assert f"QT/QTcF: {qt.value:.0f}/" in text
    assert f"edited by Reader A, computed {before['QT']:.0f}" in text
    assert "Measured by hand: T offset of the median beat at" in text


def test_a_low_qtc_is_quiet_until_it_is_short_by_the_chosen_definition() -> None:
    from ecgview.record import Patient
    from ecgview.signal import criteria
    from ecgview.signal.measure import ranges
    from ecgview.signal.measure.measured import Measured

    def entry(value: float, choice: str = "") -> block.Entry:
        one = Measurement("QTcF", value, "ms", range=ranges.of("QTcF", Patient(sex="male", age_years=40)))
        found = criteria.ranged(Measured((), {}, values=(one,)), {"SHORT-QT": choice} if choice else {})
        return block.Entry("QTcF", found.values)

    quiet = entry(386.0)
    assert quiet.text == "386↓ ms" or quiet.text == "386 ms ↓"
    assert quiet.marks == ()
    assert block.in_words(quiet.values[0]).startswith("below 391 ms"), "the range is told all the same"
    assert entry(360.0).marks == ("low",)
    assert entry(361.0).marks == ()
    assert entry(386.0, "AHA").marks == ("low",)
    assert entry(470.0).marks == ("high",)
    slow = Measurement("Heart rate", 48.0, "bpm", range=ranges.of("Heart rate", Patient()))
    assert block.Entry("Rate", (slow,)).marks == ("low",)
