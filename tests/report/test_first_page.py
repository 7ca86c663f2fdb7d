"""The report as a page is read: everything above the trace, nothing cut, nothing over anything else."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest

from ecgview.labels import label_set
from ecgview.leads import STANDARD_12
from ecgview.paper.settings import PaperSettings
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    ImportNote,
    Patient,
)
from ecgview.report import content, pdf
from ecgview.report.content import ReportContent
from ecgview.results import LabelScore, ModelFacts, Prediction
from ecgview.review.annotation import Annotation
from ecgview.review.moment import Moment
from ecgview.review.read import Certainty, Draft, Read, ReadKind, ReadStatement

MM = 72 / 25.4
AT = Moment("2026-03-01T08:10:11.000Z", 480)
LATER = Moment("2026-03-01T09:00:00.000Z", 480)
CODES = [one.code for one in label_set.load("ptbxl71").statements]
CERTAINTIES = list(Certainty)
FACTS = ModelFacts("m-1", "Model", "1.0", "ab" * 32, "a training set", "not calibrated", "a caveat")


def _read(codes: list[str], comment: str = "", kind: ReadKind = ReadKind.SIGNED, **more: Any) -> Read:
    made = tuple(
        ReadStatement(code, CERTAINTIES[number % 4], "ptbxl71", "1.0") for number, code in enumerate(codes)
    )
    draft = Draft(made, more.pop("marks", ()), comment)
    number = more.pop("number", 2)
    return Read("x", "Eva Reader", number, kind, draft, AT, "ecgview", more.pop("blind", True), **more)


@pytest.fixture
def cart_record(pulse_record: EcgRecord) -> EcgRecord:
    """Return an ECG with everything that a cart writes."""
    lines = (
        "SINUS RHYTHM",
        "WITH OCCASIONAL",
        "PREMATURE COMPLEXES",
        "CANNOT RULE OUT",
        "ANTERIOR INFARCT, AGE UNDETERMINED",
        "ABNORMAL ECG",
    )
    values = (("heart_rate", 137.0, "bpm"), ("pr", 160.0, "ms"), ("qrs", 98.0, "ms"), ("qtc", 431.0, "ms"))
    axes = (("p_axis", 40.0, "deg"), ("qrs_axis", -31.0, "deg"), ("t_axis", 59.0, "deg"))
    return replace(
        pulse_record,
        patient=Patient("ID-4711", "Muster, Erika", "female", 61.0),
        acquisition=Acquisition("2020-02-03T10:11:12", "Cart 5", 0.05, 150.0, 50.0),
        notes=(ImportNote("duration", "a note of the import"),),
        device_reading=DeviceReading(
            tuple(DeviceMeasurement(*one) for one in (*values, *axes)),
            tuple(DeviceStatement(line) for line in lines),
        ),
    )


def _with_further_leads(record: EcgRecord) -> EcgRecord:
    names = ("V3R", "V4R", "V7", "V8", "V9", "X")
    rows = np.concatenate([record.signal, record.signal[:6] * 0.7])
    return replace(record, signal=rows, lead_names=(*STANDARD_12, *names))


def _prediction(codes: list[str]) -> Prediction:
    scores = tuple(
        LabelScore(code, label_set.name_of("ptbxl71", code), 0.3 + 0.01 * n, 0.4 if n % 2 else None)
        for n, code in enumerate(codes)
    )
    return Prediction(FACTS, "x", "cpu", 1.0, scores, label_set="ptbxl71")


def _cases(record: EcgRecord) -> Iterator[tuple[str, ReportContent]]:
    gather = content.gather
    short = _read(["SR", "1AVB", "LVH"], "No change.")
    yield "usual", gather(record, read=short, prediction=_prediction(CODES))
    yield "nothing read", gather(record, with_device=False)
    marks = (Annotation(("V1",), 2.0, 2.6, "PVC", "broad"), Annotation((), 4.0, 4.0))
    long_read = _read(CODES[:45], "Words of a long comment. " * 90, marks=marks)
    yield "long read", gather(record, read=long_read)
    yield "12x1", gather(record, read=short, paper=PaperSettings(layout="12x1"))
    yield "single", gather(record, read=short, paper=PaperSettings(layout="single"))
    yield "18 leads", gather(_with_further_leads(record), read=short)
    person = Patient("A" * 90, "Wolfeschlegelsteinhausenbergerdorff " * 4, "male", 74.0)
    han = _read(["SR"], "窦性心律，左室高电压，请结合临床。" * 12)
    yield "long names", gather(replace(record, patient=person), read=han)
    yield "50 mm/s", gather(record, read=short, paper=PaperSettings(speed_mm_per_s=50.0, layout="6x2"))
    yield "de-identified", gather(record, read=short, identified=False, study_name="ecg-00007")


NAMES = [
    "usual",
    "nothing read",
    "long read",
    "12x1",
    "single",
    "18 leads",
    "long names",
    "50 mm/s",
    "de-identified",
]


_documents: dict[str, Any] = {}  # every case is written once: to read its vectors back takes seconds


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _documents:
        _documents.popitem()[1].close()


def _written(name: str, record: EcgRecord, folder: Path) -> Any:
    if name not in _documents:
        _documents[name] = pdfplumber.open(pdf.write(dict(_cases(record))[name], folder / "r.pdf"))
    return nullcontext(_documents[name])


def _grid_top(page: Any) -> float:
    return float(min(line["top"] for line in page.lines if line["x1"] - line["x0"] > 600))


def _traces(page: Any) -> list[np.ndarray]:
    return [np.array(curve["pts"]) for curve in page.curves if len(curve["pts"]) > 500]


def _text(page: Any, right_of: float = 0.0) -> str:
    return " ".join(page.crop((right_of, 0, page.width, page.height)).extract_text().split())


@pytest.mark.parametrize("name", NAMES)
def test_no_text_lies_over_text_or_trace_and_none_leaves_the_page(
    name: str, cart_record: EcgRecord, tmp_path: Path
) -> None:
    with _written(name, cart_record, tmp_path) as document:
        for page in document.pages:
            words = page.extract_words(keep_blank_chars=False)
            assert words
            for word in words:
                assert word["x0"] / MM > 12.5, word["text"]
                assert word["x1"] / MM < 284.6, word["text"]
                assert 4.0 < word["top"] / MM < word["bottom"] / MM < 207.0, word["text"]
            boxes = [
                (w["x0"] + 0.3, w["top"] + 0.9, w["x1"] - 0.3, w["bottom"] - 0.9, w["text"]) for w in words
            ]
            for a, b in combinations(boxes, 2):
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                assert apart, f"{a[4]} over {b[4]} on page {page.page_number}"
            for x, y in (trace.T for trace in _traces(page)):
                for left, top, right, bottom, text in boxes:
                    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
                    assert not inside.any(), f"{text} over a trace on page {page.page_number}"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "long names"])
def test_no_fifth_of_a_page_with_a_trace_is_blank(name: str, cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written(name, cart_record, tmp_path) as document:
        for page in document.pages:
            if not _traces(page):
                continue
            tops = [word["top"] for word in page.extract_words()] + [ln["top"] for ln in page.lines]
            gaps = np.diff(np.unique(np.array([0.0, *tops, page.height])))
            assert gaps.max() < page.height / 5


@pytest.mark.parametrize("name", NAMES)
def test_scale_patient_notice_and_number_on_every_page(
    name: str, cart_record: EcgRecord, tmp_path: Path
) -> None:
    speed = 50.0 if name == "50 mm/s" else 25.0
    with _written(name, cart_record, tmp_path) as document:
        count = len(document.pages)
        for number, page in enumerate(document.pages, 1):
            text = _text(page)
            assert f"page {number} of {count}" in text
            assert text.count("Research use only. Not for diagnosis or treatment.") == 2
            who = {"de-identified": "ecg-00007", "long names": "Wolfeschlegel"}.get(name, "ID-4711")
            assert who in text
            for pulse in (np.array(c["pts"]) for c in page.curves if len(c["pts"]) == 6):
                assert np.ptp(pulse[:, 1]) / MM == pytest.approx(10.0, abs=0.1)
                assert (pulse[3, 0] - pulse[2, 0]) / MM == pytest.approx(0.2 * speed, abs=0.1)


def test_what_a_cart_prints_stands_above_the_trace(cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written("usual", cart_record, tmp_path) as document:
        first, second = document.pages
        head = first.crop((0, 0, first.width, _grid_top(first) - 1))
        columns = [head.crop((a * MM, 0, b * MM, head.height)).extract_text() for a, b in _COLUMNS]
        text = " ".join(" ".join(columns).split())
        for words in (
            "Muster, Erika",
            "ID ID-4711",
            "female, 61 years",
            "Recorded: 2020-02-03 10:11:12",
            "Device: Cart 5",
            "500 Hz, 10 s recorded",
            "Filter in the file: 0.05-150 Hz, notch 50 Hz",
            "MEASUREMENTS",
            "Heart rate: 60 bpm (computed)",
            "Heart rate: 137 bpm (device; differs from ecgview's)",
            "PR: 160 ms (device",
            "P/QRS/T axis: 40° / -31° / 59° (device)",
            "QT/QTcF: ",
            "RESEARCH READ: signed",
            "by Eva Reader, 2026-03-01 16:10:11 +08:00",
            "blind first read",
            "AI had not been open",
            "Sinus rhythm",
            "First degree AV block (probable)",
            "Left ventricular hypertrophy (possible)",
            "Comment: No change.",
            "SINUS RHYTHM WITH OCCASIONAL PREMATURE COMPLEXES (device)",
            "CANNOT RULE OUT ANTERIOR INFARCT, AGE UNDETERMINED (device)",
            "ABNORMAL ECG (device)",
        ):
            assert words in text, words
        whole = " ".join(_text(page) for page in document.pages)
        assert "onfirmed" not in whole
        assert "uV" not in whole
        assert "AI: diagnoses" not in _text(first)
        assert "AI: diagnoses" in _text(second)


_COLUMNS = ((0, 80), (80, 149), (149, 215), (215, 297))


def test_the_answers_of_the_ai_are_a_table_on_page_2(cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written("usual", cart_record, tmp_path) as document:
        page = document.pages[1]
        halves = [page.crop((left, 0, right, page.height)) for left, right in ((0, 310), (310, 588))]
        text, second = (" ".join(half.extract_text().split()) for half in halves)
    both = f"{text} {second}"
    assert "Statement Prob. Thresh. Perc. Status" in text
    judged = CODES[1::2]
    assert both.count(" below threshold") + both.count(" positive") == len(judged)
    assert "Prob.: probability, not calibrated" in text
    assert "a training set" in text
    assert "Model 1.0" in text


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (None, ("RESEARCH READ: unconfirmed, not read",)),
        (_read(["SR"], kind=ReadKind.FIRST, number=1), ("RESEARCH READ: first read, unconfirmed",)),
        (
            _read(["SR"], blind=False, revealed_at=AT),
            ("READ: signed", " not blind ", "AI had been open since"),
        ),
        (
            _read(["SR"], kind=ReadKind.AMENDMENT, number=4, reason="seen again", revealed_at=LATER),
            (
                "RESEARCH READ: amended 2",
                "since 2026-03-01 17:00:00 +08:00",
                "Why it was amended: seen again",
            ),
        ),
        (_read(["SR"], exposed="classify"), ("not blind on this workstation: classify",)),
    ],
)
def test_the_state_of_the_read_and_who_had_seen_what(
    read: Read | None, words: tuple[str, ...], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    path = pdf.write(content.gather(pulse_record, read=read), tmp_path / "r.pdf")
    with pdfplumber.open(path) as document:
        text = _text(document.pages[0], 149 * MM)
    for one in words:
        assert one in text, one


def test_what_has_no_room_goes_on_and_nothing_is_cut(cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written("long read", cart_record, tmp_path) as document:
        assert "continued on page 2" in _text(document.pages[0])
        assert "Continued from page 1" in _text(document.pages[1])
        words = [word["text"] for page in document.pages for word in page.extract_words()]
    assert words.count("comment.") == 90
    for code in CODES[:45]:
        last = label_set.name_of("ptbxl71", code).split()[-1]
        assert any(word.lower().startswith(last.lower()[:8]) for word in words), code
    assert "2.00-2.60" in words


def test_long_names_and_chinese_are_whole(cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written("long names", cart_record, tmp_path) as document:
        signs = "".join(char["text"] for page in document.pages for char in page.chars)
    assert signs.count("请结合临床") == 12
    assert signs.count("A" * 90) == 1 or signs.replace(" ", "").count("A" * 90) == 1


def test_twelve_rows_have_two_pages(cart_record: EcgRecord, tmp_path: Path) -> None:
    with _written("12x1", cart_record, tmp_path) as document:
        assert [len(_traces(page)) for page in document.pages[:2]] == [6, 6]
        baselines = sorted(float(np.median(trace[:, 1])) for trace in _traces(document.pages[0]))
        assert np.diff(baselines).min() / MM > 17.0


def test_the_record_of_a_de_identified_report_tells_nobody(cart_record: EcgRecord) -> None:
    comment = "Erika Muster of 2020-02-03, ID-4711; muster of the beats"
    marks = (Annotation(("V1",), 1.0, 1.0, "", "Muster"),)
    own = ReadStatement("like that of Erika", Certainty.DEFINITE, label_set.FREE_TEXT, "1")
    read = _read([], comment, marks=marks, reason="Erika came back")
    read = replace(read, content=replace(read.content, statements=(own,)))
    found = content.gather(cart_record, read=read, identified=False, study_name="ecg-00001")
    told = repr((found.record.patient, found.record.acquisition, found.record.source, found.read))
    for word in ("Muster", "muster", "Erika", "4711", "2020"):
        assert word not in told
    assert found.record.patient.patient_id == "ecg-00001"
    assert found.read is not None
    assert found.read.reader == "Eva Reader"
    assert found.left_out_statements == 6
