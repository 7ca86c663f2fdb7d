"""No table of ours holds a cell that a spreadsheet would run: what a file or a user wrote stays a text there."""

import ast
import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ecgview
from ecgview import csv_cells, formats
from ecgview.record import Acquisition, EcgRecord, Patient
from ecgview.report import key_table
from ecgview.report.convert import Order, convert

FORMULAS = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    ' "=1',
    "＝1",
    "-aVR",
    "+-1x",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_like_a_formula_is_marked_and_comes_back(text: str) -> None:
    made = csv_cells.cell(text)
    assert made == "'" + text.replace("\t=", "\t'=")  # what a tab parts begins a cell, too
    assert csv_cells.plain(made) == text
    assert csv_cells.cell(made) == made  # rows that are read and written again


@pytest.mark.parametrize(
    "value", ["-0.25", "+3", "-1e-5", "-1,5", -3, 2.5, None, "", "plain", "a=b", "'quoted"]
)
def test_numbers_and_plain_texts_stay_as_they_are(value: object) -> None:
    assert csv_cells.cell(value) == value


def test_a_line_for_the_clipboard_makes_no_cells_of_its_own() -> None:
    assert csv_cells.line(["a\t=1", "=2\nb", "−3"]) == "a =1\t'=2 b\t−3"


def test_the_writer_marks_cells_and_names_of_columns() -> None:
    file = io.StringIO()
    table = csv_cells.Writer(file, ["=name", "b"])
    table.writeheader()
    table.writerow({"=name": "@x"})
    table.writerow(["-1", "-x"])
    assert list(csv.reader(io.StringIO(file.getvalue()))) == [["'=name", "b"], ["'@x", ""], ["-1", "'-x"]]
    with pytest.raises(ValueError, match="no such columns"):
        table.writerow({"c": 1})


def test_where_a_semicolon_or_a_tab_parts_cells_a_text_stays_one() -> None:
    file = io.StringIO()
    table = csv_cells.Writer(file)
    row = ["a;=cmd|'C calc'!A0;b.hea", 1.5, "x\t=1"]
    table.writerow(["plain", 2])
    table.writerow(row)
    assert csv_cells.plain(csv_cells.cell("a;=b; -c")) == "a;=b; -c"
    assert csv_cells.plain(csv_cells.cell("=a;=b")) == "=a;=b"
    for other in ",;\t":
        cells = [cell for line in csv.reader(io.StringIO(file.getvalue()), delimiter=other) for cell in line]
        assert not [cell for cell in cells if cell.startswith("=")]
    read = list(csv.reader(io.StringIO(file.getvalue())))[1]
    assert [csv_cells.plain(cell) for cell in read] == [row[0], "1.5", row[2]]


def test_every_writer_of_tables_is_the_one_that_marks() -> None:
    own = Path(ecgview.__file__).parent
    plain = []
    for path in own.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        plain += [
            str(path.relative_to(own))
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in ("writer", "DictWriter", "to_csv")
            and isinstance(node.value, ast.Name)
        ]
    # the second's cells are numbers and names that the program makes
    assert sorted(plain) == ["csv_cells.py", "training/echonext/synthetic.py"]


def cells_of(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [cell for delimiter in ",;\t" for row in csv.reader(lines, delimiter=delimiter) for cell in row]


def runs(cell: str) -> bool:
    """Return whether a spreadsheet would take this cell for a formula."""
    return csv_cells.cell(cell) != cell


def test_an_ecg_written_as_a_table_holds_no_formula(pulse_record: EcgRecord, tmp_path: Path) -> None:
    record = replace(
        pulse_record,
        lead_names=("=1+1", "-aVR", *pulse_record.lead_names[2:]),
        patient=Patient(name="Li,=cmd|'x'!A0", patient_id='9; "=2', sex="female"),
        acquisition=Acquisition(device="cart,\t@SUM(1), -3", extra={"note,=1": "=1,+2"}),
    )
    path = formats.writers()[".csv"].write(record, tmp_path / "out.csv")
    assert not [cell for cell in cells_of(path) if runs(cell)]
    again = formats.read(path)
    assert again.patient.name == record.patient.name
    assert again.patient.patient_id == record.patient.patient_id
    assert again.acquisition.device == record.acquisition.device
    assert dict(again.acquisition.extra) == dict(record.acquisition.extra)
    assert set(again.lead_names) == set(record.lead_names)


def test_a_key_of_odd_file_names_is_read_back(
    pulse_record: EcgRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    header = "# sampling_rate_hz: 500\n" + ",".join(pulse_record.lead_names)
    np.savetxt(source / "=1+1.csv", pulse_record.signal.T, delimiter=",", header=header, comments="")
    key = tmp_path / "key.csv"
    monkeypatch.chdir(source)
    words = "a passphrase of tests"
    made = list(convert(["=1+1.csv"], Order(tmp_path / "out", ".hea"), key=key, passphrase=words))
    assert not made[0].error
    assert key_table.read(key, words) == [("ecg-00001.hea", "=1+1.csv")]
