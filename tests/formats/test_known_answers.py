"""1 mV and 10 Hz in every format, measured in millimetres on the exported page (conventions, section 6)."""

from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
from numpy.typing import NDArray
from samples import RATE, SAMPLES, Rows, limb

from ecgview import formats
from ecgview.leads import STANDARD_12
from ecgview.paper.settings import PaperSettings
from ecgview.report import content, pdf
from ecgview.signal.filters import DisplayFilter

MM = 72 / 25.4
UNFILTERED = PaperSettings(layout="12x1", display_filter=DisplayFilter(None, None))
HEIGHT_MM = dict.fromkeys(STANDARD_12, 10.0) | {"II": 5.0, "III": 5.0, "aVR": 7.5, "aVL": 7.5, "aVF": 0.0}


def _wave(shape: str, rate: float) -> Rows:
    """Return three seconds of 10 Hz, 200 steps of 5 uV from bottom to top in I and V1 to V6, half of it in II."""
    turn = (np.arange(int(3 * rate)) * 10 / rate) % 1.0
    wave = 200.0 * (turn < 0.5) if shape == "square" else 100.0 * np.sin(2 * np.pi * turn)
    rows = np.round(np.stack([wave] * 12)).astype(np.int16)
    rows[1] = np.round(wave / 2)
    return limb(rows)


def _traces(path: Path) -> list[NDArray[np.float64]]:
    """Return the traces from above, page after page: the twelve rows have two pages."""
    found = []
    with pdfplumber.open(path) as document:
        for page in document.pages:
            curves: list[Any] = page.curves
            traces = [np.array(curve["pts"]) for curve in curves if len(curve["pts"]) > 300]
            found += sorted(traces, key=lambda run: float(np.median(run[:, 1])))
    return found


@pytest.mark.parametrize("shape", ["square", "sine"])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_one_millivolt_is_10_mm_and_a_tenth_of_a_second_2_5_mm(name: str, shape: str, tmp_path: Path) -> None:
    path = SAMPLES[name](tmp_path, _wave(shape, RATE[name]), "x")
    record = formats.read(path)
    assert record.source.format == name
    traces = _traces(pdf.write(content.gather(record, paper=UNFILTERED), tmp_path / "page.pdf"))
    assert len(traces) == 12
    for lead, run in zip(STANDARD_12, traces, strict=True):
        x, y = run.T
        assert np.ptp(y) / MM == pytest.approx(HEIGHT_MM[lead], abs=0.06), lead
        if HEIGHT_MM[lead]:
            middle = (y.min() + y.max()) / 2
            up = x[1:][(y[:-1] > middle) & (y[1:] <= middle)]
            assert np.median(np.diff(up)) / MM == pytest.approx(2.5, abs=0.1), lead
