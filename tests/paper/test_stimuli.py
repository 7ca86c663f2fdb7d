"""L9: stimuli are marks beneath one row alone, and the trace is drawn as it was recorded."""

from dataclasses import replace

import numpy as np

from ecgview.paper import layout, stimuli
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.report._tracing import page as tracing
from ecgview.report.content import gather
from ecgview.signal import pacing
from tests.synthetic_ecg import Made, record


def _paced() -> EcgRecord:
    made = record(Made(with_p=False), noise_mv=0.004)
    signal = made.signal.copy()
    for at in np.arange(0.5, 10, 0.8):
        signal[:, round(at * 500) - 6] += np.float32(1.5)
    return made.with_signal(signal)


def test_marks_stand_beneath_the_rhythm_strip_and_nowhere_else() -> None:
    paced = _paced()
    times = pacing.detect(paced).times_s
    assert len(times) == 12
    page = layout.compose(paced, PaperSettings(layout="3x4+1R"))
    found = list(stimuli.ticks(page, times))
    row = max(page.traces, key=lambda trace: trace.baseline_mm)
    assert len(found) == 12
    assert {tick.y0_mm for tick in found} == {row.baseline_mm + stimuli.FROM * row.row_mm}
    for tick, time in zip(found, times, strict=True):
        assert abs(tick.x_mm - (row.x0_mm + (time - row.start_s) * 25.0)) < 1e-6


def test_a_stretch_of_the_record_has_its_own_marks() -> None:
    paced = _paced()
    times = pacing.detect(paced).times_s
    page = layout.compose(paced, PaperSettings(layout="12x1", start_s=4.0, seconds=3.0))
    assert len(list(stimuli.ticks(page, times))) == sum(4.0 <= time <= 7.0 for time in times)


def test_a_record_without_stimuli_has_no_marks() -> None:
    made = record(noise_mv=0.004)
    page = layout.compose(made, PaperSettings())
    assert list(stimuli.ticks(page, pacing.detect(made).times_s)) == []


def test_the_report_has_them_where_measurements_are_told() -> None:
    paced = _paced()
    content = gather(paced, paper=PaperSettings())
    plain = layout.compose(paced, content.paper)
    with_marks = tracing(content, content.paper, 190.0)
    assert len(with_marks.ticks) == len(plain.ticks) + 12
    without = tracing(replace(content, measurements=()), content.paper, 190.0)
    assert len(without.ticks) == len(plain.ticks)
