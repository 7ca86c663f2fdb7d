"""Formats 16 and 212 read by numpy: the same samples as the wfdb library, and everything else left to it."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats.wfdb import steps as reader
from ecgview.formats.wfdb.header import read_header


def record(folder: Path, lines: list[str], files: dict[str, bytes], first: str = "") -> Path:
    """Write a header and its signal files; return the header's path."""
    (folder / "made.hea").write_text("\n".join([first or f"made {len(lines)} 500 40", *lines]) + "\n")
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return folder / "made.hea"


def by_library(path: Path) -> list[np.ndarray]:
    """Return every signal as wfdb reads it, in its unit."""
    read = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False)
    return list(read.e_p_signal)


def by_numpy(path: Path) -> list[np.ndarray]:
    """Return every signal as `steps` reads it, in its unit."""
    header = read_header(path)
    places = list(range(len(header.signals)))
    assert reader.is_read_here(header, places)
    assert header.n_samples is not None
    return reader.rows(header, path.parent, places, header.n_samples)


def steps(count: int, seed: int = 0) -> bytes:
    """Return so many 16-bit steps, the lowest of all among them."""
    values = np.random.default_rng(seed).integers(-32768, 32768, count)
    values[[1, count // 2]] = -32768
    return values.astype("<i2").tobytes()


def twelve(count: int) -> bytes:
    """Return so many samples of twelve bits, two in three bytes, the lowest of all among them."""
    raw = np.random.default_rng(0).integers(0, 256, (count // 2, 3), dtype=np.uint8)
    raw[3] = (0x00, 0x88, 0x00)  # -2048 twice
    return raw.tobytes()


CASES = {
    "plain": (["a.dat 16 1000/mV 16 0 0 0 0 I", "a.dat 16 1000/mV 16 0 0 0 0 II"], {"a.dat": steps(80)}),
    "no gain": (["a.dat 16", "a.dat 16 0 16 0 0 0 0 II"], {"a.dat": steps(80)}),
    "baseline": (["a.dat 16 200.5(-17)/mV 12 1024 0 0 0 I"], {"a.dat": steps(40)}),
    "zero of the converter": (["a.dat 16 200/uV 12 1024 0 0 0 I"], {"a.dat": steps(40)}),
    "exponent": (["a.dat 16 1.0e3/mV 16 0 0 0 0 I"], {"a.dat": steps(40)}),
    "negative gain": (["a.dat 16 -200/mV 16 0 0 0 0 I"], {"a.dat": steps(40)}),
    "bytes before": (["a.dat 16+24 1000/mV 16 0 0 0 0 I"], {"a.dat": b"x" * 24 + steps(40)}),
    "frames": (
        [
            "a.dat 16x4 1000/mV 16 0 0 0 0 I",
            "a.dat 16 10/mmHg 16 0 0 0 0 ABP",
            "a.dat 16x4 500/mV 16 0 0 0 0 V",
        ],
        {"a.dat": steps(360)},
    ),
    "two files": (
        ["a.dat 16 1000/mV 16 0 0 0 0 I", "a.dat 16 1000/mV 16 0 0 0 0 III", "b.dat 16 400/mV 16 0 0 0 0 II"],
        {"a.dat": steps(80), "b.dat": steps(40, 1)},
    ),
    "212": (["a.dat 212 200/mV 12 0 0 0 0 I", "a.dat 212 200/mV 12 1024 0 0 0 II"], {"a.dat": twelve(80)}),
    "212, an odd number of signals": (
        [f"a.dat 212 200(-17)/mV 12 0 0 0 0 {name}" for name in ("I", "II", "V5")],
        {"a.dat": twelve(120)},
    ),
    "212, alone": (["a.dat 212 200/mV 12 0 0 0 0 I"], {"a.dat": twelve(40)}),
    "212, frames and bytes before": (
        ["a.dat 212x2+7 200/mV 12 0 0 0 0 I", "a.dat 212+7 10/mmHg 12 0 0 0 0 ABP"],
        {"a.dat": b"x" * 7 + twelve(120)},
    ),
    "more than is named": (["a.dat 16 1000/mV 16 0 0 0 0 I"], {"a.dat": steps(99)}),
}


@pytest.mark.parametrize("name", CASES)
def test_both_readers_give_the_same_numbers(name: str, tmp_path: Path) -> None:
    path = record(tmp_path, *CASES[name])
    for ours, theirs in zip(by_numpy(path), by_library(path), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["plain", "frames", "212", "212, an odd number of signals"])
@pytest.mark.parametrize("first", [1, 6, 7])
def test_a_part_is_that_of_the_whole(first: int, name: str, tmp_path: Path) -> None:
    path = record(tmp_path, *CASES[name])
    header = read_header(path)
    places = list(range(len(header.signals)))
    parts = reader.rows(header, tmp_path, places, 11, first)
    for line, part, whole in zip(header.signals, parts, by_numpy(path), strict=True):
        np.testing.assert_array_equal(part, whole[first * line.per_frame : (first + 11) * line.per_frame])


def test_signals_of_two_files_may_stand_in_any_order(tmp_path: Path) -> None:
    """The library fails on such a header; the numbers are those that were written."""
    lines = ["a.dat 16 1/mV 16 0 0 0 0 I", "b.dat 16 1/mV 16 0 0 0 0 II", "a.dat 16 1/mV 16 0 0 0 0 III"]
    shared, alone = np.arange(80, dtype="<i2"), np.arange(100, 140, dtype="<i2")
    path = record(tmp_path, lines, {"a.dat": shared.tobytes(), "b.dat": alone.tobytes()})
    for ours, written in zip(by_numpy(path), (shared[::2], alone, shared[1::2]), strict=True):
        np.testing.assert_array_equal(ours, written)


@pytest.mark.parametrize(
    "line",
    [
        "a.dat 16:3 1000/mV 16 0 0 0 0 I",
        "a.dat 212:3 1000/mV 12 0 0 0 0 I",
        "a.dat 61 1000/mV 16 0 0 0 0 I",
        "a.dat 16 1000(x)/mV 16 0 0 0 0 I",
        "a.dat 16 1000/mV 16 ? 0 0 0 I",
    ],
)
def test_what_asks_for_more_is_left_to_the_library(line: str, tmp_path: Path) -> None:
    header = read_header(record(tmp_path, [line], {}))
    assert not reader.is_read_here(header, [0])


def test_a_file_shared_with_another_format_is_left_to_the_library(tmp_path: Path) -> None:
    lines = ["a.dat 16 1000/mV 16 0 0 0 0 I", "a.dat 24 1000/mV 16 0 0 0 0 II"]
    header = read_header(record(tmp_path, lines, {}))
    assert not reader.is_read_here(header, [0])


def test_a_header_without_length_opens_what_is_in_the_file(tmp_path: Path) -> None:
    lines = ["a.dat 16 1000/mV 16 0 0 0 0 I", "a.dat 16 1000/mV 16 0 0 0 0 II"]
    found = formats.read(record(tmp_path, lines, {"a.dat": steps(2 * 777) + b"\0"}, first="made 2 500"))
    assert found.n_samples == 777


def test_a_file_cut_short_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = record(tmp_path, ["a.dat 16 1000/mV 16 0 0 0 0 I"], {"a.dat": steps(39)})
    with pytest.raises(FormatError, match=r"a\.dat: the signal file is cut short"):
        formats.read(path)


def test_real_records_hold_what_the_library_reads(shared_data: Path) -> None:
    found = sorted(shared_data.rglob("*.hea"))
    plain = 0
    for path in found[:: max(1, len(found) // 60)]:
        header = read_header(path)
        places = list(range(len(header.signals)))
        if not header.signals or header.n_samples is None or not reader.is_read_here(header, places):
            continue
        if header.repaired:
            continue  # the library alone does not open it
        plain += 1
        for ours, theirs in zip(by_numpy(path), by_library(path), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert plain > 20


def test_the_library_reads_a_sound_record_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(**_: object) -> None:
        raise AssertionError("a private folder was made")

    monkeypatch.setattr("ecgview.formats.wfdb.files.tempfile.TemporaryDirectory", none)
    raw = np.random.default_rng(0).integers(-100, 100, (400, 2)).astype(np.int64)
    wfdb.wrsamp(
        "whole", 500, ["mV"] * 2, ["I", "II"], d_signal=raw, fmt=["212"] * 2, adc_gain=[200.0] * 2,
        baseline=[0, 0], write_dir=str(tmp_path),
    )  # fmt: skip
    found = formats.read(tmp_path / "whole.hea")
    np.testing.assert_allclose(found.lead("II"), raw[:, 1] / 200.0, rtol=1e-6)
