"""Deflections of QRS: the slope of PR and the level of ST are none, in the lead's values and in the criteria alike."""

import numpy as np
import pytest

from ecgview.signal.criteria.shape import shape_of
from ecgview.signal.measure import deflections
from ecgview.signal.measure.measured import Median
from ecgview.signal.measure.waves import Kind, Wave

FS = 500.0
PEAK = 250
LONG_S = 0.1


def _complex(
    *lobes: tuple[float, float, float], st: float = 0.0, st_from: float = 0.08, pr: float = 0.0
) -> Median:
    """Return one lead: lobes (mV, from s, until s) from QRS onset on, PR and ST; `pr` is its slope in mV/s.

    PR goes on with its slope until the first lobe begins, ST begins where the last one ends and is flat.
    """
    t = (np.arange(500) - PEAK) / FS
    row = np.zeros(500)
    row[(t < lobes[0][1])] = 0.0
    if pr:
        row += np.where((t >= -0.1) & (t <= lobes[0][1]), pr * t, 0.0)
        row[t < -0.1] = -0.1 * pr
    for mv, start, end in lobes:
        inside = (t > start) & (t < end)
        row[inside] += mv * np.sin(np.pi * (t[inside] - start) / (end - start))
    row += st * np.clip((t - st_from) / (LONG_S - st_from), 0.0, 1.0)
    overall: dict[Kind, Wave | None] = {"P": None, "QRS": Wave(0.0, 0.04, LONG_S), "T": None}
    return Median(row[None].astype(np.float32), ("V1",), FS, PEAK, 9, overall, {})


def _said(median: Median) -> tuple[dict[str, float], dict[str, str], str]:
    shape = deflections.of(median, median.overall, {})["V1"]
    row = median.signal[0].astype(np.float64)
    onset, offset = PEAK, PEAK + round(LONG_S * FS)
    slope = deflections.pr_slope(row, onset, median)
    level = float(row[onset - 10 : onset + 1].mean())
    letters = shape_of(row[onset : offset + 1] - level, FS, slope).letters
    heights = {name: value for name, (value, _unit) in shape.values.items() if name.endswith("amplitude")}
    return heights, shape.notes, letters


@pytest.mark.parametrize("st", [0.08, 0.24, 0.5])
def test_a_qs_that_ends_on_a_raised_st_is_a_qs(st: float) -> None:
    heights, notes, letters = _said(_complex((-2.0, 0.0, 0.08), st=st))
    assert set(heights) == {"Q amplitude"}
    assert notes["R amplitude"] == "QS complex"
    assert letters == "QS"


def test_an_s_that_ends_on_a_raised_st_has_no_r_after_it() -> None:
    heights, _, letters = _said(_complex((0.4, 0.0, 0.03), (-1.2, 0.03, 0.08), st=0.18))
    assert set(heights) == {"R amplitude", "S amplitude"}
    assert heights["R amplitude"] == pytest.approx(0.4, abs=0.02)
    assert letters == "rS"


def test_an_r_that_ends_on_a_lowered_st_has_no_s_after_it() -> None:
    heights, _, letters = _said(_complex((1.2, 0.0, 0.08), st=-0.2))
    assert set(heights) == {"R amplitude"}
    assert letters == "R"


def test_an_r_after_s_that_comes_back_is_one_on_a_raised_st_too() -> None:
    heights, _, letters = _said(_complex((0.3, 0.0, 0.02), (-0.8, 0.02, 0.05), (0.3, 0.05, 0.09), st=0.1))
    assert heights["R' amplitude"] == pytest.approx(0.3, abs=0.05)
    assert letters == "rSr'"


@pytest.mark.parametrize("pr", [-2.0, -4.0])
def test_a_slope_of_pr_that_goes_on_into_qrs_is_no_q(pr: float) -> None:
    heights, _, letters = _said(_complex((1.0, 0.02, 0.08), pr=pr))
    assert "Q amplitude" not in heights
    assert letters == "R"


@pytest.mark.parametrize("pr", [0.0, -1.0, 1.0])
def test_a_q_after_a_slope_is_one(pr: float) -> None:
    heights, _, letters = _said(_complex((-0.2, 0.0, 0.025), (1.0, 0.025, 0.08), pr=pr))
    assert heights["Q amplitude"] == pytest.approx(-0.2, abs=0.02)
    assert letters == "qR"


def test_a_slope_that_rises_into_qrs_is_no_r() -> None:
    heights, notes, letters = _said(_complex((-1.0, 0.02, 0.09), pr=3.0))
    assert set(heights) == {"Q amplitude"}
    assert notes["R amplitude"] == "QS complex"
    assert letters == "QS"
