"""PTB-XL whole, with its ten folds: nothing is learnt from what is held out, and every word names the split it had."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tiny_models import autoencoder, classifier  # noqa: F401

from ecgview import resources
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.formats import wfdb
from ecgview.models import cards, reference_errors, reference_scores
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord
from ecgview.training.data import check, material, provenance, splits
from ecgview.training.data.inputs import MTECG
from ecgview.training.engine import run_state
from ecgview.training.evaluation import results_table

SPLIT = {"train": tuple(range(1, 9)), "validation": (9,), "test": (10,)}
UNSUPERVISED = {"train": tuple(range(1, 10)), "test": (10,)}
TRUE_WORDS = {"folds 1-8", "folds 1-9", "fold 9", "fold 10"}
PRETRAINED = {"mtecg": ["--set", "auxiliary_components=4"], "wav2vec": []}


def _words_of_folds(text: str) -> set[str]:
    return set(re.findall(r"folds? \d[\d, -]*\d|folds? \d", text))


def _with_other_signals(data: Path, copy: Path, folds: tuple[int, ...]) -> Path:
    """Copy a PTB-XL folder; the records of these folds are others, their labels and patients as before."""
    shutil.copytree(data, copy)
    rng = np.random.default_rng(1)
    with open(copy / "ptbxl/ptbxl_database.csv", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if int(line["strat_fold"]) in folds:
                signal = rng.standard_normal((12, 5000)).astype(np.float32)
                leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
                wfdb.write(
                    EcgRecord(signal, leads, 500.0, synthetic=True), copy / "ptbxl" / line["filename_hr"]
                )
    return copy


def _records_of(table: Path) -> str:
    """Return what a table of references says of its records; five are too few for a percentile, so `of` has none."""
    with safe_open(table, "np") as file:
        return str(file.metadata()["records"])


def _judge(card: ModelCard) -> None:
    """Give a card thresholds of the two statements that the records carry."""
    path = card.folder / "card.json"
    raw = json.loads(path.read_text())
    raw["thresholds"] = [0.5 if code in ("NORM", "IMI") else None for code in raw["labels"]]
    path.write_text(json.dumps(raw))


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("stage", "held_out"),
    [
        (["mtecg", "pretrain", *PRETRAINED["mtecg"]], (10,)),
        (["mtecg", "finetune"], (9, 10)),
        # its auxiliary targets see fold 9, unlabelled
        (["mtecg", "finetune", "--set", "teacher=true"], (10,)),
        (["mtecg", "finetune", "--set", 'task="super5"'], (9, 10)),
        (["mtecg", "probe"], (9, 10)),
        (["wav2vec", "pretrain"], (10,)),
        (["wav2vec", "finetune"], (9, 10)),
        (["wav2vec", "identify"], (9, 10)),
        (["posttrain", "--start", "net1d"], (9, 10)),
        (["kernels"], (9, 10)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_other_records_in_the_held_out_folds_change_no_weight_and_the_card_says_the_split(
    stage: list[str], held_out: tuple[int, ...], ten_fold_ptbxl: Path, tmp_path: Path
) -> None:
    other = _with_other_signals(ten_fold_ptbxl, tmp_path / "other", held_out)
    weights = []
    for number, data in enumerate((ten_fold_ptbxl, other)):
        out = tmp_path / f"run{number}"
        words = ["train", *stage, "--data", str(data), "--out", str(out), "--smoke", "--device", "cpu"]
        words += ["--cache", str(tmp_path / f"cache{number}")]
        if stage[:2] != ["wav2vec", "pretrain"] and not number:
            words += ["--export", str(cards.user_folder() / "tiny")]
        assert main(words) == 0
        kept = run_state.best_weights if stage[0] == "kernels" else run_state.last_weights
        weights.append(kept(out / "full" if stage[0] == "posttrain" else out))
    assert _same(*weights)
    if stage[:2] == ["wav2vec", "pretrain"]:
        learnt = provenance.of_run(tmp_path / "run0")
        assert learnt.folds == UNSUPERVISED
        assert _words_of_folds(learnt.words) == {"folds 1-9", "fold 10"}
        return
    card = cards.get("tiny")
    assert card.folds == (UNSUPERVISED if "pretrain" in stage else SPLIT)
    said = (card.folder / "card.json").read_text(encoding="utf-8")
    assert _words_of_folds(said) <= TRUE_WORDS
    assert "never fold 10" in card.training_data
    if "pretrain" not in stage:
        assert "folds 1-8" in card.training_data
        assert "fold 9" in card.calibrated if card.kind == "identifier" else "fold 9" in card.notes[0]
    if (card.folder / reference_scores.FILE).exists():
        assert "fold 9" in _records_of(card.folder / reference_scores.FILE)


def test_the_altered_records_are_seen_where_they_are_learnt_from(
    ten_fold_ptbxl: Path, tmp_path: Path
) -> None:
    """The check above can fail: another record in a training fold changes the weights."""
    weights = []
    for number, data in enumerate(
        (ten_fold_ptbxl, _with_other_signals(ten_fold_ptbxl, tmp_path / "o", (8,)))
    ):
        words = ["train", "wav2vec", "identify", "--data", str(data), "--out", str(tmp_path / f"run{number}")]
        assert main([*words, "--smoke", "--device", "cpu", "--cache", str(tmp_path / f"cache{number}")]) == 0
        weights.append(run_state.last_weights(tmp_path / f"run{number}"))
    assert not _same(*weights)


def test_every_evaluation_names_the_fold_that_it_was_made_on(
    ten_fold_ptbxl: Path,
    tmp_path: Path,
    classifier: ModelCard,  # noqa: F811
    autoencoder: ModelCard,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    _judge(classifier)
    common = [str(ten_fold_ptbxl), "--cache", str(tmp_path / "cache"), "--resamples", "20"]
    for split, fold in (("test", 10), ("validation", 9)):
        for model in (classifier.id, autoencoder.id):
            words = ["evaluate", model, *common, "--no-baselines", "--split", split, "--json"]
            into_card = ["--update-card"] if split == "test" else []  # a card is of the test split alone
            assert main([*words, *into_card]) == 0
            figures = json.loads(capsys.readouterr().out)
            assert (figures["folds"], figures["n_records"]) == ([fold], 5)
            assert cards.get(model).metrics["folds"] == [10]
    words = ["evaluate", classifier.id, *common, "--attribution", str(tmp_path / "maps"), "--records", "2"]
    assert main([*words, "--json"]) == 0
    assert "PTB-XL fold 10" in json.loads(capsys.readouterr().out)["records"]
    for model in (classifier.id, autoencoder.id):
        assert main(["evaluate", model, *common, "--update-reference"]) == 0
    assert "PTB-XL fold 9 (5 records)" in cards.get(classifier.id).threshold_rule
    scores = _records_of(classifier.folder / reference_scores.FILE)
    assert scores == "PTB-XL fold 9 (5 records that no label was learnt from)"
    errors = _records_of(autoencoder.folder / reference_errors.FILE)
    assert errors == "45 records of PTB-XL folds 1-9"


def test_the_reference_of_the_index_names_its_folds(
    ten_fold_ptbxl: Path,
    tmp_path: Path,
    classifier: ModelCard,  # noqa: F811
) -> None:
    index = cards.user_folder() / "lef-zero-shot"
    shutil.copytree(resources.path("models") / "lef-zero-shot", index)
    words = ["train", "lef", "reference", "--data", str(ten_fold_ptbxl), "--out", str(index)]
    assert main([*words, "--classifier", classifier.id, "--cache", str(tmp_path / "cache")]) == 0
    assert _words_of_folds((index / "card.json").read_text(encoding="utf-8")) == {"folds 1-9"}


def test_the_table_of_results_names_its_fold() -> None:
    found = {"folds": [10], "n_records": 5, "n_patients": 5, "n_statements": 2}
    tables = {name: [] for name in ("mtecg", "posttrain", "leads", "identification")}
    text = results_table.as_markdown({**found, **tables})
    assert text.startswith("PTB-XL fold 10 of this collection: 5 ECGs of 5 patients")


@pytest.mark.parametrize(
    ("folds", "split", "wrong"),
    [
        ({"train": (1, 8), "validation": (9,), "test": (10,)}, "test", "fold 9"),  # the data ends at fold 9
        ({"train": (1, 8), "test": (9,)}, "validation", "fold 8"),
        ({"train": (1, 7), "validation": (8,), "test": (9,)}, "test", ""),
        ({"train": (1, 8), "validation": (9,), "test": (10,)}, "train", ""),
        ({}, "test", ""),
    ],
)
def test_a_model_is_not_judged_on_a_fold_that_it_was_made_with(
    folds: splits.Folds, split: str, wrong: str
) -> None:
    if not wrong:
        splits.check_unseen(folds, splits.SPLIT_FOLDS, split, "m")
        return
    with pytest.raises(ModelError, match=f"m was made with the {split} split.*found {wrong}"):
        splits.check_unseen(folds, splits.SPLIT_FOLDS, split, "m")


def test_evaluation_refuses_the_fold_that_chose_the_model(
    tiny_ptbxl: Path,
    tmp_path: Path,
    classifier: ModelCard,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A model made with ten folds was chosen on fold 9, the test fold of a collection that has nine."""
    path = classifier.folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"folds": SPLIT}))
    words = ["evaluate", classifier.id, str(tiny_ptbxl), "--cache", str(tmp_path / "cache")]
    assert main([*words, "--no-baselines"]) == 1
    said = capsys.readouterr().err
    assert "was made with the test split of this data" in said
    assert "fold 10" in said
    assert main([*words, "--attribution", str(tmp_path / "maps"), "--records", "1"]) == 1
    assert "was made with the test split of this data" in capsys.readouterr().err


def test_a_run_does_not_go_on_from_weights_that_saw_its_test_fold(
    ten_fold_ptbxl: Path, tiny_ptbxl_beside: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--smoke", "--device", "cpu", "--cache", str(tmp_path / "cache")]
    words = ["train", "mtecg", "pretrain", *PRETRAINED["mtecg"], "--out", str(tmp_path / "pre"), *common]
    assert main([*words, "--data", str(ten_fold_ptbxl)]) == 0
    on_nine = ["--data", str(tiny_ptbxl_beside), *common]
    for stage in ("finetune", "probe"):
        words = ["train", "mtecg", stage, "--start", str(tmp_path / "pre"), "--out", str(tmp_path / stage)]
        assert main([*words, *on_nine]) == 1
        assert "was made with the test split of this data" in capsys.readouterr().err
    words = ["train", "mtecg", "pretrain", *PRETRAINED["mtecg"], "--out", str(tmp_path / "pre")]
    assert main([*words, *on_nine]) == 1
    assert "begun on another split" in capsys.readouterr().err


def test_fold_ten_in_one_of_two_folders_makes_one_split_for_both(
    ten_fold_ptbxl: Path,
    tmp_path: Path,
    classifier: ModelCard,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """PTB-XL may lie in two folders, of which one alone has a record of fold 10."""
    _judge(classifier)
    table = (ten_fold_ptbxl / "ptbxl/ptbxl_database.csv").read_text(encoding="utf-8").splitlines()
    second = ten_fold_ptbxl / "second"
    (second / "records500").mkdir(parents=True)
    kept = [line for line in table[1:] if line.split(",")[-2] == "10"]
    (second / "ptbxl_database.csv").write_text("\n".join([table[0], *kept]) + "\n", encoding="utf-8")
    for line in kept:
        for end in (".hea", ".dat"):
            name = line.split(",")[-1] + end
            shutil.move(ten_fold_ptbxl / "ptbxl" / name, second / name)
    found = check.check(ten_fold_ptbxl)
    assert [source["splits"] for source in found["sources"]] == [
        {"train": 40, "validation": 5, "test": 0},
        {"train": 0, "validation": 0, "test": 5},
    ]
    words = ["evaluate", classifier.id, str(ten_fold_ptbxl), "--attribution", str(tmp_path / "maps")]
    assert main([*words, "--records", "2", "--resamples", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == "2 of PTB-XL fold 10"


def test_named_splits_beside_numbered_folds_stay_what_they_are_called(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    """A set with ten folds must not make another set's test fold the one that is chosen on."""
    for name, head, cells in (
        ("numbered", "path,patient_id,labels,fold", [str(k % 10 + 1) for k in range(20)]),
        ("named", "path,patient_id,labels,split", ["train"] * 4 + ["validation"] * 2 + ["test"] * 2 + [""]),
    ):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        lines = [head]
        for k, cell in enumerate(cells):
            wfdb.write(pulse_record, folder / f"{name}{k}")
            lines.append(f"{name}{k}.hea,{name}-{k},{'up' if k % 2 else 'down'},{cell}")
        (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pack = material.open_pack(tmp_path / "data", tmp_path / "cache", MTECG)
    of_split = {
        name: sorted(
            pack.rows[i].record_id for i in splits.labelled(pack, name) if "named" in pack.rows[i].record_id
        )
        for name in SPLIT
    }
    assert {name: len(rows) for name, rows in of_split.items()} == {"train": 4, "validation": 2, "test": 2}
    assert all("named6" in row or "named7" in row for row in of_split["test"])
    assert sum(row.fold == 0 for row in pack.rows) == 1


def test_folds_in_words() -> None:
    assert [splits.folds_in_words(folds) for folds in ([9], [1, 2, 3], [3, 1, 5, 0], [8, 9, 9], [])] == [
        "fold 9",
        "folds 1-3",
        "folds 1, 3, 5",
        "folds 8-9",
        "folds none",
    ]


@pytest.mark.parametrize("wrong", [{"train": "1-7"}, {"learnt": [1]}, {"test": [0]}, {"test": [True]}])
def test_a_card_with_folds_that_are_none_is_refused(classifier: ModelCard, wrong: dict[str, object]) -> None:  # noqa: F811
    path = classifier.folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"folds": wrong}))
    with pytest.raises(ModelError, match="folds from 1 to 10"):
        cards.read_card(path)
