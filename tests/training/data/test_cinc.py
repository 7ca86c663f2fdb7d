"""The challenges' folders: any depth, headers old and new, PTB-XL left out."""

from pathlib import Path

import pytest

from ecgview.errors import EcgviewError, FormatError
from ecgview.training.data import sources, tasks
from ecgview.training.data.sources import cinc


def test_folders_in_folders_and_old_headers(challenge: Path) -> None:
    source = sources.open(challenge)
    assert source.name == cinc.NAME
    found = {row.record_id: (row, record) for row, record in source.records()}
    assert list(found) == ["A0001", "E00001", "E01001"]  # HR00001 is PTB-XL
    old, record = found["A0001"]
    assert record.n_samples == 5000
    assert record.acquisition.start_time == "2020-05-12T12:33:59"
    assert (old.source, old.patient_id, old.age_years, old.sex) == (
        "cpsc_2018",
        "cpsc_2018-A0001",
        71.0,
        "female",
    )
    assert old.rate_hz == 500.0
    assert old.codes == ("164884008", "426783006")  # the words of the first headers
    assert [row for row, _ in found.values()] == list(source.rows())
    assert source.facts()["left out as PTB-XL (HR*)"] == 1


def test_classes_of_the_challenge(challenge: Path) -> None:
    task = tasks.get("cinc26")
    rows = list(sources.open(challenge).rows())
    said = [[task.codes[k] for k in target.nonzero()[0]] for target in task.targets(rows)]
    assert said == [["NSR"], ["SB", "TAb"], ["PAC", "SB"]]


def test_what_is_missing_or_odd_is_told(challenge: Path) -> None:
    (challenge / "georgia/g1/E00001.dat").unlink()
    (challenge / "georgia/g2/E01001.hea").write_text("E01001\n#Dx: 426177001\n")
    old = challenge / "cpsc_2018/g1/A0001.hea"
    old.write_text(old.read_text().replace("PVC", "Tiger"))
    source = cinc.open(challenge)
    told = {problem.kind: problem for problem in source.problems()}
    assert set(told) == {"missing-file", "unreadable", "unknown-code"}
    assert "E01001.hea: record line" in told["unreadable"].text
    assert told["unknown-code"].text.startswith("'Tiger'")
    heard: list[EcgviewError] = []
    assert [row.record_id for row, _ in source.records(heard.append)] == ["A0001"]
    assert len(heard) == 2
    with pytest.raises(FormatError, match="E00001"):
        list(source.records())


def test_real_headers(shared_data: Path) -> None:
    source = sources.open(shared_data / "cinc2021")
    rows = list(source.rows())
    assert len(rows) == 95
    assert not any(row.record_id.startswith("HR") for row in rows)
    assert not list(source.problems())
    assert tasks.get("cinc26").keeps(rows).all()
    words = sources.open(shared_data / "cpsc2018")
    targets = tasks.get("cinc26").targets(list(words.rows()))
    counts = dict(zip(tasks.get("cinc26").codes, targets.sum(axis=0), strict=True))
    assert {name: counts[name] for name in ("AF", "CRBBB", "NSR", "PAC", "PVC")} == {
        "AF": 18,
        "CRBBB": 13,
        "NSR": 15,
        "PAC": 10,
        "PVC": 0,  # its word PVC became "ventricular ectopics", which is not scored
    }
