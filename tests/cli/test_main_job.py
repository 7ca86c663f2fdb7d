"""The main job through the command line, as a user would type it."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from ecgview import cli, resources
from ecgview.cli import main
from ecgview.plugins import discover

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
    "measure": {"path", "heart_rate_bpm", "rr_mean_ms", "rr_min_ms", "rr_max_ms", "measurements"},
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


def _run_here(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a command in this process: what it says, without the seconds that each start takes."""
    said, warned = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(warned):
        code = main([str(word) for word in words])
    return subprocess.CompletedProcess(words, code, said.getvalue(), warned.getvalue())


@pytest.fixture(params=["demonstration", "real"])
def ecg(request: pytest.FixtureRequest) -> Path:
    if request.param == "demonstration":
        return resources.path("demo", "lbbb.hea")
    data: Path = request.getfixturevalue("shared_data")
    return data / "ptbxl/records500/00000/00001_hr.hea"


def test_the_main_job(ecg: Path, tmp_path: Path) -> None:
    """The models by processes as a user starts them; the rest and the real ECG go the same way in this one."""
    is_demo = "demo" in ecg.parts
    run = _run_here
    for command, keys in KEYS.items():
        done = (_run if is_demo and command in ("info", "lef") else run)(command, ecg, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert keys <= set(found)
        if command in ("classify", "lef"):
            assert "Research use only" in done.stderr
    # the last one was lef: the shares add up to the output
    total = found["base_value"] + sum(item["contribution"] for item in found["contributions"])
    assert total == pytest.approx(found["model_output"], abs=1e-6)
    assert found["kind"] in ("index", "probability")

    out = tmp_path / "masked.npz"
    done = run("reconstruct", ecg, "--mask", "0.25", "--seed", "0", "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["n_hidden"] == 50
    with np.load(out) as stored:
        assert stored["mask"].sum() == 50
        assert stored["error_uv"].shape == (12, 200)
        assert np.isfinite(stored["error_uv"][:, stored["mask"]]).all()
        assert told["error_uv"] == pytest.approx(float(np.sqrt(np.nanmean(stored["error_uv"] ** 2))))
        assert np.isnan(stored["reconstruction"][:, ~np.repeat(stored["mask"], 25)]).all()

    pdf = tmp_path / "report.pdf"
    assert (_run if is_demo else run)("report", ecg, "-o", pdf).returncode == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    picture = tmp_path / "window.png"
    assert run("screenshot", ecg, "-o", picture, "--view", "explain", "--size", "1280x800").returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_several_files_are_a_list_and_top_cuts(tmp_path: Path) -> None:
    files = [resources.path("demo", f"{name}.hea") for name in ("normal", "lvh")]
    found = json.loads(_run("classify", *files, "--json", "--top", "3").stdout)
    for item in found:
        positive = [row for row in item["predictions"] if row["status"] == "positive"]
        assert len(item["predictions"]) == max(3, len(positive))  # a positive statement is never cut off
    assert set(found[0]["predictions"][0]) == {
        "code",
        "label",
        "part",
        "probability",
        "threshold",
        "percentile",
        "status",
        "state",
        "shares",
        "not_assessable",
    }


COMMANDS = (
    ["open"],
    ["info"],
    ["measure"],
    ["classify"],
    ["lef"],
    ["reconstruct"],
    ["report"],
    ["screenshot"],
    ["models"],
    *(["models", action] for action in ("list", "info", "get", "import")),
    ["train"],
    *(["train", "mtecg", stage] for stage in ("pretrain", "finetune", "probe", "ablate")),
    *(["train", "wav2vec", stage] for stage in ("pretrain", "finetune", "identify")),
    *(["train", "lef", stage] for stage in ("fit", "synthetic", "reference")),
    *(["train", system] for system in ("posttrain", "kernels", "results")),
    ["evaluate"],
    ["reproduce"],
    ["score"],
    ["convert"],
    ["criteria"],
    ["identify"],
    ["explain"],
    ["formats"],
    ["criteria"],
    ["labels"],
    ["log"],
    *(["store", action] for action in ("backup", "restore", "check")),
    ["key"],
    ["data"],
    ["data", "check"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*words, "--help"])
    assert left.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"usage: ecgview {' '.join(words)}" in told
    assert len(words) > 1 or "Research use only" in told


def test_every_command_is_one_of_the_contract() -> None:
    assert {module.NAME for module in discover(cli)} == {words[0] for words in COMMANDS}


@pytest.mark.parametrize(
    "words",
    [
        ["info"],
        ["no-such-command"],
        ["classify", "ecg.hea", "--top", "0"],
        ["classify", "ecg.hea", "--device", "abacus"],
        ["report", "ecg.hea"],
        ["screenshot", "ecg.hea", "-o", "out.png", "--size", "big"],
        ["models"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "usage: ecgview" in told.err


@pytest.mark.skipif(sys.platform != "linux", reason="a matter of POSIX: elsewhere there is always a display")
def test_the_window_without_a_display_is_told_in_one_line() -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "ecgview"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ecgview: there is no display")
    assert len(done.stderr.splitlines()) == 1


def test_a_report_and_then_a_picture_in_one_process(tmp_path: Path) -> None:
    code = (
        "import ecgview.api, sys; ecg, pdf, png = sys.argv[1:];"
        "ecgview.api.report(ecg, pdf, with_ai=False); ecgview.screenshot(ecg, png, neighbours=False)"
    )
    files = [resources.path("demo", "normal.hea"), tmp_path / "r.pdf", tmp_path / "w.png"]
    command = [sys.executable, "-c", code, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_fault_of_our_own_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*args: object, **named: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("ecgview.api.info", break_down)
    assert main(["info", "ecg.hea"]) == 70
    told = capsys.readouterr().err
    assert "Traceback" not in told
    kept = Path(told.split("details are in ")[1].strip())
    assert "planted" in kept.read_text(encoding="utf-8")
    kept.unlink()


def test_info_does_not_load_torch() -> None:
    code = (
        "import sys; from ecgview.cli import main; "
        f"main(['info', {str(resources.path('demo', 'normal.hea'))!r}]); "
        "assert not {'torch', 'shap', 'PySide6'} & set(sys.modules), set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
