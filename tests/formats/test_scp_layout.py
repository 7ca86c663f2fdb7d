"""The build of an SCP-ECG file: leads, gaps, rates, checksums and pointers, and what is refused by name."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from scp_made import lead_layout, plain_rhythm, read_made, scp_file, tags, two_leads

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import scp
from ecgview.formats.kit.scp_leads import NAMES, lead_name, lead_number
from ecgview.leads import STANDARD_12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s3": lead_layout(500, flags=0x15)}, "section 5: the reference beat was subtracted but is missing"),
        (
            {"s6": plain_rhythm(np.zeros((2, 500)))[:5] + b"\1" + plain_rhythm(np.zeros((2, 500)))[6:]},
            "without the zones of section 4",
        ),
        ({"s6": plain_rhythm(np.zeros((2, 500)), nanovolts=0)}, "amplitude: impossible value"),
        ({"s6": plain_rhythm(np.zeros((2, 500)), interval=0)}, "interval: impossible value"),
        ({"s6": plain_rhythm(np.zeros((2, 500)), order=3)}, "differences: impossible value"),
        ({"s6": plain_rhythm(np.zeros((2, 500)))[:-2]}, "lead 2: the file is cut short"),
        ({"s6": plain_rhythm(np.zeros((2, 5)))}, "lead I: too few bytes"),
        ({"s3": b"\0\0"}, "no leads"),
        ({"s3": lead_layout(0)}, "impossible sample numbers"),
        ({"s3": lead_layout(2**32 - 2)}, "impossible sample numbers"),
        ({"s3": b""}, "section 3 is missing"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"made\.scp.*{message}"):
        read_made(tmp_path, two_leads(**change))


def test_leads_recorded_one_after_another_have_gaps(tmp_path: Path) -> None:
    layout = bytes([2, 0]) + struct.pack("<IIB", 1, 250, 1) + struct.pack("<IIB", 251, 500, 2)
    record = read_made(tmp_path, two_leads(s3=layout, s6=plain_rhythm(np.ones((2, 250)))))
    assert record.n_samples == 500
    assert np.isfinite(record.lead("I")).tolist() == [True] * 250 + [False] * 250
    assert np.isfinite(record.lead("II")).tolist() == [False] * 250 + [True] * 250


def test_calibration_leads_stay_out_and_missing_samples_are_told(tmp_path: Path) -> None:
    record = read_made(tmp_path, two_leads(s3=lead_layout(500, (1, 31)), s6=plain_rhythm(np.ones((2, 490)))))
    assert record.lead_names == ("I",)
    assert np.isnan(record.lead("I")[490:]).all()
    assert {note.kind for note in record.notes} >= {"leads", "duration"}


@pytest.mark.parametrize(("interval", "rate"), [(2000, 500.0), (4167, 240.0), (2778, 360.0), (977, 1024.0)])
def test_rates_that_whole_microseconds_cannot_tell(interval: int, rate: float, tmp_path: Path) -> None:
    record = read_made(tmp_path, two_leads(s6=plain_rhythm(np.ones((2, 500)), interval=interval)))
    assert record.sampling_rate_hz == rate
    assert any(str(interval) in note.text for note in record.notes) == (interval != 2000)


def test_a_wrong_checksum_is_a_note_where_all_else_fits(tmp_path: Path) -> None:
    raw = bytearray(scp_file(two_leads()))
    raw[-1] ^= 1
    (tmp_path / "c.scp").write_bytes(bytes(raw))
    notes = [note.text for note in formats.read(tmp_path / "c.scp").notes if note.kind == "checksum"]
    assert [re.search(r"of (.*?) is wrong", text).group(1) for text in notes] == ["the record", "section 6"]  # type: ignore[union-attr]


def test_a_wrong_checksum_is_part_of_the_error_where_not(tmp_path: Path) -> None:
    raw = bytearray(scp_file(two_leads()))
    at = raw.index(lead_layout(500))
    raw[at] = 9
    (tmp_path / "c.scp").write_bytes(bytes(raw))
    with pytest.raises(FormatError, match=r"c\.scp: section 3.*checksum of section 3 is wrong"):
        formats.read(tmp_path / "c.scp")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (2, struct.pack("<I", 10**6), "record size: the file is cut short"),
        (28 + 10, struct.pack("<I", 10**6), "section 1: the section lies outside"),
        (28 + 10, struct.pack("<I", 7), "section 1: the pointer leads to another section"),
        (10, struct.pack("<I", 5), "section 0: impossible length"),
    ],
)
def test_pointers_to_nowhere_are_refused(place: int, value: bytes, message: str, tmp_path: Path) -> None:
    raw = bytearray(scp_file(two_leads()))
    raw[place : place + len(value)] = value
    (tmp_path / "p.scp").write_bytes(bytes(raw))
    with pytest.raises(FormatError, match=rf"p\.scp: {message}"):
        scp.read(tmp_path / "p.scp")


def test_long_term_rhythm_is_refused_by_name(tmp_path: Path) -> None:
    raw = scp_file({1: tags(), 3: lead_layout(500), 11: b"\0" * 20}, protocol=30)
    raw = raw.replace(struct.pack("<HI", 11, 36), struct.pack("<HI", 12, 36))
    (tmp_path / "l.scp").write_bytes(raw)
    with pytest.raises(FormatError, match="section 12 of protocol 3"):
        scp.read(tmp_path / "l.scp")


def test_lead_codes_are_the_standard_s() -> None:
    assert [lead_name(n) for n in (1, 2, *range(61, 65), *range(3, 9))] == list(STANDARD_12)
    assert [lead_name(n) for n in (11, 12, 9, 66, 67, 16, 17, 18)] == [
        *("V3R", "V4R", "V7", "V8", "V9", "X", "Y", "Z")
    ]
    assert all(lead_name(lead_number(name)) == name for name in STANDARD_12)
    assert lead_name(184) == "SCP lead 184"
    assert len(set(NAMES.values())) == len(NAMES)


def test_the_same_lead_at_the_same_time_is_numbered(tmp_path: Path) -> None:
    record = read_made(tmp_path, two_leads(s3=lead_layout(500, (3, 3))))
    assert record.lead_names == ("V1", "V1 2")
    assert any("V1, V1 2" in note.text for note in record.notes)


def test_one_lead_without_samples_is_left_out_by_name(tmp_path: Path) -> None:
    rows = [np.arange(500) % 90, np.zeros(0)]
    record = read_made(tmp_path, two_leads(s3=lead_layout(500, (3, 4)), s6=plain_rhythm(rows)))
    assert record.lead_names == ("V1",)
    assert any(note.text.startswith("V2 left out: ") for note in record.notes)
