"""SCP-ECG: real files against other tools and formats, vectors of the standard, hand-built records, round trips."""

import re
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import scp_ecg
from ecgview.formats._scp_bimodal import expanded, smoothed
from ecgview.formats._scp_huffman import Code, decode, default_codes, encode, make_table
from ecgview.formats._scp_leads import NAMES, lead_name, lead_number
from ecgview.leads import STANDARD_12
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    MedianBeat,
    Patient,
)

EXAMPLE = "formats/scp/ecgtoolkit_example.scp"
DEMO = "formats/scp/demo_8lead_1000hz.scp"
HEALFORCE = "formats/malformed/healforce_62.scp"


def _crc(data: bytes) -> int:
    """Return the CRC-CCITT bit by bit, as the standard words it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1 & 0xFFFF
    return value


def _scp(parts: dict[int, bytes], protocol: int = 13) -> bytes:
    """Return a record around hand-made sections."""
    at, pointers, bodies = 6 + 16 + 120, struct.pack("<HII", 0, 136, 7), b""
    for number in range(1, 12):
        data = parts.get(number, b"")
        length = 16 + len(data) if data else 0
        pointers += struct.pack("<HII", number, length, at + 1 if data else 0)
        if data:
            body = struct.pack("<HIBB6x", number, length, protocol, protocol) + data
            bodies += struct.pack("<H", _crc(body)) + body
        at += length
    head = struct.pack("<HIBB", 0, 136, protocol, protocol) + b"SCPECG" + pointers
    sized = struct.pack("<I", at) + struct.pack("<H", _crc(head)) + head + bodies
    return struct.pack("<H", _crc(sized)) + sized


def _tags(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in pairs) + b"\xff\0\0"


def _leads(count: int, numbers: tuple[int, ...] = (1, 2), flags: int = 0x14) -> bytes:
    return bytes([len(numbers), flags]) + b"".join(struct.pack("<IIB", 1, count, n) for n in numbers)


def _plain(rows: np.ndarray, nanovolts: int = 5000, interval: int = 2000, order: int = 0) -> bytes:
    coded = [row.astype("<i2").tobytes() for row in rows]
    head = struct.pack("<HHBB", nanovolts, interval, order, 0)
    return head + struct.pack(f"<{len(coded)}H", *map(len, coded)) + b"".join(coded)


def _two_leads(**more: bytes) -> dict[int, bytes]:
    rows = np.stack([np.arange(500) % 90, -np.arange(500) % 70]) * 3
    named = {int(name.removeprefix("s")): data for name, data in more.items()}
    return {1: _tags((2, b"7\0")), 3: _leads(500), 6: _plain(rows)} | named


def _read(tmp_path: Path, parts: dict[int, bytes]) -> EcgRecord:
    path = tmp_path / "made.scp"
    path.write_bytes(_scp(parts))
    return formats.read(path)


# --- real files ------------------------------------------------------------------------------------------------


def test_the_standard_example_holds_the_digits_of_its_aecg(shared_data: Path) -> None:
    record = formats.read(shared_data / EXAMPLE)
    text = (shared_data / "formats/aecg/hl7_2003_example.xml").read_text(encoding="utf-8", errors="replace")
    rhythm, median = {}, {}
    for part in re.findall(r"<sequence>(.*?)</sequence>", text, re.DOTALL):
        lead = re.search(r'code="MDC_ECG_LEAD_(\w+)"', part)
        digits = re.search(r"<digits>(.*?)</digits>", part, re.DOTALL)
        if lead and digits:
            values = np.array(digits.group(1).split(), float)
            (rhythm if len(values) == 5000 else median)[lead.group(1).upper()] = values
    assert len(rhythm) == len(median) == 12
    beat = record.device_reading.median
    assert beat is not None
    assert (record.sampling_rate_hz, record.lead_names, beat.lead_names) == (500.0, STANDARD_12, STANDARD_12)
    for name in STANDARD_12:  # 2.5 uV per digit there
        assert np.array_equal(np.round(record.lead(name) / 0.0025), rhythm[name.upper()])
        row = beat.signal[beat.lead_names.index(name)]
        assert np.array_equal(np.round(row / 0.0025), median[name.upper()])


def test_the_standard_example_holds_the_samples_of_its_dicom(shared_data: Path) -> None:
    import pydicom

    record = formats.read(shared_data / EXAMPLE)
    dataset = pydicom.dcmread(shared_data / "formats/dicom/ecgtoolkit_example.dcm")
    microvolts = dataset.waveform_array(0).T
    assert np.abs(record.signal * 1000 - microvolts).max() < 0.01


def test_the_standard_example_tells_patient_device_and_measurements(shared_data: Path) -> None:
    record = formats.read(shared_data / EXAMPLE)
    assert record.patient == Patient("SBJ-123", "Clark", "male", None, "1953-05-08")
    assert record.acquisition.start_time == "2002-11-22T09:10:00"
    assert "ELI250" in record.acquisition.device
    assert record.acquisition.step_uv == 2.5
    expected = {"p_duration": 102, "pr": 148, "qrs": 120, "qt": 420, "qtc": 443}
    expected |= {"p_axis": 44, "qrs_axis": -61, "t_axis": 86}
    assert {one.name: one.value for one in record.device_reading.measurements} == expected
    assert not record.notes


def test_a_file_that_counts_samples_from_zero(shared_data: Path) -> None:
    record = formats.read(shared_data / DEMO)
    assert record.signal.shape == (12, 10_000)
    assert record.sampling_rate_hz == 1000.0
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    assert record.lead("I")[:3] == pytest.approx(np.array([0xFE, 0xF6, 0xFB]) * 183e-6, rel=1e-6)
    assert record.patient.name == "Demo Patient"
    assert record.acquisition.extra["height"] == "187 cm"
    assert record.acquisition.extra["free text"] == "demo patient"
    assert any("counts from 1" in note.text for note in record.notes)


def test_a_heal_force_file_is_read_by_its_own_rules(shared_data: Path) -> None:
    record = formats.read(shared_data / HEALFORCE)
    assert (record.signal.shape, record.sampling_rate_hz) == ((3, 4500), 150.0)
    assert record.lead_names == ("lead 1", "lead 2", "lead 3")  # the file does not say which they are
    steps = np.round(record.signal / 0.009524)
    assert steps[:, :2].tolist() == [[1, 1], [0, -1], [1, 0]]
    assert np.corrcoef(record.signal[0] + record.signal[2], record.signal[1])[0, 1] > 0.99  # as II = I + III
    assert record.acquisition.start_time == "2019-08-08T00:04:10"
    beats = np.array(record.device_reading.qrs_s)
    assert len(beats) == 30
    assert 53 < (60 / np.diff(beats)).min() < (60 / np.diff(beats)).max() < 68  # section 9 tells 57 to 67 bpm
    for at in beats:  # the recorder's marks lie on R peaks
        near = record.signal[1, max(0, int(at * 150) - 15) : int(at * 150) + 16]
        assert near.max() > 0.6
    assert any("not a conforming" in note.text for note in record.notes)
    assert any("which leads" in note.text for note in record.notes)


def test_a_damaged_heal_force_file_is_refused(shared_data: Path, tmp_path: Path) -> None:
    raw = bytearray((shared_data / HEALFORCE).read_bytes())
    raw[5000] ^= 1
    (tmp_path / "h.scp").write_bytes(bytes(raw))
    with pytest.raises(FormatError, match=r"h\.scp.*neither a conforming.*expected .*found 309d"):
        formats.read(tmp_path / "h.scp")


@pytest.mark.parametrize("name", [EXAMPLE, DEMO, HEALFORCE])
def test_a_file_is_found_by_content_and_peeked_alike(name: str, shared_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "renamed.dat0"
    path.write_bytes((shared_data / name).read_bytes())
    head = path.read_bytes()[: formats.HEAD_BYTES]
    scores = sorted((fmt.sniff(head, path), fmt.NAME) for fmt in formats.known())
    assert scores[-1][1] == "SCP-ECG"
    assert scores[-1][0] > scores[-2][0]
    record, summary = formats.read(path), formats.peek(path)
    assert (summary.patient, summary.start_time) == (record.patient, record.acquisition.start_time)
    assert (summary.fs_hz, summary.duration_s) == (record.sampling_rate_hz, record.seconds)
    assert summary.n_leads == len(record.lead_names) - len(record.acquisition.derived_leads)


def _biosig(path: Path, folder: Path) -> dict[str, np.ndarray]:
    """Return label -> microvolts as biosig's converter writes them, one text file per lead."""
    tool = shutil.which("save2gdf")
    if tool is None:
        pytest.skip("biosig is not on this machine")
    target = folder / "biosig.txt"
    subprocess.run([tool, "-f=ASCII", str(path), str(target)], capture_output=True, check=False, timeout=60)
    told = target.read_text(encoding="latin-1")
    labels = re.findall(r"^Label\s*= (.*)$", told, re.MULTILINE)
    return {label: np.loadtxt(folder / f"biosig.a{k:02d}") for k, label in enumerate(labels, start=1)}


@pytest.mark.parametrize("name", [EXAMPLE, DEMO])
def test_biosig_reads_the_same_samples(name: str, shared_data: Path, tmp_path: Path) -> None:
    record = formats.read(shared_data / name)
    theirs = _biosig(shared_data / name, tmp_path)
    assert len(theirs) == (12 if name == EXAMPLE else 8)
    for label, row in theirs.items():  # DEMO has one sample less than it claims; biosig reads on
        assert np.abs(record.lead(label) * 1000 - row[: record.n_samples]).max() < 0.01


@pytest.mark.parametrize("writer", [scp_ecg.write, scp_ecg.write_compressed])
def test_biosig_reads_what_is_written(writer: object, tmp_path: Path, told_record: EcgRecord) -> None:
    path = writer(told_record, tmp_path / "ours.scp")  # type: ignore[operator]
    theirs = _biosig(path, tmp_path)
    assert set(theirs) == set(STANDARD_12)
    for label, row in theirs.items():
        assert np.abs(told_record.lead(label) * 1000 - row).max() < 0.01


# --- Huffman ---------------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_standard() -> None:
    """Annex C: 28 samples, second differences, default table."""
    raw = bytes.fromhex("FF837FE0E6F1536559B65B964B9600")
    decoded = decode(raw, [make_table(default_codes(), "")], 28, "")
    samples = list(decoded.values[:2])
    for difference in decoded.values[2:]:
        samples.append(difference + 2 * samples[-1] - samples[-2])
    assert samples == [
        *(13, 14, 15, 14, 16, 18, 19, 20, 22, 22, 23, 23, 23, 22),
        *(22, 20, 17, 15, 12, 8, 6, 3, 1, 0, -2, -2, -3, -3),
    ]
    assert not decoded.ended_early


def test_every_16_bit_value_survives_the_default_table() -> None:
    values = np.arange(-32_768, 32_768)
    decoded = decode(encode(values), [make_table(default_codes(), "")], len(values), "")
    assert np.array_equal(decoded.values, values)


def _tables(*tables: list[tuple[str, int, bool, int]]) -> bytes:
    """Return section 2 of (prefix, more bits, switches, value)."""
    out = struct.pack("<H", len(tables))
    for table in tables:
        out += struct.pack("<H", len(table))
        for prefix, more, switches, value in table:
            stored = int(prefix[::-1], 2)  # the first bit is the lowest
            out += struct.pack("<BBBhI", len(prefix), len(prefix) + more, not switches, value, stored)
    return out + b"\0" * (len(out) % 2)


def _bits(text: str) -> bytes:
    text = text.replace(" ", "")
    text += "0" * (-len(text) % 16)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def test_own_tables_with_table_switching(tmp_path: Path) -> None:
    first = [("0", 0, False, 5), ("10", 0, False, -7), ("110", 4, False, 0), ("111", 0, True, 2)]
    second = [("1", 0, False, 100), ("01", 0, False, -100), ("00", 0, True, 1)]
    one = _bits("0 10 110 1000 111 1 01 1 00 0 110 0111")  # 5 -7 -8 | 100 -100 100 | 5 7
    two = _bits(
        "111 01 01 00 10 10 0 0 111 1 1"
    )  # | -100 -100 | -7 -7 5 5 | 100: then table 1 for each lead again
    head = struct.pack("<HHBB", 1000, 2000, 0, 0) + struct.pack("<HH", len(one), len(two))
    parts = {2: _tables(first, second), 3: _leads(8), 6: head + one + two}
    record = _read(tmp_path, parts)
    assert np.round(record.lead("I") * 1000).tolist() == [5, -7, -8, 100, -100, 100, 5, 7]
    assert np.round(record.lead("II") * 1000).tolist() == [-100, -100, -7, -7, 5, 5, 100, 100]


@pytest.mark.parametrize(
    ("section_2", "message"),
    [
        (_tables([("0", 0, False, 1), ("01", 0, False, 2)]), "begin alike"),
        (_tables([("0", 0, False, 1), ("1", 0, True, 3)]), "table that is not there"),
        (struct.pack("<HH", 1, 999), "number of codes"),
        (struct.pack("<HHBBBhI", 1, 1, 9, 3, 1, 0, 0) + b"\0", "code length"),
        (b"\x05", "cut short"),
    ],
)
def test_impossible_tables_are_refused(section_2: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"made\.scp: section 2.*{message}"):
        _read(tmp_path, _two_leads(s2=section_2))


def test_bits_that_are_no_code_are_refused(tmp_path: Path) -> None:
    table = _tables([("0", 0, False, 1), ("10", 0, False, 2)])
    with pytest.raises(FormatError, match=r"section 6, lead I: no code of the Huffman table"):
        _read(tmp_path, _two_leads(s2=table, s6=_plain(np.full((2, 500), -1))))


def test_a_code_list_that_contradicts_itself_is_named() -> None:
    with pytest.raises(FormatError, match="begin alike"):
        make_table([Code(1, 1, False, 0, 0), Code(1, 1, False, 3, 0)], "t")


# --- reference beat and bimodal compression ---------------------------------------------------------------------


def test_blocks_are_joined_by_lines_and_smoothed() -> None:
    row = expanded(np.array([4.0, 8.0, 20.0]), [], 9, 4)
    assert row.tolist() == [4, 4, 4, 5, 6, 7, 8, 8, 20]
    assert smoothed(row, [], [], 1).tolist() == [4, 4, 4, 5, 6, 7, 8, 12, 20]


def _by_hand(
    stored: list[int],
    reference: list[int],
    count: int,
    beats: list[tuple[int, int, int, int]],
    protected: list[tuple[int, int]],
    fiducial: int,
) -> list[float]:
    """Rebuild a lead sample by sample, in the standard's own counting from 1."""
    inside = [any(start <= n <= end for start, end in protected) for n in range(1, count + 1)]
    out: list[float] = []
    values = iter(stored)
    n = 1
    while n <= count:
        if inside[n - 1]:
            out.append(next(values))
            n += 1
            continue
        last = n
        while last < count and not inside[last]:
            last += 1
        blocks, rest = divmod(last - n + 1, 4)
        knots = [next(values) for _ in range(blocks)]
        for k in range(blocks * 4):
            left = (k - 2) // 4
            if left < 0:
                out.append(knots[0])
            elif left >= blocks - 1:
                out.append(knots[-1])
            else:
                exact = knots[left] + (k - 2) % 4 * (knots[left + 1] - knots[left]) / 4
                out.append(int(abs(exact) + 0.5) * (1 if exact >= 0 else -1))
        out += [next(values) for _ in range(rest)]
        n = last + 1
    edges = {1, count}
    for start, end in protected:
        edges |= set(range(start, end + 1))
    for kind, start, _, end in beats:
        edges |= {start - 1, start, end, end + 1} if kind == 0 else set()
    result = list(out)
    for n in range(2, count):
        if n not in edges:
            total = out[n - 2] + out[n - 1] + out[n]
            result[n - 1] = int((abs(total) + 1) / 3) * (1 if total >= 0 else -1)
    for kind, start, middle, end in beats:
        for n in range(start, end + 1):
            if kind == 0:
                result[n - 1] += reference[n - middle + fiducial - 1]
    return result


def test_bimodal_compression_with_reference_beat_subtraction(tmp_path: Path) -> None:
    count, fiducial = 60, 10
    beats = [(0, 8, 15, 24), (1, 0, 37, 0), (0, 44, 50, 58)]
    protected = [(12, 18), (34, 41), (48, 53)]
    rng = np.random.default_rng(3)
    # stretches of 11, 15, 6, 7 samples between zones of 7, 8, 6: (2+3)+7+(3+3)+8+(1+2)+6+(1+3) values
    stored = [rng.integers(-90, 90, 39) for _ in range(2)]
    reference = [rng.integers(-200, 200, 20) for _ in range(2)]
    zones = b"".join(struct.pack("<HIII", *beat) for beat in beats)
    zones += b"".join(struct.pack("<II", *zone) for zone in protected)
    coded = [encode(np.diff(row, prepend=0)) for row in stored]
    parts = {
        2: struct.pack("<H", 19999),
        3: _leads(count, flags=0x15),
        4: struct.pack("<HHH", 40, fiducial, 3) + zones,
        5: struct.pack("<HHBB", 5000, 2000, 0, 0)
        + struct.pack("<HH", *(len(encode(row)) for row in reference))
        + b"".join(map(encode, reference)),
        6: struct.pack("<HHBBHH", 5000, 8000, 1, 1, *map(len, coded)) + b"".join(coded),
    }
    record = _read(tmp_path, parts)
    assert record.sampling_rate_hz == 500.0
    for name, row, beat in zip(("I", "II"), stored, reference, strict=True):
        expected = _by_hand(row.tolist(), beat.tolist(), count, beats, protected, fiducial)
        assert np.round(record.lead(name) / 0.005).tolist() == expected
    median = record.device_reading.median
    assert median is not None
    assert np.array_equal(np.round(median.signal / 0.005), reference)
    assert record.device_reading.qrs_s == (14 / 500, 36 / 500, 49 / 500)


def test_without_bimodal_the_reference_beat_in_other_steps_is_added(tmp_path: Path) -> None:
    rows = np.arange(200).reshape(2, 100)
    beat = np.array([[10, 20, 30, 40], [-4, -6, -8, -10]])
    parts = {
        3: _leads(100, flags=0x15),
        4: struct.pack("<HHH", 8, 2, 1) + struct.pack("<HIII", 0, 49, 50, 52) + struct.pack("<II", 0, 0),
        5: _plain(beat, nanovolts=2500),
        6: _plain(rows, nanovolts=5000),
    }
    record = _read(tmp_path, parts)
    expected = rows.astype(float)
    expected[:, 48:52] += (
        beat / 2
    )  # sample 49 is the first of the reference beat, since 50 lies on its second
    assert record.leads(("I", "II")) / 0.005 == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s3": _leads(500, flags=0x15)}, "section 5: the reference beat was subtracted but is missing"),
        (
            {"s6": _plain(np.zeros((2, 500)))[:5] + b"\1" + _plain(np.zeros((2, 500)))[6:]},
            "without the zones of section 4",
        ),
        ({"s6": _plain(np.zeros((2, 500)), nanovolts=0)}, "amplitude: impossible value"),
        ({"s6": _plain(np.zeros((2, 500)), interval=0)}, "interval: impossible value"),
        ({"s6": _plain(np.zeros((2, 500)), order=3)}, "differences: impossible value"),
        ({"s6": _plain(np.zeros((2, 500)))[:-2]}, "lead 2: the file is cut short"),
        ({"s6": _plain(np.zeros((2, 5)))}, "lead I: too few bytes"),
        ({"s3": b"\0\0"}, "no leads"),
        ({"s3": _leads(0)}, "impossible sample numbers"),
        ({"s3": _leads(2**32 - 2)}, "impossible sample numbers"),
        ({"s3": b""}, "section 3 is missing"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"made\.scp.*{message}"):
        _read(tmp_path, _two_leads(**change))


# --- layout, checksums -----------------------------------------------------------------------------------------


def test_leads_recorded_one_after_another_have_gaps(tmp_path: Path) -> None:
    layout = bytes([2, 0]) + struct.pack("<IIB", 1, 250, 1) + struct.pack("<IIB", 251, 500, 2)
    record = _read(tmp_path, _two_leads(s3=layout, s6=_plain(np.ones((2, 250)))))
    assert record.n_samples == 500
    assert np.isfinite(record.lead("I")).tolist() == [True] * 250 + [False] * 250
    assert np.isfinite(record.lead("II")).tolist() == [False] * 250 + [True] * 250


def test_calibration_leads_stay_out_and_missing_samples_are_told(tmp_path: Path) -> None:
    record = _read(tmp_path, _two_leads(s3=_leads(500, (1, 31)), s6=_plain(np.ones((2, 490)))))
    assert record.lead_names == ("I",)
    assert np.isnan(record.lead("I")[490:]).all()
    assert {note.kind for note in record.notes} >= {"leads", "duration"}


@pytest.mark.parametrize(("interval", "rate"), [(2000, 500.0), (4167, 240.0), (2778, 360.0), (977, 1024.0)])
def test_rates_that_whole_microseconds_cannot_tell(interval: int, rate: float, tmp_path: Path) -> None:
    record = _read(tmp_path, _two_leads(s6=_plain(np.ones((2, 500)), interval=interval)))
    assert record.sampling_rate_hz == rate
    assert any(str(interval) in note.text for note in record.notes) == (interval != 2000)


def test_a_wrong_checksum_is_a_note_where_all_else_fits(tmp_path: Path) -> None:
    raw = bytearray(_scp(_two_leads()))
    raw[-1] ^= 1
    (tmp_path / "c.scp").write_bytes(bytes(raw))
    notes = [note.text for note in formats.read(tmp_path / "c.scp").notes if note.kind == "checksum"]
    assert [re.search(r"of (.*?) is wrong", text).group(1) for text in notes] == ["the record", "section 6"]  # type: ignore[union-attr]


def test_a_wrong_checksum_is_part_of_the_error_where_not(tmp_path: Path) -> None:
    raw = bytearray(_scp(_two_leads()))
    at = raw.index(_leads(500))
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
    raw = bytearray(_scp(_two_leads()))
    raw[place : place + len(value)] = value
    (tmp_path / "p.scp").write_bytes(bytes(raw))
    with pytest.raises(FormatError, match=rf"p\.scp: {message}"):
        scp_ecg.read(tmp_path / "p.scp")


def test_long_term_rhythm_is_refused_by_name(tmp_path: Path) -> None:
    raw = _scp({1: _tags(), 3: _leads(500), 11: b"\0" * 20}, protocol=30)
    raw = raw.replace(struct.pack("<HI", 11, 36), struct.pack("<HI", 12, 36))
    (tmp_path / "l.scp").write_bytes(raw)
    with pytest.raises(FormatError, match="section 12 of protocol 3"):
        scp_ecg.read(tmp_path / "l.scp")


def test_lead_codes_are_the_standard_s() -> None:
    assert [lead_name(n) for n in (1, 2, *range(61, 65), *range(3, 9))] == list(STANDARD_12)
    assert [lead_name(n) for n in (11, 12, 9, 66, 67, 16, 17, 18)] == [
        *("V3R", "V4R", "V7", "V8", "V9", "X", "Y", "Z")
    ]
    assert all(lead_name(lead_number(name)) == name for name in STANDARD_12)
    assert lead_name(184) == "SCP lead 184"
    assert len(set(NAMES.values())) == len(NAMES)


# --- header and findings ----------------------------------------------------------------------------------------


def _machine(language: int) -> bytes:
    fixed = struct.pack("<HHHBB6sBBBBB16x", 1, 2, 3, 0, 8, b"ELI\0", 13, 0xA0, language, 0xF0, 1)
    return fixed + b"\x04p1.\0" + b"sn9\0" + b"\0\0\0"


def test_every_field_of_section_1_is_kept(tmp_path: Path) -> None:
    fields = _tags(
        *((0, b"Doe\0"), (1, b"Jane\0"), (2, b"id 7\0"), (3, b"Roe\0"), (4, struct.pack("<HB", 6, 2))),
        *(
            (5, struct.pack("<HBB", 2001, 2, 3)),
            (6, struct.pack("<HB", 61, 2)),
            (7, struct.pack("<HB", 9, 1)),
        ),
        *((8, b"\2"), (9, b"\1"), (10, b"\0\1\2digoxin\0"), (11, struct.pack("<H", 120)), (13, b"why\0")),
        *((14, _machine(0)), (16, b"here\0"), (20, b"who\0"), (24, b"\1")),
        *((25, struct.pack("<HBB", 2020, 1, 2)), (26, bytes([3, 4, 5])), (27, struct.pack("<H", 5))),
        *((28, struct.pack("<H", 150)), (29, b"\2"), (30, b"one\0"), (30, b"two\0"), (32, b"\0\x0a")),
        *((33, b"\1\0"), (34, struct.pack("<hHB", 480, 0, 0)), (35, b"old MI\0"), (200, b"\1\2\3")),
    )
    record = _read(tmp_path, _two_leads(s1=fields))
    assert record.patient == Patient("id 7", "Jane Doe Roe", "female", 0.5, "2001-02-03")
    made = record.acquisition
    assert (made.start_time, made.device) == ("2020-01-02T03:04:05", "Mortara Instruments ELI")
    assert (made.highpass_hz, made.lowpass_hz, made.notch_hz, made.step_uv) == (0.05, 150.0, 50.0, 5.0)
    expected = {"age": "6 months", "height": "61 inches", "weight": "9 kg", "race": "Caucasian"}
    expected |= {"drug": "0/1/2 digoxin", "systolic blood pressure": "120 mmHg", "indication": "why"}
    expected |= {"acquiring institution": "here", "referring physician": "who", "priority": "1"}
    expected |= {"free text": "one\ntwo", "history codes": "table 0: 10", "electrodes": "standard"}
    expected |= {"time zone": "UTC+08:00", "medical history": "old MI", "field 200": "01 02 03"}
    assert expected.items() <= made.extra.items()
    assert all(word in made.extra["acquiring device"] for word in ("program p1.", "serial number sn9"))


@pytest.mark.parametrize(
    ("language", "codec", "last", "first", "name"),
    [
        (0x27, "gb2312", "张", "伟", "张伟"),
        (0x00, "gb18030", "欧阳", "喆", "欧阳喆"),  # undeclared, as carts write it
        (0x00, "utf-8", "张", "伟", "张伟"),
        (0x37, "utf-8", "张", "喆", "张喆"),
        (0x07, "utf-16-le", "张", "A", "张A"),
        (0x01, "latin-1", "Müller", "Zoë", "Zoë Müller"),
        (0x13, "iso8859_5", "Иванов", "Пётр", "Пётр Иванов"),
        (0x2F, "cp949", "김", "철수", "김철수"),
    ],
)
def test_names_in_many_character_sets(
    language: int, codec: str, last: str, first: str, name: str, tmp_path: Path
) -> None:
    end = "\0".encode(codec)
    fields = _tags((0, last.encode(codec) + end), (1, first.encode(codec) + end), (14, _machine(language)))
    assert _read(tmp_path, _two_leads(s1=fields)).patient.name == name


def test_a_field_that_claims_too_much_is_noted(tmp_path: Path) -> None:
    record = _read(tmp_path, _two_leads(s1=_tags((2, b"7\0"))[:-3] + b"\x0d\xff\xff\0"))
    assert record.patient.patient_id == "7"
    assert any("claims 65535 bytes" in note.text for note in record.notes)


def test_measurements_and_statements_of_all_sections(tmp_path: Path) -> None:
    block = struct.pack("<5H3h", 100, 190, 250, 340, 620, 45, -30, 999)
    beat = struct.pack("<5H3h", 29999, 29999, 251, 345, 621, 999, 999, 999)
    spikes = struct.pack("<Hh", 1200, -900) + struct.pack("<BBHH", 1, 0, 1, 500)
    rates = struct.pack("<H", 3) + b"\0\0\1" + struct.pack("<HHHBH", 71, 29999, 431, 1, 0)
    seven = struct.pack("<BBHH", 2, 1, 845, 29999) + block + beat + spikes + rates
    when = struct.pack("<HBBBBB", 2020, 5, 6, 7, 8, 9)
    eight = b"\1" + when + b"\2"
    for number, text in enumerate(("sinus rhythm", "左室肥大"), start=1):
        raw = text.encode("utf-8") + b"\0"
        eight += struct.pack("<BH", number, len(raw)) + raw
    eleven = b"\0" + when + b"\1" + struct.pack("<BHB", 1, 8, 1) + b"LVH\0PR\0"
    ten = struct.pack("<HHHH", 1, 0, 3, 24) + struct.pack("<12h", 90, 150, 92, *[29999] * 6, -150, 1234, -600)
    parts = _two_leads(s7=seven, s8=eight, s10=ten, s11=eleven)
    record = _read(tmp_path, parts)
    reading = record.device_reading
    values = {one.name: (one.value, one.unit) for one in reading.measurements if not one.lead}
    assert values == {
        **{"rr": (845, "ms"), "p_duration": (90, "ms"), "pr": (150, "ms"), "qrs": (90, "ms")},
        **{"qt": (370, "ms"), "p_axis": (45, "deg"), "qrs_axis": (-30, "deg"), "heart_rate": (71, "bpm")},
        "qtcb": (431, "ms"),
    }
    of_leads = {one.name: (one.value, one.unit, one.lead) for one in reading.measurements if one.lead}
    assert of_leads["q_amplitude"] == (-0.15, "mV", "V1")
    assert of_leads["r_amplitude"] == (1.234, "mV", "V1")
    assert of_leads["qrs"] == (92, "ms", "V1")
    assert len(of_leads) == 6
    assert reading.statements == (
        DeviceStatement("sinus rhythm", "", "reader"),
        DeviceStatement("左室肥大", "", "reader"),
        DeviceStatement("LVH PR", "LVH PR", "machine"),
    )
    extra = record.acquisition.extra
    assert extra["statements"] == "confirmed, 2020-05-06T07:08:09"
    assert "1200 ms, -900 uV" in extra["pacemaker spikes"]
    assert extra["measurements of beats"].startswith("29999 29999 251")
    assert not [note for note in record.notes if note.kind == "header"]


def test_a_broken_measurement_section_costs_no_rhythm(tmp_path: Path) -> None:
    record = _read(tmp_path, _two_leads(s7=b"\5\0\1\2\3\4"))
    assert record.n_samples == 500
    assert any("section 7 was read in part" in note.text for note in record.notes)


# --- writing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def told_record(pulse_record: EcgRecord) -> EcgRecord:
    """Return an ECG on a 5 uV grid of which everything is known."""
    signal = (np.round(pulse_record.signal.astype(float) / 0.005) * 0.005).astype(np.float32)
    beat = MedianBeat(signal[:, 100:350], STANDARD_12, 500.0)
    return replace(
        pulse_record,
        signal=signal,
        patient=Patient("编号 7", "欧阳喆", "female", 61.5, "1959-03-02"),
        acquisition=Acquisition(
            start_time="2024-05-06T07:08:09",
            device="心电图机 9000",
            highpass_hz=0.05,
            lowpass_hz=150.0,
            notch_hz=50.0,
            step_uv=5.0,
            extra={"height": "171 cm", "free text": "one\ntwo", "technician": "李", "odd key": "a\\b\nc"},
        ),
        device_reading=DeviceReading(
            (
                DeviceMeasurement("heart_rate", 60.0, "bpm"),
                DeviceMeasurement("pr", 150.0, "ms"),
                DeviceMeasurement("qrs", 90.5, "ms"),
                DeviceMeasurement("r_amplitude", 1.25, "mV", "V5"),
            ),
            (
                DeviceStatement("窦性心律" * 30, "SR"),
                DeviceStatement("normal ECG", "", "reader"),
            ),
            beat,
            (0.4, 1.4, 2.4005),
        ),
        synthetic=True,
    )


def _alike(one: EcgRecord, two: EcgRecord) -> None:
    assert np.array_equal(one.signal, two.signal)
    assert (one.lead_names, one.sampling_rate_hz) == (two.lead_names, two.sampling_rate_hz)
    assert (one.patient, one.synthetic) == (two.patient, two.synthetic)
    kept = {"extra": {}}
    assert replace(one.acquisition, **kept) == replace(two.acquisition, **kept)
    assert one.acquisition.extra.items() <= two.acquisition.extra.items()
    reading, again = one.device_reading, two.device_reading
    assert reading.measurements == again.measurements
    assert reading.statements == again.statements
    assert reading.qrs_s == again.qrs_s
    assert (reading.median is None) == (again.median is None)
    if reading.median is not None and again.median is not None:
        assert np.array_equal(reading.median.signal, again.median.signal)
        assert reading.median.lead_names == again.median.lead_names
        assert reading.median.sampling_rate_hz == again.median.sampling_rate_hz


@pytest.mark.parametrize("writer", [scp_ecg.write, scp_ecg.write_compressed])
def test_round_trip_loses_nothing(writer: object, told_record: EcgRecord, tmp_path: Path) -> None:
    path = writer(told_record, tmp_path / "r.scp")  # type: ignore[operator]
    raw = path.read_bytes()
    assert int.from_bytes(raw[:2], "little") == _crc(raw[2:])
    assert b"synthetic" in raw
    again = formats.read(path)
    _alike(told_record, again)
    assert not [note for note in again.notes if note.kind in ("checksum", "header")]
    assert formats.peek(path).patient == told_record.patient
    assert formats.peek(path).synthetic
    assert scp_ecg.loss(told_record) == "lossless at 5 uV per step"


@pytest.mark.parametrize("name", [EXAMPLE, DEMO])
def test_a_real_file_written_again_is_the_same(name: str, shared_data: Path, tmp_path: Path) -> None:
    record = formats.read(shared_data / name)
    source = replace(
        record,
        acquisition=replace(
            record.acquisition,
            extra={
                key: text
                for key, text in record.acquisition.extra.items()
                if key not in ("SCP-ECG protocol", "rhythm coding")
            },
        ),
    )
    _alike(source, formats.read(scp_ecg.write(record, tmp_path / "a.scp")))
    _alike(source, formats.read(scp_ecg.write_compressed(record, tmp_path / "b.scp")))


def test_what_fits_its_own_fields_is_not_repeated_in_free_text(
    pulse_record: EcgRecord, tmp_path: Path
) -> None:
    record = replace(
        pulse_record,
        patient=Patient("7", "张伟", "male", 50.0, "1970-01-01"),
        acquisition=Acquisition(start_time="2020-01-02T03:04:05", device="cart", lowpass_hz=40.0),
        device_reading=DeviceReading(
            (DeviceMeasurement("rr", 1000.0, "ms"), DeviceMeasurement("qrs", 90.0, "ms")),
            (DeviceStatement("ok"),),
        ),
    )
    raw = scp_ecg.write(record, tmp_path / "f.scp").read_bytes()
    assert b"ecgview." not in raw
    assert "张伟".encode("gb2312") in raw
    again = formats.read(tmp_path / "f.scp")
    assert again.patient == record.patient
    assert again.device_reading.measurements == record.device_reading.measurements
    assert again.device_reading.statements == record.device_reading.statements


def test_computed_leads_are_not_stored_and_come_back(told_record: EcgRecord, tmp_path: Path) -> None:
    computed = ("III", "aVR", "aVL", "aVF")
    names = ("I", "II", *STANDARD_12[6:])
    path = tmp_path / "n.npz"
    np.savez(path, signal=told_record.leads(names), fs_hz=500.0, lead_names=np.array(names))
    record = formats.read(path)
    again = formats.read(scp_ecg.write(record, tmp_path / "n.scp"))
    assert formats.peek(tmp_path / "n.scp").n_leads == 8
    assert again.acquisition.derived_leads == record.acquisition.derived_leads == computed
    assert np.array_equal(again.signal, record.signal)


@pytest.mark.parametrize("rate", [150.0, 240.0, 257.3, 1000.0])
def test_rates_and_unknown_lead_names_come_back(rate: float, tmp_path: Path) -> None:
    signal = np.stack([np.arange(300) % 50, np.arange(300) % 40]).astype(np.float32) / 1000
    record = EcgRecord(signal, ("chest", "back"), rate)
    again = formats.read(scp_ecg.write(record, tmp_path / "u.scp"))
    assert (again.lead_names, again.sampling_rate_hz) == (record.lead_names, rate)
    assert np.array_equal(again.signal, signal)


def test_a_long_record_is_compressed_or_refused(pulse_record: EcgRecord, tmp_path: Path) -> None:
    one = pulse_record.with_signal(np.tile(np.round(pulse_record.signal, 3), 8))
    again = formats.read(scp_ecg.write(one, tmp_path / "long.scp"))
    assert again.seconds == 80.0
    assert np.abs(again.signal - one.signal).max() < 1e-6
    noise = np.random.default_rng(0).integers(-9000, 9000, (12, 40_000)) / np.float32(1000)
    with pytest.raises(FormatError, match=r"noisy\.scp: too long"):
        scp_ecg.write(pulse_record.with_signal(noise.astype(np.float32)), tmp_path / "noisy.scp")


def test_what_cannot_be_written_leaves_nothing_behind(pulse_record: EcgRecord, tmp_path: Path) -> None:
    gap = pulse_record.signal.copy()
    gap[3, 100:200] = np.nan
    with pytest.raises(FormatError, match="gaps"):
        scp_ecg.write(pulse_record.with_signal(gap), tmp_path / "g.scp")
    assert "gaps" in scp_ecg.loss(pulse_record.with_signal(gap))
    with pytest.raises(FormatError, match="cannot be written"):
        scp_ecg.write(pulse_record, tmp_path / "no" / "folder.scp")
    (tmp_path / "d.scp").mkdir()
    with pytest.raises(FormatError, match="cannot be written"):
        scp_ecg.write(pulse_record, tmp_path / "d.scp")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["d.scp"]


def test_odd_steps_are_rounded_and_said(pulse_record: EcgRecord, tmp_path: Path) -> None:
    odd = 5000 / 1024
    signal = (np.round(pulse_record.signal * 1000 / odd) * odd / 1000).astype(np.float32)
    record = replace(pulse_record, signal=signal, acquisition=Acquisition(step_uv=odd))
    assert scp_ecg.loss(record) == "rounded to 1 uV per step, at most 0.5 uV off"
    again = formats.read(scp_ecg.write(record, tmp_path / "o.scp"))
    assert np.abs(again.signal - signal).max() <= 0.0005001
    assert again.acquisition.step_uv == 1.0
