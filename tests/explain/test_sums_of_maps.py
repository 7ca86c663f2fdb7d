"""The sums that a map promises, on records of people: of every statement that is called, and of each share of LEF."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgview.explain import attribution, lef_attribution, on_page
from ecgview.models import asking, cards, gradients, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.paper import layout
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.results import Attribution
from ecgview.training.evaluation import asked
from ecgview.training.evaluation.attribution import asked_in_turn

UNSEEN = "residual-ptbxl-18"  # the default's recipe, of records that leave some unseen
OF_OTHERS = 3  # of the records, one in so many comes from another hospital


def _records(data: Path, n: int) -> Iterator[EcgRecord]:
    card = cards.get(UNSEEN)
    elsewhere = n // OF_OTHERS
    for task, count in ((asked.PTBXL, n - elsewhere), ("cinc26", elsewhere)):
        found = [case.record for case in islice(asked_in_turn(card, data, "test", task), count)]
        assert len(found) == count
        yield from found


def _ends(record: EcgRecord, card: ModelCard) -> NDArray[np.float64]:
    signal = prepare(record, card.input)
    return gradients.logits(runtime.network(card, "cpu"), np.stack([signal, np.zeros_like(signal)]), "cpu")


def _check(found: Attribution, record: EcgRecord) -> None:
    page = layout.compose(record, PaperSettings())
    part = on_page.divided(found, on_page.shown_by(page))
    assert part.shown + part.not_on_page + found.remainder == pytest.approx(found.share, abs=1e-4)
    if not found.failed:
        assert abs(found.remainder) <= 0.1 * abs(found.share) + 1e-9


@pytest.mark.parametrize(
    ("n", "n_shares_each"), [(1, 4), pytest.param(120, None, marks=pytest.mark.long)], ids=["1", "120"]
)
def test_sums_hold_on_real_records(shared_data: Path, n: int, n_shares_each: int | None) -> None:
    """Every share of a record, or its largest where there is little time."""
    n_statements = n_shares = 0
    card = cards.get(UNSEEN)
    for record in _records(shared_data, n):
        said = asking.classify(record, UNSEEN, "cpu")
        codes = [score.code for score in said.scores if score.is_positive]
        here, flat = _ends(record, card)
        for found in attribution.of_statements(record, UNSEEN, codes, "cpu") if codes else ():
            place = card.labels.index(found.target)
            assert found.share == pytest.approx(here[place] - flat[place], abs=1e-4)
            _check(found, record)
            n_statements += 1
        result = asking.lef(record, device="cpu")
        if not result.analysed or result.contributions is None:
            continue
        items = result.contributions.items
        whole = result.contributions.base_value + sum(item.contribution for item in items)
        assert whole == pytest.approx(result.model_output, abs=1e-6)
        largest = sorted(items, key=lambda item: -abs(item.contribution))
        for item in largest[:n_shares_each]:
            found = lef_attribution.of(record, result, item.predictor, "cpu")
            assert found.share == pytest.approx(item.contribution, abs=1e-6)
            _check(found, record)
            n_shares += 1
        together = lef_attribution.of(record, result, lef_attribution.ALL, "cpu")
        assert together.share == pytest.approx(whole - result.contributions.base_value, abs=1e-6)
        _check(together, record)
    assert n_statements >= n
    assert n_shares >= n
