"""The masked-reconstruction view: masks mean what they say, errors are of the hidden samples, in uV."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.errors import ModelError
from ecgview.explain import reconstruction
from ecgview.models import preprocessing
from ecgview.models.cards import ModelCard
from ecgview.models.segments import Segments
from ecgview.record import EcgRecord

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
    mean, overlay = reconstruction.error_over_masks(pulse_record, ratio=0.1, n_masks=3, device="cpu")
    assert mean.shape == (200,)
    assert np.isfinite(mean).all()
    strip = overlay.bars[0]
    assert (strip.start_s, strip.end_s, float(strip.values.max())) == (0.0, 10.0, 1.0)
    np.testing.assert_allclose(strip.values, mean / mean.max(), rtol=1e-5)
    assert f"{mean.max():.0f} µV" in overlay.legend


def test_covering_masks_hide_every_segment_at_least_once() -> None:
    for ratio, asked in ((0.1, 3), (0.25, 16), (0.75, 1)):
        masks = reconstruction.covering_masks(ratio, asked, seed=1, n=200)
        assert len(masks) >= asked
        assert masks.any(0).all()
        assert set(masks.sum(1)) == {round(200 * ratio)}
