"""Recordings of hours: what is read of them, and how much memory that takes. Counted in bytes, never by the clock."""

import copy
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from test_edf import _file as edf_file
from test_edf import _onset
from test_ishne_holter import _file as ishne_file
from test_wfdb_steps import record as wfdb_file
from wfdb import rdrecord

from ecgview import api, formats, runs
from ecgview.errors import FormatError
from ecgview.formats import dicom, wfdb
from ecgview.formats.dicom import groups
from ecgview.formats.edf import data_records
from ecgview.formats.kit.quantise import quantise
from ecgview.paper.layout import compose
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord, Signal
from ecgview.signal import beats
from ecgview.signal.judgement import judged
from ecgview.signal.quality import import_notes

RATE = 200
NAMES = ("I", "II", "V5")


def _steps(seconds: int) -> np.ndarray:
    """Return (samples, 3) whole steps in which beats of 75 a minute can be found."""
    t = np.arange(seconds * RATE) / RATE % 0.8
    beat = 200 * np.exp(-(((t - 0.3) / 0.012) ** 2)) + 60 * np.exp(-(((t - 0.55) / 0.05) ** 2))
    noise = np.random.default_rng(0).integers(-4, 5, (len(t), 3))
    return np.asarray(np.round(beat[:, None] * (0.8, 1.0, 1.3)) + noise, dtype=np.int16)


def _wfdb(folder: Path, steps: np.ndarray, storage: str = "16") -> Path:
    samples = steps.astype("<i2").tobytes()
    if storage.startswith("212"):
        flat = (steps.ravel().astype(np.int32) & 0xFFF).reshape(-1, 2)
        first, second = flat[:, 0], flat[:, 1]
        packed = (first & 255, (first >> 8) | ((second >> 8) << 4), second & 255)
        samples = np.stack(packed, axis=1).astype(np.uint8).tobytes()
    lines = [f"r.dat {storage} 200/mV 12 0 0 0 0 {name}" for name in NAMES]
    return wfdb_file(folder, lines, {"r.dat": samples}, f"made 3 {RATE} {len(steps)}")


def _edf(folder: Path, steps: np.ndarray, **fields: Any) -> Path:
    blocks = [block.T.astype("<i2").tobytes() for block in steps.reshape(-1, RATE, 3)]
    path = folder / "r.edf"
    limits = ("-163.84", "163.835", "-32768", "32767")
    path.write_bytes(edf_file(blocks, [*NAMES], [RATE] * 3, unit="mV", limits=limits, **fields))
    return path


def _ishne(folder: Path, steps: np.ndarray) -> Path:
    path = folder / "r.ecg"
    path.write_bytes(ishne_file(steps, (5, 6, 15), (5000, 5000, 5000), rate=RATE))
    return path


def _dicom(folder: Path, steps: np.ndarray) -> Path:
    signal: Signal = np.ascontiguousarray((steps * 0.005).T, dtype=np.float32)
    return dicom.write(EcgRecord(signal, NAMES, float(RATE)), folder / "r.dcm")


MADE: dict[str, Callable[[Path, np.ndarray], Path]] = {
    "WFDB 16": _wfdb,
    "WFDB 212": lambda folder, steps: _wfdb(folder, steps, "212"),
    "EDF": _edf,
    "ISHNE": _ishne,
    "DICOM": _dicom,
}


@pytest.fixture(params=MADE)
def make(request: pytest.FixtureRequest) -> Callable[[Path, np.ndarray], Path]:
    return MADE[request.param]


@pytest.fixture
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is made for each stretch weigh nothing beside a recording of minutes."""
    monkeypatch.setattr(runs, "STRETCH", 1000)
    monkeypatch.setattr(data_records, "AT_ONCE", 6000)


def _peak(work: Callable[[], object]) -> int:
    """Return the most bytes that Python and numpy held at once for a call, what it returns among them."""
    tracemalloc.start()
    try:
        kept = work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        del kept


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of all that becomes numbers from here on: of files, and of what the library has read."""
    sizes: list[int] = []

    def counted(before: Callable[..., np.ndarray], *given: Any, **named: Any) -> np.ndarray:
        found = before(*given, **named)
        sizes.append(found.nbytes)
        return found

    for name in ("fromfile", "frombuffer"):
        monkeypatch.setattr(np, name, partial(counted, getattr(np, name)))
    return sizes


def test_info_reads_ten_seconds_of_a_long_recording_and_says_so(
    make: Callable[[Path, np.ndarray], Path], tmp_path: Path, bytes_read: list[int]
) -> None:
    path = make(tmp_path, _steps(1200))
    bytes_read.clear()
    told = api.info(path)
    assert 0 < sum(bytes_read) <= 1.2 * 10 * RATE * 3 * 2
    whole = api.info(path, whole=True)
    assert sum(bytes_read) > 1200 * RATE * 3
    (note,) = (one for one in told["warnings"] if one["kind"] == "part")
    assert note["text"].startswith("only the first 10 s of 20 min were looked at")
    assert told["sha256"] is None
    assert told["looked_at_s"] == 10
    assert len(whole["sha256"]) == 64
    assert whole["looked_at_s"] == whole["duration_s"] == 1200
    for one in (told, whole):
        del one["sha256"], one["looked_at_s"]
    told["warnings"].remove(note)
    assert told == whole


def test_info_imports_nothing_that_takes_longer_than_the_look(tmp_path: Path) -> None:
    """SciPy and wfdb would be two thirds of the time of a command that reads ten seconds."""
    paths = [str(make(tmp_path, _steps(700))) for make in (_wfdb, _edf, _ishne)]
    code = (
        "import sys\nfrom ecgview.cli import main\n"
        f"main(['info', *{paths!r}])\n"
        "large = ('scipy', 'wfdb', 'pandas', 'torch', 'PySide6', 'pydicom', 'h5py')\n"
        "print([name for name in large if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("only the first 10 s") == 3
    assert done.stdout.splitlines()[-1] == "[]"


def test_info_of_a_short_recording_is_of_all_of_it(tmp_path: Path) -> None:
    told = api.info(_wfdb(tmp_path, _steps(599)))
    assert told["looked_at_s"] == told["duration_s"] == 599
    assert told["sha256"]
    assert not [one for one in told["warnings"] if one["kind"] == "part"]


def test_a_beginning_is_the_whole_recordings(
    make: Callable[[Path, np.ndarray], Path], tmp_path: Path
) -> None:
    path = make(tmp_path, _steps(700))
    part, whole = formats.beginning(path), formats.read(path)
    assert part is not None
    assert part.n_samples == whole.n_samples
    assert np.array_equal(part.record.signal, whole.signal[:, : 10 * RATE])
    assert part.record.lead_names == whole.lead_names
    assert (part.record.patient, part.record.acquisition) == (whole.patient, whole.acquisition)
    assert part.record.source.sha256 == ""


def test_of_a_long_dicom_file_a_worklist_and_info_take_no_samples_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _dicom(tmp_path, _steps(1200))
    expected, seen = formats.peek(path), api.info(path)
    for owner, name in (
        (Path, "read_bytes"),
        (sys.modules["ecgview.formats.dicom.glance"], "open_file"),
        (dicom, "open_file"),
    ):
        monkeypatch.setattr(owner, name, _refuse)
    assert formats.peek(path) == expected
    assert api.info(path) == seen
    assert (expected.n_leads, expected.duration_s) == (7, 1200)


def _refuse(*_given: object) -> object:
    raise AssertionError("the whole file is read")


def test_a_dicom_file_of_two_groups_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them is the rhythm, and what joins it, only all of them say."""
    path = _dicom(tmp_path, _steps(700))
    made = pydicom.dcmread(path)
    second = copy.deepcopy(made.WaveformSequence[0])
    second.NumberOfWaveformSamples, second.WaveformData = 200, second.WaveformData[: 200 * 3 * 2]
    second.WaveformOriginality, second.MultiplexGroupLabel = "DERIVED", "MEDIAN"
    made.WaveformSequence.append(second)
    made.save_as(path)
    monkeypatch.setattr(dicom, "LARGE_FILE", 1000)
    assert formats.beginning(path) is None
    assert len(api.info(path)["sha256"]) == 64
    assert formats.read(path).device_reading.median is not None


def test_a_large_dicom_file_is_the_record_that_a_small_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its samples are read by themselves, so that their bytes are held once; three times before."""
    path = _dicom(tmp_path, _steps(700))
    for most in (10**8, 300 * RATE * 3):  # open whole, and in part
        monkeypatch.setattr(groups, "MOST_SAMPLES", most)
        monkeypatch.setattr(dicom, "MOST_SAMPLES", most)
        monkeypatch.setattr(dicom, "LARGE_FILE", 10**9)
        small = formats.read(path)
        monkeypatch.setattr(dicom, "LARGE_FILE", 1000)
        monkeypatch.setattr(dicom, "open_file", _refuse)
        large = formats.read(path)
        monkeypatch.undo()
        assert large.n_samples == min(700 * RATE, most // 3)
        assert np.array_equal(large.signal, small.signal)
        assert (large.source, large.notes, large.acquisition) == (
            small.source,
            small.notes,
            small.acquisition,
        )


def test_a_recording_that_opens_in_part_says_so_on_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _wfdb(tmp_path, _steps(1200))
    for most, says in ((900 * RATE * 3, "0.3 h recorded, the first 15 min are open"), (10**9, "")):
        monkeypatch.setattr(wfdb, "MOST_SAMPLES", most)
        record = formats.read(path)
        assert record.part_open == says
        words = " ".join(text.text for text in compose(record, PaperSettings()).texts)
        assert ("are open" in words) == bool(says)
        assert says in words
        assert ("open 900 s (15 min), shown 0 to 10 s" if says else "recorded 1200 s (20 min)") in words


def test_a_lead_that_begins_later_is_not_called_missing(tmp_path: Path) -> None:
    steps = _steps(700)
    steps[: 60 * RATE, 2] = 0  # EDF takes a lead of one value throughout as not recorded
    path = _edf(tmp_path, steps)
    assert formats.beginning(path) is None
    assert "V5" in api.info(path)["lead_names"]
    steps[: 60 * RATE] = -32768  # WFDB's sign of no sample
    path = _wfdb(tmp_path, steps)
    assert formats.beginning(path) is None
    assert api.info(path)["n_leads"] == 7


def test_an_interrupted_recording_is_read_for_its_length(tmp_path: Path) -> None:
    blocks = [block.T.astype("<i2").tobytes() for block in _steps(700).reshape(-1, RATE, 3)]
    timed = [block + _onset(k + (100 if k > 300 else 0)) for k, block in enumerate(blocks)]
    path = tmp_path / "gap.edf"
    labels, sizes = [*NAMES, "EDF Annotations"], [RATE, RATE, RATE, 32]
    path.write_bytes(edf_file(timed, labels, sizes, reserved="EDF+D"))
    assert formats.beginning(path) is None
    assert api.info(path)["duration_s"] == 800


def test_reading_whole_makes_no_second_array_of_the_recording(
    make: Callable[[Path, np.ndarray], Path],
    tmp_path: Path,
    small_stretches: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make(tmp_path, _steps(1200))
    monkeypatch.setattr(dicom, "LARGE_FILE", 1000)
    formats.read(path)  # what is imported once is not of the recording
    size = formats.read(path).signal.nbytes
    # three leads of the file and the seven of the record; 14 were made of each before
    in_memory = 0.2 if path.suffix == ".dcm" else 0.0  # DICOM's samples, as they are stored
    assert _peak(lambda: formats.read(path)) < (1.7 + in_memory) * size


def test_stretches_change_no_sample_and_no_note(
    make: Callable[[Path, np.ndarray], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = _steps(60)
    steps[5000:5020, 0] = steps[9000:9020, 0] = 1500  # clipped
    path = make(tmp_path, steps)
    whole = formats.read(path)
    assert "clipping" in {note.kind for note in whole.notes}
    monkeypatch.setattr(runs, "STRETCH", 777)
    monkeypatch.setattr(data_records, "AT_ONCE", 5000)
    again = formats.read(path)
    assert again.source.sha256 == whole.source.sha256
    assert np.array_equal(again.signal, whole.signal)
    assert again.notes == whole.notes


@pytest.mark.parametrize("storage", ["212x2", "212:5", "16+4"])
def test_what_the_library_reads_in_stretches_is_what_it_reads_whole(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _wfdb(tmp_path, _steps(60), storage)
    if storage == "212x2":
        text = path.read_text().replace(" 12000\n", " 6000\n").replace("212x2", "212")
        path.write_text(text.replace("r.dat 212", "r.dat 212x2"))
    elif storage == "16+4":
        signals = path.with_name("r.dat")
        signals.write_bytes(struct.pack("<i", 0) + signals.read_bytes())
    whole = formats.read(path)
    monkeypatch.setattr(runs, "STRETCH", 777)
    again = formats.read(path)
    assert again.source.sha256 == whole.source.sha256


def test_gaps_and_absurd_values_are_told_alike_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(0).normal(0, 0.3, (3, 5000)).astype(np.float32)
    signal[0, 100:300] = np.nan
    signal[1] += 100  # an offset, which is no residual
    names = ("I", "II", "III")
    whole = import_notes(signal, names, 500.0)
    filled = np.nan_to_num(signal).astype(np.float64)
    residual = 1000 * np.std(filled[0] + filled[2] - filled[1])
    assert f"by {residual:.0f} µV" in next(note.text for note in whole if note.kind == "einthoven")
    monkeypatch.setattr(runs, "STRETCH", 333)
    assert import_notes(signal, names, 500.0) == whole
    assert next(note.text for note in whole if note.kind == "nan") == "gaps in I (1.3 % of all samples)"


@pytest.fixture
def hour() -> EcgRecord:
    signal: Signal = np.ascontiguousarray((_steps(3600) * 0.005).T, dtype=np.float32)
    return EcgRecord(signal, NAMES, float(RATE))


def test_judging_makes_nothing_of_more_than_ten_seconds(hour: EcgRecord) -> None:
    judged(EcgRecord(hour.signal[:, : 60 * RATE] * np.float32(1.01), NAMES, float(RATE)))  # imports
    assert _peak(lambda: judged(hour)) < 0.25 * hour.signal.nbytes


def test_steps_to_be_written_are_made_stretch_by_stretch(hour: EcgRecord, small_stretches: None) -> None:
    """16-bit steps are half of the record and the marks of gaps a quarter; ten arrays of it were made before."""
    assert _peak(lambda: quantise(hour, "", may_have_gaps=True)) < 0.9 * hour.signal.nbytes
    made = quantise(hour, "", may_have_gaps=True)
    assert made.lossless
    assert made.step_uv == 5.0
    assert np.array_equal(made.values, _steps(3600).T)


def test_a_recording_without_samples_is_an_error_of_the_whole(tmp_path: Path) -> None:
    steps = np.full((700 * RATE, 3), -32768, dtype=np.int16)
    with pytest.raises(FormatError, match="no valid sample"):
        api.info(_wfdb(tmp_path, steps))


def test_beats_of_hours_are_found_piece_by_piece(hour: EcgRecord) -> None:
    """Where each was put in, the joints of pieces among them; a lead off for minutes adds none."""
    beats.r_peaks(hour)  # imports
    found = beats.r_peaks(hour)
    expected = np.round((np.arange(4500) * 0.8 + 0.3) * RATE)
    assert len(found) == 4500
    assert np.abs(found - expected).max() <= 3
    assert _peak(lambda: beats.r_peaks(hour)) < 3.5 * hour.signal.nbytes  # 14 before
    signal = hour.signal.copy()
    off = slice(1000 * RATE, 1700 * RATE)
    signal[:, off] = np.random.default_rng(1).normal(0, 0.01, (3, 700 * RATE))
    left = beats.r_peaks(EcgRecord(signal, NAMES, float(RATE)))
    assert not ((left > 1001 * RATE) & (left < 1699 * RATE)).any()
    assert len(left) == pytest.approx(4500 - 875, abs=2)


def test_writing_wfdb_makes_no_second_array_of_the_recording(
    hour: EcgRecord, tmp_path: Path, small_stretches: None
) -> None:
    path = wfdb.write(hour, tmp_path / "h")
    assert _peak(lambda: wfdb.write(hour, tmp_path / "again")) < 1.2 * hour.signal.nbytes  # 10 before
    read = rdrecord(str(path.with_suffix("")), physical=False)
    assert read.checksum == read.calc_checksum()
    assert np.array_equal(formats.read(path).lead("II"), hour.lead("II"))
