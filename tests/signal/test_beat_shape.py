"""The shape of a QRS complex that is compared between recordings: size, place and gain are not in it, the heart is."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ecgview.leads import STANDARD_12
from ecgview.signal import beat_shape
from ecgview.signal.beat_shape import Population
from ecgview.signal.measure.measured import Median
from ecgview.signal.measure.waves import Wave

PEAK = 250


def beat(patient: int, *, late: int = 0, gain: float = 1.0, noise_mv: float = 0.01, seed: int = 0) -> Median:
    """Return a median beat at 500 Hz: a common QRS, and in each lead three waves of this patient's own."""
    t = np.arange(701, dtype=np.float64) - PEAK - late
    own = np.random.default_rng(patient)
    signal = np.zeros((12, 701))
    for row, common in zip(signal, np.linspace(-0.5, 1.5, 12), strict=True):
        row += common * np.exp(-((t / 8) ** 2) / 2)
        for at in (-12, 0, 14):
            row += own.normal(0, 0.4) * np.exp(-(((t - at) / 5) ** 2) / 2)
    signal += noise_mv * np.random.default_rng(seed).standard_normal(signal.shape)
    qrs = Wave(-0.05, 0.0, 0.06)
    return Median((gain * signal).astype(np.float32), STANDARD_12, 500.0, PEAK, 9, {"QRS": qrs}, {})


@cache
def population(leads: tuple[str, ...]) -> Population:
    """Return what forty others have in common."""
    return beat_shape.population([beat_shape.of(beat(k)) for k in range(100, 140)], leads)


def correlation(one: Median, two: Median, leads: tuple[str, ...] = STANDARD_12) -> float:
    """Return how alike two beats are beside a population of forty others."""
    first, second = beat_shape.compared([beat_shape.of(one), beat_shape.of(two)], population(leads))
    return float(first @ second)


@pytest.mark.parametrize("leads", [STANDARD_12, ("I", "II"), ("V2",)], ids=len)
def test_one_patient_is_alike_and_two_are_not(leads: tuple[str, ...]) -> None:
    assert correlation(beat(1), beat(1, seed=1), leads) > 0.95
    strangers = [correlation(beat(k), beat(k + 1), leads) for k in range(1, 9)]
    assert max(strangers) < 0.9
    assert abs(np.mean(strangers)) < 0.35  # the population's beat, which all share, is not in it


def test_neither_gain_nor_the_place_of_the_peak_changes_it() -> None:
    plain = correlation(beat(1), beat(2))
    assert correlation(beat(1), beat(2, gain=0.5, noise_mv=0.01)) == pytest.approx(plain, abs=1e-5)
    assert correlation(beat(1), beat(1, late=12, seed=1)) > 0.95
    far = correlation(beat(1), beat(1, late=40, seed=1))  # beyond the room to move it
    assert far < 0.9


def test_a_level_is_no_part_of_it() -> None:
    lifted = beat(1, seed=1)
    lifted = replace(lifted, signal=lifted.signal + 0.7)
    assert correlation(beat(1), lifted) == pytest.approx(correlation(beat(1), beat(1, seed=1)), abs=1e-4)


def test_limb_leads_follow_from_two_and_other_rates_give_the_same() -> None:
    whole = beat(1)
    two = replace(whole, signal=whole.signal[:2], lead_names=("I", "II"))
    shape = beat_shape.of(two)
    assert shape.leads == STANDARD_12[:6]
    np.testing.assert_allclose(shape.of(["III"])[0], (shape.of(["II"]) - shape.of(["I"]))[0], atol=1e-6)
    fine = np.stack([np.interp(np.arange(1401) / 2, np.arange(701), row) for row in whole.signal]).astype(
        np.float32
    )
    faster = replace(whole, signal=fine, sampling_rate_hz=1000.0, peak=2 * PEAK)
    np.testing.assert_allclose(beat_shape.of(faster).signal, beat_shape.of(whole).signal, atol=0.02)
