"""A card's figures in words: whose they are, and that a card of another shape is told as far as it goes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import card_figures, cards
from ecgview.models.cards import ModelCard
from ecgview.report import _texts
from tests.tiny_models import classifier, keep_model  # noqa: F401

AUROC = {"value": 0.912, "low": 0.89, "high": 0.93}
SAID = "figures of the evaluation model tiny test, trained on folds 1-8; this one learnt from folds 1-9"


def _refit(card: ModelCard, **fields: object) -> ModelCard:
    """Return a second model whose figures are those of the first, which learnt from folds 1 to 8."""
    from safetensors.torch import load_file

    folds = {"train": tuple(range(1, 9)), "test": (9,)}
    state = load_file(card.weights_path)
    metrics = {"statement_macro_auroc": AUROC}
    (card.folder / "card.json").write_text(
        json.dumps(cards.as_json(replace(card, folds=folds, metrics=metrics)))
    )
    own = {"train": tuple(range(1, 10))}
    return keep_model(replace(card, id="refit", folds=own, metrics={}, figures_of="tiny", **fields), state)


def test_the_figures_of_a_refit_are_those_of_the_model_that_was_judged(classifier: ModelCard) -> None:  # noqa: F811
    refit = _refit(classifier)
    assert cards.figures_note(refit) == SAID
    assert refit.facts.figures == SAID
    first = card_figures.sections(refit)[0]
    assert first.note == SAID[:1].upper() + SAID[1:] + "."
    assert ("Statement macro AUROC", "0.912 (0.890–0.930)") in first.rows
    assert any(SAID[1:] in run.text for run in _texts.facts(refit.facts, "cpu"))
    assert cards.get("tiny").facts.figures == ""
    assert not card_figures.sections(cards.get("tiny"))[0].note


def test_own_figures_of_a_refit_are_not_shown(classifier: ModelCard) -> None:  # noqa: F811
    refit = _refit(classifier)
    seen = replace(refit, metrics={"statement_macro_auroc": {"value": 0.999}})
    assert "0.999" not in str(card_figures.sections(seen))
    gone = replace(refit, figures_of="nobody")
    (only,) = card_figures.sections(gone)
    assert not only.rows
    assert "nobody, which is not here" in only.note


def test_a_model_from_elsewhere_has_no_figures_of_one_that_ships(classifier: ModelCard) -> None:  # noqa: F811
    taken = replace(classifier, figures_of="random-kernels-ptbxl")
    (only,) = card_figures.sections(taken)
    assert not only.rows
    assert "which ships" in only.note


@pytest.mark.parametrize("named", ["tiny", "../elsewhere", 7])
def test_the_field_names_another_model(classifier: ModelCard, named: object) -> None:  # noqa: F811
    path = classifier.folder / "card.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"figures_of": named}))
    with pytest.raises(ModelError, match="figures_of"):
        cards.read_card(path)


def test_the_command_line_says_whose_figures_they_are(
    classifier: ModelCard,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    _refit(classifier)
    assert main(["models", "info", "refit"]) == 0
    told = capsys.readouterr().out
    assert SAID[1:] in told
    assert "  Statement macro AUROC: 0.912 (0.890–0.930)" in told


def test_tables_become_a_line_a_row(tmp_path: Path) -> None:
    card = replace(cards.get("random-kernels-ptbxl"), folder=tmp_path)
    found = {one.heading: one for one in card_figures.sections(card)}
    row = next(row for row in card.metrics["subgroups"] if row["group"] == "female")
    told = dict(found["Subgroups"].rows)["sex: female"]
    assert told.startswith(f"records {row['n_records']}, superclass macro AUROC ")
    odd = replace(card, metrics={"subgroups": "many", "calibration": [{"class": "all"}], "external": 3})
    assert all(not one.rows for one in card_figures.sections(odd))
