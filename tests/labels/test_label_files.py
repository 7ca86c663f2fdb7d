"""The shipped label sets are whole, and a wrong file says where it is wrong."""

import csv
import re
from pathlib import Path

import pytest

from ecgview.errors import FormatError
from ecgview.labels import label_set
from ecgview.labels.label_set import available, load, read

SIZES = {"ptbxl71": 71, "ecgfounder150": 150, "cinc2021": 26, "general28": 28}
HEADER = "# id: own\n# version: 2\n# title: Mine\n# source: me\n# licence: MIT\n"


@pytest.mark.parametrize("set_id", SIZES)
def test_a_shipped_set_is_complete(set_id: str) -> None:
    labels = load(set_id)
    assert len(labels) == SIZES[set_id]
    assert labels.version
    assert labels.source
    assert labels.licence
    for statement in labels.statements:
        assert labels.get(statement.code) is statement
        assert bool(statement.chinese) == bool(statement.pinyin)
        latin = re.sub(r"[^A-Za-z0-9]", "", statement.chinese).lower()
        assert all(letter in statement.pinyin for letter in latin)
        # one initial per Chinese character, one letter per Latin one (numerals in Roman glyphs aside)
        characters = re.findall(r"[一-鿿]", statement.chinese)
        assert len(statement.pinyin) == len(characters) + len(latin)
    assert sum(bool(s.chinese) for s in labels.statements) >= 0.8 * len(labels)


def test_ptbxl_keeps_the_order_and_the_classes_of_the_reference(shared_reference: Path) -> None:
    with (shared_reference / "ptbxl_71_statements.csv").open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["index_sorted"]))
    found = [(s.code, s.english, s.superclass, s.subclass) for s in load("ptbxl71").statements]
    assert found == [
        (r["code"], r["description"], r["diagnostic_class"], r["diagnostic_subclass"]) for r in rows
    ]


def test_ecgfounder_keeps_the_order_of_the_outputs(shared_reference: Path) -> None:
    tasks = (shared_reference / "ecgfounder_tasks.txt").read_text().split("\n")[:150]
    assert [s.code for s in load("ecgfounder150").statements] == tasks


def test_the_general_set_says_whose_choice_it_is() -> None:
    assert "list of our own" in load("general28").note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,english\nA,a\nA,b\n", "line 8, column code: the code occurs already in line 7"),
        ("code,english\nA\n", "line 7: wrong number of cells; expected 2; found 1"),
        ("code,english,color\nA,a,red\n", "line 6: unknown column"),
        ("code,english\nA,\n", "line 7, column english: the cell is empty"),
        ("code,english,pinyin\nA,a,XF\n", "line 7, column pinyin: not initials"),
        ("code,english,snomed_ct\nA,a,164889004\n", "line 7, column snomed_ct: not a SNOMED CT identifier"),
        ('code,english\nA,"a\n', "line 7"),
        ("code\nA\n", "line 6: the table needs one column english"),
        ("code,english\n", "holds no statement"),
    ],
)
def test_a_wrong_file_names_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEADER + text, encoding="utf-8")
    with pytest.raises(FormatError) as told:
        read(path)
    assert str(path) in str(told.value)
    assert said in str(told.value)


def test_a_header_without_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEADER.replace("# version: 2\n", "") + "code,english\nA,a\n", encoding="utf-8")
    with pytest.raises(FormatError, match="version"):
        read(path)


def test_the_users_file_comes_first_even_after_a_spreadsheet_saved_it() -> None:
    folder = label_set.user_folder()
    folder.mkdir(parents=True)
    header = HEADER.replace("own", "general28").replace("\n", ",,\n").replace("Mine", "Mine, edited")
    (folder / "general28.csv").write_text(
        "\ufeff" + header + "code,english,chinese\nX,something,某\n", encoding="utf-8"
    )
    (folder / "ward.csv").write_text(
        HEADER.replace("own", "ward") + "code,english\nY,other\n", encoding="utf-8"
    )
    assert set(SIZES) | {"ward"} == set(available())
    labels = load("general28")
    assert (labels.version, labels.title) == ("2", "Mine, edited")
    assert [s.code for s in labels.statements] == ["X"]


def test_an_unknown_set_names_the_known_ones() -> None:
    with pytest.raises(FormatError, match="ptbxl71"):
        load("../../etc/passwd")
