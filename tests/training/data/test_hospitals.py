"""Other hospitals' codes as PTB-XL's statements: what is present, absent, and not said; and what trains with it."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import ModelError
from ecgview.training.data import collection, hospitals, material, provenance, tasks
from ecgview.training.data.inputs import MTECG
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import packed

CODES = tasks.get("all71").codes


def _said(rows: list[Row]) -> list[dict[str, int]]:
    """Return by row the statements that are known, 1 or 0."""
    found = hospitals.targets(rows)
    return [{CODES[k]: int(one[k]) for k in np.flatnonzero(np.isfinite(one))} for one in found]


def _row(source: str, *codes: str) -> Row:
    return Row(source, "1", "1", codes=codes)


def test_what_a_source_never_names_is_not_known() -> None:
    found = _said(
        [
            _row("georgia", "164889003"),
            _row("georgia", "426177001", "111975006"),
            _row("cpsc_2018_extra", "426177001"),
            _row("ptbxl", "NORM", "SR"),
            _row("ptbxl"),
        ]
    )
    assert found[0] == {"AFIB": 1, "SBRAD": 0, "LNGQT": 0}
    assert found[1] == {"AFIB": 0, "SBRAD": 1, "LNGQT": 1}
    assert found[2] == {"SBRAD": 1}
    assert len(found[3]) == 71
    assert sum(found[3].values()) == 2
    assert found[4] == {}


def test_bundle_branch_block_of_no_kind_counts_as_complete() -> None:
    gives = [_row("georgia", "59118001"), _row("georgia", "713426002"), _row("georgia", "164889003")]
    found = _said(gives)
    assert found[0] == {"CRBBB": 1, "AFIB": 0}  # whether it is incomplete is not said
    assert found[1] == {"CRBBB": 0, "IRBBB": 1, "AFIB": 0}
    assert found[2] == {"CRBBB": 0, "IRBBB": 0, "AFIB": 1}
    assert "CRBBB" not in _said([_row("georgia", "713426002")])[0]
    left = _said([_row("georgia", "164909002"), _row("georgia", "251120003")])
    assert left == [{"CLBBB": 1}, {"CLBBB": 0, "ILBBB": 1}]


def test_a_wider_concept_leaves_a_statement_open() -> None:
    found = _said([_row("georgia", "270492004"), _row("georgia", "233917008"), _row("georgia", "111975006")])
    assert [one.get("1AVB") for one in found] == [1, None, 0]


def test_sinus_rhythm_is_absent_only_beside_another_rhythm() -> None:
    found = _said(
        [_row("cpsc_2018", "426783006"), _row("cpsc_2018", "59118001"), _row("cpsc_2018", "164889003")]
    )
    assert [one.get("SR") for one in found] == [1, None, 0]


def test_diagnoses_of_the_patient_say_only_what_they_name() -> None:
    assert _said([_row("ptb", "427393009"), _row("ptb", "164865005")]) == [{"SARRH": 1}, {}]


@pytest.fixture
def three_places(tiny_ptbxl: Path, packed_sets: Path, challenge: Path) -> Path:
    """Return PTB-XL beside packed records and the challenge's; record 7 of PTB-XL is in two places."""
    shutil.move(packed_sets, tiny_ptbxl / "more")
    shutil.move(challenge, tiny_ptbxl / "challenge")
    return tiny_ptbxl


def test_every_record_is_taken_once(three_places: Path) -> None:
    found = Counter((row.source, row.record_id) for row, _ in collection.read_all(three_places))
    assert set(found.values()) == {1}
    sources = Counter(source for source, _ in found)
    # The challenge's records are one pulse: the second and third are copies of the first; HR00001 is PTB-XL.
    assert sources == {"ptbxl": 41, "cpsc_2018": 2, "georgia": 2, "cinc_2025": 1}
    assert ("ptbxl", "501") in found


def test_packed_copies_of_files_are_taken_once(three_places: Path) -> None:
    from ecgview.formats import wfdb

    own = {row.record_id: record for row, record in packed.open(three_places / "more").records()}
    (three_places / "copies").mkdir()
    for name in ("501", "A1"):  # of PTB-XL and of another hospital, under names that say nothing
        wfdb.write(own[name], three_places / "copies" / f"case{name}")
    assert formats.read(three_places / "copies" / "case501.hea").n_samples == 1000
    found = Counter((row.source, row.record_id) for row, _ in collection.read_all(three_places))
    assert ("copies", "case501") not in found
    assert found["copies", "caseA1"] + found["cpsc_2018", "A1"] == 1


def test_other_hospitals_train_only_where_they_are_asked_for(three_places: Path, tmp_path: Path) -> None:
    def of(**options: bool) -> material.Data:
        return material.of_task(three_places, tmp_path / "cache", MTECG, "all71", **options)  # type: ignore[arg-type]

    alone, both = of(), of(others=True)
    assert {alone.pack.rows[i].source for i in alone.train} == {"ptbxl"}
    assert np.isfinite(alone.wanted[alone.train]).all()
    added = np.setdiff1d(both.train, alone.train)
    assert len(both.train) == len(alone.train) + len(added)
    assert {both.pack.rows[i].source for i in added} == {"cpsc_2018", "georgia"}
    assert np.isnan(both.wanted[added]).any(axis=1).all()
    assert both.validation.tolist() == alone.validation.tolist()
    assert both.test.tolist() == alone.test.tolist()
    assert "Georgia of the PhysioNet/CinC Challenge" in both.learnt.words
    assert "Georgia" not in alone.learnt.words
    assert both.learnt.n_train == len(both.train)
    with pytest.raises(ModelError, match="other hospitals have no labels of task super5"):
        material.of_task(three_places, tmp_path / "cache", MTECG, "super5", others=True)


def test_only_records_with_the_challenges_codes_serve_it(three_places: Path, tmp_path: Path) -> None:
    pack = material.open_pack(three_places, tmp_path / "cache", MTECG, serving="cinc26")
    assert {row.source for row in pack.rows} == {"cpsc_2018", "georgia"}


def test_words_name_windows_and_the_publishers_lower_rate() -> None:
    rows = [Row("ptbxl", str(k), str(k), 1, rate_hz=(100.0, 500.0)[k % 2]) for k in range(4)]
    rows += [Row("georgia", "E1", "E1", rate_hz=500.0)] * 3
    assert provenance.described(rows) == (
        "PTB-XL 1.0.3 (Wagner et al., CC BY 4.0) fold 1: 4 records (2 at 100 Hz); "
        "Georgia of the PhysioNet/CinC Challenge 2020/2021 (CC BY 4.0): 1 record in 3 windows"
    )


def test_the_real_records_without_doubles(shared_data: Path) -> None:
    """By names alone, which a second suffices for: 3,866 of PTB-XL."""
    from ecgview.training.data.sources import ptbxl

    def rows(place: str) -> set[str]:
        return {row.record_id for row in ptbxl.open(shared_data / place).rows()}

    more = {r.record_id: r.fold for r in packed.open(shared_data / "more").rows() if r.source == "ptbxl"}
    assert len(more.keys() | rows("ptbxl") | rows("ptbxl-packed")) == 3866
    assert not more.keys() & (rows("ptbxl") | rows("ptbxl-packed"))
