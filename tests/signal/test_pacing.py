"""Pacemaker stimuli: seen, not seen, or cannot be told (issue 9, section 5)."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgview import formats, resources
from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord
from ecgview.signal import pacing
from ecgview.signal.measurements import STIMULI, measure
from ecgview.signal.resampling import resample

DEMOS = ("normal", "af", "lbbb", "lvh", "anterior_mi", "complete_av_block")
DIPOLE = np.array([0.5, 0.9, 0.4, -0.7, 0.05, 0.65, -0.3, 0.4, 0.6, 0.8, 0.7, 0.5])[:, None]


def demo(name: str) -> EcgRecord:
    """Return a shipped record."""
    return formats.read(resources.path("demo") / f"{name}.hea")


def with_stimuli(record: EcgRecord, times_s: list[float], width_ms: float, size_mv: float = 1.0) -> EcgRecord:
    """Return the record with a pulse of this width and size at these times, as its sampling would have caught it."""
    fine = 20
    t = np.arange(record.n_samples * fine) / (record.sampling_rate_hz * fine)
    pulse = np.zeros(t.size)
    for time in times_s:
        pulse[(t >= time) & (t < time + width_ms / 1000)] = size_mv
    caught = pulse.reshape(-1, fine).mean(1)
    dipole = DIPOLE[[STANDARD_12.index(name) for name in record.lead_names]]
    return record.with_signal(record.signal + (dipole * caught).astype(np.float32))


def at_rate(record: EcgRecord, fs_hz: float) -> EcgRecord:
    """Return the record at another rate."""
    signal = resample(record.signal, record.sampling_rate_hz, fs_hz)
    return replace(record, signal=signal, sampling_rate_hz=fs_hz)


def quiet(leads: tuple[str, ...] = STANDARD_12, fs_hz: float = 500.0, seconds: float = 10.0) -> EcgRecord:
    """Return leads of plain recorder noise, 3 uV."""
    noise = np.random.default_rng(3).normal(0, 0.003, (len(leads), round(fs_hz * seconds)))
    return EcgRecord(
        noise.astype(np.float32) + np.linspace(0, 0.2, noise.shape[1], dtype=np.float32), leads, fs_hz
    )


def low_passed(record: EcgRecord, order: int) -> EcgRecord:
    """Return the record through a 40 Hz low-pass, stored in steps of 1 uV, with nothing that says so."""
    from scipy.signal import butter, sosfilt

    low = butter(order, 40, fs=record.sampling_rate_hz, output="sos")
    filtered = sosfilt(low, record.signal - record.signal[:, :1], axis=1)
    return record.with_signal(np.round(filtered, 3).astype(np.float32))


BEATS = [0.4 + 0.83 * k for k in range(11)]


@pytest.mark.parametrize("name", DEMOS)
def test_of_the_demonstration_records_none_is_paced(name: str) -> None:
    found = pacing.detect(demo(name))
    assert found.state == "not seen"
    assert not found.times_s
    assert not found.reason


@pytest.mark.parametrize("name", DEMOS)
@pytest.mark.parametrize("width_ms", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("fs_hz", [500.0, 1000.0])
def test_pulses_on_real_beats_are_seen_where_they_are(name: str, width_ms: float, fs_hz: float) -> None:
    record = demo(name) if fs_hz == 500 else at_rate(demo(name), fs_hz)
    size_mv = 2.0 / width_ms  # the charge of a stimulus: what a sampled trace keeps of it
    found = pacing.detect(with_stimuli(record, BEATS, width_ms, size_mv))
    assert found.state == "seen"
    hits = [time for time in BEATS if min(abs(time - seen) for seen in found.times_s) < 0.006]
    assert len(hits) >= 8
    strays = [seen for seen in found.times_s if min(abs(time - seen) for time in BEATS) > 0.012]
    assert not strays


@pytest.mark.parametrize("leads", [("II",), ("V1",), ("II", "V5"), ("I", "II", "III")])
def test_one_lead_is_enough(leads: tuple[str, ...]) -> None:
    record = with_stimuli(demo("normal"), BEATS, 1.0, 2.0)
    rows = [STANDARD_12.index(name) for name in leads]
    few = replace(record, signal=record.signal[rows], lead_names=leads)
    assert pacing.detect(few).state == "seen"


def test_what_is_stated_of_the_times_is_measured() -> None:
    (row,) = [item for item in measure(with_stimuli(demo("normal"), BEATS, 1.0, 2.0)) if item.name == STIMULI]
    assert row.value is not None
    assert row.value >= 8
    assert row.unit == "seen"
    assert "at 0.40" in row.note
    assert STIMULI not in [item.name for item in measure(demo("normal"))]


class TestCannotTell:
    @pytest.mark.parametrize("fs_hz", [100.0, 125.0, 250.0])
    def test_at_low_rates(self, fs_hz: float) -> None:
        found = pacing.detect(at_rate(demo("normal"), fs_hz))
        assert found.state == "cannot tell"
        assert f"at {fs_hz:g} Hz" in found.reason

    def test_of_a_low_pass_that_the_file_states(self) -> None:
        for lowpass_hz, state in ((40.0, "cannot tell"), (75.0, "cannot tell"), (150.0, "not seen")):
            record = replace(demo("normal"), acquisition=Acquisition(lowpass_hz=lowpass_hz))
            assert pacing.detect(record).state == state

    def test_of_a_low_pass_that_nobody_states(self) -> None:
        for order in (2, 4):
            assert (
                pacing.detect(low_passed(with_stimuli(demo("lvh"), BEATS, 0.5), order)).state == "cannot tell"
            )

    def test_of_few_seconds(self) -> None:
        record = demo("normal")
        found = pacing.detect(record.with_signal(record.signal[:, :1500]))
        assert found.state == "cannot tell"
        assert "3.0 s" in found.reason

    def test_in_noise(self) -> None:
        record = demo("normal")
        noise = np.random.default_rng(0).normal(0, 0.06, record.signal.shape).astype(np.float32)
        found = pacing.detect(record.with_signal(record.signal + noise))
        assert found.state == "cannot tell"
        assert "noisy" in found.reason

    def test_without_a_signal(self) -> None:
        silent = quiet().with_signal(np.zeros((12, 5000), dtype=np.float32))
        assert pacing.detect(silent).state == "cannot tell"
        gone = quiet().with_signal(np.full((12, 5000), np.nan, dtype=np.float32))
        assert pacing.detect(gone).state == "cannot tell"

    def test_stimuli_that_are_seen_all_the_same_count(self) -> None:
        record = replace(
            with_stimuli(demo("normal"), BEATS, 2.0, 2.0), acquisition=Acquisition(lowpass_hz=40.0)
        )
        assert pacing.detect(record).state == "seen"


def _spikes(record: EcgRecord) -> NDArray[np.float32]:
    """Muscle: bursts of small spikes everywhere."""
    rng = np.random.default_rng(5)
    spikes = np.zeros_like(record.signal)
    for _ in range(120):
        place = int(rng.integers(20, record.n_samples - 20))
        spikes[:, place : place + 4] += rng.normal(0, 0.08, (12, 1)) * np.array([0.4, 1.0, -0.6, 0.2])
    return spikes


def _sharp(record: EcgRecord) -> NDArray[np.float32]:
    """A narrow, tall QRS complex: 40 ms, 3 mV."""
    t = np.arange(record.n_samples) / record.sampling_rate_hz
    beat = sum(np.exp(-(((t - time) / 0.008) ** 2) / 2) for time in BEATS)
    return (3.0 * DIPOLE * beat).astype(np.float32)


def _lead_off(record: EcgRecord) -> NDArray[np.float32]:
    """An electrode that comes off and on: steps of 2 mV in the leads it feeds."""
    steps = np.zeros_like(record.signal)
    for start in (700, 2100, 3600):
        steps[:6, start : start + 600] += 2.0 * DIPOLE[:6]
    return steps


def _mains(record: EcgRecord) -> NDArray[np.float32]:
    t = np.arange(record.n_samples) / record.sampling_rate_hz
    return (DIPOLE * 0.3 * (np.sin(2 * np.pi * 50 * t) + 0.3 * np.sin(2 * np.pi * 150 * t))).astype(
        np.float32
    )


def _calibration(record: EcgRecord) -> NDArray[np.float32]:
    """The square of 1 mV and 200 ms that carts set at both ends."""
    pulse = np.zeros_like(record.signal)
    for start in (60, record.n_samples - 150):
        pulse[:, start : start + 100] = 1.0
    return pulse


def _one_lead_pops(record: EcgRecord) -> NDArray[np.float32]:
    pops = np.zeros_like(record.signal)
    pops[8, [400, 1333, 2500, 4100]] = 1.5
    return pops


@pytest.mark.parametrize("disturb", [_spikes, _sharp, _lead_off, _mains, _calibration, _one_lead_pops])
@pytest.mark.parametrize("name", ["normal", "af"])
def test_what_is_no_stimulus_is_not_taken_for_one(name: str, disturb: object) -> None:
    record = demo(name)
    assert callable(disturb)
    assert pacing.detect(record.with_signal(record.signal + disturb(record))).state != "seen"


def test_gaps_have_no_edges() -> None:
    record = demo("normal")
    signal = record.signal.copy()
    for start in (500, 1700, 2900, 4100):
        signal[:, start : start + 90] = np.nan
        signal[:, start + 90] += 0.8
    assert pacing.detect(record.with_signal(signal)).state == "not seen"


def test_a_long_record_is_looked_at_for_half_a_minute() -> None:
    beats = demo("normal").signal
    record = demo("normal").with_signal(np.tile(beats, 6))
    late = with_stimuli(record, [21.0, 22.0, 23.0, 24.0], 1.0, 2.0)
    assert pacing.detect(late).state == "seen"
    assert pacing.detect(late).looked_at_s == pytest.approx(30.0)


# Real records


def _ptbxl(shared_data: Path) -> list[dict[str, str]]:
    with open(shared_data / "ptbxl" / "ptbxl_database.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_real_stimuli_are_seen(shared_data: Path) -> None:
    paced = [row for row in _ptbxl(shared_data) if "'PACE'" in row["scp_codes"]]
    seen = {
        row["ecg_id"]: pacing.detect(formats.read(shared_data / "ptbxl" / f"{row['filename_hr']}.hea")).state
        for row in paced
    }
    assert len(seen) >= 5
    assert sum(state == "seen" for state in seen.values()) >= len(seen) - 1  # 190 is noisy
    assert pacing.detect(formats.read(shared_data / "cinc2021" / "HR12083.hea")).state == "seen"
    ludb = shared_data / "ludb" / "data"
    states = [
        pacing.detect(formats.read(ludb / f"{n}.hea")).state for n in (8, 34, 45, 72, 74, 90, 93, 104, 111)
    ]
    assert states.count("seen") == 9


def test_paced_at_100_hz_cannot_be_told(shared_data: Path) -> None:
    with np.load(shared_data / "more" / "ptbxl_100hz.npz") as z:
        row = int(np.flatnonzero(z["name"] == "01641")[0])
        start = int(z["n"][:row].sum())
        piece = slice(start, start + int(z["n"][row]))
        u = z["low"][:, piece].astype(np.uint16) | (z["high"][:, piece].astype(np.uint16) << 8)
        steps = ((u >> 1) ^ (-(u & 1).astype(np.int32)).astype(np.uint16)).astype(np.int16)
        signal = (np.cumsum(steps, axis=-1, dtype=np.int16) - z["base"][row]) / z["gain"][row]
    record = EcgRecord(signal.astype(np.float32), ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"), 100.0)
    found = pacing.detect(record)
    assert found.state == "cannot tell"
    assert "at 100 Hz" in found.reason


@pytest.mark.parametrize("order", [2, 4])
def test_real_records_through_a_40_hz_filter_are_hardly_ever_called_unpaced(
    shared_data: Path, order: int
) -> None:
    rows = _ptbxl(shared_data)
    paced = [row for row in rows if "'PACE'" in row["scp_codes"]]
    others = [row for row in rows if "'PACE'" not in row["scp_codes"]][:60]
    for chosen, most in ((paced, 1), (others, 2)):
        paths = [shared_data / "ptbxl" / f"{row['filename_hr']}.hea" for row in chosen]
        states = [
            pacing.detect(low_passed(formats.read(path), order)).state for path in paths if path.is_file()
        ]
        assert len(states) >= 5
        assert states.count("not seen") <= most, states


def test_clean_records_that_are_refused_are_few(shared_data: Path) -> None:
    rows = [
        row
        for row in _ptbxl(shared_data)
        if "'NORM'" in row["scp_codes"] and "'PACE'" not in row["scp_codes"]
    ]
    states = [
        pacing.detect(formats.read(shared_data / "ptbxl" / f"{row['filename_hr']}.hea")).state
        for row in rows
        if (shared_data / "ptbxl" / f"{row['filename_hr']}.hea").is_file()
    ]
    assert len(states) > 100
    assert states.count("seen") <= 0.01 * len(states)
    assert states.count("cannot tell") <= 0.06 * len(states)


def test_files_of_carts_hold_no_stimuli(shared_data: Path) -> None:
    names = ["muse/braveheart_example1.xml", "philips/sierra_1_04_01.xml", "philips/sierra_1_03_129DYPRG.xml"]
    names += ["scp/demo_8lead_1000hz.scp", "cardiosoft/dummy_ecg.xml", "wfdb/s0010_re.hea", "wfdb/100.hea"]
    for name in names:
        assert pacing.detect(formats.read(shared_data / "formats" / name)).state != "seen", name
    filtered = pacing.detect(formats.read(shared_data / "formats" / "cardiosoft" / "example1.xml"))
    assert filtered.state == "cannot tell"
    assert "40 Hz" in filtered.reason
