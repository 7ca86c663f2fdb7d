"""The masked-reconstruction view: masks mean what they say, errors are of the hidden samples, in uV."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.errors import ModelError
from ecgview.explain import reconstruction
from ecgview.models import preprocessing, reference_errors
from ecgview.models.cards import ModelCard
from ecgview.models.segments import Segments
from ecgview.record import EcgRecord
from ecgview.signal import phases

CUT = Segments(200, 25, 500.0)


def test_masks_hide_what_was_asked_for() -> None:
    mask = reconstruction.random_mask(0.25, 7, 200)
    assert mask.shape == (200,)
    assert mask.sum() == 50
    assert (mask == reconstruction.random_mask(0.25, 7, 200)).all()
    assert (mask != reconstruction.random_mask(0.25, 8, 200)).any()
    assert np.flatnonzero(reconstruction.every_kth_mask(4, 200, offset=1))[:3].tolist() == [1, 5, 9]
    spans = reconstruction.span_mask([(1.0, 1.2), (9.98, 12.0), (3.06, 3.01)], CUT)
    assert np.flatnonzero(spans).tolist() == [20, 21, 22, 23, 60, 61, 199]
    for ratio in (0.0, 1.0, float("nan")):
        with pytest.raises(ModelError):
            reconstruction.random_mask(ratio, 0, 200)
    assert reconstruction.random_mask(0.001, 0, 200).sum() == 1


def test_result_and_overlay_show_the_hidden_spans_alone(
    autoencoder: ModelCard, pulse_record: EcgRecord
) -> None:
    mask = reconstruction.span_mask([(1.0, 1.5), (4.0, 4.1)], CUT)
    result, overlay = reconstruction.explain(pulse_record, mask, device="cpu")
    hidden = np.repeat(mask, 25)
    assert result.model == autoencoder.facts
    assert np.isfinite(result.reconstructed[:, hidden]).all()
    assert np.isnan(result.reconstructed[:, ~hidden]).all()
    np.testing.assert_allclose(
        result.measured, preprocessing.prepare(pulse_record, autoencoder.input) / 5.0, atol=1e-6
    )
    by_hand = np.sqrt(np.mean((result.reconstructed - result.measured)[3, 500:525] ** 2)) * 1000
    assert result.error_uv.shape == (12, 200)
    assert result.error_uv[3, 20] == pytest.approx(by_hand, rel=1e-5)
    assert (np.isnan(result.error_uv) == ~mask[None]).all()
    assert [(span.start_s, span.end_s, span.role) for span in overlay.spans] == [
        (1.0, 1.5, "masked"),
        (4.0, pytest.approx(4.1), "masked"),
    ]
    assert [curve.lead for curve in overlay.curves] == list(pulse_record.lead_names)
    assert {curve.role for curve in overlay.curves} == {"reconstructed"}


def test_the_encoder_never_sees_what_is_hidden(autoencoder: ModelCard, pulse_record: EcgRecord) -> None:
    """Samples under the mask may change as they like: the reconstruction stays."""
    from ecgview.models import runtime

    mask = reconstruction.span_mask([(4.0, 5.0)], CUT)
    unfiltered = replace(autoencoder.input, filter="none")
    prepared = preprocessing.prepare(pulse_record, unfiltered)
    changed = prepared.copy()
    changed[:, 2000:2500] = 3.0
    module = runtime.network(autoencoder, "cpu")
    results = [runtime.predict_hidden(module, signal, mask[None], "cpu")[0] for signal in (prepared, changed)]
    np.testing.assert_array_equal(results[0][:, 2000:2500], results[1][:, 2000:2500])
    changed[:, 1900:2000] = 3.0  # visible samples do matter
    other = runtime.predict_hidden(module, changed, mask[None], "cpu")[0]
    assert not np.allclose(other[:, 2000:2500], results[0][:, 2000:2500])


def test_the_curve_lies_on_the_trace_that_is_drawn(autoencoder: ModelCard, pulse_record: EcgRecord) -> None:
    raised = pulse_record.with_signal(pulse_record.signal + np.float32(0.7))
    mask = reconstruction.span_mask([(2.0, 2.2)], CUT)
    level = [
        reconstruction.explain(r, mask, device="cpu")[1].curves[0].signal for r in (pulse_record, raised)
    ]
    assert np.nanmean(level[1] - level[0]) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("mask", [np.zeros(200, bool), np.ones(200, bool), np.arange(199) < 9])
def test_a_mask_must_hide_and_leave_something(
    mask: np.ndarray, autoencoder: ModelCard, pulse_record: EcgRecord
) -> None:
    with pytest.raises(ModelError, match="mask"):
        reconstruction.explain(pulse_record, mask, device="cpu")


def test_the_error_strip_covers_every_segment(autoencoder: ModelCard, pulse_record: EcgRecord) -> None:
    found, overlay = reconstruction.error_over_masks(pulse_record, ratio=0.1, n_masks=3, device="cpu")
    assert found.error_uv.shape == (200,)
    assert np.isfinite(found.error_uv).all()
    assert not found.is_placed  # this model brings no reference
    strip, largest = overlay.bars[0], float(found.error_uv.max())
    assert (strip.start_s, strip.end_s, float(strip.values.max())) == (0.0, 10.0, 1.0)
    np.testing.assert_allclose(strip.values, found.error_uv / largest, rtol=1e-5)
    assert f"{largest:.0f} µV" in overlay.legend
    asked = reconstruction.covering_masks(0.1, 3, 0, 200)
    assert found.n_masks == len(asked) > 3  # the number that is told is of the masks there were
    assert f"{found.n_masks} random masks" in overlay.legend


def test_a7_with_a_reference_the_strip_is_the_place_in_the_beats_phase(
    autoencoder: ModelCard, pulse_record: EcgRecord
) -> None:
    """What is always large at the QRS complexes stands out no more than what is always small between them."""
    plain, _ = reconstruction.error_over_masks(pulse_record, ratio=0.25, n_masks=4, device="cpu")
    phase = phases.of_segments(preprocessing.prepare(pulse_record, autoencoder.input), 500.0, 25)
    spread = np.linspace(0.5, 1.5, 201)
    usual = [plain.error_uv[phase == k].mean() for k in range(4)]
    errors = np.concatenate([usual[k] * spread for k in range(4)])
    parts = np.repeat(np.arange(4), 201)
    reference_errors.write(autoencoder.folder, errors, parts, "invented records", 0.25, autoencoder.sha256)
    found, overlay = reconstruction.error_over_masks(pulse_record, ratio=0.25, n_masks=4, device="cpu")
    assert found.is_placed
    np.testing.assert_allclose(overlay.bars[0].values, found.percentile / 100, rtol=1e-5)
    means = [np.nanmean(found.percentile[phase == k]) for k in range(4)]
    assert max(means) - min(means) < 35  # in microvolts the largest is many times the smallest
    assert max(usual) > 2 * min(usual)
    assert "invented records, 25 % hidden at random" in found.reference


def test_a7_errors_are_told_by_the_beats_phase(autoencoder: ModelCard, pulse_record: EcgRecord) -> None:
    grid = np.arange(401.0)
    reference_errors.write(
        autoencoder.folder,
        np.tile(grid, 4),
        np.repeat(np.arange(4), 401),
        "invented",
        0.25,
        autoencoder.sha256,
    )
    mask = reconstruction.every_kth_mask(3, 200)
    result, _ = reconstruction.explain(pulse_record, mask, device="cpu")
    rows = {row.phase: row for row in reconstruction.by_phase(result)}
    assert set(rows) == set(phases.PHASES)
    assert sum(row.segments for row in rows.values()) == mask.sum()
    qrs = mask & (result.phases == phases.PHASES.index("QRS"))
    squared = np.mean(result.error_uv[:, qrs].astype(float) ** 2)
    assert rows["QRS"].error_uv == pytest.approx(np.sqrt(squared), rel=1e-6)
    over_leads = np.sqrt(np.mean(result.error_uv[:, qrs].astype(float) ** 2, axis=0))
    assert rows["QRS"].percentile == pytest.approx(np.minimum(over_leads, 400).mean() / 4, rel=1e-3)
    without_beats = replace(result, phases=np.full(200, phases.UNKNOWN, np.int8))
    assert reconstruction.by_phase(without_beats) == ()


def test_a_rhythm_is_said_to_be_filled_in_poorly_only_where_the_figures_show_it(
    autoencoder: ModelCard,
) -> None:
    def row(name: str, low: float) -> dict[str, object]:
        figure = {"value": 12.0, "low": low, "high": 20.0}
        return {"rhythm": name, "n_records": 19, "percentile_minus_sinus": figure}

    few = {"rhythm": "pacing", "n_records": 7}
    card = replace(autoencoder, metrics={"rhythms": [row("fibrillation", 2.0), row("ectopy", -1.0), few]})
    said = reconstruction.rhythm_caution(card)
    assert "fibrillation +12 (2 to 20, 19 records)" in said
    assert "ectopy" not in said
    assert "Too few records to tell: pacing." in said
    assert "not measured" in reconstruction.rhythm_caution(replace(autoencoder, metrics={}))


def test_covering_masks_hide_every_segment_at_least_once() -> None:
    for ratio, asked in ((0.1, 3), (0.25, 16), (0.75, 1)):
        masks = reconstruction.covering_masks(ratio, asked, seed=1, n=200)
        assert len(masks) >= asked
        assert masks.any(0).all()
        assert set(masks.sum(1)) == {round(200 * ratio)}
