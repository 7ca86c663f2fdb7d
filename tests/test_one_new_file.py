"""One new file is a layout, an explanation, a format, a panel, an export, a label set: in the window and the CLI."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
ADDED = ROOT / "tests" / "one_new_file"
PLACES = {
    "format.py": "formats/mine.py",
    "layout.py": "paper/layouts/mine.py",
    "explanation.py": "explain/mine.py",
    "panel.py": "desktop/panels/mine.py",
    "export.py": "report/mine.py",
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process says whose package is ours with one file more in each room."""
    house, out = tmp_path_factory.mktemp("house"), tmp_path_factory.mktemp("out")
    shutil.copytree(ROOT / "ecgview", house / "ecgview")
    shutil.copytree(ROOT / "resources", house / "resources")
    for name, place in PLACES.items():
        shutil.copy(ADDED / name, house / "ecgview" / place)
    shutil.copy(ADDED / "labels.csv", house / "resources" / "labels" / "mine.csv")
    home = {
        name: str(out / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    }
    done = subprocess.run(
        [sys.executable, str(ADDED / "use.py"), str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=house,
        env={**os.environ, **home, "PYTHONPATH": str(house), "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_format_is_one_file(seen: dict[str, Any]) -> None:
    assert seen["cli"]["info"] == "Mine"  # written by convert, read by info
    (row,) = seen["cli"]["formats"]
    assert (row["extensions"], row["read"], row["write"]) == ([".mine"], True, True)
    assert row["known_from"] == "this test"
    assert seen["window"]["format"] == "Mine"
    assert "*.mine" in seen["window"]["kinds"]
    assert "Mine (.mine)" in seen["window"]["file.share"]["format"]


def test_a_layout_is_one_file(seen: dict[str, Any]) -> None:
    assert seen["cli"]["line"] == "Limb first: 12 leads\n"
    assert seen["cli"]["pdf"] == "%PDF"
    layouts = seen["window"]["layouts"]
    assert layouts[layouts.index("Limb first") - 1] == "3x4"  # the place that its order asks for
    assert seen["window"]["layout"] == "Limb first"
    assert seen["window"]["drawn"][:6] == ["I", "II", "III", "aVR", "aVL", "aVF"]
    assert sorted(seen["window"]["drawn"][6:]) == [
        "V1",
        "V2",
        "V3",
        "V4",
        "V5",
        "V6",
    ]  # no recorded lead is lost
    assert "Limb first" in seen["window"]["file.export_report"]["layout"]


def test_an_export_is_one_file(seen: dict[str, Any]) -> None:
    assert "One line (.line)" in seen["window"]["file.export_report"]["form"]
    assert seen["window"]["exported"] == "Limb first: 12 leads\n"


def test_a_panel_is_one_file(seen: dict[str, Any]) -> None:
    assert seen["window"]["panel"] == "12 leads"


def test_a_label_set_is_one_file(seen: dict[str, Any]) -> None:
    assert seen["cli"]["labels"]["statements"][0]["english"] == "sinus rhythm"
    assert "mine" in seen["window"]["label_sets"]


def test_an_explanation_is_one_file(seen: dict[str, Any]) -> None:
    assert "mine: The largest probability (needs: classifier)" in seen["cli"]["explanations"]
    told = seen["cli"]["explanation"]
    (bar,) = told["overlay"]["bars"]
    ((name, value),) = told["numbers"].items()
    assert name.startswith("probability of ")
    assert bar["values"] == pytest.approx([value] * 8, abs=1e-6)
    assert told["model"]["training_data"]
    window = seen["window"]
    assert not window["offered_blind"]  # nothing of AI before the first read is locked
    assert "The largest probability" in window["explanations"]
    assert window["bars"] == 1
    assert window["legend"] == told["overlay"]["legend"]
    assert window["told"] == told["lines"]
