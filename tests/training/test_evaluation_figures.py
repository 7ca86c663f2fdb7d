"""The figures of an evaluation, its table and its page, from answers planted with a known relation to the truth."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
from sklearn.metrics import roc_auc_score

from ecgview import RESEARCH_USE_ONLY
from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.training.data import labels
from ecgview.training.data.pack import Row
from ecgview.training.evaluation import (
    benchmark,
    calibration,
    classification,
    comparison,
    levels,
    sheet,
    subgroups,
    table,
    write_sheet,
    write_table,
)
from ecgview.training.evaluation.asked import Asked

SCORED = ("NORM", "IMI", "LVH", "CLBBB", "NDT", "AFIB")


def _card(model_id: str = "planted") -> ModelCard:
    codes = labels.statement_codes()
    return ModelCard(
        id=model_id,
        name="Planted",
        version="1",
        kind="classifier",
        network="mtecg",
        licence="MIT",
        training_data="none",
        calibrated="not calibrated",
        intended_use="tests",
        out_of_scope="all else",
        folder=Path(),
        sha256="0" * 64,
        labels=codes,
        label_set="ptbxl71",
        thresholds=tuple(0.5 if code in SCORED[:5] else None for code in codes),
        input=InputSpec(STANDARD_12),
    )


def _answers(skill: float, model_id: str = "planted", n: int = 160) -> Asked:
    """Return answers about records of two per patient; larger skill parts the classes further."""
    rng, noise = np.random.default_rng(7), np.random.default_rng(abs(hash(skill)) % 1000)
    codes = labels.statement_codes()
    wanted = np.zeros((n, len(codes)), np.float32)
    said = np.full((n, len(codes)), 0.01, np.float32)
    for code in SCORED:
        k = codes.index(code)
        wanted[:, k] = rng.random(n) < 0.3
        said[:, k] = 1 / (1 + np.exp(-(skill * (wanted[:, k] - 0.5) + noise.normal(size=n))))
    ages, sexes, rates = (
        (None, 25.0, 45.0, 63.0, 300.0),
        ("male", "female", ""),
        (500.0, 1000.0, 100.0, 500.0),
    )
    rows = tuple(
        Row("ptbxl", str(i), f"p{i // 2}", 9, _named(wanted[i]), ages[i % 5], sexes[i % 3], rates[i % 4])
        for i in range(n)
    )
    thresholds = np.array([np.nan if t is None else t for t in _card().thresholds])
    return Asked(_card(model_id), codes, thresholds, rows, wanted, said)


def _named(wanted: np.ndarray) -> tuple[str, ...]:
    return tuple(code for code, present in zip(labels.statement_codes(), wanted, strict=True) if present)


@pytest.fixture(scope="module")
def figures() -> dict:
    """Return what `evaluate` makes of planted answers, with every table but the baselines."""
    own, other = _answers(3.0), _answers(1.0, "weaker")
    head = {"model": "planted", "split": "test", "folds": [9], "n_records": 160, "n_patients": 80}
    return {
        **head,
        "resamples": 200,
        "resampled_by": "patient",
        **classification.describe(own, 200),
        "tasks": benchmark.table(own, 100),
        "subgroups": subgroups.table(own, 100),
        "lead_subsets": [
            {
                "leads": ["I", "II"],
                "n_leads": 2,
                "n_records": 160,
                "superclass_macro_auroc": {"value": 0.7, "low": 0.6, "high": 0.8},
                "superclass_auroc_lost": {"value": 0.1, "low": -0.01, "high": 0.2},
                "statement_macro_auroc": {"value": 0.7, "low": 0.6, "high": 0.8},
            }
        ],
        "lead_subsets_note": "absent leads are rows of zeros",
        "comparison": comparison.compare(own, other, 200),
    }


def test_each_class_has_its_figures_and_its_four_counts(figures: dict) -> None:
    own = _answers(3.0)
    rows = {(row["level"], row["class"]): row for row in figures["classes"]}
    assert {name for level, name in rows if level == "statement"} == set(SCORED)
    for code in SCORED:
        k, row = own.codes.index(code), rows["statement", code]
        known = roc_auc_score(own.wanted[:, k], own.said[:, k])
        assert row["auroc"]["value"] == pytest.approx(known, abs=1e-4)
        assert row["auroc"]["low"] <= row["auroc"]["value"] <= row["auroc"]["high"]
        assert row["positives"] == own.wanted[:, k].sum()
    counted = rows["statement", "LVH"]
    called = own.said[:, own.codes.index("LVH")] >= 0.5
    assert counted["true_positives"] + counted["false_negatives"] == counted["positives"]
    assert counted["true_positives"] + counted["false_positives"] == called.sum()
    assert "true_positives" not in rows["statement", "AFIB"]
    assert rows["statement", "AFIB"]["f1"] is None
    assert figures["per_statement"]["IMI"]["positives"] == rows["statement", "IMI"]["positives"]
    # a superclass is called where one of its statements is: LVH alone has a threshold among the hypertrophies
    assert rows["superclass", "HYP"]["true_positives"] == counted["true_positives"]
    assert figures["superclass_auroc"]["MI"] == rows["superclass", "MI"]["auroc"]["value"]


def test_the_calibration_error_has_its_spread_and_what_chance_makes(figures: dict) -> None:
    own = levels.levels(_answers(3.0))[-1]
    known = [calibration.expected_calibration_error(own.wanted[:, k], own.said[:, k]) for k in own.scored]
    found = figures["statement_calibration_error"]
    assert found["value"] == pytest.approx(np.mean(known), abs=1e-4)
    assert found["low"] < found["value"] < found["high"]
    assert 0 < figures["statement_calibration_error_by_chance"] < 0.1
    drawn = np.random.default_rng(0).random(own.wanted.shape) < own.said  # as often true as was said
    perfect = replace(own, wanted=drawn.astype(np.float32))
    met = classification.calibration_errors(perfect, _answers(3.0).bootstrap(50))
    chance = met["statement_calibration_error_by_chance"]
    assert met["statement_calibration_error"]["value"] == pytest.approx(chance, rel=0.5)


def test_each_statement_stands_in_the_card_with_its_worth(figures: dict) -> None:
    own = figures["per_statement"]["LVH"]
    row = next(row for row in figures["classes"] if row["class"] == "LVH" and row["level"] == "statement")
    assert own["auroc"] == row["auroc"]
    assert own["sensitivity"]["value"] == pytest.approx(row["true_positives"] / row["positives"], abs=1e-4)
    assert own["specificity"]["low"] < own["specificity"]["value"]
    assert "sensitivity" not in figures["per_statement"]["AFIB"]  # which has no threshold


def test_top_calls_and_curves_hold_every_answer(figures: dict) -> None:
    own = levels.levels(_answers(3.0))[0]
    found = figures["confusion"]
    assert [sum(row) for row in found["counts"][:5]] == own.wanted.sum(0).astype(int).tolist()
    assert sum(found["counts"][5]) == (own.wanted.sum(1) == 0).sum()
    for curve in figures["calibration"]:
        held = {"superclass": 5, "statement": len(SCORED)}[curve["level"]] if curve["class"] == "all" else 1
        assert sum(curve["count"]) == 160 * held
        for low, share, high in zip(curve["low"], curve["observed"], curve["high"], strict=True):
            assert share is None or low <= share <= high


def test_subgroups_add_up(figures: dict) -> None:
    rows = figures["subgroups"]
    for grouping, names in (
        ("sex", ["female", "male", "unknown"]),
        ("age", ["under 40", "40 to 59", "60 to 79", "80 and over", "unknown"]),
        ("rate", ["100 Hz", "500 Hz", "1000 Hz"]),
    ):
        own = [row for row in rows if row["grouping"] == grouping]
        assert [row["group"] for row in own] == names
        assert sum(row["n_records"] for row in own) == 160
        for place, superclass in enumerate(labels.SUPERCLASSES):
            present = sum(row["classes"][place]["positives"] for row in own)
            whole = next(
                r for r in figures["classes"] if (r["level"], r["class"]) == ("superclass", superclass)
            )
            assert present == whole["positives"]
    assert not [row for row in rows if row["grouping"] == "source"]  # there is one source alone


def test_tasks_are_those_of_the_benchmark(figures: dict) -> None:
    own, rows = _answers(3.0), {row["task"]: row for row in figures["tasks"]}
    assert [row["n_classes"] for row in rows.values()] == [44, 23, 5, 19, 12]
    supers, _ = levels.levels(own)
    labelled = supers.wanted.sum(1) > 0
    known = roc_auc_score(supers.wanted[labelled], supers.said[labelled], average=None)
    present = supers.wanted[labelled].sum(0) < labelled.sum()
    assert rows["super5"]["n_records"] == labelled.sum() < 160
    assert rows["super5"]["macro_auroc"]["value"] == pytest.approx(known[present].mean(), abs=1e-4)
    rhythm = own.codes.index("AFIB")
    assert rows["rhythm12"]["n_records"] == own.wanted[:, rhythm].sum()
    np.testing.assert_allclose(supers.said, labels.superclass_probability(own.said), atol=1e-6)
    np.testing.assert_array_equal(supers.wanted, labels.superclass_targets(own.wanted))


def test_a_model_of_some_statements_is_scored_on_those() -> None:
    some = _answers(3.0).only(["LVH", "NORM"])
    assert [level.name for level in levels.levels(some)] == ["statement"]
    assert benchmark.table(some, 20) == []
    assert "superclass_macro_auroc" not in classification.describe(some, 20)


def test_a_paired_comparison_is_symmetric() -> None:
    good, weak = _answers(3.0), _answers(1.0, "weaker")
    there = comparison.compare(good, weak, 200)["differences"]
    back = comparison.compare(weak, good, 200)["differences"]
    for one, other in zip(there, back, strict=True):
        assert one["difference"]["value"] == -other["difference"]["value"]
        assert one["difference"]["low"] == -other["difference"]["high"]
        assert (one["p"], one["own"]) == (other["p"], other["other"])
    first = there[0]
    assert first["difference"]["low"] > 0
    assert first["p"] < 0.05
    same = comparison.compare(good, replace(good, card=_card("twin")), 50)["differences"][0]
    assert same["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert same["p"] == 1.0


def test_a_comparison_is_on_the_records_that_both_have() -> None:
    good, weak = _answers(3.0), _answers(1.0, "weaker")
    order = np.random.default_rng(1).permutation(160)[:120]
    found = comparison.compare(good, weak.part(order), 50)
    own, other = comparison.same_records(good, weak.part(order))
    assert found["n_records"] == 120
    assert own.rows == other.rows
    strangers = tuple(replace(row, record_id=f"x{row.record_id}") for row in weak.rows)
    with pytest.raises(ModelError, match=r"cannot be compared.*0 records"):
        comparison.compare(good, replace(weak, rows=strangers), 50)
    with pytest.raises(ModelError, match="differently labelled"):
        comparison.compare(good, replace(weak, wanted=1 - weak.wanted), 50)


def test_the_long_table_holds_every_figure(figures: dict, tmp_path: Path) -> None:
    write_table(figures, tmp_path / "figures.csv")
    with open(tmp_path / "figures.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == table.COLUMNS
    found = {(row["figure"], row["class"], row["subgroup"]): row for row in rows}
    assert len(found) == len(rows)
    for name, value in figures.items():
        if isinstance(value, dict) and set(value) == {"value", "low", "high"}:
            assert {key: float(found[name, "", ""][key]) for key in value} == value
    for row in figures["classes"]:
        assert float(found[f"{row['level']}_auroc", row["class"], ""]["value"]) == row["auroc"]["value"]
    women = figures["subgroups"][0]
    assert found["statement_macro_auroc", "", "sex: female"]["n"] == str(women["n_records"])
    assert ("superclass_auroc_lost", "", "leads: I II") in found
    assert ("superclass_auroc_minus_weaker", "macro", "") in found
    assert not [row for row in rows if "nan" in row["value"].lower()]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["figures.csv"]


def test_the_page_is_whole(figures: dict, tmp_path: Path) -> None:
    """Even with every statement scored and long words in the card, all is on one page and inside of it."""
    codes = labels.statement_codes()
    row = next(row for row in figures["classes"] if row["class"] == "LVH")
    supers = [row for row in figures["classes"] if row["level"] == "superclass"]
    full = {**figures, "classes": supers + [{**row, "class": code} for code in codes], "n_statements": 71}
    full["subgroups"] = [figures["subgroups"][0]] * 20
    both = {"value": 0.8, "low": 0.7, "high": 0.9}
    logistic = {"superclass_macro_auroc": both, "model_minus_baseline_superclass_auroc": both}
    full["baselines"] = {"logistic regression on random kernels": logistic}
    card = replace(_card(), training_data="many records of many hospitals, " * 60)
    write_sheet(full, card, tmp_path / "page.pdf")
    with pdfplumber.open(tmp_path / "page.pdf") as document:
        (page,) = document.pages
        words, text = page.extract_words(), " ".join(page.extract_text().split())
    assert min(w["x0"] for w in words) > 20
    assert max(w["x1"] for w in words) < page.width - 20
    assert min(w["top"] for w in words) > 15
    assert max(w["bottom"] for w in words) < page.height - 10
    assert RESEARCH_USE_ONLY in text
    assert "0" * 64 in text
    assert "not calibrated" in text
    assert "160 records of 80 patients" in text
    assert "6 more groups" in text
    missing = [code for code in codes if code not in {w["text"] for w in words}]
    assert not missing
    _nothing_overlaps(sheet.draw(full, card))


def _nothing_overlaps(figure: Any) -> None:
    """Compare the boxes of all texts of the page with each other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    x0, y0, x1, y1 = np.array([text.get_window_extent(renderer).extents for text in texts]).T
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    high = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    least = 0.4 * np.minimum((y1 - y0)[:, None], y1 - y0)
    over = np.argwhere(np.triu((wide > 0.5) & (high > least), 1))
    assert not [(texts[i].get_text(), texts[j].get_text()) for i, j in over]
