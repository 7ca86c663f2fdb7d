"""From the start of the process to the first trace of a named file: what is imported, read and run on that way."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgview import formats
from ecgview.desktop.chrome.window import MainWindow
from ecgview.formats.places import stamp

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
CHILD = """
import json, os, sys

opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)

from ecgview.desktop import app
from ecgview.desktop.canvas.trace_canvas import TraceCanvas
from ecgview.desktop.work.jobs import Jobs

jobs = []
theirs = Jobs.start

def start(self, function, *args, **rest):
    jobs.append(rest["title"])
    return theirs(self, function, *args, **rest)

Jobs.start = start
paint = TraceCanvas.paintEvent

def painted(self, event):
    paint(self, event)
    if self.record is not None:
        print(json.dumps({
            "loaded": [name for name in ("wfdb", "pandas", "scipy.signal", "torch") if name in sys.modules],
            "opened": [name for name in opened if name.endswith((".dat", ".hea"))],
            "jobs": jobs,
            "leads": self.record.signal.shape[0],
        }), flush=True)
        os._exit(0)

TraceCanvas.paintEvent = painted
app.run([sys.argv[1]])
"""


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a process did until it painted the trace of a record of format 16."""
    home = tmp_path_factory.mktemp("home")
    samples = np.random.default_rng(0).integers(-500, 500, (5000, 12))
    wfdb.wrsamp(
        "named", 500, ["mV"] * 12, list(TWELVE), d_signal=samples, fmt=["16"] * 12, adc_gain=[1000.0] * 12,
        baseline=[0] * 12, write_dir=str(home),
    )  # fmt: skip
    folders = {
        name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA")
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home / "named.hea")],
        env=os.environ | folders | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_first_trace_waits_for_no_large_library(way: dict[str, list[str]]) -> None:
    assert way["leads"] == 12
    assert way["loaded"] == []


def test_the_samples_are_read_once(way: dict[str, list[str]]) -> None:
    assert [Path(name).name for name in way["opened"] if name.endswith(".dat")] == ["named.dat"]


def test_one_job_reads_and_one_lays_out(way: dict[str, list[str]]) -> None:
    assert way["jobs"][:2] == ["Opening the ECG", "Laying out the paper"]
    assert set(way["jobs"][2:]) <= {"Saving"}  # that this reader opened it


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the files are asked for, as (what, file), in order."""
    found: list[tuple[str, str]] = []
    for name in ("read", "peek"):
        theirs = getattr(formats, name)

        def ask(
            path: Path, *rest: object, name: str = name, theirs: Callable[..., object] = theirs
        ) -> object:
            found.append((name, Path(path).name))
            return theirs(path, *rest)

        monkeypatch.setattr(formats, name, ask)
    return found


def test_row_and_mini_trace_come_from_the_record_in_hand(
    window: MainWindow,
    record_files: list[Path],
    rest: Callable[[], None],
    asked: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stamp, "_SETTLED_NS", -(10**18))  # files of just now are read again: these are old
    workspace = window.workspace
    workspace.thumbnails.switch(True)
    workspace.ecg.open_paths([record_files[1]])
    rest()
    assert asked == [("read", record_files[1].name)]
    (row,) = workspace.worklist.items
    assert row.summary == formats.peek(record_files[1])
    picture = workspace.thumbnails.of(record_files[1])
    assert picture is not None
    assert picture.trace.lead == "II"
    assert picture.lines


def test_of_several_files_the_first_is_open_before_the_others_are_listed(
    window: MainWindow, record_files: list[Path], rest: Callable[[], None]
) -> None:
    told: list[str] = []
    window.workspace.worklist.opened.connect(told.extend)
    window.workspace.ecg.open_paths(record_files[::-1])
    rest()
    assert told == [str(path) for path in record_files[::-1]]
    assert [item.path for item in window.workspace.worklist.items] == record_files[::-1]
    assert window.workspace.ecg.path == record_files[-1]
    assert all(item.summary is not None for item in window.workspace.worklist.items)


def test_a_folder_with_a_file_s_name_is_listed(
    window: MainWindow, record_files: list[Path], rest: Callable[[], None], tmp_path: Path
) -> None:
    folder = tmp_path / "of.today"
    shutil.copytree(record_files[0].parent, folder)
    window.workspace.ecg.open_paths([folder])
    rest()
    assert [item.path.parent for item in window.workspace.worklist.items] == [folder] * len(record_files)
    assert window.workspace.ecg.path == folder / record_files[0].name


def test_a_file_that_is_not_there_leaves_the_open_record(
    opened: MainWindow, record_files: list[Path], rest: Callable[[], None], tmp_path: Path
) -> None:
    rows = opened.workspace.worklist.items
    opened.workspace.ecg.open_paths([tmp_path / "gone.hea"])
    rest()
    assert opened.workspace.ecg.path == record_files[0]
    assert opened.workspace.ecg.shown.kind == "open"
    assert opened.workspace.worklist.items == rows


def test_what_was_named_is_in_the_list_though_another_record_was_asked_for_meanwhile(
    opened: MainWindow, record_files: list[Path], rest: Callable[[], None], tmp_path: Path
) -> None:
    copied = tmp_path / "other"
    shutil.copytree(record_files[0].parent, copied)
    named = copied / record_files[1].name
    opened.workspace.ecg.open_paths([named])
    opened.workspace.ecg.open(record_files[2])
    rest()
    assert opened.workspace.ecg.path == record_files[2]
    assert opened.workspace.worklist.place(named) == len(record_files)


def test_a_file_that_cannot_be_read_stands_in_the_list_with_its_problem(
    window: MainWindow, rest: Callable[[], None], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.hea"
    broken.write_text("broken 1 500 10\nbroken.dat 16 200/mV 16 0 0 0 0 II\n")
    window.workspace.ecg.open_paths([broken])
    rest()
    (row,) = window.workspace.worklist.items
    assert row.path == broken
    assert row.problem == "the signal file is missing"
    assert window.workspace.ecg.shown.kind == "failed"


def test_a_file_that_was_mended_has_no_problem_in_its_row(
    window: MainWindow, record_files: list[Path], rest: Callable[[], None], tmp_path: Path
) -> None:
    path = tmp_path / "mended.npz"
    path.write_bytes(b"junk")
    window.workspace.ecg.open_paths([path])
    rest()
    (row,) = window.workspace.worklist.items
    assert row.problem
    formats.writers()[".npz"].write(formats.read(record_files[0]), path)
    window.workspace.ecg.open_paths([path])
    rest()
    (row,) = window.workspace.worklist.items
    assert (row.problem, window.workspace.ecg.path) == ("", path)
