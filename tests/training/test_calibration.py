"""Calibration by hand, and planted miscalibration taken out again."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ecgview.errors import ModelError
from ecgview.training.evaluation import calibration


@pytest.fixture
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and log-odds twice as sure of themselves as they may be, and shifted."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0.0, 2.0, 20000)
    wanted = (rng.random(20000) < 1 / (1 + np.exp(-(0.5 * logits - 1.0)))).astype(float)
    return wanted, logits


def test_a_curve_by_hand() -> None:
    said = np.array([0.0, 0.05, 0.4, 0.5, 1.0])
    found = calibration.curve(np.array([0, 1, 0, 1, 1]), said, bins=2)
    np.testing.assert_array_equal(found.count, [3, 2])
    np.testing.assert_allclose(found.said, [0.15, 0.75])
    np.testing.assert_allclose(found.observed, [1 / 3, 1.0])
    assert found.error == pytest.approx((3 * abs(0.15 - 1 / 3) + 2 * 0.25) / 5)
    assert calibration.brier(np.array([0, 1]), np.array([0.5, 0.8])) == pytest.approx((0.25 + 0.04) / 2)
    lonely = calibration.curve(np.array([1.0]), np.array([0.95]))
    assert np.isnan(lonely.observed[:9]).all()
    assert lonely.error == pytest.approx(0.05)


def test_platt_recovers_the_planted_line(planted: tuple[np.ndarray, np.ndarray]) -> None:
    wanted, logits = planted
    a, b = calibration.fit_platt(wanted, logits)
    assert (a, b) == pytest.approx((0.5, -1.0), abs=0.05)
    known = LogisticRegression(C=1e9, tol=1e-8).fit(logits[:, None], wanted)
    assert (a, b) == pytest.approx((known.coef_[0, 0], known.intercept_[0]), abs=2e-3)
    stated = 1 / (1 + np.exp(-logits))
    assert calibration.expected_calibration_error(wanted, stated) > 0.15
    assert calibration.expected_calibration_error(wanted, calibration.apply_platt((a, b), logits)) < 0.02
    np.testing.assert_allclose(calibration.log_odds(stated), logits, atol=1e-6)


def test_platt_stays_finite_where_the_classes_are_parted() -> None:
    a, b = calibration.fit_platt(np.array([0, 0, 1, 1]), np.array([-500.0, -400.0, 400.0, 500.0]))
    said = calibration.apply_platt((a, b), np.array([-450.0, 450.0]))
    assert np.isfinite([a, b]).all()
    assert 0 < said[0] < 0.5 < said[1] < 1


def test_isotonic_recovers_the_planted_map(planted: tuple[np.ndarray, np.ndarray]) -> None:
    wanted, logits = planted
    stated = 1 / (1 + np.exp(-logits))
    corners = calibration.fit_isotonic(wanted[::2], stated[::2])
    assert (np.diff(corners[0]) > 0).all()
    assert (np.diff(corners[1]) >= 0).all()
    mended = calibration.apply_isotonic(corners, stated[1::2])
    assert calibration.expected_calibration_error(wanted[1::2], mended) < 0.03
    assert calibration.apply_isotonic(corners, np.array([-1.0, 2.0])).tolist() == [
        corners[1][0],
        corners[1][-1],
    ]


def test_what_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(ModelError, match="both outcomes"):
        calibration.fit_platt(np.ones(3), np.arange(3.0))
    with pytest.raises(ModelError, match="0 to 1"):
        calibration.curve(np.array([0, 1]), np.array([-0.1, 0.5]))
    with pytest.raises(ModelError, match="one value per record"):
        calibration.fit_isotonic(np.array([0, 1]), np.array([0.5]))


def test_weighted_errors_are_those_of_the_records_counted() -> None:
    rng = np.random.default_rng(2)
    said = rng.random((60, 3))
    wanted = (rng.random((60, 3)) < said).astype(np.float32)
    counts = rng.integers(0, 4, (5, 60)).astype(np.float64)
    found = calibration.weighted_errors(wanted, said, counts)
    for row, count in zip(found, counts.astype(int), strict=True):
        again = [
            calibration.expected_calibration_error(
                np.repeat(wanted[:, k], count), np.repeat(said[:, k], count)
            )
            for k in range(3)
        ]
        np.testing.assert_allclose(row, again, atol=1e-12)
