"""A folder of ECG files with a table: both kinds of labels, and every mistake by file, line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ecgview.errors import FormatError
from ecgview.training.data import sources
from ecgview.training.data.sources import folder_csv


@pytest.fixture
def folder(tmp_path: Path, write_record: Callable[[Path, float], Path]) -> Path:
    """Return a folder with three recordings and no table yet."""
    for number in (1, 2, 3):
        write_record(tmp_path / "ours" / "ecg" / f"r{number}", float(number))
    return tmp_path / "ours"


def write(folder: Path, text: str, name: str = "labels.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8-sig")  # as spreadsheets write it
    return folder / name


LISTED = """path,patient_id,labels,split,age,sex
ecg/r1.hea,P1,NORM; SR,train,61,F
ecg/r2.hea,P2,,val,,
ecg/r3.hea,P1,AFIB,train,62,female
"""


def test_labels_in_one_column(folder: Path) -> None:
    write(folder, LISTED)
    source = sources.open(folder)
    rows = [row for row, record in source.records() if record.n_samples == 5000]
    assert rows == list(source.rows())
    assert [row.codes for row in rows] == [("NORM", "SR"), (), ("AFIB",)]
    assert [(row.patient_id, row.fold) for row in rows] == [("ours-P1", 1), ("ours-P2", 8), ("ours-P1", 1)]
    assert [source.fold_names[row.fold] for row in rows] == ["train", "validation", "train"]
    assert (rows[0].age_years, rows[0].sex, rows[1].age_years, rows[1].sex) == (61.0, "female", None, "")
    names = [task.name for task in source.tasks]
    assert names == ["labels", "all71", "diag44", "sub23", "super5", "rhythm12"]  # no form, no SNOMED CT
    assert source.tasks[0].targets(rows).tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert source.tasks[0].keeps(rows).all()  # an empty cell is a negative


def test_a_column_per_label(folder: Path) -> None:
    table = write(
        folder, "path,patient_id,fold,low ef,lvh\necg/r1.hea,1,3,0,1\necg/r2.hea,2,10,1.0,1\n", "table.csv"
    )
    source = sources.open(table)
    rows = list(source.rows())
    assert [row.codes for row in rows] == [("lvh",), ("low ef", "lvh")]
    assert [row.fold for row in rows] == [3, 10]
    assert source.tasks[0].codes == ("low ef", "lvh")
    assert not source.fold_names


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("P2", "", ["line 3, column patient_id", "empty"]),
        ("ecg/r2.hea", "../r2.hea", ["line 3, column path", "relative path"]),
        ("ecg/r2.hea", "/etc/passwd", ["line 3, column path", "relative path"]),
        ("ecg/r2.hea", "ecg/r1.hea", ["line 3, column path", "line 2 already"]),
        (",val,", ",maybe,", ["line 3, column split", "train, validation, test", "maybe"]),
        ("61", "sixty", ["line 2, column age", "a number", "sixty"]),
        ("patient_id", "who", ["labels.csv", "no column patient_id"]),
        ("sex", "age", ["labels.csv, line 1", "occurs twice", "age"]),
        ("ecg/r2.hea,P2,,val,,", "ecg/r2.hea,P2", ["line 3", "expected 6", "found 2"]),
        ("sex", "lvh", ["a column labels and a column lvh"]),
        ("age", "fold", ["a column split and a column fold"]),
        ("P2", '"P2', ["labels.csv, line"]),
    ],
)
def test_a_mistake_is_named(folder: Path, old: str, new: str, words: list[str]) -> None:
    write(folder, LISTED.replace(old, new, 1))
    with pytest.raises(FormatError) as caught:
        folder_csv.open(folder)
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_column_must_be_a_label(folder: Path) -> None:
    table = write(folder, "path,patient_id,lvh,remark\necg/r1.hea,1,0,good\n")
    with pytest.raises(FormatError, match=r"line 2, column remark.*0 or 1.*'good'"):
        sources.open(table)


def test_files_that_are_missing_or_no_ecg(folder: Path) -> None:
    (folder / "ecg/r1.hea").unlink()
    (folder / "ecg/r2.hea").write_text("not an ECG\n")
    source = sources.open(write(folder, LISTED))
    assert [(p.kind, p.where.rsplit("/", 1)[1]) for p in source.problems()] == [
        ("missing-file", "labels.csv, line 2, column path"),
        ("unreadable", "labels.csv, line 3, column path"),
    ]
    assert [row.record_id for row, _ in source.records(lambda error: None)] == ["ecg/r3.hea"]
    with pytest.raises(FormatError, match="line 2, column path: the file is not there"):
        list(source.records())


def test_two_tables_need_a_choice_and_a_table_without_files_is_told(folder: Path) -> None:
    write(folder, LISTED)
    write(folder, LISTED, "other.csv")
    with pytest.raises(FormatError, match=r"labels\.csv, other\.csv"):
        sources.open(folder)
    assert len(list(sources.open(folder / "other.csv").rows())) == 3
    with pytest.raises(FormatError, match="no column path"):
        sources.open(write(folder, "file,who\n", "third.csv"))
