"""The display filter in NumPy gives SciPy's answer: the same coefficients, ends and start."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, find_peaks, iirnotch, sosfiltfilt, tf2sos

from ecgview.record import Signal
from ecgview.signal import band as band_pass
from ecgview.signal import filters, medians, running, zero_phase
from ecgview.signal.condition import fast_length
from ecgview.signal.gaps import bridged

RATES_HZ = (100.0, 128.0, 250.0, 360.0, 500.0, 977.0, 1000.0)


def _by_scipy(signal: Signal, fs_hz: float, band: filters.DisplayFilter) -> np.ndarray:
    sections = []
    if band.highpass_hz:
        sections.append(butter(1, band.highpass_hz, "highpass", output="sos", fs=fs_hz))
    if band.lowpass_hz and band.lowpass_hz < fs_hz * 0.49:
        sections.append(butter(2, band.lowpass_hz, "lowpass", output="sos", fs=fs_hz))
    if band.notch_hz and band.notch_hz < fs_hz * 0.49:
        sections.append(tf2sos(*iirnotch(band.notch_hz, 30, fs=fs_hz)))
    filled, gaps = bridged(signal)
    for number, section in enumerate(sections):
        padding = min(signal.shape[1] - 1, round((1 if number else 10) * fs_hz))
        filled = sosfiltfilt(section, filled, axis=-1, padtype="even", padlen=padding)
    return np.where(gaps, np.nan, filled)


def _walk(n_leads: int, n_samples: int) -> Signal:
    """Return a wandering, noisy signal far from zero: where an end is continued wrongly it shows."""
    rng = np.random.default_rng(n_samples)
    steps = rng.normal(scale=0.05, size=(n_leads, n_samples))
    return (np.cumsum(steps, axis=1) + rng.normal(scale=3.0, size=(n_leads, 1))).astype(np.float32)


def _assert_same(ours: Signal, theirs: np.ndarray) -> None:
    """Assert that two answers differ by no more than the rounding to float32."""
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    known = np.isfinite(theirs)
    rounding = np.spacing(np.abs(theirs[known]).astype(np.float32)).astype(np.float64)
    assert (np.abs(ours[known] - theirs[known]) <= rounding + 1e-9).all()


@pytest.mark.parametrize("fs_hz", RATES_HZ)
@pytest.mark.parametrize("band", filters.CHOICES, ids=lambda band: band.label)
def test_every_filter_offered_is_scipys_at_every_rate(band: filters.DisplayFilter, fs_hz: float) -> None:
    signal = _walk(3, round(10 * fs_hz))
    _assert_same(filters.apply(signal, fs_hz, band), _by_scipy(signal, fs_hz, band))


@pytest.mark.parametrize("n_samples", [1, 2, 3, 63, 64, 65, 128, 999, 4097, 90_001])
def test_every_length_is_scipys(n_samples: int) -> None:
    signal = _walk(2, n_samples)
    for band in filters.CHOICES:
        _assert_same(filters.apply(signal, 500.0, band), _by_scipy(signal, 500.0, band))


def test_gaps_and_empty_leads_are_as_they_were_by_scipy() -> None:
    signal = _walk(4, 5000)
    signal[0, :700] = np.nan
    signal[1, 1234:2345] = np.nan
    signal[2, -1:] = np.nan
    signal[3] = np.nan
    for band in filters.CHOICES:
        _assert_same(filters.apply(signal, 500.0, band), _by_scipy(signal, 500.0, band))


@pytest.mark.parametrize("fs_hz", RATES_HZ)
def test_coefficients_are_scipys(fs_hz: float) -> None:
    pairs = [
        (zero_phase.highpass(0.05, fs_hz), butter(1, 0.05, "highpass", output="sos", fs=fs_hz)),
        (zero_phase.highpass(0.5, fs_hz), butter(1, 0.5, "highpass", output="sos", fs=fs_hz)),
        (zero_phase.lowpass(40.0, fs_hz), butter(2, 40.0, "lowpass", output="sos", fs=fs_hz)),
    ]
    if fs_hz > 120:
        pairs.append((zero_phase.notch(60.0, 30.0, fs_hz), tf2sos(*iirnotch(60.0, 30.0, fs=fs_hz))))
    for ours, (theirs,) in pairs:
        np.testing.assert_allclose(ours, np.delete(theirs, 3), rtol=1e-12, atol=1e-14)


def test_an_edge_that_the_rate_cannot_carry_is_left_out() -> None:
    signal = _walk(1, 100)
    assert np.array_equal(filters.apply(signal, 0.9, filters.DisplayFilter(0.5, 150.0, 50.0)), signal)


def test_no_scipy_is_needed_for_the_picture() -> None:
    code = (
        "import sys, numpy as np\nfrom ecgview.signal import filters\n"
        "filters.apply(np.ones((1, 500), np.float32), 500.0, filters.CHOICES[1])\n"
        "print([name for name in sys.modules if name.startswith('scipy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _several() -> NDArray[np.float64]:
    """Return (4, 3, 900): several ECGs at once."""
    return np.random.default_rng(8).standard_normal((4, 3, 900)).cumsum(axis=-1)


@pytest.mark.parametrize("low_high_rate", [(5.0, 25.0, 500.0), (0.5, 40.0, 250.0), (5.0, 25.0, 60.0)])
def test_a_band_pass_is_scipy_s(low_high_rate: tuple[float, float, float]) -> None:
    low, high, rate = low_high_rate
    for signal in (*(_walk(3, count).astype(np.float64) for count in (16, 501, 5000)), _several()):
        sections = butter(2, [low, high], "bandpass", fs=rate, output="sos")
        expected = sosfiltfilt(sections, signal, axis=-1)
        assert np.allclose(
            band_pass.passed(signal, low, high, rate), expected, rtol=0, atol=1e-11 * np.abs(expected).max()
        )


@pytest.mark.parametrize("seed", range(20))
def test_tops_and_running_means_are_scipy_s(seed: int) -> None:
    draw = np.random.default_rng(seed)
    for count in (1, 2, 9, 240, 1000):
        smooth = np.convolve(draw.standard_normal(count + 8), np.ones(9), "valid")
        level = np.repeat(smooth, 3)  # a plateau counts by its middle
        for values in (smooth, level, np.full(count, 2.0), np.arange(count, dtype=np.float64)):
            apart, size = int(draw.integers(1, 80)), int(draw.integers(1, 90))
            assert np.array_equal(running.tops(values, apart), find_peaks(values, distance=apart)[0])
            assert np.allclose(running.mean(values, size), uniform_filter1d(values, size))


def test_a_length_of_a_transform_is_the_next_without_larger_prime_factors() -> None:
    assert all(fast_length(n) == next_fast_len(n, real=True) for n in range(1, 3000))


def test_a_median_of_few_rows_is_numpy_s_to_the_bit() -> None:
    rows = _walk(4, 7 * 6).astype(np.float64).reshape(4, 7, 6)
    for axis in range(3):
        assert np.array_equal(medians.over_few(rows, axis), np.median(rows, axis=axis))
