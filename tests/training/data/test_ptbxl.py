"""PTB-XL in its published layout: both rates, packs, folds, and tables that are wrong."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ecgview.errors import FormatError, ModelError
from ecgview.training.data import sources, splits
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import ptbxl

HEAD = "ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr\n"


def table(folder: Path, *lines: str, head: str = HEAD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ptbxl.TABLE).write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def line(
    ecg_id: int, patient: float = 1.0, fold: int = 1, codes: str = "{'NORM': 100.0}", age: str = "50"
) -> str:
    name = f"00000/{ecg_id:05d}"
    return f'{ecg_id},{patient},{age},1,"{codes}",{fold},records100/{name}_lr,records500/{name}_hr'


def test_real_records_at_both_rates_are_the_same_ecg(shared_data: Path) -> None:
    slow = ptbxl.open(shared_data / "ptbxl", rate_hz=100)
    fast = {row.record_id: record for row, record in islice(ptbxl.open(shared_data / "ptbxl").records(), 25)}
    assert slow.facts()["files at 100 Hz"] == 20 == len(list(slow.rows()))
    alike = []
    for row, record in slow.records():
        if twin := fast.get(row.record_id):
            assert (row.rate_hz, record.sampling_rate_hz, record.n_samples) == (100.0, 100.0, 1000)
            assert (twin.sampling_rate_hz, twin.n_samples) == (500.0, 5000)
            means = np.convolve(twin.lead("V5"), np.ones(5) / 5, mode="same")[1::5]
            alike.append(np.corrcoef(record.lead("V5"), means)[0, 1])
    assert len(alike) == 20
    assert np.median(alike) > 0.99
    assert min(alike) > 0.8


def test_real_packs_and_records_stream_with_every_row(shared_data: Path) -> None:
    rows = {}
    for folder in ("ptbxl", "ptbxl-packed"):
        source = sources.open(shared_data / folder)
        rows |= {row.record_id: row for row in source.rows()}
        row, record = next(source.records())
        assert rows[row.record_id] == row
        assert record.missing_leads == ()
    assert len(rows) == 2664
    assert len(list(splits.checked(rows.values()))) == 2664
    assert max(row.age_years or 0 for row in rows.values()) == 90  # the table says 300


def test_a_recording_in_a_pack_and_in_a_file_comes_once(
    tmp_path: Path, write_record: Callable[..., Path]
) -> None:
    folder = table(tmp_path / "p", line(1), line(2, patient=2), line(3, patient=3))
    for number in (1, 2):
        write_record(folder / f"records500/00000/{number:05d}_hr")
    steps = np.zeros((1, 8, 5000), np.uint16)
    steps[0, 1, 10] = 2 * 700  # zig-zag: lead II rises by 700 uV at sample 10
    np.savez(
        folder / "part00.npz",
        ecg_id=np.array([2]),
        low=(steps & 255).astype(np.uint8),
        high=(steps >> 8).astype(np.uint8),
    )
    source = ptbxl.open(folder)
    assert [row.record_id for row in source.rows()] == ["1", "2"]
    found = {row.record_id: record for row, record in source.records()}
    assert list(found) == ["2", "1"]
    assert found["2"].lead("II")[9:11].tolist() == pytest.approx([0.0, 0.7])
    assert found["2"].lead("aVF")[11] == pytest.approx(0.7)
    missing = [problem for problem in source.problems() if problem.kind == "missing-file"]
    assert [problem.where.rsplit("/", 1)[1] for problem in missing] == [
        "scp_statements.csv",
        "ptbxl_database.csv, line 4, column filename_hr",
    ]


def test_ages_sexes_and_folds(tmp_path: Path) -> None:
    folder = table(tmp_path / "p", line(1, age="300", fold=10), line(2, age=""))
    source = ptbxl.open(folder)
    rows = [source._row(item) for item in source._lines()]
    assert [(row.age_years, row.sex, row.fold) for row in rows] == [(90.0, "female", 10), (None, "female", 1)]
    assert splits.for_folds([row.fold for row in rows])["test"] == (10,)
    assert splits.for_folds([9])["test"] == (9,)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (line(1, codes="__import__('os')"), ["line 2, column scp_codes", "NORM"]),
        (line(1, codes="{'NORM': 100.0"), ["line 2, column scp_codes"]),
        (line(1).replace(",1,records100", ",one,records100"), ["line 2, column strat_fold", "'one'"]),
        ("1,2,3", ["line 2", "expected 8", "found 3"]),
        (line(1).replace("records500/00000", "../../secret"), ["column filename_hr", "relative path"]),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, row: str, words: list[str]) -> None:
    with pytest.raises(FormatError) as caught:
        list(ptbxl.open(table(tmp_path / "p", row), rate_hz=500).rows())
    for word in (ptbxl.TABLE, *words):
        assert word in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = table(tmp_path / "p", head=HEAD.replace("strat_fold", "fold"))
    with pytest.raises(FormatError, match="no column strat_fold"):
        list(ptbxl.open(folder).rows())


def test_a_statement_that_the_second_table_lacks_is_told(tmp_path: Path) -> None:
    folder = table(tmp_path / "p", line(1, codes="{'NORM': 100.0, 'XYZ': 0.0}"))
    (folder / ptbxl.STATEMENTS).write_text(",description\nNORM,normal ECG\n")
    kinds = {problem.kind: problem.text for problem in ptbxl.open(folder).problems()}
    assert kinds["unknown-code"].startswith("XYZ")


def test_a_patient_in_two_folds_is_refused_and_folds_of_ours_follow_the_patient() -> None:
    rows = [Row("s", "1", "p1", 1), Row("s", "2", "p2", 9), Row("s", "3", "p1", 8)]
    with pytest.raises(ModelError, match=r"patient p1 stands in two folds.*fold 1 and fold 8"):
        list(splits.checked(rows))
    unsplit = [Row("s", str(i), f"p{i // 2}") for i in range(400)]
    folded = list(splits.checked(splits.with_folds(unsplit)))
    assert {row.fold for row in folded} == set(range(1, 11))
    assert [row.fold for row in splits.with_folds(unsplit[100:])] == [row.fold for row in folded[100:]]
    assert [row.fold for row in splits.with_folds(unsplit, seed=1)] != [row.fold for row in folded]
