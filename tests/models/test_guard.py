"""What is no ECG gets no answer, on every road; what is doubtful gets its doubt beside the answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_models import autoencoder, classifier

from ecgview import api, formats
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.models import context, guard, runtime
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord, ImportNote, Signal
from ecgview.signal.judgement import judged

__all__ = ["autoencoder", "classifier"]

Change = Callable[[EcgRecord], EcgRecord]
T = np.arange(5000) / 500


@pytest.fixture(scope="session")
def real(shared_data: Path) -> EcgRecord:
    """Return a real ECG of a normal heart, PTB-XL 1, fold 3."""
    return formats.read(shared_data / "ptbxl" / "records500" / "00000" / "00001_hr.hea")


def _samples(made: Callable[[Signal], object]) -> Change:
    return lambda record: record.with_signal(np.asarray(made(record.signal), dtype=np.float32))


def _noise(scale: float) -> Change:
    return _samples(lambda signal: np.random.default_rng(3).normal(0, scale, signal.shape))


def _wandering(signal: Signal) -> object:
    return np.cumsum(np.random.default_rng(3).normal(0, 0.02, signal.shape), axis=1)


def _electrodes(one: object, two: object, record: EcgRecord) -> EcgRecord:
    """Return the record with other leads I and II, and what follows from them."""
    first, second = np.asarray(one), np.asarray(two)
    limb = (first, second, second - first, -(first + second) / 2, first - second / 2, second - first / 2)
    return record.with_signal(np.concatenate([np.stack(limb), record.signal[6:]]).astype(np.float32))


def _arms(record: EcgRecord) -> EcgRecord:
    return _electrodes(-record.lead("I"), record.lead("III"), record)


def _arm_and_leg(record: EcgRecord) -> EcgRecord:
    return _electrodes(-record.lead("III"), -record.lead("II"), record)


def _lead(name: str, made: Callable[[Signal], object]) -> Change:
    row = STANDARD_12.index(name)

    def change(record: EcgRecord) -> EcgRecord:
        signal = record.signal.copy()
        signal[row] = np.asarray(made(signal[row]))
        return record.with_signal(signal)

    return change


def _still(start: int, end: int) -> Change:
    return _samples(lambda signal: np.where((start <= T) & (end > T), 0, signal))


def _off(rows: slice, start: float, end: float, mv: float = 0.004) -> Change:
    """Return the noise of an amplifier in leads, from a time to another."""

    def change(signal: Signal) -> object:
        changed = signal.copy()
        noise = np.random.default_rng(5).normal(0, mv, signal.shape)
        changed[rows] = np.where((start <= T) & (end > T), noise, signal)[rows]
        return changed

    return _samples(change)


def _times(rows: slice, factor: float) -> Change:
    return _samples(lambda s: np.concatenate([s[: rows.start], s[rows] * factor, s[rows.stop :]]))


def _white(rows: slice) -> Change:
    def change(signal: Signal) -> object:
        changed = signal.copy()
        changed[rows] = np.random.default_rng(6).normal(0, 0.3, changed[rows].shape)
        return changed

    return _samples(change)


def _slow_noise(row: Signal) -> object:
    from scipy.signal import butter, sosfiltfilt

    noise = sosfiltfilt(
        butter(2, [1, 15], "band", fs=500, output="sos"), np.random.default_rng(7).normal(size=row.shape)
    )
    return 0.4 * noise / noise.std()


def _twelve_of(eight: np.ndarray) -> np.ndarray:
    """Return twelve leads of I, II and V1 to V6, (8, samples)."""
    one, two = eight[0], eight[1]
    return np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2, *eight[2:]])


def _repeated(shapes: np.ndarray) -> Change:
    """Return a shape per lead, (8, samples), 75 times a minute, with a little noise."""

    def made(_signal: Signal) -> object:
        eight = np.random.default_rng(8).normal(0, 0.01, (8, 5000))
        for start in range(150, 5000 - shapes.shape[1], 400):
            eight[:, start : start + shapes.shape[1]] += shapes
        return _twelve_of(eight)

    return _samples(made)


def _random_shapes() -> np.ndarray:
    rough = np.random.default_rng(8).normal(0, 1, (8, 100))
    return np.stack([np.convolve(row, np.hanning(12), "same") for row in rough]) * np.hanning(100) * 0.3


def _waves(hz: float, harmonics: int) -> Change:
    """Return what a periodic movement makes of the leads: harmonics, of another mixture in each."""

    def made(_signal: Signal) -> object:
        rng, order = np.random.default_rng(13), np.arange(1, harmonics + 1)[:, None, None]
        size, phase = rng.normal(0, 0.8, (harmonics, 8, 1)) / order, rng.uniform(0, 6, (harmonics, 8, 1))
        waves = (size * np.sin(2 * np.pi * hz * order * T + phase)).sum(0)
        return _twelve_of(waves + rng.normal(0, 0.03, waves.shape))

    return _samples(made)


def _sawteeth(_signal: Signal) -> object:
    size = np.array([0.5, 1, -0.4, -0.2, 0.3, 0.8, 1.1, 0.9])[:, None]
    late = np.array([0.02, 0.21, 0.11, 0.24, 0.06, 0.17, 0.0, 0.14])[:, None]
    return _twelve_of(
        size * (((T - late) * 1.3) % 1 - 0.5) + np.random.default_rng(8).normal(0, 0.01, (8, 5000))
    )


def _band(low: float, high: float, mv: float) -> Callable[[Signal], np.ndarray]:
    """Return noise of these frequencies, mV root mean square, another in each row."""

    def made(rows: Signal) -> np.ndarray:
        from scipy.signal import butter, sosfiltfilt

        noise = sosfiltfilt(
            butter(3, [low, high], "band", fs=500, output="sos"),
            np.random.default_rng(21).normal(size=rows.shape),
        )
        return np.asarray(mv * noise / noise.std())

    return made


def _limb_movement(record: EcgRecord) -> EcgRecord:
    one, two = _band(1, 8, 0.05)(record.signal[:2])
    return _electrodes(one, two, record)


def _low_pass(hz: float) -> Change:
    def made(signal: Signal) -> object:
        from scipy.signal import butter, sosfiltfilt

        return sosfiltfilt(butter(4, hz, fs=500, output="sos"), signal)

    return _samples(made)


def _line(hz: float) -> Change:
    return _samples(lambda s: s + 0.1 * np.sin(2 * np.pi * hz * T))


def _rows(rows: slice, made: Callable[[Signal], object]) -> Change:
    def change(signal: Signal) -> object:
        changed = signal.copy()
        changed[rows] = made(signal[rows])
        return changed

    return _samples(change)


def _held_beats(signal: Signal) -> object:
    """Return leads that keep their value for 0.3 of each 0.7 s."""
    held = signal.copy()
    for start in range(150, 4800, 350):
        held[:, start : start + 150] = held[:, start : start + 1]
    return held


def _one_lead_and_noise(mv: float) -> Change:
    def made(signal: Signal) -> object:
        each = np.array([0.6, 1, -0.5, 0.4, 0.8, 1.2, 1, 0.8])[:, None]
        return _twelve_of(each * signal[1:2] + np.random.default_rng(22).normal(0, mv, (8, 5000)))

    return _samples(made)


def _pulse_waves(_signal: Signal) -> object:
    """Return the pressure of an artery, 72 times a minute, later in each next lead."""
    once = sum(
        size * np.exp(-0.5 * (((T - at) % 0.83 - 0.2) / wide) ** 2)
        for size, at, wide in ((1, 0, 0.06), (0.5, 0.17, 0.08), (0.25, 0.35, 0.1))
    )
    eight = np.stack([np.roll(np.asarray(once), 9 * row) * (0.5 + 0.1 * row) for row in range(8)])
    return _twelve_of(eight + np.random.default_rng(23).normal(0, 0.006, eight.shape))


def _steps(_signal: Signal) -> object:
    """Return an accelerometer's three axes while walking, mixed into the leads."""
    rng, order = np.random.default_rng(12), np.arange(1, 6)[:, None]
    axes = [
        (
            rng.normal(size=(5, 1)) / order * np.sin(2 * np.pi * 1.9 * order * T + rng.uniform(0, 6, (5, 1)))
        ).sum(0)
        for _ in range(3)
    ]
    return _twelve_of(rng.normal(0, 0.4, (8, 3)) @ np.stack(axes) + rng.normal(0, 0.02, (8, 5000)))


def _derivative(signal: Signal) -> object:
    smooth = np.stack([np.convolve(row, np.ones(3) / 3, "same") for row in signal])
    return 10 * np.gradient(smooth, axis=1)


PULSES = (
    3
    * np.array([0.5, 1, -0.4, -0.2, 0.3, 0.8, 1.1, 0.9])[:, None]
    * np.exp(-np.arange(60) / np.array([4, 8, 15, 4, 8, 15, 4, 8])[:, None])
)


def _wanders(rows: Signal) -> object:
    return rows + np.linspace(3, 9, 6)[:, None] * np.sin(T)


ALL, CHEST, LIMB, V2 = slice(0, 12), slice(6, 12), slice(0, 6), slice(7, 8)

REFUSED: dict[str, tuple[Change, str]] = {
    "a shape of its own in each lead": (_repeated(_random_shapes()), "each lead repeats a shape of its own"),
    "compressions of the chest": (_waves(1.83, 6), "each lead repeats a shape of its own"),
    "sawteeth, later in some leads": (_samples(_sawteeth), "each lead repeats a shape of its own"),
    "white noise": (_noise(0.3), "no beats"),
    "louder noise": (_noise(1.0), "no beats"),
    "wander without an ECG": (_samples(_wandering), "no beats"),
    "ramp": (_samples(lambda s: np.linspace(-1, 1, 5000) * np.linspace(0.5, 1.5, 12)[:, None]), "amplitude"),
    "mV / 1000": (_samples(lambda s: s / 1000), "a wrong unit"),
    "uV as mV": (_samples(lambda s: s * 1000), "a wrong unit"),
    "one lead twelve times": (_samples(lambda s: np.repeat(s[1:2], 12, 0)), "the same signal"),
    "one lead, scaled": (_samples(lambda s: s[1:2] * np.linspace(0.5, 1.5, 12)[:, None]), "the same signal"),
    "mains that decide": (
        _samples(lambda s: s + 0.2 * np.sin(2 * np.pi * 50 * T)),
        "mains of 1",
    ),
    "mains alone": (_samples(lambda s: np.sin(2 * np.pi * 50 * T) + np.zeros((12, 1))), "nothing but mains"),
    "sine": (_samples(lambda s: np.sin(2 * np.pi * 7 * T + np.arange(12)[:, None])), "single frequency"),
    "noise over an ECG": (
        _samples(lambda s: s + np.random.default_rng(1).normal(0, 8, s.shape) * s.std(1, keepdims=True)),
        "noise",
    ),
    "held at the limit": (
        _samples(lambda s: np.clip(s + 3 * np.sin(2 * np.pi * 0.3 * T), -1, 1)),
        "recorder's limit",
    ),
    "six seconds of zeros": (_still(2, 8), "no signal for 6.0"),
    "seven last seconds of noise": (_off(ALL, 3, 10), "nothing but noise from 3.0 to 10.0 s"),
    "six last seconds of louder noise": (_off(ALL, 4, 10, 0.01), "nothing but noise from 4.0 to 10.0 s"),
    "five seconds of noise in the midst": (_off(ALL, 2, 7), "nothing but noise from 2.0 to 7.0 s"),
    "eight first seconds of noise": (_off(ALL, 0, 8), "nothing but noise from 0.0 to 8.0 s"),
    "chest leads off after five seconds": (
        _off(CHEST, 5, 10),
        "nothing but noise for over 4 s in V1, V2, V3, V4, V5, V6",
    ),
    "a long gap": (
        _lead("V2", lambda row: np.where((T > 3) & (T < 4), np.nan, row)),
        "gaps over 0.2 s in V2",
    ),
    "a dead lead": (_lead("V4", lambda row: row * 0), "no signal in V4"),
    "one lead in another unit": (_lead("V4", lambda row: row * 1000), "impossible amplitude in V4"),
}

WARNED: dict[str, tuple[Change, str]] = {
    "arms exchanged": (_arms, "right and left arm"),
    "arm and leg exchanged": (_arm_and_leg, "right arm and left leg"),
    "limb leads inverted": (
        lambda r: _electrodes(-r.lead("I"), -r.lead("II"), r),
        "limb leads seem inverted",
    ),
    "lead II inverted": (_lead("II", lambda row: -row), "do not belong together"),
    "aVR inverted": (_lead("aVR", lambda row: -row), "do not belong together"),
    "mains": (_samples(lambda s: s + 0.1 * np.sin(2 * np.pi * 50 * T)), "50 Hz mains of 7"),
    "mains of 60 Hz": (_samples(lambda s: s + 0.1 * np.sin(2 * np.pi * 60 * T)), "60 Hz mains of 7"),
    "a fifth of the amplitude": (_samples(lambda s: s / 4.88), "unusually low amplitude"),
    "nine times the amplitude": (_samples(lambda s: s * 9), "unusually high amplitude"),
    "noise": (
        _samples(lambda s: s + np.random.default_rng(1).normal(0, 1, s.shape) * s.std(1, keepdims=True)),
        "noisy",
    ),
    "two leads alike": (
        lambda r: r.with_signal(np.where(np.arange(12)[:, None] == 7, r.signal[6:7], r.signal)),
        "the same samples in V1 and V2",
    ),
    "a pause of two seconds": (_off(ALL, 8, 10), "nothing but noise from 8.0 to 10.0 s"),
    "a pause of three seconds": (_off(ALL, 3, 6), "nothing but noise from 3.0 to 6.0 s"),
    "a pause of four seconds": (_off(ALL, 6, 10), "nothing but noise from 6.0 to 10.0 s"),
    "chest leads off for three seconds": (_off(CHEST, 7, 10), "s: V1, V2, V3, V4, V5, V6"),
    "white noise in V1": (_white(slice(6, 7)), "no beats to be seen in V1:"),
    "white noise in the chest leads": (_white(CHEST), "no beats to be seen in V1, V2, V3, V4, V5, V6:"),
    "noise of 1 to 15 Hz in V5": (_lead("V5", _slow_noise), "no beats to be seen in V5:"),
    "V1 six times but for microvolts": (
        _samples(
            lambda s: (
                np.concatenate([s[:6], np.repeat(s[6:7], 6, 0)])
                + np.random.default_rng(8).normal(0, 0.002, s.shape)
            )
        ),
        "the same samples in V1, V2, V3, V4, V5, V6",
    ),
    "five times the amplitude": (_times(ALL, 5), "unusually high amplitude in all leads"),
    "V1 and V6 exchanged": (
        _samples(lambda s: s[[*range(6), 11, 7, 8, 9, 10, 6]]),
        "chest electrodes perhaps exchanged: V1 and V6",
    ),
    "chest leads in reverse order": (
        _samples(lambda s: s[[*range(6), *range(11, 5, -1)]]),
        "chest electrodes perhaps exchanged: V1 and V6, or all in reverse order",
    ),
    "stimuli without an answer": (_repeated(PULSES), "nothing follows the QRS complexes"),
    "half the true rate": (
        _samples(lambda s: np.repeat(s[:, :2500], 2, axis=1)),
        "check that the sampling rate is not twice as high",
    ),
    "twice the true rate": (
        _samples(lambda s: np.tile(s[:, ::2], 2)),
        "check that the sampling rate is not half as high",
    ),
    "eight times the amplitude": (_times(ALL, 8), "unusually high amplitude"),
    "ten times in the chest leads": (_times(CHEST, 10), "high amplitude in V1, V2, V3, V4, V5, V6"),
    "ten times in the limb leads": (_times(LIMB, 10), "high amplitude in I, II, III, aVR, aVL, aVF"),
    "thirty times in V2": (_times(V2, 30), "high amplitude in V2:"),
    "a short dropout": (_still(5, 6), "no signal for 1.0 s"),
    "clipped": (_samples(lambda s: np.clip(s, -0.3, 0.3)), "clipped at the limit"),
    "a little of every beat at zero": (
        _samples(lambda s: np.where(T % 0.5 < 0.15, 0, s)),
        "lead changes for 3",
    ),
    "half of every beat at zero": (_samples(lambda s: np.where(T % 0.96 < 0.45, 0, s)), "lead changes for 4"),
    "values that are kept in every beat": (_samples(_held_beats), "no lead changes for 4"),
    "movement in the chest leads": (_rows(CHEST, _band(1, 8, 0.1)), "no beats to be seen in V1, V2"),
    "movement in the limb leads": (_limb_movement, "the beats are hardly alike"),
    "movement in the last four seconds": (
        _samples(lambda s: np.where(T > 6, _band(2, 15, 0.08)(s), s)),
        "no beat like the others for 4",
    ),
    "mains in V2": (_lead("V2", lambda row: row + np.sin(2 * np.pi * 50 * T)), "of up to 70"),
    "mains of 60 Hz in V6": (
        _lead("V6", lambda row: row + 0.2 * np.sin(2 * np.pi * 60 * T)),
        "60 Hz mains of up to 14",
    ),
    "a low-pass of 25 Hz": (_low_pass(25), "content above 30 Hz"),
    "a low-pass of 8 Hz": (_low_pass(8), "content above 30 Hz"),
    "a low-pass of 4 Hz": (_low_pass(4), "content above 30 Hz"),
    "a line of 17 Hz": (_line(16.7), "a line at 17 Hz"),
    "a line of 25 Hz": (_line(25), "a line at 25 Hz"),
    "a line of 33 Hz": (_line(33), "a line at 33 Hz"),
    "a line of 100 Hz": (_line(100), "a line at 100 Hz"),
    "a line of 150 Hz": (_line(150), "a line at 150 Hz"),
    "wander": (
        lambda r: _electrodes(
            r.signal[0] + 4 * np.sin(T), r.signal[1] + 7 * np.sin(T), _rows(CHEST, _wanders)(r)
        ),
        "the baseline wanders by",
    ),
    "a lead that hits its limit once": (
        _lead("V4", lambda row: np.where(T > 8.2, 3.2767, row)),
        "clipped at the limit of the recorder: V4",
    ),
    "the chest leads at their limit once": (
        _rows(CHEST, lambda rows: np.where(T > 8.2, 3.2767, rows)),
        "clipped at the limit of the recorder: V1, V2, V3, V4, V5, V6",
    ),
    "a lead cut off near its baseline": (
        _lead("V3", lambda row: np.clip(row, -0.05, 0.05)),
        "clipped at the limit of the recorder: V3",
    ),
    "chest leads cut off for half of the time": (
        _rows(CHEST, lambda rows: np.where(T > 5, np.clip(rows, -0.3, 0.3), rows)),
        "clipped at the limit of the recorder: V",
    ),
    "chest leads at zero for two seconds": (
        _rows(CHEST, lambda rows: np.where((T > 4) & (T < 5.9), 0, rows)),
        "no signal for up to 1.9 s: V1",
    ),
    "one lead, and noise of 30 uV": (_one_lead_and_noise(0.03), "nearly alike"),
    "one lead, and noise of 60 uV": (_one_lead_and_noise(0.06), "nearly alike"),
    "an eighth in the chest leads": (_times(CHEST, 1 / 8), "times as large as the limb leads"),
    "five seconds twice": (_samples(lambda s: np.tile(s[:, :2500], 2)), "the same samples twice for 5.0"),
    "five seconds and their mirror image": (
        _samples(lambda s: np.concatenate([s[:, :2500], s[:, 2499::-1]], axis=1)),
        "the same samples in reverse order for 4.9",
    ),
    "pulse waves": (_samples(_pulse_waves), "no quick part in the beats"),
    "an accelerometer": (_samples(_steps), "the leads hardly fit one heart"),
    "the derivative of an ECG": (_samples(_derivative), "with hardly a T wave"),
    "a short gap": (_lead("V2", lambda row: np.where((T > 3) & (T < 3.1), np.nan, row)), "bridged"),
    "100 Hz": (lambda r: replace(r, signal=r.signal[:, ::5], sampling_rate_hz=100.0), "recorded at 100 Hz"),
    "what the file's reader noted": (
        lambda r: replace(r, notes=(ImportNote("units", "V1: 30.5 µV per step; check the gain"),)),
        "30.5 µV per step",
    ),
}


def test_a_real_ecg_is_answered_without_a_doubt_of_its_samples(real: EcgRecord) -> None:
    assert judged(real).kinds == ()
    assert judged(real).reason == ""
    assert judged(real).warnings == ()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_ecg_is_not_analysed(name: str, real: EcgRecord, classifier: ModelCard) -> None:
    change, reason = REFUSED[name]
    record = change(real)
    answer = runtime.classify(record, classifier.id, "cpu")  # by name: with a lead off another would be asked
    assert reason in answer.reason
    assert (answer.analysed, answer.scores) == (False, ())
    assert reason in api.lef(record, device="cpu").reason
    with pytest.raises(ModelError, match="not analysed"):
        guard.check(record, classifier.input.leads)


@pytest.mark.parametrize("name", WARNED)
def test_what_is_doubtful_is_answered_with_the_doubt(
    name: str, real: EcgRecord, classifier: ModelCard
) -> None:
    change, doubt = WARNED[name]
    record = change(real)
    answer = runtime.classify(record, device="cpu")
    assert answer.analysed
    assert len(answer.scores) == 71
    assert any(doubt in warning for warning in answer.warnings), answer.warnings
    assert any(doubt in warning for warning in api.lef(record, device="cpu").warnings)


def test_dropouts_are_no_clipping(real: EcgRecord) -> None:
    kinds = judged(_samples(lambda s: np.where(T % 0.96 < 0.45, 0, s))(real)).kinds
    assert "no signal" in kinds
    assert "clipping" not in kinds


@pytest.mark.parametrize(
    ("years", "doubt"),
    [(None, "age unknown"), (17.0, "under 18 years"), (56.0, ""), (103.0, ""), (120.0, "age 120: hardly")],
)
def test_an_age_that_hardly_anybody_has_is_doubted(years: float | None, doubt: str, real: EcgRecord) -> None:
    record = replace(real, patient=replace(real.patient, age_years=years))
    told = [text for text in context.doubts(record) if "age" in text or "years" in text]
    assert len(told) == bool(doubt)
    assert not doubt or told[0].startswith(doubt)


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        ("/mV", "", "unit of the gain not stated (12 leads)"),
        ("Age: 56", "Age: 300", "age 300 in the file's header is no person's"),
        ("Age: 56", "Age: -5", "age -5 in the file's header is no person's"),
    ],
)
def test_what_a_header_leaves_open_reaches_the_answer(
    old: str, new: str, doubt: str, real: EcgRecord, tmp_path: Path
) -> None:
    header = wfdb.write(replace(real, patient=replace(real.patient, age_years=56.0)), tmp_path / "record")
    text = header.read_text()
    lines = [line for line in text.splitlines() if "ecgview" not in line and "age_years" not in line]
    assert old in text
    header.write_text("\n".join(lines).replace(old, new) + "\n")
    assert any(doubt in told for told in context.doubts(formats.read(header)))


def test_a_fault_of_a_lead_that_the_network_does_not_take_is_no_reason(real: EcgRecord) -> None:
    record = _lead("V4", lambda row: row * 0)(real)
    assert guard.reason_not_to_answer(record, ("I",)) == ""
    assert guard.reason_not_to_answer(record, ("I", "V4")) == "no signal in V4"


def test_every_road_to_an_answer_refuses(
    real: EcgRecord, classifier: ModelCard, autoencoder: ModelCard, forwards: list[str]
) -> None:
    noise = _noise(0.3)(real)
    assert api.classify(noise).reason
    assert api.lef(noise).reason
    roads: tuple[Callable[[], object], ...] = (
        lambda: api.reconstruct(noise),
        lambda: api.mask_and_ask(noise, "2.0-2.4"),
        lambda: api.attribute(noise, "NORM"),
        lambda: api.attribute(noise, predictor=""),
        lambda: api.identify(noise, real),
    )
    for road in roads:
        with pytest.raises(ModelError, match="no beats found: noise"):
            road()
    assert forwards == []


def test_batches_keep_their_order(real: EcgRecord, classifier: ModelCard) -> None:
    records = [real, _noise(0.3)(real), _arms(real)]
    answers = runtime.classify_many(records, device="cpu")
    assert [answer.analysed for answer in answers] == [True, False, True]
    assert answers[0].scores != answers[2].scores


def test_noise_has_no_heart_rate_and_a_wrong_unit_keeps_it(real: EcgRecord) -> None:
    rate = {item.name: item for item in api.measure(_noise(0.3)(real))}["Heart rate"]
    assert rate.value is None
    assert "no beats" in rate.note
    scaled = {item.name: item.value for item in api.measure(_samples(lambda s: s * 1000)(real))}
    assert scaled["Heart rate"] == {item.name: item.value for item in api.measure(real)}["Heart rate"]


def _asystole(record: EcgRecord) -> EcgRecord:
    """Return P waves of 60 per minute over a little noise, and no QRS complexes."""
    p_waves = np.zeros(5000)
    for start in range(150, 4750, 500):
        p_waves[start : start + 50] = 0.12 * np.hanning(50)
    each = np.array([0.5, 1, 0.5, -0.7, 0.1, 0.8, -0.4, -0.2, 0.3, 0.8, 1.1, 0.9])
    noise = np.random.default_rng(9).normal(0, 0.006, (12, 5000))
    return record.with_signal((each[:, None] * p_waves + noise).astype(np.float32))


NO_RATE: dict[str, tuple[Change, str]] = {
    "P waves without QRS": (_asystole, "no ECG"),
    "mV / 1000": (_samples(lambda s: s / 1000), "no ECG"),
    "a calibration pulse": (
        _samples(lambda s: np.where(T % 1 < 0.2, 1, 0) + np.zeros((12, 1))),
        "clipped: 20 %",
    ),
    "square waves": (_samples(lambda s: np.sign(np.sin(2 * np.pi * 1.1 * T)) + np.zeros((12, 1))), "clipped"),
    "a pulse wave": (
        _samples(
            lambda s: (
                np.linspace(0.5, 1.5, 12)[:, None]
                * (np.sin(2.4 * np.pi * T) + 0.5 * np.sin(4.8 * np.pi * T + 0.7))
            )
        ),
        "the same signal",
    ),
    "electrodes off after three seconds": (_off(ALL, 3, 10), "nothing but noise"),
}


@pytest.mark.parametrize("name", NO_RATE)
def test_what_is_no_ecg_has_no_heart_rate(name: str, real: EcgRecord) -> None:
    change, reason = NO_RATE[name]
    measured = {item.name: item for item in api.measure(change(real))}
    for value in ("Heart rate", "RR mean", "RR min", "RR max"):
        assert measured[value].value is None
        assert reason in measured[value].note


def test_a_pause_leaves_the_heart_rate(real: EcgRecord) -> None:
    measured = {item.name: item.value for item in api.measure(_off(ALL, 6, 10)(real))}
    assert measured["Heart rate"] is not None


def test_the_judgement_is_made_once(real: EcgRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecgview.signal import judgement

    made: list[int] = []
    measure = judgement.measure
    monkeypatch.setattr(judgement, "measure", lambda *given: made.append(1) or measure(*given))
    record = _samples(lambda signal: signal * 1.25)(real)
    for _ in range(3):
        judged(record)
    assert made == [1]


def test_commands_and_tables_say_the_same(
    real: EcgRecord, classifier: ModelCard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path / "records"
    folder.mkdir()
    wfdb.write(_noise(0.3)(real), folder / "noise")
    wfdb.write(_arms(real), folder / "arms")
    assert main(["classify", str(folder / "noise.hea")]) == 3
    said = capsys.readouterr().out
    assert "Not analysed: no beats" in said
    assert "NORM" not in said
    assert main(["classify", "--json", str(folder / "noise.hea")]) == 3
    told = json.loads(capsys.readouterr().out)
    told = told[0] if isinstance(told, list) else told
    assert told["analysed"] is False
    assert "no beats" in told["reason"]
    assert told["predictions"] == []
    assert main(["lef", str(folder / "noise.hea")]) == 3
    assert "not analysed: no beats" in capsys.readouterr().out
    for command in (
        ["explain", str(folder / "noise.hea"), "--mask", "2.0-2.4"],
        ["reconstruct", str(folder / "noise.hea"), "-o", str(tmp_path / "out.npz")],
    ):
        assert main(command) == 3
        assert "not analysed: no beats" in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()
    assert main(["measure", str(folder / "noise.hea")]) == 3
    assert "not measured (no beats" in capsys.readouterr().out
    api.score(folder, tmp_path / "out.parquet", lef="default", device="cpu")
    rows = {row["path"]: row for row in pq.read_table(tmp_path / "out.parquet").to_pylist()}
    assert "no beats" in rows["noise.hea"]["not_analysed"]
    assert rows["noise.hea"]["error"] is None
    assert "no beats" in rows["noise.hea"]["lef_result"]
    assert {rows["noise.hea"][name] for name in rows["noise.hea"] if name.startswith("p_")} == {None}
    assert "right and left arm" in rows["arms.hea"]["warnings"]
    assert rows["arms.hea"]["not_analysed"] is None


def test_a_report_has_the_reason_and_no_probability(
    real: EcgRecord, classifier: ModelCard, tmp_path: Path
) -> None:
    api.report(_noise(0.3)(real), tmp_path / "out.json")
    said = json.loads((tmp_path / "out.json").read_text())["prediction"]
    assert "no beats" in said["reason"]
    assert said["scores"] == []
    assert "Not analysed" in said["summary"]
