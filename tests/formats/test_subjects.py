"""Age and sex from a table beside the records, or from one that is named: of the right record, or not at all."""

import json
import os
from pathlib import Path

import pytest

from ecgview import formats
from ecgview.cli import main
from ecgview.errors import FormatError
from ecgview.formats import wfdb
from ecgview.record import EcgRecord


@pytest.fixture
def records(tmp_path: Path, pulse_record: EcgRecord) -> list[Path]:
    folder = tmp_path / "set" / "records" / "00"
    folder.mkdir(parents=True)
    return [Path(wfdb.write(pulse_record, folder / name)) for name in ("a", "b")]


def _table(folder: Path, text: str, name: str = "subjects.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_that_names_the_file_is_joined_in_reading_and_listing(
    tmp_path: Path, records: list[Path]
) -> None:
    _table(
        tmp_path / "set",
        "filename,age,sex,patient_id\nrecords/00/a,17,F,p1\nrecords/00/b.hea,64.0,male,p2\n",
    )
    first, second = (formats.read(path) for path in records)
    assert (first.patient.age_years, first.patient.sex, first.patient.patient_id) == (17.0, "female", "p1")
    assert (second.patient.age_years, second.patient.sex) == (64.0, "male")
    assert formats.peek(records[0]).patient == first.patient
    assert any(note.kind == "subjects" and "subjects.csv" in note.text for note in first.notes)


@pytest.mark.parametrize(
    ("text", "age", "sex"),
    [
        ("record_id,age,sex\na,063Y,F\n", 63.0, "female"),
        ("Record Name;Age (years);Sex (M/F)\na;63,5;M\n", 63.5, "male"),
        ("# a registry\nfilename,age\nrecords\\00\\a.hea,18 months\n", 1.5, ""),
        ("sep=;\nfilename;alter;geschlecht\nrecords/00/a.dat;>89;weiblich\n", 90.0, "female"),
        ("FileName,PatientAge,Gender\nrecords/00/a,90+,MALE\n", 90.0, "male"),
        ("record_id,age,sex\na.hea,10D,O\n", 0.027, ""),
        ("record_id,age,sex\na,about 60,M\n", None, "male"),
        ("record_id,age,sex\na,630,M\n", None, "male"),
        ("record_id,anchor_age,gender\na,52,F\n", None, "female"),  # of another year than the record
    ],
)
def test_ages_and_columns_as_people_write_them(
    tmp_path: Path, records: list[Path], text: str, age: float | None, sex: str
) -> None:
    path = _table(tmp_path / "set", text)
    for encoding in ("utf-8", "utf-16"):
        path.write_text(text, encoding)
        patient = formats.read(records[0]).patient
        assert (patient.age_years, patient.sex) == (age, sex)


def test_a_table_that_is_named_may_write_the_last_part_of_a_path(tmp_path: Path, records: list[Path]) -> None:
    given = _table(tmp_path, "filename,age\n00/a,17\nother/b,70\n", "given.csv")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with formats.subjects(given.rename(elsewhere / "given.csv")):
        assert formats.read(records[0]).patient.age_years == 17.0
        assert formats.read(records[1]).patient.age_years is None


@pytest.mark.parametrize(
    "text",
    [
        "filename,age,sex\nrecords/01/a,17,F\n",  # another folder's a
        "record_id,age,sex\na,17,F\na,70,M\n",  # of whom?
        "record_id,age,sex\naa,17,F\n",
        "name,height\na,170\n",  # says nothing of age or sex
        "I,II,V1\n1,2,3\n",
        '"',
        "",
    ],
)
def test_a_row_that_may_be_of_another_is_not_joined(tmp_path: Path, records: list[Path], text: str) -> None:
    _table(tmp_path / "set", text)
    record = formats.read(records[0])
    assert record.patient.age_years is None
    assert record.patient.sex == ""


def test_a_bare_number_is_a_sex_only_where_the_table_says_which(tmp_path: Path, records: list[Path]) -> None:
    _table(tmp_path / "set", "record_id,age,sex\na,50,0\n")
    assert formats.read(records[0]).patient.sex == ""
    _table(tmp_path / "set", "record_id,age,is_male\na,50,False\n")
    assert formats.read(records[0]).patient.sex == "female"


def test_what_the_file_says_stands_and_a_difference_is_told(tmp_path: Path, pulse_record: EcgRecord) -> None:
    header = Path(wfdb.write(pulse_record, tmp_path / "c"))
    header.write_text(header.read_text(encoding="utf-8") + "#Age: 63\n#Sex: Male\n", encoding="utf-8")
    _table(tmp_path, "record_id,age,sex\nc,17,F\n")
    with formats.subjects(tmp_path / "subjects.csv"):
        record = formats.read(header)
    assert (record.patient.age_years, record.patient.sex) == (63.0, "male")
    assert any("the file's own is shown" in note.text for note in record.notes)


def test_a_changed_table_is_read_again(tmp_path: Path, records: list[Path]) -> None:
    path = _table(tmp_path / "set", "record_id,age,sex\na,50,F\n")
    assert formats.read(records[0]).patient.age_years == 50.0
    path.write_text("record_id,age,sex\na,51,F\n", encoding="utf-8")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 10_000_000))
    assert formats.read(records[0]).patient.age_years == 51.0


def test_the_command_line_takes_a_table_and_refuses_what_is_none(
    tmp_path: Path, records: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    given = _table(tmp_path, "record_id;age;gender\na;17;weiblich\n", "who.csv")
    assert main(["info", str(records[0]), "--subjects", str(given), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["patient"]["age_years"] == 17.0
    assert told["patient"]["sex"] == "female"
    assert main(["lef", str(records[0]), "--subjects", str(given)]) == 3
    assert "17 years" in capsys.readouterr().out  # not analysed: for adults
    assert main(["info", str(records[1]), "--subjects", str(given)]) == 0
    assert "no row" in capsys.readouterr().out
    assert main(["info", str(records[0]), "--subjects", str(tmp_path / "none.csv")]) == 1
    other = _table(tmp_path, "a,b\n1,2\n", "other.csv")
    assert main(["info", str(records[0]), "--subjects", str(other)]) == 1
    assert "no table of subjects" in capsys.readouterr().err
    with pytest.raises(FormatError), formats.subjects(other):
        pass
    assert "ECGVIEW_SUBJECTS" not in os.environ


def test_ptb_xl_says_age_and_sex_in_its_own_table(shared_data: Path) -> None:
    record = formats.read(shared_data / "ptbxl" / "records500" / "00000" / "00001_hr.hea")
    assert (record.patient.age_years, record.patient.sex) == (56.0, "female")
    assert record.patient.patient_id == "15709"
