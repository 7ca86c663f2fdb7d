"""The random-kernel network against scipy and plain loops, and as a model of the catalogue."""

import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from ecgview.models import cards, runtime
from ecgview.models.networks.random_kernels import RandomKernels
from ecgview.models.preprocessing import bandpass
from ecgview.record import EcgRecord

MODEL = "random-kernels-ptbxl"


@pytest.fixture
def ecgs(pulse_record: EcgRecord) -> torch.Tensor:
    """Return (5, 12, 5000) mV: pulses in noise, as the card filters them."""
    rng = np.random.default_rng(3)
    noise = 0.05 * rng.standard_normal((5, *pulse_record.signal.shape))
    gain = rng.uniform(-1.5, 1.5, (5, 12, 1))
    return torch.from_numpy(bandpass((gain * pulse_record.signal + noise).astype(np.float32), 500.0))


@pytest.fixture
def network() -> RandomKernels:
    module = runtime.network(cards.get(MODEL), "cpu")
    assert isinstance(module, RandomKernels)
    return module


def test_the_low_rate_is_scipys(ecgs: torch.Tensor, network: RandomKernels) -> None:
    independent = ecgs[:, [0, 1, 6, 7, 8, 9, 10, 11]].double().numpy()
    np.testing.assert_allclose(network.low_rate(ecgs), resample_poly(independent, 1, 5, axis=-1), atol=1e-5)


def test_a_feature_is_what_a_plain_loop_finds(ecgs: torch.Tensor, network: RandomKernels) -> None:
    found = network.forward_features(ecgs[:1])[0].double().numpy()
    low = resample_poly(ecgs[0, [0, 1, 6, 7, 8, 9, 10, 11]].double().numpy(), 1, 5, axis=-1)
    size = network.config.per_group
    for kernel in (0, 49, 50, 777, 1999):
        group, place = divmod(kernel, size)
        dilation = network.config.dilations[group]
        weight = network.kernels[kernel].double().numpy()
        out = np.zeros(low.shape[1])
        for tap in range(9):
            shift = (tap - 4) * dilation  # the sample that this tap sees, zeros outside
            inside = np.arange(max(0, -shift), min(low.shape[1], low.shape[1] - shift))
            out[inside] += weight[:, tap] @ low[:, inside + shift]
        above = (out > float(network.thresholds[kernel])).mean()
        own = found[3 * size * group :]
        assert own[place] == pytest.approx(above, abs=1.1e-3)  # one sample at the threshold
        assert own[size + place] == pytest.approx(out.max(), abs=1e-4)
        assert own[2 * size + place] == pytest.approx(out.min(), abs=1e-4)


def test_one_ecg_is_answered_as_among_many(ecgs: torch.Tensor, network: RandomKernels) -> None:
    signal = ecgs.numpy()
    together = runtime.probabilities(network, signal, "cpu")
    alone = np.concatenate([runtime.probabilities(network, one[None], "cpu") for one in signal])
    np.testing.assert_allclose(alone, together, atol=5e-4)
    assert np.abs(together[0] - together[1]).max() > 0.05  # and answers do differ


def test_it_is_a_classifier_of_the_catalogue_and_not_the_default(pulse_record: EcgRecord) -> None:
    card = cards.get(MODEL)
    assert card in cards.available("classifier")
    assert cards.default("classifier").id != MODEL
    assert card.calibrated == "not calibrated"
    assert card.weights_path.stat().st_size < 2_000_000
    prediction = runtime.classify(pulse_record, MODEL, "cpu")
    assert [score.code for score in prediction.scores] == list(card.labels)
    assert prediction.model.model_id == MODEL
