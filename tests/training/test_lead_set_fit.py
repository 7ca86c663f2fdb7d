"""Lines, cuts and figures of fewer leads come from out-of-fold answers, where they are enough, into the card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import cards, lead_sets
from ecgview.models.cards import ModelCard
from ecgview.training.data import sources
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import card_entry, lead_set_fit
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.lead_subsets import table
from tests.tiny_models import any_leads, classifier  # noqa: F401

N = 600
# By statement: how many records have it, and how far its logit tells them apart (0: not at all).
MADE = {"NORM": (300, 3.0), "AFIB": (60, 3.0), "1AVB": (60, 0.0), "CLBBB": (14, 4.0), "WPW": (6, 4.0)}


def _made(card: ModelCard) -> tuple[list[Row], NDArray[np.float64], NDArray[np.float64]]:
    """Return records, the true log odds of each statement, (n, labels), and which have it."""
    random = np.random.default_rng(4)
    wanted = np.zeros((N, len(card.labels)))
    logits = random.normal(-3, 1, wanted.shape)
    for code, (positives, apart) in MADE.items():
        k = card.labels.index(code)
        wanted[random.choice(N, positives, replace=False), k] = 1
        # Two normal curves of one width: the log odds are a line in the score.
        score = random.normal(0, 1, N) + apart * wanted[:, k]
        prior = np.log(positives / (N - positives))
        logits[:, k] = (apart * (score - apart / 2) if apart else score) + prior
    rows = [
        Row(
            "ptbxl",
            str(n),
            str(n // 2),
            1 + n % 8,
            codes=tuple(code for code in MADE if wanted[n, card.labels.index(code)]),
        )
        for n in range(N)
    ]
    return rows, logits, wanted


@pytest.fixture
def made(any_leads: ModelCard) -> dict[str, dict[str, Any]]:  # noqa: F811
    rows, logits, _wanted = _made(any_leads)
    answers: Mapping[str, Any] = {"12": logits, "1": (logits - 0.5) / 2, "6": logits}
    return {one["name"]: one for one in lead_set_fit.fitted(any_leads, rows, answers, resamples=100)}


def test_a_line_makes_the_log_odds_again(made: dict[str, dict[str, Any]]) -> None:
    assert list(made) == ["6", "1"]  # as listed; twelve have the card's own
    (slope, offset), (plain, at) = made["1"]["lines"]["NORM"], made["6"]["lines"]["NORM"]
    assert (slope, offset) == pytest.approx((2 * plain, at + plain * 0.5), abs=1e-3)
    assert (plain, at) == pytest.approx((1, 0), abs=0.25)
    assert {"NORM", "AFIB"} <= set(made["1"]["lines"])
    assert not {"CLBBB", "WPW"} & set(made["1"]["lines"])  # 14 and 6 records are too few for a slope


def test_a_cut_needs_records_and_leads_that_tell(made: dict[str, dict[str, Any]]) -> None:
    one = made["1"]
    assert set(one["thresholds"]) == {"NORM", "AFIB", "CLBBB"}
    assert one["threshold_figures"]["1AVB"]["cut"] is None  # enough records, but the leads say nothing
    assert one["threshold_figures"]["1AVB"]["auroc_low"] < 0.7
    assert "WPW" not in one["threshold_figures"]
    told = one["threshold_figures"]["AFIB"]
    assert (told["positives"], told["negatives"]) == (60, N - 60)
    assert told["sensitivity"]["value"] > 0.7


def test_figures_are_of_patients_with_their_rule(made: dict[str, dict[str, Any]]) -> None:
    figures = made["6"]["figures"]
    found = figures["out_of_fold"]
    assert figures["macro_auroc"] == found["statement_macro_auroc"]["value"]
    assert (found["n_records"], found["n_patients"], found["judged"]) == (N, N // 2, 3)
    assert (
        found["statement_macro_auroc"]["low"]
        < figures["macro_auroc"]
        < found["statement_macro_auroc"]["high"]
    )
    assert "at least 20 records" in found["rule"]
    assert "superclass_macro_auroc" in found


def test_a_card_holds_what_was_fitted(any_leads: ModelCard, made: dict[str, dict[str, Any]]) -> None:  # noqa: F811
    path = any_leads.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8")) | {"lead_sets": list(made.values())}
    path.write_text(json.dumps(raw), encoding="utf-8")
    card = cards.read_card(path)
    by_name = {one.name: one for one in card.lead_sets}
    assert by_name["1"].thresholds == made["1"]["thresholds"]
    assert by_name["1"].leads == ("I",)
    assert by_name["1"].worth == ""
    row = {
        "leads": ["I"],
        "superclass_macro_auroc": {"value": 0.8, "low": 0.75, "high": 0.85},
        "n_records": 9,
    }
    card_entry.write_to_card(card, {"lead_subsets": [row], "split": "test", "n_records": 333})
    again = {one.name: one for one in cards.read_card(path).lead_sets}
    assert again["1"].worth == "macro AUROC of superclasses 0.80 (0.75 to 0.85)"
    assert again["1"].figures["test"]["n_records"] == 333
    assert again["1"].lines == by_name["1"].lines
    assert again["6"].worth == ""


def test_the_file_of_out_of_fold_answers(any_leads: ModelCard, tmp_path: Path) -> None:  # noqa: F811
    rows, logits, _wanted = _made(any_leads)
    path = tmp_path / "oof.npz"
    whole = {
        "record_id": [row.record_id for row in rows],
        "fold": [row.fold for row in rows],
        "logits_1": logits,
    }

    def written(**fields: Any) -> Path:
        np.savez(path, **{name: np.asarray(one) for name, one in (whole | fields).items() if one is not None})
        return path

    found = lead_set_fit.read(written(), any_leads.labels)
    assert found.record_ids[3] == "3"
    np.testing.assert_allclose(found.logits["1"], logits)
    slope, offset = np.linspace(0.5, 2, logits.shape[1]), np.linspace(-1, 1, logits.shape[1])
    shipped = written(logits_12=logits + 1, logits=slope * (logits + 1) + offset, codes=any_leads.labels)
    np.testing.assert_allclose(
        lead_set_fit.read(shipped, any_leads.labels).logits["1"], slope * logits + offset, atol=1e-6
    )
    random = np.random.default_rng(8).normal(size=logits.shape)
    for wrong, said in (
        ({"logits_12": logits, "logits": random}, "what else it rests on is not known"),
        ({"logits": random}, "logits_12 beside it"),
        ({"codes": any_leads.labels[::-1]}, "the labels of the card, in order"),
        ({"logits_7": logits}, "no such lead set"),
        ({"logits_1": logits[:, :3]}, "does not fit"),
        ({"logits_1": logits * np.nan}, "does not fit"),
        ({"logits_1": None, "logits_12": logits}, "does not fit"),
        ({"fold": [1, 2]}, "does not fit"),
        ({"record_id": None}, "an array is missing"),
    ):
        with pytest.raises(ModelError, match=said):
            lead_set_fit.read(written(**wrong), any_leads.labels)
    path.write_bytes(b"no archive")
    with pytest.raises(ModelError, match="cannot be read"):
        lead_set_fit.read(path, any_leads.labels)


def test_records_are_found_by_their_number_in_ptbxl(
    any_leads: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
) -> None:
    rows = [row for one in sources.open_all(tiny_ptbxl) for row in one.rows()]
    names = [*(row.record_id for row in rows), "another"]
    logits = np.random.default_rng(1).normal(size=(len(names), len(any_leads.labels)))
    path = tmp_path / "oof.npz"
    np.savez(path, record_id=np.array(names), fold=np.ones(len(names), int), logits_1=logits)
    (made,) = lead_set_fit.of_file(path, any_leads, tiny_ptbxl, resamples=20)
    assert made["figures"]["out_of_fold"]["n_records"] == len(rows)
    assert lead_set_fit.update(any_leads, path, tiny_ptbxl, 20).lead_sets[0].figures == made["figures"]
    np.savez(path, record_id=np.array(["x"]), fold=np.ones(1, int), logits_1=logits[:1])
    with pytest.raises(ModelError, match="no record is one of PTB-XL"):
        lead_set_fit.of_file(path, any_leads, tiny_ptbxl)


def test_the_command_writes_lead_sets_and_nothing_else(
    any_leads: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [row.record_id for one in sources.open_all(tiny_ptbxl) for row in one.rows()]
    logits = np.random.default_rng(1).normal(size=(len(names), len(any_leads.labels)))
    np.savez(tmp_path / "oof.npz", record_id=np.array(names), fold=np.ones(len(names), int), logits_2=logits)
    path = any_leads.folder / "card.json"
    before = json.loads(path.read_text(encoding="utf-8"))
    words = ["evaluate", any_leads.id, str(tiny_ptbxl), "--update-leads", str(tmp_path / "oof.npz")]
    assert main([*words, "--resamples", "20", "--cache", str(tmp_path / "cache")]) == 0
    told = capsys.readouterr().out
    assert f"{len(names)} records" in told
    assert f"{any_leads.id}: 1 set of fewer leads" in told
    after = json.loads(path.read_text(encoding="utf-8"))
    assert [one["name"] for one in after.pop("lead_sets")] == ["2"]
    del before["lead_sets"]
    assert after == before
    np.savez(tmp_path / "oof.npz", record_id=np.array(names), fold=np.ones(len(names), int), logits_9=logits)
    assert main([*words, "--cache", str(tmp_path / "cache")]) == 1
    assert "no such lead set" in capsys.readouterr().err


def test_a_set_of_the_card_is_judged_with_its_own_lines(
    any_leads: ModelCard,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = tuple(Row("ptbxl", str(n), str(n), 9, codes=("NORM",) if n % 2 else ()) for n in range(12))
    k = any_leads.labels.index("NORM")
    wanted = np.zeros((12, len(any_leads.labels)), np.float32)
    wanted[1::2, k] = 1
    said = np.random.default_rng(2).uniform(size=wanted.shape).astype(np.float32)
    none = np.full(len(any_leads.labels), np.nan)
    whole = Asked(any_leads, any_leads.labels, none, rows, wanted, said)
    asked_by: list[ModelCard] = []

    def asked(card: ModelCard, *_others: Any) -> Asked:
        asked_by.append(card)
        return whole

    monkeypatch.setattr("ecgview.training.evaluation.lead_subsets.asked", asked)
    found = table(whole, None, np.arange(12), [("I",), ("I", "V6")], 20)  # type: ignore[arg-type]
    assert [row["n_leads"] for row in found] == [1, 2]
    own = asked_by[0].asked_with
    assert own is not None
    assert own.leads == lead_sets.LISTED["1"]
    assert asked_by[1].asked_with is None  # no set of the card: the network as it is
