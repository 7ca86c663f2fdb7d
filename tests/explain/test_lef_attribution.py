"""Where the LEF number comes from: shares stay exact, cells and what they leave add up to them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgview.errors import ModelError
from ecgview.explain import Asked, attribution, explained, lef_attribution, on_page
from ecgview.models import asking, cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import table
from ecgview.record import EcgRecord
from ecgview.results import LefResult


def _keep_lef(classifier: ModelCard, network: str, content: dict[str, object]) -> ModelCard:
    folder = cards.user_folder() / "fitted"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(content))
    base = cards.get("lef-zero-shot")
    kept = replace(
        base,
        id="fitted",
        name="fitted",
        network=network,
        folder=folder,
        weights="model.json",
        sha256=cards.sha256_of(folder / "model.json"),
    )
    (folder / "card.json").write_text(json.dumps(cards.as_json(kept)))
    return cards.get("fitted")


def _head(classifier: ModelCard, codes: list[str]) -> dict[str, object]:
    return {
        "predictors": [
            {"name": f"1-P({code})" if n % 2 else f"P({code})", "codes": [code], "complement": bool(n % 2)}
            for n, code in enumerate(codes)
        ],
        "transform": "none",
        "output_unit": "logit",
        "threshold": None,
        "threshold_meaning": "",
        "classifier": classifier.id,
        "classifier_sha256": classifier.sha256,
    }


def _linear(classifier: ModelCard, count: int, background: float = 0.45) -> ModelCard:
    codes = list(classifier.labels[:count])
    coefficients = np.random.default_rng(4).normal(size=count)
    linear = {
        "intercept": -1.0,
        "coefficients": coefficients.tolist(),
        "background": [background] * count,
    }
    return _keep_lef(classifier, "lef-linear", _head(classifier, codes) | {"linear": linear})


def _trees(classifier: ModelCard, values: np.ndarray) -> ModelCard:
    """Return a model of one stump per predictor, each cutting between a flat ECG's value and this one's."""
    codes = list(classifier.labels)
    trees = [
        {
            "feature": [n, 0, 0],
            "threshold": [float(cut), 0.0, 0.0],
            "left": [1, -1, -1],
            "right": [2, -1, -1],
            "value": [0.0, -0.1 * (1 + n % 7), 0.1 * (1 + n % 5)],
            "cover": [100.0, 40.0, 60.0],
        }
        for n, cut in enumerate(values)
    ]
    content = _head(classifier, codes) | {"trees": {"base": -2.0, "trees": trees}}
    return _keep_lef(classifier, "lef-trees", content)


def _asked(record: EcgRecord, card: ModelCard, classifier: ModelCard) -> LefResult:
    result = asking.lef(record, card.id, device="cpu", memory=asking.Recent(0))
    assert result.analysed, result.reason
    return result


def _sum(found: object) -> float:
    return float(found.cells.sum(dtype=np.float64)) + found.remainder  # type: ignore[attr-defined]


def test_cells_remainder_and_what_is_not_on_the_page_are_the_share(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = _asked(pulse_record, _linear(classifier, 5), classifier)
    assert result.contributions is not None
    shown = [(name, 2.5 * (n // 3), 2.5 * (n // 3 + 1)) for n, name in enumerate(pulse_record.lead_names)]
    total = result.contributions.base_value
    drawn = 0
    for item in result.contributions.items:
        found = lef_attribution.of(pulse_record, result, item.predictor, "cpu")
        part = on_page.divided(found, shown)
        assert found.share == item.contribution
        assert (found.of, found.target, found.unit) == ("predictor", item.predictor, "logit")
        assert part.shown + part.not_on_page + found.remainder == pytest.approx(item.contribution, abs=1e-4)
        total += found.share
        drawn += bool(found.cells.any())
        assert bool(found.failed) == (abs(found.remainder) > 0.1 * abs(found.share))
    assert drawn > 0
    assert total == pytest.approx(result.model_output, abs=1e-6)
    whole = lef_attribution.of(pulse_record, result, "", "cpu")
    assert whole.share == pytest.approx(result.model_output - result.contributions.base_value, abs=1e-6)
    assert _sum(whole) == pytest.approx(whole.share, abs=1e-4)


def test_a_predictors_cells_are_its_logits_map_times_one_factor(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = _asked(pulse_record, _linear(classifier, 4), classifier)
    assert result.contributions is not None
    signs = set()
    for item in result.contributions.items:
        found = lef_attribution.of(pulse_record, result, item.predictor, "cpu")
        if not found.cells.any():
            continue
        code = item.predictor.removeprefix("1-")[2:-1]
        own = attribution.of_statement(pulse_record, classifier.id, code, "cpu")
        factor = item.contribution / own.share
        assert np.abs(found.cells - factor * own.cells).max() < 2e-3 * np.abs(found.cells).max()
        model = table.read(cards.get("fitted").weights_path)
        at = [predictor.name for predictor in model.predictors].index(item.predictor)
        # What raises a probability raises the number where its coefficient does, and of a complement the other way.
        way = np.sign(model.model.coefficients[at]) * (-1 if item.predictor.startswith("1-") else 1)
        assert np.sign(factor) == way
        signs.add(way)
    assert signs


def test_a_share_that_runs_against_the_way_from_flat_is_not_laid_on_the_trace(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = _asked(pulse_record, _linear(classifier, 1, background=0.0), classifier)
    assert result.contributions is not None
    name = result.contributions.items[0].predictor
    low = lef_attribution.of(pulse_record, result, name, "cpu")
    high = lef_attribution.of(
        pulse_record, _asked(pulse_record, _linear(classifier, 1, background=1.0), classifier), name, "cpu"
    )
    against = [found for found in (low, high) if found.failed == lef_attribution.AGAINST]
    assert (
        len(against) == 1
    )  # the reference lies below this record's value, or above it; flat lies on one side
    assert not against[0].cells.any()
    assert against[0].remainder == against[0].share


def test_cells_that_nearly_cancel_are_not_scaled(
    classifier: ModelCard, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _asked(pulse_record, _linear(classifier, 1), classifier)
    assert result.contributions is not None
    whole = attribution.maps

    def cancelling(*args: object, **options: object) -> attribution.Maps:
        found = whole(*args, **options)  # type: ignore[arg-type]
        noise = np.zeros_like(found.cells)
        noise[..., ::2], noise[..., 1::2] = 1.0, -1.0
        return replace(found, cells=found.cells + noise)

    monkeypatch.setattr(attribution, "maps", cancelling)
    found = lef_attribution.of(pulse_record, result, result.contributions.items[0].predictor, "cpu")
    assert found.failed == lef_attribution.CANCELLED
    assert not found.cells.any()
    assert found.remainder == found.share


def test_trees_over_71_predictors_are_mapped_the_ten_largest_and_the_others(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    here, flat = attribution.ends(pulse_record, classifier, "cpu")
    logit = (here + flat) / 2
    cuts = 1 / (1 + np.exp(-logit))
    cuts = np.where(np.arange(71) % 2, 1 - cuts, cuts)
    result = _asked(pulse_record, _trees(classifier, cuts), classifier)
    assert result.contributions is not None
    assert len(result.contributions.items) == 71
    names = lef_attribution.targets(result.contributions)
    assert (len(names), names[-1]) == (11, "others")
    rest = lef_attribution.of(pulse_record, result, "others", "cpu")
    shares = [item.contribution for item in result.contributions.items]
    assert rest.share == pytest.approx(sum(shares[10:]), abs=1e-6)
    assert rest.cells.any()
    assert _sum(rest) == pytest.approx(rest.share, abs=1e-4)
    whole = lef_attribution.of(pulse_record, result, "", "cpu")
    assert whole.share == pytest.approx(result.model_output - result.contributions.base_value, abs=1e-6)
    assert _sum(whole) == pytest.approx(whole.share, abs=1e-4)
    assert "The 10 largest shares are mapped one by one, the other 61 in one sum." in whole.notes
    smallest = lef_attribution.of(pulse_record, result, result.contributions.items[-1].predictor, "cpu")
    assert smallest.share == shares[-1]


def test_predictors_of_another_classifier_are_mapped_with_that_one(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    from tiny_models import keep_model

    torch.manual_seed(9)
    state = {name: torch.randn_like(value) * 0.1 for name, value in _state(classifier).items()}
    other = keep_model(replace(classifier, id="second", name="second"), state)
    content = _head(classifier, ["NORM", "LVH"])
    content["predictors"][1]["classifier"] = "second"  # type: ignore[index]
    content |= {
        "others": {"second": other.sha256},
        "linear": {"intercept": 0.0, "coefficients": [1.0, -2.0], "background": [0.0, 1.0]},
    }
    result = _asked(pulse_record, _keep_lef(classifier, "lef-linear", content), classifier)
    found = lef_attribution.of(pulse_record, result, "1-P(LVH)", "cpu")
    own = attribution.of_statement(pulse_record, "second", "LVH", "cpu")
    if found.cells.any():
        assert (
            np.abs(found.cells - found.share / own.share * own.cells).max() < 2e-3 * np.abs(found.cells).max()
        )
    assert _sum(found) == pytest.approx(found.share, abs=1e-4)
    both = lef_attribution.of(pulse_record, result, "", "cpu")
    assert _sum(both) == pytest.approx(both.share, abs=1e-4)


def _state(card: ModelCard) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(card.weights_path)


def test_a_result_of_another_classifier_is_refused(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    result = _asked(pulse_record, _linear(classifier, 2), classifier)
    assert result.contributions is not None
    items = tuple(replace(item, value=item.value + 0.1) for item in result.contributions.items)
    other = replace(result, contributions=replace(result.contributions, items=items))
    with pytest.raises(ModelError, match="is not of tiny as it answers now"):
        lef_attribution.of(pulse_record, other, items[0].predictor, "cpu")


def test_an_unknown_predictor_is_told_with_those_there_are(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = _asked(pulse_record, _linear(classifier, 2), classifier)
    with pytest.raises(ModelError, match=r"no predictor 'EF'; expected .*P\("):
        lef_attribution.of(pulse_record, result, "EF", "cpu")
    with pytest.raises(ModelError, match="no predictor 'others'"):
        lef_attribution.of(pulse_record, result, "others", "cpu")


def test_the_explanation_shows_all_or_the_one_asked_about(
    classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = _asked(pulse_record, _linear(classifier, 3), classifier)
    assert result.contributions is not None
    name = result.contributions.items[0].predictor
    assert explained("lef_attribution", pulse_record, Asked(result, None, "cpu")).lines[0].startswith("All")
    found = explained("lef_attribution", pulse_record, Asked(result, None, "cpu", name))
    assert found.lines[0] == f"{name}: its share of the number."
    assert dict(found.numbers)["share, logit"] == result.contributions.items[0].contribution
