"""A small synthetic data set in EchoNext's layout with a planted relation, so that the pipeline can be proven.

Every ECG is made by a formula and every name says "synthetic". In a second pass the classifier reads the ECGs, and
the ejection fraction is set from its own predictors with known weights plus noise: the best possible score is known.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.models import cards, runtime
from ecgview.models.preprocessing import prepare
from ecgview.progress import Counted, Progress, silent
from ecgview.signal import echonext_scaling
from ecgview.training.echonext import layout, tabular

NOISE = 0.35  # deviation beside a planted score of deviation 1
MEAN_LVEF, POINTS = 54.0, 9.0  # percent, and percent per deviation


@dataclass(frozen=True, slots=True)
class Step:
    """A planted effect: the score rises by `weight` where the predictor lies beyond a quantile of itself."""

    weight: float
    quantile: float
    above: bool = True


PLANTED: Mapping[str, Step] = {
    "NORM": Step(1.2, 0.45, above=False),
    "CLBBB": Step(1.2, 0.65),
    "INJAL": Step(1.2, 0.6),
}
SHARES = {"train": 0.6, "val": 0.15, "test": 0.2, "no_split": 0.05}


def write(
    folder: Path,
    records: int = 1200,
    seed: int = 0,
    classifier_id: str | None = None,
    planted: Mapping[str, Step] = PLANTED,
    age_last: bool = True,
    progress: Progress = silent,
) -> Path:
    """Write the synthetic data set and return its folder.

    Args:
        folder: new or empty.
        records: how many ECGs.
        seed: of everything.
        classifier_id: whose predictors carry the relation; the default classifier when None.
        planted: which predictors raise the score, and where; a higher score is a lower LVEF.
        age_last: which of the two published orders the tabular features have.
        progress: told per step.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    patients = np.sort(rng.integers(0, max(2, int(records * 0.7)), records))
    split = _splits(patients, rng)
    signals, traits = _ecgs(records, rng)
    card = cards.default("classifier") if classifier_id is None else cards.get(classifier_id)
    probability = _answers(signals, card, progress)
    score = planted_score(probability.astype(np.float64), card.labels, planted)
    lvef = np.clip(MEAN_LVEF - POINTS * (score + NOISE * rng.standard_normal(records)), 10, 75).round(1)
    lines = [
        _line(k, f"synthetic-{patients[k]:05d}", split[k], lvef[k], traits[k], rng) for k in range(records)
    ]
    for name in SHARES:
        rows = np.flatnonzero(split == name)
        stored = echonext_scaling.normalised(signals[rows].transpose(0, 2, 1))[:, None]  # (n, 1, 2500, 12)
        np.save(folder / f"EchoNext_{name}_waveforms.npy", stored)
        order = tabular.AGE_LAST if age_last else tabular.AGE_SECOND
        features = [[float(lines[k][column]) for column in order] for k in rows]
        table = np.array(features, dtype=np.float64).reshape(len(rows), 7)
        spread = table.std(0) if len(rows) else np.ones(7)
        scaled = (table - (table.mean(0) if len(rows) else 0)) / np.where(spread > 0, spread, 1)
        np.save(folder / f"EchoNext_{name}_tabular_features.npy", scaled)
    with open(folder / layout.TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    truth = {
        "notice": "synthetic: no patient, no echocardiogram; the ejection fractions follow a formula",
        "classifier": card.id,
        "classifier_sha256": card.sha256,
        "planted": {code: asdict(step) for code, step in planted.items()},
        "noise": NOISE,
        "score": {name: score[split == name].round(6).tolist() for name in SHARES},
    }
    (folder / "SYNTHETIC.json").write_text(json.dumps(truth, allow_nan=False) + "\n", encoding="utf-8")
    return folder


def _splits(patients: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.str_]:
    """Return the split of each record; a patient's records stay together."""
    names = np.unique(patients)
    drawn = rng.choice(list(SHARES), len(names), p=list(SHARES.values()))
    return np.asarray(drawn)[np.searchsorted(names, patients)]


def planted_score(
    probability: NDArray[np.float64], labels: Sequence[str], planted: Mapping[str, Step]
) -> NDArray[np.float64]:
    """Return the planted score of every record, (records,), of mean 0 and deviation 1.

    Args:
        probability: (records, labels) of the classifier.
        labels: what the columns are.
        planted: the steps.
    """
    total = np.zeros(len(probability))
    for code, step in planted.items():
        column = probability[:, list(labels).index(code)]
        limit = np.quantile(column, step.quantile)
        total += step.weight * (column > limit if step.above else column < limit)
    return np.asarray((total - total.mean()) / max(1e-9, total.std()))


def _answers(signals: NDArray[np.float32], card: cards.ModelCard, progress: Progress) -> NDArray[np.float32]:
    """Return (records, labels): the classifier on the ECGs as they will be read back."""
    scale = echonext_scaling.fitting(
        echonext_scaling.normalised(signals[:64].transpose(0, 2, 1)).astype(np.float64), "synthetic"
    )
    module = runtime.network(card, runtime.resolve_device("auto"))
    rows = []
    for start in range(0, len(signals), 32):
        progress(Counted(start, len(signals), "ECGs"), "synthetic ECGs")
        stored = echonext_scaling.normalised(signals[start : start + 32].transpose(0, 2, 1))
        inputs = [prepare(layout.as_record(scale.millivolts(one.T)), card.input) for one in stored]
        rows.append(
            runtime.probabilities(module, np.stack(inputs), runtime.resolve_device("auto"), whole_batch=True)
        )
    return np.concatenate(rows)


def _ecgs(count: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], list[dict[str, float]]]:
    """Return (count, 12, 2500) mV at 250 Hz and what each was made of."""
    t = np.arange(layout.SAMPLES) / layout.RATE_HZ
    signals, traits = [], []
    for _ in range(count):
        trait = {
            "rate": float(np.clip(rng.normal(78, 16), 42, 150)),
            "qrs_ms": float(np.clip(rng.choice([92, 145], p=[0.75, 0.25]) + rng.normal(0, 8), 70, 190)),
            "st_mv": float(rng.normal(0, 0.08)),
            "axis": float(rng.normal(0.8, 0.6)),
            "size": float(np.exp(rng.normal(0, 0.25))),
            "t_mv": float(rng.normal(0.25, 0.18)),
            "anterior": float(rng.normal(0.0, 0.5)),
        }
        signals.append(_ecg(t, trait, rng))
        traits.append(trait)
    return np.stack(signals).astype(np.float32), traits


def _ecg(t: NDArray[np.float64], trait: Mapping[str, float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (12, samples) mV of one formula: P, Q, R, S, T as bells along one axis, limb leads by Einthoven."""
    period = 60.0 / trait["rate"]
    phase = np.mod(t + 0.02 * np.sin(2 * np.pi * 0.2 * t), period)
    width = trait["qrs_ms"] / 1000.0

    def bell(at: float, spread: float) -> NDArray[np.float64]:
        return np.exp(-(((phase - at) / spread) ** 2) / 2)

    p, r, q = bell(0.10, 0.022), bell(0.24, width / 6), bell(0.24 - width / 3, width / 10)
    s, wave = bell(0.24 + width / 3, width / 8), bell(0.24 + 0.28 * np.sqrt(period), 0.05)
    plateau = bell(0.24 + width, 0.06)
    chest = np.linspace(-0.6, 1.2, 6)
    leads = np.zeros((12, len(t)))
    for lead, angle in ((0, 0.0), (1, np.pi / 3)):
        gain = trait["size"] * np.cos(trait["axis"] - angle)
        leads[lead] = (
            0.12 * p + gain * (1.1 * r - 0.1 * q - 0.25 * s) + trait["t_mv"] * wave + trait["st_mv"] * plateau
        )
    for k in range(6):
        gain = trait["size"] * chest[k]
        st = trait["st_mv"] - 0.12 * trait["anterior"] * (1 if k < 4 else 0.5)
        leads[6 + k] = 0.08 * p + gain * 1.2 * r - 0.35 * (1 - chest[k]) * s + st * plateau
        leads[6 + k] += trait["t_mv"] * (1 - 0.6 * trait["anterior"]) * wave
    leads[[0, 1, *range(6, 12)]] += 0.012 * rng.standard_normal((8, len(t)))
    one, two = leads[0].copy(), leads[1].copy()
    leads[2], leads[3], leads[4], leads[5] = two - one, -(one + two) / 2, one - two / 2, two - one / 2
    return leads


def _line(
    number: int, patient: str, split: str, lvef: float, trait: Mapping[str, float], rng: np.random.Generator
) -> dict[str, str]:
    flags = {name: str(int(rng.random() < 0.15)) for name in layout.FLAGS}
    flags["lvef_lte_45_flag"] = str(int(lvef <= 45))
    return {
        "patient_key": patient,
        "ecg_key": f"synthetic-ecg-{number:06d}",
        "split": str(split),
        "sex": str(int(rng.random() < 0.5)),
        "age_at_ecg": str(int(rng.integers(18, 92))),
        "ventricular_rate": f"{trait['rate']:.0f}",
        "atrial_rate": f"{trait['rate']:.0f}",
        "pr_interval": f"{160 + rng.normal(0, 15):.0f}",
        "qrs_duration": f"{trait['qrs_ms']:.0f}",
        "qt_corrected": f"{420 + rng.normal(0, 20):.0f}",
        "location_setting": str(rng.choice(["inpatient", "outpatient", "emergency"])),
        "race_ethnicity": "synthetic",
        "lvef_value": f"{lvef:.1f}",
        **flags,
    }
