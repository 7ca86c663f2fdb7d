"""Real records through every format that is written, and back: the same samples, the same facts."""

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)

COUNTS = {"ptbxl": 40, "cinc2021": 40, "ludb": 20}


@cache
def _paths(data: Path, one_of: int) -> list[Path]:
    """Return the hundred, the same ones every time, or one of so many of them."""
    chosen = []
    for name, count in COUNTS.items():
        found = sorted((data / name).rglob("*.hea"))
        found = [path for path in found if "records100" not in path.parts]
        chosen += random.Random(name).sample(found, count)
    return chosen[::one_of]


def _as_of_a_cart(record: EcgRecord, number: int) -> EcgRecord:
    """Return a real ECG with what a cart would say of it beside what its file says."""
    return replace(
        record,
        patient=Patient(
            f"H-{number:05d}",
            ("Müller^Åse", "王小明", "O'Neil^Anne-Marie", "欧阳^文静")[number % 4],
            ("male", "female", "")[number % 3],
            float(20 + number % 75),
            f"19{30 + number % 60}-0{1 + number % 9}-1{number % 10}",
        ),
        acquisition=Acquisition(
            f"2024-0{1 + number % 9}-2{number % 9}T0{number % 10}:15:3{number % 10}",
            "Cart 5 二号",
            0.05,
            150.0,
            (50.0, 60.0, None)[number % 3],
            record.acquisition.derived_leads,
            record.acquisition.step_uv,
            {"Site": "心内科", "Comment": "line one\nline two: 50 % \\ done"},
        ),
        device_reading=DeviceReading(
            (
                DeviceMeasurement("heart_rate", 60.0 + number, "bpm"),
                DeviceMeasurement("qt", 380.0 + number, "ms"),
                DeviceMeasurement("qrs_axis", float(number - 50), "deg"),
                DeviceMeasurement("r_amplitude", 0.125 * (1 + number % 9), "mV", "V5"),
            ),
            (
                DeviceStatement("Sinus rhythm 窦性心律", "SR"),
                DeviceStatement("Agreed, nothing new", "", "reader"),
            ),
            None,
            tuple(round(0.5 + 0.8 * beat, 3) for beat in range(10)),
        ),
    )


def _step_mv(loss: str) -> float:
    """Return the step that a format states, 0 for one that stores numbers as they are."""
    words = loss.split()
    return float(words[words.index("µV") - 1]) / 1000.0 if "µV" in words else 0.0


@pytest.mark.parametrize("one_of", [5, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("suffix", sorted(formats.writers()))
def test_real_records_come_back(suffix: str, one_of: int, shared_data: Path, tmp_path: Path) -> None:
    """Twenty of them, from every collection; all hundred: pytest -m long tests/formats/test_round_trips.py"""
    writer = formats.writers()[suffix]
    for number, path in enumerate(_paths(shared_data, one_of)):
        before = _as_of_a_cart(formats.read(path), number)
        loss = writer.loss(before)
        after = formats.read(writer.write(before, tmp_path / f"r{number}{suffix}"))
        assert after.lead_names == before.lead_names, path
        assert after.sampling_rate_hz == before.sampling_rate_hz, path
        assert after.signal.shape == before.signal.shape, path
        allowed = 1e-6 if "lossless" in loss else _step_mv(loss) / 2 + 1e-6
        np.testing.assert_array_equal(np.isnan(after.signal), np.isnan(before.signal))
        assert np.nanmax(np.abs(after.signal - before.signal)) <= allowed, (path, loss)
        assert after.patient == before.patient, path
        assert _known(after.acquisition) == _known(before.acquisition), path
        _same_reading(after.device_reading, before.device_reading)
        for made in tmp_path.iterdir():
            if made.is_file():
                made.unlink()


def _known(acquisition: Acquisition) -> Acquisition:
    """Return what a source said: grids are found anew, and a format adds fields."""
    kept = {name: text for name, text in acquisition.extra.items() if name in ("Site", "Comment")}
    return replace(acquisition, step_uv=None, derived_leads=(), extra=kept)


def _same_reading(after: DeviceReading, before: DeviceReading) -> None:
    assert set(after.statements) == set(before.statements)
    assert {(one.name, one.lead): (one.value, one.unit) for one in after.measurements} == {
        (one.name, one.lead): (one.value, one.unit) for one in before.measurements
    }
    assert after.qrs_s == pytest.approx(before.qrs_s, abs=0.001)
