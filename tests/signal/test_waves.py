"""From a probability per lead, class and sample to beats: rules that hold whoever says the probabilities."""

import numpy as np
import pytest

from ecgview.signal.measure import intervals, waves
from ecgview.signal.measure.waves import Rules

FS = 250.0
LEADS = ("I", "II", "III", "V1")


def said(spans: dict[int, list[tuple[int, int, int]]], samples: int = 500) -> np.ndarray:
    """Return (leads, 4, samples): sure of these spans (class, first, last) per lead, sure of nothing elsewhere."""
    out = np.zeros((len(LEADS), 4, samples), dtype=np.float32)
    out[:, 0] = 1.0
    for lead, own in spans.items():
        for place, first, last in own:
            out[lead, :, first : last + 1] = 0.02
            out[lead, place, first : last + 1] = 0.94
    return out


def bump(spans: dict[int, list[tuple[int, int, int]]], samples: int = 500) -> np.ndarray:
    signal = np.zeros((len(LEADS), samples))
    for lead, own in spans.items():
        for _place, first, last in own:
            signal[lead, first : last + 1] = np.hanning(last + 1 - first)
    return signal


BEAT = [(1, 60, 85), (2, 100, 124), (3, 170, 215)]


def beats_of(
    spans: dict[int, list[tuple[int, int, int]]], rules: Rules | None = None
) -> tuple[waves.Beat, ...]:
    return waves.beats(said(spans), bump(spans), FS, LEADS, rules)


def test_a_beat_has_its_waves_and_their_edges_between_the_samples() -> None:
    (beat,) = beats_of(dict.fromkeys(range(4), BEAT))
    p, qrs, t = (beat.overall[kind] for kind in waves.KINDS)
    assert p is not None
    assert qrs is not None
    assert t is not None
    # Sureness crosses half way between the last sample without and the first one with the wave; the edges of P and T
    # over all leads lie further out, where it has fallen from 0.94 to what the rules say.
    assert beat.leads["II"]["P"].onset_s == pytest.approx(59.5 / FS, abs=0.1 / FS)
    assert beat.leads["II"]["T"].offset_s == pytest.approx(215.5 / FS, abs=0.1 / FS)
    further = {kind: 1 - share / 0.94 for kind, share in Rules().fallen_to.items()}
    assert p.onset_s == pytest.approx((60 - further["P"]) / FS + Rules().p_onset_s, abs=1e-4)
    assert qrs.offset_s == pytest.approx(124.5 / FS, abs=0.1 / FS)
    assert t.peak_s == pytest.approx(192 / FS, abs=1.5 / FS)
    assert t.offset_s == pytest.approx((215 + further["T"]) / FS, abs=1e-4)
    assert set(beat.leads) == set(LEADS)


def test_a_wave_counts_where_half_of_the_leads_show_it() -> None:
    qrs = [BEAT[1]]
    (beat,) = beats_of({0: BEAT, 1: BEAT, 2: qrs, 3: qrs})
    assert beat.overall["P"] is not None
    (beat,) = beats_of({0: BEAT, 1: qrs, 2: qrs, 3: qrs})
    assert beat.overall["P"] is None
    assert intervals.of([beat]).pr_ms is None  # no P, no PR (M6)


def test_what_is_short_or_unsure_is_no_wave() -> None:
    (beat,) = beats_of({key: [(1, 60, 65), BEAT[1]] for key in range(4)})  # 24 ms
    assert beat.overall["P"] is None
    unsure = said(dict.fromkeys(range(4), BEAT))
    unsure[:, 3, 170:216] = 0.45
    unsure[:, 0, 170:216] = 0.4
    (beat,) = waves.beats(unsure, bump(dict.fromkeys(range(4), BEAT)), FS, LEADS)
    assert beat.overall["T"] is None
    assert beat.overall["P"] is not None


def test_a_complex_that_falls_apart_is_one_beat() -> None:
    (beat,) = beats_of({key: [(2, 100, 112), (2, 120, 132)] for key in range(4)})
    qrs = beat.overall["QRS"]
    assert qrs is not None
    assert (qrs.onset_s, qrs.offset_s) == (
        pytest.approx(99.5 / FS, abs=1e-3),
        pytest.approx(132.5 / FS, abs=1e-3),
    )
    assert len(beats_of({key: [(2, 100, 112), (2, 180, 192)] for key in range(4)})) == 2


def test_one_edge_of_all_leads_is_near_the_extreme_not_the_extreme() -> None:
    rules = Rules(ranks={"P": (1,), "QRS": (1, 2), "T": (2,)})
    spans = {lead: [(2, 100 - 3 * lead, 124 + 3 * lead)] for lead in range(4)}
    (beat,) = beats_of(spans, rules)
    qrs = beat.overall["QRS"]
    assert qrs is not None
    # Four leads are a third of twelve: ranks 1 and 2 are a third and two thirds of the way from the extreme lead.
    assert qrs.onset_s == pytest.approx((91.5 + 92.5) / 2 / FS, abs=0.2 / FS)
    assert qrs.offset_s == pytest.approx((132.5 + 131.5) / 2 / FS, abs=0.2 / FS)


def test_the_edge_of_all_leads_lies_where_the_probability_has_fallen_far_enough() -> None:
    flat = said(dict.fromkeys(range(4), BEAT))
    # T ends over ten samples: 0.9, 0.8 ... 0.0 from sample 211 on.
    flat[:, 3, 211:221] = np.linspace(0.9, 0.0, 10, dtype=np.float32)
    flat[:, 0, 211:221] = 1 - flat[:, 3, 211:221]
    signal = bump(dict.fromkeys(range(4), BEAT))
    for share in (0.5, 0.35, 0.12):
        rules = Rules(fallen_to={"T": share})
        (beat,) = waves.beats(flat, signal, FS, LEADS, rules)
        t, of_lead = beat.overall["T"], beat.leads["II"]["T"]
        assert t is not None
        assert t.offset_s == pytest.approx((220 - 10 * share) / FS, abs=1e-4)
        # A single lead's lies where T is as likely as not.
        assert of_lead.offset_s == pytest.approx(215 / FS, abs=1e-4)
        assert t.peak_s == of_lead.peak_s
    flat[:, 3, 216:300] = 0.4  # half sure for long: no end, but for the farthest that is believed
    flat[:, 0, 216:300] = 0.6
    (long,) = waves.beats(flat, signal, FS, LEADS, Rules(fallen_to={"T": 0.35}))
    assert long.overall["T"] is not None
    assert long.overall["T"].offset_s == pytest.approx(215 / FS + waves.FURTHEST_S, abs=1e-4)
    (same,) = waves.beats(flat, signal, FS, LEADS, Rules(fallen_to={}))
    assert same.overall["T"] is not None
    assert same.overall["T"].offset_s == pytest.approx(215 / FS, abs=1e-4)


def test_a_wave_that_runs_into_the_end_of_the_record_ends_there() -> None:
    (beat,) = beats_of({key: [(2, 400, 424), (3, 440, 499)] for key in range(4)})
    assert beat.overall["T"] is not None
    assert beat.overall["T"].offset_s == pytest.approx(499 / FS)


def test_of_twelve_leads_the_edge_is_that_of_the_leads_that_the_rules_name() -> None:
    rules = Rules(ranks={"P": (1,), "QRS": (1, 2), "T": (2,)})
    twelve = [waves.Wave(0.1 + 0.01 * k, 0.3, 0.6 - 0.01 * k) for k in range(12)]
    assert waves.over_leads("QRS", twelve, rules).onset_s == pytest.approx(0.115)
    assert waves.over_leads("QRS", twelve, rules).offset_s == pytest.approx(0.585)
    assert waves.over_leads("T", twelve, rules).offset_s == pytest.approx(0.58)
    assert waves.over_leads("T", twelve[:2], rules, of_leads=2).offset_s == pytest.approx(0.6 - 0.01 / 3)


def test_intervals_are_medians_over_beats_and_p_needs_half_of_them() -> None:
    def beat(start: int, *, with_p: bool) -> list[tuple[int, int, int]]:
        return [(place, start + a, start + b) for place, a, b in BEAT if with_p or place != 1]

    four = [beat(250 * k, with_p=k > 1) for k in range(4)]  # of the last three, two have a P
    spans = {key: [one for own in four for one in own] for key in range(4)}
    found = intervals.of(waves.beats(said(spans, 1000), bump(spans, 1000), FS, LEADS))
    assert found.qrs_ms == pytest.approx(100, abs=1)
    assert found.pr_ms == pytest.approx(160 - 1000 * Rules().p_onset_s, abs=1)
    assert found.rate_bpm == pytest.approx(60, abs=0.2)
    none = [beat(250 * k, with_p=k == 1) for k in range(4)]
    spans = {key: [one for own in none for one in own] for key in range(4)}
    found = intervals.of(waves.beats(said(spans, 1000), bump(spans, 1000), FS, LEADS))
    assert found.p_ms is None
    assert found.pr_ms is None
    assert found.qt_ms is not None
