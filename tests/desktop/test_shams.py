"""Shams of a study: drawn by the study's word, the record, the target and the reader, the same at every look."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.desktop.state.shams import Given, Study, Target

CODES = ("CLBBB", "AMI", "AFIB", "NORM")
STUDY = Study(0.4, "autumn")
TARGET = Target("statement", "CLBBB")


def drawn(study: Study, n: int = 2000, target: Target = TARGET) -> list[Given]:
    """Return what one reader is given for so many records."""
    return [study.given(target, f"record {k}", "Reader One", CODES) for k in range(n)]


def test_without_a_share_every_map_is_true() -> None:
    assert not Study().is_on
    assert {given.kind for given in drawn(Study(0.0, "autumn"))} == {"true"}


def test_the_share_of_shams_is_the_one_asked_for_and_both_kinds_occur() -> None:
    kinds = [given.kind for given in drawn(STUDY)]
    shams = np.mean([kind != "true" for kind in kinds])
    assert shams == pytest.approx(0.4, abs=0.04)
    for kind in ("sham-other", "sham-random"):
        assert kinds.count(kind) / len(kinds) == pytest.approx(0.2, abs=0.04)


def test_the_same_question_is_given_the_same_answer_on_every_computer() -> None:
    """The draw is written out here: another order of its parts would be another study."""
    found = [STUDY.given(TARGET, f"record {k}", "Reader One", CODES).kind for k in range(8)]
    assert found == [
        STUDY.given(TARGET, f"record {k}", "Reader One", reversed_codes()).kind for k in range(8)
    ]
    assert drawn(STUDY, 50) == drawn(replace(STUDY), 50)


def reversed_codes() -> tuple[str, ...]:
    """Return the statements in another order, as another model would list them."""
    return CODES[::-1]


@pytest.mark.parametrize("part", ["word", "record", "target", "reader"])
def test_every_part_of_the_question_draws_anew(part: str) -> None:
    asked = {"word": "autumn", "record": "a", "target": "CLBBB", "reader": "Reader One"}

    def kinds(changed: str) -> list[str]:
        said = asked | {part: changed}
        study = Study(0.5, said["word"])
        return [
            study.given(
                Target("statement", said["target"]), f"{said['record']} {k}", said["reader"], CODES
            ).kind
            for k in range(200)
        ]

    assert kinds(asked[part]) != kinds("another")


def test_another_map_is_never_the_one_asked_for() -> None:
    others = {given.target.name for given in drawn(Study(1.0)) if given.kind == "sham-other"}
    assert others == set(CODES) - {"CLBBB"}


def test_random_networks_differ_from_record_to_record() -> None:
    seeds = {given.seed for given in drawn(Study(1.0), 100) if given.kind == "sham-random"}
    assert len(seeds) > 20


def test_a_predictor_gets_another_predictors_map_and_their_sum_is_never_a_sham() -> None:
    predictor = Target("predictor", "P(C1)")
    study, names = Study(1.0, "autumn"), ("P(C0)", "P(C1)", "P(C2)")
    kinds = {study.given(predictor, f"record {k}", "R", names).kind for k in range(100)}
    assert kinds == {"sham-other"}
    assert study.given(predictor, "record", "R", ("P(C1)",)).kind == "true", "there is no other"
    assert {given.kind for given in drawn(study, 100, Target("lef"))} == {"true"}
