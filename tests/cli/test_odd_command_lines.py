"""No command line, however odd, ends with an error of ecgview itself."""

import contextlib
from pathlib import Path

import odd_lines
import pytest

from ecgview.cli import main

COUNT = 40  # of `python tests/formats/fuzzing.py`, which runs as many as asked


@pytest.mark.timeout(300)
def test_odd_command_lines_end_in_clear_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert odd_lines.run(COUNT, 20_260, tmp_path) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["models", "import", "."], "no such file"),
        (["models", "import", "/"], "no such file"),
        (["models", "info", "a\0b"], "NUL"),
        (["info", "a\0b"], "NUL"),
        (["score", "", "-o", "OUT.parquet"], "an argument is empty"),
        (["info", ""], "an argument is empty"),
        *(
            ([command, place], place)
            for command in ("info", "classify", "lef", "measure")
            for place in (".", "/")
        ),
        (["info", "x", "--subjects=--"], "expected a value"),
        (["info", "x" * 40_000], "longer than"),
        (["train", "posttrain", "--data", "x", "--out", "y", "--seed", "9" * 20], "--seed"),
    ],
)
def test_what_ended_with_70_says_what_is_wrong(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SystemExit):  # of wrong usage, with 2
        assert main(words) == 1
    assert said in capsys.readouterr().err
