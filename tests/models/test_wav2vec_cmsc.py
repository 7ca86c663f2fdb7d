"""The lead-agnostic network is the published one: names, sizes, tokens, outputs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.models import architectures, checkpoints
from ecgview.models.networks.wav2vec_cmsc import (
    Quantizer,
    Wav2vecCmsc,
    Wav2vecConfig,
    mean_token,
)

SMALL = Wav2vecConfig(
    conv_width=32, width=64, depth=2, n_heads=1, hidden=64, position_groups=4, code_width=32
)


@pytest.fixture(scope="module")
def net() -> Wav2vecCmsc:
    torch.manual_seed(0)
    return Wav2vecCmsc().eval()


def test_size_and_names_are_the_published_ones(net: Wav2vecCmsc, shared_reference: Path) -> None:
    published = json.loads((shared_reference / "vectors/wav2vec_cmsc_keys.json").read_text())
    state = net.state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == published
    assert len(state) == 214
    assert sum(parameter.numel() for parameter in net.parameters()) == 90_882_304


def test_outputs_are_the_published_ones(
    net: Wav2vecCmsc, shared_reference: Path, reference_weights, reference_inputs
) -> None:
    wanted = np.load(shared_reference / "vectors/wav2vec_cmsc_outputs.npz")
    reference_weights(net)
    with torch.inference_mode():
        for name, signal in reference_inputs.items():
            tokens = net.encode(signal[None, :, :2500])[0]
            assert tokens.shape == (156, 768)
            expected = wanted[f"w2v_tokens_{name}"]
            assert np.abs(tokens[::13].numpy() - expected).max() <= 1e-4 * np.abs(expected).max(), name


def test_2500_samples_are_156_tokens_of_32_ms() -> None:
    config = Wav2vecConfig()
    assert config.tokens(2500) == 156
    assert config.tokens(5000) == 312


def test_a_checkpoint_with_the_older_names_is_imported(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Wav2vecCmsc(SMALL)
    older = {
        "w2v_model."
        + name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for name, value in network.state_dict().items()
    }
    path = tmp_path / "lead_agnostic.pt"
    torch.save({"model": {**older, "mask_emb": torch.zeros(64)}}, path)
    card = checkpoints.import_file(path)
    assert (card.kind, card.network) == ("encoder", "wav2vec-cmsc")
    loaded = architectures.load(card)
    x = torch.randn(1, 12, 2500)
    with torch.inference_mode():
        assert torch.equal(loaded.encode(x), network.eval().encode(x))


def test_the_quantiser_is_hard_forward_and_soft_backward() -> None:
    torch.manual_seed(0)
    quantizer = Quantizer(SMALL).train()
    x = torch.randn(3, 5, SMALL.conv_width, requires_grad=True)
    torch.manual_seed(1)
    code, _, _ = quantizer(x, 1.5)
    entries = quantizer.vars.reshape(SMALL.code_groups, SMALL.codes, -1)
    for group, part in enumerate(
        code.reshape(15, SMALL.code_groups, -1).unbind(1)
    ):  # each is one whole entry
        assert float(torch.cdist(part, entries[group]).amin(1).max()) < 2e-3
    code.square().sum().backward()
    hard = quantizer.weight_proj.weight.grad.clone()
    # the same noise, the soft choice in place of the hard one in the derivative alone
    quantizer.zero_grad()
    torch.manual_seed(1)
    logits = quantizer.weight_proj(x.detach()).reshape(15, SMALL.code_groups, SMALL.codes)
    noise = -torch.empty_like(logits).exponential_().log()
    soft = ((logits + noise) / 1.5).softmax(-1)
    chosen = torch.nn.functional.one_hot(soft.argmax(-1), SMALL.codes).float()
    through = chosen + soft - soft.detach()
    torch.einsum("ngc,gcd->ngd", through, entries).square().sum().backward()
    torch.testing.assert_close(quantizer.weight_proj.weight.grad, hard, rtol=1e-4, atol=1e-5)
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_evaluation_takes_the_largest_code_and_perplexity_is_that_of_the_mean_use() -> None:
    torch.manual_seed(0)
    quantizer = Quantizer(SMALL).eval()
    x = torch.randn(2, 4, SMALL.conv_width)
    code, _, perplexity = quantizer(x)
    logits = quantizer.weight_proj(x).reshape(8, SMALL.code_groups, SMALL.codes)
    use = logits.softmax(-1).mean(0).double()
    assert float(perplexity) == pytest.approx(float(torch.exp(-(use * use.log()).sum(-1)).sum()), rel=1e-3)
    entries = quantizer.vars.reshape(SMALL.code_groups, SMALL.codes, -1)
    best = torch.stack([entries[g][logits[:, g].argmax(-1)] for g in range(SMALL.code_groups)], 1)
    torch.testing.assert_close(code.reshape(8, SMALL.code_groups, -1), best)


def test_only_a_tenth_of_the_gradient_reaches_the_convolutions() -> None:
    x = torch.randn(2, 12, 320)
    gradients = {}
    for share in (0.0, 0.1, 1.0):
        torch.manual_seed(0)
        config = Wav2vecConfig(**{**_sizes(), "conv_gradient": share, "dropout": 0.0})
        network = Wav2vecCmsc(config).train()
        network.forward_features(x).square().sum().backward()
        gradients[share] = network.feature_extractor.conv_layers[0][0].weight.grad
    assert gradients[0.0] is None
    torch.testing.assert_close(gradients[0.1], 0.1 * gradients[1.0])


def test_the_mean_token_divides_by_what_is_not_zero() -> None:
    tokens = torch.tensor([[[2.0, 0.0], [4.0, 3.0]]])
    assert mean_token(tokens).tolist() == [[3.0, 3.0]]


def _sizes() -> dict[str, int]:
    names = ("conv_width", "width", "depth", "n_heads", "hidden", "position_groups", "code_width")
    return {name: getattr(SMALL, name) for name in names}
