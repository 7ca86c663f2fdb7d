"""In which part of the beat a moment lies: fixed windows about R, known answers."""

import numpy as np

from ecgview.record import EcgRecord
from ecgview.signal import phases
from ecgview.signal.phases import PHASES, UNKNOWN


def _at(found: np.ndarray, *seconds: float) -> list[str]:
    return [PHASES[found[round(s * 500)]] for s in seconds]


def test_windows_lie_about_each_r_peak() -> None:
    r = np.array([500, 1000, 1500])  # at 1, 2 and 3 s
    found = phases.of_samples(r, 2000, 500.0)
    assert _at(found, 1.77, 1.85, 1.95, 2.0, 2.05, 2.1, 2.39, 2.45) == [
        "P",
        "P",
        "QRS",
        "QRS",
        "QRS",
        "ST-T",
        "ST-T",
        "between",
    ]
    assert _at(found, 1.75) == ["between"]


def test_the_beats_outside_the_record_lend_their_t_wave_and_p_wave() -> None:
    found = phases.of_samples(np.array([400, 900]), 1300, 500.0)
    assert _at(found, 0.05, 0.5) == [
        "ST-T",
        "between",
    ]  # R at -0.2 s would be the beat before; P begins at 0.56 s
    assert _at(found, 2.59) == ["P"]  # the next R would be at 2.8 s


def test_at_a_high_rate_t_ends_sooner_and_takes_what_p_would_share_with_it() -> None:
    found = phases.of_samples(np.arange(100, 2000, 150), 2000, 500.0)  # 200 beats a minute
    beat = found[1000 - 60 : 1000 - 60 + 150]
    assert set(np.unique(beat)) == {PHASES.index(name) for name in ("P", "QRS", "ST-T")}
    after_r = found[1000 + 31 : 1000 + 90]
    assert {PHASES[k] for k in after_r} == {"ST-T"}  # 0.6 of 300 ms


def test_without_two_beats_nothing_is_said() -> None:
    assert set(phases.of_samples(np.array([700]), 1000, 500.0)) == {UNKNOWN}
    assert set(phases.of_segments(np.zeros((12, 5000), np.float32), 500.0, 25)) == {UNKNOWN}


def test_segments_take_the_phase_of_their_middle(pulse_record: EcgRecord) -> None:
    found = phases.of_segments(pulse_record.signal, 500.0, 25)
    assert found.shape == (200,)
    counts = np.bincount(found, minlength=4)
    assert counts.min() > 10  # a beat a second: every part of the beat is there
