"""Some mutated files of every format, and that the watch over the readers sees what it must see."""

import os
import subprocess
from pathlib import Path

import pytest
from fuzzing import MODELS, Fault, Tally, _typed, _watched, _within, names, run

from ecgview.errors import FormatError

COUNT = 250
MODELS_COUNT = 60  # each is compared with all known networks
SEED = 20_260


@pytest.mark.parametrize("name", names())
def test_mutated_files_give_a_record_or_a_typed_error(name: str) -> None:
    tally = Tally()
    count = MODELS_COUNT if name == MODELS else COUNT
    run(name, SEED, range(count), tally)
    assert tally.faults == []
    assert tally.opened + tally.refused == count
    assert tally.refused > 0


def test_the_watch_sees_what_no_reader_may_do(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "canary.dat").write_bytes(b"1")
    with _watched(inside):
        (inside / "fine").write_text("x")
        with pytest.raises(Fault, match="opened"):
            (tmp_path / "canary.dat").read_bytes()
        with pytest.raises(Fault, match="Popen"):
            subprocess.run(["true"], check=False)
        with pytest.raises(Fault, match="wrote"):
            Path("/no-place/evil").write_text("x")
    (tmp_path / "canary.dat").read_bytes()


def test_the_watch_sees_hangs_and_errors_without_a_file() -> None:
    def endless() -> None:
        with _within(0.05):
            while True:
                os.getpid()

    with pytest.raises(Fault, match="hang"):
        endless()

    def nameless() -> None:
        raise FormatError("odd")

    with pytest.raises(Fault, match="does not name"):
        _typed(nameless, Path("a/sample.hea"))
