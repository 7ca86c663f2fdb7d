"""One new file is a layout, an explanation, a format, a panel, a criterion, a network, a stage, a data source ..."""

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
    "network.py": "models/networks/mine.py",
    "criterion.py": "signal/criteria/mine.py",
    "stage.py": "training/stages/mine_probe.py",
    "source.py": "training/data/sources/mine.py",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with our package and one file more in each room."""
    house = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "ecgview", house / "ecgview")
    shutil.copytree(ROOT / "resources", house / "resources")
    for name, place in PLACES.items():
        shutil.copy(ADDED / name, house / "ecgview" / place)
    shutil.copy(ADDED / "labels.csv", house / "resources" / "labels" / "mine.csv")
    return house


@pytest.fixture(scope="module")
def seen(house: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what window and command line make of the files."""
    return used("use.py", house, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def network(house: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what becomes of the added network: trained, exported, asked."""
    return used("use_network.py", house, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def training(house: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what becomes of the added stage and data source."""
    return used("use_training.py", house, tmp_path_factory.mktemp("out"))


def used(script: str, house: Path, out: Path) -> dict[str, Any]:
    """Return what a script says in a process whose package is the one with more files."""
    home = {
        name: str(out / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    }
    done = subprocess.run(
        [sys.executable, str(ADDED / script), str(out)],
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


def test_a_criterion_is_one_file(seen: dict[str, Any]) -> None:
    met, not_met = seen["cli"]["criterion"]
    assert (met["state"], met["group"], met["numbers"]) == ("met", "My group", "Heart rate 68 bpm")
    assert (not_met["state"], not_met["choice"]) == ("not met", "20")
    assert "Slower than a hundred" in seen["cli"]["criteria"]


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


def test_a_network_is_one_file(network: dict[str, Any]) -> None:
    assert "mine" in network["listed"]
    assert network["heavy"] == []  # no network was imported to list them
    card = network["card"]
    assert card["network"] == "mine"
    assert card["name"] == "Halves, own"
    assert card["config"] == {"width": 8, "depth": 3}  # its own small sizes, as trials have them
    assert (card["input"]["filter"], card["input"]["scale"]) == ("bandpass-0.5-40", 2.0)
    assert card["labels"] == ["down", "up"]
    assert card["sha256"]


def test_an_added_network_is_fine_tuned_and_post_trained(network: dict[str, Any]) -> None:
    assert network["post"]["network"] == "mine"
    assert network["post"]["labels"] == ["down", "up"]
    assert len(network["log"]) == 2  # one epoch of stage 2, under its head
    assert network["rates"] == [0.0, 0.25, 0.5]  # stochastic depth where its file puts it
    assert network["run"] == "mine"  # from a run's folder, too


def test_an_added_network_answers(network: dict[str, Any]) -> None:
    answer = network["cli"]
    assert answer["model"] == "mine-post"
    assert "task own" in answer["training_data"]
    said = {score["code"]: score["probability"] for score in answer["predictions"]}
    assert said == pytest.approx(network["api"], abs=1e-5)
    assert network["golden"] < 1e-4  # the exported weights answer as written beside them
    assert network["map"]["method"].startswith("integrated gradients")


def test_a_checkpoint_of_an_added_network_is_recognised(network: dict[str, Any]) -> None:
    assert network["imported"]["network"] == "mine"
    assert network["imported"]["labels"] == ["output 1", "output 2"]
    ours = sorted(network["tuned"].values())
    theirs = sorted(score["probability"] for score in network["theirs"]["predictions"])
    assert theirs == pytest.approx(ours, abs=1e-5)


def test_a_stage_is_one_file(training: dict[str, Any]) -> None:
    systems, own = training["listed"]
    assert "stages: probe" in systems
    assert "head on random features of a small transformer" in own  # the first line of its file
    assert training["heavy"] == []  # no stage was imported to list them
    assert len(training["log"]) == 1 + 3  # its own trial is of three epochs
    assert training["card"]["labels"] == ["down", "up"]
    assert training["card"]["recipe"]["epochs"] == 3
    scores = {one["code"]: one["probability"] for one in training["answer"]["predictions"]}
    assert set(scores) == {"down", "up"}
    start, value = training["refused"]
    assert "mine probe goes on from nothing" in start
    assert "unknown value 'epoch'" in value


def test_a_data_source_is_one_file(training: dict[str, Any]) -> None:
    checked = training["checked"]
    assert (checked["layout"], checked["records"], checked["patients"]) == ("A list", 40, 40)
    assert checked["facts"] == {"list": "recordings.list"}
    assert "listed" in training["card"]["training_data"]
    assert training["pretrained"]  # by a stage of ours, without labels
