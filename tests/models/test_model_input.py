"""What a network is given follows from the stored samples and the card, and from nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec
from ecgview.models.preprocessing import FILTERS, input_hash, prepare
from ecgview.record import EcgRecord
from ecgview.signal import filters

SPEC = InputSpec(STANDARD_12)
FOUNDER = InputSpec(STANDARD_12, filter="ecgfounder")


def _with(record: EcgRecord, signal: np.ndarray, **fields: object) -> EcgRecord:
    return replace(record, signal=signal, **fields)


def test_ecgfounder_preprocessing_is_the_published_one(shared_data: Path, shared_reference: Path) -> None:
    import wfdb

    raw = wfdb.rdrecord(str(shared_data / "ptbxl/records500/00000/00001_hr"))
    names = tuple({"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}.get(name, name) for name in raw.sig_name)
    record = EcgRecord(raw.p_signal.T.astype(np.float32), names, float(raw.fs))
    wanted = np.load(shared_reference / "vectors/reference_outputs.npz")
    expected = wanted["ecgfounder_preprocessed_ptbxl_00001_every_10th"]
    assert np.abs(prepare(record, FOUNDER)[:, ::10] - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", FILTERS)
def test_f4_display_filters_do_not_change_the_model_input(name: str, pulse_record: EcgRecord) -> None:
    spec = InputSpec(STANDARD_12, filter=name)
    before = input_hash(pulse_record, spec)
    shown = []
    for setting in (filters.DisplayFilter(), filters.DisplayFilter(0.5, 40.0, 50.0)):
        shown.append(filters.apply(pulse_record.signal, 500.0, setting))
        assert input_hash(pulse_record, spec) == before
    assert not np.array_equal(shown[0], shown[1])  # the settings did change the picture
    louder = pulse_record.with_signal(pulse_record.signal + np.linspace(0, 0.3, 5000, dtype=np.float32) ** 2)
    if name != "ecgfounder":
        assert input_hash(louder, spec) != before  # and the hash does see the samples


def test_leads_are_ordered_scaled_and_the_first_ten_seconds_taken(pulse_record: EcgRecord) -> None:
    long = np.concatenate([pulse_record.signal, pulse_record.signal * 3], axis=1)
    turned = _with(pulse_record, long[::-1], lead_names=STANDARD_12[::-1])
    got = prepare(turned, InputSpec(STANDARD_12, scale=2.0))
    np.testing.assert_allclose(got, pulse_record.signal * 2.0, atol=1e-6)


def test_another_sampling_rate_gives_the_same_input(pulse_record: EcgRecord) -> None:
    t = np.arange(10_000) / 1000
    fine = np.stack([np.interp(t, np.arange(5000) / 500, row) for row in pulse_record.signal])
    got = prepare(_with(pulse_record, fine.astype(np.float32), sampling_rate_hz=1000.0), SPEC)
    assert got.shape == (12, 5000)
    assert np.abs(got - pulse_record.signal).max() < 0.03


def test_a_short_gap_is_bridged_and_a_long_one_refused(pulse_record: EcgRecord) -> None:
    for samples, refused in ((50, False), (150, True)):
        signal = pulse_record.signal.copy()
        signal[3, 1000 : 1000 + samples] = np.nan
        if refused:
            with pytest.raises(ModelError, match="gaps"):
                prepare(_with(pulse_record, signal), SPEC)
        else:
            assert np.isfinite(prepare(_with(pulse_record, signal), SPEC)).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: replace(r, signal=r.signal[:11], lead_names=STANDARD_12[:11]), "V6"),
        (lambda r: r.with_signal(r.signal[:, :2500]), "the record lasts 5.0 s, 10 s are needed"),
        (lambda r: r.with_signal(np.where(np.arange(12)[:, None] == 6, 0.25, r.signal)), "no signal in V1"),
        (lambda r: r.with_signal(np.where(np.arange(12)[:, None] == 6, np.nan, r.signal)), "gaps"),
    ],
    ids=["missing lead", "5 s", "flat lead", "empty lead"],
)
def test_what_cannot_be_analysed_says_why(change, said: str, pulse_record: EcgRecord) -> None:
    with pytest.raises(ModelError, match=said):
        prepare(change(pulse_record), SPEC)
