"""The main job through the command line, as a user would type it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ecgview import resources

KEYS = {
    "info": {
        "path",
        "format",
        "fs_hz",
        "n_leads",
        "lead_names",
        "duration_s",
        "patient",
        "acquisition",
        "warnings",
    },
    "classify": {"path", "model", "device", "predictions"},
    "lef": {
        "path",
        "model",
        "kind",
        "model_output",
        "value",
        "threshold",
        "result",
        "base_value",
        "contributions",
    },
}


def _run(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "ecgview", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(params=["demonstration", "real"])
def ecg(request: pytest.FixtureRequest) -> Path:
    if request.param == "demonstration":
        return resources.path("demo", "lbbb.hea")
    data: Path = request.getfixturevalue("shared_data")
    return data / "ptbxl/records500/00000/00001_hr.hea"


def test_the_main_job(ecg: Path, tmp_path: Path) -> None:
    for command, keys in KEYS.items():
        done = _run(command, ecg, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert keys <= set(found)
        if command != "info":
            assert "Research use only" in done.stderr
    # the last one was lef: the shares add up to the output
    total = found["base_value"] + sum(item["contribution"] for item in found["contributions"])
    assert total == pytest.approx(found["model_output"], abs=1e-6)
    assert found["kind"] in ("index", "probability")

    out = tmp_path / "masked.npz"
    done = _run("reconstruct", ecg, "--mask", "0.25", "--seed", "0", "-o", out)
    assert done.returncode == 0, done.stderr
    with np.load(out) as stored:
        assert stored["mask"].sum() == 50
        assert stored["error_uv"].shape == (12, 200)
        assert np.isfinite(stored["error_uv"][:, stored["mask"]]).all()
        assert np.isnan(stored["reconstruction"][:, ~np.repeat(stored["mask"], 25)]).all()

    pdf = tmp_path / "report.pdf"
    assert _run("report", ecg, "-o", pdf).returncode == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    picture = tmp_path / "window.png"
    assert _run("screenshot", ecg, "-o", picture, "--view", "explain", "--size", "1280x800").returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_several_files_are_a_list_and_top_cuts(tmp_path: Path) -> None:
    files = [resources.path("demo", f"{name}.hea") for name in ("normal", "lvh")]
    found = json.loads(_run("classify", *files, "--json", "--top", "3").stdout)
    assert [len(item["predictions"]) for item in found] == [3, 3]
    assert set(found[0]["predictions"][0]) == {"code", "label", "probability", "threshold"}


def test_every_command_has_help() -> None:
    from ecgview.cli import parser

    text = parser().format_help()
    for name in (
        "open",
        "info",
        "measure",
        "classify",
        "lef",
        "reconstruct",
        "report",
        "screenshot",
        "models",
    ):
        assert name in text
    for name in ("train", "evaluate"):
        assert name in text
    assert "Research use only" in " ".join(text.split())


def test_info_does_not_load_torch() -> None:
    code = (
        "import sys; from ecgview.cli import main; "
        f"main(['info', {str(resources.path('demo', 'normal.hea'))!r}]); "
        "assert not {'torch', 'shap', 'PySide6'} & set(sys.modules), set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
