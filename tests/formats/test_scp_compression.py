"""How SCP-ECG packs samples: Huffman codes with the standard's worked example, reference beats, bimodal blocks."""

import struct
from pathlib import Path

import numpy as np
import pytest
from scp_made import lead_layout, plain_rhythm, read_made, two_leads

from ecgview.errors import FormatError
from ecgview.formats.scp.bimodal import expanded, smoothed
from ecgview.formats.scp.huffman import Code, decode, default_codes, encode, make_table


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
    parts = {2: _tables(first, second), 3: lead_layout(8), 6: head + one + two}
    record = read_made(tmp_path, parts)
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
        read_made(tmp_path, two_leads(s2=section_2))


def test_bits_that_are_no_code_are_refused(tmp_path: Path) -> None:
    table = _tables([("0", 0, False, 1), ("10", 0, False, 2)])
    with pytest.raises(FormatError, match=r"section 6, lead I: no code of the Huffman table"):
        read_made(tmp_path, two_leads(s2=table, s6=plain_rhythm(np.full((2, 500), -1))))


def test_a_code_list_that_contradicts_itself_is_named() -> None:
    with pytest.raises(FormatError, match="begin alike"):
        make_table([Code(1, 1, False, 0, 0), Code(1, 1, False, 3, 0)], "t")


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
        3: lead_layout(count, flags=0x15),
        4: struct.pack("<HHH", 40, fiducial, 3) + zones,
        5: struct.pack("<HHBB", 5000, 2000, 0, 0)
        + struct.pack("<HH", *(len(encode(row)) for row in reference))
        + b"".join(map(encode, reference)),
        6: struct.pack("<HHBBHH", 5000, 8000, 1, 1, *map(len, coded)) + b"".join(coded),
    }
    record = read_made(tmp_path, parts)
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
        3: lead_layout(100, flags=0x15),
        4: struct.pack("<HHH", 8, 2, 1) + struct.pack("<HIII", 0, 49, 50, 52) + struct.pack("<II", 0, 0),
        5: plain_rhythm(beat, nanovolts=2500),
        6: plain_rhythm(rows, nanovolts=5000),
    }
    record = read_made(tmp_path, parts)
    expected = rows.astype(float)
    expected[:, 48:52] += (
        beat / 2
    )  # sample 49 is the first of the reference beat, since 50 lies on its second
    assert record.leads(("I", "II")) / 0.005 == pytest.approx(expected, abs=1e-3)
