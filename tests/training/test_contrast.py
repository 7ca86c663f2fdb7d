"""The lead-agnostic losses against hand cases and independent formulas."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgview.errors import ModelError
from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc, Wav2vecConfig
from ecgview.training.data.augment import Augmentation
from ecgview.training.engine import classify, lead_agnostic
from ecgview.training.objectives.arcface import with_margin
from ecgview.training.objectives.wav2vec_cmsc import (
    ContrastObjective,
    ContrastSettings,
    PairBatch,
    global_loss,
    local_loss,
    span_mask,
)

SMALL = Wav2vecConfig(
    conv_width=16, width=32, depth=1, n_heads=2, hidden=32, position_groups=4, code_width=16
)


def test_span_masks_have_the_published_statistics() -> None:
    settings = ContrastSettings()
    shares, spans = [], set()
    for seed in range(400):
        mask = span_mask(1, 156, settings, torch.Generator().manual_seed(seed))[0]
        shares.append(float(mask.float().mean()))
        drawn = float(torch.rand((), generator=torch.Generator().manual_seed(seed)))
        spans.add(int(0.65 * 156 / 10 + drawn))
        edges = torch.diff(mask.int(), prepend=torch.zeros(1, dtype=torch.int32))
        starts, ends = (edges == 1).nonzero()[:, 0], (edges == -1).nonzero()[:, 0]
        assert 1 <= len(starts) <= 11
        assert (ends[: len(starts)] - starts[: len(ends)] >= settings.mask_length).all()
    assert spans == {10, 11}
    assert np.mean(shares) == pytest.approx(0.495, abs=0.01)


def test_every_row_of_a_batch_hides_the_same_number() -> None:
    mask = span_mask(16, 156, ContrastSettings(), torch.Generator().manual_seed(3))
    assert len(set(mask.sum(1).tolist())) == 1


def test_the_local_loss_is_the_written_out_cross_entropy() -> None:
    torch.manual_seed(0)
    said, codes = torch.randn(2, 5, 8), torch.randn(2, 5, 8)
    codes[0, 3] = codes[0, 1]  # the same code twice: never a negative of itself
    number = torch.tensor([[0, 1, 2, 1, 3], [0, 1, 2, 3, 4]])
    torch.manual_seed(7)
    got = local_loss(said, codes, number, 6, 0.1)
    torch.manual_seed(7)
    draw = torch.randint(4, (2, 5, 6))
    wanted = 0.0
    for b in range(2):
        for t in range(5):
            others = [int(d) + (int(d) >= t) for d in draw[b, t]]
            assert t not in others
            cosine = [torch.cosine_similarity(said[b, t], codes[b, t], 0) / 0.1]
            cosine += [
                torch.cosine_similarity(said[b, t], codes[b, j], 0) / 0.1
                for j in others
                if number[b, j] != number[b, t]
            ]
            wanted += float(torch.logsumexp(torch.stack(cosine), 0) - cosine[0])
    assert float(got) == pytest.approx(wanted, rel=1e-4)


def test_cmsc_of_a_hand_case() -> None:
    first = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    second = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    # similarities / 0.1: [[10, 6], [0, 8]]; positives on the diagonal
    row = [math.log(math.exp(10) + math.exp(6)) - 10, math.log(math.exp(0) + math.exp(8)) - 8]
    column = [math.log(math.exp(10) + math.exp(0)) - 10, math.log(math.exp(6) + math.exp(8)) - 8]
    wanted = (sum(row) / 2 + sum(column) / 2) / 2
    assert float(global_loss(first, second, torch.arange(2), 0.1)) == pytest.approx(wanted, abs=1e-5)
    one_owner = float(global_loss(first, second, torch.zeros(2), 0.1))  # all four pairs are positive then
    assert one_owner > wanted


def test_the_norm_carries_no_gradient() -> None:
    x = torch.tensor([[2.0, 0.0], [0.0, 2.0]], requires_grad=True)
    y = torch.eye(2)
    global_loss(x, y, torch.arange(2), 0.1).backward()
    along = (x.grad * x.detach()).sum(1)  # with the norm differentiated this would vanish
    assert along.abs().min() > 1e-6


def test_masked_tokens_are_the_learned_vector_and_nothing_else_is_told() -> None:
    torch.manual_seed(0)
    objective = ContrastObjective(SMALL).eval()
    mask = span_mask(4, SMALL.tokens(2500), ContrastSettings(), torch.Generator().manual_seed(0))
    one, two = torch.randn(2, 12, 2500), torch.randn(2, 12, 2500)
    batch = PairBatch(one, two, torch.arange(2), mask, torch.tensor(0))
    torch.manual_seed(1)
    outcome = objective(batch)
    total = outcome["local_loss"] + 10 * outcome["penalty"] + outcome["global_loss"]
    n_codes = SMALL.code_groups * SMALL.codes
    total = total + 0.1 * (n_codes - outcome["perplexity"]) / n_codes
    assert float(outcome["loss"].detach()) == pytest.approx(float(total.detach()), rel=1e-5)
    objective.train()
    objective(batch)["loss"].backward()
    assert objective.mask_emb.grad.abs().sum() > 0


def test_lead_masking_is_half_of_the_leads_each_segment_for_itself_and_never_in_evaluation() -> None:
    masking = Augmentation(shift=False, gain=0.0, lead_gain=0.0, noise_mv=0.0, mask_leads=0.5)
    x = torch.ones(2000, 12, 4)
    generator = torch.Generator().manual_seed(0)
    one, two = masking(x, generator), masking(x, generator)
    zero = (one == 0).all(-1)
    assert float(zero.float().mean()) == pytest.approx(0.5, abs=0.02)
    assert set(one.unique().tolist()) == {0.0, 1.0}  # no rescaling
    assert not torch.equal(one, two)
    agree = float((zero == (two == 0).all(-1)).float().mean())
    assert agree == pytest.approx(0.5, abs=0.02)  # independent of each other
    made = lead_agnostic.inputs("12", 0.5)
    signal = torch.randn(3, 12, 5000)
    for half in made.views(signal):
        assert (half != 0).any(-1).all()


def test_a_lead_set_sees_its_leads_alone() -> None:
    torch.manual_seed(0)
    network = Wav2vecCmsc(Wav2vecConfig(**{**_sizes(), "n_classes": 3, "pretraining_heads": False})).eval()
    signal = torch.randn(2, 12, 5000)
    other = signal.clone()
    other[:, 2:] += 1.0
    views = lead_agnostic.inputs("I,II", 0.0).views
    with torch.inference_mode():
        for a, b in zip(views(signal), views(other), strict=True):
            assert torch.equal(network(a), network(b))
    with pytest.raises(ModelError, match="V7"):
        lead_agnostic.lead_mask("I,V7")


def test_arcface_margin() -> None:
    angle = torch.tensor([0.3, 2.9])
    cosine = torch.stack([angle.cos(), torch.tensor([0.2, 0.1])], 1)
    changed = with_margin(cosine, torch.zeros(2, dtype=torch.long), 0.5)
    assert float(changed[0, 0]) == pytest.approx(math.cos(0.8), abs=1e-5)
    assert float(changed[1, 0]) == pytest.approx(math.cos(2.9) - 0.5 * math.sin(0.5), abs=1e-5)
    assert changed[:, 1].tolist() == pytest.approx([0.2, 0.1])


def test_figures_of_perfect_answers() -> None:
    wanted = np.zeros((20, 71), dtype=np.float32)
    wanted[:10, 0] = 1
    assert classify.figures(wanted, wanted)["statement_auroc"] == pytest.approx(1.0)


def _sizes() -> dict[str, int]:
    names = ("conv_width", "width", "depth", "n_heads", "hidden", "position_groups", "code_width")
    return {name: getattr(SMALL, name) for name in names}


def test_an_encoder_of_another_size_is_refused(tmp_path: Path) -> None:
    from ecgview.training.engine import run_state

    run_state.save(tmp_path / "last.pt", {"model": ContrastObjective(SMALL).state_dict()})
    with pytest.raises(ModelError, match="do not fit"):
        lead_agnostic.load_encoder(Wav2vecCmsc(Wav2vecConfig(**{**_sizes(), "width": 64})), tmp_path)
