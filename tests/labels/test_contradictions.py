"""Pairs that cannot stand together are warned of; everything else is left alone."""

import pytest

from ecgview.labels import contradictions, terms
from ecgview.labels.contradictions import check
from ecgview.labels.label_set import load


@pytest.mark.parametrize(
    "codes",
    [
        ["NORM", "IMI"],
        ["AFIB", "SR"],
        ["CLBBB", "CRBBB"],
        ["NSR", "AF"],
        ["NORMAL ECG", "ATRIAL FIBRILLATION"],
        ["1AVB", "3AVB"],
        ["SBRAD", "STACH"],
        ["LAFB", "LPFB"],
    ],
)
def test_a_contradiction_is_one_sentence_whatever_the_order(codes: list[str]) -> None:
    assert len(check(codes)) == 1
    assert len(check(reversed(codes))) == 1


@pytest.mark.parametrize(
    "codes", [[], ["NORM"], ["NORM", "SR", "SARRH"], ["AFIB", "CLBBB", "PVC"], ["CRBBB", "LAFB"]]
)
def test_what_may_stand_together(codes: list[str]) -> None:
    assert check(codes) == []


def test_the_sentence_names_the_statements() -> None:
    assert check(["SR", "AFIB"], load("ptbxl71")) == [
        "atrial fibrillation (AFIB) contradicts sinus rhythm (SR)"
    ]


def test_every_code_of_the_table_exists_in_a_shipped_set() -> None:
    known = {
        s.code for i in ("ptbxl71", "ecgfounder150", "cinc2021", "general28") for s in load(i).statements
    }
    own_words = {term.english for term in terms.table()}
    for meaning, members in contradictions._MEANINGS.items():
        assert members & known or meaning == "of the recording", meaning
        assert not members - known - own_words, meaning


def test_what_is_said_of_the_recording_stands_beside_a_normal_ecg_and_own_words_are_compared() -> None:
    assert check(["NORM", "artifact", "baseline wander"], load("ptbxl71")) == []
    assert check(["NORM", "ventricular tachycardia"], load("ptbxl71"))
    assert check(["left axis deviation", "right axis deviation"], load("ptbxl71")) == [
        "left axis deviation contradicts right axis deviation"
    ]
