"""The map of a statement: exact where it can be known, complete to its remainder, and without a trace it leaves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgview.errors import Cancelled, ModelError
from ecgview.explain import Asked, attribution, explained, offered, on_page
from ecgview.leads import STANDARD_12
from ecgview.models import cards, gradients, loaded, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord
from ecgview.results import Attribution, Prediction


class Linear(nn.Module):
    """Logits that are sums of the input by weights, (classes, leads, samples)."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bls,cls->bc", x, self.weights) + 3.0


def test_the_map_of_a_linear_network_is_weights_times_input(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = torch.randn(71, 12, 5000, generator=torch.Generator().manual_seed(5))
    monkeypatch.setattr(gradients, "network", lambda card, device: Linear(weights))
    found = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    prepared = prepare(pulse_record, classifier.input)
    row = classifier.labels.index("NORM")
    wanted = (weights[row].numpy().astype(np.float64) * prepared).reshape(12, 200, 25).sum(-1)
    assert np.abs(wanted).max() > 1
    np.testing.assert_allclose(found.cells, wanted, atol=1e-3)
    assert found.leads == STANDARD_12
    assert found.share == pytest.approx(wanted.sum(), abs=1e-2)  # the same 3.0 stands in both ends
    assert abs(found.remainder) < 1e-2


def test_cells_are_stretches_of_time_at_any_rate() -> None:
    for rate in (100.0, 257.0, 360.0, 500.0):
        samples = round(10 * rate)
        ones = np.ones((2, samples))
        found = attribution.cells_of(ones, rate)
        assert found.shape == (2, 200)
        assert found.sum() == 2 * samples
        spike = np.zeros((1, samples))
        spike[0, round(3.12 * rate)] = 7.0
        assert np.flatnonzero(attribution.cells_of(spike, rate)[0]).tolist() == [62]


def test_share_is_the_change_of_the_logit_and_the_sum_holds(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    codes = ["NORM", "AFIB", "ILBBB"]
    said = runtime.classify(pulse_record, classifier.id, "cpu")
    module = runtime.network(classifier, "cpu")
    flat = gradients.logits(module, np.zeros((1, 12, 5000), np.float32), "cpu")[0]
    found = attribution.of_statements(pulse_record, classifier.id, codes, "cpu")
    for one in found:
        probability = said.probability(one.target)
        logit = np.log(probability / (1 - probability))
        assert one.share == pytest.approx(logit - flat[classifier.labels.index(one.target)], abs=1e-3)
        assert one.cells.sum(dtype=np.float64) + one.remainder == pytest.approx(one.share, abs=1e-9)
        assert abs(one.remainder) < 0.1 * abs(one.share)
    assert (
        np.abs(found[0].cells - found[1].cells).max() > 0.1 * np.abs(found[0].cells).max()
    )  # of each statement its own


def test_several_statements_at_once_are_the_maps_of_each(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    alone = attribution.of_statement(pulse_record, classifier.id, "AFIB", "cpu")
    together = attribution.of_statements(pulse_record, classifier.id, ["NORM", "AFIB"], "cpu")[1]
    assert np.abs(together.cells - alone.cells).max() < 1e-4 * np.abs(alone.cells).max()


def test_the_map_is_the_same_on_one_thread_and_on_two(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []

    def cells(threads: int) -> np.ndarray:
        monkeypatch.setattr(loaded, "all_threads", lambda: threads)
        module = runtime.network(classifier, "cpu")
        forward = module.forward
        monkeypatch.setattr(
            module, "forward", lambda x: (counts.append(torch.get_num_threads()), forward(x))[1]
        )
        steps = attribution.path(prepare(pulse_record, classifier.input), 12)
        row = classifier.labels.index("NORM")
        slopes = gradients.mean_gradients(module, steps, [row], "cpu", whole_batch=True)
        monkeypatch.setattr(module, "forward", forward)
        return attribution.cells_of(
            slopes[0].astype(np.float64) * prepare(pulse_record, classifier.input), 500.0
        )

    one, two = cells(1), cells(2)
    assert set(counts) == {1, 2}
    assert np.abs(one - two).max() < 1e-3 * np.ptp(one)


def test_the_shared_network_is_the_same_after(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    module = runtime.network(classifier, "cpu")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    said = runtime.classify(pulse_record, classifier.id, "cpu")
    attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    assert runtime.network(classifier, "cpu") is module
    assert not any(part.training for part in module.modules())
    assert all(not value.requires_grad and value.grad is None for value in module.parameters())
    assert all(not part._forward_hooks and not part._backward_hooks for part in module.modules())
    after = module.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    again = runtime.classify(pulse_record, classifier.id, "cpu")
    assert [score.probability for score in again.scores] == [score.probability for score in said.scores]


def test_it_ends_between_two_batches(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    told: list[float] = []

    def progress(fraction: float, text: str = "") -> None:
        if "gradients" in text:
            told.append(fraction)
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu", progress)
    assert told == [0.0, pytest.approx(4 / 12)]


def test_gradient_times_input_is_another_method(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    ours = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu")
    other = attribution.of_statement(pulse_record, classifier.id, "NORM", "cpu", method="gradient x input")
    assert (ours.method, other.method) == ("integrated gradients, 12 steps", "gradient x input")
    assert other.share == pytest.approx(ours.share)
    assert np.abs(ours.cells - other.cells).max() > 0.01 * np.abs(ours.cells).max()


def test_networks_that_count_have_no_map(pulse_record: EcgRecord) -> None:
    with pytest.raises(ModelError, match="no gradient"):
        attribution.of_statement(pulse_record, "random-kernels-ptbxl", "NORM", "cpu")


def test_a_wrong_code_names_those_like_it(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    with pytest.raises(ModelError, match="has no statement 'NROM'; expected NORM"):
        attribution.of_statement(pulse_record, classifier.id, "NROM", "cpu")


def test_every_network_of_the_catalogue_gives_the_gradient_of_its_logits() -> None:
    from ecgview.models.architectures import build

    base = cards.get("mtecg-ptbxl")
    sizes = {
        "mtecg": {"width": 24, "depth": 1, "n_heads": 3},
        "net1d": {"stem_width": 16, "widths": (16, 32), "blocks": (1, 1)},
        "wav2vec-cmsc": {"conv_gradient": 0.0},
    }
    for network, config in sizes.items():
        torch.manual_seed(3)
        module = build(replace(base, network=network, config=config)).eval().requires_grad_(False).double()
        x = np.random.default_rng(1).normal(size=(1, 12, 5000)).astype(np.float32)
        step = np.random.default_rng(2).normal(size=x.shape).astype(np.float32)
        slope = gradients.mean_gradients(_Doubled(module), x, [4], "cpu")[0]
        tiny = 1e-6
        with torch.inference_mode():
            up = module(torch.from_numpy(x + tiny * step.astype(np.float64)))[0, 4]
            down = module(torch.from_numpy(x - tiny * step.astype(np.float64)))[0, 4]
        measured = float(up - down) / (2 * tiny)
        assert measured != 0
        assert float((slope * step[0]).sum(dtype=np.float64)) == pytest.approx(
            measured, rel=1e-3, abs=1e-6
        ), network


class _Doubled(nn.Module):
    """A network in double precision behind a float32 input, so that a finite difference can be compared with."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.inner(x.double())
        return out


def test_the_explanation_takes_the_highest_positive_statement_and_says_so(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    said = runtime.classify(pulse_record, classifier.id, "cpu")
    raised = replace(said, scores=tuple(replace(s, threshold=0.0) for s in said.scores))
    highest = max((s for s in raised.scores if s.is_positive), key=lambda s: s.probability)
    found = explained("attribution", pulse_record, Asked(raised, None, "cpu"))
    assert found.lines[0] == f"{highest.code}: the highest positive statement; no other was named."
    assert {bar.lead for bar in found.overlay.bars} == set(STANDARD_12)
    assert all(bar.role == "signed" and np.abs(bar.values).max() <= 1 for bar in found.overlay.bars)
    assert on_page.LEGEND in found.overlay.legend
    named = explained("attribution", pulse_record, Asked(raised, None, "cpu", "AFIB"))
    assert offered.RHYTHM.rstrip(".") in named.overlay.legend
    assert named.lines[0] == "AFIB: the statement asked about."
    none = replace(said, scores=tuple(replace(s, threshold=1.1) for s in said.scores))
    with pytest.raises(ModelError, match="no statement is positive"):
        explained("attribution", pulse_record, Asked(none, None, "cpu"))
    assert isinstance(said, Prediction)


def _map(cells: np.ndarray, leads: tuple[str, ...] = ("I", "V1"), **others: str) -> Attribution:
    facts = cards.get("mtecg-ptbxl").facts
    share = float(cells.sum()) + 0.5
    return Attribution(
        facts, "", "statement", "X", leads, 0.05, cells.astype(np.float32), share, 0.5, "logit", "m", **others
    )


def test_what_a_page_shows_what_it_does_not_and_the_remainder_are_the_share() -> None:
    cells = np.random.default_rng(0).normal(size=(2, 200))
    found = _map(cells)
    shown = [("I", 0.0, 2.5), ("V1", 5.0, 7.5), ("I", 1.0, 3.0), ("V6", 0.0, 10.0)]
    part = on_page.divided(found, shown)
    assert part.here.sum() == 60 + 50
    assert part.shown == pytest.approx(cells[0, :60].sum() + cells[1, 100:150].sum(), abs=1e-4)
    assert part.shown + part.not_on_page + found.remainder == pytest.approx(found.share, abs=1e-4)


def test_the_strongest_stretch_is_the_largest_sum_over_a_fifth_of_a_second_anywhere_and_on_the_page() -> None:
    cells = np.zeros((2, 200))
    cells[1, 60:64], cells[1, 64], cells[0, 20] = -2.0, 1.0, 3.0
    everywhere = on_page.strongest(_map(cells))
    assert everywhere is not None
    assert str(everywhere) == "V1, 3.00 to 3.20 s"
    assert everywhere.value == -8.0
    here = on_page.strongest(_map(cells), [("I", 0.0, 2.5)])
    assert here is not None
    assert here.lead == "I"
    assert here.start_s <= 1.0 < here.end_s
    assert here.value == 3.0
    assert on_page.strongest(_map(np.zeros((2, 200)))) is None
    assert on_page.bars(_map(np.zeros((2, 200)))) == ()


def test_three_times_the_steps_hold_the_first_twelve() -> None:
    ones = np.ones((1, 1), np.float32)
    coarse, fine = attribution.path(ones, 12).ravel(), attribution.path(ones, 36).ravel()
    np.testing.assert_allclose(fine[1::3], coarse, rtol=1e-6)


def test_what_twelve_steps_leave_open_is_asked_more_finely(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    outputs = [0, 5, 9]
    coarse = attribution.maps(pulse_record, classifier, outputs, "cpu")
    fine = attribution.maps(pulse_record, classifier, outputs, "cpu", within=0.0)
    as_weights = np.eye(71, dtype=np.float32)[outputs]
    assert fine.method == "integrated gradients, 12 to 36 steps"
    left, less = (np.abs(one.differences - one.cells.sum((1, 2))).max() for one in (coarse, fine))
    assert less < left / 3
    same = attribution.maps(pulse_record, classifier, as_weights, "cpu", within=1e9)
    assert np.abs(same.cells - coarse.cells).max() < 1e-4 * np.abs(coarse.cells).max()


@pytest.mark.parametrize(
    ("model_id", "off", "on"),
    [
        (
            "mtecg-ptbxl",
            ("AFIB", "SR", "STACH", "PACE", "SARRH"),
            ("NORM", "IMI", "PVC", "1AVB", "LVH", "CLBBB"),
        ),
        (
            "ecgfounder-12",
            (
                "ATRIAL FIBRILLATION",
                "WITH SINUS ARRHYTHMIA",
                "WITH RAPID VENTRICULAR RESPONSE",
                "AV DUAL-PACED RHYTHM",
            ),
            ("LEFT BUNDLE BRANCH BLOCK", "PREMATURE VENTRICULAR COMPLEXES", "ACUTE MI", "PROLONGED QT"),
        ),
    ],
)
def test_no_map_of_a_rhythm_is_offered_by_itself(
    model_id: str, off: tuple[str, ...], on: tuple[str, ...]
) -> None:
    card = cards.get(model_id)
    assert set(off) | set(on) <= set(card.labels)
    assert [offered.offered(card, code).reason for code in off] == [offered.RHYTHM] * len(off)
    assert not any(offered.is_of_rhythm(card, code) for code in on)
    unknown = replace(card, label_set="", labels=("JUNCTIONAL RHYTHM", "BLOCK"))
    assert [offered.is_of_rhythm(unknown, code) for code in unknown.labels] == [True, False]


def test_one_spike_does_not_pale_the_rest_and_a_failed_map_is_hatched() -> None:
    cells = np.ones((2, 200))
    cells[0, 0] = 1000.0
    found = on_page.overlay(_map(cells))
    assert found.bars[1].values.tolist() == [1.0] * 200
    assert not any(bar.failed for bar in found.bars)
    assert all(bar.failed for bar in on_page.overlay(_map(cells, failed="failed: remainder")).bars)
    assert all(bar.failed for bar in on_page.overlay(_map(cells), "failed: no better than amplitude").bars)
    assert "failed: remainder" in on_page.overlay(_map(cells, failed="failed: remainder")).legend
