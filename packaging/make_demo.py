#!/usr/bin/env python3
"""Make the six demonstration ECGs: synthetic, from a moving heart vector, the same at every run.

A beat is a sum of Gaussian pulses of a three-dimensional heart vector (x left, y down, z forward, in mV); fixed
lead vectors project it on I, II and V1-V6, and the other limb leads follow by Einthoven's and Goldberger's
identities. Vectors and times are choices of ours, made so that each diagnosis looks as textbooks describe it.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.record import Acquisition, EcgRecord, Patient

FS_HZ = 500
SECONDS = 10
LEAD_VECTORS = {
    "I": (1.0, 0.0, 0.0),
    "II": (0.5, 0.87, 0.0),
    "V1": (-0.35, 0.05, 0.95),
    "V2": (0.05, 0.08, 1.35),
    "V3": (0.45, 0.12, 1.20),
    "V4": (0.90, 0.20, 0.75),
    "V5": (1.10, 0.25, 0.30),
    "V6": (1.00, 0.25, 0.02),
}

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Pulse:
    """A Gaussian pulse of the heart vector: centre after the R time, rise and fall in s, peak in mV."""

    at_s: float
    rise_s: float
    fall_s: float
    peak: Vector


P_WAVE = (Pulse(-0.175, 0.020, 0.020, (0.05, 0.06, 0.05)), Pulse(-0.145, 0.020, 0.022, (0.07, 0.06, -0.03)))
NORMAL_QRS = (
    Pulse(-0.024, 0.006, 0.006, (-0.10, -0.04, 0.18)),
    Pulse(-0.010, 0.008, 0.008, (0.35, 0.25, 0.42)),
    Pulse(0.004, 0.010, 0.010, (0.85, 0.78, -0.55)),
    Pulse(0.022, 0.009, 0.010, (0.02, -0.08, -0.42)),
)
NORMAL_T = (Pulse(0.290, 0.062, 0.040, (0.26, 0.20, 0.16)),)
LBBB_QRS = (
    Pulse(-0.045, 0.016, 0.018, (0.34, 0.16, -0.12)),
    Pulse(-0.006, 0.020, 0.022, (0.62, 0.20, -0.72)),
    Pulse(0.050, 0.020, 0.022, (0.66, 0.02, -0.70)),
)
LBBB_ST_T = (
    Pulse(0.150, 0.060, 0.080, (-0.13, -0.02, 0.20)),
    Pulse(0.320, 0.070, 0.050, (-0.30, -0.05, 0.34)),
)
INFARCT_QRS = (
    Pulse(-0.020, 0.008, 0.009, (0.02, 0.05, -0.55)),
    Pulse(0.004, 0.011, 0.011, (0.55, 0.50, -0.45)),
    Pulse(0.022, 0.009, 0.010, (0.10, -0.05, -0.10)),
)
INFARCT_ST_T = (
    Pulse(0.110, 0.050, 0.070, (0.05, -0.06, 0.20)),
    Pulse(0.225, 0.075, 0.050, (0.14, -0.02, 0.33)),
)
LVH_QRS = (
    Pulse(-0.026, 0.007, 0.007, (-0.16, -0.02, 0.22)),
    Pulse(-0.010, 0.009, 0.009, (0.55, 0.25, 0.30)),
    Pulse(0.008, 0.012, 0.012, (1.40, 0.50, -1.45)),
    Pulse(0.030, 0.010, 0.011, (0.15, -0.12, -0.60)),
)
LVH_ST_T = (
    Pulse(0.120, 0.055, 0.080, (-0.12, -0.03, 0.10)),
    Pulse(0.275, 0.075, 0.040, (-0.27, -0.06, 0.22)),
)
ESCAPE_QRS = (
    Pulse(-0.040, 0.016, 0.018, (0.25, -0.22, -0.30)),
    Pulse(0.000, 0.022, 0.024, (0.75, -0.65, -0.55)),
    Pulse(0.055, 0.022, 0.024, (0.45, -0.55, -0.30)),
)
ESCAPE_T = (Pulse(0.360, 0.085, 0.060, (-0.30, 0.30, 0.28)),)


@dataclass(frozen=True)
class Case:
    """One demonstration ECG."""

    name: str
    diagnosis: str
    age: int
    sex: str
    seed: int
    pulses: tuple[Pulse, ...]
    rate_bpm: float
    spread: float = 0.015  # of the RR intervals
    atrial_rate_bpm: float = 0.0  # P waves of their own, dissociated
    fibrillation: bool = False


CASES = (
    Case("normal", "Normal ECG, sinus rhythm", 41, "female", 1, P_WAVE + NORMAL_QRS + NORMAL_T, 68),
    Case(
        "af",
        "Atrial fibrillation",
        74,
        "male",
        2,
        NORMAL_QRS + NORMAL_T,
        98,
        spread=0.20,
        fibrillation=True,
    ),
    Case("lbbb", "Complete left bundle branch block", 69, "female", 3, P_WAVE + LBBB_QRS + LBBB_ST_T, 72),
    Case(
        "anterior_mi",
        "Anterior myocardial infarction",
        58,
        "male",
        4,
        P_WAVE + INFARCT_QRS + INFARCT_ST_T,
        82,
    ),
    Case("lvh", "Left ventricular hypertrophy with strain", 63, "male", 5, P_WAVE + LVH_QRS + LVH_ST_T, 64),
    Case(
        "complete_av_block",
        "Complete atrioventricular block with ventricular escape rhythm",
        80,
        "female",
        6,
        ESCAPE_QRS + ESCAPE_T,
        38,
        spread=0.008,
        atrial_rate_bpm=82,
    ),
)


def main() -> None:
    """Write every case to resources/demo, or to the folder given."""
    folder = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "resources/demo"
    )
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        print(wfdb.write(record(case), folder / case.name))


def record(case: Case) -> EcgRecord:
    """Return the ECG of a case, 12 leads x 10 s at 500 Hz in mV, Einthoven kept to the last bit that is stored."""
    rng = np.random.default_rng(case.seed)
    t = np.arange(SECONDS * FS_HZ) / FS_HZ
    heart = np.zeros((3, t.size))
    for beat in _times(case.rate_bpm, case.spread, rng):
        gain = 1 + 0.03 * rng.standard_normal()
        stretch = np.sqrt(60 / case.rate_bpm) if case.rate_bpm > 60 else 1.0
        for pulse in case.pulses:
            moved = replace(pulse, at_s=pulse.at_s * stretch) if pulse.at_s > 0.1 else pulse
            heart += gain * _pulse(t - beat, moved)
    if case.atrial_rate_bpm:
        for beat in _times(case.atrial_rate_bpm, 0.01, rng):
            heart += sum(_pulse(t - beat, pulse) for pulse in P_WAVE)
    if case.fibrillation:
        heart += _fibrillation(t, rng)
    lead = {name: np.array(vector) @ heart for name, vector in LEAD_VECTORS.items()}
    for name in lead:
        breath = 0.035 * rng.uniform(0.3, 1) * np.sin(2 * np.pi * (0.22 * t + rng.random()))
        lead[name] = np.round(1000 * (lead[name] + breath + 0.006 * rng.standard_normal(t.size))) / 1000
    lead["I"] = np.round(lead["I"] * 500) / 500  # even microvolts, so that halves in aVR, aVL, aVF are whole
    lead["II"] = np.round(lead["II"] * 500) / 500
    lead |= derive_limb(lead)
    comments = {
        "Age": str(case.age),
        "Sex": case.sex,
        "Diagnosis": case.diagnosis,
        "Note": "synthetic ECG from a physiological model; no patient was recorded",
    }
    return EcgRecord(
        np.stack([lead[name] for name in STANDARD_12]).astype(np.float32),
        STANDARD_12,
        float(FS_HZ),
        Patient(sex=case.sex, age_years=case.age),
        Acquisition(extra=comments),
        synthetic=True,
    )


def _times(rate_bpm: float, spread: float, rng: np.random.Generator) -> list[float]:
    """Return times in s of beats that also cover the edges of the record."""
    found = [-0.6 + 0.3 * rng.random()]
    while found[-1] < SECONDS + 1:
        found.append(found[-1] + 60 / rate_bpm * max(0.45, 1 + spread * rng.standard_normal()))
    return found


def _pulse(t: np.ndarray, pulse: Pulse) -> np.ndarray:
    """Return (3, samples) mV."""
    after = t - pulse.at_s
    width = np.where(after < 0, pulse.rise_s, pulse.fall_s)
    return np.array(pulse.peak)[:, None] * np.exp(-0.5 * (after / width) ** 2)[None]


def _fibrillation(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return fibrillatory waves at 5 to 7 per second, (3, samples) mV, largest towards V1."""
    wave = np.zeros(t.size)
    for frequency in (5.1, 5.9, 6.7):
        drift = np.cumsum(0.35 * rng.standard_normal(t.size)) / np.sqrt(FS_HZ)
        wave += np.sin(2 * np.pi * frequency * t + drift + 6.28 * rng.random())
    return np.array([-0.012, 0.022, 0.030])[:, None] * wave[None]


if __name__ == "__main__":
    main()
