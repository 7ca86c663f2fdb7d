"""What is to be hidden, as it is written on the command line."""

import pytest

from ecgview.errors import ModelError
from ecgview.explain.mask_spec import parse
from ecgview.results import Hidden, HiddenSpan


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("2.0-2.4", Hidden((HiddenSpan(2.0, 2.4),))),
        (" .5 - 1 @ v1, Lead II ", Hidden((HiddenSpan(0.5, 1.0, ("V1", "II")),))),
        ("lead:V1", Hidden(leads=("V1",))),
        ("leads: avl,AVL ; 3-4@V2;", Hidden((HiddenSpan(3.0, 4.0, ("V2",)),), ("aVL",))),
    ],
)
def test_a_mask_is_read(text: str, hidden: Hidden) -> None:
    assert parse(text) == hidden


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ("", 1, "cannot be read"),
        ("2.0", 1, "cannot be read"),
        ("2-3;;4-5", 2, "cannot be read"),
        ("1-2; 3-x", 2, "'3-x'"),
        ("2.4-2.0", 1, "ends before it begins"),
        ("2-2", 1, "ends before it begins"),
        ("2-3@", 1, "name is missing"),
        ("2-3@V1,,V2", 1, "name is missing"),
        ("lead:", 1, "name is missing"),
        ("-1-2", 1, "cannot be read"),
        ("nan-2", 1, "cannot be read"),
        ("1e3-2e3", 1, "cannot be read"),
    ],
)
def test_a_part_that_cannot_be_read_is_named(text: str, part: int, said: str) -> None:
    with pytest.raises(ModelError) as told:
        parse(text)
    assert f"part {part} of the mask" in str(told.value)
    assert said in str(told.value)
    assert "2.0-2.4" in str(told.value)


def test_what_is_hidden_in_words() -> None:
    assert (
        parse("2.0-2.4@V1; 3-4; lead:aVL").words
        == "2.00-2.40 s in V1; 3.00-4.00 s in all leads; lead aVL; flat"
    )
    assert parse("leads:V1,V2").words == "leads V1, V2"
