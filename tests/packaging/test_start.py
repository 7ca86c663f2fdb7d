"""The one script that starts everything, as far as it can be tested without installing."""

import importlib.util
import json
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


def test_it_needs_the_standard_library_alone() -> None:
    code = "import sys; sys.path.insert(0, 'packaging'); import start; print('ok')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.strip() == "ok", done.stderr


def test_a_display_is_what_the_system_says(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not start.has_display()
    monkeypatch.setenv("DISPLAY", ":1")
    assert start.has_display()
