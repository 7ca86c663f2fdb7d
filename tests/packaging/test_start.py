"""The one script that starts everything, as far as it can be tested without installing."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", ROOT / "packaging" / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pip_says(names: list[str], monkeypatch: pytest.MonkeyPatch, start: ModuleType) -> None:
    report = json.dumps({"install": [{"metadata": {"name": name}} for name in names]})
    done = SimpleNamespace(returncode=0, stdout=report)
    monkeypatch.setattr(start.subprocess, "run", lambda *args, **kwargs: done)
    monkeypatch.setattr(start.sys, "platform", "linux")


def test_cuda_is_seen_before_it_is_fetched(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip_says(["torch", "nvidia-cublas", "triton"], monkeypatch, start)
    assert start.brings_cuda()
    _pip_says(["torch", "filelock", "sympy"], monkeypatch, start)
    assert not start.brings_cuda()


def test_the_cpu_build_is_chosen_when_cuda_would_come(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(start, "brings_cuda", lambda: True)
    monkeypatch.setattr(start, "with_uv", chosen.append)
    start.install_torch(gpu=False)
    assert chosen == ["cpu"]


def test_the_public_build_is_taken_where_the_cpu_build_cannot_be_had(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[object, ...]] = []

    def refuse(backend: str) -> None:
        raise subprocess.CalledProcessError(1, "uv")

    monkeypatch.setattr(start, "brings_cuda", lambda: True)
    monkeypatch.setattr(start, "with_uv", refuse)
    monkeypatch.setattr(start, "run", lambda *command, **options: commands.append(command))
    start.install_torch(gpu=False)
    assert [command[-1] for command in commands] == [start.TORCH]


def test_the_second_start_installs_nothing_and_cuda_stays_once_asked_for(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start, "install_torch", lambda gpu: done.append("cuda" if gpu else "cpu"))
    monkeypatch.setattr(start, "run", lambda *command, **options: done.append(command[3]))
    start.install(gpu=False, with_tests=False)
    assert done == ["install", "cpu", "install", "check"]
    start.install(gpu=False, with_tests=False)
    assert len(done) == 4
    start.install(gpu=True, with_tests=False)
    assert done[4:] == ["uninstall", "install", "cuda", "install", "check"]
    start.install(gpu=False, with_tests=True)  # the test extra is new, the build of torch is kept
    assert done[9:] == ["install", "cuda", "install", "check"]
    start.install(gpu=False, with_tests=False)
    assert len(done) == 13


def test_what_is_installed_is_locked_with_hashes_but_for_torch(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[tuple[object, ...]] = []
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start, "brings_cuda", lambda: False)
    monkeypatch.setattr(start, "run", lambda *command, **options: commands.append(command[4:]))
    start.install(gpu=False, with_tests=True)
    locked, torch, ours, _ = commands
    assert "--require-hashes" in locked
    assert [Path(str(word)).name for word in locked if str(word).endswith(".lock")] == [
        "build.lock",
        "run.lock",
        "train.lock",
        "test.lock",
    ]
    assert torch[-1] == start.TORCH
    assert ours[-1] == ROOT
    assert {"--no-deps", "--no-build-isolation"} <= set(ours)  # nothing more is fetched for it


@pytest.mark.parametrize("told_not_to_write", [False, True])
def test_modules_are_compiled_once_at_most(told_not_to_write: bool) -> None:
    options = ["-B"] if told_not_to_write else []
    code = "import sys; sys.path.insert(0, 'packaging'); import start; print('--no-compile' in start.PIP_INSTALL)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment,
    )
    assert done.stdout.strip() == str(not told_not_to_write)


def test_what_no_program_uses_is_deleted_and_nothing_else(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(start, "VENV", tmp_path)
    packages = tmp_path / ("Lib/site-packages" if start.IS_WINDOWS else "lib/python3.12/site-packages")
    gone = ["torch/test/scalar_test", "torch/bin/test_jit", "torch/bin/protoc", "PySide6/lupdate"]
    kept = ["torch/testing/_creation.py", "torch/bin/torch_shm_manager", "PySide6/QtWidgets.pyi", "test/a.py"]
    for name in [*gone, *kept]:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    start.remove_dead_weight()
    assert [name for name in [*gone, *kept] if (packages / name).exists()] == kept


def test_a_failing_kind_of_check_does_not_hide_the_others(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], **_: object) -> SimpleNamespace:
        asked.append(words[2:])
        return SimpleNamespace(returncode=int("format" in words))

    types = SimpleNamespace(returncode=1, communicate=lambda: ("x.py:1: error: no\n", None))
    monkeypatch.setattr(start.subprocess, "run", run)
    monkeypatch.setattr(start.subprocess, "Popen", lambda words, **_: types)
    assert start.run_tests() == 1
    told = capsys.readouterr()
    assert "failed: format, types" in told.err
    assert "x.py:1: error: no" in told.out
    (tests,) = [words for words in asked if words[0] == "pytest"]
    assert "--durations=15" in tests
    types.returncode = 0
    monkeypatch.setattr(start.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0))
    assert start.run_tests() == 0


def test_it_needs_the_standard_library_alone() -> None:
    code = "import sys; sys.path.insert(0, 'packaging'); import start; print('ok')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.strip() == "ok", done.stderr


def test_a_display_is_one_that_qt_can_use(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not start.has_display()
    monkeypatch.setenv("DISPLAY", ":4711")  # nobody answers there
    assert not start.has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert start.has_display()
