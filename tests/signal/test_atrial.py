"""P waves that no QRS follows: 2:1 block and complete block are no slow sinus rhythm."""

from pathlib import Path

import numpy as np
import pytest

from ecgview import api
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Patient

FS = 500.0
P_MV = dict(
    zip(STANDARD_12, (0.1, 0.16, 0.06, -0.13, 0.03, 0.11, 0.06, 0.08, 0.08, 0.08, 0.08, 0.07), strict=True)
)
T_MV = dict(zip(STANDARD_12, (0.25, 0.35, 0.1, -0.3, 0.1, 0.2, 0.05, 0.5, 0.5, 0.45, 0.4, 0.3), strict=True))
QRS_MV = dict(zip(STANDARD_12, (0.7, 1.1, 0.4, -0.9, 0.2, 0.8, -0.8, -1.0, 0.5, 1.2, 1.3, 1.1), strict=True))


def ecg(p_s: np.ndarray, qrs_s: np.ndarray) -> EcgRecord:
    """Return 10 s with P waves and QRS-T complexes at these times."""
    t = np.arange(round(10 * FS)) / FS
    rng = np.random.default_rng(3)
    rows = []
    for lead in STANDARD_12:
        row = rng.normal(0.0, 0.004, t.size)
        for at in p_s:
            row += P_MV[lead] * np.exp(-(((t - at) / 0.025) ** 2) / 2)
        for at in qrs_s:
            row += QRS_MV[lead] * np.exp(-(((t - at) / 0.012) ** 2) / 2)
            row -= 0.25 * QRS_MV[lead] * np.exp(-(((t - at - 0.035) / 0.01) ** 2) / 2)
            row += T_MV[lead] * np.exp(-(((t - at - 0.27) / 0.045) ** 2) / 2)
        rows.append(row)
    return EcgRecord(np.stack(rows).astype(np.float32), STANDARD_12, FS, Patient(sex="male", age_years=60.0))


def states(record: EcgRecord) -> dict[str, str]:
    return {one.code: one.state for one in api.criteria(record)}


def test_two_to_one_block_is_no_sinus_bradycardia() -> None:
    p = np.arange(0.4, 10.0, 0.75)  # 80 per minute
    blocked = ecg(p, p[::2] + 0.18)
    found = api.measured(blocked)
    assert found.value("Heart rate") == pytest.approx(40, abs=0.5)
    assert found.value("Atrial rate") == pytest.approx(80, abs=1)
    said = states(blocked)
    assert (said["SBRAD"], said["BRADY"], said["AVB2"], said["AVB3"]) == ("not met", "met", "met", "not met")


def test_a_slow_sinus_rhythm_is_one() -> None:
    p = np.arange(0.4, 10.0, 1.3)
    slow = ecg(p, p + 0.18)
    assert api.measured(slow).value("Atrial rate") is None  # it is that of the ventricles
    said = states(slow)
    assert (said["SBRAD"], said["AVB2"], said["AVB3"]) == ("met", "not met", "not met")


def test_complete_block_is_seen_and_heads_the_list() -> None:
    record = api.open_ecg(Path(__file__).parents[2] / "resources" / "demo" / "complete_av_block.hea")
    assert api.measured(record).value("Atrial rate") == pytest.approx(82, abs=2)
    found = {one.code: one for one in api.criteria(record)}
    assert (found["AVB3"].state, found["AVB3"].critical) == ("met", True)
    assert found["AVB3"].where_s is not None
    assert (found["SBRAD"].state, found["HYPERKALAEMIA"].state) == ("not met", "not met")


def test_fibrillation_has_no_atrial_rate() -> None:
    record = api.open_ecg(Path(__file__).parents[2] / "resources" / "demo" / "af.hea")
    assert api.measured(record).atrial is None
    said = states(record)
    assert (said["AFIB"], said["SBRAD"]) == ("met", "not applicable")
