"""`ecgview data check`: what it says, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.training.data.check import check


def test_real_data(shared_data: Path) -> None:
    found = {Path(source["path"]).name: source for source in check(shared_data)["sources"]}
    assert {"ptbxl", "ptbxl-packed", "cinc2021", "cpsc2018"} <= set(found)
    ours = found["ptbxl"]
    assert (ours["layout"], ours["records"], ours["problems"]) == ("PTB-XL", 434, {})
    assert sum(ours["splits"].values()) == sum(ours["folds"].values()) == 434
    assert ours["tasks"]["all71"]["labels"]["NORM"] == ours["tasks"]["super5"]["labels"]["NORM"] == 261
    assert ours["tasks"]["form19"]["records"] < ours["tasks"]["diag44"]["records"] < 434
    assert found["ptbxl-packed"]["problems"] == {"missing-file": 1}  # scp_statements.csv
    assert found["cinc2021"]["folds"] == {}


@pytest.fixture
def folder(tmp_path: Path, write_record: Callable[[Path, float], Path]) -> Path:
    """Return a folder with two recordings of one patient."""
    for number in (1, 2):
        write_record(tmp_path / "ours" / f"r{number}", float(number))
    return tmp_path / "ours"


def table(folder: Path, second: str, column: str = "split") -> None:
    first = "train" if column == "split" else "1"
    text = f"path,patient_id,labels,{column}\nr1.hea,P1,NORM,{first}\nr2.hea,P1,AFIB,{second}\n"
    (folder / "table.csv").write_text(text)


def test_json_and_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(folder, "train")
    assert main(["data", "check", str(folder), "--json"]) == 0
    source = json.loads(capsys.readouterr().out)["sources"][0]
    assert (source["records"], source["patients"], source["folds"]) == (2, 1, {"train": 2})
    assert source["tasks"]["labels"] == {"records": 2, "labels": {"AFIB": 1, "NORM": 1}}
    (folder / "r2.hea").unlink()
    assert main(["data", "check", str(folder)]) == 0
    said = capsys.readouterr().out
    for words in ("folder + CSV", "missing-file 1", "table.csv, line 3, column path"):
        assert words in said


@pytest.mark.parametrize(
    ("column", "second", "folds"), [("split", "test", "train and test"), ("fold", "2", "fold 1 and fold 2")]
)
def test_a_patient_in_two_folds_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], column: str, second: str, folds: str
) -> None:
    table(folder, second, column)
    assert main(["data", "check", str(folder)]) == 1
    told = capsys.readouterr()
    assert "patient ours-P1 stands in two folds" in told.err
    assert folds in told.err
    assert not told.out


def test_a_patient_in_two_folds_of_two_folders_is_refused(
    tmp_path: Path, write_record: Callable[[Path, float], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    head = "ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_hr\n"
    for number, fold in ((1, 3), (2, 9)):
        part = tmp_path / f"part{number}"
        write_record(part / f"records500/{number:05d}_hr", 1.0)
        (part / "ptbxl_database.csv").write_text(
            head + f"{number},77.0,50,0,{{'NORM': 100.0}},{fold},records500/{number:05d}_hr\n"
        )
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "patient ptbxl-77 stands in two folds" in capsys.readouterr().err


def test_no_data_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(tmp_path / "nowhere")]) == 1
    assert "no such file or folder" in capsys.readouterr().err
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "PTB-XL" in capsys.readouterr().err
