"""Which lead stands where: every recorded lead once, or named; layouts that do not fit a record; short records."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgview.leads import STANDARD_12
from ecgview.paper import layout, plan
from ecgview.paper.label_place import CAPITAL, width_mm
from ecgview.paper.page import Page, PageText
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.signal.filters import DisplayFilter

OPEN = PaperSettings(display_filter=DisplayFilter(None, None))
POSTERIOR, RIGHT, FRANK = ("V7", "V8", "V9"), ("V3R", "V4R", "V5R", "V6R"), ("X", "Y", "Z")
HOLTER = ("ECG1", "ECG2", "MCL1", "lead 1", "ES", "AS", "CM5", "-aVR")
LEADS = (*STANDARD_12, *RIGHT, *POSTERIOR, *FRANK, *HOLTER)


def _record(names: tuple[str, ...], seconds: float = 10.0) -> EcgRecord:
    """Return a synthetic record whose lead number k is a sawtooth of its own height."""
    times = np.arange(round(100 * seconds)) / 100
    rows = [0.1 * (1 + number % 9) * (times % 1.0) for number in range(len(names))]
    return EcgRecord(np.array(rows, dtype=np.float32), names, 100.0)


def _texts(page: Page) -> list[str]:
    return [text.text for text in page.texts]


def _named(page: Page) -> list[str]:
    """Return the leads that the page says are not on it."""
    lines = [text.text for text in page.texts if text.role == "scale"]
    first = next((number for number, line in enumerate(lines) if "not on this page:" in line), None)
    if first is None:
        return []
    words = " ".join([lines[first].partition("not on this page:")[2], *lines[first + 1 :]])
    return re.findall(r"lead 1|\S+", words)


@settings(max_examples=150, deadline=None)
@given(
    names=st.lists(st.sampled_from(LEADS), min_size=1, max_size=len(LEADS), unique=True),
    name=st.sampled_from([name for name, one in layout.LAYOUTS.items() if not one.of_median]),
    most_mm=st.sampled_from((None, 110.0, 150.0, 178.0)),
    single=st.sampled_from(LEADS),
)
def test_l5_every_recorded_lead_stands_once_beside_the_rhythm_or_is_named(
    names: list[str], name: str, most_mm: float | None, single: str
) -> None:
    record = _record(tuple(names))
    paper = replace(OPEN, layout=name, most_mm=most_mm, single_lead=single)
    seen: Counter[str] = Counter()
    for number, page in enumerate(layout.pages(record, paper)):
        drawn = plan.plan(record.lead_names, replace(paper, part=number))
        count = Counter(trace.lead for trace in page.traces)
        count.subtract(Counter(lead for lead in drawn.rhythm if record.has(lead)))
        here = +count
        assert set(here.values()) <= {1}
        assert Counter(_named(page)) == Counter(set(names) - set(here))
        assert most_mm is None or page.height_mm <= most_mm
        seen += here
    assert seen, "a page is never blank"
    if name not in ("single", "further"):
        assert seen == Counter(names)


def test_a_missing_lead_of_the_twelve_keeps_its_place_beside_further_leads() -> None:
    names = (*(lead for lead in STANDARD_12 if lead != "V3"), *POSTERIOR)
    page = layout.compose(_record(names), OPEN)
    texts = _texts(page)
    assert texts.count("not recorded") == 1
    assert {"V3", "V7", "V8", "V9"} <= set(texts)
    lowest = max(
        trace.baseline_mm for trace in page.traces if trace.lead in STANDARD_12[:3] and trace.row_mm == 25
    )
    assert all(trace.baseline_mm > lowest for trace in page.traces if trace.lead in POSTERIOR)


@pytest.mark.parametrize(
    ("further", "rows"),
    [
        (("V7", "V8", "V9"), (("V7", "V8", "V9"),)),
        (("V3R", "V4R", "V5R", "V7", "V8", "V9"), (("V3R", "V4R", "V5R"), ("V7", "V8", "V9"))),
        (("V8", "V9", "V4R"), (("V4R", "V8", "V9"),)),
        (("X", "Y", "Z"), (("X", "Y", "Z"),)),
        (("X", "Y", "Z", "V7", "V3R"), (("V3R", "V7"), ("X", "Y", "Z"))),
    ],
)
def test_leads_that_belong_together_share_a_row(
    further: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    drawn = plan.plan((*STANDARD_12, *further), OPEN)
    assert drawn.rows[3:] == rows
    assert drawn.rhythm == ("II",)


@pytest.mark.parametrize(
    "name",
    [name for name in layout.LAYOUTS if name not in ("single", "Nx1", "further", "median superimposed")],
)
@pytest.mark.parametrize("leads", [("ECG1", "ECG2"), ("MCL1",), ("II", "V5"), ("I", "II", "V1", "ECG 4")])
def test_a_record_without_the_twelve_has_a_full_row_for_each_lead_and_the_words_why(
    leads: tuple[str, ...], name: str
) -> None:
    page = layout.compose(_record(leads), replace(OPEN, layout=name))
    assert [trace.lead for trace in page.traces] == list(leads)
    assert {trace.end_s - trace.start_s for trace in page.traces} == {10.0}
    assert f"{name} is for twelve leads: one row for each recorded lead" in _texts(page)


def test_single_shows_a_lead_of_the_record_and_names_the_others() -> None:
    page = layout.compose(_record((*STANDARD_12, "V7")), replace(OPEN, layout="single", single_lead="V7"))
    assert [trace.lead for trace in page.traces] == ["V7"]
    assert _named(page) == list(STANDARD_12)
    other = layout.compose(_record(("ECG1", "ECG2")), replace(OPEN, layout="single"))
    assert [trace.lead for trace in other.traces] == ["ECG1"]
    assert "II was not recorded: ECG1 instead" in _texts(other)


def test_only_layouts_that_make_sense_are_offered() -> None:
    assert plan.choices(("ECG1", "ECG2")) == ("Nx1", "single", "median 3x4", "median superimposed")
    assert "further" not in plan.choices(STANDARD_12)
    assert set(plan.choices((*STANDARD_12, "V7"))) == set(layout.LAYOUTS)


def test_a_recorded_lead_of_the_inverted_name_is_itself() -> None:
    names = (*STANDARD_12, "-aVR")
    page = layout.compose(_record(names), replace(OPEN, layout="12x1 Cabrera"))
    gains = {trace.lead: trace.mm_per_mv for trace in page.traces}
    assert gains["-aVR"] == gains["aVR"] == 10.0


def test_further_chest_leads_take_the_gain_of_the_chest_leads() -> None:
    record = _record((*STANDARD_12, "V4R", "V9", "X"))
    page = layout.compose(record, replace(OPEN, chest_gain_factor=0.5))
    gains = {trace.lead: trace.mm_per_mv for trace in page.traces}
    assert (gains["V1"], gains["V4R"], gains["V9"], gains["X"], gains["II"]) == (5.0, 5.0, 5.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("seconds", "start_s", "words"),
    [
        (37.0, 0.0, "recorded 37 s, shown 0 to 10 s"),
        (37.0, 27.0, "recorded 37 s, shown 27 to 37 s"),
        (10.24, 0.0, "recorded 10.24 s, shown 0 to 10 s"),
        (1806.0, 600.0, "recorded 1806 s (30 min 6 s), shown 600 to 610 s"),
        (8.0, 0.0, "recorded 8 s"),
    ],
)
def test_a_page_says_what_it_shows_of_the_recording(seconds: float, start_s: float, words: str) -> None:
    page = layout.compose(_record(STANDARD_12, seconds), replace(OPEN, start_s=start_s))
    assert words in _texts(page)


def test_a_page_that_shows_everything_says_nothing_of_it() -> None:
    assert not any("shown" in text for text in _texts(layout.compose(_record(STANDARD_12), OPEN)))
    columns = layout.compose(_record(STANDARD_12), replace(OPEN, layout="3x4", sequential=False))
    assert "recorded 10 s, shown 0 to 2.5 s" in _texts(columns)


@pytest.mark.parametrize("seconds", [1.0, 3.0, 5.0, 8.0, 9.0])
@pytest.mark.parametrize("name", ["3x4", "3x4+1R", "4x3", "6x2", "12x1"])
def test_a_short_record_leaves_no_paper_that_looks_recorded(seconds: float, name: str) -> None:
    page = layout.compose(_record((*STANDARD_12, "V7"), seconds), replace(OPEN, layout=name))
    assert {trace.lead for trace in page.traces} == {*STANDARD_12, "V7"}
    assert "not recorded" not in _texts(page)
    for trace in page.traces:
        blank_mm = trace.x1_mm - trace.x_mm[-1]
        ends = [text for text in page.texts if text.text.endswith("ends") and text.x_mm > trace.x_mm[-1]]
        assert blank_mm <= 5.0 or ends


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("name", ["3x4+1R", "6x2", "further"])
def test_where_a_recording_ends_is_said_in_its_own_cell(seconds: float, name: str) -> None:
    page = layout.compose(_record((*STANDARD_12, "X", "Y", "Z"), seconds), replace(OPEN, layout=name))
    grid_mm = max(trace.x1_mm for trace in page.traces)
    said = [text for text in page.texts if text.text.endswith("ends")]
    for text in said:
        row = [trace for trace in page.traces if abs(trace.baseline_mm - text.y_mm) < trace.row_mm / 2]
        right = min((trace.x0_mm for trace in row if trace.x0_mm > text.x_mm), default=grid_mm)
        assert text.x_mm + width_mm(text.text, text.size_mm) <= right + 0.01
    assert said or seconds > 3.0 or name != "3x4+1R"


def test_a_stretch_without_signal_says_so() -> None:
    record = _record(STANDARD_12)
    signal = record.signal.copy()
    signal[6] = np.nan
    assert _texts(layout.compose(record.with_signal(signal), OPEN)).count("no signal") == 1


def test_a_start_beyond_the_recording_shows_its_end() -> None:
    page = layout.compose(_record(STANDARD_12, 37.0), replace(OPEN, start_s=60.0))
    assert "recorded 37 s, shown 27 to 37 s" in _texts(page)


@pytest.mark.parametrize("most_mm", [150.0, 178.0])
def test_twelve_rows_go_on_two_sheets_with_room(most_mm: float, pulse_record: EcgRecord) -> None:
    pages = list(layout.pages(pulse_record, replace(OPEN, layout="12x1", most_mm=most_mm)))
    assert [[trace.lead for trace in page.traces] for page in pages] == [
        list(STANDARD_12[:6]),
        list(STANDARD_12[6:]),
    ]
    assert min(trace.row_mm for page in pages for trace in page.traces) >= 20.0
    assert {abs(trace.mm_per_mv) for page in pages for trace in page.traces} == {10.0}


def test_more_leads_than_a_screen_holds_have_further_pages() -> None:
    names = tuple(f"S{number}" for number in range(1, 65))
    pages = list(layout.pages(_record(names), replace(OPEN, layout="Nx1")))
    assert [len(page.traces) for page in pages] == [16, 16, 16, 16]
    assert "leads, page 2 of 4; not on this page: S1" in " ".join(_texts(pages[1]))


def _covers(text: PageText, page: Page) -> bool:
    """Return whether a piece of any trace lies under a lead's name, as wide as its narrowest letters."""
    left, right = text.x_mm, text.x_mm + 0.5 * text.size_mm * len(text.text)
    top, bottom = text.y_mm - CAPITAL * text.size_mm, text.y_mm
    for trace in page.traces:
        inside = np.flatnonzero((trace.x_mm >= left) & (trace.x_mm <= right))
        if inside.size:
            y = trace.y_mm[max(0, inside[0] - 1) : inside[-1] + 2]
            if ((np.fmax(y[:-1], y[1:]) >= top) & (np.fmin(y[:-1], y[1:]) <= bottom)).any():
                return True
    return False


@pytest.mark.parametrize("name", ["3x4+1R", "3x4+3R", "6x2", "12x1", "6x2 Cabrera"])
@pytest.mark.parametrize("height_mv", [1.0, 2.5])
def test_no_lead_name_lies_over_a_trace(name: str, height_mv: float) -> None:
    """Tall narrow waves stand where names stand by default: at the start of every cell."""
    times = np.arange(5000) / 500
    wave = np.zeros(5000)
    for centre in np.arange(0.1, 10.0, 0.625):
        wave += height_mv * np.exp(-(((times - centre) / 0.012) ** 2))
    signal = np.stack([wave * (1 if number % 3 else -0.8) for number in range(12)]).astype(np.float32)
    page = layout.compose(EcgRecord(signal, STANDARD_12, 500.0), replace(OPEN, layout=name))
    labels = [text for text in page.texts if text.role == "lead"]
    assert len(labels) == len(page.traces)
    assert not [text.text for text in labels if _covers(text, page)]
