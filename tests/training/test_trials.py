"""Every trial that the command line lists, on the real folder: it ends well, soon, and says little on the way."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ecgview import cli

MOST_S = 120.0  # of processor time, with packing: two minutes even where the two cores have other work


def _below(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def _trials() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command below `train` that takes --smoke."""
    for system, parser in _below(_below(cli.parser())["train"]).items():
        for words, one in [((system,), parser), *(((system, s), p) for s, p in _below(parser).items())]:
            if "--smoke" in one._option_string_actions:
                yield words


def test_every_stage_has_a_trial() -> None:
    assert {("mtecg", "pretrain"), ("posttrain",), ("lef", "fit"), ("results",)} <= set(_trials())


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "ecgview", "train", *words]
    return subprocess.run(whole, capture_output=True, text=True, check=False)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("words", list(_trials()), ids=" ".join)
def test_a_trial_on_the_real_folder_ends_well_and_soon(
    words: tuple[str, ...], shared_data: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """`python -m pytest -m long tests/training/test_trials.py`."""
    data = shared_data
    if words[0] == "lef":  # EchoNext's layout: there is none of it among the real records
        data = tmp_path / "echonext"
        assert _run(["lef", "synthetic", str(data), "--records", "400"]).returncode == 0
    before = os.times()
    done = _run([*words, "--data", str(data), "--out", str(tmp_path / "runs/run"), "--smoke"])
    after = os.times()
    assert done.returncode == 0, done.stderr
    spent_s = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent_s < MOST_S
    assert len(done.stderr.splitlines()) < 100  # a line each few seconds, not one a record
    assert "\r" not in done.stderr
