"""Whether a record is an ECG that anything may be read from by machine, and what its samples must be doubted for.

A network answers whatever it is given: noise, a ramp or an ECG in the wrong unit become a diagnosis. Here a record is
judged, once, by its first ten seconds: `reason` says why nothing is asked of it, `warnings` stand beside every answer.
`models.guard` is where networks ask; `measurements` ask whether there are beats.

Limits were set on records of `../shared/data` outside PTB-XL fold 9, and on such records altered; the shares that
they refuse and warn of stand in docs/models.md, made by `benchmarks/guard.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ecgview.leads import STANDARD_12
from ecgview.record import GAIN, EcgRecord
from ecgview.runs import runs
from ecgview.signal import limb_leads
from ecgview.signal.condition import HOP_S, STRETCH_S, WINDOW_S, Condition, Row, measure
from ecgview.signal.gaps import LONGEST_GAP_S
from ecgview.signal.mean_beat import FEWEST_LEADS, INDEPENDENT, MeanBeat
from ecgview.signal.recent import Recent, checksum

SHORTEST_S = 2.0  # below, nothing is judged; every network needs more and says so itself
NO_SIGNAL_MV = 0.01  # between 1 and 40 Hz: the noise of an amplifier alone
LOWEST_MV, LOW_MV = 0.10, 0.30  # median lead: none of 4,788 real records lies below 0.11, 99.8 % above 0.4
HIGHEST_MV, HIGH_MV = 10.0, 5.5  # median lead: the highest real one is 9.6, 99.9 % below 6.1
LEAD_HIGHEST_MV = 60.0  # of any lead: movement reaches 47
# median over windows, so that a single movement does not count: 20 of 4,788 real records lie above one of these
LEAD_LARGE_MV, CHEST_LARGE_MV, LIMB_LARGE_MV = 9.0, 5.0, 3.0
ALL_LARGE_MV, LARGE_BOTH_MV = 2.9, (2.2, 6.5)  # median lead; or that and the largest lead
# peak to peak in a second without mains and wander: amplifier noise, smaller than a P wave
NOTHING_MV = 0.04
# up to here the limb or chest leads have no part in what the others have too much of
GROUP_ORDINARY_MV = 1.2
MOST_LEADS = 2 / 3  # so many of them: a simulator's single lead may go on
PAUSE_S, LEAD_PAUSE_S = 1.0, 2.0  # no real record's most leads have nothing for over 1.4 s
LONGEST_PAUSE_S = 4.2  # a pause of 4 s is real and answered
ONCE_MV = 0.2  # a lead that has reached this somewhere has something to lose
FEWEST_BEATS = 2
UNLIKE, LITTLE_ALIKE = 0.30, 0.55  # beats of a real record: lowest 0.35; of noise at most 0.2
MOSTLY_NOISE, NOISY = (
    0.70,
    0.10,
)  # share of the power above 40 Hz without the mains: highest real 0.33, 99.5 % below 0.06
LEAD_UNLIKE, LEAD_NOISY = 0.3, 0.10  # both in one lead: 6 of 4,788 real records
LEAD_NO_BEATS, LEAD_LOUD_MV = (
    0.1,
    0.2,
)  # nothing at the beats, and loud (root mean square): movement, or noise
ONE_LINE = 0.95  # of a test signal; flutter and ventricular tachycardia reach 0.86
ONE_SHAPE, NEARLY_ONE_SHAPE = 0.9995, 0.95  # the closest leads of a real record share 0.91
HELD = 0.10  # of the samples of the median lead at its own limits
STILL_S = 1.0  # all leads at rest, in all
MAINS_UV = 20.0  # root mean square: 99.9 % of real records lie below 11
MAINS_RULES_UV = 75.0  # from here on mains decide: at 100, 56 % of 48 records of fold 9 got another answer
MAINS_PART = 0.03  # of the median lead's amplitude: the 50 Hz of an ECG's own QRS are less, in any unit
FALL_OFF = 2e-4  # 99.9 % of records at 500 Hz lie above; below 1e-4 what was 100 Hz once
FEW_HZ = 200.0
# What follows lies beyond nearly every one of 4,788 real records; docs/models.md has how many each doubt is beside.
CUT = 3e-4  # of 30 to 45 Hz against 1 to 15: of an ECG through 25 Hz 2e-4
STILL_SHARE = 0.05  # of all leads at rest in stretches however short: at most 0.024
LEAD_REST_S = 1.0  # of one lead that moves elsewhere
TWICE_S = 0.3  # of what all leads were before: at most 0.04
WANDER_MV = 4.5  # median lead; at most 3.7
LEAD_MAINS_UV = 50.0  # in one lead
TONE_UV = 20.0  # root mean square, as the mains
UNLIKE_S = 3.8  # without a beat like the others, where most are alike
# Leads of which a beat says nothing of the next, and which are not merely quiet, where three others do repeat
REPEATS, NEVER_REPEATS, NEVER_MV, SOME_LEADS = 0.5, 0.05, 0.04, 3
PROPORTION = (0.35, 9.0)  # of the chest leads' amplitude to the limb leads': nearly all of 0.45 to 7

# Share of the mean beat's power in three dimensions, each lead of equal weight: of 4,788 real records the lowest is
# 0.92, 99.9 % lie above 0.933; of leads that each repeat a shape of their own, most lie below 0.88.
NO_HEART, HARDLY_A_HEART = 0.88, 0.94
APART, SOME_APART = (
    3,
    2,
)  # leads whose steepest moment is elsewhere, where the leads do not fit three dimensions well:
PLAINLY_ONE = 0.98  # in two of 4,788 real records three leads have it elsewhere, and fit to 0.998
SPREAD_S = 0.05  # of those moments, median distance from the middle lead's: at most 0.048 in real records
NO_T = 0.10  # peak to peak after the QRS against that of it, in the lead where it is most: 99.9 % of real records above
ONE_DIMENSION = 0.965  # of the mean beat: at most 0.957, but for a generator's file
# No quick part in the beat: only the widest of real QRS complexes; and a quick one without a T wave: a derivative
NO_QRS_HZ, NO_QRS_S = 5.3, 0.22
SHARP_HZ, SMALL_T = 18.0, 0.25
# Beats as they are at half the true rate (longer, slower), and at twice: 4 and 7 of 4,788 real records
SLOW_RR_S, LONG_QRS_S, LOW_QRS_HZ = 1.25, 0.10, 9.0
FAST_RR_S, SHORT_STEEP_S, HIGH_QRS_HZ, EARLY_T_S = 2 / 3, 0.07, 16.0, 0.18

SQUARE = 0.5  # of the samples at the limit: two levels, no ECG
BEATLESS = (
    "no signal",
    "mains",
    "too low",
    "pause",
    "square",
    "one frequency",
    "equal leads",
    "no beats",
    "noise",
    "no heart",
)
# Of what the file's reader noted, that which may change a network's answer; the rest is of labels and headers.
TOLD = (
    "age",
    "units",
    "rates",
    "missing-lead",
    "lead-off",
    "lead-names",
    "leads",
    "checksum",
    "padding",
    "einthoven",
    "clipping",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a record's samples and its file's notes say to a network's answer.

    `reason` is why no network is asked, "" where one may be; `faults` are reasons of single leads, which count where
    a network needs the lead. `warnings` are sentences beside every answer. `kinds` name what was found, a word each
    ("noise", "amplitude"), for tables, in the order of the first warnings; of a refused record the one of its reason.
    `off` are the reasons of single leads whatever the rest is: without those leads the others may be an ECG.
    `clipped` are the leads that reach the recorder's limit. `has_beats` is whether what a beat
    detector finds may be called beats: an amplitude too high, or a clipped ECG, leaves them.
    """

    reason: str = ""
    warnings: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    has_beats: bool = True
    clipped: tuple[str, ...] = ()
    off: Mapping[str, str] = field(default_factory=dict)


_known = Recent[Judgement](32)


def judged(record: EcgRecord) -> Judgement:
    """Return the judgement of a record; from any thread, computed once for the records looked at last."""
    key = (
        checksum(record),
        record.signal.shape,
        record.lead_names,
        record.sampling_rate_hz,
        tuple(note.text for note in record.notes),
    )
    return _known.of(key, lambda: _judged(record))


def _judged(record: EcgRecord) -> Judgement:
    names = tuple(name for name in STANDARD_12 if record.has(name)) or record.lead_names
    first = record.signal[:, : round(STRETCH_S * record.sampling_rate_hz)]
    signal = first[[record.lead_names.index(name) for name in names]]
    there = np.isfinite(signal).any(1)
    if record.seconds < SHORTEST_S or not there.any():
        return Judgement(warnings=tuple(_notes(record, ())))
    seen = measure(signal, record.sampling_rate_hz, names)
    reasons = list(_reasons(seen))
    off = _faults(seen, names)
    told = [] if reasons else list(_warnings(seen, names))
    kinds = tuple(kind for kind, _text in reasons[:1] or told)
    return Judgement(
        reason=reasons[0][1] if reasons else "",
        warnings=(*(text for _kind, text in told), *_notes(record, kinds)),
        faults={} if reasons else off,
        kinds=kinds,
        has_beats=not any(kind in BEATLESS for kind, _text in reasons),
        clipped=tuple(name for name, hit in zip(names, seen.held.clipped, strict=True) if hit),
        off=off,
    )


def _reasons(seen: Condition) -> Iterator[tuple[str, str]]:
    """Yield why no network is asked, the plainest first: what explains the figures after it."""
    amplitude = float(np.median(seen.amplitude_mv))
    mains = max(seen.mains_uv.values(), default=0.0) / 1000
    moving = seen.held.share[seen.amplitude_mv > NO_SIGNAL_MV]
    if moving.size and float(np.median(moving)) > HELD:
        yield (
            "square" if float(np.median(moving)) > SQUARE else "clipping",
            f"clipped: {100 * float(np.median(moving)):.0f} % of the samples are at the recorder's limit",
        )
    if seen.held.still_s > STILL_S:
        yield "no signal", f"no signal for {seen.held.still_s:.1f} of {seen.seconds:.0f} s: no lead changes"
    if amplitude < LOWEST_MV and mains > 10 * amplitude:
        yield "mains", "nothing but mains: no ECG is left between 1 and 40 Hz"
    elif amplitude < LOWEST_MV:
        yield "too low", f"amplitude {_mv(amplitude)}: no ECG, or a wrong unit or gain"
    elif amplitude > HIGHEST_MV:
        yield "amplitude", f"amplitude {_mv(amplitude)}: impossible, a wrong unit or gain"
    elif mains * 1000 > MAINS_RULES_UV and mains > MAINS_PART * amplitude:
        yield "mains", f"mains of {mains * 1000:.0f} µV RMS: a network would answer it, not the ECG"
    start, end = _pause(_most(seen.moving_mv))
    if (
        end - start > LONGEST_PAUSE_S and float(np.median(seen.gap_s)) <= LONGEST_GAP_S
    ):  # a gap is told as one, by lead
        yield "pause", f"nothing but noise from {start:.1f} to {end:.1f} s: electrodes off, or a pause"
    if seen.one_line > ONE_LINE:
        yield "one frequency", "a single frequency: a test signal, no ECG"
    if seen.one_shape > ONE_SHAPE:
        yield "equal leads", "all leads hold the same signal"
    if seen.beats < FEWEST_BEATS or np.isnan(seen.likeness):
        yield "no beats", "no beats found: noise, a test signal, or asystole"
    elif seen.likeness < UNLIKE:
        yield "noise", "what looks like beats is not alike: noise, or a rhythm without QRS complexes"
    elif seen.beat is not None and (
        seen.beat.in_three < NO_HEART or (seen.beat.apart >= APART and seen.beat.in_three < PLAINLY_ONE)
    ):
        yield "no heart", "each lead repeats a shape of its own: no ECG, or leads of several"
    if seen.above_band > MOSTLY_NOISE:
        yield "noise", f"noise: {100 * seen.above_band:.0f} % of the power is above 40 Hz"


def _most(moving_mv: Row) -> Row:
    """Return in each window how much most leads move at most."""
    # np.quantile(..., method="lower") to the bit, which takes ten times as long on so few rows
    found: Row = np.sort(moving_mv, axis=0)[int(MOST_LEADS * (len(moving_mv) - 1))]
    return found


def _pause(moving_mv: Row) -> tuple[float, float]:
    """Return from when to when, in s, nothing but noise is seen for longest; (0, 0) where something always is."""
    is_quiet = moving_mv < NOTHING_MV
    if not is_quiet.any():
        return 0.0, 0.0
    first, after = max(runs(is_quiet), key=lambda run: run[1] - run[0])
    return float(first * HOP_S), float((after - 1) * HOP_S + WINDOW_S)


def _mv(amplitude: float) -> str:
    return f"{amplitude:.2g} mV" if amplitude < 1 else f"{amplitude:.0f} mV"


def _faults(seen: Condition, names: Sequence[str]) -> dict[str, str]:
    found = {}
    quiet = _quiet_leads(seen, names)
    for name, amplitude, gap in zip(names, seen.amplitude_mv, seen.gap_s, strict=True):
        if gap > LONGEST_GAP_S:
            found[name] = f"gaps over {LONGEST_GAP_S:g} s"
        elif amplitude < NO_SIGNAL_MV:
            found[name] = "no signal"
        elif amplitude > LEAD_HIGHEST_MV:
            found[name] = "impossible amplitude"
        elif quiet.get(name, 0.0) > LONGEST_PAUSE_S:
            found[name] = f"nothing but noise for over {LONGEST_PAUSE_S:.0f} s"
    return found


def _quiet_leads(seen: Condition, names: Sequence[str]) -> dict[str, float]:
    """Return for how many seconds leads that have a signal elsewhere hold nothing but noise."""
    found = {}
    for name, row in zip(names, seen.moving_mv, strict=True):
        start, end = _pause(row)
        if end - start >= LEAD_PAUSE_S and row.max() > ONCE_MV:
            found[name] = end - start
    return found


def _warnings(seen: Condition, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    amplitude, large = float(np.median(seen.amplitude_mv)), ""
    if amplitude < LOW_MV or amplitude > HIGH_MV:
        word = "low" if amplitude < LOW_MV else "high"
        yield (
            "amplitude",
            f"unusually {word} amplitude, {amplitude:.2g} mV in the median lead: check unit and gain",
        )
    elif large := _large(seen, names):
        yield "amplitude", f"unusually high amplitude in {large}: check unit and gain"
    if not large and ((times := _proportion(seen, names)) < PROPORTION[0] or times > PROPORTION[1]):
        text = f"chest leads {times:.2g} times as large as the limb leads"
        yield "amplitude", f"{text}: check the gain of each lead"
    start, end = _pause(_most(seen.moving_mv))
    if end - start >= PAUSE_S:
        yield "pause", f"nothing but noise from {start:.1f} to {end:.1f} s: a pause, or electrodes off"
    elif quiet := _quiet_leads(seen, names):
        yield "pause", f"nothing but noise for up to {max(quiet.values()):.1f} s: {', '.join(quiet)}"
    yield from _noise(seen, names)
    if seen.beat is not None:
        yield from _mean_beat(seen.beat)
    elif len({*names} & {*INDEPENDENT}) >= FEWEST_LEADS:
        yield "no heart", "most leads have no beats of their own: noise, movement, or no ECG"
    yield from _interference(seen, names)
    # Two leads of one heart are often so alike: I and II in 11 of 37 real records.
    alike = len(names) >= FEWEST_LEADS and seen.one_shape > NEARLY_ONE_SHAPE
    if alike or (seen.beat is not None and seen.beat.in_one > ONE_DIMENSION):
        yield "equal leads", "all leads are nearly alike: a synthetic ECG, or leads computed from one"
    if seen.twins:
        pairs = ", ".join(f"{names[one]} and {names[other]}" for one, other in seen.twins)
        if len(seen.twins) > 3:
            pairs = ", ".join(names[row] for row in sorted({row for pair in seen.twins for row in pair}))
        yield "equal leads", f"the same samples in {pairs}"
    if seen.held.clipped.any():
        clipped = ", ".join(name for name, hit in zip(names, seen.held.clipped, strict=True) if hit)
        yield "clipping", f"clipped at the limit of the recorder: {clipped}"
    yield from _written(seen, names)
    gapped = ", ".join(name for name, gap in zip(names, seen.gap_s, strict=True) if 0 < gap <= LONGEST_GAP_S)
    if gapped:
        yield "gaps", f"short gaps bridged by straight lines: {gapped}"
    yield from _bandwidth(seen)
    yield from _limb_leads(dict(zip(names, seen.band, strict=True)))


def _interference(seen: Condition, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what comes from mains, machines and movement of the electrodes."""
    for hz, level in seen.mains_uv.items():
        of = seen.mains_uv_of[hz]
        if level > MAINS_UV:
            yield "mains", f"{hz:.0f} Hz mains of {level:.0f} µV RMS"
        elif (of > LEAD_MAINS_UV).any():
            loud = ", ".join(name for name, one in zip(names, of, strict=True) if one > LEAD_MAINS_UV)
            yield "mains", f"{hz:.0f} Hz mains of up to {of.max():.0f} µV RMS in {loud}"
    hz, level = seen.tone
    if level > TONE_UV:
        yield (
            "one frequency",
            f"a line at {hz:.0f} Hz of {level:.0f} µV RMS, which no heart makes: interference",
        )
    wander = float(np.median(seen.wander_mv))
    if wander > WANDER_MV:
        yield "wander", f"the baseline wanders by {wander:.0f} mV in the median lead"


def _written(seen: Condition, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what no amplifier gives: leads at rest, and what was written twice."""
    held, quiet = seen.held, _quiet_leads(seen, names)
    rest = [
        name
        for name, rest_s, amplitude, clipped in zip(
            names, held.rest_s, seen.amplitude_mv, held.clipped, strict=True
        )
        if rest_s >= LEAD_REST_S and amplitude > NO_SIGNAL_MV and not clipped and name not in quiet
    ]
    if held.still_s:
        yield "no signal", f"no signal for {held.still_s:.1f} s: no lead changes"
    elif held.still_share > STILL_SHARE:
        share = f"{100 * held.still_share:.0f} % of the time"
        yield (
            "no signal",
            f"no lead changes for {share}, in short stretches: samples are missing, or were made",
        )
    elif rest:
        yield "no signal", f"no signal for up to {held.rest_s.max():.1f} s: {', '.join(rest)}"
    if held.copied_s > TWICE_S:
        yield "copied", f"the same samples twice for {held.copied_s:.1f} s: part of the record is a copy"
    if held.mirrored_s > TWICE_S:
        text = f"the same samples in reverse order for {held.mirrored_s:.1f} s"
        yield "copied", f"{text}: part of the record is mirrored"


def _proportion(seen: Condition, names: Sequence[str]) -> float:
    """Return the amplitude of the chest leads against that of the limb leads, second by second; NaN without both."""
    is_chest = np.array([name in limb_leads.CHEST for name in names])
    size = np.median(seen.moving_mv, axis=1)
    if not is_chest.any() or is_chest.all():
        return float("nan")
    chest, limb = (float(np.median(size[part])) for part in (is_chest, ~is_chest))
    return chest / limb if min(chest, limb) > NO_SIGNAL_MV else float("nan")


def _large(seen: Condition, names: Sequence[str]) -> str:
    """Return the leads of an unusually high amplitude, second by second; "" where there are none."""
    size = dict(zip(names, np.median(seen.moving_mv, axis=1), strict=True))
    middle, largest = float(np.median(list(size.values()))), float(max(size.values()))
    chest = [name for name in limb_leads.CHEST if name in size]
    limb = [name for name in names if name not in chest]
    of_chest, of_limb = (
        float(np.median([size[name] for name in group])) if group else 0.0 for group in (chest, limb)
    )
    large = middle > ALL_LARGE_MV or (middle > LARGE_BOTH_MV[0] and largest > LARGE_BOTH_MV[1])
    if large and (not chest or not limb or min(of_chest, of_limb) > GROUP_ORDINARY_MV):
        return "all leads"
    found = {name for name in names if size[name] > LEAD_LARGE_MV}
    found.update(chest if of_chest > CHEST_LARGE_MV else ())
    found.update(limb if of_limb > LIMB_LARGE_MV else ())
    return ", ".join(name for name in names if name in found)


def _noise(seen: Condition, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    if seen.likeness < LITTLE_ALIKE:
        yield "noise", "the beats are hardly alike: noise, movement, or a chaotic rhythm"
    if seen.above_band > NOISY:
        yield "noise", f"noisy: {100 * seen.above_band:.0f} % of the power is above 40 Hz"
    if seen.likeness >= LITTLE_ALIKE and seen.unlike_s > UNLIKE_S:
        yield (
            "noise",
            f"no beat like the others for {seen.unlike_s:.1f} s: movement, noise, or another rhythm",
        )
    unlike = (seen.alike < LEAD_UNLIKE) & (seen.above_band_of > LEAD_NOISY)
    beatless = seen.alike < LEAD_NO_BEATS
    if beatless.any():
        unlike |= beatless & (seen.band.std(1) > LEAD_LOUD_MV)
    never = (seen.repeating < NEVER_REPEATS) & (seen.band.std(1) > NEVER_MV)
    if never.sum() >= SOME_LEADS and np.sort(seen.repeating)[-SOME_LEADS] > REPEATS:
        unlike |= never
    if unlike.any():
        noisy = ", ".join(name for name, hit in zip(names, unlike, strict=True) if hit)
        yield "noise", f"no beats to be seen in {noisy}: noise, or movement"


def _mean_beat(beat: MeanBeat) -> Iterator[tuple[str, str]]:
    apart = beat.apart >= SOME_APART and beat.in_three < PLAINLY_ONE
    if beat.in_three < HARDLY_A_HEART or apart or beat.spread_s >= SPREAD_S:
        yield "no heart", "the leads hardly fit one heart: leads mixed up, or what only repeats"
    if beat.t_to_qrs < NO_T:
        yield "no heart", "nothing follows the QRS complexes: no T wave, stimuli without an answer, or no ECG"
    if beat.qrs_hz < NO_QRS_HZ and beat.qrs_s > NO_QRS_S:
        yield (
            "no heart",
            "no quick part in the beats: a very wide QRS complex, or no ECG (a pulse wave, movement)",
        )
    if beat.qrs_hz > SHARP_HZ and NO_T <= beat.t_to_qrs < SMALL_T:
        yield (
            "no heart",
            "quick QRS complexes with hardly a T wave: filtered from below, or no voltage of an ECG",
        )
    if beat.rr_s > SLOW_RR_S and beat.qrs_s >= LONG_QRS_S and beat.qrs_hz < LOW_QRS_HZ:
        yield (
            "rate",
            "slow, with long and slow QRS complexes: check that the sampling rate is not twice as high",
        )
    quick = beat.rr_s < FAST_RR_S and beat.t_peak_s < EARLY_T_S
    if quick and beat.steep_s <= SHORT_STEEP_S and beat.qrs_hz > HIGH_QRS_HZ:
        yield (
            "rate",
            "fast, with short QRS complexes and early T waves: check that the sampling rate is not half as high",
        )


def _bandwidth(seen: Condition) -> Iterator[tuple[str, str]]:
    if seen.sampling_rate_hz < FEW_HZ:
        half = seen.sampling_rate_hz / 2
        yield "bandwidth", f"recorded at {seen.sampling_rate_hz:g} Hz: no content above {half:g} Hz"
    elif seen.cut < CUT:
        yield (
            "bandwidth",
            "hardly any content above 30 Hz: filtered, so that QRS complexes have lost their form",
        )
    elif seen.fall_off < FALL_OFF:
        yield "bandwidth", "hardly any content above 50 Hz: filtered, or once sampled at 100 Hz"


def _limb_leads(rows: Mapping[str, "np.ndarray"]) -> Iterator[tuple[str, str]]:
    if odd := limb_leads.discordant(rows):
        yield "limb leads", f"{', '.join(odd)} do not belong together: one is inverted or has another's name"
    if all(name in rows for name in limb_leads.NEEDED):
        chest = np.stack([rows[name] for name in limb_leads.CHEST])
        found = limb_leads.exchanged(rows["I"], rows["II"], chest)
        if found == limb_leads.INVERTED:
            yield "limb leads", "the limb leads seem inverted against the chest leads"
        elif found in (limb_leads.REVERSED, limb_leads.V1_AND_V5):
            yield "chest leads", f"chest electrodes perhaps exchanged: {found}"
        elif found:
            yield "limb leads", f"{limb_leads.PERHAPS}{found} (or the heart on the right side)"


def _notes(record: EcgRecord, kinds: Sequence[str]) -> Iterator[str]:
    """Yield what the file's reader noted; what was found in the samples here, too, is said once."""
    for note in record.notes:
        if (
            note.kind in TOLD and note.kind not in kinds and note.kind != GAIN
        ):  # the gain's doubt is told by itself
            yield note.text
