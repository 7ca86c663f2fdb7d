"""A classifier before and after, from answers planted with a known relation to the truth, and from small networks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import classifier as command
from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.training.data import labels
from ecgview.training.data.pack import Pack, Row
from ecgview.training.evaluation import before_after, comparison, outside
from ecgview.training.evaluation.asked import Asked
from tests.tiny_models import classifier, keep_model  # noqa: F401

CODES = labels.statement_codes()


def _asked(skill: float, model_id: str, n: int = 120) -> Asked:
    """Return answers about the same records, two of a patient; larger skill parts the classes further."""
    truth, noise = np.random.default_rng(3), np.random.default_rng(int(10 * skill))
    wanted = np.zeros((n, len(CODES)), np.float32)
    said = np.full((n, len(CODES)), 0.01, np.float32)
    for code in ("NORM", "IMI", "AFIB", "SBRAD", "LVH"):
        k = CODES.index(code)
        wanted[:, k] = truth.random(n) < 0.3
        said[:, k] = 1 / (1 + np.exp(-(skill * (wanted[:, k] - 0.5) + noise.normal(size=n))))
    rows = tuple(Row("georgia" if i % 2 else "ptb", str(i), f"p{i // 2}", 9) for i in range(n))
    cuts = np.full(len(CODES), np.nan)
    cuts[[CODES.index("AFIB"), CODES.index("NORM")]] = 0.5
    card = replace(cards.get("random-kernels-ptbxl"), id=model_id)
    return Asked(card, CODES, cuts, rows, wanted, said)


def test_a_difference_is_paired_and_has_its_sign() -> None:
    own, other = _asked(4.0, "after"), _asked(1.0, "before")
    rows = {row["figure"]: row for row in before_after.paired("here", own, other, 60)}
    auroc = rows["statement AUROC, mean of 5"]
    known = next(
        row
        for row in comparison.compare(own, other, 60)["differences"]
        if (row["level"], row["figure"], row["class"]) == ("statement", "auroc", "macro")
    )
    assert auroc["difference"] == known["difference"]
    assert auroc["difference"]["low"] > 0
    assert auroc["before"]["value"] + auroc["difference"]["value"] == pytest.approx(
        auroc["after"]["value"], abs=2e-4
    )
    assert rows["statement Brier, mean of 5"]["difference"]["high"] < 0
    assert "statement F1, mean of 2" in rows  # those that have a cut
    assert "statement calibration error, mean of 5" in rows
    back = {row["figure"]: row for row in before_after.paired("here", other, own, 60)}
    turned = back["statement AUROC, mean of 5"]["difference"]
    assert turned["value"] == pytest.approx(-auroc["difference"]["value"], abs=1e-9)


def test_other_hospitals_are_told_by_finding_and_what_is_not_known_has_no_part() -> None:
    own, other = (_asked(skill, name).only(("AFIB", "SBRAD")) for skill, name in ((4.0, "a"), (1.0, "b")))
    for one in (own, other):
        one.wanted[::2, 1] = np.nan
    rows = {(row["set"], row["figure"]): row for row in before_after.elsewhere(own, other, 40)}
    everywhere = f"outside, {outside.ALL}"
    bradycardia = next(
        row for (name, what), row in rows.items() if name == everywhere and what.startswith("SBRAD")
    )
    assert bradycardia["n_records"] == 60
    known = own.wanted[1::2, 1] == 1
    assert f"SBRAD ({known.sum()}): AUROC" == bradycardia["figure"]
    count = int((own.wanted[:, 0] == 1).sum())
    hits = own.said[own.wanted[:, 0] == 1, 0] >= 0.5
    sensitivity = rows[everywhere, f"AFIB ({count}): sensitivity at its cut"]
    assert sensitivity["after"]["value"] == pytest.approx(hits.mean(), abs=1e-4)
    assert not [what for _, what in rows if what.startswith("SBRAD") and "sensitivity" in what]


def _crossed(path: Path, **changed: np.ndarray) -> Path:
    logits = np.full((4, len(CODES)), -3.0, np.float32)
    logits[:2, CODES.index("NORM")] = 3.0
    arrays = {"record_id": np.array(["1", "2", "3", "77"]), "fold": np.array([1, 2, 3, 4]), "logits": logits}
    np.savez(path, **(arrays | changed))
    return path


def test_cross_validated_figures_come_from_stored_logits(tmp_path: Path) -> None:
    card = cards.get("random-kernels-ptbxl")
    names = ("NORM", "NORM", "IMI")
    rows = tuple(Row("ptbxl", str(k + 1), str(k), k + 1, (code,)) for k, code in enumerate(names))
    pack = Pack(np.zeros((3, 8, 5), np.int16), rows)
    own = before_after.of_logits(card, pack, _crossed(tmp_path / "a.npz"))
    assert [row.record_id for row in own.rows] == ["1", "2", "3"]  # the fourth is not here
    assert own.said[0, CODES.index("NORM")] == pytest.approx(1 / (1 + np.exp(-3)))
    found = before_after.cross_validated(card, pack, tmp_path / "a.npz", 10)
    auroc = next(row for row in found if row["figure"].startswith("superclass AUROC"))
    assert auroc["before"] is None
    assert auroc["set"] == "cross-validated, PTB-XL folds 1-3"
    for changed, told in (
        ({"logits": np.zeros((4, 3))}, "the logits do not fit"),
        ({"record_id": np.array(["a", "b", "c", "d"])}, "logits of no record here"),
    ):
        with pytest.raises(ModelError, match=told):
            before_after.of_logits(card, pack, _crossed(tmp_path / "b.npz", **changed))
    (tmp_path / "c.npz").write_text("no")
    with pytest.raises(ModelError, match="no file of out-of-fold logits"):
        before_after.of_logits(card, pack, tmp_path / "c.npz")


def test_one_command_makes_the_table(
    classifier: ModelCard,  # noqa: F811
    tiny_ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from safetensors.torch import load_file

    state = load_file(classifier.weights_path)
    state["head.weight"] = torch.randn_like(state["head.weight"])
    keep_model(replace(classifier, id="second"), state)
    out = tmp_path / "out.json"
    words = [
        str(tiny_ptbxl),
        "--before",
        "second",
        "--after",
        "tiny",
        "--resamples",
        "10",
        "--json",
        str(out),
    ]
    assert command.main(words) == 0
    told = capsys.readouterr().out
    found = json.loads(out.read_text())
    assert [row["set"] for row in found["rows"]] == ["PTB-XL fold 9, 500 Hz"] * len(found["rows"])
    assert found["after"]["sha256"] == classifier.sha256
    assert f"| PTB-XL fold 9, 500 Hz | {found['rows'][0]['n_records']} | superclass AUROC" in told
    with pytest.raises(ModelError, match="cannot be compared with itself"):
        before_after.table("tiny", "tiny", tiny_ptbxl, tmp_path)
