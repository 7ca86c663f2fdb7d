"""From the start of the process to the first trace of a named file: what is imported, read and run on that way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import wfdb

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
    for _ in range(2):  # the first start makes the store, with sqlite_utils
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
    assert way["jobs"] == ["Opening the ECG", "Laying out the paper"]
