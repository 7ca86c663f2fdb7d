"""The delineator that ships: what is no ECG gets no waves, what is one gets them in the schema of the contract."""

import copy
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview import formats, resources
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import cards, delineation, runtime
from ecgview.models.networks.kit import bf16
from ecgview.record import EcgRecord
from ecgview.signal import beats as rules
from ecgview.signal.measure import intervals
from ecgview.signal.resampling import resample
from ecgview.training.data import delineated
from ecgview.training.evaluation import waves as evaluation

T = np.arange(5000) / 500.0
GENERATOR = np.random.default_rng(0)
NO_ECG = {
    "flat": np.zeros((12, 5000)),
    "not recorded": np.full((12, 5000), np.nan),
    "noise": GENERATOR.normal(0, 0.3, (12, 5000)),
    "mains": np.tile(np.sin(2 * np.pi * 60 * T), (12, 1)),
    "ramp": np.tile(T / 10, (12, 1)),
    "wander": np.cumsum(GENERATOR.normal(0, 0.02, (12, 5000)), axis=1),
}


@pytest.fixture
def record() -> EcgRecord:
    return formats.read(resources.path("demo", "normal.hea"))


@pytest.mark.parametrize("kind", NO_ECG)
def test_what_is_no_ecg_has_a_reason_and_no_number(kind: str, record: EcgRecord) -> None:
    found = delineation.delineate(record.with_signal(NO_ECG[kind].astype(np.float32)))
    assert found.beats == ()
    assert found.reason
    assert intervals.of(found.beats) == intervals.Intervals()


def test_a_network_that_finds_other_beats_than_the_rules_is_not_believed(
    record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert delineation.delineate(record).reason == ""
    monkeypatch.setattr(rules, "peaks", lambda signal, fs_hz: np.arange(40, 5000, 180))
    found = delineation.delineate(record)
    assert found.beats == ()
    assert "do not find the same beats" in found.reason


def test_a_lead_that_is_off_is_left_out_and_said(record: EcgRecord) -> None:
    signal = record.signal.copy()
    signal[7] = np.nan
    found = delineation.delineate(record.with_signal(signal))
    assert list(found.left_out) == [record.lead_names[7]]
    assert record.lead_names[7] not in found.leads
    assert len(found.beats) > 5
    assert any("11 of 12 leads" in text for text in found.warnings)


@pytest.mark.parametrize("to_hz", [100.0, 250.0, 360.0, 1000.0])
def test_another_rate_gives_the_same_intervals(record: EcgRecord, to_hz: float) -> None:
    other = replace(record, signal=resample(record.signal, 500.0, to_hz), sampling_rate_hz=to_hz)
    one, two = (intervals.of(delineation.delineate(each).beats) for each in (record, other))
    for name in ("p_ms", "pr_ms", "qrs_ms", "qt_ms", "rate_bpm"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), abs=4), name


def test_polarity_and_gain_change_nothing(record: EcgRecord) -> None:
    one = intervals.of(delineation.delineate(record).beats)
    for factor in (-1.0, 3.0):
        two = intervals.of(delineation.delineate(record.with_signal(factor * record.signal)).beats)
        assert two.qrs_ms == pytest.approx(one.qrs_ms, abs=4)
        assert two.qt_ms == pytest.approx(one.qt_ms, abs=4)


def test_fibrillation_has_no_p_wave_and_no_pr() -> None:
    found = intervals.of(delineation.delineate(formats.read(resources.path("demo", "af.hea"))).beats)
    assert found.p_ms is None
    assert found.pr_ms is None
    assert found.qrs_ms is not None


@pytest.mark.parametrize("name", ["normal", "af"])
def test_bf16_moves_no_edge_beyond_what_experts_can_mark(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not bf16.processor_multiplies_bf16():
        pytest.skip("this processor has no instructions for bf16")
    record = formats.read(resources.path("demo", f"{name}.hea"))
    found = {}
    for precision in ("bf16", "fp32"):
        monkeypatch.setattr(delineation, "precision", lambda device, chosen=precision: chosen)
        found[precision] = delineation.delineate(record).beats
    assert len(found["bf16"]) == len(found["fp32"]) > 5
    one, two = (intervals.of(beats) for beats in found.values())
    for field in ("p_ms", "pr_ms", "qrs_ms", "qt_ms"):
        first, second = getattr(one, field), getattr(two, field)
        assert (first is None) == (second is None)
        assert first is None or first == pytest.approx(second, abs=4)
    assert one != two  # two arithmetics were run


@pytest.mark.parametrize("shape", [(12, 2, 2500), (1, 2, 777), (3, 2, 15_000)])
def test_packed_blocks_answer_as_the_network_does_to_the_bit(shape: tuple[int, int, int]) -> None:
    if delineation.precision("cpu") != "bf16":
        pytest.skip("this processor does not multiply in bf16")
    network = runtime.network(cards.default("delineator"), "cpu")
    packed, plain = bf16.InBf16(network), copy.deepcopy(network).bfloat16()
    assert any(type(part).__name__ == "_PackedBlock" for part in packed.modules())
    rows = torch.from_numpy(np.random.default_rng(shape[2]).normal(size=shape).astype(np.float32))
    with torch.inference_mode():
        assert torch.equal(packed(rows), plain(rows.bfloat16()).float())


def test_another_kind_of_model_is_refused(record: EcgRecord) -> None:
    with pytest.raises(ModelError, match="does not delineate"):
        delineation.delineate(record, "mtecg-ptbxl")


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(resources.path("demo", "normal.hea"))
    assert main(["measure", path, "--json", "--delineation"]) == 0
    found = json.loads(capsys.readouterr().out)["delineation"]
    assert len(found["beats_s"]) == len(found["global_fiducials"]) > 5
    assert set(found["global"]) == {"P_ms", "PR_ms", "QRS_ms", "QT_ms", "HR_bpm"}
    assert set(found["fiducials"]) == {"I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7))}
    for beat in found["fiducials"]["II"][1:-1]:
        order = [beat[name] for name in ("P_on_s", "P_off_s", "QRS_on_s", "R_peak_s", "QRS_off_s", "T_off_s")]
        assert order == sorted(order)
    assert found["model"]["model_id"] == "delineate-ludb"
    assert "LUDB" in found["model"]["training_data"]
    assert main(["measure", path, "--delineation"]) == 0
    text = capsys.readouterr().out
    assert f"QT: {found['global']['QT_ms']:.0f} ms" in text
    assert main(["measure", path, "--json"]) == 0
    assert "delineation" not in json.loads(capsys.readouterr().out)


def test_torch_comes_with_the_question_and_not_before() -> None:
    code = "import sys; import ecgview.models.delineation, ecgview.cli.measure; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_real_records_come_near_their_experts(shared_data: Path) -> None:
    """Thirty records that the shipped weights have learnt from: that engine, weights and rules belong together."""
    outcomes = [
        evaluation.compare(evaluation.marked_beats(one.marks), delineation.delineate(one.record).beats)
        for one in delineated.read(shared_data)[::5]
    ]
    assert sum(one.missed + one.false for one in outcomes) == 0
    assert sum(one.p_marked and not one.p_found for one in outcomes) <= 1
    found = evaluation.figures(outcomes, resamples=20)
    for name, most in (("P", 10), ("PR", 8), ("QRS", 10), ("QT", 13)):
        assert found[name]["sd"] < most, name
        assert abs(found[name]["mean"]) < 5, name
