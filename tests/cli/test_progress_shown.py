"""What a long command says on the way: a bar in a terminal, a few lines in a log."""

import io
import pickle
import re

import pytest

from ecgview.cli import _progress
from ecgview.progress import Counted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A second more at each look."""

    def __init__(self, step_s: float) -> None:
        self.now_s, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def test_a_log_of_three_thousand_records_is_some_lines_with_rate_and_time_left():
    log = io.StringIO()
    with _progress.shown(log, Clock(1 / 128)) as progress:
        for n in range(1, 3001):
            progress(Counted(n, 3000, "records"), "packing")
    lines = log.getvalue().splitlines()
    assert lines[0] == "  0 %  packing, 1 of 3000 records"
    assert lines[1] == " 21 %  packing, 641 of 3000 records, 128 records/s, 0:18 left"
    assert lines[-1] == "100 %  packing, 3000 of 3000 records, 128 records/s, 0:00 left"
    assert len(lines) == 6
    assert "\r" not in log.getvalue()


def test_the_rate_in_a_log_begins_anew_with_another_work_and_where_a_run_goes_on():
    log = io.StringIO()
    with _progress.shown(log, Clock(1.0), every_s=1.0) as progress:
        progress(Counted(100, 100, "records"), "packing")
        progress(Counted(40, 60, "steps"), "epoch 4")  # taken up again at step 40
        progress(Counted(42, 60, "steps"), "epoch 4")
        progress(0.5, "figures")
        progress(0.75, "figures")
    assert log.getvalue().splitlines() == [
        "100 %  packing, 100 of 100 records",
        " 67 %  epoch 4, 40 of 60 steps",
        " 70 %  epoch 4, 42 of 60 steps, 2 steps/s, 0:09 left",
        " 50 %  figures",
        " 75 %  figures, 0:01 left",
    ]


def test_hours_are_told_as_hours():
    log = io.StringIO()
    with _progress.shown(log, Clock(60.0), every_s=0.0) as progress:
        progress(Counted(0, 1000, "steps"), "epoch 0")
        progress(Counted(1, 1000, "steps"), "epoch 0")
    assert log.getvalue().endswith("0.0167 steps/s, 16:39:00 left\n")


def test_a_terminal_shows_one_bar_with_rate_and_time_left():
    terminal = Terminal()
    with _progress.shown(terminal, every_s=0.0) as progress:
        for n in range(1, 51):
            progress(Counted(n, 50, "records"), "packing")
        for n in range(1, 9):
            progress(Counted(n, 8, "steps"), f"epoch {n // 4}")
    said = terminal.getvalue()
    assert said.count("\n") == 1  # at the end alone: one bar in one line
    pictures = [picture.strip() for picture in said.split("\r")]
    assert any(
        re.match(r"40 % \|.* 20/50 records, .* records/s, \d\d:\d\d left  packing", p) for p in pictures
    )
    assert re.match(r"100 % \|.* 8/8 steps, .*steps/s, 00:00 left  epoch 2", pictures[-1])


def test_a_terminal_shows_a_fraction_of_what_cannot_be_counted():
    terminal = Terminal()
    with _progress.shown(terminal, every_s=0.0) as progress:
        progress(0.0, "loading")
        progress(0.5, "figures")
    assert re.search(r"50 % \|#+ +\| .* left  figures", terminal.getvalue())


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_the_line_is_ended_before_an_error_is_told(stream):
    out = stream()

    def work() -> None:
        with _progress.shown(out) as progress:
            progress(Counted(1, 3, "records"), "packing")
            progress(Counted(2, 3, "records"), "packing")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert out.getvalue().endswith("\n")
    assert "2/3 records" in out.getvalue() or "2 of 3 records" in out.getvalue()


def test_only_the_first_of_several_processes_tells(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    log = io.StringIO()
    with _progress.shown(log, Clock(10.0)) as progress:
        progress(Counted(1, 3, "records"), "packing")
    assert not log.getvalue()


def test_a_counted_fraction_goes_through_a_pipe_and_is_plain_after_arithmetic():
    half = pickle.loads(pickle.dumps(Counted(3, 6, "records")))
    assert (half, half.done, half.total, half.what) == (0.5, 3, 6, "records")
    assert type(0.2 + 0.8 * half) is float
    assert Counted(0, 0, "records") == 1.0
