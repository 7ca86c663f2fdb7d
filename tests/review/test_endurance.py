"""A bounded run of `endurance.py`: one round on a store of every schema."""

import os
from pathlib import Path

import pytest
from endurance import endure

from ecgview.review import migrations


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a matter of POSIX")
def test_two_programs_that_are_killed_lose_and_double_nothing(tmp_path: Path, isolated_home: Path) -> None:
    tally = endure(tmp_path, 14, rounds=migrations.LATEST, farthest=20)
    assert tally.wrong == []
    assert tally.kills == 2 * migrations.LATEST
    assert tally.edits > 2 * migrations.LATEST
    assert tally.commits > 0
    assert tally.cuts > 0
    assert tally.fulls > 0
