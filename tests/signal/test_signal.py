"""Filters, resampling, beats and notes on known answers and on real ECGs."""

from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord
from ecgview.signal import beats, filters, measurements
from ecgview.signal.quality import import_notes
from ecgview.signal.recent import checksum
from ecgview.signal.resampling import averaged, resample


def _sine(hz: float, fs_hz: float = 500.0, seconds: float = 10.0) -> np.ndarray:
    t = np.arange(round(fs_hz * seconds)) / fs_hz
    return np.sin(2 * np.pi * hz * t)[None].astype(np.float32)


@pytest.mark.parametrize("choice", filters.CHOICES, ids=lambda choice: choice.label)
def test_f2_no_filter_moves_a_wave(choice: filters.DisplayFilter) -> None:
    t = np.arange(5000) / 500
    bump = np.exp(-(((t - 5.0) / 0.04) ** 2))[None].astype(np.float32)
    filtered = filters.apply(bump, 500.0, choice)
    assert abs(int(np.argmax(filtered[0])) - 2500) <= 1
    half = filtered[0, 2300:2701]
    assert np.abs(half - half[::-1]).max() < 0.02  # symmetric in time: no phase


def test_the_diagnostic_band_keeps_10_hz_and_takes_offset_away() -> None:
    filtered = filters.apply(_sine(10.0) + 2.0, 500.0, filters.DIAGNOSTIC)
    middle = filtered[0, 1000:4000]
    assert np.ptp(middle) == pytest.approx(2.0, rel=0.02)
    assert abs(float(middle.mean())) < 0.1


def test_the_notch_takes_its_line_and_leaves_10_hz() -> None:
    notch = filters.DisplayFilter(0.05, 150.0, 50.0)
    assert np.ptp(filters.apply(_sine(50.0), 500.0, notch)[0, 1500:3500]) < 0.05
    assert np.ptp(filters.apply(_sine(10.0), 500.0, notch)[0, 1500:3500]) == pytest.approx(2.0, rel=0.02)


def test_gaps_survive_filter_and_resampling() -> None:
    signal = _sine(5.0)
    signal[0, 1000:1500] = np.nan
    filtered = filters.apply(signal, 500.0, filters.DIAGNOSTIC)
    assert np.isnan(filtered[0, 1000:1500]).all()
    assert np.isfinite(filtered[0, :1000]).all()
    slower = resample(signal, 500.0, 250.0)
    assert np.isnan(slower[0, 500:750]).all()
    assert np.isfinite(slower[0, 751:]).all()


@pytest.mark.parametrize(("fs_hz", "to_hz"), [(1000, 500), (250, 500), (240, 500), (500, 100)])
def test_resampling_keeps_a_10_hz_sine_of_one_millivolt(fs_hz: float, to_hz: float) -> None:
    out = resample(_sine(10.0, fs_hz), fs_hz, to_hz)
    assert out.shape == (1, round(10 * to_hz))
    wanted = _sine(10.0, to_hz)
    inner = slice(int(to_hz), int(9 * to_hz))
    assert np.abs(out[0, inner] - wanted[0, inner]).max() < 0.02


def _recorded(fs_hz: float, low: float | None = None, high: float | None = None) -> EcgRecord:
    return EcgRecord(
        np.zeros((1, round(10 * fs_hz)), np.float32),
        ("II",),
        fs_hz,
        acquisition=Acquisition(highpass_hz=low, lowpass_hz=high),
    )


def test_f5_a_band_needs_a_rate_and_a_recorder_that_carry_it() -> None:
    assert filters.possible(filters.DIAGNOSTIC, _recorded(500))
    assert filters.possible(filters.DIAGNOSTIC, _recorded(500, 0.05, 150))
    assert not filters.possible(filters.DIAGNOSTIC, _recorded(250))
    assert not filters.possible(filters.DIAGNOSTIC, _recorded(500, 0.05, 40))


@pytest.mark.parametrize(
    ("chosen", "record", "label"),
    [
        (filters.DIAGNOSTIC, _recorded(500), "0.05-150 Hz, notch off"),
        (filters.DIAGNOSTIC, _recorded(100), "0.05-50 Hz, notch off"),
        (filters.DIAGNOSTIC, _recorded(500, 0.5, 40), "0.5-40 Hz, notch off"),
        (filters.DisplayFilter(0.5, 40.0, 50.0), _recorded(500, 0.05, 150), "0.5-40 Hz, notch 50 Hz"),
        (filters.DisplayFilter(None, None), _recorded(500, 0.05, 100), "0.05-100 Hz, notch off"),
        (filters.DisplayFilter(None, None), _recorded(500), "DC-open, notch off"),
    ],
)
def test_f5_the_band_shown_is_what_the_file_leaves_of_the_one_chosen(
    chosen: filters.DisplayFilter, record: EcgRecord, label: str
) -> None:
    assert filters.seen(chosen, record).label == label


def test_f5_choices_that_look_alike_on_a_file_are_offered_once() -> None:
    assert filters.offered(_recorded(500)) == filters.CHOICES
    narrow = _recorded(500, 0.05, 40)
    alike = [filters.seen(choice, narrow) for choice in filters.offered(narrow)]
    assert len(alike) == len(set(alike))
    assert all(band.lowpass_hz == 40 for band in alike)
    assert filters.offered(narrow)[0] == filters.DIAGNOSTIC


def test_f2_f3_bands_say_what_they_are_not_for_whoever_cut_them() -> None:
    plain = _recorded(500)
    assert filters.cautions(filters.DIAGNOSTIC, plain) == ()
    assert filters.cautions(filters.DisplayFilter(0.05, 40.0), plain) == (filters.NOT_DIAGNOSTIC,)
    assert filters.cautions(filters.DisplayFilter(0.5, 40.0), plain) == (
        filters.RHYTHM_ONLY,
        filters.NOT_DIAGNOSTIC,
    )
    assert filters.cautions(filters.DIAGNOSTIC, _recorded(500, 0.67, 35)) == (
        "rhythm only, not for ST (recorded from 0.67 Hz)",
        "diagnostic frequency response not met (recorded up to 35 Hz)",
    )
    assert filters.cautions(filters.DIAGNOSTIC, _recorded(100)) == ("sampled at 100 Hz: nothing above 50 Hz",)
    assert filters.cautions(filters.DisplayFilter(None, None), _recorded(100))


def test_a_beat_every_second_is_60_per_minute(pulse_record: EcgRecord) -> None:
    summary = beats.rate(pulse_record)
    assert summary is not None
    assert summary.heart_rate_bpm == pytest.approx(60.0, abs=0.1)
    assert summary.n_beats == 10
    values = {item.name: item.value for item in measurements.measure(pulse_record)}
    assert values["RR mean"] == pytest.approx(1000, abs=2)


@pytest.mark.parametrize("bpm", [30, 45, 90, 150, 220])
def test_rates_from_30_to_220(bpm: int, pulse_record: EcgRecord) -> None:
    t = np.arange(5000) / 500
    phase = (t * bpm / 60) % 1 * 60 / bpm
    beat = np.exp(-(((phase - 0.12) / 0.012) ** 2) / 2) + 0.15 * np.exp(-(((phase - 0.22) / 0.02) ** 2) / 2)
    record = pulse_record.with_signal(
        np.stack([g * beat for g in np.linspace(0.3, 1.4, 12)]).astype(np.float32)
    )
    summary = beats.rate(record)
    assert summary is not None
    assert summary.heart_rate_bpm == pytest.approx(bpm, rel=0.03)


def test_nothing_is_measured_where_nothing_beats() -> None:
    flat = EcgRecord(np.full((12, 5000), 0.001, dtype=np.float32), STANDARD_12, 500.0)
    assert beats.rate(flat) is None
    assert {item.value for item in measurements.measure(flat)} == {None}


def test_qrs_detection_on_expert_annotated_ecgs(shared_data: Path) -> None:
    import wfdb

    found = missed = extra = 0
    for path in formats.list_records([shared_data / "ludb"])[:80:2]:
        if path.suffix != ".hea":
            continue
        marks = wfdb.rdann(str(path.with_suffix("")), "ii")
        true = marks.sample[[symbol == "N" for symbol in marks.symbol]]
        peaks = beats.r_peaks(formats.read(path))
        peaks = peaks[(peaks > true[0] - 75) & (peaks < true[-1] + 75)]
        hits = sum(bool((np.abs(peaks - sample) <= 75).any()) for sample in true)
        found, missed, extra = found + hits, missed + len(true) - hits, extra + len(peaks) - hits
    assert found > 200
    assert found / (found + missed) >= 0.98
    assert found / (found + extra) >= 0.98


def test_notes_say_what_is_wrong_with_the_samples(pulse_record: EcgRecord) -> None:
    assert import_notes(pulse_record.signal, STANDARD_12, 500.0) == ()
    signal = pulse_record.signal.copy()
    signal[2] += 0.5 * np.sin(np.arange(5000) / 20)  # III no longer II - I
    signal[6] = 0.0
    signal[7] = np.clip(signal[7] * 3, -0.8, 0.8)
    signal[8, :100] = np.nan
    signal[9, 50] = 40.0
    kinds = {note.kind: note.leads for note in import_notes(signal[:, :4000], STANDARD_12, 500.0)}
    assert set(kinds) == {"einthoven", "flat", "clipping", "nan", "units", "duration"}
    assert kinds["flat"] == ("V1",)
    assert kinds["clipping"] == ("V2",)
    assert kinds["nan"] == ("V3",)


@pytest.mark.parametrize("step", [1, 2, 5, 10])
def test_means_of_some_samples_leave_the_rest_of_the_record_out(step: int) -> None:
    signal = np.random.default_rng(step).normal(size=(3, 1003))
    n = 1003 // step
    expected = signal[:, : n * step].reshape(3, n, step).mean(2)
    np.testing.assert_allclose(averaged(signal, step), expected, atol=1e-14)


def test_a_checksum_is_that_of_the_samples_as_they_are() -> None:
    samples = _sine(7.0)
    record = EcgRecord(samples, ("II",), 500.0)
    before = checksum(record)
    assert before == checksum(record) == checksum(EcgRecord(samples, ("II",), 500.0))
    samples[0, 100] += 1.0  # of whoever made the record: it has its own
    assert checksum(record) == before != checksum(EcgRecord(samples, ("II",), 500.0))
    shared = samples.view()
    shared.setflags(write=False)
    borrowed = EcgRecord(shared, ("II",), 500.0)
    before = checksum(borrowed)
    samples[0, 200] += 1.0  # beneath it
    assert checksum(borrowed) != before
