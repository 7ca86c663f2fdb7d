"""Which rhythms an autoencoder fills in worse: known answers, and nothing said of a few records."""

import numpy as np

from ecgview.training.evaluation import reconstruction
from ecgview.training.evaluation.metrics import Bootstrap


def test_a_rhythm_is_held_against_sinus_rhythm_and_few_records_give_no_figure() -> None:
    codes = [frozenset({"SR"})] * 60 + [frozenset({"AFIB"})] * 20 + [frozenset({"SR", "PVC"})] * 20
    codes += [frozenset({"PACE"})] * 9 + [frozenset({"NORM"})] * 5  # without a rhythm: in no group
    spread = np.tile([-5.0, 5.0], 57)
    percentile = np.repeat([50.0, 62.0, 50.0, 90.0, 99.0], [60, 20, 20, 9, 5]) + spread
    squared_mv = np.repeat([0.01, 0.04, 0.01, 0.09, 0.09], [60, 20, 20, 9, 5])
    rows = reconstruction.rhythms(codes, squared_mv, percentile, Bootstrap(114, 500))
    sinus, fibrillation, ectopy, pacing = rows
    assert [row["n_records"] for row in rows] == [60, 20, 20, 9]
    assert sinus["masked_rmse_uv"]["value"] == 100.0
    assert fibrillation["rmse_minus_sinus_uv"] == {"value": 100.0, "low": 100.0, "high": 100.0}
    points = fibrillation["percentile_minus_sinus"]
    assert points["value"] == 12.0
    assert 8 < points["low"] < 12 < points["high"] < 16
    assert ectopy["percentile_minus_sinus"]["low"] < 0 < ectopy["percentile_minus_sinus"]["high"]
    assert set(pacing) == {"rhythm", "n_records"}


def test_a_percentile_that_is_not_known_is_left_out() -> None:
    codes = [frozenset({"SR"})] * 20 + [frozenset({"AFIB"})] * 20
    rows = reconstruction.rhythms(codes, np.full(40, 0.01), np.full(40, np.nan), Bootstrap(40, 50))
    assert rows[1]["percentile_minus_sinus"] == {"value": None, "low": None, "high": None}
